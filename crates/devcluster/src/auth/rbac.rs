//! Role based access control: the decision, its words, and the rules a user holds.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;

use super::{Attributes, User};
use crate::status::{ApiError, ApiResult, go_quote};
use crate::store::{Object, Store};

const GROUP: &str = "rbac.authorization.k8s.io";
const BUCKETS: [&str; 4] = [
    "rbac.authorization.k8s.io/clusterrolebindings",
    "rbac.authorization.k8s.io/rolebindings",
    "rbac.authorization.k8s.io/clusterroles",
    "rbac.authorization.k8s.io/roles",
];

/// One rule of a role.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Rule {
    #[serde(deserialize_with = "nullable")]
    pub(crate) verbs: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) api_groups: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) resources: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub(crate) resource_names: Vec<String>,
    #[serde(rename = "nonResourceURLs", deserialize_with = "nullable")]
    pub(crate) non_resource_urls: Vec<String>,
}

fn nullable<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(<Option<Vec<String>> as serde::Deserialize>::deserialize(deserializer)?.unwrap_or_default())
}

#[derive(Debug)]
struct Binding {
    namespace: String,
    name: String,
    role_kind: String,
    role: String,
    subjects: Vec<Subject>,
}

#[derive(Debug)]
struct Subject {
    kind: String,
    name: String,
    namespace: String,
}

/// All roles and bindings, parsed.
#[derive(Debug, Default)]
struct Index {
    cluster_bindings: Vec<Binding>,
    bindings: HashMap<String, Vec<Binding>>,
    cluster_roles: HashMap<String, Arc<Vec<Rule>>>,
    roles: HashMap<(String, String), Arc<Vec<Rule>>>,
}

/// The parsed roles, made anew when one of them changes.
#[derive(Default)]
pub(crate) struct RoleCache(Mutex<Option<([u64; 4], Arc<Index>)>>);

impl RoleCache {
    fn index(&self, store: &Store) -> Arc<Index> {
        let versions = BUCKETS.map(|bucket| store.changed(bucket));
        let mut cached = self.0.lock();
        match &*cached {
            Some((at, index)) if *at == versions => index.clone(),
            _ => {
                let index = Arc::new(Index::load(store));
                *cached = Some((versions, index.clone()));
                index
            }
        }
    }
}

impl Index {
    fn load(store: &Store) -> Self {
        let mut index = Self::default();
        let all = |bucket: &str| store.list(bucket, None).objects;
        index.cluster_bindings = all(BUCKETS[0]).iter().map(|o| Binding::new(o)).collect();
        for object in all(BUCKETS[1]) {
            let namespace = object.namespace.to_string();
            index.bindings.entry(namespace).or_default().push(Binding::new(&object));
        }
        for object in all(BUCKETS[2]) {
            index.cluster_roles.insert(object.name.to_string(), Arc::new(rules(&object.value())));
        }
        for object in all(BUCKETS[3]) {
            let key = (object.namespace.to_string(), object.name.to_string());
            index.roles.insert(key, Arc::new(rules(&object.value())));
        }
        index
    }

    fn rules_of(&self, binding: &Binding) -> Result<Arc<Vec<Rule>>, String> {
        if binding.role_kind == "ClusterRole" {
            return self
                .cluster_roles
                .get(&binding.role)
                .cloned()
                .ok_or_else(|| format!("clusterrole.{GROUP} {} not found", go_quote(&binding.role)));
        }
        let key = (binding.namespace.clone(), binding.role.clone());
        self.roles
            .get(&key)
            .cloned()
            .ok_or_else(|| format!("role.{GROUP} {} not found", go_quote(&binding.role)))
    }
}

/// The rules of a Role or `ClusterRole`.
pub(crate) fn rules(role: &Value) -> Vec<Rule> {
    serde_json::from_value(role["rules"].clone()).unwrap_or_default()
}

impl Binding {
    fn new(object: &Object) -> Self {
        let value = object.value();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let subjects = value["subjects"].as_array().into_iter().flatten();
        Self {
            namespace: object.namespace.to_string(),
            name: object.name.to_string(),
            role_kind: text(&value["roleRef"]["kind"]),
            role: text(&value["roleRef"]["name"]),
            subjects: subjects
                .map(|s| Subject {
                    kind: text(&s["kind"]),
                    name: text(&s["name"]),
                    namespace: text(&s["namespace"]),
                })
                .collect(),
        }
    }

    /// The subject that is this user, as the decision's reason names it.
    fn subject(&self, user: &User) -> Option<String> {
        self.subjects.iter().find_map(|subject| match subject.kind.as_str() {
            "User" if subject.name == user.name => Some(format!("User {}", go_quote(&subject.name))),
            "Group" if user.groups.contains(&subject.name) => {
                Some(format!("Group {}", go_quote(&subject.name)))
            }
            "ServiceAccount" => {
                let namespace =
                    if subject.namespace.is_empty() { &self.namespace } else { &subject.namespace };
                let name = format!("system:serviceaccount:{namespace}:{}", subject.name);
                (name == user.name)
                    .then(|| format!("ServiceAccount {}", go_quote(&format!("{}/{namespace}", subject.name))))
            }
            _ => None,
        })
    }
}

impl Rule {
    fn covers(&self, wanted: &Attributes) -> bool {
        let has = |list: &[String], value: &str| list.iter().any(|v| v == "*" || v == value);
        if !has(&self.verbs, &wanted.verb) {
            return false;
        }
        if !wanted.is_resource {
            return self.non_resource_urls.iter().any(|url| url_matches(url, &wanted.path));
        }
        has(&self.api_groups, &wanted.group)
            && self.covers_resource(&wanted.resource, &wanted.subresource)
            && (self.resource_names.is_empty() || self.resource_names.contains(&wanted.name))
    }

    fn covers_resource(&self, resource: &str, subresource: &str) -> bool {
        let combined =
            if subresource.is_empty() { resource.to_owned() } else { format!("{resource}/{subresource}") };
        self.resources.iter().any(|r| {
            r == "*"
                || *r == combined
                || (!subresource.is_empty() && r.strip_prefix("*/") == Some(subresource))
        })
    }

    /// As Kubernetes' `CompactString` prints it.
    fn compact(&self) -> String {
        let list = |items: &[String]| items.iter().map(|i| go_quote(i)).collect::<Vec<_>>().join(" ");
        let parts = [
            ("APIGroups", &self.api_groups),
            ("Resources", &self.resources),
            ("NonResourceURLs", &self.non_resource_urls),
            ("ResourceNames", &self.resource_names),
            ("Verbs", &self.verbs),
        ];
        let shown =
            parts.iter().filter(|(_, l)| !l.is_empty()).map(|(name, l)| format!("{name}:[{}]", list(l)));
        format!("{{{}}}", shown.collect::<Vec<_>>().join(", "))
    }
}

fn url_matches(pattern: &str, path: &str) -> bool {
    pattern == "*"
        || pattern == path
        || pattern.strip_suffix('*').is_some_and(|prefix| path.starts_with(prefix))
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) allowed: bool,
    /// Why, in Kubernetes' words; empty for `system:masters`.
    pub(crate) reason: String,
}

/// Decides what users may do, with the roles in a store.
pub(crate) struct Authorizer<'a> {
    store: &'a Store,
    cache: &'a RoleCache,
}

impl<'a> Authorizer<'a> {
    pub(crate) fn new(store: &'a Store, cache: &'a RoleCache) -> Self {
        Self { store, cache }
    }

    /// Whether the user may do it.
    pub(crate) fn decide(&self, user: &User, wanted: &Attributes) -> Decision {
        if user.is_master() {
            return Decision { allowed: true, reason: String::new() };
        }
        let index = self.cache.index(self.store);
        let mut errors: Vec<String> = Vec::new();
        let namespaced = index.bindings.get(&wanted.namespace).filter(|_| !wanted.namespace.is_empty());
        let bindings = index.cluster_bindings.iter().chain(namespaced.into_iter().flatten());
        for binding in bindings {
            let Some(subject) = binding.subject(user) else { continue };
            match index.rules_of(binding) {
                Err(error) => errors.push(error),
                Ok(rules) if rules.iter().any(|rule| rule.covers(wanted)) => {
                    let what = if binding.namespace.is_empty() {
                        format!("ClusterRoleBinding {}", go_quote(&binding.name))
                    } else {
                        format!(
                            "RoleBinding {}",
                            go_quote(&format!("{}/{}", binding.name, binding.namespace))
                        )
                    };
                    let role = format!("{} {}", binding.role_kind, go_quote(&binding.role));
                    return Decision {
                        allowed: true,
                        reason: format!("RBAC: allowed by {what} of {role} to {subject}"),
                    };
                }
                Ok(_) => {}
            }
        }
        let reason = match errors.as_slice() {
            [] => String::new(),
            [one] => format!("RBAC: {one}"),
            many => format!("RBAC: [{}]", many.join(", ")),
        };
        Decision { allowed: false, reason }
    }

    /// Lets the request pass or refuses it.
    ///
    /// # Errors
    /// 403 in Kubernetes' words.
    pub(crate) fn authorize(&self, user: &User, wanted: &Attributes) -> ApiResult<()> {
        let decision = self.decide(user, wanted);
        if decision.allowed { Ok(()) } else { Err(self.forbidden(user, wanted, &decision.reason)) }
    }

    /// The 403 of a request.
    #[expect(clippy::unused_self, reason = "belongs to the decision")]
    pub(crate) fn forbidden(&self, user: &User, wanted: &Attributes, reason: &str) -> ApiError {
        let name = go_quote(&user.name);
        let tail = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        if !wanted.is_resource {
            let why = format!("User {name} cannot {} path {}{tail}", wanted.verb, go_quote(&wanted.path));
            return ApiError::forbidden("", "", "", &why);
        }
        let resource = if wanted.subresource.is_empty() {
            wanted.resource.clone()
        } else {
            format!("{}/{}", wanted.resource, wanted.subresource)
        };
        let place = if wanted.namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {}", go_quote(&wanted.namespace))
        };
        let why = format!(
            "User {name} cannot {} resource {} in API group {} {place}{tail}",
            wanted.verb,
            go_quote(&resource),
            go_quote(&wanted.group)
        );
        ApiError::forbidden(&wanted.group, &wanted.resource, &wanted.name, &why)
    }

    /// All rules that a user holds in a namespace, cluster-wide ones included, and what went wrong.
    pub(crate) fn rules_for(&self, user: &User, namespace: &str) -> (Vec<Rule>, Vec<String>) {
        let index = self.cache.index(self.store);
        let mut rules = Vec::new();
        let mut errors = Vec::new();
        if user.is_master() {
            let all = || vec!["*".to_owned()];
            rules.push(Rule { verbs: all(), api_groups: all(), resources: all(), ..Rule::default() });
            rules.push(Rule { verbs: all(), non_resource_urls: all(), ..Rule::default() });
        }
        let namespaced = index.bindings.get(namespace).filter(|_| !namespace.is_empty());
        for binding in index.cluster_bindings.iter().chain(namespaced.into_iter().flatten()) {
            if binding.subject(user).is_some() {
                match index.rules_of(binding) {
                    Ok(found) => rules.extend(found.iter().cloned()),
                    Err(error) => errors.push(error),
                }
            }
        }
        (rules, errors)
    }

    /// Refuses a role or binding that gives more than its author holds.
    ///
    /// # Errors
    /// 403 in Kubernetes' words.
    pub(crate) fn confirm_no_escalation(
        &self,
        user: &User,
        namespace: &str,
        plural: &str,
        name: &str,
        wanted: &[Rule],
    ) -> ApiResult<()> {
        let (held, errors) = self.rules_for(user, namespace);
        let missing: Vec<Rule> = wanted
            .iter()
            .flat_map(break_down)
            .filter(|one| !held.iter().any(|rule| rule_covers(rule, one)))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let mut shown: Vec<String> = compact_rules(&missing).iter().map(Rule::compact).collect();
        shown.sort();
        let groups = user.groups.iter().map(|g| go_quote(g)).collect::<Vec<_>>().join(" ");
        let mut why = format!(
            "user {} (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{}",
            go_quote(&user.name),
            shown.join("\n")
        );
        if !errors.is_empty() {
            why.push_str(&format!("; resolution errors: [{}]", errors.join(", ")));
        }
        Err(ApiError::forbidden(GROUP, plural, name, &why))
    }

    /// The rules that a `roleRef` names.
    ///
    /// # Errors
    /// 404 in Kubernetes' words.
    pub(crate) fn referenced_rules(&self, role_ref: &Value, namespace: &str) -> ApiResult<Vec<Rule>> {
        let name = role_ref["name"].as_str().unwrap_or_default();
        let (bucket, namespace, plural) = if role_ref["kind"] == "ClusterRole" {
            (BUCKETS[2], "", "clusterroles")
        } else {
            (BUCKETS[3], namespace, "roles")
        };
        let role = self
            .store
            .get(bucket, namespace, name)
            .ok_or_else(|| ApiError::not_found(GROUP, plural, name))?;
        Ok(rules(&role.value()))
    }
}

/// A rule as rules of one verb, one group and one resource (and one name) each.
fn break_down(rule: &Rule) -> Vec<Rule> {
    let mut out = Vec::new();
    for verb in &rule.verbs {
        for url in &rule.non_resource_urls {
            out.push(Rule {
                verbs: vec![verb.clone()],
                non_resource_urls: vec![url.clone()],
                ..Rule::default()
            });
        }
        for group in &rule.api_groups {
            for resource in &rule.resources {
                let one = Rule {
                    verbs: vec![verb.clone()],
                    api_groups: vec![group.clone()],
                    resources: vec![resource.clone()],
                    ..Rule::default()
                };
                if rule.resource_names.is_empty() {
                    out.push(one);
                } else {
                    let named = |name: &String| Rule { resource_names: vec![name.clone()], ..one.clone() };
                    out.extend(rule.resource_names.iter().map(named));
                }
            }
        }
    }
    out
}

/// Whether a held rule covers one that was broken down.
fn rule_covers(held: &Rule, one: &Rule) -> bool {
    let all =
        |list: &[String], wanted: &[String]| wanted.iter().all(|w| list.iter().any(|l| l == "*" || l == w));
    if !all(&held.verbs, &one.verbs) {
        return false;
    }
    if !one.non_resource_urls.is_empty() {
        return one
            .non_resource_urls
            .iter()
            .all(|url| held.non_resource_urls.iter().any(|h| url_matches(h, url)));
    }
    let resource = |wanted: &String| {
        held.resources.iter().any(|r| {
            r == "*"
                || r == wanted
                || r.strip_prefix("*/")
                    .is_some_and(|sub| wanted.split_once('/').is_some_and(|(_, s)| s == sub))
        })
    };
    all(&held.api_groups, &one.api_groups)
        && one.resources.iter().all(resource)
        && (held.resource_names.is_empty()
            || (!one.resource_names.is_empty()
                && one.resource_names.iter().all(|n| held.resource_names.contains(n))))
}

/// Joins the verbs of rules that are equal but for them.
pub(crate) fn compact_rules(rules: &[Rule]) -> Vec<Rule> {
    let mut out: Vec<Rule> = Vec::new();
    for rule in rules {
        let same = |o: &&mut Rule| {
            o.api_groups == rule.api_groups
                && o.resources == rule.resources
                && o.resource_names == rule.resource_names
                && o.non_resource_urls == rule.non_resource_urls
        };
        match out.iter_mut().find(same) {
            Some(found) => {
                for verb in &rule.verbs {
                    if !found.verbs.contains(verb) {
                        found.verbs.push(verb.clone());
                    }
                }
            }
            None => out.push(rule.clone()),
        }
    }
    out
}
