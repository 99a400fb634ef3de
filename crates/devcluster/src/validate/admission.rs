//! Webhook configurations and admission policies.

use std::collections::BTreeSet;

use serde_json::Value;

use super::format;
use super::report::{At, Report};
use crate::crd::cel::Expression;

pub(super) fn validate(r: &mut Report, at: &At<'_>, kind: &str) {
    match kind {
        "ValidatingWebhookConfiguration" | "MutatingWebhookConfiguration" => {
            let mut names = BTreeSet::new();
            for hook in at.get("webhooks").items() {
                webhook(r, &hook, kind.starts_with("Mutating"));
                review_versions(r, &hook.get("admissionReviewVersions"));
                let name = hook.get("name");
                if !name.is_empty() && !names.insert(name.str().to_owned()) {
                    r.duplicate(&name);
                }
            }
        }
        "ValidatingAdmissionPolicy" => policy(r, &at.get("spec"), at.at(&["metadata", "name"]).str()),
        "ValidatingAdmissionPolicyBinding" => binding(r, &at.get("spec")),
        _ => {}
    }
}

fn webhook(r: &mut Report, at: &At<'_>, mutating: bool) {
    let name = at.get("name");
    if name.is_empty() {
        r.required(&name, "");
    } else {
        let before = r.causes.len();
        r.dns_subdomain(&name);
        if r.causes.len() == before && name.str().split('.').count() < 3 {
            r.invalid(&name, "should be a domain with at least three segments separated by dots");
        }
    }
    for rule in at.get("rules").items() {
        rule_with_operations(r, &rule);
    }
    r.one_of_if_set(&at.get("failurePolicy"), &["Fail", "Ignore"]);
    r.one_of_if_set(&at.get("matchPolicy"), &["Equivalent", "Exact"]);
    let effects = at.get("sideEffects");
    if effects.has() {
        r.one_of_if_set(&effects, &["None", "NoneOnDryRun"]);
    } else {
        r.required(&effects, "must specify one of None, NoneOnDryRun");
    }
    let timeout = at.get("timeoutSeconds");
    if timeout.int().is_some_and(|n| !(1..=30).contains(&n)) {
        r.invalid(&timeout, "the timeout value must be between 1 and 30 seconds");
    }
    r.selector(&at.get("namespaceSelector"));
    r.selector(&at.get("objectSelector"));
    if mutating {
        r.one_of_if_set(&at.get("reinvocationPolicy"), &["IfNeeded", "Never"]);
    }
    client(r, &at.get("clientConfig"));
    match_conditions(r, &at.get("matchConditions"), false);
}

/// The variables of admission expressions.
pub(crate) fn variables(params: bool, composed: bool) -> Vec<&'static str> {
    let mut names = vec!["object", "oldObject", "request", "namespaceObject", "authorizer"];
    if params {
        names.push("params");
    }
    if composed {
        names.push("variables");
    }
    names
}

#[derive(Clone, Copy)]
enum Yields {
    Bool,
    Text,
    TextOrNull,
    Anything,
}

/// An expression that must compile and yield what is asked for.
fn expression(r: &mut Report, at: &At<'_>, source: &str, names: &[&str], yields: Yields) {
    // The library of `authorizer` is not known here.
    let checked = !source.contains("authorizer");
    let problem = match Expression::compile(source, names) {
        Err(problem) if checked || problem.contains("Syntax error") => problem,
        Ok(compiled) if checked => match yields {
            Yields::Bool if !compiled.is_bool() => "must evaluate to bool".to_owned(),
            Yields::Text if !compiled.is_string() => "must evaluate to string".to_owned(),
            Yields::TextOrNull if !compiled.is_string() && !compiled.is_null() => {
                "must evaluate to one of [string null_type]".to_owned()
            }
            _ => return,
        },
        _ => return,
    };
    r.invalid_as(at, &Value::String(source.to_owned()), problem);
}

fn service_path(r: &mut Report, at: &At<'_>) {
    if at.is_empty() || at.str() == "/" {
        return;
    }
    if !at.str().starts_with('/') {
        r.invalid(at, "must start with a '/'");
    }
    let rest: String = at.str().chars().skip(1).collect();
    for (i, segment) in rest.strip_suffix('/').unwrap_or(&rest).split('/').enumerate() {
        if segment.is_empty() {
            r.invalid(at, format!("segment[{i}] may not be empty"));
            continue;
        }
        for message in format::dns_subdomain(segment) {
            r.invalid(at, format!("segment[{i}]: {message}"));
        }
    }
}

fn client(r: &mut Report, at: &At<'_>) {
    let (url, service) = (at.get("url"), at.get("service"));
    if url.has() == service.has() {
        return r.required(at, "exactly one of url or service is required");
    }
    if service.has() {
        // Upstream blames the other field.
        for (missing, blamed) in [("namespace", "name"), ("name", "namespace")] {
            if service.get(missing).is_empty() {
                r.required(&service.get(blamed), "");
            }
        }
        service_path(r, &service.get("path"));
        let port = service.get("port");
        if port.int().is_some_and(|n| !(1..=65535).contains(&n)) {
            r.invalid(&port, "port is not valid: must be between 1 and 65535, inclusive");
        }
        return;
    }
    web_address(r, &url);
}

fn web_address(r: &mut Report, url: &At<'_>) {
    const FORM: &str = "; desired format: https://host[/path]";
    let (scheme, rest) = url.str().split_once("://").unwrap_or(("", url.str()));
    if scheme != "https" {
        let shown = serde_json::Value::String(scheme.to_owned());
        r.invalid_as(url, &shown, format!("'https' is the only allowed URL scheme{FORM}"));
    }
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let shown = |text: &str| serde_json::Value::String(text.to_owned());
    if host.is_empty() {
        r.invalid_as(url, &shown(host), format!("host must be specified{FORM}"));
    }
    if host.contains('@') {
        let user = host.split('@').next().unwrap_or_default();
        r.invalid_as(url, &shown(user), "user information is not permitted in the URL");
    }
    if let Some((_, fragment)) = rest.split_once('#') {
        r.invalid_as(url, &shown(fragment), "fragments are not permitted in the URL");
    }
    if let Some((_, query)) = rest.split_once('?') {
        r.invalid_as(url, &shown(query), "query parameters are not permitted in the URL");
    }
}

fn rule_with_operations(r: &mut Report, at: &At<'_>) {
    let operations = at.get("operations");
    if operations.is_empty() {
        r.required(&operations, "");
    }
    wildcard(r, &operations, "operations");
    for operation in operations.items() {
        r.one_of_if_set(&operation, &["*", "CONNECT", "CREATE", "DELETE", "UPDATE"]);
    }
    for (field, noun) in [("apiGroups", "API groups"), ("apiVersions", "API versions")] {
        let list = at.get(field);
        if list.is_empty() {
            r.required(&list, "");
        }
        wildcard(r, &list, noun);
    }
    for version in at.get("apiVersions").items() {
        if version.is_empty() {
            r.required(&version, "");
        }
    }
    let resources = at.get("resources");
    if resources.is_empty() {
        r.required(&resources, "");
    }
    for resource in resources.items() {
        if resource.is_empty() {
            r.required(&resource, "");
        }
    }
    r.one_of_if_set(&at.get("scope"), &["*", "Cluster", "Namespaced"]);
}

fn wildcard(r: &mut Report, list: &At<'_>, noun: &str) {
    if list.len() > 1 && list.items().iter().any(|i| i.str() == "*") {
        r.invalid(list, format!("if '*' is present, must not specify other {noun}"));
    }
}

fn review_versions(r: &mut Report, at: &At<'_>) {
    if at.is_empty() {
        return r.required(at, "must specify one of v1, v1beta1");
    }
    let mut seen = BTreeSet::new();
    for version in at.items() {
        if !seen.insert(version.str().to_owned()) {
            r.invalid(&version, "duplicate version");
            continue;
        }
        r.all(&version, format::dns_1035_label(version.str()));
    }
    if !seen.contains("v1") && !seen.contains("v1beta1") {
        r.invalid(at, "must include at least one of v1, v1beta1");
    }
}

fn match_conditions(r: &mut Report, at: &At<'_>, params: bool) {
    let mut names = BTreeSet::new();
    for condition in at.items() {
        let (name, expression) = (condition.get("name"), condition.get("expression"));
        let source = expression.str().trim();
        if source.is_empty() {
            r.required(&expression, "");
        } else {
            self::expression(r, &expression, source, &variables(params, false), Yields::Bool);
        }
        if name.is_empty() {
            r.required(&name, "");
        } else {
            r.qualified_name(&name);
            if !names.insert(name.str().to_owned()) {
                r.duplicate(&name);
            }
        }
    }
}

fn policy(r: &mut Report, spec: &At<'_>, policy_name: &str) {
    const NOTHING: &str = "validations or auditAnnotations must contain at least one item";
    r.one_of_if_set(&spec.get("failurePolicy"), &["Fail", "Ignore"]);
    if spec.get("matchConstraints").has() {
        for rule in spec.at(&["matchConstraints", "resourceRules"]).items() {
            rule_with_operations(r, &rule);
        }
        for selector in ["namespaceSelector", "objectSelector"] {
            r.selector(&spec.at(&["matchConstraints", selector]));
        }
        if spec.at(&["matchConstraints", "resourceRules"]).is_empty() {
            r.required(&spec.at(&["matchConstraints", "resourceRules"]), "");
        }
    } else {
        r.required(&spec.get("matchConstraints"), "");
    }
    let params = spec.get("paramKind");
    if params.has() {
        for field in ["apiVersion", "kind"] {
            if params.get(field).is_empty() {
                r.required(&params.get(field), "");
            }
        }
    }
    let names = variables(params.has(), !spec.get("variables").is_empty());
    match_conditions(r, &spec.get("matchConditions"), params.has());
    for variable in spec.get("variables").items() {
        let (name, source) = (variable.get("name"), variable.get("expression"));
        if name.str().trim().is_empty() {
            r.required(&name, "name is not specified");
        } else if !is_identifier(name.str()) {
            r.invalid(&name, "must be a valid CEL identifier");
        }
        if source.str().trim().is_empty() {
            r.required(&source, "expression is not specified");
        } else {
            expression(r, &source, source.str(), &names, Yields::Anything);
        }
    }
    let (validations, annotations) = (spec.get("validations"), spec.get("auditAnnotations"));
    if validations.is_empty() && annotations.is_empty() {
        r.required(&validations, NOTHING);
        r.required(&annotations, NOTHING);
        return;
    }
    for item in validations.items() {
        validation(r, &item, &names);
    }
    audit_annotations(r, &annotations, policy_name, &names);
}

fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn validation(r: &mut Report, at: &At<'_>, names: &[&str]) {
    const REASONS: [&str; 4] = ["Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized"];
    let (source, message, text) = (at.get("expression"), at.get("messageExpression"), at.get("message"));
    if source.str().trim().is_empty() {
        r.required(&source, "expression is not specified");
    } else {
        expression(r, &source, source.str(), names, Yields::Bool);
    }
    if !message.is_empty() && message.str().trim().is_empty() {
        r.invalid(&message, "must be non-empty if specified");
    } else if !message.is_empty() {
        expression(r, &message, message.str(), names, Yields::Text);
    }
    if !text.is_empty() && text.str().trim().is_empty() {
        r.invalid(&text, "must be non-empty if specified");
    } else if text.str().trim().contains(['\n', '\r']) {
        r.invalid(&text, "must not contain line breaks");
    }
    if at.get("reason").has() {
        r.one_of_if_set(&at.get("reason"), &REASONS);
    }
}

fn audit_annotations(r: &mut Report, at: &At<'_>, policy: &str, names: &[&str]) {
    let mut keys = BTreeSet::new();
    for annotation in at.items() {
        let (key, value) = (annotation.get("key"), annotation.get("valueExpression"));
        let full = Value::String(format!("{policy}/{}", key.str()));
        r.qualified_name(&At { value: &full, path: key.path.clone() });
        let source = value.str().trim();
        if source.is_empty() {
            r.required(&value, "valueExpression is not specified");
        } else {
            expression(r, &value, source, names, Yields::TextOrNull);
        }
        if !keys.insert(key.str().to_owned()) {
            r.duplicate(&key);
        }
    }
}

fn binding(r: &mut Report, spec: &At<'_>) {
    if spec.get("policyName").is_empty() {
        r.required(&spec.get("policyName"), "");
    }
    let actions = spec.get("validationActions");
    if actions.is_empty() {
        return r.required(&actions, "");
    }
    let mut seen = BTreeSet::new();
    for action in actions.items() {
        r.one_of_if_set(&action, &["Audit", "Deny", "Warn"]);
        if !seen.insert(action.str().to_owned()) {
            r.duplicate(&action);
        }
    }
    if seen.contains("Deny") && seen.contains("Warn") {
        let text = "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)";
        r.invalid(&actions, text);
    }
}
