//! Pushes a chart in Helm's media types.

use std::collections::BTreeMap;
use std::io::Read as _;

use bytes::Bytes;
use serde_json::Value;

use crate::manifest::{HELM_CHART_LAYER, HELM_CONFIG, HELM_PROVENANCE_LAYER, Manifest, OCI_MANIFEST};
use crate::{Digest, Error, OciClient, version};

const OCI_PREFIX: &str = "org.opencontainers.image.";
const CREATED: &str = "org.opencontainers.image.created";
/// Most bytes of an archive that are unpacked in search of its Chart.yaml.
const MAX_UNPACKED: u64 = 100 << 20;
/// Most entries of an archive that are looked at.
const MAX_ENTRIES: usize = 10_000;
/// Largest Chart.yaml.
const MAX_CHART_YAML: u64 = 1 << 20;

/// A chart ready to be pushed.
#[derive(Debug, Clone)]
pub struct Upload {
    name: String,
    version: String,
    config: Bytes,
    annotations: BTreeMap<String, String>,
    archive: Bytes,
    provenance: Option<Bytes>,
}

/// Where a pushed chart is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The tag: the version with `+` as `_`.
    pub tag: String,
    /// Digest of the manifest.
    pub digest: Digest,
}

impl Upload {
    /// Reads name, version and metadata from the archive's `<chart>/Chart.yaml`.
    ///
    /// # Errors
    /// The bytes are no gzip'd tar, hold no Chart.yaml, or one without name or version.
    pub fn from_archive(archive: impl Into<Bytes>) -> Result<Self, Error> {
        let archive = archive.into();
        let malformed = |reason: String| Error::Malformed { what: "the chart archive".into(), reason };
        let text = chart_yaml(&archive)?;
        let metadata =
            pilothouse_goyaml::to_json(&text).map_err(|e| malformed(format!("Chart.yaml: {e}")))?;
        let field = |name: &str| {
            let value = metadata.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            if value.is_empty() { Err(malformed(format!("Chart.yaml has no `{name}`"))) } else { Ok(value) }
        };
        let (name, version) = (field("name")?, field("version")?);
        if version::lenient(&version).is_none() {
            return Err(malformed(format!(
                "its version `{}` is not a semantic version",
                version.escape_debug()
            )));
        }
        let annotations = annotations(&metadata, &name, &version);
        Ok(Self {
            name,
            version,
            config: Bytes::from(metadata.to_string()),
            annotations,
            archive,
            provenance: None,
        })
    }

    /// Replaces the config, Chart.yaml as JSON, by bytes of the caller's: Helm writes the fields it knows, in an order
    /// of its own, and equal bytes give an equal digest.
    #[must_use]
    pub fn with_config(mut self, config: impl Into<Bytes>) -> Self {
        self.config = config.into();
        self
    }

    /// Says when the chart was made, as RFC 3339 (Helm takes the time of the archive's file), unless the chart's own
    /// annotations do.
    #[must_use]
    pub fn with_created(mut self, created: impl Into<String>) -> Self {
        self.annotations.entry(CREATED.to_owned()).or_insert_with(|| created.into());
        self
    }

    /// Adds the provenance file (`.prov`).
    #[must_use]
    pub fn with_provenance(mut self, provenance: impl Into<Bytes>) -> Self {
        self.provenance = Some(provenance.into());
        self
    }

    /// The chart's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The chart's version.
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl OciClient {
    /// Pushes `upload` to the repository named like the chart below this one, tagged with its version.
    pub async fn push_chart(&self, upload: &Upload) -> Result<Pushed, Error> {
        let target = self.below(&upload.name)?;
        let deadline = self.transport.deadline();
        let config = target.upload(HELM_CONFIG, upload.config.clone(), deadline).await?;
        let mut layers = vec![target.upload(HELM_CHART_LAYER, upload.archive.clone(), deadline).await?];
        if let Some(provenance) = &upload.provenance {
            layers.push(target.upload(HELM_PROVENANCE_LAYER, provenance.clone(), deadline).await?);
        }
        layers.sort_by(|a, b| a.digest.as_str().cmp(b.digest.as_str()));
        let manifest = Manifest {
            schema_version: 2,
            media_type: None,
            artifact_type: None,
            config,
            layers,
            subject: None,
            annotations: upload.annotations.clone(),
        };
        let tag = version::to_tag(&upload.version);
        let digest =
            target.put_manifest(&tag, OCI_MANIFEST, Bytes::from(manifest.to_go_json()), deadline).await?;
        Ok(Pushed { tag, digest })
    }
}

/// The annotations Helm writes (`pkg/registry/chart.go`, v4.2): the OCI ones, then the chart's own over them, but for
/// title and version. `created` is left to [`Upload::with_created`], so that without it the same chart pushed twice is
/// the same manifest.
fn annotations(metadata: &Value, name: &str, version: &str) -> BTreeMap<String, String> {
    let text = |name: &str| metadata.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut found = BTreeMap::new();
    let mut put = |key: &str, value: &str| {
        if !value.trim().is_empty() {
            found.insert(format!("{OCI_PREFIX}{key}"), value.to_owned());
        }
    };
    put("description", text("description"));
    put("title", name);
    put("version", version);
    put("url", text("home"));
    put("source", metadata.pointer("/sources/0").and_then(Value::as_str).unwrap_or_default());
    let person = |m: &Value| {
        let name = m.get("name").and_then(Value::as_str).unwrap_or_default();
        let email = m.get("email").and_then(Value::as_str).unwrap_or_default();
        if email.is_empty() { name.to_owned() } else { format!("{name} ({email})") }
    };
    let maintainers = metadata.get("maintainers").and_then(Value::as_array);
    let authors: Vec<String> = maintainers.into_iter().flatten().map(person).collect();
    put("authors", &authors.join(", "));
    let fixed = ["title", "version"].map(|key| format!("{OCI_PREFIX}{key}"));
    let own = metadata.get("annotations").and_then(Value::as_object).into_iter().flatten();
    let own = own.filter(|(key, _)| !fixed.contains(key));
    found.extend(own.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))));
    found
}

fn chart_yaml(archive: &[u8]) -> Result<Vec<u8>, Error> {
    let malformed =
        |reason: &str| Error::Malformed { what: "the chart archive".into(), reason: reason.to_owned() };
    let unpacked = flate2::read::GzDecoder::new(archive).take(MAX_UNPACKED);
    let mut tar = tar::Archive::new(unpacked);
    let entries = tar.entries().map_err(|_| malformed("it is not a tar in gzip"))?;
    for entry in entries.take(MAX_ENTRIES) {
        let entry = entry.map_err(|_| malformed("it is not a tar in gzip"))?;
        let path = entry.path().map_err(|_| malformed("it holds a path that is not text"))?.into_owned();
        let is_chart_yaml =
            path.components().count() == 2 && path.file_name().is_some_and(|n| n == "Chart.yaml");
        if is_chart_yaml {
            let mut text = Vec::new();
            entry
                .take(MAX_CHART_YAML)
                .read_to_end(&mut text)
                .map_err(|_| malformed("its Chart.yaml cannot be unpacked"))?;
            return Ok(text);
        }
    }
    Err(malformed("it holds no `<chart>/Chart.yaml`"))
}
