//! The charts under `charts/`: resolved, locked and fetched, with the output of `helm dependency`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow, bail};
use pilothouse_chart::{
    Chart, Dependency, Limits, Lock, lock,
    semver::{Constraints, Version},
    to_archive,
};

use super::{
    RemoteArgs, files,
    locate::{self, Entry, Fetched, IndexedRepository, choose},
    repositories::Repositories,
};
use crate::{commands::block_on, output};

/// A chart's directory whose dependencies are managed.
pub(crate) struct Manager<'a> {
    /// The directory.
    pub(crate) directory: &'a Path,
    /// How registries and repositories are reached.
    pub(crate) remote: &'a RemoteArgs,
    /// Where progress is printed, line by line.
    pub(crate) say: &'a dyn Fn(&str),
    /// Say nothing of refreshed repositories (`--skip-refresh`).
    pub(crate) skip_refresh: bool,
    /// Time of the files in archives that are made from directories.
    pub(crate) modified: u64,
}

/// What was read of repositories so far, so that each is asked once.
struct Sources {
    known: Repositories,
    remote: RemoteArgs,
    catalogs: BTreeMap<String, (IndexedRepository, pilothouse_registry::Catalog)>,
}

impl Sources {
    async fn catalog(
        &mut self,
        url: &str,
    ) -> anyhow::Result<&(IndexedRepository, pilothouse_registry::Catalog)> {
        if !self.catalogs.contains_key(url) {
            let repository = IndexedRepository::open(url, &self.remote, &self.known, false)?;
            let catalog = repository.catalog().await?;
            self.catalogs.insert(url.to_owned(), (repository, catalog));
        }
        self.catalogs.get(url).ok_or_else(|| anyhow!("the index of {url} is not there"))
    }
}

impl Manager<'_> {
    /// Chooses a version for every dependency, fetches them into `charts/` and writes the lock file where it changed.
    ///
    /// # Errors
    /// What cannot be resolved or fetched.
    pub(crate) fn update(&self) -> anyhow::Result<()> {
        let chart = self.load()?;
        let mut wanted = chart.metadata().dependencies.clone();
        if wanted.is_empty() {
            return Ok(());
        }
        block_on(async {
            let mut sources = self.sources()?;
            self.resolve_repositories(&mut wanted, &sources.known)?;
            self.refresh(&wanted, &mut sources).await?;
            let mut locked = self.resolve(&wanted, &mut sources).await?;
            self.fetch_all(&mut locked, &mut sources).await?;
            let digest = lock::digest(&wanted, &locked);
            if chart.lock().is_some_and(|old| old.digest == digest) {
                return Ok(());
            }
            let generated = jiff::Zoned::now().strftime("%Y-%m-%dT%H:%M:%S%.f%:z").to_string();
            let generated =
                generated.strip_suffix("+00:00").map(|utc| format!("{utc}Z")).unwrap_or(generated);
            self.write_lock(
                &Lock { generated, digest, dependencies: locked },
                chart.metadata().api_version == "v1",
            )
        })
    }

    /// Fetches into `charts/` what the lock file says; without one, updates.
    ///
    /// # Errors
    /// The lock file does not fit Chart.yaml, or something cannot be fetched.
    pub(crate) fn build(&self) -> anyhow::Result<()> {
        let chart = self.load()?;
        let Some(lock) = chart.lock() else { return self.update() };
        let mut wanted = chart.metadata().dependencies.clone();
        let is_v1 = chart.metadata().api_version == "v1";
        let old_digest = lock::digest_v2(&wanted);
        block_on(async {
            let mut sources = self.sources()?;
            self.resolve_repositories(&mut wanted, &sources.known)?;
            if lock::digest(&wanted, &lock.dependencies) != lock.digest {
                if !is_v1 {
                    bail!(
                        "the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml). Please \
                         update the dependencies with 'helm dependency update'"
                    );
                }
                output::note("warning: a valid Helm v3 hash was not found. Checking against Helm v2 hash...");
                if old_digest != lock.digest {
                    bail!(
                        "the lock file (requirements.lock) is out of sync with the dependencies file \
                         (requirements.yaml). Please update the dependencies"
                    );
                }
            }
            let mut locked = lock.dependencies.clone();
            self.refresh(&locked, &mut sources).await?;
            self.fetch_all(&mut locked, &mut sources).await
        })
    }

    fn sources(&self) -> anyhow::Result<Sources> {
        let remote = self.remote.with_password()?;
        Ok(Sources { known: Repositories::load()?, remote, catalogs: BTreeMap::new() })
    }

    fn load(&self) -> anyhow::Result<Chart> {
        let name = self.directory.display();
        let metadata = fs::metadata(self.directory).with_context(|| format!("could not find {name}"))?;
        anyhow::ensure!(metadata.is_dir(), "only unpacked charts can be updated");
        files::load(self.directory)
    }

    /// Puts URLs in the place of `@name` and `alias:name`.
    fn resolve_repositories(&self, wanted: &mut [Dependency], known: &Repositories) -> anyhow::Result<()> {
        let mut missing = Vec::new();
        for dependency in wanted {
            let repository = dependency.repository.clone();
            if repository.is_empty() || repository.starts_with("oci://") {
                continue;
            }
            if repository.starts_with("file://") {
                self.local(&repository)?;
            } else if let Some(found) = known.of_dependency(&repository) {
                if repository.starts_with('@') || repository.starts_with("alias:") {
                    dependency.repository.clone_from(&found.url);
                }
            } else if !repository.contains("://") {
                missing.push(repository);
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let is_bare = |name: &String| !name.starts_with('@') && !name.starts_with("alias:");
        let note = if missing.iter().any(is_bare) {
            "\nNote that repositories must be URLs or aliases. For example, to refer to the \"example\"\nrepository, use \
             \"https://charts.example.com/\" or \"@example\" instead of\n\"example\". Don't forget to add the repo, too \
             ('helm repo add')."
        } else {
            ""
        };
        bail!(
            "no repository definition for {}. Please add them via 'helm repo add'{note}",
            missing.join(", ")
        );
    }

    /// The directory that a `file://` repository or a path in the chart means.
    fn local(&self, repository: &str) -> anyhow::Result<PathBuf> {
        let path = repository.strip_prefix("file://").unwrap_or(repository);
        let path =
            if path.starts_with('/') { PathBuf::from(path) } else { clean(&self.directory.join(path)) };
        anyhow::ensure!(path.exists(), "directory {} not found", path.display());
        Ok(path)
    }

    /// Reads the indexes of the repositories that are named, and says so.
    async fn refresh(&self, wanted: &[Dependency], sources: &mut Sources) -> anyhow::Result<()> {
        if self.skip_refresh {
            return Ok(());
        }
        let is_http =
            |d: &&Dependency| d.repository.starts_with("http://") || d.repository.starts_with("https://");
        let urls: BTreeSet<&str> = wanted.iter().filter(is_http).map(|d| d.repository.as_str()).collect();
        let is_known = |url: &&&str| sources.known.with_url(url).is_some();
        let (known, unknown): (Vec<&str>, Vec<&str>) = urls.iter().partition(|url| is_known(url));
        if !unknown.is_empty() {
            (self.say)("Getting updates for unmanaged Helm repositories...");
            for url in unknown {
                match sources.catalog(url).await {
                    Ok(_) => (self.say)(&format!(
                        "...Successfully got an update from the {url:?} chart repository"
                    )),
                    Err(error) => (self.say)(&format!(
                        "...Unable to get an update from the {url:?} chart repository:\n\t{}",
                        error.root_cause()
                    )),
                }
            }
        }
        if !known.is_empty() {
            (self.say)("Hang tight while we grab the latest from your chart repositories...");
            for url in known {
                let name = sources.known.with_url(url).map(|known| known.name.clone()).unwrap_or_default();
                match sources.catalog(url).await {
                    Ok(_) => (self.say)(&format!(
                        "...Successfully got an update from the {name:?} chart repository"
                    )),
                    Err(error) => (self.say)(&format!(
                        "...Unable to get an update from the {name:?} chart repository ({url}):\n\t{}",
                        error.root_cause()
                    )),
                }
            }
            (self.say)("Update Complete. ⎈Happy Helming!⎈");
        }
        Ok(())
    }

    /// One version for every dependency.
    async fn resolve(&self, wanted: &[Dependency], sources: &mut Sources) -> anyhow::Result<Vec<Dependency>> {
        let mut locked = Vec::new();
        let mut missing = Vec::new();
        for dependency in wanted {
            let (name, repository) = (&dependency.name, &dependency.repository);
            let constraint = Constraints::parse(&dependency.version).map_err(|error| {
                anyhow!("dependency {name:?} has an invalid version/constraint format: {error}")
            })?;
            let version = if repository.is_empty() {
                self.local(&format!("charts/{name}"))?;
                Some(dependency.version.clone())
            } else if repository.starts_with("file://") {
                let version = files::load(&self.local(repository)?)?.version().to_owned();
                Version::parse(&version).is_ok_and(|v| constraint.check(&v)).then_some(version)
            } else if repository.starts_with("oci://") {
                Some(self.resolve_in_registry(dependency, sources).await?)
            } else {
                let (_, catalog) = sources.catalog(repository).await?;
                let entries = catalog.entries.get(name);
                let entries =
                    entries.ok_or_else(|| anyhow!("{name} chart not found in repo {repository}"))?;
                let fits = |version: &str| Version::parse(version).is_ok_and(|v| constraint.check(&v));
                entries
                    .iter()
                    .find(|entry| !entry.urls.is_empty() && fits(&entry.version))
                    .map(|entry| entry.version.clone())
            };
            match version {
                Some(version) => locked.push(Dependency {
                    name: name.clone(),
                    repository: repository.clone(),
                    version,
                    ..Dependency::default()
                }),
                None => missing
                    .push(format!("{name:?} (repository {repository:?}, version {:?})", dependency.version)),
            }
        }
        if missing.is_empty() {
            return Ok(locked);
        }
        bail!(
            "can't get a valid version for {} subchart(s): {}. Make sure a matching chart version exists in the repo, or \
             change the version constraint in Chart.yaml",
            missing.len(),
            missing.join(", ")
        );
    }

    async fn resolve_in_registry(
        &self,
        dependency: &Dependency,
        sources: &Sources,
    ) -> anyhow::Result<String> {
        if Version::parse(&dependency.version).is_ok() {
            return Ok(dependency.version.clone());
        }
        let reference = format!("{}/{}", dependency.repository.trim_end_matches('/'), dependency.name);
        locate::newest_of(&reference, &dependency.version, &sources.remote).await
    }

    /// Fetches what is locked, and only when all is there changes `charts/`.
    async fn fetch_all(&self, locked: &mut [Dependency], sources: &mut Sources) -> anyhow::Result<()> {
        let target = self.directory.join("charts");
        match fs::metadata(&target) {
            Ok(metadata) if !metadata.is_dir() => {
                bail!("{:?} is not a directory", target.display().to_string())
            }
            Ok(_) => {}
            Err(_) => {
                fs::create_dir_all(&target).with_context(|| format!("cannot create {}", target.display()))?;
            }
        }
        (self.say)(&format!("Saving {} charts", locked.len()));
        let mut archives: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for dependency in locked.iter_mut() {
            let fetched = self.fetch_one(dependency, sources, &mut seen).await;
            let fetched =
                fetched.inspect_err(|error| (self.say)(&format!("Save error occurred:  {error:#}")))?;
            archives.extend(fetched);
        }
        self.replace(&target, locked, &archives)
    }

    /// Name and bytes of an archive; nothing for what is there already.
    async fn fetch_one(
        &self,
        dependency: &mut Dependency,
        sources: &mut Sources,
        seen: &mut BTreeSet<String>,
    ) -> anyhow::Result<Option<(String, Vec<u8>)>> {
        let Dependency { name, repository, version, .. } = dependency;
        if repository.is_empty() {
            (self.say)(&format!(
                "Dependency {name} did not declare a repository. Assuming it exists in the charts directory"
            ));
            self.check_local(name, version)?;
            return Ok(None);
        }
        if repository.starts_with("file://") {
            let chart = files::load(&self.local(repository)?)?;
            if !satisfies(name, version, chart.version())? {
                bail!("can't get a valid version for dependency {name}");
            }
            chart.version().clone_into(version);
            let archive = to_archive(&chart, self.modified)?;
            return Ok(Some((format!("{}-{}.tgz", chart.name(), chart.version()), archive)));
        }
        if !seen.insert(format!("{repository} {name} {version}")) {
            (self.say)(&format!("Already downloaded {name} from repo {repository}"));
            return Ok(None);
        }
        (self.say)(&format!("Downloading {name} from repo {repository}"));
        let fetched = self.download(name, repository, version, sources).await?;
        if let Some(report) = fetched.report() {
            (self.say)(report.trim_end());
        }
        Ok(Some((fetched.file_name, fetched.archive.to_vec())))
    }

    async fn download(
        &self,
        name: &str,
        repository: &str,
        version: &str,
        sources: &mut Sources,
    ) -> anyhow::Result<Fetched> {
        if repository.starts_with("oci://") {
            let reference = format!("{}/{name}", repository.trim_end_matches('/'));
            let pulled = locate::pull(&reference, version, &sources.remote).await;
            return pulled.with_context(|| format!("could not download {reference}"));
        }
        let remote = sources.remote.clone();
        let (source, catalog) = sources.catalog(repository).await?;
        let entry = choose(catalog, name, version).map_err(|_| {
            anyhow!("chart {name:?} version {version:?} not found in {repository} repository")
        })?;
        let fetched = source.fetch(entry, false).await;
        match fetched.with_context(|| format!("could not download {name} {version} from {repository}"))? {
            Entry::Archive(fetched) => Ok(fetched),
            Entry::Registry(url) => locate::pull(&url, version, &remote).await,
        }
    }

    fn check_local(&self, name: &str, wanted: &str) -> anyhow::Result<()> {
        let directory = self.directory.join("charts").join(name);
        let chart = files::load(&directory)
            .map_err(|error| anyhow!("unable to load chart '{}': {error}", directory.display()))?;
        if satisfies(name, wanted, chart.version())? {
            return Ok(());
        }
        bail!("dependency {name} at version {} does not satisfy the constraint {wanted}", chart.version());
    }

    /// Puts the archives into `charts/` and takes away those of earlier versions.
    fn replace(
        &self,
        target: &Path,
        locked: &[Dependency],
        archives: &BTreeMap<String, Vec<u8>>,
    ) -> anyhow::Result<()> {
        let before: Vec<PathBuf> = fs::read_dir(target)
            .with_context(|| format!("cannot read {}", target.display()))?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .collect();
        for (name, archive) in archives {
            Chart::load_archive(archive, &Limits::default())
                .map_err(|error| anyhow!("{name} is not a chart: {error}"))?;
            locate::write_whole(&target.join(name), archive)?;
        }
        (self.say)("Deleting outdated charts");
        let is_local = |name: &str| {
            locked.iter().any(|dependency| dependency.repository.is_empty() && dependency.name == name)
        };
        let is_new = |path: &Path| {
            path.file_name().and_then(|name| name.to_str()).is_some_and(|name| archives.contains_key(name))
        };
        for path in before.iter().filter(|path| !path.is_dir() && !is_new(path)) {
            match files::load(path) {
                Ok(chart) if is_local(chart.name()) => {}
                Ok(_) => {
                    fs::remove_file(path).with_context(|| format!("cannot delete {}", path.display()))?;
                }
                Err(error) => (self.say)(&format!(
                    "Could not verify {} for deletion: {error:#} (Skipping)",
                    path.display()
                )),
            }
        }
        Ok(())
    }

    fn write_lock(&self, new: &Lock, is_v1: bool) -> anyhow::Result<()> {
        let name = if is_v1 { "requirements.lock" } else { "Chart.lock" };
        let file = self.directory.join(name);
        if let Ok(target) = fs::read_link(&file) {
            bail!("the {name} file is a symlink to {:?}", target.display().to_string());
        }
        let text = lock::to_yaml(new).map_err(|error| anyhow!("cannot write {name}: {error}"))?;
        locate::write_whole(&file, text.as_bytes())
    }
}

/// Whether a chart's version is in a dependency's range.
fn satisfies(name: &str, wanted: &str, version: &str) -> anyhow::Result<bool> {
    let constraint = Constraints::parse(wanted)
        .map_err(|error| anyhow!("dependency {name} has an invalid version/constraint format: {error}"))?;
    let version = Version::parse(version)
        .map_err(|error| anyhow!("invalid version {wanted} for dependency {name}: {error}"))?;
    Ok(constraint.check(&version))
}

/// The path without `.` and `..`, as Go's `filepath.Join` gives it.
fn clean(path: &Path) -> PathBuf {
    use std::path::Component;
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(out.components().next_back(), Some(Component::Normal(_))) => {
                out.pop();
            }
            part => out.push(part),
        }
    }
    if out.as_os_str().is_empty() { PathBuf::from(".") } else { out }
}
