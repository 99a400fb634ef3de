//! Registries that ask for credentials, and what is said where they are wrong.

use std::time::Duration;

use crate::{
    charts,
    pilothouse::Pilothouse,
    registry::{PASSWORD, Registry, USER},
    tools::{docker_registry, eventually, fail, helm_tool, kubectl_tool, present},
};

#[test]
fn a_registry_with_passwords_is_synced_and_deployed_from() {
    if !present("a registry with passwords", &[docker_registry(), helm_tool(), kubectl_tool()]) {
        return;
    }
    let registry = Registry::with_password();
    let remote = format!("oci://{}/team/charts", registry.host());
    charts::push("webapp", &charts::WEBAPP[..1], &remote, Some((USER, PASSWORD)));
    let pilothouse = Pilothouse::start();

    let mut add =
        pilothouse.command(&["repo", "add", "private", &remote, "--insecure", "--username", USER, "--wait"]);
    let refused = fail(add.env("PILOTHOUSE_REGISTRY_PASSWORD", "wrong-password-7"));
    assert!(refused.contains(&registry.host()), "the registry is not named: {refused}");
    assert!(refused.contains("check user name, password or token"), "no hint: {refused}");
    assert!(!refused.contains("wrong-password-7"), "the password is in the answer");
    assert!(!pilothouse.log().contains("wrong-password-7"), "the password is in the log");

    let mut update = pilothouse.command(&["repo", "update", "private", "--username", USER, "--wait"]);
    crate::tools::succeed(update.env("PILOTHOUSE_REGISTRY_PASSWORD", PASSWORD));
    assert_eq!(pilothouse.json(&["repo", "show", "private"])["catalog"]["charts"], 1);
    pilothouse.cli(&["release", "add", "hello", "--repo", "private", "--chart", "webapp", "--wait"]);
    let shown = pilothouse.cli(&["repo", "show", "private", "-o", "json"]);
    for secret in [PASSWORD, "wrong-password-7"] {
        assert!(!shown.contains(secret) && !pilothouse.log().contains(secret), "{secret} leaks");
    }
}

#[test]
fn a_registry_that_comes_back_is_synced_without_another_step() {
    if !present("a registry that comes back", &[docker_registry(), helm_tool(), kubectl_tool()]) {
        return;
    }
    let port = crate::registry::free_port();
    let pilothouse = Pilothouse::start();
    let remote = format!("oci://127.0.0.1:{port}/charts");
    pilothouse.cli(&["repo", "add", "late", &remote, "--insecure"]);
    let ready = eventually("the repository says what is wrong", Duration::from_secs(30), || {
        let ready = pilothouse.ready("default", "helmrepository", "late")?;
        if ready.starts_with("False") { Ok(ready) } else { Err(ready) }
    });
    assert!(ready.contains(&port.to_string()), "the registry is not named: {ready}");
    let registry = Registry::start_at(port, "");
    charts::push("webapp", &charts::WEBAPP[..1], &remote, None);
    eventually("the repository recovers", Duration::from_secs(60), || {
        let ready = pilothouse.ready("default", "helmrepository", "late")?;
        if ready.starts_with("True") { Ok(()) } else { Err(ready) }
    });
    drop(registry);
}
