//! Debian's docker-registry (distribution 2.8) on loopback.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

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
        Self { child, port, _directory: directory }
    }

    /// `127.0.0.1:PORT`.
    pub(crate) fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
