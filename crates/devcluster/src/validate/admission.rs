//! Webhook configurations and admission policies. Expressions are not compiled.

use std::collections::BTreeSet;

use super::format;
use super::report::{At, Report};

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
        "ValidatingAdmissionPolicy" => policy(r, &at.get("spec")),
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
    match_conditions(r, &at.get("matchConditions"));
}

fn client(r: &mut Report, at: &At<'_>) {
    let (url, service) = (at.get("url"), at.get("service"));
    if url.has() == service.has() {
        return r.required(at, "exactly one of url or service is required");
    }
    if service.has() {
        for field in ["name", "namespace"] {
            if service.get(field).is_empty() {
                r.required(&service.get(field), &format!("service {field} is required"));
            }
        }
        let path = service.get("path");
        if !path.is_empty() && !path.str().starts_with('/') {
            r.invalid(&path, "must start with a '/'");
        }
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

fn match_conditions(r: &mut Report, at: &At<'_>) {
    let mut names = BTreeSet::new();
    for condition in at.items() {
        let (name, expression) = (condition.get("name"), condition.get("expression"));
        if expression.str().trim().is_empty() {
            r.required(&expression, "");
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

fn policy(r: &mut Report, spec: &At<'_>) {
    const NOTHING: &str = "validations or auditAnnotations must contain at least one item";
    r.one_of_if_set(&spec.get("failurePolicy"), &["Fail", "Ignore"]);
    if spec.get("matchConstraints").has() {
        for rule in spec.at(&["matchConstraints", "resourceRules"]).items() {
            rule_with_operations(r, &rule);
        }
        if spec.at(&["matchConstraints", "resourceRules"]).is_empty() {
            r.required(&spec.at(&["matchConstraints", "resourceRules"]), "");
        }
    } else {
        r.required(&spec.get("matchConstraints"), "");
    }
    match_conditions(r, &spec.get("matchConditions"));
    let (validations, annotations) = (spec.get("validations"), spec.get("auditAnnotations"));
    if validations.is_empty() && annotations.is_empty() {
        r.required(&validations, NOTHING);
        r.required(&annotations, NOTHING);
    }
    for validation in validations.items() {
        if validation.get("expression").str().trim().is_empty() {
            r.required(&validation.get("expression"), "expression is not specified");
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
