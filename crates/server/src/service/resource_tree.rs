//! The resources of a release as a tree, with their health.

use std::collections::{BTreeMap, HashMap};

use futures::{StreamExt, stream};
use jiff::Timestamp;
use k8s_openapi::api::{
    apps::v1::ReplicaSet,
    batch::v1::Job,
    core::v1::{PersistentVolumeClaim, Pod},
};
use kube::api::ListParams;
use pilothouse_release::{
    Record,
    cluster::{Cluster, Error as ClusterError},
    health::{self, Health, Jobs},
    object,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    events::{self, EventView},
    objects::{Namespaced, api, list_map},
    sources::Sources,
};
use crate::{Caller, problem::Problem};

/// Most objects of a release that are looked at.
const MAX_OBJECTS: usize = 2_000;
/// Objects asked for at a time.
const PARALLEL: usize = 16;
/// Most levels below an object of the release (Deployment, then `ReplicaSet`, then Pod: two).
const MAX_DEPTH: usize = 6;

/// An object of a release, with what it made.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// API version.
    pub api_version: String,
    /// Kind.
    pub kind: String,
    /// Namespace; absent for kinds of the whole cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Name.
    pub name: String,
    /// `Current`, `InProgress`, `Failed`, `Terminating`, `NotFound` or `Unknown` (could not be looked at).
    pub health: String,
    /// Why it is not current.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// Warnings about it, newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<EventView>,
    /// What it made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub children: Vec<Self>,
}

/// The resources of a release.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resources {
    /// Revision whose manifest names them.
    pub revision: u32,
    /// State of the whole in one sentence: the object that is not ready, and why.
    pub summary: String,
    /// Number of objects by health.
    pub counts: BTreeMap<String, usize>,
    /// The objects.
    pub items: Vec<Node>,
    /// Whether there are more objects than are told.
    pub truncated: bool,
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn node(live: &Value, health: &Health) -> Node {
    Node {
        api_version: text(live, "/apiVersion"),
        kind: text(live, "/kind"),
        namespace: Some(text(live, "/metadata/namespace")).filter(|namespace| !namespace.is_empty()),
        name: text(live, "/metadata/name"),
        health: health.as_str().to_owned(),
        reason: Some(health.reason().to_owned()).filter(|reason| !reason.is_empty()),
        created_at: text(live, "/metadata/creationTimestamp").parse().ok(),
        events: Vec::new(),
        children: Vec::new(),
    }
}

/// Objects that are owned by others, by the owner's uid.
#[derive(Default)]
struct Owned {
    by_owner: HashMap<String, Vec<Value>>,
}

impl Owned {
    async fn of(caller: &Caller, namespaces: &[String]) -> Self {
        let mut owned = Self::default();
        for namespace in namespaces {
            let (sets, pods, jobs, claims) = tokio::join!(
                listed::<ReplicaSet>(caller, namespace),
                listed::<Pod>(caller, namespace),
                listed::<Job>(caller, namespace),
                listed::<PersistentVolumeClaim>(caller, namespace),
            );
            for object in [sets, pods, jobs, claims].into_iter().flatten() {
                let owners = object.pointer("/metadata/ownerReferences").and_then(Value::as_array).cloned();
                for owner in owners.unwrap_or_default() {
                    owned.by_owner.entry(text(&owner, "/uid")).or_default().push(object.clone());
                }
            }
        }
        owned
    }

    fn below(&self, uid: &str, depth: usize) -> Vec<Node> {
        if depth >= MAX_DEPTH || uid.is_empty() {
            return Vec::new();
        }
        let children = self.by_owner.get(uid).map(Vec::as_slice).unwrap_or_default();
        let shown = children.iter().filter(|child| !is_retired(child)).map(|child| {
            let mut node = node(child, &health::of(child, Jobs::Completed));
            node.children = self.below(&text(child, "/metadata/uid"), depth + 1);
            node
        });
        shown.collect()
    }
}

/// A `ReplicaSet` of an earlier template that runs nothing any more.
fn is_retired(object: &Value) -> bool {
    let count = |pointer: &str| object.pointer(pointer).and_then(Value::as_i64).unwrap_or_default();
    text(object, "/kind") == "ReplicaSet" && count("/spec/replicas") == 0 && count("/status/replicas") == 0
}

/// All objects of a kind in a namespace as JSON; none where the caller may not list them.
async fn listed<K: Namespaced>(caller: &Caller, namespace: &str) -> Vec<Value> {
    let kind = api::<K>(&caller.client, Some(namespace));
    let found = list_map(&kind, ListParams::default(), |object| {
        let mut json = serde_json::to_value(&object).ok()?;
        let fields = json.as_object_mut()?;
        fields.insert("apiVersion".into(), K::api_version(&()).into());
        fields.insert("kind".into(), K::kind(&()).into());
        Some(json)
    });
    found.await.unwrap_or_default()
}

/// The resources of a release, as its newest record's manifest names them.
pub async fn of_record(caller: &Caller, sources: &Sources, record: &Record) -> Result<Resources, Problem> {
    let mut objects = object::parse(&record.manifest).map_err(|error| {
        Problem::upstream("manifest-unreadable", "The manifest cannot be read", error.to_string())
    })?;
    let truncated = objects.len() > MAX_OBJECTS;
    objects.truncate(MAX_OBJECTS);
    let cluster = sources.cluster(caller);
    let looked: Vec<(Node, String)> = stream::iter(objects.into_iter().map(|object| {
        let cluster = cluster.clone();
        let namespace = record.namespace.clone();
        async move { look(&cluster, object, &namespace).await }
    }))
    .buffered(PARALLEL)
    .collect()
    .await;
    let mut namespaces: Vec<String> = looked.iter().filter_map(|(node, _)| node.namespace.clone()).collect();
    namespaces.sort();
    namespaces.dedup();
    let (owned, warnings) = tokio::join!(Owned::of(caller, &namespaces), warnings(caller, &namespaces));
    let mut items: Vec<Node> = looked
        .into_iter()
        .map(|(mut node, uid)| {
            node.children = owned.below(&uid, 0);
            node
        })
        .collect();
    for item in &mut items {
        add_events(item, &warnings, 0);
    }
    let mut counts = BTreeMap::new();
    for item in &items {
        *counts.entry(item.health.clone()).or_insert(0) += 1;
    }
    Ok(Resources { revision: record.version, summary: summary(&items), counts, items, truncated })
}

async fn look(cluster: &Cluster, object: object::Object, namespace: &str) -> (Node, String) {
    let unknown = |health: &str, reason: Option<String>, namespace: &str| Node {
        api_version: object.api_version().to_owned(),
        kind: object.kind().to_owned(),
        namespace: Some(namespace.to_owned()).filter(|namespace| !namespace.is_empty()),
        name: object.name().to_owned(),
        health: health.to_owned(),
        reason,
        created_at: None,
        events: Vec::new(),
        children: Vec::new(),
    };
    let placed = match cluster.place(object.clone(), namespace).await {
        Ok(placed) => placed,
        Err(error) => return (unknown("Unknown", Some(why(&error)), object.namespace()), String::new()),
    };
    let place = placed.object.namespace().to_owned();
    match cluster.get(&placed).await {
        Ok(Some(live)) => {
            let mut node = node(&live, &health::of(&live, Jobs::Completed));
            if node.kind.is_empty() {
                object.kind().clone_into(&mut node.kind);
                object.api_version().clone_into(&mut node.api_version);
            }
            (node, text(&live, "/metadata/uid"))
        }
        Ok(None) => {
            (unknown("NotFound", Some("it does not exist in the cluster".into()), &place), String::new())
        }
        Err(error) => (unknown("Unknown", Some(why(&error)), &place), String::new()),
    }
}

fn why(error: &ClusterError) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

async fn warnings(
    caller: &Caller,
    namespaces: &[String],
) -> HashMap<(String, String, String), Vec<EventView>> {
    let mut all: HashMap<_, Vec<EventView>> = HashMap::new();
    for namespace in namespaces {
        // Who may not list events sees the tree without them.
        for event in events::of_namespace(caller, Some(namespace)).await.unwrap_or_default() {
            if event.type_ == "Warning" {
                let key = (event.kind.clone(), namespace.clone(), event.name.clone());
                all.entry(key).or_default().push(event);
            }
        }
    }
    all
}

fn add_events(node: &mut Node, warnings: &HashMap<(String, String, String), Vec<EventView>>, depth: usize) {
    let key = (node.kind.clone(), node.namespace.clone().unwrap_or_default(), node.name.clone());
    if let Some(found) = warnings.get(&key) {
        node.events = found.iter().take(5).cloned().collect();
    }
    if depth < MAX_DEPTH {
        for child in &mut node.children {
            add_events(child, warnings, depth + 1);
        }
    }
}

/// The deepest reason is the one that helps: the Pod's rather than the Deployment's.
fn deepest(node: &Node, depth: usize) -> &Node {
    let worse = node.children.iter().find(|child| child.health == "Failed").or_else(|| {
        node.children.iter().find(|child| !matches!(child.health.as_str(), "Current" | "Terminating"))
    });
    match worse {
        Some(child) if depth < MAX_DEPTH => deepest(child, depth + 1),
        _ => node,
    }
}

fn summary(items: &[Node]) -> String {
    let order = ["Failed", "NotFound", "InProgress", "Terminating", "Unknown"];
    let worst = order.iter().find_map(|health| items.iter().find(|item| item.health == *health));
    let Some(worst) = worst else {
        return match items.len() {
            0 => "The release has no resources.".to_owned(),
            1 => "The one resource is ready.".to_owned(),
            count => format!("All {count} resources are ready."),
        };
    };
    let cause = deepest(worst, 0);
    let reason = cause.reason.as_ref().or(worst.reason.as_ref());
    let said = match worst.health.as_str() {
        "Failed" => "has failed",
        "NotFound" => "is missing",
        "InProgress" => "is not ready yet",
        "Terminating" => "is being deleted",
        _ => "could not be looked at",
    };
    let because = reason.map(|reason| format!(": {reason}")).unwrap_or_default();
    if std::ptr::eq(cause, worst) {
        format!("{} `{}` {said}{because}.", worst.kind, worst.name)
    } else {
        format!(
            "{} `{}` {said}, because of {} `{}`{because}.",
            worst.kind, worst.name, cause.kind, cause.name
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample(kind: &str, name: &str, health: &Health) -> Node {
        node(&json!({"kind": kind, "metadata": {"name": name}}), health)
    }

    #[test]
    fn the_summary_names_the_object_that_is_not_ready() {
        assert_eq!(summary(&[]), "The release has no resources.");
        let ready = sample("Service", "web", &Health::Current);
        assert_eq!(summary(&[ready.clone(), ready.clone()]), "All 2 resources are ready.");
        let mut deployment = sample("Deployment", "web", &Health::InProgress("1 of 2 ready".into()));
        deployment.children = vec![sample("Pod", "web-1", &Health::Failed("image not found".into()))];
        assert_eq!(
            summary(&[ready, deployment]),
            "Deployment `web` is not ready yet, because of Pod `web-1`: image not found."
        );
    }
}
