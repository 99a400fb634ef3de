//! The main job from an empty registry to a deleted release, on the embedded cluster and on a real API server.

use std::{path::Path, time::Duration};

use serde_json::Value;

use crate::{
    charts,
    pilothouse::Pilothouse,
    registry::Registry,
    tools::{docker_registry, eventually, helm, helm_tool, kubectl, kubectl_tool, present, succeed},
};

/// How long a release may take to reach a state; simulated Pods are ready after moments.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn the_main_job_on_the_embedded_cluster() {
    if !present("the main job", &[docker_registry(), helm_tool(), kubectl_tool()]) {
        return;
    }
    main_job(&Pilothouse::start(), "default");
}

/// The same against the cluster of `PILOTHOUSE_TEST_KUBECONFIG`; where the two differ, the embedded one is wrong.
#[test]
fn the_main_job_on_a_real_api_server() {
    let kubeconfig = std::env::var("PILOTHOUSE_TEST_KUBECONFIG").unwrap_or_default();
    let there =
        ("a real API server (PILOTHOUSE_TEST_KUBECONFIG, or Go to build one)", !kubeconfig.is_empty());
    if !present("the main job on a real API server", &[docker_registry(), helm_tool(), kubectl_tool(), there])
    {
        return;
    }
    let kubeconfig = Path::new(&kubeconfig);
    let namespace = format!("main-job-{}", std::process::id());
    succeed(kubectl(kubeconfig).args(["create", "namespace", &namespace]));
    main_job(&Pilothouse::on(kubeconfig), &namespace);
    succeed(kubectl(kubeconfig).args(["delete", "namespace", &namespace, "--wait=false"]));
}

fn main_job(pilothouse: &Pilothouse, namespace: &str) {
    let registry = Registry::open();
    let remote = format!("oci://{}/charts", registry.host());
    charts::push("webapp", &charts::WEBAPP[..1], &remote, None);
    charts::push("queue-worker", &["0.3.0"], &remote, None);
    let job = Job { pilothouse, namespace };

    job.registers_and_lists(&remote);
    job.deploys_what_helm_sees();
    charts::push("webapp", &charts::WEBAPP[1..3], &remote, None);
    job.upgrades_on_a_new_version();
    job.accepts_a_rollback_by_helm();
    job.survives_the_deletion_of_its_repository(&remote);
    job.uninstalls_on_deletion();
}

struct Job<'a> {
    pilothouse: &'a Pilothouse,
    namespace: &'a str,
}

impl Job<'_> {
    fn cli(&self, arguments: &[&str]) -> String {
        self.pilothouse.cli(&[arguments, &["--namespace", self.namespace]].concat())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.pilothouse.json(&[arguments, &["--namespace", self.namespace]].concat())
    }

    fn helm(&self, arguments: &[&str]) -> Value {
        let mut command = helm();
        command.args(arguments).arg("--kubeconfig").arg(self.pilothouse.kubeconfig());
        serde_json::from_str(&succeed(command.args(["--namespace", self.namespace]))).unwrap()
    }

    fn kubectl(&self, arguments: &[&str]) -> String {
        succeed(kubectl(self.pilothouse.kubeconfig()).args(["--namespace", self.namespace]).args(arguments))
    }

    fn becomes(&self, resource: &str, name: &str, expected: &str) -> String {
        eventually(&format!("{resource}/{name}: {expected}"), SOON, || {
            let ready = self.pilothouse.ready(self.namespace, resource, name)?;
            if ready.contains(expected) { Ok(ready) } else { Err(ready) }
        })
    }

    fn registers_and_lists(&self, remote: &str) {
        self.cli(&["repo", "add", "samples", remote, "--insecure", "--interval", "05:00", "--wait"]);
        let repository = self.json(&["repo", "show", "samples"]);
        assert_eq!(repository["catalog"]["charts"], 2);
        assert_eq!(repository["catalog"]["versions"], 2);
        assert_eq!(repository["catalog"]["complete"], true);
        let versions = self.json(&["chart", "versions", "webapp", "--repo", "samples"]);
        assert_eq!(versions["items"][0]["version"], "1.0.0");
        assert_eq!(versions["items"][0]["appVersion"], "4.1.0");
        assert!(versions["items"][0]["digest"].as_str().unwrap().starts_with("sha256:"));
        let readme = self.cli(&["chart", "show", "webapp", "readme", "--repo", "samples"]);
        assert!(readme.starts_with("# webapp"), "{readme}");
    }

    fn deploys_what_helm_sees(&self) {
        self.cli(&[
            "release",
            "add",
            "hello",
            "--repo",
            "samples",
            "--chart",
            "webapp",
            "--version",
            "1.x",
            "--wait",
        ]);
        let namespace = self.namespace;
        self.becomes(
            "helmrelease",
            "hello",
            &format!("True InstallSucceeded Helm install succeeded for release {namespace}/hello.v1 with chart webapp@1.0.0"),
        );
        let deployment = self.pilothouse.object(namespace, "deployment", "hello-webapp").unwrap();
        assert_eq!(deployment["status"]["readyReplicas"], 2);
        let releases = self.helm(&["list"]);
        assert_eq!(releases.as_array().unwrap().len(), 1, "{releases}");
        assert_eq!(releases[0]["name"], "hello");
        assert_eq!(releases[0]["status"], "deployed");
        let everything = self.helm(&["get", "hello"]);
        let text = everything.to_string();
        assert!(text.contains("runs as hello in") && text.contains("(revision 1)"), "no notes: {text}");
        assert!(text.contains("hello-webapp-migration") && text.contains("pre-install"), "no hooks: {text}");
        assert!(text.contains("kind: StatefulSet"), "no subchart: {text}");
    }

    fn upgrades_on_a_new_version(&self) {
        self.cli(&["repo", "sync", "samples", "--wait"]);
        let namespace = self.namespace;
        self.becomes("helmrelease", "hello", &format!("True UpgradeSucceeded Helm upgrade succeeded for release {namespace}/hello.v2 with chart webapp@1.2.0+build.7"));
        assert_eq!(self.helm(&["history", "hello"]).as_array().unwrap().len(), 2);
        self.pilothouse.object(namespace, "poddisruptionbudget", "hello-webapp").unwrap();
    }

    fn accepts_a_rollback_by_helm(&self) {
        // No flag: the objects are Helm's own by field manager.
        self.helm(&["rollback", "hello", "1", "--wait"]);
        let history = self.helm(&["history", "hello"]);
        assert_eq!(history.as_array().unwrap().len(), 3, "{history}");
        assert!(self.pilothouse.object(self.namespace, "poddisruptionbudget", "hello-webapp").is_err());
        // A later change is deployed on top of the rollback.
        self.cli(&["release", "update", "hello", "--set", "message=second", "--wait"]);
        let config = self.pilothouse.object(self.namespace, "configmap", "hello-webapp").unwrap();
        assert_eq!(config["data"]["message"], "second");
        let revision = self.json(&["release", "show", "hello"])["deployed"]["revision"].as_i64().unwrap();
        assert!(revision >= 4, "the change became revision {revision}");
    }

    fn survives_the_deletion_of_its_repository(&self, remote: &str) {
        let refused = crate::tools::fail(&mut self.pilothouse.command(&[
            "repo",
            "delete",
            "samples",
            "--namespace",
            self.namespace,
        ]));
        assert!(refused.contains("hello"), "{refused}");
        self.cli(&["repo", "delete", "samples", "--yes"]);
        let ready = self.becomes("helmrelease", "hello", "False");
        assert!(ready.contains("samples"), "the release does not name the repository: {ready}");
        self.pilothouse.object(self.namespace, "deployment", "hello-webapp").unwrap();
        self.cli(&["repo", "add", "samples", remote, "--insecure", "--wait"]);
        self.becomes("helmrelease", "hello", "True UpgradeSucceeded");
    }

    fn uninstalls_on_deletion(&self) {
        // Somebody changed it with the helm command line before.
        self.helm(&["rollback", "hello", "--wait"]);
        self.cli(&["release", "delete", "hello", "--wait"]);
        for (resource, name) in
            [("deployment", "hello-webapp"), ("service", "hello-webapp"), ("statefulset", "hello-cache")]
        {
            let left = self.pilothouse.object(self.namespace, resource, name);
            assert!(left.is_err(), "{resource}/{name} is still there: {left:?}");
        }
        assert_eq!(self.helm(&["list"]).as_array().unwrap().len(), 0);
        let secrets = self.kubectl(&["get", "secrets", "-l", "owner=helm", "-o", "name"]);
        assert_eq!(secrets.trim(), "");
    }
}
