//! A loaded chart.

use std::sync::Arc;

use crate::{Limits, LoadError, Lock, Metadata, Values};

/// A file of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path in the chart, with `/`.
    pub name: String,
    /// Contents.
    pub data: Arc<[u8]>,
}

/// A file under `crds/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crd {
    /// Path from the root chart: `mychart/charts/sub/crds/x.yaml`.
    pub path: String,
    /// The file.
    pub file: File,
}

/// A chart with its subcharts. Immutable and cheap to clone.
#[derive(Debug, Clone)]
pub struct Chart(Arc<Contents>);

#[derive(Debug, Clone, Default)]
struct Contents {
    metadata: Metadata,
    lock: Option<Lock>,
    raw: Vec<File>,
    templates: Vec<File>,
    files: Vec<File>,
    values: Values,
    schema: Option<Arc<[u8]>>,
    dependencies: Vec<Chart>,
}

impl Chart {
    /// Loads a `.tgz`.
    pub fn load_archive(archive: &[u8], limits: &Limits) -> Result<Self, LoadError> {
        let _ = (archive, limits);
        Err(LoadError::NoChartYaml)
    }

    /// Loads a chart from the files of its directory, paths relative to it; `.helmignore` is applied.
    pub fn from_files(
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
        limits: &Limits,
    ) -> Result<Self, LoadError> {
        let _ = (files.into_iter().count(), limits);
        Err(LoadError::NoChartYaml)
    }

    /// `Chart.yaml`.
    pub fn metadata(&self) -> &Metadata {
        &self.0.metadata
    }
    /// Name of the chart.
    pub fn name(&self) -> &str {
        &self.0.metadata.name
    }
    /// Version of the chart.
    pub fn version(&self) -> &str {
        &self.0.metadata.version
    }
    /// The same chart under another version, as templates and the release record see it (a chart of an
    /// OCIRepository carries the digest as build metadata).
    #[must_use]
    pub fn with_version(&self, version: impl Into<String>) -> Self {
        let mut contents = (*self.0).clone();
        contents.metadata.version = version.into();
        Self(Arc::new(contents))
    }
    /// `Chart.lock`.
    pub fn lock(&self) -> Option<&Lock> {
        self.0.lock.as_ref()
    }
    /// Every file as it stands in the archive.
    pub fn raw(&self) -> &[File] {
        &self.0.raw
    }
    /// Files under `templates/`.
    pub fn templates(&self) -> &[File] {
        &self.0.templates
    }
    /// Files that are neither templates nor metadata, values, schema or subcharts (`.Files`).
    pub fn files(&self) -> &[File] {
        &self.0.files
    }
    /// Default values.
    pub fn values(&self) -> &Values {
        &self.0.values
    }
    /// `values.schema.json`.
    pub fn schema(&self) -> Option<&[u8]> {
        self.0.schema.as_deref()
    }
    /// Charts under `charts/`.
    pub fn dependencies(&self) -> &[Chart] {
        &self.0.dependencies
    }
    /// The readme, by Helm's names (`README.md`, `readme.md`, `README.txt`, …).
    pub fn readme(&self) -> Option<&File> {
        None
    }
    /// `values.yaml` as it stands in the archive, comments and all.
    pub fn values_text(&self) -> Option<&File> {
        self.0.raw.iter().find(|file| file.name == "values.yaml")
    }
    /// Files under `crds/`, of this chart and then of its subcharts.
    pub fn crds(&self) -> Vec<Crd> {
        Vec::new()
    }
    /// The chart as Helm stores it in a release.
    pub fn to_release_json(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    /// Reads the chart back from a release record; subcharts are not stored there.
    pub fn from_release_json(json: &serde_json::Value) -> Result<Self, LoadError> {
        let _ = json;
        Err(LoadError::NoChartYaml)
    }
}
