//! The chart repositories that `helm repo add` registered on this machine (`repositories.yaml`).

use std::path::PathBuf;

use anyhow::{Context, anyhow};
use pilothouse_registry::Credentials;
use serde::Deserialize;

use super::remote::{helm_config, read_file};

/// One of them.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Repository {
    pub(crate) name: String,
    pub(crate) url: String,
    username: String,
    password: String,
    #[serde(rename = "certFile")]
    pub(crate) cert_file: String,
    #[serde(rename = "keyFile")]
    pub(crate) key_file: String,
    #[serde(rename = "caFile")]
    pub(crate) ca_file: String,
    #[serde(rename = "insecure_skip_tls_verify")]
    pub(crate) insecure_skip_tls_verify: bool,
    #[serde(rename = "pass_credentials_all")]
    pub(crate) pass_credentials_all: bool,
}

impl std::fmt::Debug for Repository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Repository").field("name", &self.name).field("url", &self.url).finish_non_exhaustive()
    }
}

impl Repository {
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        (!self.username.is_empty()).then(|| Credentials::basic(&self.username, self.password.clone()))
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(crate) struct Repositories(Vec<Repository>);

#[derive(Deserialize, Default)]
#[serde(default)]
struct File {
    repositories: Option<Vec<Repository>>,
}

impl Repositories {
    /// Reads Helm's file; none where there is no file.
    ///
    /// # Errors
    /// It is not such a file.
    pub(crate) fn load() -> anyhow::Result<Self> {
        let file: Option<PathBuf> = helm_config("HELM_REPOSITORY_CONFIG", "repositories.yaml");
        let Some(file) = file.filter(|file| file.exists()) else { return Ok(Self::default()) };
        let text = read_file(&file)?;
        let read: Option<File> =
            pilothouse_goyaml::from_slice(&text).with_context(|| format!("cannot use {}", file.display()))?;
        Ok(Self(read.unwrap_or_default().repositories.unwrap_or_default()))
    }

    /// The one of that name.
    ///
    /// # Errors
    /// There is none, or it has no URL; Helm's text.
    pub(crate) fn named(&self, name: &str) -> anyhow::Result<&Repository> {
        let found = self.0.iter().find(|repository| repository.name == name);
        let found = found.ok_or_else(|| anyhow!("repo {name} not found"))?;
        anyhow::ensure!(!found.url.is_empty(), "no URL found for repository {name}");
        Ok(found)
    }

    /// The one that a dependency means: by `@name`, `alias:name` or URL.
    pub(crate) fn of_dependency(&self, repository: &str) -> Option<&Repository> {
        match repository.strip_prefix('@').or_else(|| repository.strip_prefix("alias:")) {
            Some(name) => self.0.iter().find(|known| known.name == name),
            None => self.with_url(repository),
        }
    }

    /// The one at a URL; a slash at the end makes no difference.
    pub(crate) fn with_url(&self, url: &str) -> Option<&Repository> {
        self.0.iter().find(|known| known.url.trim_end_matches('/') == url.trim_end_matches('/'))
    }

    /// The one below whose URL another URL is.
    pub(crate) fn above(&self, url: &str) -> Option<&Repository> {
        self.0.iter().find(|known| {
            let base = known.url.trim_end_matches('/');
            !base.is_empty() && url.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'))
        })
    }
}
