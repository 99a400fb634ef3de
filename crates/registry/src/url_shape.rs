//! Repository URLs: `oci://host[:port]/path`, and how URLs are shown.

use std::fmt;
use std::str::FromStr;

use url::Url;

use crate::Error;

/// Longest repository path, as in the distribution specification's advice on `hostname/name`.
const MAX_NAME: usize = 255;

/// Where a registry's charts live: `oci://host[:port][/path]`, without tag, digest or user.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RepositoryUrl {
    host: String,
    path: String,
}

impl RepositoryUrl {
    /// Host with its port, lower case, as written (`docker.io` is not yet `registry-1.docker.io`).
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The path without slashes at its ends; empty where the URL names only a registry.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The last segment of the path.
    pub fn last_segment(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or("")
    }

    /// This URL with `chart` (a path, checked) below it.
    pub fn join(&self, chart: &str) -> Result<Self, Error> {
        let path = match (self.path.is_empty(), chart.is_empty()) {
            (_, true) => self.path.clone(),
            (true, false) => chart.to_owned(),
            (false, false) => format!("{}/{chart}", self.path),
        };
        check_name(&path)
            .map_err(|reason| Error::Url { url: format!("oci://{}/{path}", self.host), reason })?;
        Ok(Self { host: self.host.clone(), path })
    }

    /// Whether host names Docker Hub under one of its names.
    pub fn is_docker_hub(&self) -> bool {
        is_docker_hub(&self.host)
    }

    /// The host that answers `/v2/`: Docker Hub's names become `registry-1.docker.io`.
    pub fn api_host(&self) -> &str {
        if self.is_docker_hub() { "registry-1.docker.io" } else { &self.host }
    }

    /// The path as the API wants it: Docker Hub's official images live below `library/`.
    pub fn api_name(&self) -> String {
        if self.is_docker_hub() && !self.path.is_empty() && !self.path.contains('/') {
            format!("library/{}", self.path)
        } else {
            self.path.clone()
        }
    }

    /// `host/path` without the scheme, as Helm's and Flux's messages write it.
    pub fn bare(&self) -> String {
        if self.path.is_empty() { self.host.clone() } else { format!("{}/{}", self.host, self.path) }
    }
}

/// Whether `host` is one of Docker Hub's names.
pub(crate) fn is_docker_hub(host: &str) -> bool {
    matches!(host, "docker.io" | "index.docker.io" | "registry-1.docker.io" | "registry.hub.docker.com")
}

impl fmt::Display for RepositoryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "oci://{}", self.bare())
    }
}

impl FromStr for RepositoryUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let fail = |reason: &str| Error::Url { url: without_user(text), reason: reason.to_owned() };
        let text = text.trim();
        let rest = text.strip_prefix("oci://").ok_or_else(|| fail("it must begin with `oci://`"))?;
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if host.contains('@') {
            return Err(fail("it must not hold a user or password; put them into a Secret"));
        }
        check_host(host).map_err(|reason| fail(&reason))?;
        let path = path.trim_end_matches('/');
        if path.contains('@') {
            return Err(fail("it must not hold a digest"));
        }
        if path.contains(':') {
            return Err(fail("it must not hold a tag; name the version where the chart is used"));
        }
        check_name(path).map_err(|reason| fail(&reason))?;
        Ok(Self { host: host.to_ascii_lowercase(), path: path.to_owned() })
    }
}

fn check_host(host: &str) -> Result<(), String> {
    if host.is_empty() {
        return Err("it names no host".into());
    }
    let parsed = Url::parse(&format!("http://{host}/")).map_err(|e| format!("its host is wrong: {e}"))?;
    if parsed.host_str().is_none() || host.contains(['?', '#', '\\']) {
        return Err("its host is wrong".into());
    }
    Ok(())
}

/// A repository name of the distribution specification: lower-case components joined by single `/`.
fn check_name(path: &str) -> Result<(), String> {
    if path.is_empty() {
        return Ok(());
    }
    if path.len() > MAX_NAME {
        return Err(format!("its path is longer than {MAX_NAME} characters"));
    }
    for component in path.split('/') {
        if !is_component(component) {
            return Err(format!(
                "`{}` is not a path component (lower-case letters, digits and single `.`, `_`, `__` or `-` between them)",
                component.escape_debug()
            ));
        }
    }
    Ok(())
}

fn is_component(component: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = component.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if !alphanumeric(*first) || !alphanumeric(*last) {
        return false;
    }
    component
        .split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
        .all(|separator| matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|b| b == b'-'))
}

/// A tag of the distribution specification: `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`.
pub(crate) fn is_tag(tag: &str) -> bool {
    let bytes = tag.as_bytes();
    let Some(first) = bytes.first() else { return false };
    let rest = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-');
    bytes.len() <= 128 && (first.is_ascii_alphanumeric() || *first == b'_') && bytes.iter().all(rest)
}

/// `url` as a person may see it: no user, password, query or fragment (a redirect's query is often a signature).
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.to_string()
}

/// Text that may be a URL, with anything before `@` in its authority masked.
pub(crate) fn without_user(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://****@{host}{path}"),
        None => text.to_owned(),
    }
}

/// Scheme, host and port of a URL: what credentials and challenges belong to.
pub(crate) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_urls_parse_and_print() {
        for (text, host, path) in [
            ("oci://ghcr.io/my-org/charts", "ghcr.io", "my-org/charts"),
            ("oci://127.0.0.1:5000/charts/", "127.0.0.1:5000", "charts"),
            ("oci://Registry.Example.com", "registry.example.com", ""),
            ("oci://[::1]:5000/a/b.c/d__e/f--g", "[::1]:5000", "a/b.c/d__e/f--g"),
        ] {
            let url: RepositoryUrl = text.parse().unwrap();
            assert_eq!((url.host(), url.path()), (host, path));
        }
    }

    #[test]
    fn bad_urls_say_what_is_wrong_and_never_the_password() {
        for (text, reason) in [
            ("https://ghcr.io/x", "begin with `oci://`"),
            ("oci://", "names no host"),
            ("oci://user:s3cret@ghcr.io/x", "Secret"),
            ("oci://ghcr.io/x:1.0", "tag"),
            ("oci://ghcr.io/x@sha256:00", "digest"),
            ("oci://ghcr.io/My/charts", "not a path component"),
            ("oci://ghcr.io/a//b", "not a path component"),
            ("oci://ghcr.io/../b", "not a path component"),
        ] {
            let message = text.parse::<RepositoryUrl>().unwrap_err().to_string();
            assert!(message.contains(reason), "{text}: {message}");
            assert!(!message.contains("s3cret"));
        }
    }

    #[test]
    fn docker_hub_has_one_api_host_and_a_library() {
        let url: RepositoryUrl = "oci://docker.io/nginx".parse().unwrap();
        assert_eq!((url.api_host(), url.api_name().as_str()), ("registry-1.docker.io", "library/nginx"));
    }
}
