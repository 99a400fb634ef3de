//! Helm repositories: HTTP indexes and OCI registries.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams},
};
use pilothouse_resources::{
    CatalogStatus, DurationString, HelmRepository, HelmRepositorySpec, Provider, RepositoryType, meta,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    credentials::{self, CertificateInput, CredentialsInput, CredentialsState},
    dependents::{self, Dependents, SourceKey},
    objects::{api, edit, list_scoped, manager, need_namespace, request_token},
    status::Status,
};
use crate::{
    Caller,
    page::{Listed, SortKey},
    problem::Problem,
    validate::{self, Checks},
};

/// Interval of a repository where a request names none.
pub const DEFAULT_INTERVAL: &str = "5m0s";
/// Most names in an explicit list of charts (as the CRD's schema).
const MAX_CHARTS: usize = 10_000;

/// A Helm repository.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Repository {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Identity of the object; changes when it is deleted and made again.
    pub uid: String,
    /// Version of the object, for updates that must not overwrite another's.
    pub resource_version: String,
    /// `default` (an HTTP server with an index) or `oci` (a registry).
    #[serde(rename = "type")]
    pub type_: String,
    /// Address.
    pub url: String,
    /// Interval of the sync, as stored (`5m0s`).
    pub interval: String,
    /// The same in seconds.
    pub interval_seconds: u64,
    /// Timeout of requests to the registry, where set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Cloud provider that gives credentials: `generic`, `aws`, `azure` or `gcp`.
    pub provider: String,
    /// Whether plain HTTP is allowed (`oci` only).
    pub insecure: bool,
    /// Whether credentials go to other hosts that the index names too.
    pub pass_credentials: bool,
    /// Whether the sync is stopped.
    pub suspended: bool,
    /// The explicit list of charts, for registries that cannot list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub charts: Vec<String>,
    /// Credentials: whether and where, never what.
    pub credentials: CredentialsState,
    /// Name of the Secret with certificates, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_secret_name: Option<String>,
    /// When it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// State.
    pub status: Status,
    /// What the last sync found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog: Option<Catalog>,
    /// Number of releases that use it; absent where the caller may not list releases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub releases: Option<usize>,
    /// The last request for a sync that was handled: the `requestedAt` of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// Name it is being renamed to, while that goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renaming_to: Option<String>,
}

/// What the last sync of a repository found.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Catalog {
    /// Charts found.
    pub charts: i64,
    /// Versions found, of all charts.
    pub versions: i64,
    /// Digest of the list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// How the list was obtained.
    pub method: String,
    /// Whether it is complete as far as the registry tells.
    pub complete: bool,
    /// What is missing, where it is not complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Family of registry that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// When it was last compared with the registry.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_checked_at: Option<Timestamp>,
    /// When a sync last found a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_changed_at: Option<Timestamp>,
    /// When the next sync is due.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub next_sync_at: Option<Timestamp>,
    /// Requests that the last sync made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<i64>,
    /// Request budget that the registry told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimitView>,
    /// When the credential stops working, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub credential_expires_at: Option<Timestamp>,
    /// Tags that are no chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<i64>,
}

/// A registry's request budget.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RateLimitView {
    /// Requests allowed in the window.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<i64>,
    /// Requests left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<i64>,
    /// Length of the window in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<i64>,
    /// When requests are allowed again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub reset_at: Option<Timestamp>,
}

impl RateLimitView {
    /// What a registry said in an answer's headers.
    pub(super) fn of_registry(limit: &pilothouse_registry::RateLimit) -> Self {
        let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        Self {
            limit: limit.limit.map(number),
            remaining: limit.remaining.map(number),
            window_seconds: limit.window_seconds.map(number),
            reset_at: None,
        }
    }
}

/// One sync.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sync {
    /// When it ended.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `Changed`, `Unchanged` or `Failed`.
    pub result: String,
    /// What it found, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Syncs in a row with this result.
    pub count: i64,
}

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

fn time(time: Option<&k8s_openapi::apimachinery::pkg::apis::meta::v1::Time>) -> Option<Timestamp> {
    time.map(|time| time.0)
}

impl Catalog {
    fn of(status: &CatalogStatus) -> Self {
        Self {
            charts: status.charts,
            versions: status.versions,
            digest: status.digest.clone(),
            method: status.method.clone(),
            complete: status.complete,
            detail: status.detail.clone(),
            registry: status.registry.clone(),
            last_checked_at: time(status.last_checked_at.as_ref()),
            last_changed_at: time(status.last_changed_at.as_ref()),
            next_sync_at: time(status.next_sync_at.as_ref()),
            requests: status.requests,
            rate_limit: status.rate_limit.as_ref().map(|limit| RateLimitView {
                limit: limit.limit,
                remaining: limit.remaining,
                window_seconds: limit.window_seconds,
                reset_at: time(limit.reset_at.as_ref()),
            }),
            credential_expires_at: time(status.credential_expires_at.as_ref()),
            skipped: status.skipped,
        }
    }
}

/// The words of the API for a provider.
pub fn provider_name(provider: Provider) -> &'static str {
    match provider {
        Provider::Generic => "generic",
        Provider::Aws => "aws",
        Provider::Azure => "azure",
        Provider::Gcp => "gcp",
    }
}

/// The provider with that name.
pub fn provider(name: &str) -> Result<Provider, String> {
    match name {
        "" | "generic" => Ok(Provider::Generic),
        "aws" => Ok(Provider::Aws),
        "azure" => Ok(Provider::Azure),
        "gcp" => Ok(Provider::Gcp),
        other => Err(format!("`{other}` is not a provider; use generic, aws, azure or gcp")),
    }
}

impl Repository {
    /// The view of an object.
    pub fn of(object: &HelmRepository) -> Self {
        let spec = &object.spec;
        let status = object.status.clone().unwrap_or_default();
        let interval = spec.interval.as_ref().map_or("1m0s", DurationString::as_str);
        let seconds = spec.interval.as_ref().and_then(|i| i.to_duration().ok()).map_or(60, |d| d.as_secs());
        Self {
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            resource_version: object.resource_version().unwrap_or_default(),
            type_: if spec.is_oci() { "oci" } else { "default" }.to_owned(),
            url: spec.url.clone(),
            interval: interval.to_owned(),
            interval_seconds: seconds,
            timeout: spec.timeout.as_ref().map(ToString::to_string),
            provider: provider_name(spec.provider.unwrap_or_default()).to_owned(),
            insecure: spec.insecure.unwrap_or_default(),
            pass_credentials: spec.pass_credentials.unwrap_or_default(),
            suspended: spec.suspend.unwrap_or_default(),
            charts: spec.charts.clone().unwrap_or_default(),
            credentials: credentials::named(
                spec.secret_ref.as_ref().map(|reference| reference.name.as_str()),
            ),
            certificate_secret_name: spec.cert_secret_ref.as_ref().map(|reference| reference.name.clone()),
            created_at: object.creation_timestamp().map(|time| time.0),
            labels: object.labels().clone(),
            status: Status::of(
                &object.metadata,
                &status.conditions,
                status.observed_generation,
                spec.suspend.unwrap_or_default(),
            ),
            catalog: status.catalog.as_ref().map(Catalog::of),
            releases: None,
            last_handled_reconcile_at: status.last_handled_reconcile_at.clone(),
            renaming_to: object.annotations().get(super::rename::RENAME_TO).cloned(),
        }
    }

    fn key(&self) -> SourceKey {
        key(&self.namespace, &self.name)
    }
}

/// How releases refer to a HelmRepository.
pub fn key(namespace: &str, name: &str) -> SourceKey {
    SourceKey { kind: "HelmRepository".into(), namespace: namespace.to_owned(), name: name.to_owned() }
}

impl Listed for Repository {
    const SORTS: &'static [&'static str] = &[
        "name",
        "namespace",
        "url",
        "type",
        "interval",
        "state",
        "charts",
        "versions",
        "releases",
        "lastSync",
        "nextSync",
        "createdAt",
    ];

    fn texts<'a>(&'a self, texts: &mut Vec<&'a str>) {
        texts.extend([self.name.as_str(), &self.namespace, &self.url, &self.status.state]);
        texts.extend(self.status.message.as_deref());
    }

    fn sort_key(&self, field: &str) -> SortKey {
        let catalog = self.catalog.as_ref();
        match field {
            "namespace" => SortKey::text(&self.namespace),
            "url" => SortKey::text(&self.url),
            "type" => SortKey::text(&self.type_),
            "interval" => SortKey::number(i64::try_from(self.interval_seconds).ok()),
            "state" => SortKey::text(&self.status.state),
            "charts" => SortKey::number(catalog.map(|c| c.charts)),
            "versions" => SortKey::number(catalog.map(|c| c.versions)),
            "releases" => SortKey::number(self.releases.and_then(|count| i64::try_from(count).ok())),
            "lastSync" => SortKey::number(catalog.and_then(|c| c.last_checked_at).map(Timestamp::as_second)),
            "nextSync" => SortKey::number(catalog.and_then(|c| c.next_sync_at).map(Timestamp::as_second)),
            "createdAt" => SortKey::number(self.created_at.map(Timestamp::as_second)),
            _ => SortKey::text(&self.name),
        }
    }

    fn state(&self) -> &str {
        &self.status.state
    }
}

/// All repositories of a namespace, or of all, with the number of releases that use each.
pub async fn list(caller: &Caller, namespace: Option<&str>) -> Result<Vec<Repository>, Problem> {
    let params = ListParams::default();
    let listed = list_scoped(&caller.client, namespace, &params, |object: HelmRepository| {
        Some(Repository::of(&object))
    });
    let (listed, uses) = tokio::join!(listed, dependents::uses(caller, namespace));
    let mut listed = listed?;
    if let Ok((uses, _)) = uses {
        let mut counts: HashMap<SourceKey, usize> = HashMap::new();
        for used in uses {
            *counts.entry(used.source).or_default() += 1;
        }
        for repository in &mut listed {
            repository.releases = Some(counts.get(&repository.key()).copied().unwrap_or_default());
        }
    }
    Ok(listed)
}

/// One repository, with what may be said of its credentials.
pub async fn get(caller: &Caller, namespace: &str, name: &str) -> Result<Repository, Problem> {
    let object = object(caller, namespace, name).await?;
    let mut view = Repository::of(&object);
    let secret = view.credentials.secret_name.clone();
    let key = view.key();
    let (credentials, dependents) =
        tokio::join!(credentials::state(caller, namespace, secret.as_deref()), dependents::of(caller, &key));
    view.credentials = credentials?;
    view.releases = dependents.ok().map(|dependents| dependents.items.len());
    Ok(view)
}

/// The object itself.
pub async fn object(caller: &Caller, namespace: &str, name: &str) -> Result<HelmRepository, Problem> {
    Ok(api::<HelmRepository>(&caller.client, Some(namespace)).get(name).await?)
}

/// The last syncs, newest first.
pub async fn syncs(caller: &Caller, namespace: &str, name: &str) -> Result<Vec<Sync>, Problem> {
    let object = object(caller, namespace, name).await?;
    let catalog = object.status.and_then(|status| status.catalog).unwrap_or_default();
    Ok(catalog
        .syncs
        .into_iter()
        .map(|sync| Sync {
            at: sync.at.0,
            result: sync.result,
            message: sync.message,
            count: sync.count.unwrap_or(1),
        })
        .collect())
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
    let interval = request.interval.as_deref().filter(|text| !text.is_empty()).unwrap_or(DEFAULT_INTERVAL);
    let interval = checks.take("interval", validate::interval(interval));
    let timeout = request
        .timeout
        .as_deref()
        .filter(|text| !text.is_empty())
        .and_then(|text| checks.take("timeout", validate::timeout(text, false)));
    let provider = request.provider.as_deref().and_then(|name| checks.take("provider", provider(name)));
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

/// How fields of the object are called in requests.
const FIELDS: &[(&str, &str)] = &[
    ("metadata.name", "name"),
    ("metadata.labels", "labels"),
    ("spec.secretRef", "credentials"),
    ("spec.certSecretRef", "certificate"),
    ("spec.suspend", "suspended"),
];

/// Adds a repository.
pub async fn create(
    caller: &Caller,
    namespace: &str,
    request: &RepositoryRequest,
) -> Result<Repository, Problem> {
    let mut checks = Checks::default();
    checks.take("name", validate::name(&request.name, validate::MAX_NAME));
    checks.take("namespace", validate::namespace(namespace));
    let mut spec = specification(request, &mut checks);
    let credentials = request.credentials.clone().unwrap_or_default();
    credentials.check("credentials", &mut checks, false);
    let certificate = request.certificate.clone().unwrap_or_default();
    certificate.check("certificate", &mut checks);
    checks.finish()?;

    need_namespace(&caller.client, namespace).await?;
    let repositories = api::<HelmRepository>(&caller.client, Some(namespace));
    if repositories.get_metadata_opt(&request.name).await?.is_some() {
        return Err(taken(&request.name));
    }
    let secret = credentials::store(caller, namespace, &request.name, &credentials, None).await?;
    let made = secret.clone().filter(|_| credentials.secret_name.is_none());
    let outcome = async {
        let certificates =
            credentials::store_certificate(caller, namespace, &request.name, &certificate).await?;
        spec.secret_ref = secret.map(Into::into);
        spec.cert_secret_ref = certificates.map(Into::into);
        let mut object = HelmRepository::new(&request.name, spec);
        if !request.labels.is_empty() {
            object.metadata.labels = Some(request.labels.clone());
        }
        let created = repositories.create(&manager(), &object).await;
        if created.is_err()
            && certificate.secret_name.is_none()
            && let Some(reference) = &object.spec.cert_secret_ref
        {
            credentials::discard(caller, namespace, &reference.name).await;
        }
        created.map_err(|error| Problem::from(error).at_fields(FIELDS))
    }
    .await;
    match outcome {
        Ok(created) => Ok(Repository::of(&created)),
        Err(problem) => {
            if let Some(made) = made {
                credentials::discard(caller, namespace, &made).await;
            }
            Err(problem)
        }
    }
}

fn taken(name: &str) -> Problem {
    let message = format!("a repository named `{name}` exists already in this namespace");
    let mut problem = Problem::conflict("already-exists", "The name is taken", message.clone());
    problem.errors = vec![crate::FieldError { field: "name".into(), message }];
    problem
}

/// Changes a repository.
pub async fn update(
    caller: &Caller,
    namespace: &str,
    name: &str,
    request: &RepositoryUpdate,
) -> Result<Repository, Problem> {
    let repositories = api::<HelmRepository>(&caller.client, Some(namespace));
    let before = repositories.get(name).await?;
    let mut checks = Checks::default();
    let changed = changed_specification(&before.spec, request, &mut checks);
    let stored = before.spec.secret_ref.is_some();
    if let Some(credentials) = &request.credentials {
        credentials.check("credentials", &mut checks, stored);
    }
    if let Some(certificate) = &request.certificate {
        certificate.check("certificate", &mut checks);
    }
    if let Some(labels) = &request.labels {
        checks.take("labels", validate::labels(labels));
    }
    checks.finish()?;

    let mut spec = changed;
    let old_secret = before.spec.secret_ref.as_ref().map(|reference| reference.name.clone());
    let old_certificate = before.spec.cert_secret_ref.as_ref().map(|reference| reference.name.clone());
    if let Some(credentials) = &request.credentials {
        let stored = credentials::store(caller, namespace, name, credentials, old_secret.as_deref()).await?;
        spec.secret_ref = stored.map(Into::into);
    }
    if let Some(certificate) = &request.certificate {
        let stored = credentials::store_certificate(caller, namespace, name, certificate).await?;
        spec.cert_secret_ref = stored.map(Into::into);
    }
    let written =
        edit(&repositories, name, request.resource_version.as_deref(), |object: &mut HelmRepository| {
            object.spec = spec.clone();
            if let Some(labels) = &request.labels {
                object.metadata.labels = Some(labels.clone());
            }
            // A Secret of the same name leaves the specification as it was: the sync must be asked for.
            if request.credentials.is_some() || request.certificate.is_some() {
                let asked = (meta::RECONCILE_REQUESTED_AT.to_owned(), request_token());
                object.annotations_mut().extend([asked]);
            }
            Ok(())
        })
        .await
        .map_err(|problem| problem.at_fields(FIELDS));
    // Of the old and the new Secrets, those that nothing refers to now are removed.
    let kept = written.as_ref().map_or(&before.spec, |object| &object.spec);
    let names = |spec: &HelmRepositorySpec| {
        [&spec.secret_ref, &spec.cert_secret_ref].map(|reference| reference.as_ref().map(|r| r.name.clone()))
    };
    let in_use = names(kept);
    let candidates = names(&spec).into_iter().chain([old_secret, old_certificate]).flatten();
    for candidate in candidates.filter(|candidate| !in_use.iter().flatten().any(|used| used == candidate)) {
        credentials::discard_if_unused(caller, namespace, &candidate, name).await;
    }
    written.map(|object| Repository::of(&object))
}

fn changed_specification(
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
        spec.timeout =
            if text.is_empty() { None } else { checks.take("timeout", validate::timeout(text, false)) };
    }
    if let Some(name) = &request.provider {
        spec.provider =
            checks.take("provider", provider(name)).filter(|provider| *provider != Provider::Generic);
    }
    if let Some(insecure) = request.insecure {
        spec.insecure = insecure.then_some(true);
    }
    if let Some(pass) = request.pass_credentials {
        spec.pass_credentials = pass.then_some(true);
    }
    if let Some(suspended) = request.suspended {
        spec.suspend = suspended.then_some(true);
    }
    if let Some(charts) = &request.charts {
        check_charts(charts, checks);
        spec.charts = (!charts.is_empty()).then(|| charts.clone());
    }
    let charts = spec.charts.clone().unwrap_or_default();
    only_oci(spec.is_oci(), spec.insecure.unwrap_or_default(), spec.provider, &charts, checks);
    spec
}

/// Deletes a repository. With releases that use it, its name must be typed as `confirm`.
pub async fn delete(
    caller: &Caller,
    namespace: &str,
    name: &str,
    confirm: Option<&str>,
) -> Result<Dependents, Problem> {
    let repositories = api::<HelmRepository>(&caller.client, Some(namespace));
    let object = repositories.get(name).await?;
    let dependents = dependents::of(caller, &key(namespace, name)).await.or_else(|problem| {
        // Who may delete a repository but not list releases still may: the answer says that nobody looked.
        if problem.is_forbidden() { Ok(Dependents::default()) } else { Err(problem) }
    })?;
    dependents::need_confirmation("repository", name, &dependents, confirm)?;
    repositories.delete(name, &DeleteParams::default()).await?;
    for reference in [&object.spec.secret_ref, &object.spec.cert_secret_ref].into_iter().flatten() {
        credentials::discard_if_unused(caller, namespace, &reference.name, name).await;
    }
    Ok(dependents)
}
