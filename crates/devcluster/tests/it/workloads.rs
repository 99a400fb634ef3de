//! The simulated workloads.

use pilothouse_devcluster::{DevCluster, Options};
use serde_json::{Value, json};

use crate::client::Client;
use crate::wait::{has_condition, simulated, simulated_options, until};

const DEPLOYMENTS: &str = "/apis/apps/v1/namespaces/default/deployments";
const PODS: &str = "/api/v1/namespaces/default/pods";

fn deployment(image: &str, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "web" },
        "spec": {
            "replicas": replicas, "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "app", "image": image }] },
            },
        },
    })
}

fn items(list: &Value) -> usize {
    list["items"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_deployment_rolls_out_rolls_over_and_goes() {
    let cluster = simulated().await;
    let admin = Client::new(&cluster, "admin");
    assert_eq!(admin.post(DEPLOYMENTS, &deployment("nginx:1", 3)).await.status, 201);
    let path = format!("{DEPLOYMENTS}/web");
    let ready = |revision: &'static str| {
        move |answer: &crate::client::Answer| {
            let status = &answer.body["status"];
            status["availableReplicas"] == 3
                && status["updatedReplicas"] == 3
                && status["replicas"] == 3
                && answer.body["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == revision
        }
    };
    let first = until(&admin, &path, ready("1")).await.body;
    assert_eq!(first["metadata"]["generation"], 1);
    assert!(has_condition(&first, "Available", "True"));
    let image = json!({ "spec": { "template": { "spec": { "containers": [{ "name": "app", "image": "nginx:2" }] } } } });
    admin.patch(&path, "strategic-merge-patch+json", &image).await;
    until(&admin, &path, ready("2")).await;
    let sets = admin.get("/apis/apps/v1/namespaces/default/replicasets").await.body;
    assert_eq!(items(&sets), 2);
    admin.delete(&path, &json!({ "propagationPolicy": "Foreground" })).await;
    until(&admin, &path, |a| a.status == 404).await;
    assert_eq!(items(&admin.get(PODS).await.body), 0);
}

#[tokio::test]
async fn annotations_make_pods_fail_hang_and_crash() {
    let cluster = simulated().await;
    let admin = Client::new(&cluster, "admin");
    let pod = |name: &str, mode: &str| {
        json!({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": { "name": name, "annotations": { "pilothouse.test/pod": mode } },
            "spec": { "restartPolicy": if mode == "failed" { "Never" } else { "Always" },
                "containers": [{ "name": "app", "image": "x" }] },
        })
    };
    for mode in ["unready", "pending", "image-pull-error", "crash-loop", "failed"] {
        assert_eq!(admin.post(PODS, &pod(mode, mode)).await.status, 201);
    }
    let state = |body: &Value| body["status"]["containerStatuses"][0]["state"].clone();
    until(&admin, &format!("{PODS}/unready"), |a| {
        a.body["status"]["phase"] == "Running" && has_condition(&a.body, "Ready", "False")
    })
    .await;
    until(&admin, &format!("{PODS}/image-pull-error"), |a| {
        state(&a.body)["waiting"]["reason"] == "ImagePullBackOff"
    })
    .await;
    until(&admin, &format!("{PODS}/crash-loop"), |a| {
        state(&a.body)["waiting"]["reason"] == "CrashLoopBackOff"
    })
    .await;
    until(&admin, &format!("{PODS}/failed"), |a| a.body["status"]["phase"] == "Failed").await;
    let pending =
        until(&admin, &format!("{PODS}/pending"), |a| has_condition(&a.body, "PodScheduled", "True")).await;
    assert_eq!(pending.body["status"]["phase"], "Pending");
}

#[tokio::test]
async fn jobs_end_and_stateful_sets_have_volumes() {
    let cluster = simulated().await;
    let admin = Client::new(&cluster, "admin");
    let containers = json!([{ "name": "a", "image": "x" }]);
    let jobs = "/apis/batch/v1/namespaces/default/jobs";
    let job = |name: &str, annotations: Value| {
        json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": { "name": name }, "spec": {
            "backoffLimit": 0, "completions": 2, "parallelism": 2,
            "template": { "metadata": { "annotations": annotations }, "spec": { "restartPolicy": "Never", "containers": containers } } } })
    };
    admin.post(jobs, &job("good", json!({}))).await;
    admin.post(jobs, &job("bad", json!({ "pilothouse.test/pod": "failed" }))).await;
    let good =
        until(&admin, &format!("{jobs}/good"), |a| has_condition(&a.body, "Complete", "True")).await.body;
    assert_eq!(good["status"]["succeeded"], 2);
    let bad = until(&admin, &format!("{jobs}/bad"), |a| has_condition(&a.body, "Failed", "True")).await.body;
    assert!(bad["status"]["succeeded"].is_null());
    let set = json!({ "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": { "name": "db" }, "spec": {
        "serviceName": "db", "replicas": 2, "selector": { "matchLabels": { "app": "db" } },
        "template": { "metadata": { "labels": { "app": "db" } }, "spec": { "containers": containers } },
        "volumeClaimTemplates": [{ "metadata": { "name": "data" }, "spec": {
            "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "1Gi" } } } }] } });
    admin.post("/apis/apps/v1/namespaces/default/statefulsets", &set).await;
    until(&admin, "/apis/apps/v1/namespaces/default/statefulsets/db", |a| {
        a.body["status"]["readyReplicas"] == 2
    })
    .await;
    let claim = admin.get("/api/v1/namespaces/default/persistentvolumeclaims/data-db-1").await.body;
    assert_eq!(claim["status"]["phase"], "Bound");
}

#[tokio::test]
async fn a_service_follows_its_pods() {
    let cluster = simulated().await;
    let admin = Client::new(&cluster, "admin");
    let service = json!({ "apiVersion": "v1", "kind": "Service", "metadata": { "name": "web" }, "spec": {
        "type": "LoadBalancer", "selector": { "app": "web" }, "ports": [{ "port": 80, "targetPort": 8080 }] } });
    admin.post("/api/v1/namespaces/default/services", &service).await;
    admin.post(DEPLOYMENTS, &deployment("nginx", 2)).await;
    let slices = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name=web";
    until(&admin, slices, |a| {
        let endpoints = a.body["items"][0]["endpoints"].as_array().cloned().unwrap_or_default();
        endpoints.len() == 2 && endpoints.iter().all(|e| e["conditions"]["ready"] == true)
    })
    .await;
    until(&admin, "/api/v1/namespaces/default/services/web", |a| {
        a.body["status"]["loadBalancer"]["ingress"][0]["ip"].is_string()
    })
    .await;
}

#[tokio::test]
async fn a_restart_repeats_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let start = || async {
        let options = Options { data_dir: Some(directory.path().to_owned()), ..simulated_options() };
        DevCluster::start(options).await.unwrap()
    };
    let versions = |list: &Value| -> Vec<String> {
        let all = list["items"].as_array().unwrap().iter();
        all.map(|p| format!("{} {}", p["metadata"]["name"], p["metadata"]["resourceVersion"])).collect()
    };
    let first = start().await;
    let admin = Client::new(&first, "admin");
    admin.post(DEPLOYMENTS, &deployment("nginx", 3)).await;
    until(&admin, &format!("{DEPLOYMENTS}/web"), |a| a.body["status"]["availableReplicas"] == 3).await;
    let before = versions(&admin.get(PODS).await.body);
    first.shutdown().await;
    drop((first, admin));
    let second = start().await;
    let admin = Client::new(&second, "admin");
    // A change that the controllers have to see first shows that they have looked at everything.
    admin
        .patch(
            &format!("{DEPLOYMENTS}/web"),
            "merge-patch+json",
            &json!({ "spec": { "minReadySeconds": 0, "paused": true } }),
        )
        .await;
    until(&admin, &format!("{DEPLOYMENTS}/web"), |a| a.body["status"]["observedGeneration"] == 2).await;
    assert_eq!(versions(&admin.get(PODS).await.body), before);
}
