//! Affinity and topology spread.

use super::format;
use super::report::{At, Report};

pub(super) fn validate(r: &mut Report, at: &At<'_>) {
    let node = at.get("nodeAffinity");
    let required = node.get("requiredDuringSchedulingIgnoredDuringExecution");
    if required.has() {
        node_selector(r, &required);
    }
    for term in node.get("preferredDuringSchedulingIgnoredDuringExecution").items() {
        weight(r, &term);
        node_term(r, &term.get("preference"));
    }
    for kind in ["podAffinity", "podAntiAffinity"] {
        let pod = at.get(kind);
        for term in pod.get("requiredDuringSchedulingIgnoredDuringExecution").items() {
            pod_term(r, &term);
        }
        for term in pod.get("preferredDuringSchedulingIgnoredDuringExecution").items() {
            weight(r, &term);
            pod_term(r, &term.get("podAffinityTerm"));
        }
    }
}

fn weight(r: &mut Report, term: &At<'_>) {
    let weight = term.get("weight");
    if !(1..=100).contains(&weight.int().unwrap_or(0)) {
        r.invalid(&weight, "must be in the range 1-100");
    }
}

/// A `NodeSelector`.
pub(super) fn node_selector(r: &mut Report, at: &At<'_>) {
    let terms = at.get("nodeSelectorTerms");
    if terms.is_empty() {
        return r.required(&terms, "must have at least one node selector term");
    }
    for term in terms.items() {
        node_term(r, &term);
    }
}

fn node_term(r: &mut Report, at: &At<'_>) {
    for requirement in at.get("matchExpressions").items() {
        let (operator, values) = (requirement.get("operator"), requirement.get("values"));
        match operator.str() {
            "In" | "NotIn" if values.is_empty() => {
                r.required(&values, "must be specified when `operator` is 'In' or 'NotIn'");
            }
            "Exists" | "DoesNotExist" if !values.is_empty() => {
                r.forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
            }
            "Gt" | "Lt" if values.len() != 1 => {
                r.required(&values, "must be specified single value when `operator` is 'Lt' or 'Gt'");
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            _ => r.invalid_text(&operator, "not a valid selector operator"),
        }
        r.qualified_name(&requirement.get("key"));
        for value in values.items() {
            r.all(&value, format::label_value(value.str()));
        }
    }
    for requirement in at.get("matchFields").items() {
        let (operator, key, values) =
            (requirement.get("operator"), requirement.get("key"), requirement.get("values"));
        match operator.str() {
            "In" | "NotIn" if values.len() != 1 => {
                r.required(
                    &values,
                    "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
                );
            }
            "In" | "NotIn" => {}
            _ => r.invalid_text(&operator, "not a valid selector operator"),
        }
        if key.str() == "metadata.name" {
            for value in values.items() {
                r.all(&value, format::dns_subdomain(value.str()));
            }
        } else {
            r.invalid_text(&key, "not a valid field selector key");
        }
    }
}

fn pod_term(r: &mut Report, at: &At<'_>) {
    r.selector(&at.get("labelSelector"));
    r.selector(&at.get("namespaceSelector"));
    for name in at.get("namespaces").items() {
        let shown = name.named(format!("{}.namespace", at.path));
        r.all(&shown, format::dns_label(name.str()));
    }
    let key = at.get("topologyKey");
    if key.is_empty() {
        r.required(&key, "can not be empty");
    }
    r.qualified_name(&key);
}

pub(super) fn spread(r: &mut Report, at: &At<'_>) {
    let constraints = at.items();
    for (i, one) in constraints.iter().enumerate() {
        r.positive(&one.get("maxSkew"));
        let (key, when) = (one.get("topologyKey"), one.get("whenUnsatisfiable"));
        if key.is_empty() {
            r.required(&key, "can not be empty");
        }
        if !["DoNotSchedule", "ScheduleAnyway"].contains(&when.str()) {
            r.unsupported(&when, &["DoNotSchedule", "ScheduleAnyway"]);
        }
        let same = |o: &At<'_>| {
            o.get("topologyKey").str() == key.str() && o.get("whenUnsatisfiable").str() == when.str()
        };
        if constraints[i + 1..].iter().any(same) {
            let pair = serde_json::Value::String(format!("{{{}, {}}}", key.str(), when.str()));
            let path = format!("{}.{{topologyKey, whenUnsatisfiable}}", one.path);
            r.causes.push(crate::status::Cause::duplicate(path, &pair));
        }
        let domains = one.get("minDomains");
        if domains.int().is_some_and(|n| n <= 0) {
            r.invalid(&domains, "must be greater than 0");
        }
        if domains.has() && when.str() != "DoNotSchedule" {
            let text =
                format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {}", when.str());
            r.invalid(&domains, text);
        }
        for policy in ["nodeAffinityPolicy", "nodeTaintsPolicy"] {
            r.one_of_if_set(&one.get(policy), &["Honor", "Ignore"]);
        }
        r.selector(&one.get("labelSelector"));
    }
}
