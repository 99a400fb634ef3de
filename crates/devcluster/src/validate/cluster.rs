//! `PodDisruptionBudgets`, `PriorityClasses`, Leases, `APIServices`.

use super::format;
use super::report::{At, Report};

pub(super) fn disruption_budget(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    let (least, most) = (spec.get("minAvailable"), spec.get("maxUnavailable"));
    if least.has() && most.has() {
        // Shown as Go's internal struct.
        let text = format!(
            "Invalid value: {{\"MinAvailable\":{},\"Selector\":{},\"MaxUnavailable\":{},\"UnhealthyPodEvictionPolicy\":{}}}: minAvailable and maxUnavailable cannot be both set",
            least.value,
            spec.get("selector").value,
            most.value,
            spec.get("unhealthyPodEvictionPolicy").value
        );
        r.causes.push(crate::status::Cause::new("FieldValueInvalid", spec.path.clone(), text));
    }
    for amount in [&least, &most] {
        if amount.has() {
            r.count_or_percent(amount);
            r.at_most_100_percent(amount);
        }
    }
    r.selector(&spec.get("selector"));
    r.one_of_if_set(&spec.get("unhealthyPodEvictionPolicy"), &["AlwaysAllow", "IfHealthyBudget"]);
}

/// The highest priority that users can give.
const HIGHEST: i64 = 1_000_000_000;

pub(super) fn priority_class(r: &mut Report, at: &At<'_>) {
    let (name, value) = (at.at(&["metadata", "name"]), at.get("value"));
    let system = [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];
    if name.str().starts_with("system-") {
        match system.iter().find(|(n, _)| *n == name.str()) {
            Some((n, v)) if value.int() != Some(*v) => {
                let text = format!(
                    "priority class names with 'system-' prefix are reserved for system use only. error: value of {n} PriorityClass must be {v}"
                );
                r.forbidden(&name, &text);
            }
            Some(_) => {}
            None => {
                let text = format!(
                    "priority class names with 'system-' prefix are reserved for system use only. error: {} is not a known system priority class",
                    name.str()
                );
                r.forbidden(&name, &text);
            }
        }
    } else if value.int().is_some_and(|n| n > HIGHEST) {
        r.forbidden(&value, &format!("maximum allowed value of a user defined priority is {HIGHEST}"));
    }
    r.one_of_if_set(&at.get("preemptionPolicy"), &["PreemptLowerPriority", "Never"]);
}

pub(super) fn priority_class_update(r: &mut Report, at: &At<'_>, old: &At<'_>) {
    if at.get("value").value != old.get("value").value {
        r.forbidden(&at.get("value"), "may not be changed in an update.");
    }
    r.immutable(&at.get("preemptionPolicy"), &old.get("preemptionPolicy"));
}

pub(super) fn lease(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    let seconds = spec.get("leaseDurationSeconds");
    if seconds.int().is_some_and(|n| n <= 0) {
        r.invalid(&seconds, "must be greater than 0");
    }
    r.non_negative(&spec.get("leaseTransitions"));
    if !spec.get("preferredHolder").is_empty() && spec.get("strategy").is_empty() {
        r.forbidden(&spec.get("preferredHolder"), "may only be specified if `strategy` is defined");
    }
}

/// Events; `new` ones are of `events.k8s.io`, whose fields have other names.
pub(super) fn event(r: &mut Report, at: &At<'_>, new: bool) {
    let object = at.get(if new { "regarding" } else { "involvedObject" });
    let namespace = object.get("namespace").named("involvedObject.namespace".to_owned());
    let own = at.at(&["metadata", "namespace"]).str();
    let controller = at.get(if new { "reportingController" } else { "reportingComponent" });
    let time = at.get("eventTime");
    let elsewhere = "does not match event.namespace";
    if time.has() {
        if namespace.is_empty() && !matches!(own, "default" | "kube-system") {
            r.invalid_text(&namespace, elsewhere);
        }
        if controller.is_empty() {
            r.required(&controller, "");
        }
        r.qualified_name(&controller);
        for (field, most) in [("reportingInstance", 128), ("action", 128), ("reason", 128)] {
            let part = at.get(field);
            if part.is_empty() {
                r.required(&part, "");
            }
            if part.len() > most {
                r.invalid_as(&part, &"".into(), format!("can have at most {most} characters"));
            }
        }
        let note = at.get(if new { "note" } else { "message" }).named("message".to_owned());
        if note.len() > 1024 {
            r.invalid_as(&note, &"".into(), "can have at most 1024 characters");
        }
    } else if namespace.is_empty() {
        if !matches!(own, "" | "default") {
            r.invalid_text(&namespace, elsewhere);
        }
    } else if namespace.str() != own {
        r.invalid(&namespace, elsewhere);
    }
    if !new {
        return;
    }
    if !time.has() {
        r.required(&time, "");
    }
    let kind = at.get("type");
    if !["Normal", "Warning"].contains(&kind.str()) {
        r.invalid_as(&kind, &"".into(), format!("has invalid value: {}", kind.str()));
    }
}

pub(super) fn api_service(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    let (group, version, name) = (spec.get("group"), spec.get("version"), at.at(&["metadata", "name"]));
    let wanted = format!("{}.{}", version.str(), group.str());
    if !name.is_empty() && name.str() != wanted {
        let quoted = crate::status::go_quote(&wanted);
        r.invalid(&name, format!("must be `spec.version+\".\"+spec.group`: {quoted}"));
    }
    if group.is_empty() {
        if version.str() != "v1" {
            r.required(&group, "only v1 may have an empty group and it better be legacy kube");
        }
    } else {
        r.dns_subdomain(&group);
    }
    r.all(&version, format::dns_1035_label(version.str()));
    for (field, high) in [("groupPriorityMinimum", 20_000), ("versionPriority", 1_000)] {
        let priority = spec.get(field);
        let n = priority.int().unwrap_or(0);
        if n <= 0 || n > high {
            r.invalid_as(&priority, &n.into(), format!("must be positive and less than {high}"));
        }
    }
    let service = spec.get("service");
    let skip = spec.get("insecureSkipTLSVerify");
    if !service.has() {
        if skip.is_true() {
            r.invalid(&skip, "local APIServices may not have insecureSkipTLSVerify");
        }
        return;
    }
    for field in ["namespace", "name"] {
        if service.get(field).is_empty() {
            r.required(&service.get(field), "");
        }
    }
    if skip.is_true() && !spec.get("caBundle").is_empty() {
        r.invalid(&skip, "may not be true if caBundle is present");
    }
}
