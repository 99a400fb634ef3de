//! `pilothouse show`: what a chart says of itself, from a path, a registry or a repository.

use std::process::ExitCode;

use anyhow::anyhow;
use clap::Subcommand;
use pilothouse_chart::{Part, show};

use crate::{charts::ChartArgs, output};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything: definition, values, README and CRDs.
    All(Which),
    /// Chart.yaml.
    Chart(Which),
    /// values.yaml, as it is written.
    Values(Which),
    /// The README.
    Readme(Which),
    /// The files of `crds/`, those of subcharts too.
    Crds(Which),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Directory, archive, `oci://HOST/PATH/CHART`, URL, REPOSITORY/CHART, or a name with --repo.
    chart: String,
    #[command(flatten)]
    from: ChartArgs,
}

/// Runs `pilothouse show`.
///
/// # Errors
/// The chart cannot be had.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (part, which) = match &args.command {
        Command::All(which) => (Part::All, which),
        Command::Chart(which) => (Part::Chart, which),
        Command::Values(which) => (Part::Values, which),
        Command::Readme(which) => (Part::Readme, which),
        Command::Crds(which) => (Part::Crds, which),
    };
    let chart = which.from.load(&which.chart)?;
    let text = show(&chart, part).map_err(|error| anyhow!("cannot write {}: {error}", chart.name()))?;
    output::raw(text.as_bytes());
    Ok(ExitCode::SUCCESS)
}
