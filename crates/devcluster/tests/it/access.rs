//! Authentication and authorization.

use serde_json::json;

use crate::client::{Client, cluster};

#[tokio::test]
async fn users_may_do_nothing_until_roles_let_them() {
    let cluster = cluster().await;
    let (admin, alice) = (Client::new(&cluster, "admin"), Client::new(&cluster, "alice"));
    let path = "/api/v1/namespaces/default/configmaps";
    let refused = alice.get(path).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.body["message"],
        "configmaps is forbidden: User \"alice\" cannot list resource \"configmaps\" in API group \"\" in the namespace \"default\""
    );
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": { "name": "b" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "developers" }],
    });
    let bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";
    assert_eq!(admin.post(bindings, &binding).await.status, 201);
    assert_eq!(alice.get(path).await.status, 200);
    assert_eq!(alice.get("/api/v1/namespaces/default/secrets").await.status, 403);
}

#[tokio::test]
async fn a_bad_token_is_refused_and_none_is_anonymous() {
    let cluster = cluster().await;
    let nobody = Client::new(&cluster, "nobody");
    assert_eq!(nobody.get("/version").await.status, 200);
    assert_eq!(nobody.get("/api/v1/namespaces").await.status, 403);
    let bad =
        nobody.send("GET", "/version", &[("authorization", "Bearer nonsense")], bytes::Bytes::new()).await;
    assert_eq!(bad.status, 401);
}

#[tokio::test]
async fn nobody_grants_more_than_they_hold() {
    let cluster = cluster().await;
    let (admin, alice) = (Client::new(&cluster, "admin"), Client::new(&cluster, "alice"));
    let roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles";
    let bindings = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings";
    let binding = json!({
        "metadata": { "name": "b" },
        "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin" },
        "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "alice" }],
    });
    admin.post(bindings, &binding).await;
    let role = |resource: &str| json!({ "metadata": { "name": resource }, "rules": [{ "apiGroups": [""], "resources": [resource], "verbs": ["get"] }] });
    assert_eq!(alice.post(roles, &role("pods")).await.status, 201);
    let refused = alice.post(roles, &role("nodes")).await;
    assert_eq!(refused.status, 403);
    assert!(refused.body["message"].as_str().unwrap().contains("permissions not currently held"));
}

#[tokio::test]
async fn service_account_tokens_authenticate() {
    let cluster = cluster().await;
    let admin = Client::new(&cluster, "admin");
    let accounts = "/api/v1/namespaces/default/serviceaccounts";
    admin.post(accounts, &json!({ "metadata": { "name": "robot" } })).await;
    let answer = admin.post(&format!("{accounts}/robot/token"), &json!({ "spec": {} })).await;
    let token = answer.body["status"]["token"].as_str().unwrap();
    let header = format!("Bearer {token}");
    let nobody = Client::new(&cluster, "nobody");
    let read = nobody.send("GET", "/api/v1/nodes", &[("authorization", &header)], bytes::Bytes::new()).await;
    assert!(
        read.body["message"].as_str().unwrap().contains("system:serviceaccount:default:robot"),
        "{read:?}"
    );
}
