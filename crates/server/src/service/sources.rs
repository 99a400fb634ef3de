//! Catalogs and chart archives: read from where the objects say, with the caller's rights, kept by digest.

use std::{
    collections::{BTreeMap, HashMap},
    future::Future,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use k8s_openapi::api::core::v1::Secret as KubernetesSecret;
use kube::{Api, ResourceExt, api::ListParams};
use pilothouse_chart::{Chart, Limits as ChartLimits};
use pilothouse_registry::{
    Access, Catalog, ChartVersion, Credentials, Digest, Error as RegistryError, OciClient, Pool,
    RepositoryUrl, Scheme, artifact, docker_config::DockerConfig,
};
use pilothouse_release::cluster::Cluster;
use pilothouse_resources::{
    Artifact, HelmChart, HelmRepository, HelmRepositorySpec, OCIRepositorySpec, condition,
};
use tokio::sync::OnceCell;

use super::objects::{api, list_map};
use crate::{Caller, problem::Problem};

/// Largest index that is read, in bytes (as the sync writes at most).
const MAX_INDEX: u64 = 64 << 20;
/// Largest stored chart archive that is read, in bytes.
const MAX_ARCHIVE: u64 = 20 << 20;
/// Bytes of indexes kept parsed, by their size as files.
const KEPT_INDEX_BYTES: usize = 96 << 20;
/// Bytes of chart archives kept loaded, by their size as files.
const KEPT_ARCHIVE_BYTES: usize = 48 << 20;

/// Where catalogs and charts come from; one for the whole server.
#[derive(Default)]
pub struct Sources {
    pool: Pool,
    catalogs: Kept<Arc<Catalog>>,
    charts: Kept<Chart>,
    cluster: OnceLock<Cluster>,
}

/// Things by digest, the most recently used ones up to a number of bytes.
struct Kept<T> {
    entries: Mutex<HashMap<String, Entry<T>>>,
}

struct Entry<T> {
    cell: Arc<OnceCell<T>>,
    size: usize,
    used: Instant,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { entries: Mutex::default() }
    }
}

impl<T: Clone> Kept<T> {
    /// The thing with that digest, made once even where many ask at the same time.
    async fn get<F>(&self, digest: &str, budget: usize, make: impl FnOnce() -> F) -> Result<T, Problem>
    where
        F: Future<Output = Result<(T, usize), Problem>>,
    {
        let cell = {
            let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = || Entry { cell: Arc::default(), size: 0, used: Instant::now() };
            let entry = entries.entry(digest.to_owned()).or_insert_with(fresh);
            entry.used = Instant::now();
            entry.cell.clone()
        };
        let mut size = None;
        let made = cell
            .get_or_try_init(|| async {
                let (thing, bytes) = make().await?;
                size = Some(bytes);
                Ok::<_, Problem>(thing)
            })
            .await
            .cloned();
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if made.is_err() && entries.get(digest).is_some_and(|entry| entry.cell.get().is_none()) {
            entries.remove(digest);
        }
        if let (Ok(_), Some(size)) = (&made, size) {
            if let Some(entry) = entries.get_mut(digest) {
                entry.size = size;
            }
            make_room(&mut entries, budget, digest);
        }
        made
    }
}

fn make_room<T>(entries: &mut HashMap<String, Entry<T>>, budget: usize, keep: &str) {
    while entries.len() > 1 && entries.values().map(|entry| entry.size).sum::<usize>() > budget {
        let oldest = entries.iter().filter(|(key, _)| *key != keep).min_by_key(|(_, entry)| entry.used);
        let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { return };
        entries.remove(&oldest);
    }
}

/// Signatures and attestations of a chart version.
#[derive(Clone, Debug, Default, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Signatures {
    /// Whether they were looked for.
    pub looked: bool,
    /// Types of what was found.
    pub kinds: Vec<String>,
    /// In words; never claims that a signature was verified.
    pub note: String,
}

/// A failed request to a registry or artifact server, as a problem.
pub fn registry_problem(error: &RegistryError) -> Problem {
    let code = if error.is_authentication() { "registry-refused" } else { "registry-failed" };
    let problem = Problem::upstream(code, "The registry did not give it", error.to_string());
    match error.hint() {
        Some(hint) => problem.hint(hint),
        None => problem,
    }
}

impl Sources {
    /// The registry clients' shared pool.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// The cluster with the caller's rights; what is known of its kinds is shared.
    pub fn cluster(&self, caller: &Caller) -> Cluster {
        self.cluster.get_or_init(|| Cluster::new(caller.client.clone())).with_client(caller.client.clone())
    }

    async fn stored(&self, artifact: &Artifact, limit: u64) -> Result<Bytes, Problem> {
        let digest: Digest = artifact
            .digest
            .as_deref()
            .unwrap_or_default()
            .parse()
            .map_err(|_| Problem::internal("the stored artifact has no digest to check it by"))?;
        artifact::read(&self.pool, &artifact.url, &digest, limit).await.map_err(|error| {
            tracing::warn!(url = artifact.url, %error, "an artifact cannot be read");
            Problem::upstream("artifact-unavailable", "The stored artifact cannot be read", error.to_string())
                .hint("The controller stores it again at its next sync; ask for a sync now.")
        })
    }

    /// The catalog of a repository as its last sync stored it, with its digest.
    pub async fn catalog(&self, repository: &HelmRepository) -> Result<(Arc<Catalog>, String), Problem> {
        let status = repository.status.as_ref();
        let Some(artifact) = status.and_then(|status| status.artifact.as_ref()) else {
            let why = status
                .and_then(|status| condition::find(&status.conditions, condition::READY))
                .map_or_else(|| "no sync has ended yet".to_owned(), |ready| ready.message.clone());
            return Err(Problem::conflict(
                "not-synced",
                "Not synced yet",
                format!("repository `{}` has no catalog yet: {why}", repository.name_any()),
            )
            .hint("Wait for the first sync, or look at the repository's status."));
        };
        let digest = artifact.digest.clone().unwrap_or_default();
        let catalog = self
            .catalogs
            .get(&digest, KEPT_INDEX_BYTES, || async {
                let bytes = self.stored(artifact, MAX_INDEX).await?;
                let size = bytes.len();
                let catalog = tokio::task::spawn_blocking(move || Catalog::from_index(&bytes))
                    .await
                    .map_err(|_| Problem::internal("reading the catalog was cut short"))?
                    .map_err(|error| {
                        Problem::upstream(
                            "catalog-unreadable",
                            "The catalog cannot be read",
                            error.to_string(),
                        )
                    })?;
                Ok((Arc::new(catalog), size))
            })
            .await?;
        Ok((catalog, digest))
    }

    /// The chart in a stored artifact.
    pub async fn chart_of_artifact(&self, artifact: &Artifact) -> Result<Chart, Problem> {
        let digest = artifact.digest.clone().unwrap_or_default();
        self.charts
            .get(&digest, KEPT_ARCHIVE_BYTES, || async {
                load(self.stored(artifact, MAX_ARCHIVE).await?).await
            })
            .await
    }

    /// The chart of one version of a repository, pulled by digest with the repository's credentials.
    ///
    /// Who may not read the repository's Secret still sees charts that the controller stored for a release.
    pub async fn chart(
        &self,
        caller: &Caller,
        repository: &HelmRepository,
        version: &ChartVersion,
    ) -> Result<Chart, Problem> {
        let namespace = repository.namespace().unwrap_or_default();
        let access = match of_repository(caller, &namespace, &repository.spec).await {
            Ok(access) => access,
            Err(problem) if problem.is_forbidden() => {
                return match stored_chart(caller, repository, version).await? {
                    Some(artifact) => self.chart_of_artifact(&artifact).await,
                    None => Err(problem),
                };
            }
            Err(problem) => return Err(problem),
        };
        let key = match (&version.manifest_digest, version.digest.as_str()) {
            (Some(manifest), _) => manifest.to_string(),
            (None, "") => format!("{}/{}", repository.uid().unwrap_or_default(), version.version),
            (None, digest) => format!("sha256:{digest}"),
        };
        let pull = || async { load(self.pull(repository, version, access).await?).await };
        if version.manifest_digest.is_none() && version.digest.is_empty() {
            // Nothing tells one content from another: asked each time.
            return Ok(pull().await?.0);
        }
        self.charts.get(&key, KEPT_ARCHIVE_BYTES, pull).await
    }

    async fn pull(
        &self,
        repository: &HelmRepository,
        version: &ChartVersion,
        access: Access,
    ) -> Result<Bytes, Problem> {
        let Some(address) = version.urls.first() else {
            return Err(Problem::upstream(
                "no-address",
                "The chart has no address",
                format!("the catalog names no address for `{}` {}", version.name, version.version),
            ));
        };
        let bytes = if repository.spec.is_oci() {
            self.pull_oci(repository, version, address, access).await?
        } else {
            let client =
                self.pool.http(&repository.spec.url, access).map_err(|error| registry_problem(&error))?;
            let url = client.chart_url(address).map_err(|error| registry_problem(&error))?;
            client.download(&url).await.map_err(|error| registry_problem(&error))?
        };
        let found = Digest::of(&bytes);
        let wanted = version.digest.trim_start_matches("sha256:");
        if !wanted.is_empty() && found.hex() != wanted {
            return Err(Problem::upstream(
                "digest-mismatch",
                "Not the chart of the catalog",
                format!(
                    "the archive of `{}` {} has digest {found}, the catalog says {wanted}",
                    version.name, version.version
                ),
            )
            .hint("The version was pushed again, or the catalog is old: ask for a sync."));
        }
        Ok(bytes)
    }

    async fn pull_oci(
        &self,
        repository: &HelmRepository,
        version: &ChartVersion,
        address: &str,
        access: Access,
    ) -> Result<Bytes, Problem> {
        let (client, tag) = self.oci_client(repository, address, access)?;
        let reference = version.manifest_digest.as_ref().map_or(tag, ToString::to_string);
        Ok(client.pull_chart(&reference).await.map_err(|error| registry_problem(&error))?.archive)
    }

    /// Signatures and attestations that refer to a version; looked for, not verified.
    pub async fn signatures(
        &self,
        caller: &Caller,
        repository: &HelmRepository,
        version: &ChartVersion,
    ) -> Result<Signatures, Problem> {
        let (Some(digest), Some(address)) = (&version.manifest_digest, version.urls.first()) else {
            return Ok(Signatures {
                looked: false,
                note: "only charts in OCI registries carry signatures that can be looked for".into(),
                ..Default::default()
            });
        };
        let namespace = repository.namespace().unwrap_or_default();
        let access = of_repository(caller, &namespace, &repository.spec).await?;
        let (client, _) = self.oci_client(repository, address, access)?;
        referring(&client, digest).await
    }

    /// The same for the artifact of an OCI repository.
    ///
    /// # Errors
    /// A URL that cannot be used, credentials the caller may not read, or a registry that does not answer.
    pub async fn signatures_of_oci(
        &self,
        caller: &Caller,
        namespace: &str,
        spec: &OCIRepositorySpec,
        digest: &Digest,
    ) -> Result<Signatures, Problem> {
        let access = of_oci_repository(caller, namespace, spec).await?;
        let url: RepositoryUrl = spec.url.parse().map_err(|error| registry_problem(&error))?;
        let client = self.pool.oci(url, access).map_err(|error| registry_problem(&error))?;
        referring(&client, digest).await
    }

    fn oci_client(
        &self,
        repository: &HelmRepository,
        address: &str,
        access: Access,
    ) -> Result<(OciClient, String), Problem> {
        let problem = |error: &RegistryError| registry_problem(error);
        let base: RepositoryUrl = repository.spec.url.parse().map_err(|error| problem(&error))?;
        let (place, tag) = match address.rsplit_once(':') {
            Some((place, tag)) if !tag.contains('/') => (place, tag.to_owned()),
            _ => (address, "latest".to_owned()),
        };
        let place: RepositoryUrl = place.parse().map_err(|error| problem(&error))?;
        if place.host() != base.host() {
            // Credentials are for the repository's own registry.
            return Err(Problem::upstream(
                "foreign-host",
                "Another registry",
                format!("the catalog of `{base}` names a chart at `{place}`, which is another registry"),
            ));
        }
        let client = self.pool.oci(place, access).map_err(|error| problem(&error))?;
        Ok((client, tag))
    }
}

/// The artifact that the controller stored for a release of that version, if any.
async fn stored_chart(
    caller: &Caller,
    repository: &HelmRepository,
    version: &ChartVersion,
) -> Result<Option<Artifact>, Problem> {
    let namespace = repository.namespace().unwrap_or_default();
    let name = repository.name_any();
    let found =
        list_map(&api::<HelmChart>(&caller.client, Some(&namespace)), ListParams::default(), |chart| {
            let source = &chart.spec.source_ref;
            let ours = source.kind.as_str() == "HelmRepository" && source.name == name;
            let artifact = chart.status.and_then(|status| status.artifact)?;
            let plain = chart.spec.values_files.as_ref().is_none_or(Vec::is_empty);
            (ours
                && plain
                && chart.spec.chart.ends_with(&version.name)
                && artifact.revision == version.version)
                .then_some(artifact)
        })
        .await;
    match found {
        Ok(found) => Ok(found.into_iter().next()),
        Err(problem) if problem.is_forbidden() => Ok(None),
        Err(problem) => Err(problem),
    }
}

async fn load(bytes: Bytes) -> Result<(Chart, usize), Problem> {
    let size = bytes.len();
    let chart = tokio::task::spawn_blocking(move || Chart::load_archive(&bytes, &ChartLimits::default()))
        .await
        .map_err(|_| Problem::internal("loading the chart was cut short"))?
        .map_err(|error| {
            Problem::upstream("not-a-chart", "Not a chart", format!("the archive is no chart: {error}"))
        })?;
    Ok((chart, size))
}

/// How a Helm repository may be reached, with the credentials that the caller may read.
pub async fn of_repository(
    caller: &Caller,
    namespace: &str,
    spec: &HelmRepositorySpec,
) -> Result<Access, Problem> {
    let mut access = Access::default();
    if spec.insecure.unwrap_or_default() && spec.is_oci() {
        access = access.plain_http();
    }
    access.pass_credentials = spec.pass_credentials.unwrap_or_default();
    if let Some(timeout) = spec.timeout.as_ref().and_then(|timeout| timeout.to_duration().ok()) {
        access = access.with_timeout(timeout.min(Duration::from_secs(50)));
    }
    if let Some(reference) = &spec.secret_ref {
        let data = secret(caller, namespace, &reference.name).await?;
        access = with_secret(access, &data, &spec.url)?;
    }
    if let Some(reference) = &spec.cert_secret_ref {
        let data = secret(caller, namespace, &reference.name).await?;
        with_certificates(&mut access, &data);
    }
    Ok(access)
}

/// How an OCI repository may be reached.
pub async fn of_oci_repository(
    caller: &Caller,
    namespace: &str,
    spec: &OCIRepositorySpec,
) -> Result<Access, Problem> {
    let same = HelmRepositorySpec {
        url: spec.url.clone(),
        type_: Some(pilothouse_resources::RepositoryType::Oci),
        secret_ref: spec.secret_ref.clone(),
        cert_secret_ref: spec.cert_secret_ref.clone(),
        timeout: spec.timeout.clone(),
        ..Default::default()
    };
    let mut access = of_repository(caller, namespace, &same).await?;
    if spec.insecure.unwrap_or_default() {
        access.scheme = Scheme::HttpsElsePlain;
    }
    Ok(access)
}

async fn secret(caller: &Caller, namespace: &str, name: &str) -> Result<BTreeMap<String, Vec<u8>>, Problem> {
    let secrets: Api<KubernetesSecret> = Api::namespaced(caller.client.clone(), namespace);
    let secret = secrets.get_opt(name).await?.ok_or_else(|| {
        Problem::not_found(format!(
            "Secret `{name}` with the credentials does not exist in namespace `{namespace}`"
        ))
    })?;
    Ok(secret.data.unwrap_or_default().into_iter().map(|(key, value)| (key, value.0)).collect())
}

/// Adds the credentials in a Secret's data.
pub fn with_secret(access: Access, data: &BTreeMap<String, Vec<u8>>, url: &str) -> Result<Access, Problem> {
    let text = |key: &str| data.get(key).map(|bytes| String::from_utf8_lossy(bytes).trim_end().to_owned());
    let mut access = access;
    with_certificates(&mut access, data);
    if let Some(config) = data.get(".dockerconfigjson") {
        let config = DockerConfig::parse(config).map_err(|error| registry_problem(&error))?;
        let url: RepositoryUrl = url.parse().map_err(|error| registry_problem(&error))?;
        return Ok(match config.lookup(&url) {
            Some(credentials) => access.with_credentials(credentials.clone()),
            None => access,
        });
    }
    if let Some(token) = text("bearerToken") {
        return Ok(access.with_credentials(Credentials::Bearer(token.into())));
    }
    Ok(match (text("username"), text("password")) {
        (None, None) => access,
        (username, password) => access
            .with_credentials(Credentials::basic(username.unwrap_or_default(), password.unwrap_or_default())),
    })
}

fn with_certificates(access: &mut Access, data: &BTreeMap<String, Vec<u8>>) {
    let one_of = |keys: [&str; 2]| keys.iter().find_map(|key| data.get(*key)).cloned();
    if let Some(authority) = one_of(["ca.crt", "caFile"]) {
        access.tls.ca = Some(authority);
    }
    if let (Some(certificate), Some(key)) = (one_of(["tls.crt", "certFile"]), one_of(["tls.key", "keyFile"]))
    {
        access.tls.client = Some((certificate, key));
    }
}

/// What refers to a manifest, by the referrers API or by cosign's tag.
async fn referring(client: &OciClient, digest: &Digest) -> Result<Signatures, Problem> {
    let mut kinds: Vec<String> = client
        .referrers(digest, None)
        .await
        .map_err(|error| registry_problem(&error))?
        .into_iter()
        .filter_map(|referrer| referrer.artifact_type.or(Some(referrer.media_type)))
        .collect();
    // Cosign before 3.0 keeps its signature below a tag made of the digest.
    let tag = format!("sha256-{}.sig", digest.hex());
    if kinds.is_empty() && client.resolve(&tag).await.is_ok() {
        kinds.push("application/vnd.dev.cosign.simplesigning.v1+json".to_owned());
    }
    let note = if kinds.is_empty() {
        "no signature was found"
    } else {
        "signatures were found; whether they are of somebody you trust is checked where a release asks for it (`verify`)"
    };
    Ok(Signatures { looked: true, kinds, note: note.into() })
}
