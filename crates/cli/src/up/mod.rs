//! `pilothouse up`: the cluster, the controllers and the server in one process.
//!
//! Flow: lock the data directory → connect to the cluster (embedded unless told otherwise) → install the CRDs →
//! bind → controllers → server → say where everything is → wait for a signal → stop in the opposite order.

mod cluster;
mod data_dir;
mod listener;
mod logging;
mod portal;
mod viewer;
mod welcome;

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use pilothouse_controller as controller;
use pilothouse_server as server;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::{cluster::Cluster, data_dir::DataDir};
use crate::connection::{self, Connection};

/// Arguments of `pilothouse up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Where the state is kept [default: pilothouse in your data directory].
    #[arg(long, env = "PILOTHOUSE_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where portal and API are served. Other than loopback addresses want --tls-cert and --tls-key.
    #[arg(long, default_value = "127.0.0.1:9480", value_name = "ADDR:PORT")]
    listen: SocketAddr,
    /// Certificate chain (PEM) with which portal and API are served.
    #[arg(long, requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    #[arg(long, requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Host name under which people reach the portal, beside the listen address; repeat it for several.
    #[arg(long = "host", value_name = "NAME")]
    hosts: Vec<String>,
    /// Where charts and catalogs are served to controllers [default: a port on loopback of its own choice, then kept].
    #[arg(long, value_name = "ADDR:PORT")]
    artifacts_listen: Option<SocketAddr>,
    /// `HOST[:PORT]` under which other controllers reach those charts and catalogs [default: the address listened on].
    #[arg(long, value_name = "HOST:PORT")]
    artifacts_address: Option<String>,
    /// Serves the portal built in this directory instead of the one in the binary, read once at the start.
    #[arg(long, hide = true, value_name = "DIR")]
    portal_dir: Option<PathBuf>,
    #[command(flatten)]
    cluster: cluster::ClusterArgs,
    #[command(flatten)]
    logging: logging::LogArgs,
}

/// Runs until a signal ends it.
///
/// # Errors
/// What could not be started, or what ended the process before a signal did.
pub(crate) fn run(args: Args) -> anyhow::Result<()> {
    args.logging.install();
    listener::require_tls(&args)?;
    let data_dir = args.data_dir.clone().unwrap_or_else(connection::default_data_dir);
    let data_dir = DataDir::open(&data_dir)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the async runtime")?
        .block_on(serve(&args, &data_dir))
}

async fn serve(args: &Args, data_dir: &DataDir) -> anyhow::Result<()> {
    let portal = portal::assets(args.portal_dir.as_deref())?;
    // Bound first: a taken port is told before anything is started.
    let web = bind(args.listen, "--listen").await?;
    let address = web.local_addr().context("cannot tell the listen address")?;
    let stop = CancellationToken::new();
    let cluster = Cluster::connect(&args.cluster, data_dir).await?;
    let artifacts =
        bind_kept(args.artifacts_listen, "--artifacts-listen", data_dir, "artifacts-port").await?;
    let options = controller::Options {
        artifact_address: args.artifacts_address.clone(),
        ..controller::Options::new(data_dir.join("artifacts"))
    };
    let metrics = options.metrics.clone();
    let mut controllers =
        tokio::spawn(controller::run(cluster.client(), artifacts, options, stop.clone().cancelled_owned()));
    match server::resume_renames(&cluster.client()).await {
        Ok(0) => {}
        Ok(renames) => tracing::info!(renames, "finished the renames that a stop had cut off"),
        Err(problem) => tracing::warn!(detail = problem.detail, "cannot look for unfinished renames"),
    }
    let links = server::SignInLinks::default();
    let clients = cluster.clients();
    let router = server::router(server::ServerOptions {
        portal,
        links: links.clone(),
        listen: Some(address),
        hosts: args.hosts.clone(),
        secure: args.tls().is_some(),
        cluster: cluster.description(data_dir),
        metrics: Some(Arc::new(move || metrics.encode())),
        shutdown: stop.clone(),
        ..server::ServerOptions::new(move |token: &server::Token| clients.client(token))
    });
    let mut web = tokio::spawn(listener::serve(web, router, args.tls(), stop.clone()));
    let place = listener::url(args, address);
    if let Some(token) = cluster.token() {
        let connection = Connection {
            server: place.clone(),
            token: token.reveal().to_owned(),
            // A certificate that nobody signed is its own authority; a chain may end in a private one.
            certificate_authority: args.tls_cert.as_ref().and_then(|file| file.canonicalize().ok()),
        };
        data_dir.write_private(connection::SERVER_FILE, &serde_json::to_string_pretty(&connection)?)?;
        welcome::print(&place, &links.mint(&token), data_dir, &cluster);
    } else {
        welcome::print_without_link(&place, data_dir);
    }

    let ended = tokio::select! {
        () = signalled() => Ok(()),
        ended = &mut controllers => Err(ended_early("the controllers", ended)),
        ended = &mut web => Err(ended_early("the web server", ended)),
    };
    tracing::info!("stopping");
    stop.cancel();
    finished("the controllers", controllers).await;
    finished("the web server", web).await;
    let _ = std::fs::remove_file(data_dir.join(connection::SERVER_FILE));
    cluster.shutdown().await;
    ended
}

/// Waits until a part has stopped, at most [`STOP_TIMEOUT`].
async fn finished<T>(part: &str, task: tokio::task::JoinHandle<T>) {
    if !task.is_finished() && tokio::time::timeout(STOP_TIMEOUT, task).await.is_err() {
        tracing::warn!(part, seconds = STOP_TIMEOUT.as_secs(), "a part did not stop in time");
    }
}

/// How long each part may take to stop; what is unfinished then goes on at the next start.
const STOP_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

impl Args {
    fn tls(&self) -> Option<(PathBuf, PathBuf)> {
        self.tls_cert.clone().zip(self.tls_key.clone())
    }
}

async fn bind(address: SocketAddr, flag: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("cannot listen on {address}: is the port taken? Choose another with `{flag} ADDR:PORT`")
    })
}

/// The listener that a flag names, else the loopback port of the last start, so that addresses stay good.
async fn bind_kept(
    address: Option<SocketAddr>,
    flag: &str,
    data_dir: &DataDir,
    file: &str,
) -> anyhow::Result<TcpListener> {
    if let Some(address) = address {
        return bind(address, flag).await;
    }
    let kept = std::fs::read_to_string(data_dir.join(file)).ok().and_then(|port| port.trim().parse().ok());
    let loopback = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    let listener = match bind(loopback(kept.unwrap_or(0)), flag).await {
        Ok(listener) => listener,
        // Somebody else took the port meanwhile: nobody asked for that one in particular.
        Err(_) => bind(loopback(0), flag).await?,
    };
    let port = listener.local_addr().context("cannot tell the listen address")?.port();
    data_dir.write_private(file, &format!("{port}\n"))?;
    Ok(listener)
}

fn ended_early<E: std::fmt::Display>(
    part: &str,
    ended: Result<Result<(), E>, tokio::task::JoinError>,
) -> anyhow::Error {
    match ended {
        Ok(Ok(())) => anyhow::anyhow!("{part} ended before they were told to"),
        Ok(Err(error)) => anyhow::anyhow!("{part} cannot go on: {error}"),
        Err(error) => anyhow::anyhow!("{part} failed: {error}"),
    }
}

/// Waits for SIGTERM or an interrupt.
async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = tokio::signal::ctrl_c() => {}
            }
        }
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}
