//! `ResourceQuotas` and `LimitRanges`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::container;
use super::format;
use super::report::{At, Report};
use crate::fields::quantity::Quantity;

const COMPUTE: &[&str] = &[
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.storage",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
];

const COUNTS: &[&str] = &[
    "pods",
    "resourcequotas",
    "services",
    "replicationcontrollers",
    "secrets",
    "persistentvolumeclaims",
    "configmaps",
    "services.nodeports",
    "services.loadbalancers",
];

fn is_quota_resource(name: &str) -> bool {
    COMPUTE.contains(&name) || COUNTS.contains(&name) || name.starts_with("requests.hugepages-")
}

fn is_standard_resource(name: &str) -> bool {
    is_quota_resource(name) || name == "storage" || name.starts_with("hugepages-")
}

pub(super) fn quota(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    for (name, amount) in spec.get("hard").entries() {
        let shown = Value::String(name.to_owned());
        let before = r.causes.len();
        for message in format::qualified_name(name) {
            r.invalid_as(&amount, &shown, message);
        }
        if r.causes.len() == before && !name.contains('/') {
            if !is_standard_resource(name) {
                r.invalid_as(&amount, &shown, "must be a standard resource type or fully qualified");
            }
            if !is_quota_resource(name) {
                r.invalid_as(&amount, &shown, "must be a standard resource for quota");
            }
        }
        container::resource_amount(r, name, &amount);
    }
    scopes(r, &spec);
    scope_selector(r, &spec);
}

const SCOPES: &[&str] = &[
    "Terminating",
    "NotTerminating",
    "BestEffort",
    "NotBestEffort",
    "PriorityClass",
    "CrossNamespacePodAffinity",
    "VolumeAttributesClass",
];

fn scope_fits(scope: &str, resource: &str) -> bool {
    let compute = resource == "pods" || (COMPUTE.contains(&resource) && resource != "requests.storage");
    match scope {
        "BestEffort" => resource == "pods",
        "VolumeAttributesClass" => matches!(resource, "persistentvolumeclaims" | "requests.storage"),
        _ => compute,
    }
}

fn scopes(r: &mut Report, spec: &At<'_>) {
    let at = spec.get("scopes");
    let mut seen = BTreeSet::new();
    for scope in at.items() {
        if !SCOPES.contains(&scope.str()) {
            r.invalid(&at, "unsupported scope");
        }
        for (name, _) in spec.get("hard").entries() {
            if is_quota_resource(name) && SCOPES.contains(&scope.str()) && !scope_fits(scope.str(), name) {
                r.invalid(&at, "unsupported scope applied to resource");
            }
        }
        seen.insert(scope.str());
    }
    for pair in [["BestEffort", "NotBestEffort"], ["Terminating", "NotTerminating"]] {
        if pair.iter().all(|s| seen.contains(s)) {
            r.invalid(&at, "conflicting scopes");
        }
    }
}

/// A scope selector as the message shows it: with the names of Go's fields, in their order.
fn internal(list: &At<'_>) -> String {
    let field = |one: &At<'_>, name: &str| one.value.get(name).cloned().unwrap_or(Value::Null);
    let shown = list.items().into_iter().map(|one| {
        format!(
            "{{\"ScopeName\":{},\"Operator\":{},\"Values\":{}}}",
            field(&one, "scopeName"),
            field(&one, "operator"),
            field(&one, "values")
        )
    });
    format!("{{\"MatchExpressions\":[{}]}}", shown.collect::<Vec<_>>().join(","))
}

fn scope_selector(r: &mut Report, spec: &At<'_>) {
    let at = spec.get("scopeSelector");
    let list = at.get("matchExpressions").named(format!("{}.matchExpressions", at.path));
    let hard = spec.get("hard");
    for one in list.items() {
        let field = |name: &str| one.get(name).named(format!("{}.{name}", list.path));
        let (scope, operator, values) = (field("scopeName"), field("operator"), field("values"));
        if !SCOPES.contains(&scope.str()) {
            r.invalid(&scope, "unsupported scope");
            continue;
        }
        for (name, _) in hard.entries() {
            if is_quota_resource(name) && !scope_fits(scope.str(), name) {
                let shown = internal(&list);
                r.invalid_whole(&list, &format!("{shown}: unsupported scope applied to resource"));
            }
        }
        if !matches!(scope.str(), "PriorityClass" | "VolumeAttributesClass") && operator.str() != "Exists" {
            r.invalid(&operator, "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity");
        }
        match operator.str() {
            "In" | "NotIn" if values.is_empty() => {
                r.required(
                    &values,
                    "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
                );
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                r.invalid(
                    &values,
                    "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
                );
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            _ => r.invalid(&operator, "not a valid selector operator"),
        }
    }
}

/// The largest ratio that may be asked for is that of the largest to the smallest amount.
fn most_ratio(r: &mut Report, values: &BTreeMap<&str, Amount<'_>>) {
    let (Some((_, max)), Some((_, min)), Some((at, ratio))) =
        (values.get("max"), values.get("min"), values.get("maxLimitRequestRatio"))
    else {
        return;
    };
    if min.is_zero() {
        return;
    }
    #[allow(clippy::cast_precision_loss, reason = "Go compares the same way")]
    let (most, wanted) =
        (max.milli_value() as f64 / min.milli_value() as f64, ratio.milli_value() as f64 / 1000.0);
    if wanted > most {
        r.invalid(at, format!("ratio {ratio} is greater than max/min = {most:.6}"));
    }
}

pub(super) fn limits(r: &mut Report, at: &At<'_>) {
    let mut kinds = BTreeSet::new();
    for limit in at.at(&["spec", "limits"]).items() {
        let kind = limit.get("type");
        let messages = format::qualified_name(kind.str());
        let standard = ["Pod", "Container", "PersistentVolumeClaim"].contains(&kind.str());
        if messages.is_empty() && !kind.str().contains('/') && !standard {
            r.invalid(&kind, "must be a standard limit type or fully qualified");
        }
        r.all(&kind, messages);
        if !kinds.insert(kind.str().to_owned()) {
            r.duplicate(&kind);
        }
        if kind.str() == "Pod" {
            for field in ["default", "defaultRequest"] {
                if !limit.get(field).is_empty() {
                    r.forbidden(&limit.get(field), "may not be specified when `type` is 'Pod'");
                }
            }
        }
        if kind.str() == "PersistentVolumeClaim" {
            let has = |list: &str| limit.get(list).value.get("storage").is_some();
            if !has("min") && !has("max") {
                let text = "either minimum or maximum storage value is required, but neither was provided";
                r.required(&limit.get("limits"), text);
            }
        }
        amounts(r, &limit);
    }
}

type Amount<'a> = (At<'a>, Quantity);

fn amounts(r: &mut Report, limit: &At<'_>) {
    let lists = ["max", "min", "default", "defaultRequest", "maxLimitRequestRatio"];
    let mut by_name: BTreeMap<&str, BTreeMap<&str, Amount<'_>>> = BTreeMap::new();
    for list in lists {
        for (name, at) in limit.get(list).entries() {
            if let Ok(amount) = Quantity::parse(at.str()) {
                by_name.entry(name).or_default().insert(list, (at, amount));
            }
        }
    }
    // The smaller side, its name in the message, the larger side, its name, and the list that is blamed with the
    // value that is shown.
    let rules = [
        ("min", "min", "max", "max", "min", "min"),
        ("min", "min", "defaultRequest", "default request", "defaultRequest", "defaultRequest"),
        ("defaultRequest", "default request", "max", "max", "defaultRequest", "defaultRequest"),
        ("defaultRequest", "default request", "default", "default limit", "defaultRequest", "defaultRequest"),
        ("min", "min", "default", "default", "default", "min"),
        ("default", "default", "max", "max", "default", "max"),
    ];
    for (name, values) in &by_name {
        for (small, small_name, large, large_name, blamed, shown) in rules {
            let (Some((_, a)), Some((_, b))) = (values.get(small), values.get(large)) else { continue };
            if a > b {
                let path = limit.get(blamed).named(format!("{}.{blamed}[{name}]", limit.path));
                let value = Value::String(values[shown].1.to_string());
                r.invalid_as(
                    &path,
                    &value,
                    format!("{small_name} value {a} is greater than {large_name} value {b}"),
                );
            }
        }
        if let Some((at, ratio)) = values.get("maxLimitRequestRatio")
            && *ratio < Quantity::from_int(1)
        {
            r.invalid(at, format!("ratio {ratio} is less than 1"));
        }
        most_ratio(r, values);
    }
}
