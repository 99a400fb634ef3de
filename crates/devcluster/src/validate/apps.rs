//! Deployments, `ReplicaSets`, `StatefulSets`, `DaemonSets` and their kin.

use serde_json::{Value, json};

use super::pod;
use super::report::{At, Report};
use super::storage;

/// The fields of a selector in the order of Go's type.
const SELECTOR: &[&str] = &["matchLabels", "matchExpressions"];

/// What is said of a selector that cannot be used.
const UNUSABLE: &str = "invalid label selector";

/// Whether a selector can be evaluated: all operators are known and have their values.
fn is_usable(selector: &At<'_>) -> bool {
    selector.get("matchExpressions").items().iter().all(|e| {
        let values = !e.get("values").is_empty();
        match e.get("operator").str() {
            "In" | "NotIn" => values,
            "Exists" | "DoesNotExist" => !values,
            _ => false,
        }
    })
}

fn is_empty_selector(selector: &At<'_>) -> bool {
    selector.get("matchLabels").is_empty() && selector.get("matchExpressions").is_empty()
}

/// Whether labels match; an absent selector matches nothing.
fn matches(selector: &At<'_>, labels: &At<'_>) -> bool {
    if !selector.has() {
        return false;
    }
    let label = |key: &str| labels.value.get(key).and_then(Value::as_str);
    selector.get("matchLabels").entries().iter().all(|(key, value)| label(key) == Some(value.str()))
        && selector.get("matchExpressions").items().iter().all(|e| {
            let value = label(e.get("key").str());
            let listed = value.is_some_and(|v| e.get("values").items().iter().any(|i| i.str() == v));
            match e.get("operator").str() {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}

fn selector_matches_template(r: &mut Report, selector: &At<'_>, template: &At<'_>) {
    let labels = template.at(&["metadata", "labels"]);
    let everything = selector.has() && is_empty_selector(selector);
    if !everything && !matches(selector, &labels) {
        r.invalid(&labels, "`selector` does not match template `labels`");
    }
}

/// Checks a selector; gives whether it is right and can be evaluated.
fn check_selector(r: &mut Report, selector: &At<'_>) -> bool {
    let before = r.causes.len();
    r.selector(selector);
    is_usable(selector) && r.causes.len() == before
}

/// Selector, and the template if the selector can be used; else `unusable` is said of it.
fn selector_and_template(
    r: &mut Report,
    (selector, template): (&At<'_>, &At<'_>),
    empty: &str,
    unusable: &str,
    check: impl FnOnce(&mut Report),
) {
    let mut usable = is_usable(selector);
    if selector.has() {
        usable = check_selector(r, selector);
        if is_empty_selector(selector) {
            r.invalid(selector, format!("empty selector is invalid for {empty}"));
        }
    } else {
        r.required(selector, "");
    }
    if usable {
        selector_matches_template(r, selector, template);
        check(r);
    } else {
        r.invalid_fields(selector, SELECTOR, unusable);
    }
}

fn always_running(r: &mut Report, template: &At<'_>, kind: &str) {
    let policy = template.at(&["spec", "restartPolicy"]);
    if policy.str() != "Always" {
        r.unsupported(&policy, &["Always"]);
    }
    let deadline = template.at(&["spec", "activeDeadlineSeconds"]);
    if deadline.has() {
        r.forbidden(&deadline, &format!("activeDeadlineSeconds in {kind} is not Supported"));
    }
}

pub(super) fn deployment(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    r.non_negative(&spec.get("replicas"));
    let template = spec.get("template");
    selector_and_template(r, (&spec.get("selector"), &spec.get("template")), "deployment", UNUSABLE, |r| {
        pod::template(r, &template);
        always_running(r, &template, "ReplicaSet");
    });
    strategy(r, &spec.get("strategy"));
    r.non_negative(&spec.get("minReadySeconds"));
    r.non_negative(&spec.get("revisionHistoryLimit"));
    let deadline = spec.get("progressDeadlineSeconds");
    r.non_negative(&deadline);
    if deadline.int().is_some_and(|n| n <= spec.get("minReadySeconds").int().unwrap_or(0)) {
        r.invalid(&deadline, "must be greater than minReadySeconds");
    }
}

/// A number of pods or a percentage, as a plain number.
fn amount(at: &At<'_>) -> i64 {
    at.int().unwrap_or_else(|| at.str().strip_suffix('%').and_then(|n| n.parse().ok()).unwrap_or(0))
}

fn strategy(r: &mut Report, at: &At<'_>) {
    let update = at.get("rollingUpdate");
    match at.get("type").str() {
        "Recreate" => {
            if update.has() {
                r.forbidden(&update, "may not be specified when strategy `type` is 'Recreate'");
            }
        }
        "RollingUpdate" => {
            let (unavailable, surge) = (update.get("maxUnavailable"), update.get("maxSurge"));
            r.count_or_percent(&unavailable);
            r.count_or_percent(&surge);
            if amount(&unavailable) == 0 && amount(&surge) == 0 {
                r.invalid(&unavailable, "may not be 0 when `maxSurge` is 0");
            }
            r.at_most_100_percent(&unavailable);
        }
        _ => unknown_strategy(r, at, &["Recreate", "RollingUpdate"]),
    }
}

/// The strategy as Go's internal struct shows it.
fn go_strategy(at: &At<'_>) -> String {
    let update = at.get("rollingUpdate");
    let parts = match update.value {
        Value::Object(map) => {
            let field = |name: &str| map.get(name).cloned().unwrap_or(Value::Null);
            if map.contains_key("partition") {
                format!(
                    "{{\"Partition\":{},\"MaxUnavailable\":{}}}",
                    field("partition"),
                    field("maxUnavailable")
                )
            } else {
                format!(
                    "{{\"MaxUnavailable\":{},\"MaxSurge\":{}}}",
                    field("maxUnavailable"),
                    field("maxSurge")
                )
            }
        }
        _ => "null".to_owned(),
    };
    format!("{{\"Type\":{},\"RollingUpdate\":{parts}}}", at.get("type").value)
}

fn unknown_strategy(r: &mut Report, at: &At<'_>, supported: &[&str]) {
    let list = supported.iter().map(|s| format!("\"{s}\"")).collect::<Vec<_>>().join(", ");
    let text = format!("Unsupported value: {}: supported values: {list}", go_strategy(at));
    r.causes.push(crate::status::Cause::new("FieldValueNotSupported", at.path.clone(), text));
}

pub(super) fn replica_set(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    r.non_negative(&spec.get("replicas"));
    r.non_negative(&spec.get("minReadySeconds"));
    let template = spec.get("template");
    selector_and_template(r, (&spec.get("selector"), &spec.get("template")), "deployment", UNUSABLE, |r| {
        pod::template(r, &template);
        always_running(r, &template, "ReplicaSet");
    });
}

pub(super) fn replication_controller(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    r.non_negative(&spec.get("minReadySeconds"));
    if spec.get("selector").is_empty() {
        r.required(&spec.get("selector"), "");
    }
    r.non_negative(&spec.get("replicas"));
    let template = spec.get("template");
    if !template.has() {
        return r.required(&template, "");
    }
    let labels = template.at(&["metadata", "labels"]);
    let fits = spec.get("selector").entries().iter().all(|(k, v)| labels.value.get(*k) == Some(v.value));
    if !fits {
        r.invalid(&labels, "`selector` does not match template `labels`");
    }
    pod::template(r, &template);
    always_running(r, &template, "ReplicationController");
}

pub(super) fn daemon_set(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    let (selector, template) = (spec.get("selector"), spec.get("template"));
    let usable = check_selector(r, &selector);
    let labels = template.at(&["metadata", "labels"]);
    if usable && !matches(&selector, &labels) {
        r.invalid(&labels, "`selector` does not match template `labels`");
    }
    if selector.has() && is_empty_selector(&selector) {
        r.invalid(&selector, "empty selector is invalid for daemonset");
    }
    pod::template(r, &template);
    always_running(r, &template, "DaemonSet");
    r.non_negative(&spec.get("minReadySeconds"));
    let strategy = spec.get("updateStrategy");
    match strategy.get("type").str() {
        "OnDelete" => {}
        "RollingUpdate" => daemon_update(r, &strategy.get("rollingUpdate")),
        _ => unknown_strategy(r, &strategy, &["RollingUpdate", "OnDelete"]),
    }
    r.non_negative(&spec.get("revisionHistoryLimit"));
}

fn daemon_update(r: &mut Report, at: &At<'_>) {
    let (unavailable, surge) = (at.get("maxUnavailable"), at.get("maxSurge"));
    for one in [&unavailable, &surge] {
        r.count_or_percent(one);
    }
    for one in [&unavailable, &surge] {
        r.at_most_100_percent(one);
    }
    match (amount(&unavailable) != 0, amount(&surge) != 0) {
        (true, true) => r.invalid(&surge, "may not be set when maxUnavailable is non-zero"),
        (false, false) => r.required(&unavailable, "cannot be 0 when maxSurge is 0"),
        _ => {}
    }
}

pub(super) fn stateful_set(r: &mut Report, at: &At<'_>, update: bool) {
    let spec = at.get("spec");
    let policy = spec.get("podManagementPolicy");
    if !["OrderedReady", "Parallel"].contains(&policy.str()) {
        r.invalid(&policy, "must be 'OrderedReady' or 'Parallel'");
    }
    stateful_strategy(r, &spec.get("updateStrategy"));
    for field in ["whenDeleted", "whenScaled"] {
        let at = spec.at(&["persistentVolumeClaimRetentionPolicy", field]);
        r.one_of_if_set(&at, &["Retain", "Delete"]);
    }
    if !update {
        for template in spec.get("volumeClaimTemplates").items() {
            storage::claim_spec(r, &template.get("spec"));
        }
    }
    r.non_negative(&spec.get("replicas"));
    r.non_negative(&spec.get("minReadySeconds"));
    let ordinal = spec.at(&["ordinals", "start"]);
    r.non_negative(&ordinal);
    let service = spec.get("serviceName");
    if !update && !service.is_empty() {
        r.dns_label(&service);
    }
    let template = with_claims(&spec);
    let template = At { value: &template, path: format!("{}.template", spec.path) };
    selector_and_template(r, (&spec.get("selector"), &template), "statefulset", "", |r| {
        pod::template(r, &template);
    });
    always_running(r, &template, "StatefulSet");
}

fn stateful_strategy(r: &mut Report, at: &At<'_>) {
    let update = at.get("rollingUpdate");
    match at.get("type").str() {
        "" => r.required(at, ""),
        "OnDelete" => {
            if update.has() {
                r.invalid(&update, "only allowed for updateStrategy 'RollingUpdate'");
            }
        }
        "RollingUpdate" => {
            r.non_negative(&update.get("partition"));
            let unavailable = update.get("maxUnavailable");
            if unavailable.has() {
                r.count_or_percent(&unavailable);
                if amount(&unavailable) == 0 {
                    r.invalid(&unavailable, "cannot be 0");
                }
                r.at_most_100_percent(&unavailable);
            }
        }
        _ => {
            let text = format!("Invalid value: {}: must be 'RollingUpdate' or 'OnDelete'", go_strategy(at));
            r.causes.push(crate::status::Cause::new("FieldValueInvalid", at.path.clone(), text));
        }
    }
}

/// The template with a volume for each claim, which its containers may mount.
fn with_claims(spec: &At<'_>) -> Value {
    let mut template = spec.get("template").value.clone();
    let claims = spec.get("volumeClaimTemplates").items();
    if let Some(pod) = template.get_mut("spec").and_then(Value::as_object_mut) {
        pod.remove("subdomain");
        pod.remove("hostname");
        if !claims.is_empty() {
            let name_of = |v: &Value| v.get("name").cloned().unwrap_or(Value::Null);
            let mut volumes: Vec<Value> = claims
                .iter()
                .map(|c| {
                    let name = c.at(&["metadata", "name"]).value.clone();
                    json!({"name": name, "persistentVolumeClaim": {"claimName": name}})
                })
                .collect();
            let given = pod.get("volumes").and_then(Value::as_array).cloned().unwrap_or_default();
            for volume in given {
                if !volumes.iter().any(|v| name_of(v) == name_of(&volume)) {
                    volumes.push(volume);
                }
            }
            pod.insert("volumes".to_owned(), Value::Array(volumes));
        }
    }
    template
}

pub(super) fn stateful_set_update(r: &mut Report, at: &At<'_>, old: &At<'_>) {
    r.late(|r| {
        for field in ["serviceName", "podManagementPolicy", "selector", "volumeClaimTemplates"] {
            r.immutable(&at.at(&["spec", field]), &old.at(&["spec", field]));
        }
    });
}

pub(super) fn controller_revision(r: &mut Report, at: &At<'_>) {
    r.non_negative(&at.get("revision"));
    if !at.get("data").has() {
        r.required(&at.get("data"), "data is mandatory");
    }
}
