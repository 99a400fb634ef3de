//! The read-only user of the embedded cluster, and the rights behind the name.

use anyhow::Context;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding};
use kube::{
    Api, Client,
    api::{Patch, PatchParams},
};
use pilothouse_devcluster::{StaticUser, Token};
use serde_json::json;

use super::data_dir::DataDir;

/// Name of the user.
const NAME: &str = "viewer";
/// File in the data directory with the user's token.
const TOKEN_FILE: &str = "viewer-token";

/// The user, with the token of the last start.
///
/// # Errors
/// Where a new token cannot be kept.
pub(crate) fn user(data_dir: &DataDir) -> anyhow::Result<StaticUser> {
    let kept = std::fs::read_to_string(data_dir.join(TOKEN_FILE)).unwrap_or_default();
    let token = match kept.trim() {
        kept if !kept.is_empty() => Token::new(kept),
        _ => {
            let token = Token::random();
            data_dir.write_private(TOKEN_FILE, &format!("{}\n", token.reveal()))?;
            token
        }
    };
    Ok(StaticUser { token, name: NAME.to_owned(), uid: NAME.to_owned(), groups: Vec::new() })
}

/// Lets the user read everything but Secrets, in all namespaces.
///
/// # Errors
/// Where the roles cannot be applied.
pub(crate) async fn grant(client: &Client) -> anyhow::Result<()> {
    let role: ClusterRole = serde_json::from_value(json!({
        "metadata": {"name": "pilothouse-view", "labels": {"rbac.authorization.k8s.io/aggregate-to-view": "true"}},
        "rules": [
            {"apiGroups": ["source.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": ["", "events.k8s.io"], "resources": ["events", "namespaces", "nodes"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": ["apiextensions.k8s.io"], "resources": ["customresourcedefinitions"], "verbs": ["get", "list", "watch"]},
        ],
    }))
    .context("cannot make the role of the read-only user")?;
    let parameters = PatchParams::apply("pilothouse").force();
    Api::<ClusterRole>::all(client.clone())
        .patch("pilothouse-view", &parameters, &Patch::Apply(&role))
        .await
        .context("cannot apply the role of the read-only user")?;
    let bindings: Api<ClusterRoleBinding> = Api::all(client.clone());
    for role in ["view", "pilothouse-view"] {
        let name = format!("pilothouse:viewer:{role}");
        let binding: ClusterRoleBinding = serde_json::from_value(json!({
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": NAME}],
        }))
        .context("cannot make the binding of the read-only user")?;
        bindings
            .patch(&name, &parameters, &Patch::Apply(&binding))
            .await
            .context("cannot bind the read-only user")?;
    }
    Ok(())
}
