//! From files to a chart, as Helm 4.2.3's `pkg/chart/v2/loader` does.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::chart::{Chart, Contents, File};
use crate::{Limits, LoadError, Values};

mod archive;
mod chart_yaml;
mod decode;
mod ignore;

pub(crate) use chart_yaml::{
    DEPENDENCY as DEPENDENCY_FIELDS, MAINTAINER as MAINTAINER_FIELDS, METADATA as METADATA_FIELDS,
    RawMetadata,
};
pub(crate) use decode::Decoder;

/// What loading has spent of its limits, over all subcharts.
pub(crate) struct Spent<'l> {
    pub(crate) limits: &'l Limits,
    bytes: u64,
    files: usize,
}

impl<'l> Spent<'l> {
    fn new(limits: &'l Limits) -> Self {
        Self { limits, bytes: 0, files: 0 }
    }

    fn add_file(&mut self) -> Result<(), LoadError> {
        self.files += 1;
        if self.files > self.limits.files {
            return Err(LoadError::Limit(format!("chart has more than {} files", self.limits.files)));
        }
        Ok(())
    }
}

pub(crate) fn from_archive(archive: &[u8], limits: &Limits) -> Result<Chart, LoadError> {
    let mut spent = Spent::new(limits);
    let files = archive::read(archive, &mut spent)?;
    build(files, &mut spent, 0)
}

/// Name and files of an archive that is to be written as a directory.
pub(crate) fn expand(archive: &[u8], limits: &Limits) -> Result<(String, Vec<(String, Vec<u8>)>), LoadError> {
    let files = archive::read(archive, &mut Spent::new(limits))?;
    let mut raw = RawMetadata::default();
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        raw.read(&file.data, "Metadata", &limits.yaml).map_err(|e| file_error("Chart.yaml", e))?;
    }
    let name = raw.metadata.name;
    let refuse = |message: String| Err(LoadError::Archive(message));
    match name.as_str() {
        "" => refuse("chart name not specified".to_owned()),
        "." | ".." => refuse(format!("chart name {name:?} is not allowed")),
        _ if name.contains(['/', '\\']) => {
            refuse(format!("chart name {name:?} must not contain path separators"))
        }
        _ => Ok((name, files.into_iter().map(|file| (file.name, file.data.to_vec())).collect())),
    }
}

pub(crate) fn from_directory(
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
    limits: &Limits,
) -> Result<Chart, LoadError> {
    let mut spent = Spent::new(limits);
    let mut files = gather(files, &mut spent)?;
    let rules = files.iter().find(|file| file.name == ".helmignore");
    let rules = rules.map(|file| String::from_utf8_lossy(&file.data).into_owned()).unwrap_or_default();
    let rules = ignore::Rules::parse(&rules).map_err(LoadError::Archive)?;
    files.retain(|file| !rules.ignores_file(&file.name));
    check_sizes(&files, &mut spent)?;
    build(files, &mut spent, 0)
}

pub(crate) fn from_archived_files(
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
    limits: &Limits,
) -> Result<Chart, LoadError> {
    let mut spent = Spent::new(limits);
    let files = gather(files, &mut spent)?;
    check_sizes(&files, &mut spent)?;
    build(files, &mut spent, 0)
}

/// The files in the order in which a directory is walked.
fn gather(
    files: impl IntoIterator<Item = (String, Vec<u8>)>,
    spent: &mut Spent<'_>,
) -> Result<Vec<File>, LoadError> {
    let mut all: Vec<File> = Vec::new();
    for (name, data) in files {
        spent.add_file()?;
        if name.starts_with('/') || name.split('/').any(|part| part == "..") {
            return Err(LoadError::Archive(format!("chart file {name:?} is outside the chart")));
        }
        let data: Arc<[u8]> = data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&data).into();
        all.push(File { name, data, modified: None });
    }
    all.sort_by(|a, b| a.name.split('/').cmp(b.name.split('/')));
    Ok(all)
}

fn check_sizes(files: &[File], spent: &mut Spent<'_>) -> Result<(), LoadError> {
    let limits = spent.limits;
    for file in files {
        let size = file.data.len() as u64;
        if size > limits.file_bytes {
            let base = file.name.rsplit('/').next().unwrap_or_default();
            return Err(LoadError::Limit(format!(
                "chart file {base:?} is larger than the maximum file size {}",
                limits.file_bytes
            )));
        }
        spent.bytes += size;
    }
    if spent.bytes > limits.decompressed_bytes {
        return Err(LoadError::Limit(format!(
            "chart is larger than the maximum size {}",
            limits.decompressed_bytes
        )));
    }
    Ok(())
}

/// Sorts files into a chart's parts and loads its subcharts.
fn build(files: Vec<File>, spent: &mut Spent<'_>, depth: usize) -> Result<Chart, LoadError> {
    if depth > spent.limits.nesting {
        return Err(LoadError::Limit(format!(
            "subcharts nested deeper than {} levels",
            spent.limits.nesting
        )));
    }
    let mut contents = Contents::default();
    let mut raw = RawMetadata::default();
    let mut has_metadata = false;
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        has_metadata = true;
        raw.read(&file.data, "Metadata", &spent.limits.yaml).map_err(|e| file_error("Chart.yaml", e))?;
        if raw.metadata.api_version.is_empty() {
            "v1".clone_into(&mut raw.metadata.api_version);
        }
        contents.modified = file.modified;
    }
    let mut subcharts: BTreeMap<String, Vec<File>> = BTreeMap::new();
    let (mut templates, mut other) = (Vec::new(), Vec::new());
    for file in &files {
        match file.name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" | "requirements.lock" => {
                let lock = chart_yaml::read_lock(&file.data, &spent.limits.yaml);
                contents.lock = lock.map_err(|e| file_error(&file.name, e))?;
                if file.name == "requirements.lock" && raw.metadata.api_version == "v1" {
                    other.push(file.clone());
                }
            }
            "values.yaml" => {
                let values = Values::load(&file.data, &spent.limits.yaml);
                contents.values = Arc::new(values.map_err(|e| file_error("values.yaml", e))?);
                contents.has_values = true;
            }
            "values.schema.json" => {
                contents.schema = Some(file.data.clone());
                contents.schema_modified = file.modified;
            }
            "requirements.yaml" => {
                has_metadata = true;
                let read = raw.read(&file.data, "Metadata", &spent.limits.yaml);
                read.map_err(|e| file_error("requirements.yaml", e))?;
                if raw.metadata.api_version == "v1" {
                    other.push(file.clone());
                }
            }
            name if name.starts_with("templates/") => templates.push(file.clone()),
            name if name.starts_with("charts/") && extension(name) != Some("prov") => {
                let name = &name["charts/".len()..];
                let chart = name.split('/').next().unwrap_or_default().to_owned();
                subcharts.entry(chart).or_default().push(File { name: name.to_owned(), ..file.clone() });
            }
            _ => other.push(file.clone()),
        }
    }
    if !has_metadata {
        return Err(LoadError::NoChartYaml);
    }
    contents.metadata = raw.validate().map_err(LoadError::Validation)?;
    contents.raw = Arc::new(files);
    contents.templates = Arc::new(templates);
    contents.files = Arc::new(other);
    for (name, files) in subcharts {
        if name.starts_with(['_', '.']) {
            continue;
        }
        let parent = contents.metadata.name.clone();
        let chart = subchart(&name, files, &parent, spent, depth).map_err(|error| match error {
            Subchart::Misplaced(error) => error,
            Subchart::Failed(error) => {
                LoadError::Subchart { name: name.clone(), parent: parent.clone(), error: Box::new(error) }
            }
        })?;
        contents.dependencies.push(chart);
    }
    Ok(Chart::new(contents))
}

enum Subchart {
    /// An archive whose name does not fit; reported without a prefix.
    Misplaced(LoadError),
    Failed(LoadError),
}

fn subchart(
    name: &str,
    files: Vec<File>,
    parent: &str,
    spent: &mut Spent<'_>,
    depth: usize,
) -> Result<Chart, Subchart> {
    if extension(name) != Some("tgz") {
        let inner = files.into_iter().filter_map(|file| {
            let name = file.name.split_once('/')?.1.to_owned();
            Some(File { name, ..file })
        });
        return build(inner.collect(), spent, depth + 1).map_err(Subchart::Failed);
    }
    let Some(file) = files.into_iter().next() else { return Err(Subchart::Failed(LoadError::NoChartYaml)) };
    if file.name != name {
        return Err(Subchart::Misplaced(LoadError::Archive(format!(
            "error unpacking subchart tar in {parent}: expected {name}, got {}",
            file.name
        ))));
    }
    let inner = archive::read(&file.data, spent).map_err(Subchart::Failed)?;
    build(inner, spent, depth + 1).map_err(Subchart::Failed)
}

/// What follows the last dot of a path's last element.
fn extension(path: &str) -> Option<&str> {
    path.rsplit('/').next()?.rsplit_once('.').map(|(_, extension)| extension)
}

fn file_error(file: &str, message: String) -> LoadError {
    LoadError::File { file: file.to_owned(), message }
}
