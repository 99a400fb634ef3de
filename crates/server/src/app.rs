use std::{net::SocketAddr, ops::Deref, sync::Arc};

use tokio_util::sync::CancellationToken;

use crate::{
    auth::{hosts::AllowedHosts, links::SignInLinks, session::Sessions},
    clients::{Callers, ClientFactory},
    limits::Limits,
    metrics::Metrics,
    portal::PortalAssets,
    service::{operations::Operations, sources::Sources, stream::Hubs},
};

/// What the portal says about the cluster behind the API.
#[derive(Clone, Debug, Default)]
pub struct ClusterDescription {
    /// Whether the cluster is the embedded one, whose workloads are simulated. Shown wherever a person looks.
    pub simulated: bool,
    /// A name for people, for example of the kubeconfig's context.
    pub name: Option<String>,
    /// What a person needs to know, for example the kubeconfig's path for `kubectl`.
    pub note: Option<String>,
}

/// What a server is made of; see [`router`](crate::router).
#[derive(Clone)]
pub struct ServerOptions {
    /// Makes clients that act with a caller's token.
    pub clients: Arc<dyn ClientFactory>,
    /// The built portal; empty: API only.
    pub portal: PortalAssets,
    /// One-time links that sign in; keep a clone to mint them.
    pub links: SignInLinks,
    /// Address the server listens on: its host may be addressed, its port is part of the cookie's name.
    pub listen: Option<SocketAddr>,
    /// Further host names under which the server may be addressed, as in a browser's address bar, without port.
    pub hosts: Vec<String>,
    /// Whether browsers reach it by HTTPS: marks cookies `Secure` and sends Strict-Transport-Security.
    pub secure: bool,
    /// About the cluster.
    pub cluster: ClusterDescription,
    /// Version of the program.
    pub version: String,
    /// Gives metrics of other parts of the process, in Prometheus' text format.
    pub metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    /// Says whether the process is ready to serve, else why not. Default: ready.
    pub ready: Option<Arc<dyn Fn() -> Result<(), String> + Send + Sync>>,
    /// Bounds of requests.
    pub limits: Limits,
    /// Cancelled when the process ends: streams, which would go on for ever, end then.
    pub shutdown: CancellationToken,
}

impl ServerOptions {
    /// Options with those clients and defaults for the rest: no portal, only loopback names, plain HTTP.
    pub fn new(clients: impl ClientFactory) -> Self {
        Self {
            clients: Arc::new(clients),
            portal: PortalAssets::default(),
            links: SignInLinks::default(),
            listen: None,
            hosts: Vec::new(),
            secure: false,
            cluster: ClusterDescription::default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            metrics: None,
            ready: None,
            limits: Limits::default(),
            shutdown: CancellationToken::new(),
        }
    }
}

/// Shared state of the handlers.
#[derive(Clone)]
pub(crate) struct App(Arc<State>);

pub(crate) struct State {
    pub(crate) callers: Callers,
    pub(crate) portal: PortalAssets,
    pub(crate) links: SignInLinks,
    pub(crate) sessions: Sessions,
    pub(crate) hosts: AllowedHosts,
    pub(crate) secure: bool,
    pub(crate) cookie_name: String,
    pub(crate) cluster: ClusterDescription,
    pub(crate) version: String,
    pub(crate) other_metrics: Option<Arc<dyn Fn() -> String + Send + Sync>>,
    pub(crate) ready: Option<Arc<dyn Fn() -> Result<(), String> + Send + Sync>>,
    pub(crate) limits: Limits,
    pub(crate) shutdown: CancellationToken,
    pub(crate) running: Arc<tokio::sync::Semaphore>,
    pub(crate) metrics: Metrics,
    pub(crate) hubs: Hubs,
    pub(crate) sources: Sources,
    pub(crate) operations: Operations,
}

impl App {
    pub(crate) fn new(options: ServerOptions) -> Self {
        // Cookies do not know ports: two servers on one machine must not sign each other out.
        let cookie_name = match (options.secure, options.listen) {
            (true, _) => "__Host-pilothouse".to_owned(),
            (false, Some(listen)) => format!("pilothouse-{}", listen.port()),
            (false, None) => "pilothouse".to_owned(),
        };
        Self(Arc::new(State {
            callers: Callers::new(options.clients),
            portal: options.portal,
            links: options.links,
            sessions: Sessions::default(),
            hosts: AllowedHosts::new(options.listen.map(|listen| listen.ip()), &options.hosts),
            secure: options.secure,
            cookie_name,
            cluster: options.cluster,
            version: options.version,
            other_metrics: options.metrics,
            ready: options.ready,
            running: Arc::new(tokio::sync::Semaphore::new(options.limits.concurrency)),
            limits: options.limits,
            shutdown: options.shutdown,
            metrics: Metrics::default(),
            hubs: Hubs::default(),
            sources: Sources::default(),
            operations: Operations::default(),
        }))
    }
}

impl Deref for App {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}
