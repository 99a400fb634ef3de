//! A loaded chart.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::engine::ParsedTemplates;
use crate::schema::CompiledSchema;
use crate::{Limits, LoadError, Lock, Metadata, RenderError, Values, load};

/// A file of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Path in the chart, with `/`.
    pub name: String,
    /// Contents, without a byte order mark.
    pub data: Arc<[u8]>,
    /// When the archive says it was changed.
    pub modified: Option<jiff::Timestamp>,
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
pub(crate) struct Contents {
    pub(crate) metadata: Metadata,
    pub(crate) lock: Option<Lock>,
    pub(crate) raw: Arc<Vec<File>>,
    pub(crate) templates: Arc<Vec<File>>,
    pub(crate) files: Arc<Vec<File>>,
    pub(crate) values: Arc<Values>,
    /// There is a `values.yaml`, or values were made by processing dependencies.
    pub(crate) has_values: bool,
    pub(crate) schema: Option<Arc<[u8]>>,
    pub(crate) schema_modified: Option<jiff::Timestamp>,
    pub(crate) modified: Option<jiff::Timestamp>,
    pub(crate) dependencies: Vec<Chart>,
    pub(crate) parsed: Arc<ParsedTemplates>,
    /// `schema`, compiled when it is first needed.
    pub(crate) compiled_schema: Arc<CompiledSchema>,
}

impl Chart {
    /// Loads a `.tgz`. Files are read in memory only, within `limits`; nothing is written anywhere.
    pub fn load_archive(archive: &[u8], limits: &Limits) -> Result<Self, LoadError> {
        load::from_archive(archive, limits)
    }

    /// Loads a chart from the files of its directory, paths relative to it; `.helmignore` is applied.
    pub fn from_files(
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
        limits: &Limits,
    ) -> Result<Self, LoadError> {
        load::from_directory(files, limits)
    }

    /// Loads a chart from files that were taken from an archive: like [`from_files`](Self::from_files), but
    /// `.helmignore` is a file like any other, as it is in an archive.
    pub fn from_archived_files(
        files: impl IntoIterator<Item = (String, Vec<u8>)>,
        limits: &Limits,
    ) -> Result<Self, LoadError> {
        load::from_archived_files(files, limits)
    }

    /// The name and the files of a `.tgz`, paths relative to the chart, for writing them as a directory: nothing is
    /// checked but that name and paths stay below it (Helm's `Expand`).
    pub fn expand_archive(
        archive: &[u8],
        limits: &Limits,
    ) -> Result<(String, Vec<(String, Vec<u8>)>), LoadError> {
        load::expand(archive, limits)
    }

    pub(crate) fn new(contents: Contents) -> Self {
        Self(Arc::new(contents))
    }

    pub(crate) fn contents(&self) -> &Contents {
        &self.0
    }

    /// This chart's contents for changing; other handles keep theirs.
    pub(crate) fn contents_mut(&mut self) -> &mut Contents {
        Arc::make_mut(&mut self.0)
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
        let mut chart = self.clone();
        chart.contents_mut().metadata.version = version.into();
        chart
    }
    /// The same chart with another version of its application.
    #[must_use]
    pub fn with_app_version(&self, version: impl Into<String>) -> Self {
        let mut chart = self.clone();
        chart.contents_mut().metadata.app_version = version.into();
        chart
    }
    /// `Chart.lock`.
    pub fn lock(&self) -> Option<&Lock> {
        self.0.lock.as_ref()
    }
    /// Every file as it stands in the archive, those of subcharts too.
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
    /// The compiled form of [`Chart::schema`].
    pub(crate) fn compiled_schema(&self) -> &CompiledSchema {
        &self.0.compiled_schema
    }

    /// `values.schema.json`.
    pub fn schema(&self) -> Option<&[u8]> {
        self.0.schema.as_deref()
    }
    /// Charts under `charts/`, in the order of their folders' names.
    pub fn dependencies(&self) -> &[Self] {
        &self.0.dependencies
    }
    /// Whether it is a library chart, whose templates only define.
    pub fn is_library(&self) -> bool {
        self.0.metadata.kind.eq_ignore_ascii_case("library")
    }
    /// Whether every dependency `Chart.yaml` names is there, as `helm install` and `helm template` check it.
    pub fn check_dependencies(&self) -> Result<(), RenderError> {
        let missing = self.missing_dependencies();
        if missing.is_empty() {
            return Ok(());
        }
        Err(RenderError::Chart(format!(
            "chart dependencies are missing; run dependency update/build first: \
             found in Chart.yaml, but missing in charts/ directory: {}",
            missing.join(", ")
        )))
    }
    /// Names of the dependencies that `Chart.yaml` declares and `charts/` does not hold.
    pub fn missing_dependencies(&self) -> Vec<&str> {
        let present = |name: &str| self.0.dependencies.iter().any(|subchart| subchart.name() == name);
        let declared = self.0.metadata.dependencies.iter().map(|dependency| dependency.name.as_str());
        declared.filter(|name| !present(name)).collect()
    }
    /// Whether the chart can be installed on its own: a library cannot.
    pub fn check_installable(&self) -> Result<(), RenderError> {
        match self.0.metadata.kind.as_str() {
            "" | "application" => Ok(()),
            kind => Err(RenderError::Chart(format!("{kind} charts are not installable"))),
        }
    }
    /// The readme, by the names `helm show readme` looks for.
    pub fn readme(&self) -> Option<&File> {
        const NAMES: [&str; 3] = ["readme.md", "readme.txt", "readme"];
        self.0.files.iter().find(|file| NAMES.iter().any(|name| file.name.eq_ignore_ascii_case(name)))
    }
    /// `values.yaml` as it stands in the archive, comments and all.
    pub fn values_text(&self) -> Option<&File> {
        self.0.raw.iter().find(|file| file.name == "values.yaml")
    }
    /// Files under `crds/`, of this chart and then of its subcharts.
    pub fn crds(&self) -> Vec<Crd> {
        let mut crds = Vec::new();
        self.collect_crds(self.name(), &mut crds);
        crds
    }

    fn collect_crds(&self, path: &str, into: &mut Vec<Crd>) {
        let is_manifest = |name: &str| {
            let extension = name.rsplit('/').next().and_then(|base| base.rsplit_once('.')).map(|(_, e)| e);
            extension
                .is_some_and(|e| ["yaml", "yml", "json"].iter().any(|known| e.eq_ignore_ascii_case(known)))
        };
        let found =
            self.0.files.iter().filter(|file| file.name.starts_with("crds/") && is_manifest(&file.name));
        into.extend(found.map(|file| Crd { path: format!("{path}/{}", file.name), file: file.clone() }));
        for dependency in &self.0.dependencies {
            dependency.collect_crds(&format!("{path}/charts/{}", dependency.name()), into);
        }
    }

    /// The chart as Helm 4.2.3 stores it in a release: metadata, lock, templates, values, schema and files,
    /// contents in base64; no subcharts.
    pub fn to_release_json(&self) -> Json {
        let c = &*self.0;
        let files = |files: &[File]| match files {
            [] => Json::Null,
            files => files.iter().map(file_json).collect(),
        };
        let mut chart = json!({
            "metadata": c.metadata,
            "lock": c.lock,
            "templates": files(&c.templates),
            "values": if c.has_values { c.values.to_json() } else { Json::Null },
            "schema": c.schema.as_ref().map(|schema| STANDARD.encode(schema)),
            "schemamodtime": c.schema_modified.map_or_else(zero_time, |time| time.to_string()),
            "files": files(&c.files),
        });
        if let Some(time) = c.modified {
            chart["modtime"] = time.to_string().into();
        }
        chart
    }

    /// Reads the chart back from a release record, of Helm 3 or 4; subcharts are not stored there.
    pub fn from_release_json(json: &Json) -> Result<Self, LoadError> {
        let bad = |what: &str| LoadError::Archive(format!("chart of the release: {what}"));
        let files = |key: &str| -> Result<Arc<Vec<File>>, LoadError> {
            let items = json[key].as_array().map(Vec::as_slice).unwrap_or_default();
            let files: Result<Vec<File>, _> = items.iter().map(|item| file_from_json(item, key)).collect();
            files.map(Arc::new).map_err(|what| bad(&what))
        };
        let metadata = serde_json::from_value(json["metadata"].clone());
        let lock = serde_json::from_value(json["lock"].clone());
        let schema = match json["schema"].as_str() {
            Some(text) => Some(STANDARD.decode(text).map_err(|_| bad("schema is not base64"))?.into()),
            None => None,
        };
        Ok(Self::new(Contents {
            metadata: metadata.map_err(|error| bad(&format!("metadata: {error}")))?,
            lock: lock.map_err(|error| bad(&format!("lock: {error}")))?,
            templates: files("templates")?,
            files: files("files")?,
            values: Arc::new(Values::from_json(&json["values"]).map_err(|error| bad(&error))?),
            has_values: !json["values"].is_null(),
            schema,
            schema_modified: None,
            modified: json["modtime"].as_str().and_then(|time| time.parse().ok()),
            raw: Arc::default(),
            dependencies: Vec::new(),
            parsed: Arc::default(),
            compiled_schema: Arc::default(),
        }))
    }
}

/// Go's zero `time.Time`.
fn zero_time() -> String {
    "0001-01-01T00:00:00Z".to_owned()
}

fn file_json(file: &File) -> Json {
    let mut json = json!({ "name": file.name, "data": STANDARD.encode(&file.data) });
    if let Some(time) = file.modified {
        json["modtime"] = time.to_string().into();
    }
    json
}

fn file_from_json(json: &Json, list: &str) -> Result<File, String> {
    let name = json["name"].as_str().ok_or_else(|| format!("a file of {list} has no name"))?;
    let data = STANDARD.decode(json["data"].as_str().unwrap_or_default());
    Ok(File {
        name: name.to_owned(),
        data: data.map_err(|_| format!("{name} is not base64"))?.into(),
        modified: json["modtime"].as_str().and_then(|time| time.parse().ok()),
    })
}
