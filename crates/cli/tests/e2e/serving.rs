//! How `up` serves people and the command line: TLS, and who finds the server.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use crate::{
    pilothouse::Pilothouse,
    tools::{fail, kubectl_tool, present, succeed},
};

/// What `openssl req -x509` makes: a certificate that is its own authority, and its key, in PEM.
pub(crate) fn self_signed(name: &str) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[test]
fn a_server_with_a_certificate_of_its_own_is_found_and_logged_in_to() {
    if !present("a server with TLS", &[kubectl_tool()]) {
        return;
    }
    let files = tempfile::tempdir().unwrap();
    let write = |name: &str, pem: &str| {
        let file = files.path().join(name);
        std::fs::write(&file, pem).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let (certificate, key) = self_signed("127.0.0.1");
    let (certificate, key) = (write("tls.crt", &certificate), write("tls.key", &key));
    let pilothouse = Pilothouse::with_flags(&["--tls-cert", &certificate, "--tls-key", &key]);
    // On the same machine the running server is found, its certificate too.
    assert!(pilothouse.json(&["repo", "list"])["items"].as_array().unwrap().is_empty());

    let server: serde_json::Value =
        serde_json::from_slice(&std::fs::read(pilothouse.data_dir().join("server.json")).unwrap()).unwrap();
    let (url, token) = (server["server"].as_str().unwrap(), server["token"].as_str().unwrap());
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    let elsewhere = |arguments: &[&str]| {
        let mut command = pilothouse.command(arguments);
        command.env_remove("PILOTHOUSE_DATA_DIR").env("XDG_CONFIG_HOME", files.path().join("config"));
        command.env("XDG_DATA_HOME", files.path().join("data")).env("PILOTHOUSE_TOKEN", token);
        command
    };
    let refused = fail(&mut elsewhere(&["login", url]));
    assert!(refused.contains("certificate") && refused.contains("--ca-file"), "{refused}");
    let said = succeed(elsewhere(&["login", url, "--ca-file", &certificate]).env("PILOTHOUSE_LOG", "off"));
    assert!(!said.contains(token));
    let mut list = elsewhere(&["repo", "list", "-o", "json"]);
    assert!(succeed(list.env_remove("PILOTHOUSE_TOKEN")).contains("items"));
}
