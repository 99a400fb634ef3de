//! What a request says of a HelmRelease, and the object that follows.

use std::collections::BTreeMap;

use pilothouse_resources::{
    ChartRefKind, ChartSourceKind, CrossNamespaceObjectReference, CrossNamespaceSourceReference,
    DurationString, HelmChartTemplate, HelmChartTemplateSpec, HelmRelease, HelmReleaseSpec,
    ReconcileStrategy, ValuesReference,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    problem::Problem,
    service::{charts::check_range, dependents::chart_ref_kind},
    validate::{self, Checks},
};

/// Interval of a release where a request names none.
pub const DEFAULT_INTERVAL: &str = "5m0s";
/// Fields of the specification that have a place of their own in requests.
pub(super) const OWN_FIELDS: [&str; 9] = [
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
        checks.take("chart.version", check_range(&version));
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
                checks.take("version", check_range(version));
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
