//! `pilothouse pull`: fetches charts, as `helm pull` does.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow};

use crate::{
    charts::{ChartArgs, locate, unpack::unpack},
    output,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// `oci://HOST/PATH/CHART`, URL, REPOSITORY/CHART, or a name with --repo; several of them.
    #[arg(required = true)]
    charts: Vec<String>,
    #[command(flatten)]
    from: ChartArgs,
    /// Directory for the chart.
    #[arg(long, short, default_value = ".", value_name = "DIR")]
    destination: PathBuf,
    /// Unpack the chart.
    #[arg(long)]
    untar: bool,
    /// Directory in the destination to unpack into.
    #[arg(long, default_value = ".", value_name = "DIR")]
    untardir: PathBuf,
    /// Fetch the provenance file too; it is not verified.
    #[arg(long)]
    prov: bool,
}

/// Runs `pilothouse pull`.
///
/// # Errors
/// What stands in the way.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    for chart in &args.charts {
        let fetched = args.from.fetch(chart, args.prov)?;
        if args.untar {
            let directory = args.untar_directory(chart)?;
            if let Some(report) = fetched.report() {
                output::raw(report.as_bytes());
            }
            unpack(&fetched.archive, &directory)?;
            continue;
        }
        if let Some(report) = fetched.report() {
            output::raw(report.as_bytes());
        }
        // A registry's or repository's answer names the file: only its last part counts.
        let name = Path::new(&fetched.file_name).file_name().context("the chart's URL names no file")?;
        let file = args.destination.join(name);
        locate::write_whole(&file, &fetched.archive)?;
        if let Some(provenance) = fetched.provenance.filter(|_| args.prov) {
            locate::write_whole(&file.with_file_name(format!("{}.prov", fetched.file_name)), &provenance)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

impl Args {
    /// Where charts are unpacked; nothing named like this one may be there already.
    fn untar_directory(&self, chart: &str) -> anyhow::Result<PathBuf> {
        // Without `.` in between, which the system would not make.
        let directory: PathBuf = self.destination.join(&self.untardir).components().collect();
        let name = chart.rsplit('/').next().unwrap_or(chart);
        let name = name.split([':', '@']).next().unwrap_or(name);
        let taken = directory.join(name);
        if taken.exists() {
            let shown = taken.strip_prefix("./").or_else(|_| taken.strip_prefix(".")).unwrap_or(&taken);
            return Err(anyhow!(
                "failed to untar: a file or directory with the name {} already exists",
                shown.display()
            ));
        }
        fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
        Ok(directory)
    }
}
