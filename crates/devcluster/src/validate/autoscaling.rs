//! `HorizontalPodAutoscalers`, in the form of `autoscaling/v2`; of `v1` the common fields are checked.

use super::format;
use super::report::{At, Report};
use crate::fields::quantity::Quantity;

pub(super) fn validate(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    let (min, max) = (spec.get("minReplicas"), spec.get("maxReplicas"));
    let most = max.int().unwrap_or(0);
    r.late(|r| {
        if min.int().is_some_and(|n| n < 0) {
            r.invalid(&min, "must be greater than or equal to 0");
        }
        if most == 0 {
            r.required(&max, "");
        } else if most < 0 {
            r.invalid(&max, "must be greater than or equal to 1");
        }
    });
    if min.int().is_some_and(|n| n > most) {
        r.invalid(&max, "must be greater than or equal to `minReplicas`");
    }
    reference(r, &spec.get("scaleTargetRef"), true);
    r.late(|r| api_version(r, &spec.get("scaleTargetRef")));
    let target = spec.get("targetCPUUtilizationPercentage");
    if target.int().is_some_and(|n| n < 1) {
        let path = "spec.metrics[0].resource.target.averageUtilization".to_owned();
        r.invalid(&target.named(path), "must be greater than 0");
    }
    metrics(r, &spec, min.int() == Some(0));
    for rules in ["scaleUp", "scaleDown"] {
        let at = spec.at(&["behavior", rules]);
        if at.has() {
            scaling_rules(r, &at);
        }
    }
}

fn reference(r: &mut Report, at: &At<'_>, declared: bool) {
    for field in ["kind", "name"] {
        let part = at.get(field);
        if !part.is_empty() {
            r.all(&part, format::path_segment(part.str()));
        } else if declared {
            r.late_required(&part);
        } else {
            r.required(&part, "");
        }
    }
}

/// What is scaled is in a group, but for `ReplicationControllers`.
fn api_version(r: &mut Report, target: &At<'_>) {
    let at = target.get("apiVersion");
    if at.str().matches('/').count() > 1 {
        r.invalid(&at, format!("unexpected GroupVersion string: {}", at.str()));
    } else if target.get("kind").str() != "ReplicationController"
        && at.str().split_once('/').is_none_or(|(group, _)| group.is_empty())
    {
        r.invalid_text(&at, "apiVersion must specify API group");
    }
}

const KINDS: &[(&str, &str)] = &[
    ("Object", "object"),
    ("External", "external"),
    ("Pods", "pods"),
    ("Resource", "resource"),
    ("ContainerResource", "containerResource"),
];

fn metrics(r: &mut Report, spec: &At<'_>, to_zero: bool) {
    let at = spec.get("metrics");
    let items = at.items();
    for metric in &items {
        one_metric(r, metric);
    }
    let outside = items.iter().any(|m| matches!(m.get("type").str(), "Object" | "External"));
    if to_zero && !outside {
        r.forbidden(
            &at,
            "must specify at least one Object or External metric to support scaling to zero replicas",
        );
    }
}

fn one_metric(r: &mut Report, at: &At<'_>) {
    let supported = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    let kind = at.get("type");
    if kind.is_empty() {
        r.required(&kind, "must specify a metric source type");
    }
    let known = KINDS.iter().find(|(k, _)| *k == kind.str());
    if known.is_none() {
        r.unsupported(&kind, &supported);
    }
    let mut present: Vec<&str> = Vec::new();
    for (_, field) in KINDS {
        let source = at.get(field);
        if source.has() {
            present.push(field);
            if present.len() == 1 {
                metric_source(r, &source, field);
            }
        }
    }
    match known {
        Some((_, field)) if !at.get(field).has() => {
            r.required(&at.get(field), "must populate information for the given metric source");
        }
        _ => {}
    }
    if present.len() > 1 {
        for field in present.iter().filter(|f| known.is_none_or(|(_, k)| k != *f)) {
            r.forbidden(&at.get(field), "must populate the given metric source only");
        }
    }
}

fn metric_source(r: &mut Report, at: &At<'_>, field: &str) {
    let target_at = at.get("target");
    let has = |name: &str| target_at.get(name).has();
    match field {
        "resource" | "containerResource" => {
            if at.get("name").is_empty() {
                r.required(&at.get("name"), "must specify a resource name");
            }
            if field == "containerResource" {
                container_resource(r, &at.get("name"));
                let container = at.get("container");
                if container.is_empty() {
                    r.required(&container, "must specify a container");
                } else {
                    r.dns_label(&container);
                }
            }
            target(r, &target_at);
            if !has("averageUtilization") && !has("averageValue") {
                let text = "must set either a target raw value or a target utilization";
                r.required(&target_at.get("averageUtilization"), text);
            }
            if has("averageUtilization") && has("averageValue") {
                let text = "may not set both a target raw value and a target utilization";
                r.forbidden(&target_at.get("averageValue"), text);
            }
        }
        _ => {
            if field == "object" {
                reference(r, &at.get("describedObject"), false);
            }
            let metric = at.get("metric");
            if metric.get("name").is_empty() {
                r.required(&metric.get("name"), "must specify a metric name");
            }
            target(r, &target_at);
            let average = target_at.get("averageValue");
            match field {
                "object" if !has("value") && !has("averageValue") => {
                    r.required(&average, "must set either a target value or averageValue");
                }
                "external" if !has("value") && !has("averageValue") => {
                    r.required(&average, "must set either a target value for metric or a per-pod target");
                }
                "external" if has("value") && has("averageValue") => {
                    let text = "may not set both a target value for metric and a per-pod target";
                    r.forbidden(&target_at.get("value"), text);
                }
                "pods" if !has("averageValue") => {
                    r.required(&average, "must specify a positive target averageValue");
                }
                _ => {}
            }
        }
    }
}

/// What containers have amounts of: resources that Kubernetes knows, or qualified ones.
fn container_resource(r: &mut Report, name: &At<'_>) {
    if name.is_empty() {
        return;
    }
    r.all(name, format::qualified_name(name.str()));
    let known = matches!(name.str(), "cpu" | "memory" | "ephemeral-storage")
        || name.str().starts_with("hugepages-")
        || name.str().contains('/');
    if !known {
        r.invalid(name, "must be a standard resource for containers");
    }
}

fn target(r: &mut Report, at: &At<'_>) {
    let kind = at.get("type");
    if kind.is_empty() {
        r.required(&kind, "must specify a metric target type");
    }
    if !["Utilization", "Value", "AverageValue"].contains(&kind.str()) {
        r.invalid_text(&kind, "must be either Utilization, Value, or AverageValue");
    }
    for field in ["value", "averageValue"] {
        let amount = at.get(field);
        if Quantity::parse(amount.str()).is_ok_and(|q| q.is_zero() || q.is_negative()) {
            r.invalid(&amount, "must be positive");
        }
    }
    let utilization = at.get("averageUtilization");
    if utilization.int().is_some_and(|n| n < 1) {
        r.invalid(&utilization, "must be greater than 0");
    }
}

fn scaling_rules(r: &mut Report, at: &At<'_>) {
    let window = at.get("stabilizationWindowSeconds");
    match window.int() {
        Some(n) if n < 0 => r.invalid(&window, "must be greater than or equal to zero"),
        Some(n) if n > 3600 => r.invalid(&window, "must be less than or equal to 3600"),
        _ => {}
    }
    r.one_of_if_set(&at.get("selectPolicy"), &["Disabled", "Max", "Min"]);
    let policies = at.get("policies");
    if policies.is_empty() {
        r.required(&policies, "must specify at least one Policy");
    }
    for policy in policies.items() {
        r.one_of(&policy.get("type"), &["Percent", "Pods"]);
        for field in ["value", "periodSeconds"] {
            let at = policy.get(field);
            if at.int().unwrap_or(0) <= 0 {
                r.invalid(&at, "must be greater than zero");
            }
        }
        let period = policy.get("periodSeconds");
        if period.int().is_some_and(|n| n > 1800) {
            r.invalid(&period, "must be less than or equal to 1800");
        }
    }
}
