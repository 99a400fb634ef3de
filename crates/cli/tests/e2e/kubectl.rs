//! The real kubectl on the embedded cluster: what a person sees of the custom resources.

use std::{io::Write, process::Stdio, time::Duration};

use crate::{
    charts,
    pilothouse::Pilothouse,
    registry::Registry,
    tools::{docker_registry, eventually, fail, helm_tool, kubectl, kubectl_tool, present, succeed},
};

fn apply(pilothouse: &Pilothouse, manifest: &str) -> String {
    let mut child = kubectl(pilothouse.kubeconfig())
        .args(["apply", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(manifest.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn kubectl_applies_gets_describes_explains_and_deletes() {
    if !present("kubectl", &[docker_registry(), helm_tool(), kubectl_tool()]) {
        return;
    }
    let registry = Registry::open();
    charts::push("webapp", &charts::WEBAPP[..1], &format!("oci://{}/charts", registry.host()), None);
    let pilothouse = Pilothouse::start();
    let run = |arguments: &[&str]| succeed(kubectl(pilothouse.kubeconfig()).args(arguments));
    let manifest = format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {{name: samples}}\nspec: {{type: oci, \
         url: 'oci://{}/charts', insecure: true, interval: 5m0s}}\n---\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: \
         HelmRelease\nmetadata: {{name: hello}}\nspec:\n  interval: 5m0s\n  chart: {{spec: {{chart: webapp, \
         sourceRef: {{kind: HelmRepository, name: samples}}}}}}\n",
        registry.host()
    );
    let applied = apply(&pilothouse, &manifest);
    assert!(applied.contains("helmrelease.helm.toolkit.fluxcd.io/hello created"), "{applied}");
    run(&["wait", "helmrelease/hello", "--for=condition=Ready", "--timeout=60s"]);

    let table = run(&["get", "helmrepositories"]);
    let heading: Vec<_> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heading, ["NAME", "URL", "AGE", "READY", "STATUS"]);
    assert!(run(&["get", "hr"]).contains("Helm install succeeded for release default/hello.v1"));
    let described = run(&["describe", "helmrelease", "hello"]);
    assert!(described.contains("InstallSucceeded") && described.contains("helm-controller"), "{described}");
    // kubectl breaks long lines.
    let explained = run(&["explain", "helmrelease.spec.driftDetection.mode"]);
    let explained = explained.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(explained.contains("Mode defines how differences should be handled"), "{explained}");
    assert!(apply(&pilothouse, &manifest).contains("helmrelease.helm.toolkit.fluxcd.io/hello unchanged"));

    // What `get -o yaml` prints of several objects is a list, which kubectl checks with OpenAPI v2 in protobuf.
    let list = run(&["get", "helmrepositories,helmreleases", "-o", "yaml"]);
    let applied = apply(&pilothouse, &list);
    assert!(applied.contains("helmrepository.source.toolkit.fluxcd.io/samples configured"), "{applied}");
    assert!(applied.contains("helmrelease.helm.toolkit.fluxcd.io/hello configured"), "{applied}");

    run(&["delete", "helmrelease", "hello", "--timeout=60s"]);
    assert!(pilothouse.object("default", "deployment", "hello-webapp").is_err());
}

#[test]
fn kubectl_is_told_what_is_wrong_with_a_manifest() {
    if !present("kubectl's errors", &[kubectl_tool()]) {
        return;
    }
    let pilothouse = Pilothouse::start();
    let refused = apply(
        &pilothouse,
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: bad}\nspec: {url: \
         'ftp://example', interval: 1d}\n",
    );
    assert!(refused.contains("spec.url") && refused.contains("spec.interval"), "{refused}");
    let refused = apply(
        &pilothouse,
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: bad}\nspec: {interval: 1m}\n",
    );
    assert!(refused.contains("either chart or chartRef must be set"), "{refused}");
}

#[test]
fn the_read_only_user_reads_and_changes_nothing() {
    if !present("the read-only user", &[kubectl_tool()]) {
        return;
    }
    let pilothouse = Pilothouse::start();
    let viewer = |arguments: &[&str]| {
        let mut command = kubectl(pilothouse.kubeconfig());
        command.args(["--context", "viewer"]).args(arguments);
        command
    };
    succeed(&mut viewer(&["get", "helmreleases", "--all-namespaces"]));
    let refused = fail(&mut viewer(&["create", "configmap", "x"]));
    assert!(refused.contains("Forbidden") || refused.contains("forbidden"), "{refused}");
    let refused = fail(&mut viewer(&["get", "secrets"]));
    assert!(refused.contains("forbidden"), "{refused}");
}

#[test]
fn a_watch_shows_a_change() {
    if !present("kubectl get --watch", &[kubectl_tool()]) {
        return;
    }
    let pilothouse = Pilothouse::start();
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut watch = kubectl(pilothouse.kubeconfig())
        .args(["get", "configmaps", "--watch", "--output-watch-events"])
        .stdout(file.reopen().unwrap())
        .spawn()
        .unwrap();
    succeed(kubectl(pilothouse.kubeconfig()).args(["create", "configmap", "seen"]));
    eventually("the watch shows the new object", Duration::from_secs(20), || {
        let text = std::fs::read_to_string(file.path()).unwrap();
        if text.lines().any(|line| line.starts_with("ADDED") && line.contains("seen")) {
            Ok(())
        } else {
            Err(text)
        }
    });
    watch.kill().unwrap();
    watch.wait().unwrap();
}
