//! Registries that ask for credentials, and what is said where they are wrong.

use std::time::Duration;

use crate::{
    charts,
    pilothouse::Pilothouse,
    registry::{PASSWORD, Registry, USER},
    token_server::TokenServer,
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
fn a_registry_with_a_token_server_is_synced_and_deployed_from() {
    if !present("a registry with a token server", &[docker_registry(), helm_tool(), kubectl_tool()]) {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(TokenServer::start(USER, PASSWORD));
    let certificate = tempfile::tempdir().unwrap();
    let registry = Registry::start(&server.registry_section(certificate.path()));
    let remote = format!("oci://{}/team/charts", registry.host());
    charts::push("webapp", &charts::WEBAPP, &remote, Some((USER, PASSWORD)));
    let pilothouse = Pilothouse::start();

    let mut anonymous = pilothouse.command(&["repo", "add", "tokens", &remote, "--insecure", "--wait"]);
    let refused = fail(&mut anonymous);
    assert!(refused.contains("401") && refused.contains("without a Secret, add one"), "{refused}");
    let mut update = pilothouse.command(&["repo", "update", "tokens", "--username", USER, "--wait"]);
    crate::tools::succeed(update.env("PILOTHOUSE_REGISTRY_PASSWORD", PASSWORD));
    let catalog = pilothouse.json(&["repo", "show", "tokens"])["catalog"].clone();
    assert_eq!((catalog["charts"].as_i64(), catalog["versions"].as_i64()), (Some(1), Some(4)), "{catalog}");
    assert_eq!((&catalog["method"], &catalog["complete"]), (&"catalog".into(), &true.into()), "{catalog}");
    pilothouse.cli(&["release", "add", "hello", "--repo", "tokens", "--chart", "webapp", "--wait"]);
    assert!(!pilothouse.log().contains(PASSWORD), "the password is in the log");
    // A sync again asks for its list and its tags with the tokens that it has.
    let issued = server.issued();
    pilothouse.cli(&["repo", "sync", "tokens", "--wait"]);
    assert_eq!(server.issued(), issued, "tokens are not used again");
}

#[test]
fn a_certificate_that_is_not_trusted_is_told_and_works_once_given() {
    if !present("a registry with TLS", &[docker_registry(), kubectl_tool()]) {
        return;
    }
    let (certificate, key) = crate::serving::self_signed("127.0.0.1");
    let registry = Registry::with_certificate(&certificate, &key);
    let pilothouse = Pilothouse::start();
    let remote = format!("oci://{}/charts", registry.host());
    pilothouse.cli(&["repo", "add", "tls", &remote]);
    eventually("the certificate is named", Duration::from_secs(30), || {
        let ready = pilothouse.ready("default", "helmrepository", "tls")?;
        let words = ["False", &registry.host(), "certificate signed by unknown authority", "ca.crt"];
        if words.iter().all(|word| ready.contains(word)) { Ok(()) } else { Err(ready) }
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), certificate).unwrap();
    pilothouse.cli(&["repo", "update", "tls", "--ca-file", file.path().to_str().unwrap(), "--wait"]);
    assert!(pilothouse.ready("default", "helmrepository", "tls").unwrap().starts_with("True"));
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

#[test]
fn an_http_repository_is_synced_and_deployed_from() {
    if !present("an HTTP repository", &[helm_tool(), kubectl_tool()]) {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    for version in charts::WEBAPP {
        charts::package("webapp", version, directory.path());
    }
    crate::tools::succeed(crate::tools::helm().arg("index").arg(directory.path()));
    let port = crate::registry::free_port();
    let mut server = std::process::Command::new("python3")
        .args(["-m", "http.server", "--bind", "127.0.0.1", &port.to_string(), "--directory"])
        .arg(directory.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    eventually("the HTTP server answers", Duration::from_secs(20), || {
        std::net::TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())
    });
    let pilothouse = Pilothouse::start();
    pilothouse.cli(&["repo", "add", "web", &format!("http://127.0.0.1:{port}"), "--wait"]);
    let catalog = pilothouse.json(&["repo", "show", "web"])["catalog"].clone();
    assert_eq!((catalog["charts"].as_i64(), catalog["versions"].as_i64()), (Some(1), Some(4)), "{catalog}");
    pilothouse.cli(&[
        "release",
        "add",
        "hello",
        "--repo",
        "web",
        "--chart",
        "webapp",
        "--version",
        "~1.1",
        "--wait",
    ]);
    assert!(pilothouse.ready("default", "helmrelease", "hello").unwrap().contains("webapp@1.1.0"));
    // A rename keeps the release as it is: nothing is deployed again.
    pilothouse.cli(&["repo", "rename", "web", "internet"]);
    eventually("the release follows the new name", Duration::from_secs(30), || {
        let release = pilothouse.object("default", "helmrelease", "hello")?;
        let source = release["spec"]["chart"]["spec"]["sourceRef"]["name"].clone();
        let ready = pilothouse.ready("default", "helmrelease", "hello")?;
        if source == "internet" && ready.starts_with("True") {
            Ok(())
        } else {
            Err(format!("{source} {ready}"))
        }
    });
    assert_eq!(pilothouse.json(&["release", "show", "hello"])["deployed"]["revision"], 1);
    server.kill().unwrap();
    server.wait().unwrap();
}
