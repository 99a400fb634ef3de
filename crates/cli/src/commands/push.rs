//! `pilothouse push`: uploads a chart to a registry, in Helm's media types.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow, bail};
use pilothouse_chart::{Chart, Limits, lock::go_json};
use pilothouse_registry::{RepositoryUrl, push::Upload};

use super::block_on;
use crate::{
    charts::{RemoteArgs, files, locate, remote},
    output,
};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Archive of the chart; a provenance file beside it goes along.
    chart: PathBuf,
    /// `oci://HOST/PATH`; the chart's name is added.
    remote: String,
    #[command(flatten)]
    access: RemoteArgs,
}

/// Runs `pilothouse push`.
///
/// # Errors
/// The archive is no chart, or what the registry refused.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let name = args.chart.display();
    let metadata = fs::metadata(&args.chart).map_err(|_| anyhow!("{name}: no such file"))?;
    anyhow::ensure!(!metadata.is_dir(), "cannot push directory, must provide chart archive (.tgz)");
    let Some((scheme, _)) = args.remote.split_once("://") else {
        bail!("scheme prefix missing from remote (e.g. \"oci://\")");
    };
    anyhow::ensure!(scheme == "oci", "scheme {scheme:?} not supported");
    let url: RepositoryUrl = args.remote.parse()?;
    let upload = upload(&args.chart, &metadata)?;
    let access = args.access.with_password()?.registry(&url)?;
    block_on(async {
        let client = remote::pool().oci(url.clone(), access)?;
        let pushed = client.push_chart(&upload).await.with_context(|| format!("cannot push to {url}"))?;
        let target = url.join(upload.name())?.bare();
        let reference = format!("{target}:{}", pushed.tag);
        output::line(format!("Pushed: {reference}\nDigest: {}", pushed.digest));
        if pushed.tag.contains('_') {
            output::raw(locate::underscore_note(&reference).as_bytes());
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// The chart as Helm 4.2.3 uploads it: the config as it writes Chart.yaml, the time of the archive's file.
fn upload(file: &Path, metadata: &fs::Metadata) -> anyhow::Result<Upload> {
    let limits = Limits::default();
    let archive = files::read(file, limits.archive_bytes as u64)?;
    let chart = Chart::load_archive(&archive, &limits).map_err(|error| anyhow!("{error}"))?;
    let config = go_json(chart.metadata());
    let mut upload = Upload::from_archive(archive)?.with_config(config.into_bytes());
    if let Ok(modified) = metadata.modified()
        && let Ok(modified) = jiff::Timestamp::try_from(modified)
    {
        let local =
            modified.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string();
        let local = local.strip_suffix("+00:00").map(|utc| format!("{utc}Z")).unwrap_or(local);
        upload = upload.with_created(local);
    }
    let provenance = PathBuf::from(format!("{}.prov", file.display()));
    if provenance.exists() {
        upload = upload.with_provenance(remote::read_file(&provenance)?);
    }
    Ok(upload)
}
