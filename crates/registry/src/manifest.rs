//! Image manifests and descriptors (OCI image specification 1.1), as far as charts need them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Digest, Error};

/// Config of a Helm chart: its Chart.yaml as JSON. The only sign by which an artifact is a chart.
pub const HELM_CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
/// The chart archive.
pub const HELM_CHART_LAYER: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";
/// The chart archive as Helm before 3.7 wrote it.
pub const HELM_CHART_LAYER_LEGACY: &str = "application/tar+gzip";
/// The provenance file.
pub const HELM_PROVENANCE_LAYER: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
/// An OCI image manifest.
pub const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// An OCI image index.
pub const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// All types a client can read; a registry may answer 404 for a manifest of a type that was not asked for.
pub(crate) const ACCEPT_MANIFESTS: &str = "application/vnd.oci.image.manifest.v1+json, \
    application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, */*;q=0.1";

/// Points to content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// Media type.
    #[serde(default)]
    pub media_type: String,
    /// Digest of the content.
    pub digest: Digest,
    /// Size in bytes.
    pub size: u64,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Type of the artifact pointed to (in referrers lists).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
}

/// An image manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// Always 2.
    pub schema_version: u32,
    /// Media type of the manifest; Helm leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Type of the artifact.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The config blob.
    pub config: Descriptor,
    /// The layers.
    #[serde(default)]
    pub layers: Vec<Descriptor>,
    /// What this manifest is about (a signature's image).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
    /// Annotations.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

impl Manifest {
    /// The manifest as Go writes it, and therefore with the digest that Helm's has.
    pub(crate) fn to_go_json(&self) -> String {
        // Outside of strings none of these characters occurs in JSON.
        serde_json::to_string(self)
            .expect("strings, numbers and maps with string keys always serialise")
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029")
    }
}

/// Only what tells the kinds of manifest apart.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Probe {
    #[serde(default)]
    media_type: Option<String>,
    #[serde(default)]
    config: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    manifests: Option<serde::de::IgnoredAny>,
}

impl Manifest {
    /// Reads an image manifest; an image index or another thing is [`Error::NotAChart`] naming its type.
    pub fn parse(bytes: &[u8], reference: &str) -> Result<Self, Error> {
        let malformed = |e: serde_json::Error| Error::Malformed {
            what: format!("the manifest of `{reference}`"),
            reason: format!("not JSON of the right shape (line {}, column {})", e.line(), e.column()),
        };
        let probe: Probe = serde_json::from_slice(bytes).map_err(malformed)?;
        if probe.config.is_none() {
            let fallback = if probe.manifests.is_some() { OCI_INDEX } else { "unknown" };
            let media_type = crate::envelope::clip(probe.media_type.as_deref().unwrap_or(fallback));
            return Err(Error::NotAChart { reference: reference.to_owned(), media_type });
        }
        serde_json::from_slice(bytes).map_err(malformed)
    }

    /// Whether this is a Helm chart: by the type of its config, nothing else.
    pub fn is_chart(&self) -> bool {
        self.config.media_type == HELM_CONFIG
    }

    /// The layer with the chart archive.
    pub fn chart_layer(&self) -> Option<&Descriptor> {
        let of = |media_type: &str| self.layers.iter().find(|l| l.media_type == media_type);
        of(HELM_CHART_LAYER).or_else(|| of(HELM_CHART_LAYER_LEGACY))
    }
}
