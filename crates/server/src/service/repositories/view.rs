//! What the API shows of a HelmRepository.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::ResourceExt;
use pilothouse_resources::{CatalogStatus, DurationString, HelmRepository};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    page::{Listed, SortKey},
    service::{
        credentials::{self, CredentialsState},
        rename::RENAME_TO,
        source_objects::{SourceView, provider_name},
        status::Status,
    },
};

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
    pub(crate) fn of_registry(limit: &pilothouse_registry::RateLimit) -> Self {
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

impl SourceView for Repository {
    type Object = HelmRepository;

    fn of(object: &HelmRepository) -> Self {
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
            renaming_to: object.annotations().get(RENAME_TO).cloned(),
        }
    }

    fn place(&self) -> (&str, &str) {
        (&self.namespace, &self.name)
    }

    fn looked_up(&mut self) -> (&mut CredentialsState, &mut Option<usize>) {
        (&mut self.credentials, &mut self.releases)
    }
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
