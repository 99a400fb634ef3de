//! Crashes and restarts lose nothing.

use std::time::Duration;

use crate::{
    charts,
    pilothouse::Pilothouse,
    registry::Registry,
    tools::{docker_registry, eventually, fail, helm, helm_tool, kubectl, kubectl_tool, present, succeed},
};

const SOON: Duration = Duration::from_secs(60);

#[test]
fn a_killed_process_goes_on_where_it_was() {
    if !present("restarts", &[docker_registry(), helm_tool(), kubectl_tool()]) {
        return;
    }
    let registry = Registry::open();
    let remote = format!("oci://{}/charts", registry.host());
    charts::push("webapp", &charts::WEBAPP[..2], &remote, None);
    let mut pilothouse = Pilothouse::start();
    pilothouse.cli(&["repo", "add", "samples", &remote, "--insecure", "--wait"]);

    // At several points of an install: each time the next start must finish it, and nothing is deployed twice.
    for (index, milliseconds) in [30, 150, 400, 900].into_iter().enumerate() {
        let name = format!("crash-{index}");
        pilothouse.cli(&[
            "release",
            "add",
            &name,
            "--repo",
            "samples",
            "--chart",
            "webapp",
            "--version",
            "1.0.0",
        ]);
        std::thread::sleep(Duration::from_millis(milliseconds));
        pilothouse.kill();
        pilothouse.up();
        eventually(&format!("{name} is ready after the crash"), SOON, || {
            let ready = pilothouse.ready("default", "helmrelease", &name)?;
            if ready.starts_with("True") { Ok(()) } else { Err(ready) }
        });
        let deployment = pilothouse.object("default", "deployment", &format!("{name}-webapp")).unwrap();
        assert_eq!(deployment["status"]["readyReplicas"], 2);
    }

    // A crash with nothing under way changes nothing.
    let before = succeed(kubectl(pilothouse.kubeconfig()).args([
        "get",
        "secrets",
        "-A",
        "-l",
        "owner=helm",
        "-o",
        "name",
    ]));
    pilothouse.kill();
    pilothouse.up();
    std::thread::sleep(Duration::from_secs(3));
    let after = succeed(kubectl(pilothouse.kubeconfig()).args([
        "get",
        "secrets",
        "-A",
        "-l",
        "owner=helm",
        "-o",
        "name",
    ]));
    assert_eq!(before, after, "a restart made revisions");

    // An orderly stop ends well, and the same kubeconfig works afterwards.
    pilothouse.stop();
    pilothouse.up();
    let list = succeed(helm().arg("list").arg("--kubeconfig").arg(pilothouse.kubeconfig()));
    assert!(list.contains("crash-0") && list.contains("crash-3"), "{list}");
}

#[test]
fn a_data_directory_serves_one_process() {
    if !present("two processes", &[kubectl_tool()]) {
        return;
    }
    let pilothouse = Pilothouse::start();
    let refused = fail(&mut pilothouse.command(&["up", "--listen", "127.0.0.1:0"]));
    assert!(refused.contains("in use by another pilothouse process"), "{refused}");
}
