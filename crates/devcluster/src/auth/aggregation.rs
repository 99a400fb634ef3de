//! Aggregated `ClusterRoles`: their rules are those of the roles that their selectors choose.

use serde_json::{Value, json};

use crate::client::Client;
use crate::cluster::Cluster;
use crate::selectors::LabelSelector;

const BUCKET: &str = "rbac.authorization.k8s.io/clusterroles";

/// Keeps aggregated `ClusterRoles` up to date until the cluster shuts down.
pub(crate) fn start(cluster: &Cluster) {
    let client = cluster.client("clusterrole-aggregation-controller");
    cluster.spawn(async move {
        loop {
            let (_, version) = client.list(BUCKET, None);
            aggregate(&client).await;
            let mut changes = client.changes(BUCKET, version);
            while changes.next().await.is_some() {
                aggregate(&client).await;
            }
            if client.cluster().shutdown_token().is_cancelled() {
                return;
            }
        }
    });
}

async fn aggregate(client: &Client) {
    let Some(resource) = client.cluster().resource("rbac.authorization.k8s.io", "ClusterRole") else {
        return;
    };
    let roles: Vec<Value> = client.list(BUCKET, None).0.iter().map(|role| role.value()).collect();
    for role in &roles {
        let Some(selectors) = role["aggregationRule"]["clusterRoleSelectors"].as_array() else { continue };
        let rules = gathered(&roles, role, selectors);
        if same(&role["rules"], &rules) {
            continue;
        }
        let name = role["metadata"]["name"].as_str().unwrap_or_default();
        let written = client
            .modify(&resource, "", "", name, |object| {
                object["rules"] = json!(rules);
                true
            })
            .await;
        if let Err(error) = written {
            tracing::warn!(%error, role = name, "cannot aggregate a ClusterRole");
        }
    }
}

fn same(current: &Value, wanted: &[Value]) -> bool {
    current.as_array().map_or(wanted.is_empty(), |current| current == wanted)
}

fn gathered(roles: &[Value], own: &Value, selectors: &[Value]) -> Vec<Value> {
    let mut rules: Vec<Value> = Vec::new();
    for selector in selectors.iter().filter_map(LabelSelector::from_object) {
        let chosen = roles.iter().filter(|role| {
            role["metadata"]["name"] != own["metadata"]["name"]
                && selector.matches_json(&role["metadata"]["labels"])
        });
        for rule in chosen.flat_map(|role| role["rules"].as_array().into_iter().flatten()) {
            if !rules.contains(rule) {
                rules.push(rule.clone());
            }
        }
    }
    rules
}
