//! `pilothouse lint`: examines charts for possible issues.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::SystemTime,
};

use anyhow::{anyhow, bail};
use pilothouse_chart::{
    Chart, KubeVersion, Limits, Values,
    lint::{Directory, Finding, Options, Severity, lint},
};

use super::{template::SystemRandom, values::ValuesArgs};
use crate::{charts::files, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directories or archives of charts.
    #[arg(required = true)]
    charts: Vec<PathBuf>,
    #[command(flatten)]
    values: ValuesArgs,
    /// Warnings fail too.
    #[arg(long)]
    strict: bool,
    /// Print warnings and errors only.
    #[arg(long)]
    quiet: bool,
    /// Examine the charts in charts/ too.
    #[arg(long)]
    with_subcharts: bool,
    /// Do not check values against schemas.
    #[arg(long)]
    skip_schema_validation: bool,
    /// Kubernetes version that templates see and deprecations are judged by.
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,
    /// Namespace that templates see.
    #[arg(long, short, default_value = "default")]
    namespace: String,
}

/// Runs `pilothouse lint`, with the output of `helm lint`.
///
/// # Errors
/// A chart has errors, or warnings with --strict.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let kube_version = args.kube_version.as_deref().filter(|text| !text.is_empty()).map(|text| {
        KubeVersion::parse(text).map_err(|error| anyhow!("invalid kube version '{text}': {error}"))
    });
    let kube_version = kube_version.transpose()?;
    let values = args.values.read()?;
    let paths = args.paths();
    let (mut failed, mut noticed) = (0, 0);
    for path in &paths {
        let findings = examine(path, args, &values, kube_version.as_ref());
        let lowest = if args.strict { Severity::Warning } else { Severity::Error };
        let (fails, notices) = match &findings {
            Ok(found) => {
                let worst = found.iter().map(|finding| finding.severity).max();
                (
                    worst.is_some_and(|worst| worst >= lowest),
                    worst.is_some_and(|worst| worst > Severity::Info),
                )
            }
            Err(_) => (true, true),
        };
        failed += usize::from(fails);
        noticed += usize::from(notices);
        if !args.quiet || notices {
            print(path, &findings, args.quiet);
        }
    }
    let summary = format!("{} chart(s) linted, {failed} chart(s) failed", paths.len());
    if failed > 0 {
        bail!(summary);
    }
    if !args.quiet || noticed > 0 {
        output::line(summary);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(path: &Path, findings: &anyhow::Result<Vec<Finding>>, quiet: bool) {
    output::line(format!("==> Linting {}", path.display()));
    match findings {
        Ok(findings) => {
            for finding in findings.iter().filter(|finding| !quiet || finding.severity > Severity::Info) {
                output::line(finding.to_string());
            }
        }
        Err(error) => output::line(format!("Error {error:#}")),
    }
    output::line("");
}

impl Args {
    /// The charts, and with --with-subcharts every chart below their `charts/`.
    fn paths(&self) -> Vec<PathBuf> {
        let mut paths = self.charts.clone();
        if self.with_subcharts {
            for chart in &self.charts {
                add_subcharts(&chart.join("charts"), 0, &mut paths);
            }
        }
        paths
    }
}

fn add_subcharts(directory: &Path, depth: usize, into: &mut Vec<PathBuf>) {
    const MAX_DEPTH: usize = 64;
    let Ok(read) = fs::read_dir(directory) else { return };
    let mut entries: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).collect();
    entries.sort();
    for entry in entries {
        let name = entry.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if entry.is_dir() && !entry.is_symlink() && depth < MAX_DEPTH {
            add_subcharts(&entry, depth + 1, into);
        } else if name == "Chart.yaml" {
            into.push(directory.to_owned());
        } else if is_archive(&name) {
            into.push(entry);
        }
    }
}

fn is_archive(name: &str) -> bool {
    [".tgz", ".tar.gz"].iter().any(|end| name.ends_with(end))
}

fn examine(
    path: &Path,
    args: &Args,
    values: &Values,
    kube_version: Option<&KubeVersion>,
) -> anyhow::Result<Vec<Finding>> {
    let limits = Limits::default();
    let directory = read(path, &limits)?;
    let chart_yaml = directory.files.iter().any(|(name, _)| name == "Chart.yaml");
    if !chart_yaml && !path.join("Chart.yaml").is_dir() {
        bail!(
            "unable to check Chart.yaml file in chart: stat {}: no such file or directory",
            path.join("Chart.yaml").display()
        );
    }
    let options = Options {
        values,
        namespace: &args.namespace,
        kube_version,
        skip_schema: args.skip_schema_validation,
        random: Some(&SystemRandom),
        now: SystemTime::now(),
        limits: &limits,
    };
    Ok(lint(&directory, &options))
}

/// The files of a directory or an archive.
fn read(path: &Path, limits: &Limits) -> anyhow::Result<Directory> {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let absolute = absolute.components().collect::<PathBuf>().display().to_string();
    if is_archive(&path.to_string_lossy()) {
        let archive = fs::metadata(path)
            .map_err(|_| {
                anyhow!("unable to open tarball: open {}: no such file or directory", path.display())
            })
            .and_then(|_| files::read(path, limits.archive_bytes as u64))?;
        let (_, files) = Chart::expand_archive(&archive, limits)
            .map_err(|error| anyhow!("unable to extract tarball: {error}"))?;
        return Ok(Directory { path: absolute, files, ..Directory::default() });
    }
    if !path.is_dir() {
        return Ok(Directory { path: absolute, ..Directory::default() });
    }
    let files = files::directory(path, limits)?;
    let is_empty = |name: &&str| {
        path.join(name).is_dir() && !files.iter().any(|(file, _)| file.starts_with(&format!("{name}/")))
    };
    let empty = ["templates", "crds", "Chart.yaml"].iter().filter(|name| is_empty(name));
    let empty_directories = empty.map(|name| (*name).to_owned()).collect();
    Ok(Directory { path: absolute, files, empty_directories })
}
