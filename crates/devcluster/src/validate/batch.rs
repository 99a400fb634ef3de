//! Jobs and `CronJobs`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::format;
use super::job_success;
use super::pod;
use super::report::{At, Report};
use super::schedule;

pub(super) fn job(r: &mut Report, at: &At<'_>, created: bool) {
    let spec = at.get("spec");
    if created {
        generated_selector(r, at, &spec);
    }
    if created && spec.get("completionMode").str() == "Indexed" {
        pod_names(r, at, &spec);
    }
    job_spec(r, &spec);
    let template = spec.get("template");
    let (selector, labels) = (spec.at(&["selector", "matchLabels"]), template.at(&["metadata", "labels"]));
    let fits = selector.entries().iter().all(|(k, v)| labels.value.get(*k) == Some(v.value));
    if !fits && created {
        r.invalid(&labels, "`selector` does not match template `labels`");
    }
}

/// The name of the last Pod of an indexed Job is a host name.
fn pod_names(r: &mut Report, at: &At<'_>, spec: &At<'_>) {
    let Some(completions) = spec.get("completions").int().filter(|n| *n > 0) else { return };
    let name = at.at(&["metadata", "name"]);
    let last = format!("{}-{}", name.str(), completions - 1);
    if !format::dns_label(&last).is_empty() {
        r.invalid_text(&name, format!("will not able to create pod with invalid DNS label: {last}"));
    }
}

/// Without `manualSelector` the selector is the server's own; one that a client gave beside it is refused.
fn generated_selector(r: &mut Report, at: &At<'_>, spec: &At<'_>) {
    let selector = spec.get("selector");
    if spec.get("manualSelector").is_true() {
        if !selector.has() {
            r.required(&selector, "");
        }
        return;
    }
    let uid = at.at(&["metadata", "uid"]).str();
    if !selector.has() || uid.is_empty() {
        return;
    }
    let own =
        selector.get("matchLabels").value.get("batch.kubernetes.io/controller-uid").and_then(Value::as_str);
    if own != Some(uid)
        || selector.get("matchLabels").len() != 1
        || !selector.get("matchExpressions").is_empty()
    {
        r.invalid(&selector, "`selector` not auto-generated");
    }
}

fn job_spec(r: &mut Report, spec: &At<'_>) {
    for field in [
        "parallelism",
        "completions",
        "activeDeadlineSeconds",
        "backoffLimit",
        "ttlSecondsAfterFinished",
        "backoffLimitPerIndex",
        "maxFailedIndexes",
    ] {
        r.non_negative(&spec.get(field));
    }
    let (per_index, failed) = (spec.get("backoffLimitPerIndex"), spec.get("maxFailedIndexes"));
    if failed.has() && !per_index.has() {
        r.late(|r| r.required(&per_index, "when maxFailedIndexes is specified"));
    }
    let mode = spec.get("completionMode");
    r.one_of_if_set(&mode, &["NonIndexed", "Indexed"]);
    let indexed = mode.str() == "Indexed";
    if indexed && !spec.get("completions").has() {
        r.required(&spec.get("completions"), "when completion mode is Indexed");
    }
    if indexed && spec.get("parallelism").int().is_some_and(|n| n > 100_000) {
        let text = "must be less than or equal to 100000 when completion mode is Indexed";
        r.invalid(&spec.get("parallelism"), text);
    }
    if !mode.has() || mode.str() == "NonIndexed" {
        for field in [&per_index, &failed] {
            if field.has() {
                r.invalid(field, "requires indexed completion mode");
            }
        }
    }
    if failed.int().is_some_and(|n| spec.get("completions").int().is_some_and(|c| n > c)) {
        r.invalid(&failed, "must be less than or equal to completions");
    }
    failure_policy(r, spec);
    job_success::policy(r, spec, indexed);
    replacement(r, spec);
    let template = spec.get("template");
    pod::template(r, &template);
    let policy = template.at(&["spec", "restartPolicy"]);
    match policy.str() {
        "" | "Always" => r.required(&policy, "valid values: \"OnFailure\", \"Never\""),
        "OnFailure" if spec.get("podFailurePolicy").has() => {
            r.invalid(&policy, "only \"Never\" is supported when podFailurePolicy is specified");
        }
        "OnFailure" | "Never" => {}
        _ => r.unsupported(&policy, &["OnFailure", "Never"]),
    }
}

fn failure_policy(r: &mut Report, spec: &At<'_>) {
    for rule in spec.at(&["podFailurePolicy", "rules"]).items() {
        let action = rule.get("action");
        let actions = ["Count", "FailIndex", "FailJob", "Ignore"];
        if action.is_empty() {
            r.required(&action, "valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]");
        } else {
            r.one_of_if_set(&action, &actions);
        }
        let (codes, conditions) = (rule.get("onExitCodes"), rule.get("onPodConditions"));
        if codes.has() {
            exit_codes(r, &codes);
        }
        for condition in conditions.items() {
            let (kind, status) = (condition.get("type"), condition.get("status"));
            r.qualified_name(&kind);
            if !status.is_empty() {
                r.one_of_if_set(&status, &["False", "True", "Unknown"]);
            }
        }
        if codes.has() && !conditions.is_empty() {
            r.invalid_whole(&rule, "specifying both OnExitCodes and OnPodConditions is not supported");
        }
        if !codes.has() && conditions.is_empty() {
            r.invalid_whole(&rule, "specifying one of OnExitCodes and OnPodConditions is required");
        }
    }
}

/// The exit codes that a rule is about: some, in order, each once.
fn exit_codes(r: &mut Report, at: &At<'_>) {
    let (operator, values) = (at.get("operator"), at.get("values"));
    if operator.is_empty() {
        r.required(&operator, "valid values: [\"In\" \"NotIn\"]");
    } else {
        r.one_of_if_set(&operator, &["In", "NotIn"]);
    }
    let listed = values.items();
    let codes: Vec<i64> = listed.iter().map(|value| value.int().unwrap_or(0)).collect();
    let mut seen = BTreeSet::new();
    for (value, code) in listed.iter().zip(&codes) {
        if !seen.insert(*code) {
            r.duplicate(value);
        } else if *code == 0 && operator.str() == "In" {
            r.invalid(value, "must not be 0 for the In operator");
        }
    }
    if codes.is_empty() {
        r.invalid(&values, "at least one value is required");
    } else if !codes.is_sorted() {
        r.invalid(&values, "must be ordered");
    }
}

fn replacement(r: &mut Report, spec: &At<'_>) {
    let policy = spec.get("podReplacementPolicy");
    if spec.get("podFailurePolicy").has() {
        r.one_of_if_set(&policy, &["Failed"]);
    } else {
        r.one_of_if_set(&policy, &["Failed", "TerminatingOrFailed"]);
    }
}

pub(super) fn job_update(r: &mut Report, at: &At<'_>, old: &At<'_>) {
    let (spec, was) = (at.get("spec"), old.get("spec"));
    let (completions, parallelism) = (spec.get("completions"), spec.get("parallelism"));
    if spec.get("completionMode").str() != "Indexed" {
        r.immutable(&completions, &was.get("completions"));
    } else if completions.value != was.get("completions").value
        && completions.has()
        && completions.value != parallelism.value
    {
        r.invalid(&completions, "can only be modified in tandem with spec.parallelism");
    }
    r.immutable(&spec.get("selector"), &was.get("selector"));
    let suspended = was.get("suspend").is_true() && !old.at(&["status", "startTime"]).has();
    if !suspended && spec.get("template").value != was.get("template").value {
        r.invalid(&spec.get("template"), "field is immutable");
    }
    for field in ["completionMode", "podFailurePolicy", "backoffLimitPerIndex", "managedBy", "successPolicy"]
    {
        r.immutable(&spec.get(field), &was.get(field));
    }
}

pub(super) fn cron_job(r: &mut Report, at: &At<'_>, old: Option<&At<'_>>) {
    let spec = at.get("spec");
    let (when, zone) = (spec.get("schedule"), spec.get("timeZone"));
    if when.is_empty() {
        r.late(|r| r.required(&when, ""));
    } else {
        let allowed = old.is_some_and(|o| o.at(&["spec", "schedule"]).str().contains("TZ"));
        if let Err(message) = schedule::parse(when.str()) {
            r.invalid(&when, message);
        }
        if when.str().contains("TZ") {
            if !allowed {
                r.invalid(&when, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
            } else if zone.has() {
                r.invalid(&when, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
            }
        }
    }
    r.non_negative(&spec.get("startingDeadlineSeconds"));
    if old.is_none_or(|o| o.at(&["spec", "timeZone"]).value != zone.value) {
        time_zone(r, &zone);
    }
    r.one_of(&spec.get("concurrencyPolicy"), &["Allow", "Forbid", "Replace"]);
    let template = spec.at(&["jobTemplate", "spec"]);
    job_spec(r, &template);
    if template.get("selector").has() {
        r.invalid(&template.get("selector"), "`selector` will be auto-generated");
    }
    if template.get("manualSelector").is_true() {
        r.unsupported(&template.get("manualSelector"), &["nil", "false"]);
    }
    r.non_negative(&spec.get("successfulJobsHistoryLimit"));
    r.non_negative(&spec.get("failedJobsHistoryLimit"));
    let name = at.at(&["metadata", "name"]);
    if old.is_none() && name.len() > 52 {
        r.invalid(&name, "must be no more than 52 characters");
    }
}

fn time_zone(r: &mut Report, at: &At<'_>) {
    if !at.has() {
        return;
    }
    let zone = at.str();
    if zone.is_empty() {
        return r.invalid(at, "timeZone must be nil or non-empty string");
    }
    if zone.eq_ignore_ascii_case("local") {
        r.invalid(at, "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
        return;
    }
    if jiff::tz::TimeZone::get(zone).is_err() {
        r.invalid(at, format!("unknown time zone {zone}"));
    }
}
