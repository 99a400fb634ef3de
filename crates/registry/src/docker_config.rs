//! `kubernetes.io/dockerconfigjson`: which of its entries belongs to a repository.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::Deserialize;

use crate::url_shape::is_docker_hub;
use crate::{Credentials, Error, RepositoryUrl, Secret};

/// Largest config read: a Secret holds 1 MiB at most.
const MAX_BYTES: usize = 1 << 20;

/// The `auths` of a Docker `config.json`. Credential helpers are not run.
#[derive(Clone, Default)]
pub struct DockerConfig {
    entries: BTreeMap<String, Credentials>,
}

impl fmt::Debug for DockerConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DockerConfig").field("hosts", &self.entries.keys()).finish()
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    auths: BTreeMap<String, Entry>,
}

#[derive(Deserialize, Default)]
struct Entry {
    #[serde(default)]
    auth: String,
    #[serde(default)]
    username: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    identitytoken: String,
    #[serde(default)]
    registrytoken: String,
}

impl DockerConfig {
    /// Reads a `.dockerconfigjson` (at most 1 MiB). Entries without any credential are left out.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let fail = |reason: String| Error::Malformed { what: "the docker config".into(), reason };
        if bytes.len() > MAX_BYTES {
            return Err(Error::TooLarge { what: "the docker config".into(), limit: MAX_BYTES as u64 });
        }
        // serde_json's message may quote the value at fault: keep only where it is.
        let file: File = serde_json::from_slice(bytes).map_err(|e| {
            fail(format!("it is not JSON of the right shape (line {}, column {})", e.line(), e.column()))
        })?;
        let mut entries = BTreeMap::new();
        for (key, entry) in file.auths {
            let credentials = entry.credentials().ok_or_else(|| {
                fail(format!("`auth` of `{}` is not base64 of `user:password`", key.escape_debug()))
            })?;
            if !credentials.is_anonymous() {
                entries.insert(normalise(&key), credentials);
            }
        }
        Ok(Self { entries })
    }

    /// The credentials of the entry that fits `url` best: same host and port, and the longest matching path
    /// (Kubernetes' rule for image pull secrets). Docker Hub's names are one; `*` matches one host label.
    pub fn lookup(&self, url: &RepositoryUrl) -> Option<&Credentials> {
        let wanted_host = if url.is_docker_hub() { "docker.io" } else { url.host() };
        self.entries
            .iter()
            .filter(|(key, _)| {
                let (host, path) = key.split_once('/').unwrap_or((key, ""));
                host_matches(host, wanted_host) && path_matches(path, url.path())
            })
            .max_by_key(|(key, _)| {
                (key.split_once('/').map_or(0, |(_, path)| path.len()), !key.contains('*'))
            })
            .map(|(_, credentials)| credentials)
    }

    /// The hosts (and paths) the config has credentials for.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }
}

impl Entry {
    fn credentials(self) -> Option<Credentials> {
        if !self.registrytoken.is_empty() {
            return Some(Credentials::Bearer(self.registrytoken.into()));
        }
        if !self.identitytoken.is_empty() {
            return Some(Credentials::Identity(self.identitytoken.into()));
        }
        if !self.auth.is_empty() {
            let trimmed = self.auth.trim();
            let bytes = STANDARD.decode(trimmed).or_else(|_| STANDARD_NO_PAD.decode(trimmed)).ok()?;
            let text = String::from_utf8(bytes).ok()?;
            let (username, password) = text.split_once(':')?;
            return Some(Credentials::basic(username, Secret::new(password.trim_end_matches('\0'))));
        }
        Some(Credentials::basic(self.username, self.password))
    }
}

/// `https://index.docker.io/v1/` → `docker.io`; scheme, `/v1` or `/v2` and slashes at the end go.
fn normalise(key: &str) -> String {
    let key = key.trim();
    let key = key.strip_prefix("https://").or_else(|| key.strip_prefix("http://")).unwrap_or(key);
    let key = key.trim_end_matches('/');
    let (host, path) = key.split_once('/').unwrap_or((key, ""));
    let host = host.to_ascii_lowercase();
    let host = if is_docker_hub(&host) { "docker.io".to_owned() } else { host };
    match path {
        "" | "v1" | "v2" => host,
        path => format!("{host}/{path}"),
    }
}

fn host_matches(pattern: &str, host: &str) -> bool {
    if !pattern.contains('*') {
        return pattern == host;
    }
    let split = |text: &str| -> (Vec<String>, String) {
        let (name, port) = text.rsplit_once(':').unwrap_or((text, ""));
        (name.split('.').map(str::to_owned).collect(), port.to_owned())
    };
    let ((patterns, pattern_port), (labels, port)) = (split(pattern), split(host));
    pattern_port == port
        && patterns.len() == labels.len()
        && patterns.iter().zip(&labels).all(|(p, l)| label_matches(p, l))
}

fn label_matches(pattern: &str, label: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == label,
        Some((start, end)) => {
            label.len() >= start.len() + end.len() && label.starts_with(start) && label.ends_with(end)
        }
    }
}

fn path_matches(prefix: &str, path: &str) -> bool {
    prefix.is_empty() || path == prefix || path.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(config: &DockerConfig, url: &str) -> Option<String> {
        match config.lookup(&url.parse().unwrap())? {
            Credentials::Basic { username, .. } => Some(username.clone()),
            other => Some(format!("{other:?}")),
        }
    }

    #[test]
    fn the_longest_path_of_the_right_host_wins() {
        let config = DockerConfig::parse(
            br#"{"auths":{"https://index.docker.io/v1/":{"username":"hub","password":"p"},
                "reg.example:5000":{"auth":"aG9zdDpw"},"reg.example:5000/team":{"auth":"dGVhbTpw"},
                "*.azurecr.io":{"identitytoken":"refresh"},"none.example":{}}}"#,
        )
        .unwrap();
        assert_eq!(user(&config, "oci://docker.io/org/charts").as_deref(), Some("hub"));
        assert_eq!(user(&config, "oci://registry-1.docker.io/org").as_deref(), Some("hub"));
        assert_eq!(user(&config, "oci://reg.example:5000/other").as_deref(), Some("host"));
        assert_eq!(user(&config, "oci://reg.example:5000/team/app").as_deref(), Some("team"));
        assert_eq!(user(&config, "oci://reg.example:5000/teams").as_deref(), Some("host"));
        assert_eq!(user(&config, "oci://reg.example/team"), None);
        assert_eq!(user(&config, "oci://mine.azurecr.io/x").as_deref(), Some("Identity(****)"));
        assert_eq!(user(&config, "oci://none.example/x"), None);
    }

    #[test]
    fn errors_never_show_the_value() {
        for bad in
            [&br#"{"auths":{"a":{"auth":"c2VjcmV0"}}}"#[..], br#"{"auths":{"a":{"auth":42}}}"#, b"secret"]
        {
            let text = DockerConfig::parse(bad).unwrap_err().to_string();
            assert!(!text.contains("c2VjcmV0") && !text.contains("secret"), "{text}");
        }
    }
}
