//! Helm releases: listing, creating, changing, steering.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams},
};
use pilothouse_resources::{
    ChartRefKind, ChartSourceKind, CrossNamespaceObjectReference, CrossNamespaceSourceReference,
    DurationString, HelmChartTemplate, HelmChartTemplateSpec, HelmRelease, HelmReleaseSpec,
    ReconcileStrategy, Snapshot, ValuesReference,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{
    dependents::{SourceKey, chart_ref_kind},
    objects::{api, edit, list_map, list_scoped, manager, need_namespace},
    status::Status,
};
use crate::{
    Caller,
    page::{Listed, SortKey},
    problem::Problem,
    validate::{self, Checks},
};

/// Label that names the application a release belongs to.
pub const APP_LABEL: &str = "app.duplocloud.net/app-name";
/// Interval of a release where a request names none.
pub const DEFAULT_INTERVAL: &str = "5m0s";

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
    pub newer: Option<super::updates::Newer>,
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

/// Where a release is to take its chart from.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartInput {
    /// `HelmRepository` (default), `OCIRepository`, `HelmChart` or `ExternalArtifact`.
    #[serde(default)]
    pub source_kind: Option<String>,
    /// Name of the source.
    #[serde(default)]
    pub source_name: String,
    /// Namespace of the source. Default: the release's.
    #[serde(default)]
    pub source_namespace: Option<String>,
    /// Chart's name in the repository (Helm repositories only).
    #[serde(default)]
    pub name: Option<String>,
    /// Version or range. Default: the newest stable one (Helm repositories only).
    #[serde(default)]
    pub version: Option<String>,
    /// Interval of the check for new versions. Default: the release's (Helm repositories only).
    #[serde(default)]
    pub interval: Option<String>,
    /// `ChartVersion` (default) or `Revision` (Helm repositories only).
    #[serde(default)]
    pub reconcile_strategy: Option<String>,
    /// Values files of the chart instead of its `values.yaml` (Helm repositories only).
    #[serde(default)]
    pub values_files: Vec<String>,
}

/// A release to create or to preview.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseRequest {
    /// Name of the HelmRelease.
    #[serde(default)]
    pub name: String,
    /// Helm's name of the release. Default: the name.
    #[serde(default)]
    pub release_name: Option<String>,
    /// Namespace to deploy to. Default: the release's own.
    #[serde(default)]
    pub target_namespace: Option<String>,
    /// `MM:SS`, or a duration. Default `05:00`.
    #[serde(default)]
    pub interval: Option<String>,
    /// Timeout of each of Helm's actions. Default 5m0s.
    #[serde(default)]
    pub timeout: Option<String>,
    /// Where the chart comes from.
    #[serde(default)]
    pub chart: ChartInput,
    /// Values: an object, or YAML text.
    #[schema(value_type = Object)]
    #[serde(default)]
    pub values: Value,
    /// References to values elsewhere: a list, or YAML text of one.
    #[schema(value_type = Object)]
    #[serde(default)]
    pub values_from: Value,
    /// Labels: an object, or YAML text of one.
    #[schema(value_type = Object)]
    #[serde(default)]
    pub labels: Value,
    /// Begin suspended.
    #[serde(default)]
    pub suspended: bool,
    /// All other fields of the HelmRelease's specification (`install`, `upgrade`, `dependsOn`, …).
    #[schema(value_type = Object)]
    #[serde(default)]
    pub advanced: Value,
    /// Take references to sources and values that do not exist (yet).
    #[serde(default)]
    pub allow_missing_references: bool,
}

/// A change of a release; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReleaseUpdate {
    /// The version that the caller saw.
    #[serde(default)]
    pub resource_version: Option<String>,
    /// `MM:SS`, or a duration.
    #[serde(default)]
    pub interval: Option<String>,
    /// Timeout; an empty text resets it.
    #[serde(default)]
    pub timeout: Option<String>,
    /// Where the chart comes from; replaces the whole of it.
    #[serde(default)]
    pub chart: Option<ChartInput>,
    /// Version or range alone, the rest of the chart's origin stays.
    #[serde(default)]
    pub version: Option<String>,
    /// Values; replaces all. `null` or an empty text removes them.
    #[schema(value_type = Option<Object>)]
    #[serde(default, deserialize_with = "present")]
    pub values: Option<Value>,
    /// References to values; replaces all.
    #[schema(value_type = Option<Object>)]
    #[serde(default, deserialize_with = "present")]
    pub values_from: Option<Value>,
    /// Labels; replaces those that are there.
    #[schema(value_type = Option<Object>)]
    #[serde(default, deserialize_with = "present")]
    pub labels: Option<Value>,
    /// Suspend or resume.
    #[serde(default)]
    pub suspended: Option<bool>,
    /// All other fields; replaces all of them.
    #[schema(value_type = Option<Object>)]
    #[serde(default, deserialize_with = "present")]
    pub advanced: Option<Value>,
    /// Take references that do not exist (yet).
    #[serde(default)]
    pub allow_missing_references: bool,
}

/// Tells `null` from absent.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
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
        Self {
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
        }
    }
}

/// Namespace of Helm's records of that release.
pub fn storage_namespace(object: &HelmRelease) -> String {
    let recorded = object.status.as_ref().and_then(|status| status.storage_namespace.clone());
    recorded
        .or_else(|| object.spec.storage_namespace.clone())
        .unwrap_or_else(|| object.namespace().unwrap_or_default())
}

/// Fields of the specification that have a place of their own in requests.
const OWN_FIELDS: [&str; 9] = [
    "chart",
    "chartRef",
    "interval",
    "releaseName",
    "targetNamespace",
    "suspend",
    "timeout",
    "values",
    "valuesFrom",
];

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
        let values_yaml = if values.as_object().is_some_and(Map::is_empty) {
            String::new()
        } else {
            super::objects::to_yaml(&values)?
        };
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

/// All releases of a namespace, or of all.
pub async fn list(caller: &Caller, namespace: Option<&str>) -> Result<Vec<Release>, Problem> {
    let params = ListParams::default();
    list_scoped(&caller.client, namespace, &params, |object: HelmRelease| Some(Release::of(&object))).await
}

/// The object itself.
pub async fn object(caller: &Caller, namespace: &str, name: &str) -> Result<HelmRelease, Problem> {
    Ok(api::<HelmRelease>(&caller.client, Some(namespace)).get(name).await?)
}

fn chart_input(
    input: &ChartInput,
    namespace: &str,
    checks: &mut Checks,
) -> (Option<HelmChartTemplate>, Option<CrossNamespaceSourceReference>) {
    let kind = input.source_kind.as_deref().filter(|kind| !kind.is_empty()).unwrap_or("HelmRepository");
    if input.source_name.is_empty() {
        checks.add("chart.sourceName", "choose a repository");
    } else {
        checks.take("chart.sourceName", validate::name(&input.source_name, validate::MAX_NAME));
    }
    let other = input.source_namespace.clone().filter(|given| !given.is_empty() && given != namespace);
    if let Some(other) = &other {
        checks.take("chart.sourceNamespace", validate::namespace(other));
    }
    if let Some(kind) = chart_ref_kind(kind) {
        return (None, Some(chart_reference(kind, input, other)));
    }
    let kind = match kind {
        "HelmRepository" => ChartSourceKind::HelmRepository,
        "GitRepository" => ChartSourceKind::GitRepository,
        "Bucket" => ChartSourceKind::Bucket,
        unknown => {
            checks.add(
                "chart.sourceKind",
                format!("`{unknown}` is not a source; use HelmRepository or OCIRepository"),
            );
            return (None, None);
        }
    };
    let name = input.name.clone().unwrap_or_default();
    checks.take("chart.name", validate::chart_name(&name));
    let version =
        input.version.clone().filter(|version| !version.trim().is_empty()).unwrap_or_else(|| "*".into());
    if kind == ChartSourceKind::HelmRepository {
        checks.take("chart.version", super::charts::check_range(&version));
    }
    let interval = input
        .interval
        .as_deref()
        .filter(|text| !text.is_empty())
        .and_then(|text| checks.take("chart.interval", validate::interval(text)));
    let reconcile_strategy = match input.reconcile_strategy.as_deref() {
        None | Some("" | "ChartVersion") => ReconcileStrategy::ChartVersion,
        Some("Revision") => ReconcileStrategy::Revision,
        Some(other) => {
            checks.add(
                "chart.reconcileStrategy",
                format!("`{other}` is not a strategy; use ChartVersion or Revision"),
            );
            ReconcileStrategy::ChartVersion
        }
    };
    let spec = HelmChartTemplateSpec {
        chart: name,
        version,
        source_ref: CrossNamespaceObjectReference {
            api_version: None,
            kind,
            name: input.source_name.clone(),
            namespace: other,
        },
        interval,
        reconcile_strategy,
        values_files: (!input.values_files.is_empty()).then(|| input.values_files.clone()),
        ..Default::default()
    };
    (Some(HelmChartTemplate { metadata: None, spec }), None)
}

fn chart_reference(
    kind: ChartRefKind,
    input: &ChartInput,
    namespace: Option<String>,
) -> CrossNamespaceSourceReference {
    CrossNamespaceSourceReference { api_version: None, kind, name: input.source_name.clone(), namespace }
}

/// The object that a request asks for, and every finding.
pub fn build(request: &ReleaseRequest, namespace: &str, checks: &mut Checks) -> Option<HelmRelease> {
    checks.take("name", validate::name(&request.name, validate::MAX_RELEASE_OBJECT_NAME));
    let release_name = request.release_name.clone().filter(|name| !name.is_empty());
    if let Some(name) = &release_name {
        checks.take("releaseName", validate::name(name, validate::MAX_RELEASE_NAME));
    }
    let target = request.target_namespace.clone().filter(|name| !name.is_empty() && name != namespace);
    if let Some(target) = &target {
        checks.take("targetNamespace", validate::namespace(target));
    }
    let interval = request.interval.as_deref().filter(|text| !text.is_empty()).unwrap_or(DEFAULT_INTERVAL);
    let interval: Option<DurationString> = checks.take("interval", validate::interval(interval));
    let timeout = request.timeout.as_deref().filter(|text| !text.is_empty());
    let timeout = timeout.and_then(|text| checks.take("timeout", validate::timeout(text, true)));
    let (chart, chart_ref) = chart_input(&request.chart, namespace, checks);
    let values = checks.take("values", validate::values(&request.values)).flatten();
    let values_from = values_from(&request.values_from, checks);
    let labels = checked_labels(&request.labels, checks);
    let advanced = advanced(&request.advanced, checks);
    let spec = HelmReleaseSpec {
        chart,
        chart_ref,
        interval: interval?,
        timeout,
        release_name,
        target_namespace: target,
        suspend: request.suspended.then_some(true),
        values,
        values_from: (!values_from.is_empty()).then_some(values_from),
        ..advanced?
    };
    let mut object = HelmRelease::new(&request.name, spec);
    object.metadata.namespace = Some(namespace.to_owned());
    if !labels.is_empty() {
        object.metadata.labels = Some(labels);
    }
    Some(object)
}

fn values_from(given: &Value, checks: &mut Checks) -> Vec<ValuesReference> {
    let list: Vec<ValuesReference> =
        checks.take("valuesFrom", validate::yaml_or_json(given)).flatten().unwrap_or_default();
    for (index, reference) in list.iter().enumerate() {
        checks
            .take(&format!("valuesFrom[{index}].name"), validate::name(&reference.name, validate::MAX_NAME));
    }
    list
}

fn checked_labels(given: &Value, checks: &mut Checks) -> BTreeMap<String, String> {
    let labels: BTreeMap<String, String> =
        checks.take("labels", validate::yaml_or_json(given)).flatten().unwrap_or_default();
    checks.take("labels", validate::labels(&labels));
    labels
}

/// The specification with only those fields that have no place of their own.
fn advanced(given: &Value, checks: &mut Checks) -> Option<HelmReleaseSpec> {
    let mut fields: Map<String, Value> =
        checks.take("advanced", validate::yaml_or_json(given))?.unwrap_or_default();
    for field in OWN_FIELDS {
        if fields.contains_key(field) {
            checks.add(
                &format!("advanced.{field}"),
                format!("`{field}` has a field of its own in the request"),
            );
        }
    }
    fields.insert("interval".to_owned(), Value::String(DEFAULT_INTERVAL.to_owned()));
    match serde_path_to_error::deserialize::<_, HelmReleaseSpec>(Value::Object(fields.clone())) {
        Ok(spec) => {
            let known = serde_json::to_value(&spec).unwrap_or_default();
            // The cluster would drop a misspelt field without a word.
            for field in
                fields.keys().filter(|field| known.get(*field).is_none() && !fields[*field].is_null())
            {
                checks.add(&format!("advanced.{field}"), "a HelmRelease has no such field");
            }
            Some(spec)
        }
        Err(error) => {
            checks.add(&format!("advanced.{}", error.path()), error.inner().to_string());
            None
        }
    }
}

/// How fields of the object are called in requests.
const FIELDS: &[(&str, &str)] = &[
    ("metadata.name", "name"),
    ("metadata.labels", "labels"),
    ("spec.chart.spec.chart", "chart.name"),
    ("spec.chart.spec.version", "chart.version"),
    ("spec.chart.spec.interval", "chart.interval"),
    ("spec.chart.spec.sourceRef.name", "chart.sourceName"),
    ("spec.chart.spec.sourceRef.kind", "chart.sourceKind"),
    ("spec.chart.spec.reconcileStrategy", "chart.reconcileStrategy"),
    ("spec.suspend", "suspended"),
];

/// The kind, namespace and name of a release's source.
pub fn source_key(object: &HelmRelease) -> SourceKey {
    let origin = origin(object);
    SourceKey { kind: origin.source_kind, namespace: origin.source_namespace, name: origin.source_name }
}

/// Refuses references to what does not exist. Who may not look is not stopped: the controller will tell.
async fn check_references(caller: &Caller, object: &HelmRelease, checks: &mut Checks) -> Result<(), Problem> {
    let source = source_key(object);
    let exists = match source.kind.as_str() {
        "HelmRepository" => {
            is_there::<pilothouse_resources::HelmRepository>(caller, &source.namespace, &source.name).await?
        }
        "OCIRepository" => {
            is_there::<pilothouse_resources::OCIRepository>(caller, &source.namespace, &source.name).await?
        }
        "HelmChart" => {
            is_there::<pilothouse_resources::HelmChart>(caller, &source.namespace, &source.name).await?
        }
        _ => true,
    };
    if !exists {
        checks.add(
            "chart.sourceName",
            format!("there is no {} `{}` in namespace `{}`", source.kind, source.name, source.namespace),
        );
    }
    let own = object.namespace().unwrap_or_default();
    let references = object.spec.values_from.iter().flatten().enumerate();
    for (index, reference) in references.filter(|(_, reference)| !reference.optional.unwrap_or_default()) {
        let exists = match reference.kind {
            pilothouse_resources::ValuesKind::Secret => {
                is_there::<k8s_openapi::api::core::v1::Secret>(caller, &own, &reference.name).await?
            }
            pilothouse_resources::ValuesKind::ConfigMap => {
                is_there::<k8s_openapi::api::core::v1::ConfigMap>(caller, &own, &reference.name).await?
            }
        };
        if !exists {
            let kind = reference.kind.as_str();
            checks.add(
                &format!("valuesFrom[{index}].name"),
                format!("there is no {kind} `{}` in namespace `{own}`", reference.name),
            );
        }
    }
    if let Some(target) = object.spec.target_namespace.as_deref()
        && !object.spec.install.as_ref().is_some_and(|install| install.create_namespace.unwrap_or_default())
        && !super::objects::namespace_exists(&caller.client, target).await?
    {
        checks.add(
            "targetNamespace",
            format!(
                "namespace `{target}` does not exist; create it, or set `advanced.install.createNamespace`"
            ),
        );
    }
    Ok(())
}

async fn is_there<K: super::objects::Namespaced>(
    caller: &Caller,
    namespace: &str,
    name: &str,
) -> Result<bool, Problem> {
    match api::<K>(&caller.client, Some(namespace)).get_metadata_opt(name).await.map_err(Problem::from) {
        Ok(found) => Ok(found.is_some()),
        Err(problem) if problem.is_forbidden() => Ok(true),
        Err(problem) => Err(problem),
    }
}

/// Another HelmRelease that steers the same Helm release.
async fn rival(caller: &Caller, object: &HelmRelease) -> Result<Option<String>, Problem> {
    let own = object.namespace().unwrap_or_default();
    let (name, storage) = (release_name(object), storage_namespace(object));
    let others = list_map(&api::<HelmRelease>(&caller.client, Some(&own)), ListParams::default(), |other| {
        let same = release_name(&other) == name && storage_namespace(&other) == storage;
        (same && other.name_any() != object.name_any()).then(|| other.name_any())
    })
    .await;
    match others {
        Ok(others) => Ok(others.into_iter().next()),
        Err(problem) if problem.is_forbidden() => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Adds a release.
pub async fn create(
    caller: &Caller,
    namespace: &str,
    request: &ReleaseRequest,
) -> Result<HelmRelease, Problem> {
    let mut checks = Checks::default();
    checks.take("namespace", validate::namespace(namespace));
    let object = build(request, namespace, &mut checks);
    checks.finish()?;
    let Some(object) = object else { return Err(Problem::field("interval", "an interval is needed")) };
    need_namespace(&caller.client, namespace).await?;
    let releases = api::<HelmRelease>(&caller.client, Some(namespace));
    if releases.get_metadata_opt(&request.name).await?.is_some() {
        let message = format!("a release named `{}` exists already in this namespace", request.name);
        let mut problem = Problem::conflict("already-exists", "The name is taken", message.clone());
        problem.errors = vec![crate::FieldError { field: "name".into(), message }];
        return Err(problem);
    }
    if !request.allow_missing_references {
        let mut checks = Checks::default();
        check_references(caller, &object, &mut checks).await?;
        if let Some(rival) = rival(caller, &object).await? {
            checks.add(
                "releaseName",
                format!("Helm release `{}` is steered by `{rival}` already", release_name(&object)),
            );
        }
        checks.finish()?;
    }
    releases.create(&manager(), &object).await.map_err(|error| Problem::from(error).at_fields(FIELDS))
}

/// Changes a release.
pub async fn update(
    caller: &Caller,
    namespace: &str,
    name: &str,
    request: &ReleaseUpdate,
) -> Result<HelmRelease, Problem> {
    let releases = api::<HelmRelease>(&caller.client, Some(namespace));
    let before = releases.get(name).await?;
    let changed = changed(&before, request, namespace)?;
    if !request.allow_missing_references && (request.chart.is_some() || request.values_from.is_some()) {
        let mut checks = Checks::default();
        check_references(caller, &changed, &mut checks).await?;
        checks.finish()?;
    }
    edit(&releases, name, request.resource_version.as_deref(), |object: &mut HelmRelease| {
        object.spec = changed.spec.clone();
        object.metadata.labels.clone_from(&changed.metadata.labels);
        Ok(())
    })
    .await
    .map_err(|problem| problem.at_fields(FIELDS))
}

/// The object after that change, or every finding.
pub fn changed(
    before: &HelmRelease,
    request: &ReleaseUpdate,
    namespace: &str,
) -> Result<HelmRelease, Problem> {
    let mut checks = Checks::default();
    let mut object = before.clone();
    if let Some(given) = &request.advanced
        && let Some(advanced) = advanced(given, &mut checks)
    {
        let old = &before.spec;
        object.spec = HelmReleaseSpec {
            chart: old.chart.clone(),
            chart_ref: old.chart_ref.clone(),
            interval: old.interval.clone(),
            timeout: old.timeout.clone(),
            release_name: old.release_name.clone(),
            target_namespace: old.target_namespace.clone(),
            suspend: old.suspend,
            values: old.values.clone(),
            values_from: old.values_from.clone(),
            ..advanced
        };
    }
    if let Some(text) = &request.interval
        && let Some(interval) = checks.take("interval", validate::interval(text))
    {
        object.spec.interval = interval;
    }
    if let Some(text) = &request.timeout {
        let set = !text.is_empty();
        object.spec.timeout = set.then(|| checks.take("timeout", validate::timeout(text, true))).flatten();
    }
    if let Some(input) = &request.chart {
        let metadata = before.spec.chart.as_ref().and_then(|chart| chart.metadata.clone());
        let earlier = before.spec.chart.as_ref().map(|chart| &chart.spec);
        let verify = earlier.and_then(|chart| chart.verify.clone());
        let ignore_missing = earlier.and_then(|chart| chart.ignore_missing_values_files);
        let (mut chart, chart_ref) = chart_input(input, namespace, &mut checks);
        if let Some(chart) = &mut chart {
            chart.metadata = metadata;
            chart.spec.verify = verify;
            chart.spec.ignore_missing_values_files = ignore_missing;
        }
        object.spec.chart = chart;
        object.spec.chart_ref = chart_ref;
    }
    if let Some(version) = &request.version {
        match &mut object.spec.chart {
            Some(chart) => {
                checks.take("version", super::charts::check_range(version));
                chart.spec.version.clone_from(version);
            }
            None => checks.add("version", "the version of this chart is set at its OCI repository"),
        }
    }
    if let Some(given) = &request.values {
        object.spec.values = checks.take("values", validate::values(given)).flatten();
    }
    if let Some(given) = &request.values_from {
        let list = values_from(given, &mut checks);
        object.spec.values_from = (!list.is_empty()).then_some(list);
    }
    if let Some(given) = &request.labels {
        object.metadata.labels = Some(checked_labels(given, &mut checks));
    }
    if let Some(suspended) = request.suspended {
        object.spec.suspend = suspended.then_some(true);
    }
    checks.finish()?;
    Ok(object)
}

/// Deletes a release: its controller uninstalls it.
pub async fn delete(caller: &Caller, namespace: &str, name: &str) -> Result<(), Problem> {
    api::<HelmRelease>(&caller.client, Some(namespace)).delete(name, &DeleteParams::default()).await?;
    Ok(())
}

/// Asks for a sync of the release's source, where it is one that syncs.
pub async fn sync_source(caller: &Caller, namespace: &str, name: &str) -> Result<(), Problem> {
    let source = source_key(&object(caller, namespace, name).await?);
    let (client, at) = (&caller.client, &source.namespace);
    match source.kind.as_str() {
        "HelmRepository" => {
            super::objects::request_reconcile::<pilothouse_resources::HelmRepository>(
                client,
                at,
                &source.name,
                &[],
            )
            .await?;
        }
        "OCIRepository" => {
            super::objects::request_reconcile::<pilothouse_resources::OCIRepository>(
                client,
                at,
                &source.name,
                &[],
            )
            .await?;
        }
        _ => {}
    }
    Ok(())
}
