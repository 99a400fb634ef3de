//! What a request says of a HelmRepository, and the specification that follows.

use std::collections::BTreeMap;

use pilothouse_resources::{HelmRepositorySpec, Provider, RepositoryType};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    service::{
        credentials::{CertificateInput, CredentialsInput},
        source_objects::{self, SecretsInput, set_flag},
    },
    validate::{self, Checks},
};

/// Most names in an explicit list of charts (as the CRD's schema).
const MAX_CHARTS: usize = 10_000;

/// A repository to create, or to test.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepositoryRequest {
    /// Name (not needed for a test).
    #[serde(default)]
    pub name: String,
    /// `default` (an HTTP server with an index) or `oci`. Default: by the URL's scheme.
    #[serde(default, rename = "type")]
    pub type_: Option<String>,
    /// Address, for example `oci://ghcr.io/my-org/charts`.
    #[serde(default)]
    pub url: String,
    /// `MM:SS`, or a duration like `5m0s`. Default `05:00`.
    #[serde(default)]
    pub interval: Option<String>,
    /// Timeout of requests. Default 60s.
    #[serde(default)]
    pub timeout: Option<String>,
    /// `generic`, `aws`, `azure` or `gcp`.
    #[serde(default)]
    pub provider: Option<String>,
    /// Allow plain HTTP (`oci` only).
    #[serde(default)]
    pub insecure: bool,
    /// Send credentials to other hosts that the index names too.
    #[serde(default)]
    pub pass_credentials: bool,
    /// Begin suspended.
    #[serde(default)]
    pub suspended: bool,
    /// Explicit list of charts, for registries that cannot list (`oci` only).
    #[serde(default)]
    pub charts: Vec<String>,
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

/// A change of a repository; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RepositoryUpdate {
    /// The version that the caller saw; the update is refused if it changed since.
    #[serde(default)]
    pub resource_version: Option<String>,
    /// Address.
    #[serde(default)]
    pub url: Option<String>,
    /// `default` or `oci`.
    #[serde(default, rename = "type")]
    pub type_: Option<String>,
    /// `MM:SS`, or a duration.
    #[serde(default)]
    pub interval: Option<String>,
    /// Timeout; an empty text resets it.
    #[serde(default)]
    pub timeout: Option<String>,
    /// `generic`, `aws`, `azure` or `gcp`.
    #[serde(default)]
    pub provider: Option<String>,
    /// Allow plain HTTP.
    #[serde(default)]
    pub insecure: Option<bool>,
    /// Send credentials to other hosts too.
    #[serde(default)]
    pub pass_credentials: Option<bool>,
    /// Stop the sync.
    #[serde(default)]
    pub suspended: Option<bool>,
    /// Explicit list of charts; an empty list removes it.
    #[serde(default)]
    pub charts: Option<Vec<String>>,
    /// Labels; replaces those that are there.
    #[serde(default)]
    pub labels: Option<BTreeMap<String, String>>,
    /// New credentials; kind `none` removes them. The user name may be left out to keep the stored one.
    #[serde(default)]
    pub credentials: Option<CredentialsInput>,
    /// New certificates; an empty object removes them.
    #[serde(default)]
    pub certificate: Option<CertificateInput>,
}

impl RepositoryRequest {
    /// The Secrets it wants.
    pub(super) fn secrets(&self) -> SecretsInput<'_> {
        SecretsInput { credentials: self.credentials.as_ref(), certificate: self.certificate.as_ref() }
    }
}

impl RepositoryUpdate {
    /// The Secrets it wants.
    pub(super) fn secrets(&self) -> SecretsInput<'_> {
        SecretsInput { credentials: self.credentials.as_ref(), certificate: self.certificate.as_ref() }
    }
}

/// The specification that a request asks for, and every finding.
pub fn specification(request: &RepositoryRequest, checks: &mut Checks) -> HelmRepositorySpec {
    let type_ = match request.type_.as_deref() {
        None | Some("") => {
            if request.url.starts_with("oci://") {
                RepositoryType::Oci
            } else {
                RepositoryType::Default
            }
        }
        Some(text) => checks.take("type", repository_type(text)).unwrap_or_default(),
    };
    let oci = type_ == RepositoryType::Oci;
    let url = request.url.trim();
    checks.take("url", validate::repository_url(url, oci));
    let interval = source_objects::interval(request.interval.as_deref(), checks);
    let timeout = source_objects::timeout(request.timeout.as_deref(), checks);
    let provider = source_objects::provider(request.provider.as_deref(), checks);
    only_oci(oci, request.insecure, provider, &request.charts, checks);
    check_charts(&request.charts, checks);
    checks.take("labels", validate::labels(&request.labels));
    HelmRepositorySpec {
        url: url.to_owned(),
        type_: Some(type_),
        interval,
        timeout,
        provider: provider.filter(|provider| *provider != Provider::Generic),
        insecure: request.insecure.then_some(true),
        pass_credentials: request.pass_credentials.then_some(true),
        suspend: request.suspended.then_some(true),
        charts: (!request.charts.is_empty()).then(|| request.charts.clone()),
        ..Default::default()
    }
}

fn repository_type(text: &str) -> Result<RepositoryType, String> {
    match text {
        "default" | "http" | "helm" => Ok(RepositoryType::Default),
        "oci" => Ok(RepositoryType::Oci),
        other => Err(format!("`{other}` is not a repository type; use `default` or `oci`")),
    }
}

fn only_oci(oci: bool, insecure: bool, provider: Option<Provider>, charts: &[String], checks: &mut Checks) {
    if oci {
        return;
    }
    if insecure {
        checks.add("insecure", "only OCI repositories have this; an HTTP repository's URL says `http://`");
    }
    if provider.is_some_and(|provider| provider != Provider::Generic) {
        checks.add("provider", "only OCI repositories take credentials from a cloud provider");
    }
    if !charts.is_empty() {
        checks.add("charts", "only OCI repositories need a list of charts; an HTTP repository has an index");
    }
}

fn check_charts(charts: &[String], checks: &mut Checks) {
    if charts.len() > MAX_CHARTS {
        checks.add("charts", format!("{} charts are listed; {MAX_CHARTS} are possible", charts.len()));
    }
    if let Some((chart, Err(message))) =
        charts.iter().map(|chart| (chart, validate::chart_name(chart))).find(|(_, result)| result.is_err())
    {
        checks.add("charts", format!("`{chart}`: {message}"));
    }
}

/// The specification after a change, and every finding.
pub(super) fn changed_specification(
    before: &HelmRepositorySpec,
    request: &RepositoryUpdate,
    checks: &mut Checks,
) -> HelmRepositorySpec {
    let mut spec = before.clone();
    if let Some(text) = &request.type_ {
        spec.type_ = checks.take("type", repository_type(text));
    } else if let Some(url) = &request.url {
        // A changed scheme changes the type: a person who pastes `oci://` means it.
        spec.type_ =
            Some(if url.starts_with("oci://") { RepositoryType::Oci } else { RepositoryType::Default });
    }
    if let Some(url) = &request.url {
        url.trim().clone_into(&mut spec.url);
    }
    if request.url.is_some() || request.type_.is_some() {
        checks.take("url", validate::repository_url(&spec.url, spec.is_oci()));
    }
    if let Some(text) = &request.interval {
        spec.interval = checks.take("interval", validate::interval(text));
    }
    if let Some(text) = &request.timeout {
        spec.timeout = source_objects::timeout(Some(text), checks);
    }
    if let Some(name) = &request.provider {
        let given = source_objects::provider(Some(name), checks);
        spec.provider = given.filter(|provider| *provider != Provider::Generic);
    }
    set_flag(&mut spec.insecure, request.insecure);
    set_flag(&mut spec.pass_credentials, request.pass_credentials);
    set_flag(&mut spec.suspend, request.suspended);
    if let Some(charts) = &request.charts {
        check_charts(charts, checks);
        spec.charts = (!charts.is_empty()).then(|| charts.clone());
    }
    let charts = spec.charts.clone().unwrap_or_default();
    only_oci(spec.is_oci(), spec.insecure.unwrap_or_default(), spec.provider, &charts, checks);
    spec
}
