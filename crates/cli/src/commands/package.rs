//! `pilothouse package`: a chart's directory as an archive that Helm loads.

use std::{env, fs, path::PathBuf, process::ExitCode};

use anyhow::{Context, anyhow};
use pilothouse_chart::{check_packable, to_archive};

use crate::{
    charts::{RemoteArgs, dependencies::Manager, files, locate},
    output,
};

/// Time of the files in an archive: the first that every archive format can hold (1980-01-01).
const MODIFIED: u64 = 315_532_800;

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Directories of charts.
    #[arg(required = true)]
    charts: Vec<PathBuf>,
    /// Version of the chart, in place of Chart.yaml's.
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// Version of the application, in place of Chart.yaml's.
    #[arg(long, value_name = "VERSION")]
    app_version: Option<String>,
    /// Directory for the archive.
    #[arg(long, short, default_value = ".", value_name = "DIR")]
    destination: PathBuf,
    /// Update the dependencies first.
    #[arg(long, short = 'u')]
    dependency_update: bool,
    #[command(flatten)]
    remote: RemoteArgs,
}

/// Runs `pilothouse package`. The same files give the same bytes.
///
/// # Errors
/// A directory is no chart, or the archive cannot be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    for directory in &args.charts {
        fs::metadata(directory)
            .map_err(|_| anyhow!("stat {}: no such file or directory", directory.display()))?;
        if args.dependency_update {
            let manager = Manager {
                directory,
                remote: &args.remote,
                say: &|_| {},
                skip_refresh: false,
                modified: modified()?,
            };
            manager.update()?;
        }
        let file = args.package(directory)?;
        output::line(format!("Successfully packaged chart and saved it to: {}", file.display()));
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    fn package(&self, directory: &std::path::Path) -> anyhow::Result<PathBuf> {
        anyhow::ensure!(directory.is_dir(), "{} is not a directory", directory.display());
        let mut chart = files::load(directory)?;
        if let Some(version) = self.version.as_deref().filter(|version| !version.is_empty()) {
            chart = chart.with_version(version);
        }
        if let Some(version) = self.app_version.as_deref().filter(|version| !version.is_empty()) {
            chart = chart.with_app_version(version);
        }
        check_packable(&chart).map_err(|error| anyhow!("{error}"))?;
        let archive = to_archive(&chart, modified()?).map_err(|error| anyhow!("failed to save: {error}"))?;
        let destination = match self.destination.as_os_str() == "." {
            true => env::current_dir().context("cannot name the current directory")?,
            false => self.destination.clone(),
        };
        fs::create_dir_all(&destination)
            .with_context(|| format!("cannot create {}", destination.display()))?;
        let file = destination.join(format!("{}-{}.tgz", chart.name(), chart.version()));
        locate::write_whole(&file, &archive)?;
        Ok(file)
    }
}

/// The time of `SOURCE_DATE_EPOCH`, where it is set, else a fixed one.
pub(crate) fn modified() -> anyhow::Result<u64> {
    match env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => {
            text.parse().with_context(|| format!("SOURCE_DATE_EPOCH is {text:?}, not a number of seconds"))
        }
        Err(_) => Ok(MODIFIED),
    }
}
