//! Roles and their bindings.

use super::format;
use super::report::{At, Report};

const GROUP: &str = "rbac.authorization.k8s.io";

pub(super) fn validate(r: &mut Report, at: &At<'_>, kind: &str) {
    match kind {
        "Role" | "ClusterRole" => role(r, at, kind == "Role"),
        "RoleBinding" | "ClusterRoleBinding" => binding(r, at, kind == "RoleBinding"),
        _ => {}
    }
}

fn role(r: &mut Report, at: &At<'_>, namespaced: bool) {
    for rule in at.get("rules").items() {
        r.late_required(&rule.get("verbs"));
        let urls = rule.get("nonResourceURLs");
        if urls.is_empty() {
            if rule.get("apiGroups").is_empty() {
                r.required(&rule.get("apiGroups"), "resource rules must supply at least one api group");
            }
            if rule.get("resources").is_empty() {
                r.required(&rule.get("resources"), "resource rules must supply at least one resource");
            }
            continue;
        }
        if namespaced {
            r.invalid(&urls, "namespaced rules cannot apply to non-resource URLs");
        }
        if ["apiGroups", "resources", "resourceNames"].iter().any(|f| !rule.get(f).is_empty()) {
            r.invalid(&urls, "rules cannot apply to both regular resources and non-resource URLs");
        }
    }
    let aggregation = at.get("aggregationRule");
    if namespaced || !aggregation.has() {
        return;
    }
    let selectors = aggregation.get("clusterRoleSelectors");
    if selectors.is_empty() {
        r.required(&selectors, "at least one clusterRoleSelector required if aggregationRule is non-nil");
    }
    for selector in selectors.items() {
        let before = r.causes.len();
        r.selector(&selector);
        if r.causes.len() > before {
            r.invalid_as(&selector, &serde_json::Value::Null, "invalid label selector.");
        }
    }
}

fn binding(r: &mut Report, at: &At<'_>, namespaced: bool) {
    let reference = at.get("roleRef");
    let (group, kind, name) = (reference.get("apiGroup"), reference.get("kind"), reference.get("name"));
    if group.str() != GROUP {
        r.unsupported(&group, &[GROUP]);
    }
    let kinds: &[&str] = if namespaced { &["Role", "ClusterRole"] } else { &["ClusterRole"] };
    if !kinds.contains(&kind.str()) {
        r.unsupported(&kind, kinds);
    }
    if name.is_empty() {
        r.late_required(&name);
    } else {
        r.all(&name, format::path_segment(name.str()));
    }
    for one in at.get("subjects").items() {
        subject(r, &one, namespaced);
    }
}

fn subject(r: &mut Report, at: &At<'_>, namespaced: bool) {
    let (kind, name, group) = (at.get("kind"), at.get("name"), at.get("apiGroup"));
    if name.is_empty() {
        r.late_required(&name);
    }
    match kind.str() {
        "ServiceAccount" => {
            if !name.is_empty() {
                r.dns_subdomain(&name);
            }
            if !group.is_empty() {
                r.unsupported(&group, &[""]);
            }
            if !namespaced && at.get("namespace").is_empty() {
                r.required(&at.get("namespace"), "");
            }
        }
        "User" | "Group" => {
            if group.str() != GROUP {
                r.unsupported(&group, &[GROUP]);
            }
        }
        _ => r.unsupported(&kind, &["ServiceAccount", "User", "Group"]),
    }
}

/// The role of a binding cannot change; it is shown as Go's internal struct.
pub(super) fn role_ref_update(r: &mut Report, at: &At<'_>, old: &At<'_>) {
    let reference = at.get("roleRef");
    if reference.value != old.get("roleRef").value {
        let text = format!(
            "Invalid value: {{\"APIGroup\":{},\"Kind\":{},\"Name\":{}}}: field is immutable",
            reference.get("apiGroup").value,
            reference.get("kind").value,
            reference.get("name").value
        );
        r.late(|r| {
            r.causes.push(crate::status::Cause::new("FieldValueInvalid", reference.path.clone(), text));
        });
    }
}
