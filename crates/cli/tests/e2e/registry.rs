//! Debian's docker-registry (distribution 2.8) on loopback.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

use pilothouse_registry::Digest;
use tempfile::TempDir;

use crate::tools::eventually;

/// User of the registry with passwords.
pub(crate) const USER: &str = "pilot";
/// Password of [`USER`].
pub(crate) const PASSWORD: &str = "fair-winds-42";
/// `USER:bcrypt(PASSWORD)`, made by `htpasswd -nbB`.
const HTPASSWD: &str = include_str!("htpasswd");

/// A running registry.
pub(crate) struct Registry {
    child: Child,
    port: u16,
    _directory: TempDir,
    files: Option<TempDir>,
}

impl Registry {
    /// A registry that asks nobody for a password.
    pub(crate) fn open() -> Self {
        Self::start("")
    }

    /// A registry with Basic authentication.
    pub(crate) fn with_password() -> Self {
        Self::start("auth:\n  htpasswd:\n    realm: charts\n    path: HTPASSWD\n")
    }

    /// A registry that serves TLS with that certificate and key (PEM).
    pub(crate) fn with_certificate(certificate: &str, key: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [certificate, key] = [("tls.crt", certificate), ("tls.key", key)].map(|(name, pem)| {
            let file = directory.path().join(name);
            fs::write(&file, pem).unwrap();
            file
        });
        // Goes on where the section `http` ends.
        let tls = format!("  tls:\n    certificate: {}\n    key: {}\n", certificate.display(), key.display());
        let mut registry = Self::start(&tls);
        registry.files = Some(directory);
        registry
    }

    /// Starts a registry whose configuration goes on with `auth`; `HTPASSWD` in it is the password file.
    pub(crate) fn start(auth: &str) -> Self {
        Self::start_at(free_port(), auth)
    }

    /// The same on a port of the caller's choice.
    pub(crate) fn start_at(port: u16, auth: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let passwords = directory.path().join("htpasswd");
        fs::write(&passwords, HTPASSWD).unwrap();
        let config = directory.path().join("config.yml");
        let auth = auth.replace("HTPASSWD", passwords.to_str().unwrap());
        let storage = directory.path().join("data");
        fs::write(
            &config,
            format!(
                "version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: {}\n  delete:\n    \
                 enabled: true\nhttp:\n  addr: 127.0.0.1:{port}\n{auth}",
                storage.display()
            ),
        )
        .unwrap();
        let child = Command::new("/usr/bin/docker-registry")
            .arg("serve")
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("registry answers", Duration::from_secs(20), || {
            TcpStream::connect(("127.0.0.1", port)).map_err(|error| error.to_string())
        });
        Self { child, port, _directory: directory, files: None }
    }

    /// Pushes a container image with one layer, as the distribution specification says.
    pub(crate) fn push_image(&self, repository: &str, tag: &str) {
        let base = format!("http://{}/v2/{repository}", self.host());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let tls = pilothouse_registry::TlsOptions::default().config().unwrap();
            let http = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().build().unwrap();
            let mut blobs = Vec::new();
            for (content, media_type) in [
                (b"{}".to_vec(), "application/vnd.oci.image.config.v1+json"),
                (layer(), "application/vnd.oci.image.layer.v1.tar+gzip"),
            ] {
                let (digest, size) = (Digest::of(&content), content.len());
                let begun = http.post(format!("{base}/blobs/uploads/")).send().await.unwrap();
                let place = begun.headers()["location"].to_str().unwrap().to_owned();
                let place = format!("{place}{}digest={digest}", if place.contains('?') { "&" } else { "?" });
                let put = http.put(place).body(content).send().await.unwrap();
                assert!(put.status().is_success(), "{put:?}");
                blobs.push(serde_json::json!({
                    "mediaType": media_type, "digest": digest.as_str(), "size": size,
                }));
            }
            let media_type = "application/vnd.oci.image.manifest.v1+json";
            let manifest = serde_json::json!({
                "schemaVersion": 2, "mediaType": media_type, "config": blobs[0], "layers": [blobs[1]],
            });
            let put = http.put(format!("{base}/manifests/{tag}")).header("content-type", media_type);
            let put = put.body(manifest.to_string()).send().await.unwrap();
            assert!(put.status().is_success(), "{put:?}");
        });
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A layer with one file that is no part of a chart.
fn layer() -> Vec<u8> {
    let mut archive =
        tar::Builder::new(flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(5);
    header.set_mode(0o644);
    archive.append_data(&mut header, "etc/hello", &b"hello"[..]).unwrap();
    archive.into_inner().unwrap().finish().unwrap()
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
