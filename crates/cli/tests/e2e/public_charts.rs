//! Public charts of the parity data, where that stands beside the checkout: they are not part of the project.

use std::time::Duration;

use crate::{
    pilothouse::Pilothouse,
    registry::Registry,
    tools::{docker_registry, eventually, helm, helm_tool, kubectl_tool, present, root, succeed},
};

/// Archives to deploy with their charts' names: hooks, CRDs, subcharts, webhooks and `StatefulSets` among them.
const CHARTS: [(&str, &str); 4] = [
    ("podinfo-6.14.1.tgz", "podinfo"),
    ("ingress-nginx-4.15.1.tgz", "ingress-nginx"),
    ("kube-state-metrics-8.4.0.tgz", "kube-state-metrics"),
    ("prometheus-29.27.0.tgz", "prometheus"),
];

#[test]
fn public_charts_deploy() {
    let directory = root().join("../shared/parity/charts");
    if !directory.is_dir() {
        eprintln!("\n!!! SKIPPED public charts: there is no {}\n", directory.display());
        return;
    }
    if !present("public charts", &[docker_registry(), helm_tool(), kubectl_tool()]) {
        return;
    }
    let registry = Registry::open();
    let remote = format!("oci://{}/public", registry.host());
    for (archive, _) in CHARTS {
        succeed(helm().arg("push").arg(directory.join(archive)).arg(&remote));
    }
    let pilothouse = Pilothouse::start();
    pilothouse.cli(&["repo", "add", "public", &remote, "--insecure", "--wait"]);
    for (_, chart) in CHARTS {
        pilothouse.cli(&["release", "add", chart, "--repo", "public", "--chart", chart]);
    }
    for (_, chart) in CHARTS {
        eventually(&format!("{chart} is ready"), Duration::from_secs(120), || {
            let ready = pilothouse.ready("default", "helmrelease", chart)?;
            if ready.starts_with("True") { Ok(()) } else { Err(ready) }
        });
        let listed = succeed(helm().args(["status", chart]).arg("--kubeconfig").arg(pilothouse.kubeconfig()));
        assert!(listed.contains("deployed"), "{listed}");
    }
}
