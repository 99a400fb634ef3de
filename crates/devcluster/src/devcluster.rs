//! Starting, serving and stopping a cluster.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use crate::auth::aggregation;
use crate::auth::identity::Authenticator;
use crate::auth::{StaticUser, Token};
use crate::bootstrap;
use crate::cluster::Cluster;
use crate::credentials::{Credentials, CredentialsError};
use crate::http::ApiService;
use crate::http::connection;
use crate::sim::{self, Simulation};
use crate::status::ApiError;
use crate::store::{OpenError, Store, StoreOptions};

/// How to start a cluster.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where the cluster keeps its objects, keys and tokens. `None`: nothing is kept. Created where it is missing;
    /// no two processes may use one at a time (the caller locks it).
    pub data_dir: Option<PathBuf>,
    /// Survive power loss and not only the end of the process, at milliseconds a write. Default: false.
    pub durable: bool,
    /// Users beside the administrator, known by static tokens.
    pub users: Vec<StaticUser>,
    /// How workloads are simulated.
    pub simulation: Simulation,
    /// Names and addresses for the server certificate beside loopback.
    pub server_names: Vec<String>,
}

/// Why a cluster did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store could not be opened.
    #[error("cannot open the cluster's store")]
    Store(#[source] OpenError),
    /// Keys or certificates.
    #[error("cannot set up the cluster's credentials")]
    Credentials(#[source] CredentialsError),
    /// The objects that every cluster has could not be created.
    #[error("cannot create the objects of a fresh cluster")]
    Bootstrap(#[source] ApiError),
}

/// A running cluster. Cheap to clone; all clones are the same cluster.
#[derive(Clone)]
pub struct DevCluster {
    cluster: Cluster,
    admin_token: Token,
    users: Arc<Vec<StaticUser>>,
    credentials: Arc<Credentials>,
    server_names: Arc<Vec<String>>,
}

impl DevCluster {
    /// Starts a cluster on the current tokio runtime.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let directory = options.data_dir.as_deref();
        let store =
            Store::open(StoreOptions { directory, durable: options.durable }).map_err(StartError::Store)?;
        let credentials = Credentials::load(directory).map_err(StartError::Credentials)?;
        let mut users = options.users;
        let admin_token = if let Some(admin) = users.iter().find(|u| u.name == "admin") {
            admin.token.clone()
        } else {
            let token = credentials.token("admin").map_err(StartError::Credentials)?;
            users.push(StaticUser {
                token: token.clone(),
                name: "admin".to_owned(),
                uid: "admin".to_owned(),
                groups: vec!["system:masters".to_owned()],
            });
            token
        };
        let authenticator = Authenticator::new(&users, &credentials.token_secret);
        let fresh = store.version() == 0;
        let cluster = Cluster::new(store, authenticator, credentials.ca_certificate.clone());
        bootstrap::fill(&cluster).await.map_err(StartError::Bootstrap)?;
        if fresh {
            cluster.store().forget_changes();
        }
        aggregation::start(&cluster);
        sim::start(&cluster, &options.simulation).await;
        Ok(Self {
            cluster,
            admin_token,
            users: Arc::new(users),
            credentials: Arc::new(credentials),
            server_names: Arc::new(options.server_names),
        })
    }

    /// The API server as a `tower::Service`, without a socket: `kube::Client::new(cluster.service(), "default")`.
    /// Requests need an `Authorization` header as on the socket.
    pub fn service(&self) -> ApiService {
        ApiService::new(self.cluster.clone())
    }

    /// The administrator's token.
    pub fn admin_token(&self) -> &Token {
        &self.admin_token
    }

    /// The token of a static user.
    pub fn token(&self, user: &str) -> Option<&Token> {
        self.users.iter().find(|u| u.name == user).map(|u| &u.token)
    }

    /// The certificate of the authority that signs the server's, PEM.
    pub fn ca_certificate(&self) -> &str {
        self.cluster.ca_certificate()
    }

    /// Reads and writes inside the process, with all rights.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// Serves TLS on a listener until the cluster shuts down.
    ///
    /// # Errors
    /// Where no certificate can be made.
    pub fn serve(&self, listener: tokio::net::TcpListener) -> Result<(), StartError> {
        let mut names = (*self.server_names).clone();
        names.extend(listener.local_addr().ok().map(|address| address.ip().to_string()));
        names.retain(|name| name != "0.0.0.0" && name != "::");
        let config = self.credentials.server(&names).map_err(StartError::Credentials)?;
        self.cluster.spawn(connection::serve(self.cluster.clone(), listener, Arc::new(config)));
        Ok(())
    }

    /// A kubeconfig (JSON, which is YAML) with a context for each static user; `user`'s is the current one.
    /// It holds tokens: write it for nobody else to read.
    pub fn kubeconfig(&self, server_url: &str, user: &str) -> String {
        use base64::Engine;
        let authority = base64::engine::general_purpose::STANDARD.encode(self.ca_certificate());
        let users =
            self.users.iter().map(|u| json!({ "name": u.name, "user": { "token": u.token.reveal() } }));
        let contexts = self
            .users
            .iter()
            .map(|u| json!({ "name": u.name, "context": { "cluster": "pilothouse", "user": u.name } }));
        let config = json!({
            "apiVersion": "v1", "kind": "Config",
            "clusters": [{ "name": "pilothouse", "cluster": {
                "server": server_url, "certificate-authority-data": authority } }],
            "users": users.collect::<Vec<_>>(), "contexts": contexts.collect::<Vec<_>>(),
            "current-context": user,
        });
        let mut text = serde_json::to_string_pretty(&config).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Ends watches, controllers and connections, and waits for them. What was answered is stored.
    pub async fn shutdown(&self) {
        self.cluster.shutdown().await;
    }
}
