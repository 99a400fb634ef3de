//! What a person gets wrong: each a clear message, nothing half-made, and it works once it is put right.

use std::time::Duration;

use crate::{
    charts,
    pilothouse::Pilothouse,
    registry::Registry,
    tools::{docker_registry, eventually, fail, helm_tool, kubectl_tool, present},
};

#[test]
fn repositories_that_cannot_be_are_refused_with_the_field() {
    if !present("bad repositories", &[kubectl_tool()]) {
        return;
    }
    let pilothouse = Pilothouse::start();
    pilothouse.cli(&["repo", "add", "taken", "https://charts.invalid"]);
    let cases: [(&[&str], &[&str]); 9] = [
        (&["taken", "https://charts.invalid"], &["name", "taken"]),
        (&["Not_A_Label", "https://charts.invalid"], &["name"]),
        (&["one", "ftp://charts.invalid"], &["url"]),
        (&["one", "oci://registry.invalid/charts:1.0.0"], &["url", "tag"]),
        (&["one", "https://user:hunter2@charts.invalid"], &["url"]),
        (&["one", "https://charts.invalid", "--interval", "5"], &["interval"]),
        (&["one", "https://charts.invalid", "--interval", "00:00"], &["interval"]),
        (&["one", "https://charts.invalid", "--interval", "01:99"], &["interval"]),
        (&["one", "https://charts.invalid", "--namespace", "nowhere"], &["nowhere"]),
    ];
    for (arguments, expected) in cases {
        let refused = fail(&mut pilothouse.command(&[&["repo", "add"], arguments].concat()));
        for word in expected {
            assert!(refused.to_lowercase().contains(word), "{arguments:?}: no `{word}` in: {refused}");
        }
        assert!(!refused.contains("hunter2"), "{arguments:?}: the password is in: {refused}");
    }
    let left = pilothouse.json(&["repo", "list"]);
    assert_eq!(left["items"].as_array().unwrap().len(), 1, "a refused repository was made: {left}");
}

#[test]
fn releases_that_fail_say_why_and_recover() {
    if !present("bad releases", &[docker_registry(), helm_tool(), kubectl_tool()]) {
        return;
    }
    let registry = Registry::open();
    let remote = format!("oci://{}/charts", registry.host());
    charts::push("webapp", &charts::WEBAPP, &remote, None);
    let pilothouse = Pilothouse::start();
    pilothouse.cli(&["repo", "add", "samples", &remote, "--insecure", "--wait"]);
    let says = |name: &str, words: &[&str]| {
        eventually(&format!("{name} says {words:?}"), Duration::from_secs(60), || {
            let ready = pilothouse.ready("default", "helmrelease", name)?;
            if words.iter().all(|word| ready.contains(word)) { Ok(()) } else { Err(ready) }
        });
    };
    let add = |name: &str, rest: &[&str]| {
        pilothouse.cli(&[&["release", "add", name, "--repo", "samples", "--chart", "webapp"], rest].concat());
    };

    add("no-version", &["--version", "9.9.9"]);
    says("no-version", &["False", "SourceNotReady", "9.9.9"]);
    add("bad-schema", &["--version", "1.0.0", "--set", "replicaCount=many"]);
    says("bad-schema", &["False", "InstallFailed", "replicaCount"]);
    add("no-host", &["--version", "2.0.0", "--set", "ingress.enabled=true,ingress.host="]);
    says(
        "no-host",
        &[
            "False",
            "InstallFailed",
            "ingress.host must be set where ingress.enabled is",
            "at webapp/templates/",
        ],
    );

    pilothouse.cli(&["release", "update", "no-version", "--version", "1.0.0"]);
    pilothouse.cli(&["release", "update", "bad-schema", "--set", "replicaCount=1"]);
    pilothouse.cli(&[
        "release",
        "update",
        "no-host",
        "--set",
        "ingress.enabled=true,ingress.host=web.example",
    ]);
    for name in ["no-version", "bad-schema", "no-host"] {
        says(name, &["True", "InstallSucceeded"]);
    }
}

#[test]
fn a_namespace_that_the_registry_does_not_have_is_told() {
    if !present("a missing namespace", &[docker_registry(), helm_tool(), kubectl_tool()]) {
        return;
    }
    let registry = Registry::open();
    charts::push("webapp", &charts::WEBAPP[..1], &format!("oci://{}/charts", registry.host()), None);
    let pilothouse = Pilothouse::start();
    let wrong = format!("oci://{}/chart", registry.host());
    let added = fail_or_note(&pilothouse, &["repo", "add", "typo", &wrong, "--insecure", "--wait"]);
    assert!(added.contains("no charts found below") && added.contains("charts/webapp"), "{added}");
    let ready = pilothouse.ready("default", "helmrepository", "typo").unwrap();
    assert!(ready.contains("no charts found below"), "{ready}");
    // Somebody pushes there: the next sync finds it.
    charts::push("webapp", &charts::WEBAPP[..1], &wrong, None);
    let synced = fail_or_note(&pilothouse, &["repo", "sync", "typo", "--wait"]);
    assert!(synced.contains("1 charts, 1 versions"), "{synced}");
    assert!(!pilothouse.ready("default", "helmrepository", "typo").unwrap().contains("no charts"));
}

/// What the command line says to a person, on both streams.
fn fail_or_note(pilothouse: &Pilothouse, arguments: &[&str]) -> String {
    let output = pilothouse.command(arguments).output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn an_artifact_that_is_not_a_chart_is_told() {
    if !present("an artifact that is no chart", &[docker_registry(), helm_tool(), kubectl_tool()]) {
        return;
    }
    let registry = Registry::open();
    let remote = format!("oci://{}/mixed", registry.host());
    charts::push("webapp", &charts::WEBAPP[..1], &remote, None);
    registry.push_image("mixed/image", "1.0.0");
    let pilothouse = Pilothouse::start();
    pilothouse.cli(&["repo", "add", "mixed", &remote, "--insecure", "--wait"]);
    let catalog = pilothouse.json(&["repo", "show", "mixed"])["catalog"].clone();
    assert_eq!((&catalog["charts"], &catalog["skipped"]), (&1.into(), &1.into()), "{catalog}");
    // Asked for by name it is refused, with what it is.
    let added = fail_or_note(
        &pilothouse,
        &["repo", "add", "image", &format!("{remote}/image"), "--insecure", "--wait"],
    );
    assert!(added.contains("no charts found"), "{added}");
    crate::tools::succeed_with(
        crate::tools::kubectl(pilothouse.kubeconfig()).args(["apply", "-f", "-"]),
        &format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata:\n  name: image\n  namespace: \
             default\nspec:\n  interval: 5m\n  insecure: true\n  url: {remote}/image\n  ref:\n    tag: 1.0.0\n"
        ),
    );
    pilothouse.cli(&["release", "add", "image", "--oci-repo", "image"]);
    eventually("the release says that it is no chart", Duration::from_secs(30), || {
        let ready = pilothouse.ready("default", "helmrelease", "image")?;
        if ready.starts_with("False") && ready.contains("chart") { Ok(()) } else { Err(ready) }
    });
}

#[test]
fn a_taken_port_and_plain_http_elsewhere_are_refused() {
    if !present("listen addresses", &[kubectl_tool()]) {
        return;
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let up = |listen: &str| {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_pilothouse"));
        command.args(["up", "--listen", listen, "--data-dir"]).arg(directory.path());
        fail(&mut command)
    };
    let refused = up(&address);
    assert!(refused.contains(&address) && refused.contains("--listen"), "{refused}");
    let refused = up("0.0.0.0:0");
    assert!(refused.contains("--tls-cert"), "{refused}");
}
