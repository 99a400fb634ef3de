//! Gets the chart: from the index of an HTTP repository or from a registry.

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use pilothouse_registry::push::Upload;
use pilothouse_registry::{
    Access, Catalog, Error as RegistryError, HttpRepository, Kind, OciClient, RepositoryUrl, version,
};
use pilothouse_resources::HelmRepository;

use super::{Job, package, resolve};
use crate::access;
use crate::source::{DEFAULT_INTERVAL, Failure, duration, with_hint};

/// A chart ready to be stored.
#[derive(Debug)]
pub(crate) struct Built {
    /// Name in its Chart.yaml.
    pub(super) name: String,
    /// Version, with build metadata where values files were merged.
    pub(super) version: String,
    /// The archive.
    pub(super) archive: Bytes,
    /// Values files that were merged.
    pub(super) values_files: Vec<String>,
}

impl Built {
    pub(super) fn reason(&self) -> &'static str {
        if self.values_files.is_empty() { "ChartPullSucceeded" } else { "ChartPackageSucceeded" }
    }

    pub(super) fn message(&self) -> String {
        let (name, version) = (&self.name, &self.version);
        if self.values_files.is_empty() {
            return format!("pulled '{name}' chart with version '{version}'");
        }
        let files = self.values_files.join(" ");
        format!("packaged '{name}' chart with version '{version}' and merged values files [{files}]")
    }
}

/// Prefix of failures to find the version.
const VERSION: &str = "failed to get chart version for remote reference";
/// Prefix of failures to pull.
const DOWNLOAD: &str = "failed to download chart for remote reference";

fn invalid(why: &str) -> Failure {
    Failure::fetch("InvalidChartReference", format!("invalid chart reference: {why}")).stalled()
}

fn pull_error(why: &str) -> Failure {
    Failure::fetch("ChartPullError", format!("chart pull error: {why}"))
}

impl Job<'_> {
    /// The chart, or `None` where the one in storage is it.
    pub(super) async fn run(&self) -> Result<Option<Built>, Failure> {
        let chart = &self.chart.spec.chart;
        if !is_chart_name(chart) {
            return Err(invalid(&format!(
                "invalid chart name '{chart}': a valid name must be lower case letters and numbers and MAY be separated \
                 with dashes (-), slashes (/) or periods (.)"
            )));
        }
        if self.repository.spec.is_oci() { self.oci().await } else { self.http().await }
    }

    async fn http(&self) -> Result<Option<Built>, Failure> {
        let spec = &self.chart.spec;
        let catalog = self.catalog().await.map_err(|why| Failure::fetch("ReadOperationFailed", why))?;
        let catalog =
            catalog.ok_or_else(|| Failure::fetch("NoSourceArtifact", "the repository has no index yet"))?;
        let entry = resolve::from_index(&catalog, &spec.chart, &spec.version)
            .map_err(|error| invalid(&format!("{VERSION}: {error}")))?;
        if self.is_stored(&entry.version) {
            return Ok(None);
        }
        let url = entry
            .urls
            .first()
            .ok_or_else(|| invalid(&format!("chart '{}' has no downloadable URLs", spec.chart)))?;
        let access = access::for_repository(self.context, self.repository).await?;
        let client = self
            .context
            .options
            .pool
            .http(&self.repository.spec.url, access.clone())
            .map_err(|error| pull_error(&format!("{DOWNLOAD}: {error}")))?;
        let archive = self.download(&client, access, url).await?;
        self.package(archive).await.map(Some)
    }

    async fn download(&self, client: &HttpRepository, access: Access, url: &str) -> Result<Bytes, Failure> {
        // An index may point into a registry.
        if let Some((repository, tag)) = url.strip_prefix("oci://").and_then(|rest| rest.rsplit_once(':')) {
            let address: RepositoryUrl = format!("oci://{repository}")
                .parse()
                .map_err(|error| pull_error(&format!("{DOWNLOAD}: {error}")))?;
            let access = if access.pass_credentials {
                access
            } else {
                access.with_credentials(pilothouse_registry::Credentials::default())
            };
            let client = self.context.options.pool.oci(address, access);
            let client = client.map_err(|error| pull_error(&format!("{DOWNLOAD}: {error}")))?;
            return self.pull(&client, tag).await;
        }
        let target = client.chart_url(url).map_err(|error| pull_error(&format!("{DOWNLOAD}: {error}")))?;
        client.download(&target).await.map_err(|error| {
            let cause = match &error {
                RegistryError::Status(status) => {
                    let shown = format!("{}{}", target.origin().ascii_serialization(), target.path());
                    format!("failed to fetch {shown} : {} {}", status.status(), status.phrase())
                }
                other => with_hint(other),
            };
            pull_error(&format!("{DOWNLOAD}: {cause}")).after(&error)
        })
    }

    async fn oci(&self) -> Result<Option<Built>, Failure> {
        let spec = &self.chart.spec;
        let base: RepositoryUrl = self
            .repository
            .spec
            .url
            .parse()
            .map_err(|error: RegistryError| Failure::fetch("URLInvalid", error.to_string()).stalled())?;
        let url = self.locate(&base).map_err(|error| invalid(&error.to_string()))?;
        let exact = resolve::concrete(&spec.version).map(|_| spec.version.clone());
        if exact.as_deref().is_some_and(|version| self.is_stored(version)) {
            return Ok(None);
        }
        let access = access::for_repository(self.context, self.repository).await?;
        let client = self.context.options.pool.oci(url, access);
        let client = client.map_err(|error| Failure::fetch("AuthenticationFailed", error.to_string()))?;
        let wanted = match exact {
            Some(version) => version,
            None => self.newest(&client).await?,
        };
        if self.is_stored(&wanted) {
            return Ok(None);
        }
        let archive = self.pull(&client, &version::to_tag(&wanted)).await?;
        self.package(archive).await.map(Some)
    }

    /// Where the chart is: below the repository's URL, or at it where the URL itself is the chart.
    fn locate(&self, base: &RepositoryUrl) -> Result<RepositoryUrl, RegistryError> {
        let method =
            self.repository.status.as_ref().and_then(|s| s.catalog.as_ref()).map(|c| c.method.as_str());
        if method == Some("chart-url") && self.chart.spec.chart == base.last_segment() {
            return Ok(base.clone());
        }
        base.join(&self.chart.spec.chart)
    }

    /// The newest version in the range: from the catalog while it is fresh, else from the registry's tags.
    async fn newest(&self, client: &OciClient) -> Result<String, Failure> {
        let spec = &self.chart.spec;
        if self.is_fresh()
            && let Ok(Some(catalog)) = self.catalog().await
            && let Some(versions) = catalog.entries.get(&spec.chart)
        {
            let versions: Vec<String> = versions.iter().map(|v| v.version.clone()).collect();
            return resolve::from_versions(&versions, &spec.version)
                .map_err(|error| pull_error(&format!("{VERSION}: {error}")));
        }
        let tags = client.tags().await;
        self.context.options.metrics.registry_requests("HelmChart", client.requests());
        let tags = tags.map_err(|error| {
            let cause = with_hint(&error);
            let failure = pull_error(&format!(
                "{VERSION}: could not get tags for \"{}\": {cause}",
                client.url().bare()
            ));
            authentication(failure, &error).after(&error)
        })?;
        let versions: Vec<String> =
            tags.tags.iter().filter_map(|t| Some(version::from_tag(t)?.to_string())).collect();
        if versions.is_empty() {
            let name = &spec.chart;
            return Err(pull_error(&format!(
                "{VERSION}: unable to locate any tags in provided repository: {name}"
            )));
        }
        resolve::from_versions(&versions, &spec.version)
            .map_err(|error| pull_error(&format!("{VERSION}: {error}")))
    }

    async fn pull(&self, client: &OciClient, tag: &str) -> Result<Bytes, Failure> {
        let before = client.requests();
        let pulled = client.pull_chart(tag).await;
        self.context.options.metrics.registry_requests("HelmChart", client.requests() - before);
        let error = match pulled {
            Ok(pulled) => return Ok(pulled.archive),
            Err(error) => error,
        };
        let reference = format!("{}:{tag}", client.url().bare());
        let cause = match &error {
            error if error.kind() == Kind::NotFound => format!("{reference}: not found"),
            RegistryError::Status(status) => {
                format!("GET \"{}\": response status code {}: {status}", client.url(), status.status())
            }
            other => with_hint(other),
        };
        let text = format!(
            "{DOWNLOAD}: failed to get 'oci://{reference}': failed to perform \"FetchReference\" on source: {cause}"
        );
        Err(authentication(pull_error(&text), &error).after(&error))
    }

    /// Checks what was pulled, and merges values files into it where the spec names some.
    async fn package(&self, archive: Bytes) -> Result<Built, Failure> {
        let generation = self.chart.metadata.generation.unwrap_or_default();
        let files = self.merged_files().to_vec();
        let ignore_missing = self.chart.spec.ignore_missing_values_files.unwrap_or(false);
        let work = move || -> Result<Built, Failure> {
            let checked = Upload::from_archive(archive.clone())
                .map_err(|error| pull_error(&format!("failed to load chart metadata: {error}")))?;
            let (name, version) = (checked.name().to_owned(), checked.version().to_owned());
            if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
                || name.starts_with('.')
            {
                return Err(pull_error(&format!("the chart's name '{}' is not valid", name.escape_debug())));
            }
            if files.is_empty() {
                return Ok(Built { name, version, archive, values_files: Vec::new() });
            }
            let version = package::with_metadata(&version, &generation.to_string());
            let (archive, values_files) = package::merge_values(&archive, &files, ignore_missing, &version)?;
            Ok(Built { name, version, archive, values_files })
        };
        tokio::task::spawn_blocking(work)
            .await
            .unwrap_or_else(|_| Err(Failure::build("ChartPackageError", "packaging the chart was cut short")))
    }

    /// Values files to merge; none where the list says only what is there anyway.
    fn merged_files(&self) -> &[String] {
        match self.chart.spec.values_files.as_deref() {
            None => &[],
            Some([only]) if only == "values.yaml" => &[],
            Some(files) => files,
        }
    }

    fn is_stored(&self, version: &str) -> bool {
        let Some(stored) = &self.stored else { return false };
        if self.merged_files().is_empty() {
            return stored == version;
        }
        let generation = self.chart.metadata.generation.unwrap_or_default();
        *stored == package::with_metadata(version, &generation.to_string())
    }

    async fn catalog(&self) -> Result<Option<std::sync::Arc<Catalog>>, String> {
        let artifact = self.repository.status.as_ref().and_then(|s| s.artifact.as_ref());
        let Some(artifact) = artifact else { return Ok(None) };
        let catalog = self.context.catalogs.get(&self.context.artifacts, artifact).await;
        catalog.map(Some).map_err(|error| format!("failed to load Helm repository from index YAML: {error}"))
    }

    /// Whether the repository was synced within this chart's interval, after its last change.
    fn is_fresh(&self) -> bool {
        let checked = |repository: &HelmRepository| {
            let status = repository.status.as_ref()?;
            let current = status.observed_generation == repository.metadata.generation;
            let catalog = status.catalog.as_ref().filter(|c| current && c.complete)?;
            let failed = catalog.syncs.first().is_some_and(|s| s.result == "Failed");
            catalog.last_checked_at.as_ref().filter(|_| !failed).map(|t| t.0)
        };
        let interval = duration(Some(&self.chart.spec.interval), DEFAULT_INTERVAL);
        let Ok(interval) = SignedDuration::try_from(interval) else { return false };
        checked(self.repository).is_some_and(|at| Timestamp::now().duration_since(at) < interval)
    }
}

/// A refused login is reported as Flux does: the event names it, the condition has reason `Unknown`. Missing
/// credentials are not a refused login.
fn authentication(failure: Failure, error: &RegistryError) -> Failure {
    let refused = matches!(error, RegistryError::Status(status) if matches!(status.status(), 401));
    if !refused && error.kind() != Kind::TlsNotTrusted {
        return failure;
    }
    let message = format!("failed to authenticate with the Helm repository: {}", failure.message);
    Failure {
        reason: "Unknown",
        event: Some(("AuthenticationFailed", message.clone())),
        message: format!("unknown build error: {message}"),
        ..failure
    }
}

/// `^([-a-z0-9]+/?\.?)+$`.
fn is_chart_name(name: &str) -> bool {
    let mut after_word = false;
    let mut seen_slash = false;
    let mut seen_dot = false;
    for letter in name.chars() {
        match letter {
            'a'..='z' | '0'..='9' | '-' => (after_word, seen_slash, seen_dot) = (true, false, false),
            '/' if after_word && !seen_slash && !seen_dot => seen_slash = true,
            '.' if after_word && !seen_dot => seen_dot = true,
            _ => return false,
        }
    }
    after_word && name.len() <= 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chart_names_follow_fluxs_expression() {
        for good in ["app", "team/charts/app", "app.v2", "a-b", "app/", "app."] {
            assert!(is_chart_name(good), "{good}");
        }
        for bad in ["", "App", "a b", "../a", "a//b", "/a", "./chart", "a..b"] {
            assert!(!is_chart_name(bad), "{bad}");
        }
    }
}
