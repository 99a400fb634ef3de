//! Finds a chart by what a person calls it: a path, `oci://…`, a URL, a name in a repository.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use bytes::Bytes;
use pilothouse_chart::{
    Chart, Limits,
    semver::{Constraints, Version},
};
use pilothouse_registry::{
    Catalog, ChartVersion, Digest, Error as RegistryError, HttpRepository, IndexAnswer, RepositoryUrl,
    version,
};

use super::{RemoteArgs, files, remote, repositories::Repositories};
use crate::{commands::block_on, output};

/// Flags on which chart is meant and where it is looked for, in Helm's names.
#[derive(Debug, Default, Clone, clap::Args)]
pub(crate) struct ChartArgs {
    /// Version or range of versions [default: the newest stable one].
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Take development versions too, as with the range >0.0.0-0.
    #[arg(long)]
    devel: bool,
    /// URL of the chart repository that has the chart.
    #[arg(long, value_name = "URL")]
    repo: Option<String>,
    /// Send credentials to other hosts than the repository's too.
    #[arg(long)]
    pass_credentials: bool,
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// A chart that came over the network.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// The archive.
    pub(crate) archive: Bytes,
    /// The name Helm gives its file.
    pub(crate) file_name: String,
    /// Reference and manifest digest, where it came from a registry.
    pub(crate) pulled: Option<(String, Digest)>,
    /// The provenance file, where there is one and it was asked for.
    pub(crate) provenance: Option<Bytes>,
}

impl Fetched {
    /// What Helm says of a chart from a registry.
    pub(crate) fn report(&self) -> Option<String> {
        let (reference, digest) = self.pulled.as_ref()?;
        let mut text = format!("Pulled: {reference}\nDigest: {digest}\n");
        if reference.rsplit(':').next().is_some_and(|tag| tag.contains('_')) {
            text.push_str(&underscore_note(reference));
        }
        Some(text)
    }
}

/// Why a tag has an underscore where the version has a plus.
pub(crate) fn underscore_note(reference: &str) -> String {
    format!(
        "{reference} contains an underscore.\n\nOCI artifact references (e.g. tags) do not support the plus sign (+). \
         To support\nstoring semantic versions, Helm adopts the convention of changing plus (+) to\nan underscore (_) in \
         chart version tags when pushing to a registry and back to\na plus (+) when pulling from a registry.\n"
    )
}

/// A chart on disk, or one that was fetched.
pub(crate) enum Located {
    /// A directory or archive.
    Path(PathBuf),
    /// From a registry or repository.
    Fetched(Box<Fetched>),
}

impl Located {
    /// The chart itself.
    ///
    /// # Errors
    /// It is no chart.
    pub(crate) fn load(&self) -> anyhow::Result<Chart> {
        match self {
            Self::Path(path) => files::load(path),
            Self::Fetched(fetched) => {
                Chart::load_archive(&fetched.archive, &Limits::default()).map_err(|error| anyhow!("{error}"))
            }
        }
    }
}

impl ChartArgs {
    /// The wanted version or range; empty for the newest.
    fn wanted(&self) -> &str {
        match self.version.as_deref().map(str::trim) {
            Some(version) if !version.is_empty() => version,
            _ if self.devel => ">0.0.0-0",
            _ => "",
        }
    }

    /// Finds a chart as `helm template`, `show` and `install` do: a path first, unless --repo is given.
    ///
    /// # Errors
    /// There is none, or it cannot be fetched.
    pub(crate) fn locate(&self, name: &str) -> anyhow::Result<Located> {
        let name = name.trim();
        if self.repo.is_none() {
            if Path::new(name).exists() {
                return Ok(Located::Path(PathBuf::from(name)));
            }
            if Path::new(name).is_absolute() || name.starts_with('.') {
                bail!("path {name:?} not found");
            }
        }
        let fetched = self.fetch(name, false)?;
        // Standard output is for the chart: a pipe to kubectl must not meet this.
        if let Some(report) = fetched.report() {
            output::note(report.trim_end());
        }
        Ok(Located::Fetched(Box::new(fetched)))
    }

    /// Finds and loads a chart.
    ///
    /// # Errors
    /// As [`ChartArgs::locate`]; or it is no chart.
    pub(crate) fn load(&self, name: &str) -> anyhow::Result<Chart> {
        self.locate(name)?.load()
    }

    /// Gets a chart from where it is published.
    ///
    /// # Errors
    /// What stands in the way.
    pub(crate) fn fetch(&self, name: &str, provenance: bool) -> anyhow::Result<Fetched> {
        let args = Self { remote: self.remote.with_password()?, ..self.clone() };
        block_on(async {
            match &args.repo {
                Some(repo) => args.fetch_listed(repo, name, provenance).await,
                None => args.fetch_named(name, args.wanted(), provenance).await,
            }
        })
    }

    async fn fetch_listed(&self, repo: &str, name: &str, provenance: bool) -> anyhow::Result<Fetched> {
        let known = Repositories::load()?;
        let source = IndexedRepository::open(repo, &self.remote, &known, self.pass_credentials)?;
        let entry = source.find(name, self.wanted()).await?;
        let fetched = source.fetch(&entry, provenance).await;
        match fetched? {
            Entry::Archive(fetched) => Ok(fetched),
            Entry::Registry(url) => self.fetch_named(&url, &entry.version, provenance).await,
        }
    }

    async fn fetch_named(&self, name: &str, wanted: &str, provenance: bool) -> anyhow::Result<Fetched> {
        if name.starts_with("oci://") {
            return pull(name, wanted, &self.remote).await;
        }
        let known = Repositories::load()?;
        if let Some((_, rest)) = name.split_once("://") {
            let path_at = rest.find('/').map_or(rest.len(), |at| at + 1);
            anyhow::ensure!(path_at < rest.len(), "could not find a chart at {name}: the URL has no path");
            let base = known.above(name).map_or(name, |repository| repository.url.as_str());
            let source = IndexedRepository::open(base, &self.remote, &known, self.pass_credentials)?;
            return source.download(name, "", provenance).await;
        }
        let Some((repository, chart)) = name.split_once('/') else {
            bail!("non-absolute URLs should be in form of repo_name/path_to_chart, got: {name}");
        };
        let url = known.named(repository)?.url.clone();
        if url.starts_with("oci://") {
            return pull(&format!("{}/{chart}", url.trim_end_matches('/')), wanted, &self.remote).await;
        }
        let source = IndexedRepository::open(&url, &self.remote, &known, self.pass_credentials)?;
        let catalog = source.catalog().await?;
        let entry = choose(&catalog, chart, wanted).map_err(|reason| {
            anyhow!("chart {chart:?} matching {wanted} not found in {repository} index. (try 'helm repo update'): {reason}")
        })?;
        match source.fetch(entry, provenance).await? {
            Entry::Archive(fetched) => Ok(fetched),
            Entry::Registry(url) => pull(&url, &entry.version, &self.remote).await,
        }
    }
}

/// Where an index says a chart is.
pub(crate) enum Entry {
    /// In the repository or at another URL, and this is it.
    Archive(Fetched),
    /// In a registry.
    Registry(String),
}

/// An HTTP chart repository.
pub(crate) struct IndexedRepository {
    url: String,
    client: HttpRepository,
}

impl IndexedRepository {
    /// The repository at `url`, with the flags' settings or those Helm knows for it.
    ///
    /// # Errors
    /// It is no such URL, or a setting cannot be used.
    pub(crate) fn open(
        url: &str,
        remote: &RemoteArgs,
        known: &Repositories,
        pass_credentials: bool,
    ) -> anyhow::Result<Self> {
        let mut access = remote.repository(known.with_url(url))?;
        access.pass_credentials |= pass_credentials;
        Ok(Self { url: url.to_owned(), client: remote::pool().http(url, access)? })
    }

    /// What its index lists.
    ///
    /// # Errors
    /// Helm's text, and what stood in the way.
    pub(crate) async fn catalog(&self) -> anyhow::Result<Catalog> {
        let unreachable =
            || format!("looks like {:?} is not a valid chart repository or cannot be reached", self.url);
        match self.client.index(None).await.with_context(unreachable)? {
            IndexAnswer::Fetched { parsed, .. } => Ok(parsed.catalog),
            IndexAnswer::Unchanged { .. } => bail!("{}", unreachable()),
        }
    }

    /// The entry of a chart's version.
    ///
    /// # Errors
    /// The index cannot be had, or lists none that fits.
    pub(crate) async fn find(&self, chart: &str, wanted: &str) -> anyhow::Result<ChartVersion> {
        let catalog = self.catalog().await?;
        let what = match wanted {
            "" => format!("chart {chart:?}"),
            wanted => format!("chart {chart:?} version {wanted:?}"),
        };
        let found = choose(&catalog, chart, wanted);
        let entry = found.map_err(|_| anyhow!("{what} not found in {} repository", self.url))?;
        anyhow::ensure!(!entry.urls.is_empty(), "{what} has no downloadable URLs");
        Ok(entry.clone())
    }

    /// The archive of an entry, with the digest that the index says.
    ///
    /// # Errors
    /// It cannot be had, or is another one.
    pub(crate) async fn fetch(&self, entry: &ChartVersion, provenance: bool) -> anyhow::Result<Entry> {
        let url =
            entry.urls.first().ok_or_else(|| anyhow!("chart {:?} has no downloadable URLs", entry.name))?;
        if url.starts_with("oci://") {
            return Ok(Entry::Registry(url.clone()));
        }
        let url = self.client.chart_url(url)?;
        self.download(url.as_str(), &entry.digest, provenance).await.map(Entry::Archive)
    }

    async fn download(&self, url: &str, digest: &str, provenance: bool) -> anyhow::Result<Fetched> {
        let url = self.client.chart_url(url)?;
        let archive = self.client.download(&url).await?;
        check_digest(url.as_str(), &archive, digest)?;
        let file_name = url.path().rsplit('/').next().unwrap_or_default();
        let file_name =
            percent_encoding::percent_decode_str(file_name).decode_utf8_lossy().replace(['/', '\\'], "_");
        let provenance = if provenance { self.provenance(&url).await } else { None };
        Ok(Fetched { archive, file_name, pulled: None, provenance })
    }

    async fn provenance(&self, archive: &reqwest::Url) -> Option<Bytes> {
        let mut url = archive.clone();
        url.set_path(&format!("{}.prov", archive.path()));
        match self.client.download(&url).await {
            Ok(text) => Some(text),
            Err(error) => {
                output::note(format!("WARNING: Verification not found for {archive}: {error}"));
                None
            }
        }
    }
}

/// An index's digest is bare hex or has its algorithm in front; a digest of another algorithm proves nothing.
fn check_digest(url: &str, archive: &[u8], digest: &str) -> anyhow::Result<()> {
    let wanted = digest.strip_prefix("sha256:").unwrap_or(digest).to_lowercase();
    let actual = Digest::of(archive);
    let actual = actual.as_str().trim_start_matches("sha256:");
    if wanted.is_empty() || wanted.contains(':') || wanted == actual {
        return Ok(());
    }
    bail!("the chart {url} has digest {actual}, the repository's index says {wanted}");
}

/// The entry that `wanted` means, as Helm's `IndexFile.Get` finds it.
///
/// # Errors
/// Helm's reason.
pub(crate) fn choose<'c>(
    catalog: &'c Catalog,
    chart: &str,
    wanted: &str,
) -> Result<&'c ChartVersion, String> {
    let versions = catalog.entries.get(chart).ok_or("no chart name found")?;
    if let Some(exact) = versions.iter().find(|entry| !wanted.is_empty() && entry.version == wanted) {
        return Ok(exact);
    }
    let range = range(wanted)?;
    let fits =
        |entry: &&ChartVersion| Version::parse(&entry.version).is_ok_and(|version| range.check(&version));
    versions.iter().find(fits).ok_or_else(|| format!("no chart version found for {chart}-{wanted}"))
}

fn range(wanted: &str) -> Result<Constraints, String> {
    Constraints::parse(if wanted.is_empty() { "*" } else { wanted }).map_err(|error| error.to_string())
}

/// A reference to a chart in a registry, taken apart.
struct Reference {
    repository: RepositoryUrl,
    tag: String,
    digest: String,
}

impl Reference {
    fn parse(text: &str) -> Result<Self, RegistryError> {
        let (text, digest) = text.rsplit_once('@').unwrap_or((text, ""));
        let slash = text.rfind('/').unwrap_or(0);
        let (repository, tag) = match text[slash..].rfind(':') {
            Some(at) => (&text[..slash + at], &text[slash + at + 1..]),
            None => (text, ""),
        };
        Ok(Self { repository: repository.parse()?, tag: tag.to_owned(), digest: digest.to_owned() })
    }
}

/// Pulls a chart from a registry: by digest, by version, or the highest version in a range.
///
/// # Errors
/// What the registry refused, or that no version fits.
pub(crate) async fn pull(reference: &str, wanted: &str, remote: &RemoteArgs) -> anyhow::Result<Fetched> {
    let parsed = Reference::parse(reference)?;
    let mut wanted = wanted.to_owned();
    if wanted.is_empty() {
        wanted.clone_from(&parsed.tag);
    } else if !parsed.tag.is_empty() && parsed.tag != wanted {
        bail!("chart reference and version mismatch: {wanted} is not {}", parsed.tag);
    }
    let url = parsed.repository;
    let client = remote::pool().oci(url.clone(), remote.registry(&url)?)?;
    let last = url.last_segment();
    let (name, shown, file_name) = if parsed.digest.is_empty() {
        let chosen = if Version::parse(&wanted).is_ok() {
            wanted
        } else {
            newest(&client, reference, &wanted).await?
        };
        let tag = version::to_tag(&chosen);
        (tag.clone(), format!("{}:{tag}", url.bare()), format!("{last}-{chosen}.tgz"))
    } else {
        if !wanted.is_empty()
            && let Ok(tagged) = client.resolve(&version::to_tag(&wanted)).await
            && tagged.digest.as_str() != parsed.digest
        {
            bail!("chart reference digest mismatch: {} is not {}", tagged.digest, parsed.digest);
        }
        let shown = format!("{}@{}", url.bare(), parsed.digest);
        (parsed.digest.clone(), shown, format!("{last}@{}.tgz", parsed.digest.replace(':', "-")))
    };
    let pulled = client.pull_chart(&name).await.with_context(|| format!("cannot pull {shown}"))?;
    Ok(Fetched {
        archive: pulled.archive,
        file_name,
        pulled: Some((shown, pulled.digest)),
        provenance: pulled.provenance,
    })
}

/// The highest version among the tags of a chart that fits the range.
async fn newest(
    client: &pilothouse_registry::OciClient,
    reference: &str,
    wanted: &str,
) -> anyhow::Result<String> {
    let list = client.tags().await.with_context(|| format!("cannot list the versions of {reference}"))?;
    let mut versions: Vec<_> = list.tags.iter().filter_map(|tag| version::from_tag(tag)).collect();
    if versions.is_empty() {
        bail!("unable to locate any tags in provided repository: {reference}");
    }
    versions.sort_by(|a, b| b.cmp(a));
    let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
    if versions.iter().any(|version| version == wanted) {
        return Ok(wanted.to_owned());
    }
    let range = range(wanted).map_err(|reason| anyhow!(reason))?;
    let fits = |version: &&String| Version::parse(version).is_ok_and(|version| range.check(&version));
    let found = versions.iter().find(fits).cloned();
    found.ok_or_else(|| anyhow!("could not locate a version matching provided version string {wanted}"))
}

/// The highest version of a dependency in a registry that fits its range.
///
/// # Errors
/// As [`pull`].
pub(crate) async fn newest_of(reference: &str, wanted: &str, remote: &RemoteArgs) -> anyhow::Result<String> {
    let url = Reference::parse(reference)?.repository;
    let client = remote::pool().oci(url.clone(), remote.registry(&url)?)?;
    newest(&client, reference, wanted).await
}

/// Writes a file beside its final place first, so that nobody sees half of it.
///
/// # Errors
/// It cannot be written.
pub(crate) fn write_whole(file: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let name = file.file_name().context("the file has a name")?.to_string_lossy();
    let beside = file.with_file_name(format!(".{name}.{}", std::process::id()));
    let write = || fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, file));
    write()
        .inspect_err(|_| drop(fs::remove_file(&beside)))
        .with_context(|| format!("cannot write {}", file.display()))
}
