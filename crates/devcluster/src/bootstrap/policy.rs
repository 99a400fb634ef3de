//! The default `ClusterRoles` and bindings, read from a table.

use serde_json::{Map, Value, json};

const GROUP: &str = "rbac.authorization.k8s.io";

/// `ClusterRoles` and `ClusterRoleBindings`, aggregated ones with their rules.
pub(super) fn objects() -> Vec<Value> {
    let mut roles: Vec<Value> = Vec::new();
    let mut bindings: Vec<Value> = Vec::new();
    for line in include_str!("roles.txt").lines() {
        let Some((keyword, rest)) = line.split_once(' ') else { continue };
        match keyword {
            "role" => roles.push(role(rest)),
            "rule" => add_rule(&mut roles, resource_rule(rest)),
            "url" => add_rule(&mut roles, url_rule(rest)),
            "binding" => bindings.push(binding(rest)),
            _ => {}
        }
    }
    // Twice: `admin` aggregates `edit`, which aggregates `view`.
    for _ in 0..3 {
        aggregate(&mut roles);
    }
    roles.extend(bindings);
    roles
}

fn metadata(name: &str) -> Value {
    json!({
        "name": name,
        "labels": { "kubernetes.io/bootstrapping": "rbac-defaults" },
        "annotations": { "rbac.authorization.kubernetes.io/autoupdate": "true" },
    })
}

fn role(text: &str) -> Value {
    let mut words = text.split(' ');
    let name = words.next().unwrap_or_default();
    let mut role = json!({ "apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRole", "metadata": metadata(name), "rules": [] });
    for word in words {
        let Some((key, value)) = word.split_once('=') else { continue };
        if key == "aggregate" {
            let selector = json!([{ "matchLabels": { (value): "true" } }]);
            role["aggregationRule"] = json!({ "clusterRoleSelectors": selector });
        } else {
            role["metadata"]["labels"][key] = json!(value);
        }
    }
    role
}

fn words(text: &str) -> Vec<&str> {
    text.split(' ').filter(|w| !w.is_empty()).map(|w| if w == "core" { "" } else { w }).collect()
}

fn resource_rule(text: &str) -> Value {
    let parts: Vec<&str> = text.split(';').collect();
    let part = |i: usize| words(parts.get(i).copied().unwrap_or_default());
    json!({ "apiGroups": part(0), "resources": part(1), "verbs": part(2) })
}

fn url_rule(text: &str) -> Value {
    let (urls, verbs) = text.split_once(';').unwrap_or((text, ""));
    json!({ "nonResourceURLs": words(urls), "verbs": words(verbs) })
}

fn add_rule(roles: &mut [Value], rule: Value) {
    if let Some(Value::Array(rules)) = roles.last_mut().and_then(|role| role.get_mut("rules")) {
        rules.push(rule);
    }
}

fn binding(text: &str) -> Value {
    let mut words = text.split(' ');
    let (name, role) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let subjects: Vec<Value> = words
        .filter_map(|word| word.split_once(':'))
        .map(|(kind, name)| json!({ "kind": kind, "apiGroup": GROUP, "name": name }))
        .collect();
    json!({
        "apiVersion": format!("{GROUP}/v1"), "kind": "ClusterRoleBinding", "metadata": metadata(name),
        "roleRef": { "apiGroup": GROUP, "kind": "ClusterRole", "name": role }, "subjects": subjects,
    })
}

fn aggregate(roles: &mut [Value]) {
    let all = roles.to_vec();
    for role in roles.iter_mut() {
        let selector = &role["aggregationRule"]["clusterRoleSelectors"][0]["matchLabels"];
        let Some(wanted) = selector.as_object().cloned() else { continue };
        role["rules"] = Value::Array(gathered(&all, &role["metadata"]["name"], &wanted));
    }
}

fn gathered(all: &[Value], own: &Value, wanted: &Map<String, Value>) -> Vec<Value> {
    let mut rules: Vec<Value> = Vec::new();
    for part in all {
        let labels = &part["metadata"]["labels"];
        if part["metadata"]["name"] == *own || !wanted.iter().all(|(key, value)| labels[key] == *value) {
            continue;
        }
        for rule in part["rules"].as_array().into_iter().flatten() {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_holds_what_edit_and_view_hold() {
        let all = objects();
        let find = |name: &str| all.iter().find(|o| o["metadata"]["name"] == name).unwrap();
        let count = |name: &str| find(name)["rules"].as_array().unwrap().len();
        assert!(count("view") > 5);
        assert!(count("edit") > count("view"));
        assert!(count("admin") > count("edit"));
    }
}
