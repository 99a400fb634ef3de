//! `pilothouse dependency`: the charts that a chart needs.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Subcommand;
use pilothouse_chart::{
    Chart, Dependency,
    semver::{Constraints, Version},
};

use super::package::modified;
use crate::{
    charts::{RemoteArgs, dependencies::Manager, files, table},
    output,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List what Chart.yaml asks for and what is in charts/.
    #[command(visible_alias = "ls")]
    List {
        /// Directory or archive of the chart.
        #[arg(default_value = ".")]
        chart: PathBuf,
        /// Widest column.
        #[arg(long, default_value_t = 80, value_name = "CHARACTERS")]
        max_col_width: usize,
    },
    /// Choose versions anew, fetch them into charts/ and write Chart.lock.
    #[command(visible_alias = "up")]
    Update(Fetch),
    /// Fetch into charts/ what Chart.lock says.
    Build(Fetch),
}

#[derive(Debug, clap::Args)]
struct Fetch {
    /// Directory of the chart.
    #[arg(default_value = ".")]
    chart: PathBuf,
    /// Do not say which repositories are read.
    #[arg(long)]
    skip_refresh: bool,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Runs `pilothouse dependency`.
///
/// # Errors
/// The chart cannot be read, or a dependency cannot be had.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::List { chart, max_col_width } => list(chart, *max_col_width)?,
        Command::Update(fetch) => fetch.manager(&modified()?).update()?,
        Command::Build(fetch) => fetch.manager(&modified()?).build()?,
    }
    Ok(ExitCode::SUCCESS)
}

impl Fetch {
    fn manager(&self, modified: &u64) -> Manager<'_> {
        Manager {
            directory: &self.chart,
            remote: &self.remote,
            say: &|text| output::line(text),
            skip_refresh: self.skip_refresh,
            modified: *modified,
        }
    }
}

fn list(path: &Path, width: usize) -> anyhow::Result<()> {
    let chart = files::load(path)?;
    let declared = &chart.metadata().dependencies;
    if declared.is_empty() {
        output::line(format!("WARNING: no dependencies at {}", joined(path, "charts").display()));
        return Ok(());
    }
    let archives = entries(&path.join("charts"))?;
    let mut rows = vec![["NAME", "VERSION", "REPOSITORY", "STATUS"].map(str::to_owned).to_vec()];
    rows.extend(declared.iter().map(|dependency| {
        let status = status(dependency, &archives, &chart).to_owned();
        vec![dependency.name.clone(), dependency.version.clone(), dependency.repository.clone(), status]
    }));
    output::line(table::render(&rows, width));
    output::line("");
    for file in &archives {
        if !file.is_dir() && file.extension().is_none_or(|extension| extension != "tgz") {
            continue;
        }
        let shown = joined(path, "charts").join(file.file_name().unwrap_or_default());
        let shown = shown.display().to_string();
        match files::load(file) {
            Err(_) => output::line(format!("WARNING: {shown:?} is not a chart.")),
            Ok(found) if declared.iter().any(|dependency| dependency.name == found.name()) => {}
            Ok(_) => output::line(format!("WARNING: {shown:?} is not in Chart.yaml.")),
        }
    }
    Ok(())
}

/// A path below the chart as Go joins it: without `./`.
fn joined(path: &Path, below: &str) -> PathBuf {
    if path == Path::new(".") { PathBuf::from(below) } else { path.join(below) }
}

fn entries(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let read = match fs::read_dir(directory) {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", directory.display()));
        }
    };
    let mut found: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|path| path.file_name().is_some_and(|name| !name.to_string_lossy().starts_with('.')));
    found.sort();
    Ok(found)
}

/// What is in `charts/` of a dependency, in Helm's words.
fn status(dependency: &Dependency, entries: &[PathBuf], chart: &Chart) -> &'static str {
    let version_of = |path: &&PathBuf| -> Option<String> {
        let name = path.file_name()?.to_str()?;
        Some(name.strip_prefix(&dependency.name)?.strip_prefix('-')?.strip_suffix(".tgz")?.to_owned())
    };
    let mut archives: Vec<&PathBuf> = entries.iter().filter(|path| version_of(path).is_some()).collect();
    if archives.len() > 1 {
        archives.retain(|path| version_of(path).is_some_and(|text| Version::parse_strict(&text).is_ok()));
        if archives.len() > 1 {
            return "too many matches";
        }
    }
    if let Some(archive) = archives.first() {
        return match files::load(archive) {
            Err(_) => "corrupt",
            Ok(found) if found.name() != dependency.name => "misnamed",
            Ok(found) => fits(&dependency.version, found.version()).err().unwrap_or("ok"),
        };
    }
    match chart.dependencies().iter().rfind(|found| found.name() == dependency.name) {
        None => "missing",
        Some(found) => fits(&dependency.version, found.version()).err().unwrap_or("unpacked"),
    }
}

fn fits(wanted: &str, version: &str) -> Result<(), &'static str> {
    if wanted == version {
        return Ok(());
    }
    let constraint = Constraints::parse(wanted).map_err(|_| "invalid version")?;
    let version = Version::parse(version).map_err(|_| "invalid version")?;
    if constraint.check(&version) { Ok(()) } else { Err("wrong version") }
}
