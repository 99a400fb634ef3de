//! Releases, from HelmRelease to objects and back, as a running Flux does it.

use std::time::Duration;

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Event, Pod, Service};
use kube::api::{DeleteParams, PostParams};
use kube::{Api, ResourceExt as _};
use pilothouse_resources::condition;
use serde_json::json;

use crate::stage::{Stage, history, message, state};

const CONFIG_MAP: &str = r"apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  message: {{ .Values.message | quote }}
";
const SERVICE: &str = r"apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: x}
  ports:
  - port: {{ .Values.port }}
";
const DEPLOYMENT: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: web, image: "nginx:1"}]}
"#;
const HOOK: &str = r#"apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-pre
  annotations: {helm.sh/hook: "pre-install,pre-upgrade", helm.sh/hook-delete-policy: "before-hook-creation,hook-succeeded"}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: x, image: busybox}]}
"#;
const TEST: &str = r"apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-test
  annotations: {helm.sh/hook: test}
spec: {restartPolicy: Never, containers: [{name: t, image: busybox}]}
";
/// Never scheduled, since no node has the label.
const PENDING_POD: &str = r"apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}
spec:
  nodeSelector: {{ .Values.nodes | toJson }}
  containers: [{name: x, image: busybox}]
";

fn publish_app(stage: &Stage) {
    for version in ["1.0.0", "1.1.0"] {
        stage.publish(
            "app",
            version,
            &[
                ("values.yaml", "message: hello\nport: 80\n"),
                ("templates/cm.yaml", CONFIG_MAP),
                ("templates/svc.yaml", SERVICE),
                ("templates/NOTES.txt", "Say {{ .Values.message }}\n"),
            ],
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_is_installed_upgraded_forced_and_uninstalled() {
    let stage = Stage::new().await;
    let namespace = &stage.namespace;
    publish_app(&stage);
    stage.release("ok", "app", "1.0.0", json!({"values": {"message": "one"}})).await;
    let release = stage.until_ready("ok", "InstallSucceeded").await;
    let installed = format!("Helm install succeeded for release {namespace}/ok.v1 with chart app@1.0.0");
    assert_eq!(message(&release, condition::READY), installed);
    assert_eq!(message(&release, "Released"), installed);
    let status = release.status.clone().unwrap();
    assert_eq!(status.observed_generation, Some(1));
    assert_eq!(status.last_attempted_revision.as_deref(), Some("1.0.0"));
    assert_eq!(status.helm_chart, Some(format!("{namespace}/{namespace}-ok")));
    assert_eq!(
        status.last_attempted_config_digest.as_deref(),
        Some("sha256:c3a70400d9465960aa58d6436c38fbd85353c68020ce39a4efaf8ad9467137ff")
    );
    let inventory: Vec<String> =
        status.inventory.unwrap().entries.into_iter().map(|entry| entry.id).collect();
    assert_eq!(inventory, [format!("{namespace}_ok__ConfigMap"), format!("{namespace}_ok__Service")]);
    assert_eq!(stage.config_map("ok").await.unwrap()["message"], "one");

    stage.release("ok", "app", "1.0.0", json!({"values": {"message": "two"}})).await;
    let release = stage.until_ready("ok", "UpgradeSucceeded").await;
    assert_eq!(history(&release), ["2:deployed:upgrade", "1:superseded:install"]);
    assert_eq!(stage.config_map("ok").await.unwrap()["message"], "two");
    stage.release("ok", "app", "1.1.0", json!({"values": {"message": "two"}})).await;
    let release =
        stage.until("ok", "1.1.0", |r| history(r).first().is_some_and(|h| h == "3:deployed:upgrade")).await;
    assert_eq!(history(&release), ["3:deployed:upgrade", "2:superseded:upgrade"]);
    assert_eq!(stage.stored("ok").await, ["1=superseded", "2=superseded", "3=deployed"]);

    stage
        .annotate("ok", json!({"reconcile.fluxcd.io/requestedAt": "t1", "reconcile.fluxcd.io/forceAt": "t1"}))
        .await;
    let release =
        stage.until("ok", "forced", |r| history(r).first().is_some_and(|h| h == "4:deployed:upgrade")).await;
    let release = stage
        .until("ok", "handled", |r| r.status.as_ref().is_some_and(|s| s.last_handled_reconcile_at.is_some()))
        .await
        .status
        .unwrap_or_else(|| release.status.unwrap());
    assert_eq!(release.last_handled_force_at.as_deref(), Some("t1"));

    stage.releases().delete("ok", &DeleteParams::default()).await.unwrap();
    let began = std::time::Instant::now();
    while stage.releases().get_opt("ok").await.unwrap().is_some() {
        assert!(began.elapsed() < Duration::from_secs(20), "not deleted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(stage.config_map("ok").await.is_none());
    assert!(stage.stored("ok").await.is_empty());
    let events = stage.events("ok").await;
    assert_eq!(
        events,
        [
            "Normal HelmChartCreated",
            "Normal InstallSucceeded",
            "Normal UpgradeSucceeded",
            "Normal HelmChartConfigured",
            "Normal UpgradeSucceeded",
            "Normal UpgradeSucceeded",
            "Normal UninstallSucceeded",
            "Normal HelmChartDeleted",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fields_without_effect_are_told_once_for_each_generation() {
    let stage = Stage::new().await;
    publish_app(&stage);
    let spec = json!({"values": {"message": "one"}, "rollback": {"recreate": true}});
    stage.release("ok", "app", "1.0.0", spec).await;
    stage.until_ready("ok", "InstallSucceeded").await;
    let told = |events: Vec<String>| events.iter().filter(|e| *e == "Warning FieldWithoutEffect").count();
    assert_eq!(told(stage.events("ok").await), 1);

    stage.release("ok", "app", "1.0.0", json!({"values": {"message": "two"}})).await;
    stage.until_ready("ok", "UpgradeSucceeded").await;
    assert_eq!(told(stage.events("ok").await), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_template_error_is_retried_and_makes_no_revision() {
    let stage = Stage::new().await;
    let template =
        CONFIG_MAP.replace(".Values.message | quote", "required \"values.a must be set\" .Values.a");
    stage.publish("tplerr", "1.0.0", &[("values.yaml", ""), ("templates/cm.yaml", &template)]);
    stage.release("bad", "tplerr", "1.0.0", json!({})).await;
    let release = stage.until_ready("bad", "InstallFailed").await;
    let expected = format!(
        "Helm install failed for release {}/bad with chart tplerr@1.0.0: execution error at (tplerr/templates/cm.yaml:6:14): \
         values.a must be set",
        stage.namespace
    );
    // Flux's text, then the place in the template and what is missing.
    let said = message(&release, condition::READY);
    assert!(said.starts_with(&expected), "{said}");
    assert!(
        said.contains("at tplerr/templates/cm.yaml:6:14") && said.contains("missing: .Values.a"),
        "{said}"
    );
    assert_eq!(state(&release, condition::RECONCILING), "True/Progressing");
    assert_eq!(message(&release, condition::RECONCILING), "Running 'install' action with timeout of 20s");
    assert!(history(&release).is_empty());
    assert!(stage.stored("bad").await.is_empty());
    stage.release("bad", "tplerr", "1.0.0", json!({"values": {"a": "x"}})).await;
    stage.until_ready("bad", "InstallSucceeded").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rejected_object_stalls_the_release_until_it_is_corrected() {
    let stage = Stage::new().await;
    publish_app(&stage);
    stage.release("rejected", "app", "1.0.0", json!({"values": {"port": 99999}})).await;
    let release = stage.until_stalled("rejected").await;
    assert_eq!(state(&release, condition::READY), "False/InstallFailed");
    assert_eq!(message(&release, condition::STALLED), "Failed to install after 1 attempt(s)");
    let text = message(&release, condition::READY);
    let expected = format!(
        "chart app@1.0.0: server-side apply failed for object {}/rejected /v1, Kind=Service: Service \"rejected\" is invalid: \
         [spec.ports[0].port: Invalid value: 99999",
        stage.namespace
    );
    assert!(text.contains(&expected), "{text}");
    assert_eq!(history(&release), ["1:failed:install"]);
    assert_eq!(stage.stored("rejected").await, ["1=failed"]);
    assert_eq!(release.status.as_ref().unwrap().install_failures, Some(1));
    stage.release("rejected", "app", "1.0.0", json!({})).await;
    let release = stage.until_ready("rejected", "UpgradeSucceeded").await;
    assert_eq!(history(&release), ["2:deployed:upgrade", "1:failed:install"]);
    assert_eq!(release.status.as_ref().unwrap().install_failures, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_upgrade_is_rolled_back_and_retried() {
    let stage = Stage::new().await;
    publish_app(&stage);
    let remediation = json!({"retries": 1, "strategy": "rollback", "remediateLastFailure": true});
    let upgrade = json!({"remediation": remediation});
    stage.release("roll", "app", "1.0.0", json!({"upgrade": upgrade})).await;
    stage.until_ready("roll", "InstallSucceeded").await;
    stage.release("roll", "app", "1.0.0", json!({"upgrade": upgrade, "values": {"port": 99999}})).await;
    let release = stage.until_stalled("roll").await;
    assert_eq!(state(&release, condition::READY), "False/RollbackSucceeded");
    assert_eq!(state(&release, "Released"), "False/UpgradeFailed");
    assert_eq!(state(&release, "Remediated"), "True/RollbackSucceeded");
    assert_eq!(message(&release, condition::STALLED), "Failed to upgrade after 2 attempt(s)");
    assert_eq!(history(&release), ["5:deployed:rollback", "4:failed:upgrade", "3:superseded:rollback"]);
    stage.release("roll", "app", "1.0.0", json!({"upgrade": upgrade, "values": {"message": "x"}})).await;
    let release = stage.until_ready("roll", "UpgradeSucceeded").await;
    assert_eq!(history(&release), ["6:deployed:upgrade", "5:superseded:rollback"]);
    assert_eq!(state(&release, condition::READY), "True/UpgradeSucceeded");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspended_release_is_left_alone_and_resumes() {
    let stage = Stage::new().await;
    publish_app(&stage);
    stage.release("s", "app", "1.0.0", json!({})).await;
    stage.until_ready("s", "InstallSucceeded").await;
    stage.release("s", "app", "1.0.0", json!({"suspend": true, "values": {"message": "two"}})).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(stage.config_map("s").await.unwrap()["message"], "hello");
    stage.release("s", "app", "1.0.0", json!({"suspend": false, "values": {"message": "two"}})).await;
    stage.until_ready("s", "UpgradeSucceeded").await;
    stage.release("s", "app", "1.0.0", json!({"suspend": true})).await;
    stage.releases().delete("s", &DeleteParams::default()).await.unwrap();
    let began = std::time::Instant::now();
    while stage.releases().get_opt("s").await.unwrap().is_some() {
        assert!(began.elapsed() < Duration::from_secs(20), "not deleted");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(stage.config_map("s").await.is_some(), "a suspended release is not uninstalled");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_repository_is_told_and_its_return_resumes() {
    let stage = Stage::new().await;
    publish_app(&stage);
    stage.release("r", "app", "1.0.0", json!({})).await;
    stage.until_ready("r", "InstallSucceeded").await;
    stage.remove_repository().await;
    let release = stage.until_ready("r", "SourceNotReady").await;
    assert_eq!(state(&release, condition::READY), "False/SourceNotReady");
    let text = message(&release, condition::READY);
    assert!(text.contains("HelmRepository.source.toolkit.fluxcd.io \"charts\" not found"), "{text}");
    assert!(stage.config_map("r").await.is_some(), "the workload stays");
    stage.add_repository().await;
    let release = stage.until_ready("r", "InstallSucceeded").await;
    assert_eq!(state(&release, condition::READY), "True/InstallSucceeded");
    assert_eq!(history(&release), ["1:deployed:install"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hooks_workloads_and_tests_run() {
    let stage = Stage::new().await;
    stage.publish(
        "web",
        "1.0.0",
        &[
            ("values.yaml", "message: hello\nport: 80\n"),
            ("templates/cm.yaml", CONFIG_MAP),
            ("templates/svc.yaml", SERVICE),
            ("templates/dep.yaml", DEPLOYMENT),
            ("templates/hook.yaml", HOOK),
            ("templates/test.yaml", TEST),
        ],
    );
    stage.release("w", "web", "1.0.0", json!({"test": {"enable": true}})).await;
    let release = stage.until_ready("w", "TestSucceeded").await;
    assert_eq!(state(&release, "TestSuccess"), "True/TestSucceeded");
    let expected = format!(
        "Helm test succeeded for release {}/w.v1 with chart web@1.0.0: 1 test hook completed successfully",
        stage.namespace
    );
    assert_eq!(message(&release, condition::READY), expected);
    let snapshot = &release.status.as_ref().unwrap().history[0];
    assert_eq!(snapshot.test_hooks.as_ref().unwrap()["w-test"].phase.as_deref(), Some("Succeeded"));
    let pods: Api<Pod> = Api::namespaced(stage.client.clone(), &stage.namespace);
    assert!(pods.get_opt("w-test").await.unwrap().is_some(), "a test stays until its next run");
    let services: Api<Service> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let service = services.get("w").await.unwrap();
    assert_eq!(service.labels()["app.kubernetes.io/managed-by"], "Helm");
    assert_eq!(service.labels()["helm.toolkit.fluxcd.io/name"], "w");
    assert_eq!(service.annotations()["meta.helm.sh/release-name"], "w");
    let managers: Vec<&str> =
        service.managed_fields().iter().filter_map(|entry| entry.manager.as_deref()).collect();
    assert_eq!(managers, ["helm"]);
}

/// Waits until a Job is there.
async fn there(jobs: &Api<Job>, name: &str) -> Job {
    for _ in 0..600 {
        if let Some(job) = jobs.get_opt(name).await.unwrap() {
            return job;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("there is no Job {name}");
}

/// A Job that is deleted as soon as it has ended is often gone before anybody looked. Its Pod hangs here, so that it is
/// this test that ends and deletes it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hook_that_deletes_itself_is_told_by_the_events_it_left() {
    let stage = Stage::new().await;
    let pod = "metadata: {annotations: {pilothouse.test/pod: pending}}";
    let hook =
        HOOK.replace("  template:\n", &format!("  ttlSecondsAfterFinished: 0\n  template:\n    {pod}\n"));
    stage.publish(
        "ttl",
        "1.0.0",
        &[
            ("values.yaml", "message: hello\n"),
            ("templates/cm.yaml", CONFIG_MAP),
            ("templates/hook.yaml", &hook),
        ],
    );
    let jobs: Api<Job> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let events: Api<Event> = Api::namespaced(stage.client.clone(), &stage.namespace);
    for (name, failed, reason) in [("good", false, "InstallSucceeded"), ("bad", true, "InstallFailed")] {
        stage.release(name, "ttl", "1.0.0", json!({"timeout": "60s"})).await;
        let hook = format!("{name}-pre");
        let job = there(&jobs, &hook).await;
        if failed {
            let now = jiff::Timestamp::now().to_string();
            let event: Event = serde_json::from_value(json!({
                "metadata": {"name": format!("{hook}.1"), "namespace": stage.namespace},
                "involvedObject": {"apiVersion": "batch/v1", "kind": "Job", "name": hook, "namespace": stage.namespace,
                    "uid": job.metadata.uid},
                "type": "Warning", "reason": "BackoffLimitExceeded",
                "message": "Job has reached the specified backoff limit",
                "firstTimestamp": now[..19].to_owned() + "Z", "lastTimestamp": now[..19].to_owned() + "Z",
            }))
            .unwrap();
            events.create(&PostParams::default(), &event).await.unwrap();
        }
        jobs.delete(&hook, &DeleteParams::background()).await.unwrap();
        let release = stage.until_ready(name, reason).await;
        let text = message(&release, condition::READY);
        assert_eq!(text.contains("Job has reached the specified backoff limit"), failed, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_that_never_gets_ready_names_the_object() {
    let stage = Stage::new().await;
    let chart = [("values.yaml", "nodes: {nowhere: 'true'}\n"), ("templates/pod.yaml", PENDING_POD)];
    stage.publish("slow", "1.0.0", &chart);
    stage.release("slow", "slow", "1.0.0", json!({"timeout": "2s"})).await;
    let release = stage.until_stalled("slow").await;
    let expected = format!("timeout waiting for: [Pod/{}/slow status: 'InProgress']", stage.namespace);
    let text = message(&release, condition::READY);
    assert!(text.contains(&expected), "{text}");
    assert_eq!(stage.stored("slow").await, ["1=failed"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_install_that_is_killed_goes_on_where_it_was() {
    let mut stage = Stage::new().await;
    let chart = [("values.yaml", "nodes: {nowhere: 'true'}\n"), ("templates/pod.yaml", PENDING_POD)];
    stage.publish("slow", "1.0.0", &chart);
    stage.release("k", "slow", "1.0.0", json!({"timeout": "60s"})).await;
    let release = stage.until_ready("k", "Progressing").await;
    assert_eq!(message(&release, condition::RECONCILING), "Running 'install' action with timeout of 1m0s");
    assert_eq!(stage.stored("k").await, ["1=pending-install"]);
    stage.kill().await;
    let pods: Api<Pod> = Api::namespaced(stage.client.clone(), &stage.namespace);
    let binding = json!({"status": {"phase": "Succeeded"}});
    let patch = kube::api::Patch::Merge(binding);
    pods.patch_status("k", &kube::api::PatchParams::default(), &patch).await.unwrap();
    stage.start();
    let release = stage.until_ready("k", "InstallSucceeded").await;
    assert_eq!(history(&release), ["1:deployed:install"]);
    assert_eq!(stage.stored("k").await, ["1=deployed"]);
    assert_eq!(release.status.unwrap().inventory.unwrap().entries.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drift_is_corrected_where_asked_for() {
    let stage = Stage::new().await;
    publish_app(&stage);
    stage.release("d", "app", "1.0.0", json!({"driftDetection": {"mode": "enabled"}})).await;
    stage.until("d", "in sync", |release| state(release, "Drifted") == "False/NoDriftDetected").await;
    let services: Api<Service> = Api::namespaced(stage.client.clone(), &stage.namespace);
    services.delete("d", &DeleteParams::default()).await.unwrap();
    let maps: Api<k8s_openapi::api::core::v1::ConfigMap> =
        Api::namespaced(stage.client.clone(), &stage.namespace);
    let tampered = kube::api::Patch::Merge(json!({"data": {"message": "tampered", "extra": "x"}}));
    maps.patch("d", &kube::api::PatchParams::default(), &tampered).await.unwrap();
    stage.annotate("d", json!({"reconcile.fluxcd.io/requestedAt": "now"})).await;
    stage
        .until("d", "handled", |r| r.status.as_ref().is_some_and(|s| s.last_handled_reconcile_at.is_some()))
        .await;
    assert_eq!(stage.config_map("d").await.unwrap()["message"], "hello");
    assert!(services.get_opt("d").await.unwrap().is_some());
    let events = stage.events("d").await;
    assert_eq!(events[2..], ["Warning DriftDetected", "Normal DriftCorrected"]);
}
