//! A chart as an archive that Helm loads.

use flate2::{Compression, GzBuilder};

use crate::show::metadata_yaml;
use crate::{Chart, RenderError, lock};

/// Why a chart could not be packaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PackageError {
    /// `values.schema.json` is not JSON.
    #[error("invalid JSON in values.schema.json")]
    Schema,
    /// A file could not be put into the archive.
    #[error("cannot archive {file}: {reason}")]
    Archive {
        /// Path in the archive.
        file: String,
        /// Why.
        reason: String,
    },
}

/// The archive `<name>-<version>.tgz` of a chart: metadata, lock, values, schema, templates, other files and
/// subcharts, in the order in which Helm 4.2.3 writes them.
///
/// The same chart gives the same bytes: every file has the time `modified` (seconds since 1970), and names of users,
/// hosts and times of day do not go in.
///
/// # Errors
/// A file that no archive can hold.
pub fn to_archive(chart: &Chart, modified: u64) -> Result<Vec<u8>, PackageError> {
    let zipper = GzBuilder::new().comment("Helm").write(Vec::new(), Compression::new(6));
    let mut archive = Archive { tar: tar::Builder::new(zipper), modified };
    archive.add_chart(chart, "")?;
    let finish = || archive.tar.into_inner()?.finish();
    finish().map_err(|error| PackageError::Archive { file: "its end".to_owned(), reason: error.to_string() })
}

/// Checks what `helm package` checks of a chart before it packages it.
///
/// # Errors
/// Helm's text.
pub fn check_packable(chart: &Chart) -> Result<(), RenderError> {
    crate::semver::Version::parse(chart.version()).map_err(|error| RenderError::Chart(error.to_string()))?;
    let missing = chart.missing_dependencies();
    if missing.is_empty() {
        return Ok(());
    }
    Err(RenderError::Chart(format!(
        "found in Chart.yaml, but missing in charts/ directory: {}",
        missing.join(", ")
    )))
}

struct Archive<W: std::io::Write> {
    tar: tar::Builder<W>,
    modified: u64,
}

impl<W: std::io::Write> Archive<W> {
    fn add_chart(&mut self, chart: &Chart, prefix: &str) -> Result<(), PackageError> {
        let base = format!("{prefix}{}", chart.name());
        let is_v1 = chart.metadata().api_version == "v1";
        let mut described = chart.clone();
        if is_v1 {
            // In a v1 chart they stand in requirements.yaml, which is one of its files.
            described.contents_mut().metadata.dependencies = Vec::new();
        }
        let text = metadata_yaml(&described)
            .map_err(|reason| PackageError::Archive { file: format!("{base}/Chart.yaml"), reason })?;
        self.add(&format!("{base}/Chart.yaml"), text.as_bytes())?;
        if let Some(found) = chart.lock().filter(|_| !is_v1) {
            let file = format!("{base}/Chart.lock");
            let text = lock::to_yaml(found)
                .map_err(|reason| PackageError::Archive { file: file.clone(), reason })?;
            self.add(&file, text.as_bytes())?;
        }
        for file in chart.raw().iter().filter(|file| file.name == "values.yaml") {
            self.add(&format!("{base}/values.yaml"), &file.data)?;
        }
        if let Some(schema) = chart.schema() {
            serde_json::from_slice::<serde::de::IgnoredAny>(schema).map_err(|_| PackageError::Schema)?;
            self.add(&format!("{base}/values.schema.json"), schema)?;
        }
        for file in chart.templates().iter().chain(chart.files()) {
            self.add(&format!("{base}/{}", file.name), &file.data)?;
        }
        for subchart in chart.dependencies() {
            self.add_chart(subchart, &format!("{base}/charts/"))?;
        }
        Ok(())
    }

    fn add(&mut self, path: &str, data: &[u8]) -> Result<(), PackageError> {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(data.len() as u64);
        header.set_mtime(self.modified);
        header.set_entry_type(tar::EntryType::Regular);
        self.tar
            .append_data(&mut header, path, data)
            .map_err(|error| PackageError::Archive { file: path.to_owned(), reason: error.to_string() })
    }
}
