//! One sync of one repository: fetch, compare, store.

use std::collections::BTreeMap;
use std::time::SystemTime;

use bytes::Bytes;
use kube::ResourceExt as _;
use pilothouse_registry::sync::{self, MovedTag, State};
use pilothouse_registry::{
    Digest, Family, IndexAnswer, Kind, RateLimit, RepositoryUrl, Validators, discovery,
};
use pilothouse_resources::{Artifact, HelmRepository};
use serde::{Deserialize, Serialize};

use crate::access;
use crate::context::Context;
use crate::source::{self, Failure, Source as _, with_hint};

/// Tags that were read before are asked for again this often, to notice those that moved.
const RECHECK: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// What a sync remembers beside its artifact. It belongs to one URL: another one starts anew.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Memory {
    url: String,
    /// HTTP: the index's validators.
    validators: Validators,
    /// HTTP: how many charts, versions and entries left out.
    counts: (usize, usize, usize),
    /// OCI: what tags hold.
    state: State,
    /// OCI: when tags were last asked for again, in seconds since 1970.
    rechecked: u64,
}

/// What a sync found.
#[derive(Debug)]
pub(crate) struct Synced {
    pub(super) artifact: Artifact,
    /// Bytes of the index as it was fetched (HTTP) or written (OCI).
    pub(super) fetched: u64,
    pub(super) charts: usize,
    pub(super) versions: usize,
    pub(super) skipped: usize,
    pub(super) method: &'static str,
    pub(super) complete: bool,
    pub(super) notes: Vec<String>,
    pub(super) registry: Option<String>,
    pub(super) requests: u64,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) moved: Vec<MovedTag>,
}

/// One sync.
pub(super) struct Job<'a> {
    pub(super) context: &'a Context,
    pub(super) repository: &'a HelmRepository,
    /// The artifact of the last sync, if it is still there.
    pub(super) stored: Option<Artifact>,
    /// Ask again for tags that were read before.
    pub(super) force: bool,
}

impl Job<'_> {
    /// Syncs the repository.
    pub(super) async fn run(self) -> Result<Synced, Failure> {
        if self.repository.spec.is_oci() { self.oci().await } else { self.http().await }
    }

    fn place(&self) -> (String, String) {
        (self.repository.namespace().unwrap_or_default(), self.repository.name_any())
    }

    async fn recall(&self) -> Memory {
        let (namespace, name) = self.place();
        let memory: Option<Memory> =
            self.context.artifacts.recall(HelmRepository::KIND_PATH, &namespace, &name).await;
        memory.filter(|m| m.url == self.repository.spec.url).unwrap_or_default()
    }

    async fn remember(&self, mut memory: Memory) {
        let (namespace, name) = self.place();
        memory.url.clone_from(&self.repository.spec.url);
        if let Err(error) =
            self.context.artifacts.remember(HelmRepository::KIND_PATH, &namespace, &name, memory).await
        {
            // The next sync reads again what this one did; nothing else is lost.
            tracing::warn!(
                namespace,
                name,
                error = crate::artifacts::explain(&error),
                "cannot keep what the sync learned"
            );
        }
    }

    async fn store(&self, revision: &Digest, content: Vec<u8>) -> Result<Artifact, Failure> {
        let file = format!("index-{}.yaml", revision.hex());
        let content = Bytes::from(content);
        source::store(self.context, self.repository, file, revision.to_string(), content, BTreeMap::new())
            .await
    }

    /// An HTTP repository: its index, asked for conditionally, stored as JSON. The revision is the digest of the index
    /// as it came, as in Flux.
    async fn http(&self) -> Result<Synced, Failure> {
        let url = &self.repository.spec.url;
        if url.starts_with("oci://") {
            return Err(Failure::fetch(
                "URLInvalid",
                "invalid Helm repository URL: 'oci' URL scheme cannot be used with 'default' HelmRepository type",
            )
            .stalled());
        }
        let access = access::for_repository(self.context, self.repository).await?;
        let client = self.context.options.pool.http(url, access).map_err(|e| {
            Failure::fetch("URLInvalid", format!("invalid Helm repository URL: {e}")).stalled()
        })?;
        let mut memory = self.recall().await;
        // Without what the last sync remembered, the index is read anew.
        let known = self
            .stored
            .as_ref()
            .filter(|_| !memory.url.is_empty())
            .and_then(|a| a.revision.parse::<Digest>().ok());
        let answer = client.index(known.as_ref().map(|revision| (revision, &memory.validators))).await;
        let requests = client.requests();
        self.context.options.metrics.registry_requests("HelmRepository", requests);
        let answer = answer.map_err(|error| {
            let text = index_failure(&client.index_url(), &error);
            let reason = if is_of_the_index(&error) { "IndexationFailed" } else { "Failed" };
            Failure::fetch(reason, text).after(&error)
        })?;
        let (artifact, fetched) = match (answer, &self.stored) {
            (IndexAnswer::Unchanged { validators }, Some(stored)) => {
                let changed = memory.validators != validators;
                memory.validators = validators;
                let counts = memory.counts;
                if changed {
                    self.remember(memory).await;
                }
                let artifact = self.context.artifacts.readdress(stored);
                return Ok(Self::from_index(artifact, 0, counts, requests));
            }
            // The client only says unchanged where a revision was known.
            (IndexAnswer::Unchanged { .. }, None) => {
                return Err(Failure::fetch("Failed", "the index has no content"));
            }
            (IndexAnswer::Fetched { revision, size, parsed, validators }, _) => {
                memory.validators = validators;
                memory.counts = (parsed.catalog.charts(), parsed.catalog.versions(), parsed.dropped);
                (self.store(&revision, parsed.catalog.to_index()).await?, size)
            }
        };
        let counts = memory.counts;
        self.remember(memory).await;
        Ok(Self::from_index(artifact, fetched, counts, requests))
    }

    fn from_index(artifact: Artifact, fetched: u64, counts: (usize, usize, usize), requests: u64) -> Synced {
        let (charts, versions, dropped) = counts;
        let note = format!("{dropped} entries of the index are not valid charts and were left out");
        Synced {
            artifact,
            fetched,
            charts,
            versions,
            skipped: dropped,
            method: discovery::Method::Index.as_str(),
            complete: true,
            notes: if dropped > 0 { vec![note] } else { Vec::new() },
            registry: None,
            requests,
            rate_limit: None,
            moved: Vec::new(),
        }
    }

    /// An OCI repository: its charts as the registry lists them, their versions from tags and config blobs, stored as
    /// an index like any other. The revision is the digest of that index.
    async fn oci(&self) -> Result<Synced, Failure> {
        let spec = &self.repository.spec;
        let url: RepositoryUrl = spec.url.parse().map_err(|e: pilothouse_registry::Error| {
            Failure::fetch("URLInvalid", format!("invalid OCI repository URL: {e}")).stalled()
        })?;
        let access = access::for_repository(self.context, self.repository).await?;
        let client = self
            .context
            .options
            .pool
            .oci(url.clone(), access)
            .map_err(|e| Failure::fetch("AuthenticationFailed", e.to_string()))?;
        let mut memory = self.recall().await;
        let now =
            SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map(|d| d.as_secs()).unwrap_or_default();
        let due = memory.rechecked > 0 && now.saturating_sub(memory.rechecked) > RECHECK.as_secs();
        let recheck = self.force || due;
        let options = sync::Options {
            discovery: discovery::Options {
                charts: spec.charts.clone(),
                previous: None,
                apis: self.context.options.vendor_apis.clone(),
            },
            recheck,
            ..sync::Options::default()
        };
        let before = memory.state.clone();
        let synced = sync::sync(&client, std::mem::take(&mut memory.state), &options).await;
        self.context.options.metrics.registry_requests("HelmRepository", client.requests());
        let synced = synced.map_err(|error| oci_failure(&url, &error))?;
        let content = synced.catalog.to_index();
        let (digest, size) = (Digest::of(&content), content.len() as u64);
        let artifact = match &self.stored {
            Some(stored) if stored.digest.as_deref() == Some(digest.as_str()) => {
                self.context.artifacts.readdress(stored)
            }
            _ => self.store(&digest, content).await?,
        };
        let skipped = skipped(&synced.state);
        if synced.state != before || recheck || memory.rechecked == 0 {
            memory.state = synced.state;
            memory.rechecked = if recheck || memory.rechecked == 0 { now } else { memory.rechecked };
            self.remember(memory).await;
        }
        let mut notes = synced.notes;
        if synced.catalog.charts() == 0 {
            notes.insert(0, format!("no charts found below '{url}'"));
        }
        Ok(Synced {
            artifact,
            fetched: size,
            charts: synced.catalog.charts(),
            versions: synced.catalog.versions(),
            skipped,
            method: synced.method.as_str(),
            complete: synced.complete,
            notes,
            registry: Family::detect(&client).await.ok().map(family_name),
            requests: synced.requests,
            rate_limit: synced.rate_limit,
            moved: synced.moved,
        })
    }
}

fn family_name(family: Family) -> String {
    serde_json::to_value(family).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn skipped(state: &State) -> usize {
    let other = |record: &&sync::Record| matches!(record, sync::Record::Other { .. });
    state.charts.values().flat_map(|tags| tags.values()).filter(other).count()
}

/// Whether an index came, but cannot be read. A redirect that leads nowhere brought none.
fn is_of_the_index(error: &pilothouse_registry::Error) -> bool {
    error.kind() == Kind::Malformed && !matches!(error, pilothouse_registry::Error::Redirect { .. })
}

/// Flux's words for an index that cannot be fetched.
fn index_failure(url: &impl std::fmt::Display, error: &pilothouse_registry::Error) -> String {
    if is_of_the_index(error) {
        return format!("failed to load Helm repository from index YAML: {}", with_hint(error));
    }
    let cause = match error {
        pilothouse_registry::Error::Status(status) => {
            format!("failed to fetch {url} : {} {}", status.status(), status.phrase())
        }
        other => with_hint(other),
    };
    format!("failed to fetch Helm repository index: failed to cache index to temporary file: {cause}")
}

fn oci_failure(url: &RepositoryUrl, error: &pilothouse_registry::Error) -> Failure {
    let reason = if error.is_authentication() { "AuthenticationFailed" } else { "Failed" };
    let hint = error.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
    Failure::fetch(reason, format!("failed to sync OCI repository '{url}': {error}{hint}")).after(error)
}

#[cfg(test)]
mod tests {
    use pilothouse_registry::Catalog;

    use super::*;

    #[test]
    fn a_family_has_the_name_its_status_shows() {
        assert_eq!(family_name(Family::DockerHub), "docker-hub");
        assert_eq!(family_name(Family::GitLab), "gitlab");
    }

    #[test]
    fn an_index_behind_a_redirect_loop_was_not_fetched() {
        let url = "http://charts.example/index.yaml".to_owned();
        let error = pilothouse_registry::Error::Redirect { url: url.clone(), reason: "too many".into() };
        assert!(index_failure(&url, &error).starts_with("failed to fetch Helm repository index: "));
        let error = pilothouse_registry::Error::Malformed { what: "the index".into(), reason: "no".into() };
        assert!(index_failure(&url, &error).starts_with("failed to load Helm repository from index YAML: "));
    }

    #[test]
    fn an_empty_catalog_has_a_digest() {
        let index = Catalog::default().to_index();
        assert_eq!(index, br#"{"apiVersion":"v1","entries":{}}"#);
    }
}
