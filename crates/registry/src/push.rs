//! Pushes a chart in Helm's media types.

use std::collections::BTreeMap;
use std::io::Read as _;

use bytes::Bytes;
use serde_json::{Value, json};

use crate::manifest::{HELM_CHART_LAYER, HELM_CONFIG, HELM_PROVENANCE_LAYER, OCI_MANIFEST};
use crate::{Digest, Error, OciClient, version};

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
        if semver::Version::parse(&version).is_err() {
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
        let manifest = json!({
            "schemaVersion": 2,
            "config": config,
            "layers": layers,
            "annotations": upload.annotations,
        });
        let tag = version::to_tag(&upload.version);
        let digest =
            target.put_manifest(&tag, OCI_MANIFEST, Bytes::from(manifest.to_string()), deadline).await?;
        Ok(Pushed { tag, digest })
    }
}

/// The annotations Helm writes (`pkg/registry/chart.go`, v4.2): the chart's own, then the OCI ones over them.
/// `created` is left out, so that the same chart pushed twice is the same manifest.
fn annotations(metadata: &Value, name: &str, version: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Some(own) = metadata.get("annotations").and_then(Value::as_object) {
        found.extend(own.iter().filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))));
    }
    let mut put = |key: &str, value: &str| {
        if !value.is_empty() {
            found.insert(format!("org.opencontainers.image.{key}"), value.to_owned());
        }
    };
    put("title", name);
    put("version", version);
    put("description", metadata.get("description").and_then(Value::as_str).unwrap_or_default());
    put("url", metadata.get("home").and_then(Value::as_str).unwrap_or_default());
    put("source", metadata.pointer("/sources/0").and_then(Value::as_str).unwrap_or_default());
    let person = |m: &Value| {
        let name = m.get("name")?.as_str()?;
        let email = m.get("email").and_then(Value::as_str).unwrap_or_default();
        Some(if email.is_empty() { name.to_owned() } else { format!("{name} ({email})") })
    };
    let maintainers = metadata.get("maintainers").and_then(Value::as_array);
    let authors: Vec<String> = maintainers.into_iter().flatten().filter_map(person).collect();
    put("authors", &authors.join(", "));
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
