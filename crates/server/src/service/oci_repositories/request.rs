//! What a request says of an OCIRepository, and the specification that follows.

use std::collections::BTreeMap;

use pilothouse_resources::{
    DurationString, LayerOperation, OCILayerSelector, OCIRepositoryRef, OCIRepositorySpec, Provider,
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::view::{Layer, Reference};
use crate::{
    service::{
        charts::check_range,
        credentials::{CertificateInput, CredentialsInput},
        source_objects::{self, SecretsInput, set_flag},
    },
    validate::{self, Checks},
};

/// Timeout of an OCI repository where a request names none.
const DEFAULT_TIMEOUT: &str = "60s";

/// An OCI repository to create, or to test.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OciRepositoryRequest {
    /// Name (not needed for a test).
    #[serde(default)]
    pub name: String,
    /// Address of one chart, for example `oci://ghcr.io/my-org/charts/web`.
    #[serde(default)]
    pub url: String,
    /// Which version.
    #[serde(default)]
    pub reference: Reference,
    /// Which layer.
    #[serde(default)]
    pub layer: Layer,
    /// `MM:SS`, or a duration. Default `05:00`.
    #[serde(default)]
    pub interval: Option<String>,
    /// Timeout of requests. Default 60s.
    #[serde(default)]
    pub timeout: Option<String>,
    /// `generic`, `aws`, `azure` or `gcp`.
    #[serde(default)]
    pub provider: Option<String>,
    /// Allow plain HTTP.
    #[serde(default)]
    pub insecure: bool,
    /// Begin suspended.
    #[serde(default)]
    pub suspended: bool,
    /// Service account whose pull secrets are used.
    #[serde(default)]
    pub service_account_name: Option<String>,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Credentials; stored in a Secret.
    #[serde(default)]
    pub credentials: Option<CredentialsInput>,
    /// Certificates; stored in a Secret.
    #[serde(default)]
    pub certificate: Option<CertificateInput>,
}

/// A change of an OCI repository; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OciRepositoryUpdate {
    /// The version that the caller saw.
    #[serde(default)]
    pub resource_version: Option<String>,
    /// Address.
    #[serde(default)]
    pub url: Option<String>,
    /// Which version; replaces the whole reference.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// Which layer; replaces the whole selection.
    #[serde(default)]
    pub layer: Option<Layer>,
    /// `MM:SS`, or a duration.
    #[serde(default)]
    pub interval: Option<String>,
    /// Timeout; an empty text resets it.
    #[serde(default)]
    pub timeout: Option<String>,
    /// Cloud provider.
    #[serde(default)]
    pub provider: Option<String>,
    /// Service account whose pull secrets are used; an empty text resets it.
    #[serde(default)]
    pub service_account_name: Option<String>,
    /// Allow plain HTTP.
    #[serde(default)]
    pub insecure: Option<bool>,
    /// Stop the checks.
    #[serde(default)]
    pub suspended: Option<bool>,
    /// Labels; replaces those that are there.
    #[serde(default)]
    pub labels: Option<BTreeMap<String, String>>,
    /// New credentials; kind `none` removes them.
    #[serde(default)]
    pub credentials: Option<CredentialsInput>,
    /// New certificates; an empty object removes them.
    #[serde(default)]
    pub certificate: Option<CertificateInput>,
}

impl OciRepositoryRequest {
    /// The Secrets it wants.
    pub(super) fn secrets(&self) -> SecretsInput<'_> {
        SecretsInput { credentials: self.credentials.as_ref(), certificate: self.certificate.as_ref() }
    }
}

impl OciRepositoryUpdate {
    /// The Secrets it wants.
    pub(super) fn secrets(&self) -> SecretsInput<'_> {
        SecretsInput { credentials: self.credentials.as_ref(), certificate: self.certificate.as_ref() }
    }
}

fn reference(given: &Reference, checks: &mut Checks) -> Option<OCIRepositoryRef> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let made = OCIRepositoryRef {
        tag: text(&given.tag),
        semver: text(&given.semver),
        semver_filter: text(&given.semver_filter),
        digest: text(&given.digest),
    };
    if let Some(tag) = &made.tag {
        checks.take("reference.tag", validate::tag(tag));
    }
    if let Some(digest) = &made.digest {
        checks.take("reference.digest", validate::digest(digest));
    }
    if let Some(range) = &made.semver {
        checks.take("reference.semver", check_range(range));
    }
    if made.semver_filter.is_some() && made.semver.is_none() {
        checks.add("reference.semverFilter", "a filter narrows a range: give `semver` too");
    }
    (made != OCIRepositoryRef::default()).then_some(made)
}

fn layer(given: &Layer, checks: &mut Checks) -> Option<OCILayerSelector> {
    let operation = match given.operation.as_deref() {
        None | Some("") => None,
        Some("extract") => Some(LayerOperation::Extract),
        Some("copy") => Some(LayerOperation::Copy),
        Some(other) => {
            checks.add("layer.operation", format!("`{other}` is not an operation; use extract or copy"));
            None
        }
    };
    let media_type = given.media_type.clone().filter(|text| !text.is_empty());
    if media_type.as_ref().is_some_and(|text| !text.contains('/') || text.chars().any(char::is_whitespace)) {
        checks.add(
            "layer.mediaType",
            "a media type looks like `application/vnd.cncf.helm.chart.content.v1.tar+gzip`",
        );
    }
    let made = OCILayerSelector { media_type, operation };
    (made != OCILayerSelector::default()).then_some(made)
}

fn timeout(given: Option<&str>, checks: &mut Checks) -> Option<DurationString> {
    source_objects::timeout(given, checks).or_else(|| DEFAULT_TIMEOUT.parse().ok())
}

/// The specification that a request asks for, and every finding.
pub fn specification(request: &OciRepositoryRequest, checks: &mut Checks) -> Option<OCIRepositorySpec> {
    let url = request.url.trim();
    checks.take("url", validate::repository_url(url, true));
    let interval = source_objects::interval(request.interval.as_deref(), checks);
    let timeout = timeout(request.timeout.as_deref(), checks);
    let provider = source_objects::provider(request.provider.as_deref(), checks);
    checks.take("labels", validate::labels(&request.labels));
    let reference = reference(&request.reference, checks);
    let layer_selector = layer(&request.layer, checks);
    Some(OCIRepositorySpec {
        url: url.to_owned(),
        reference,
        layer_selector,
        provider: provider.unwrap_or(Provider::Generic),
        secret_ref: None,
        verify: None,
        service_account_name: request.service_account_name.clone().filter(|name| !name.is_empty()),
        cert_secret_ref: None,
        proxy_secret_ref: None,
        interval: interval?,
        timeout,
        ignore: None,
        insecure: request.insecure.then_some(true),
        suspend: request.suspended.then_some(true),
    })
}

/// The specification after a change, and every finding.
pub(super) fn changed_specification(
    before: &OCIRepositorySpec,
    request: &OciRepositoryUpdate,
    checks: &mut Checks,
) -> OCIRepositorySpec {
    let mut spec = before.clone();
    if let Some(url) = &request.url {
        url.trim().clone_into(&mut spec.url);
        checks.take("url", validate::repository_url(&spec.url, true));
    }
    if let Some(given) = &request.reference {
        spec.reference = reference(given, checks);
    }
    if let Some(given) = &request.layer {
        spec.layer_selector = layer(given, checks);
    }
    if let Some(text) = &request.interval
        && let Some(interval) = checks.take("interval", validate::interval(text))
    {
        spec.interval = interval;
    }
    if let Some(text) = &request.timeout {
        spec.timeout = timeout(Some(text), checks);
    }
    if let Some(name) = &request.provider {
        spec.provider = source_objects::provider(Some(name), checks).unwrap_or_default();
    }
    if let Some(name) = &request.service_account_name {
        spec.service_account_name = Some(name.clone()).filter(|name| !name.is_empty());
    }
    set_flag(&mut spec.insecure, request.insecure);
    set_flag(&mut spec.suspend, request.suspended);
    spec
}
