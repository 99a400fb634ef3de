//! How the portal and the API are served: plain HTTP on loopback, TLS elsewhere.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use anyhow::{Context, bail};
use axum::{Router, serve::Listener};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::mpsc,
    time::{Duration, timeout},
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::sync::CancellationToken;

use super::Args;

/// How long a client may take for its TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many handshakes may be under way at once; further clients wait in the kernel's queue.
const HANDSHAKES: usize = 64;

/// Refuses to serve plain HTTP to other machines.
///
/// # Errors
/// Where the listen address is not loopback and there is no certificate.
pub(crate) fn require_tls(args: &Args) -> anyhow::Result<()> {
    if args.listen.ip().is_loopback() || args.tls().is_some() {
        return Ok(());
    }
    bail!(
        "{} is reachable from other machines: tokens would travel unencrypted. Give a certificate with --tls-cert and \
         --tls-key, or listen on 127.0.0.1",
        args.listen
    )
}

/// The address that a person types.
pub(crate) fn url(args: &Args, address: SocketAddr) -> String {
    match (args.tls(), args.hosts.first()) {
        (Some(_), Some(host)) => format!("https://{host}:{}", address.port()),
        (Some(_), None) => format!("https://{address}"),
        (None, _) => format!("http://{address}"),
    }
}

/// Serves until told to stop; open requests are finished.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<(PathBuf, PathBuf)>,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let service = router.into_make_service();
    match tls {
        None => axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await,
        Some((certificate, key)) => {
            let listener = TlsListener::start(listener, acceptor(&certificate, &key)?, stop.clone());
            axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned()).await
        }
    }
    .context("cannot serve the portal and the API")
}

fn acceptor(certificate: &PathBuf, key: &PathBuf) -> anyhow::Result<TlsAcceptor> {
    let read = |file: &PathBuf| format!("cannot read {} (PEM expected)", file.display());
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| read(certificate))?;
    let key_der = PrivateKeyDer::from_pem_file(key).with_context(|| read(key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("cannot set up TLS")?
        .with_no_client_auth()
        .with_single_cert(chain, key_der)
        .with_context(|| format!("{} and {} do not fit together", certificate.display(), key.display()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// Hands out connections whose handshake is done; handshakes run beside each other, so that a slow one delays nobody.
struct TlsListener {
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl TlsListener {
    fn start(listener: TcpListener, acceptor: TlsAcceptor, stop: CancellationToken) -> Self {
        let address = listener.local_addr().unwrap_or_else(|_| SocketAddr::from(([127, 0, 0, 1], 0)));
        let (send, accepted) = mpsc::channel(HANDSHAKES);
        tokio::spawn(async move {
            let handshakes = Arc::new(tokio::sync::Semaphore::new(HANDSHAKES));
            loop {
                let Ok(permit) = handshakes.clone().acquire_owned().await else { return };
                let (stream, peer) = tokio::select! {
                    () = stop.cancelled() => return,
                    connection = accept(&listener) => connection,
                };
                let (acceptor, send) = (acceptor.clone(), send.clone());
                tokio::spawn(async move {
                    if let Ok(Ok(stream)) = timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await {
                        let _ = send.send((stream, peer)).await;
                    }
                    drop(permit);
                });
            }
        });
        Self { accepted, address }
    }
}

/// The next connection. Out of file descriptors or a connection that broke is not the end of serving.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(connection) => return connection,
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.accepted.recv().await {
            Some(connection) => connection,
            // Told to stop: axum stops too.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<SocketAddr> {
        Ok(self.address)
    }
}
