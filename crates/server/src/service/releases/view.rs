//! What the API shows of a HelmRelease.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::ResourceExt;
use pilothouse_resources::{HelmChartTemplate, HelmRelease, ReconcileStrategy, Snapshot, ValuesReference};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::request::OWN_FIELDS;
use crate::{
    page::{Listed, SortKey},
    problem::Problem,
    service::{dependents::SourceKey, objects::to_yaml, operations, status::Status, updates::Newer},
    validate,
};

/// Label that names the application a release belongs to.
pub const APP_LABEL: &str = "app.duplocloud.net/app-name";

/// Where a release takes its chart from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChartOrigin {
    /// `HelmRepository`, `OCIRepository`, `HelmChart` and so on.
    pub source_kind: String,
    /// Name of the source.
    pub source_name: String,
    /// Namespace of the source.
    pub source_namespace: String,
    /// Chart's name in the repository; absent for an OCI repository, which is one chart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Version or range asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Interval of the check for new versions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// `ChartVersion` or `Revision`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reconcile_strategy: Option<String>,
    /// Values files of the chart that replace its `values.yaml`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values_files: Vec<String>,
}

/// What is deployed.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    /// Helm's revision.
    pub revision: i64,
    /// Helm's status, for example `deployed`.
    pub status: String,
    /// Name of the chart.
    pub chart_name: String,
    /// Version of the chart.
    pub chart_version: String,
    /// Version of the application.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    /// When it was first deployed.
    #[schema(value_type = String, format = DateTime)]
    pub first_deployed: Timestamp,
    /// When it was last deployed.
    #[schema(value_type = String, format = DateTime)]
    pub last_deployed: Timestamp,
    /// Digest of the chart, where it came from an OCI repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oci_digest: Option<String>,
    /// Digest of the values.
    pub config_digest: String,
    /// The action that made it, for example `upgrade`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Outcome of the chart's tests, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tests: BTreeMap<String, String>,
}

/// A release.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// Namespace of the HelmRelease.
    pub namespace: String,
    /// Name of the HelmRelease.
    pub name: String,
    /// Identity of the object.
    pub uid: String,
    /// Version of the object.
    pub resource_version: String,
    /// Helm's name of the release.
    pub release_name: String,
    /// Namespace the chart is deployed to.
    pub target_namespace: String,
    /// Namespace of Helm's records.
    pub storage_namespace: String,
    /// Where the chart comes from.
    pub chart: ChartOrigin,
    /// Interval, as stored.
    pub interval: String,
    /// The same in seconds.
    pub interval_seconds: u64,
    /// Whether it is suspended.
    pub suspended: bool,
    /// Application it belongs to (label `app.duplocloud.net/app-name`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// When it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// State.
    pub status: Status,
    /// What is deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployed: Option<Deployed>,
    /// Version that was attempted last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_attempted_version: Option<String>,
    /// Failures in a row.
    pub failures: i64,
    /// Last reconcile request that was handled.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
    /// A newer version of the chart, where the catalog of its repository has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newer: Option<Newer>,
}

/// A release with all that a form edits.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReleaseDetail {
    /// The release.
    #[serde(flatten)]
    pub release: Release,
    /// Values of the release itself.
    #[schema(value_type = Object)]
    pub values: Value,
    /// The same as YAML text.
    pub values_yaml: String,
    /// References to values elsewhere.
    #[schema(value_type = Vec<Object>)]
    pub values_from: Vec<ValuesReference>,
    /// Timeout of each of Helm's actions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// All other fields of the specification.
    #[schema(value_type = Object)]
    pub advanced: Value,
}

impl Deployed {
    /// The view of a snapshot.
    pub fn of(snapshot: &Snapshot) -> Self {
        let tests = snapshot.test_hooks.iter().flatten();
        Self {
            revision: snapshot.version,
            status: snapshot.status.clone(),
            chart_name: snapshot.chart_name.clone(),
            chart_version: snapshot.chart_version.clone(),
            app_version: snapshot.app_version.clone().filter(|version| !version.is_empty()),
            first_deployed: snapshot.first_deployed.0,
            last_deployed: snapshot.last_deployed.0,
            oci_digest: snapshot.oci_digest.clone(),
            config_digest: snapshot.config_digest.clone(),
            action: snapshot.action.clone(),
            tests: tests
                .map(|(name, test)| (name.clone(), test.phase.clone().unwrap_or_else(|| "Unknown".into())))
                .collect(),
        }
    }
}

/// Helm's name of a release (Flux: `[targetNamespace-]name`, shortened with a digest beyond 53 characters).
pub fn release_name(object: &HelmRelease) -> String {
    if let Some(name) = &object.spec.release_name {
        return name.clone();
    }
    let name = match &object.spec.target_namespace {
        Some(namespace) => format!("{namespace}-{}", object.name_any()),
        None => object.name_any(),
    };
    if name.len() <= validate::MAX_RELEASE_NAME {
        return name;
    }
    let digest = ring::digest::digest(&ring::digest::SHA256, name.as_bytes());
    let start: String = name.chars().take(40).collect();
    format!("{start}-{}", &hex::encode(digest.as_ref())[..12])
}

/// Where the release takes its chart from.
pub fn origin(object: &HelmRelease) -> ChartOrigin {
    let own = object.namespace().unwrap_or_default();
    if let Some(reference) = &object.spec.chart_ref {
        return ChartOrigin {
            source_kind: reference.kind.as_str().to_owned(),
            source_name: reference.name.clone(),
            source_namespace: reference.namespace.clone().unwrap_or(own),
            ..Default::default()
        };
    }
    let Some(HelmChartTemplate { spec, .. }) = &object.spec.chart else { return ChartOrigin::default() };
    ChartOrigin {
        source_kind: spec.source_ref.kind.as_str().to_owned(),
        source_name: spec.source_ref.name.clone(),
        source_namespace: spec.source_ref.namespace.clone().unwrap_or(own),
        name: Some(spec.chart.clone()),
        version: Some(spec.version.clone()),
        interval: spec.interval.as_ref().map(ToString::to_string),
        reconcile_strategy: Some(
            match spec.reconcile_strategy {
                ReconcileStrategy::ChartVersion => "ChartVersion",
                ReconcileStrategy::Revision => "Revision",
            }
            .to_owned(),
        ),
        values_files: spec.values_files.clone().unwrap_or_default(),
    }
}

impl Release {
    /// The view of an object.
    pub fn of(object: &HelmRelease) -> Self {
        let spec = &object.spec;
        let own = object.namespace().unwrap_or_default();
        let empty = pilothouse_resources::HelmReleaseStatus::default();
        let status = object.status.as_ref().unwrap_or(&empty);
        let mut view = Self {
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            resource_version: object.resource_version().unwrap_or_default(),
            release_name: release_name(object),
            target_namespace: spec.target_namespace.clone().unwrap_or_else(|| own.clone()),
            storage_namespace: storage_namespace(object),
            chart: origin(object),
            interval: spec.interval.to_string(),
            interval_seconds: spec.interval.to_duration().map_or(0, |interval| interval.as_secs()),
            suspended: spec.suspend.unwrap_or_default(),
            app: object.labels().get(APP_LABEL).cloned(),
            labels: object.labels().clone(),
            created_at: object.creation_timestamp().map(|time| time.0),
            status: Status::of(
                &object.metadata,
                &status.conditions,
                status.observed_generation,
                spec.suspend.unwrap_or_default(),
            ),
            deployed: status.latest().map(Deployed::of),
            last_attempted_version: status.last_attempted_revision.clone(),
            failures: status.failures.unwrap_or_default(),
            last_handled_reconcile_at: status.last_handled_reconcile_at.clone(),
            newer: None,
            namespace: own,
        };
        if let Some((snapshot, message)) = operations::rolled_back(object) {
            view.deployed = Some(Deployed::of(&snapshot));
            view.status.message = Some(message);
        }
        view
    }
}

/// Namespace of Helm's records of that release.
pub fn storage_namespace(object: &HelmRelease) -> String {
    let recorded = object.status.as_ref().and_then(|status| status.storage_namespace.clone());
    recorded
        .or_else(|| object.spec.storage_namespace.clone())
        .unwrap_or_else(|| object.namespace().unwrap_or_default())
}

/// The kind, namespace and name of a release's source.
pub fn source_key(object: &HelmRelease) -> SourceKey {
    let origin = origin(object);
    SourceKey { kind: origin.source_kind, namespace: origin.source_namespace, name: origin.source_name }
}

impl ReleaseDetail {
    /// The view of an object.
    pub fn of(object: &HelmRelease) -> Result<Self, Problem> {
        let mut advanced = match serde_json::to_value(&object.spec) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        for field in OWN_FIELDS {
            advanced.remove(field);
        }
        let values = object.spec.values.clone().unwrap_or_else(|| Value::Object(Map::new()));
        let values_yaml =
            if values.as_object().is_some_and(Map::is_empty) { String::new() } else { to_yaml(&values)? };
        Ok(Self {
            release: Release::of(object),
            values,
            values_yaml,
            values_from: object.spec.values_from.clone().unwrap_or_default(),
            timeout: object.spec.timeout.as_ref().map(ToString::to_string),
            advanced: Value::Object(advanced),
        })
    }
}

impl Listed for Release {
    const SORTS: &'static [&'static str] = &[
        "name",
        "namespace",
        "releaseName",
        "chart",
        "version",
        "reconcileStrategy",
        "state",
        "app",
        "lastTransition",
        "lastDeployed",
        "source",
        "createdAt",
    ];

    fn texts<'a>(&'a self, texts: &mut Vec<&'a str>) {
        texts.extend([self.name.as_str(), &self.namespace, &self.release_name, &self.status.state]);
        texts.push(&self.chart.source_name);
        texts.extend(
            [&self.chart.name, &self.app, &self.status.message].into_iter().filter_map(|t| t.as_deref()),
        );
        if let Some(deployed) = &self.deployed {
            texts.extend([deployed.chart_name.as_str(), &deployed.chart_version]);
        }
    }

    fn sort_key(&self, field: &str) -> SortKey {
        let deployed = self.deployed.as_ref();
        let text = |text: Option<&String>| text.map_or(SortKey::Missing, |text| SortKey::text(text));
        match field {
            "namespace" => SortKey::text(&self.namespace),
            "releaseName" => SortKey::text(&self.release_name),
            "chart" => text(self.chart.name.as_ref().or(deployed.map(|d| &d.chart_name))),
            "version" => text(deployed.map(|d| &d.chart_version).or(self.chart.version.as_ref())),
            "reconcileStrategy" => text(self.chart.reconcile_strategy.as_ref()),
            "state" => SortKey::text(&self.status.state),
            "app" => text(self.app.as_ref()),
            "source" => SortKey::text(&self.chart.source_name),
            "lastTransition" => SortKey::number(self.status.since.map(Timestamp::as_second)),
            "lastDeployed" => SortKey::number(deployed.map(|d| d.last_deployed.as_second())),
            "createdAt" => SortKey::number(self.created_at.map(Timestamp::as_second)),
            _ => SortKey::text(&self.name),
        }
    }

    fn state(&self) -> &str {
        &self.status.state
    }

    fn app(&self) -> Option<&str> {
        Some(self.app.as_deref().unwrap_or_default())
    }
}
