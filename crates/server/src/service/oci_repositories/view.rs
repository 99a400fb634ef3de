//! What the API shows of an OCIRepository.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::ResourceExt;
use pilothouse_resources::{LayerOperation, OCIRepository};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    page::{Listed, SortKey},
    service::{
        credentials::{self, CredentialsState},
        source_objects::{SourceView, provider_name},
        status::Status,
    },
};

/// An OCI repository.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciRepository {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Identity of the object.
    pub uid: String,
    /// Version of the object.
    pub resource_version: String,
    /// Address of the artifact, without tag.
    pub url: String,
    /// Which version: tag, range or digest.
    pub reference: Reference,
    /// Which layer, and what is done with it.
    pub layer: Layer,
    /// Interval of the check, as stored.
    pub interval: String,
    /// The same in seconds.
    pub interval_seconds: u64,
    /// Timeout of requests, where set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Cloud provider that gives credentials.
    pub provider: String,
    /// Whether plain HTTP is allowed.
    pub insecure: bool,
    /// Whether checks are stopped.
    pub suspended: bool,
    /// Credentials: whether and where, never what.
    pub credentials: CredentialsState,
    /// Name of the Secret with certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_secret_name: Option<String>,
    /// Service account whose pull secrets are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Whether signatures are verified, and how (`cosign`, `notation`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<String>,
    /// When it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// State.
    pub status: Status,
    /// What was pulled last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<ArtifactView>,
    /// Number of releases that use it; absent where the caller may not list releases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub releases: Option<usize>,
    /// The last request for a check that was handled: the `requestedAt` of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

/// Which version of an artifact; a digest counts before a range, a range before a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Reference {
    /// Tag. Default `latest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Range of versions, for example `>=1.0.0 <2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// Regular expression that tags must match before the range counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver_filter: Option<String>,
    /// Digest `sha256:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Which layer of an artifact is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Layer {
    /// Media type of the layer. Default: the first layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// `extract` or `copy`. Default `extract`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}

/// What a source produced last.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactView {
    /// What it is, for people and tools: a version, or a tag with its digest.
    pub revision: String,
    /// Digest of the stored file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changed_at: Option<Timestamp>,
    /// Annotations of the artifact's manifest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl ArtifactView {
    /// The view of a status' artifact.
    pub fn of(artifact: &pilothouse_resources::Artifact) -> Self {
        Self {
            revision: artifact.revision.clone(),
            digest: artifact.digest.clone(),
            size: artifact.size,
            changed_at: artifact.last_update_time.as_ref().map(|time| time.0),
            metadata: artifact.metadata.clone().unwrap_or_default(),
        }
    }
}

impl SourceView for OciRepository {
    type Object = OCIRepository;

    fn of(object: &OCIRepository) -> Self {
        let spec = &object.spec;
        let status = object.status.clone().unwrap_or_default();
        let reference = spec.reference.clone().unwrap_or_default();
        let layer = spec.layer_selector.clone().unwrap_or_default();
        Self {
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            resource_version: object.resource_version().unwrap_or_default(),
            url: spec.url.clone(),
            reference: Reference {
                tag: reference.tag,
                semver: reference.semver,
                semver_filter: reference.semver_filter,
                digest: reference.digest,
            },
            layer: Layer {
                media_type: layer.media_type,
                operation: layer.operation.map(|operation| {
                    match operation {
                        LayerOperation::Extract => "extract",
                        LayerOperation::Copy => "copy",
                    }
                    .to_owned()
                }),
            },
            interval: spec.interval.to_string(),
            interval_seconds: spec.interval.to_duration().map_or(0, |interval| interval.as_secs()),
            timeout: spec.timeout.as_ref().map(ToString::to_string),
            provider: provider_name(spec.provider).to_owned(),
            insecure: spec.insecure.unwrap_or_default(),
            suspended: spec.suspend.unwrap_or_default(),
            credentials: credentials::named(
                spec.secret_ref.as_ref().map(|reference| reference.name.as_str()),
            ),
            certificate_secret_name: spec.cert_secret_ref.as_ref().map(|reference| reference.name.clone()),
            service_account_name: spec.service_account_name.clone(),
            verification: spec.verify.as_ref().map(|verify| {
                match verify.provider {
                    pilothouse_resources::VerificationProvider::Cosign => "cosign",
                    pilothouse_resources::VerificationProvider::Notation => "notation",
                }
                .to_owned()
            }),
            created_at: object.creation_timestamp().map(|time| time.0),
            labels: object.labels().clone(),
            status: Status::of(
                &object.metadata,
                &status.conditions,
                status.observed_generation,
                spec.suspend.unwrap_or_default(),
            ),
            artifact: status.artifact.as_ref().map(ArtifactView::of),
            releases: None,
            last_handled_reconcile_at: status.last_handled_reconcile_at.clone(),
        }
    }

    fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }

    fn looked_up(&mut self) -> (&mut CredentialsState, &mut Option<usize>) {
        (&mut self.credentials, &mut self.releases)
    }
}

impl Listed for OciRepository {
    const SORTS: &'static [&'static str] =
        &["name", "namespace", "url", "interval", "state", "releases", "revision", "createdAt"];

    fn texts<'a>(&'a self, texts: &mut Vec<&'a str>) {
        texts.extend([self.name.as_str(), &self.namespace, &self.url, &self.status.state]);
        texts.extend(self.status.message.as_deref());
        texts.extend(self.artifact.as_ref().map(|artifact| artifact.revision.as_str()));
    }

    fn sort_key(&self, field: &str) -> SortKey {
        match field {
            "namespace" => SortKey::text(&self.namespace),
            "url" => SortKey::text(&self.url),
            "interval" => SortKey::number(i64::try_from(self.interval_seconds).ok()),
            "state" => SortKey::text(&self.status.state),
            "releases" => SortKey::number(self.releases.and_then(|count| i64::try_from(count).ok())),
            "revision" => self.artifact.as_ref().map_or(SortKey::Missing, |a| SortKey::text(&a.revision)),
            "createdAt" => SortKey::number(self.created_at.map(Timestamp::as_second)),
            _ => SortKey::text(&self.name),
        }
    }

    fn state(&self) -> &str {
        &self.status.state
    }
}
