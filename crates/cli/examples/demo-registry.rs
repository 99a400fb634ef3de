//! The registry of `make demo`: an OCI registry on loopback with the charts of `demo/charts` in it.
//!
//! Charts that are there already are left alone, so what a person pushes stays across restarts.
#![allow(clippy::print_stdout, reason = "an example that reports to a terminal")]

use std::{
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Parser;
use pilothouse_chart::semver::Version;
use pilothouse_registry::{Access, Pool, PoolOptions, push::Upload};

#[derive(Parser)]
struct Args {
    /// Where the registry is served (plain HTTP).
    #[arg(long, default_value = "127.0.0.1:9481")]
    listen: SocketAddr,
    /// Where it keeps its content.
    #[arg(long)]
    data_dir: PathBuf,
    /// Folder of charts: one folder a chart, in it one a version with what differs from the version before.
    #[arg(long)]
    charts: PathBuf,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    anyhow::ensure!(
        args.listen.ip().is_loopback(),
        "the registry has no passwords: it listens on loopback only"
    );
    let config =
        ferro_oci_server::Config::from_raw(Some(args.listen.to_string()), Some(args.data_dir.clone()));
    let store = config.blob_store().map_err(|error| anyhow::anyhow!("cannot keep charts: {error}"))?;
    let app = ferro_oci_server::build_app_persisted(store, &args.data_dir);
    let listener = tokio::net::TcpListener::bind(args.listen)
        .await
        .with_context(|| format!("cannot listen on {}", args.listen))?;
    let address = listener.local_addr()?;
    let server = tokio::spawn(axum::serve(listener, app).into_future());
    let pushed = push_all(&args.charts, address).await?;
    println!("registry: oci://{address}/charts ({pushed} chart versions pushed)");
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
        ended = server => ended??,
    }
    Ok(())
}

/// Pushes every version that the registry lacks; gives their number.
async fn push_all(charts: &Path, registry: SocketAddr) -> anyhow::Result<usize> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let pool = Pool::new(PoolOptions::default());
    let url = format!("oci://{registry}/charts").parse()?;
    let client = pool.oci(url, Access::default().plain_http())?;
    let mut pushed = 0;
    for chart in directories(charts)? {
        let mut files = BTreeMap::new();
        for version in versions(&chart)? {
            read_over(&version, Path::new(""), &mut files)?;
            let upload = Upload::from_archive(archive(&chart, &files)?)?;
            let tag = pilothouse_registry::version::to_tag(upload.version());
            if client.below(upload.name())?.resolve(&tag).await.is_err() {
                client.push_chart(&upload).await?;
                pushed += 1;
            }
        }
    }
    Ok(pushed)
}

fn directories(of: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(of).with_context(|| format!("cannot read {}", of.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    Ok(found)
}

/// The folders of a chart's versions, oldest first.
fn versions(chart: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in directories(chart)? {
        let name =
            folder.file_name().and_then(|name| name.to_str()).context("folders are named by version")?;
        found.push((Version::parse(name).with_context(|| format!("{name} is no version"))?, folder.clone()));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(found.into_iter().map(|(_, folder)| folder).collect())
}

/// Reads the files below a folder over those that are there.
fn read_over(root: &Path, below: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> io::Result<()> {
    for entry in fs::read_dir(root.join(below))? {
        let entry = entry?;
        let relative = below.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            read_over(root, &relative, files)?;
        } else {
            files.insert(relative, fs::read(entry.path())?);
        }
    }
    Ok(())
}

/// Packs the files as `helm package` does, with a fixed time, so that a version has the same digest every time.
fn archive(chart: &Path, files: &BTreeMap<PathBuf, Vec<u8>>) -> anyhow::Result<Vec<u8>> {
    let name = chart.file_name().context("a chart's folder has a name")?;
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let mut tar = tar::Builder::new(gzip);
    for (path, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(1_767_225_600);
        tar.append_data(&mut header, Path::new(name).join(path), content.as_slice())?;
    }
    Ok(tar.into_inner()?.finish()?)
}
