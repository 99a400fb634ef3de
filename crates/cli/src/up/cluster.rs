//! Which cluster everything works on: the embedded one, or a real API server.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context;
use http::{HeaderValue, Request, header::AUTHORIZATION};
use kube::{
    Api, Client, Config,
    api::{Patch, PatchParams},
    config::{KubeConfigOptions, Kubeconfig},
};
use pilothouse_devcluster::{DevCluster, Options, read_token_file};
use pilothouse_resources::crds;
use pilothouse_server::{ClientFactory, ClusterClients, ClusterDescription, Token};
use secrecy::ExposeSecret;
use tower::ServiceBuilder;

use super::{bind_kept, data_dir::DataDir, viewer};

/// Flags that choose the cluster.
#[derive(Debug, clap::Args)]
pub(crate) struct ClusterArgs {
    /// Work on the cluster of this kubeconfig (its current context) instead of the embedded one.
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Use the embedded cluster even in a pod.
    #[arg(long, conflicts_with = "kubeconfig")]
    embedded: bool,
    /// Install or update the CustomResourceDefinitions in the real cluster at the start.
    #[arg(long)]
    install_crds: bool,
    /// Where the embedded cluster serves the Kubernetes API over TLS [default: a port of its own choice, then kept].
    #[arg(long, value_name = "ADDR:PORT")]
    kubernetes_listen: Option<SocketAddr>,
    /// Users of the embedded cluster beside its own: kube-apiserver's format, `token,user,uid,"group,group"` a line.
    #[arg(long, value_name = "FILE")]
    token_auth_file: Option<PathBuf>,
}

/// The cluster that this process works on.
pub(crate) enum Cluster {
    /// In this process.
    Embedded {
        /// The API server.
        cluster: DevCluster,
        /// With the administrator's token.
        client: Client,
    },
    /// Elsewhere.
    Real {
        /// How it is reached.
        config: Box<Config>,
        /// With the rights of the kubeconfig or the pod.
        client: Client,
    },
}

impl Cluster {
    /// Connects to the cluster that the flags choose: the kubeconfig's, in a pod the pod's, else the embedded one.
    ///
    /// # Errors
    /// Where it cannot be reached or started, or the CRDs cannot be installed.
    pub(crate) async fn connect(args: &ClusterArgs, data_dir: &DataDir) -> anyhow::Result<Self> {
        let in_pod = std::env::var_os("KUBERNETES_SERVICE_HOST").is_some();
        match &args.kubeconfig {
            Some(file) => Self::real(config(file).await?, args).await,
            None if in_pod && !args.embedded => {
                Self::real(Config::incluster().context("cannot read the pod's service account")?, args).await
            }
            None => Self::embedded(args, data_dir).await,
        }
    }

    async fn real(config: Config, args: &ClusterArgs) -> anyhow::Result<Self> {
        let server = config.cluster_url.clone();
        let client = Client::try_from(config.clone()).context("cannot use the kubeconfig")?;
        let version = client
            .apiserver_version()
            .await
            .with_context(|| format!("cannot reach the cluster at {server}"))?;
        tracing::info!(%server, version = version.git_version, "connected to the cluster");
        if args.install_crds {
            install_crds(&client).await?;
        }
        Ok(Self::Real { config: Box::new(config), client })
    }

    async fn embedded(args: &ClusterArgs, data_dir: &DataDir) -> anyhow::Result<Self> {
        let mut users = match &args.token_auth_file {
            Some(file) => read_token_file(file).with_context(|| format!("cannot use {}", file.display()))?,
            None => Vec::new(),
        };
        users.push(viewer::user(data_dir)?);
        let options = Options { data_dir: Some(data_dir.join("cluster")), users, ..Options::default() };
        let cluster = DevCluster::start(options).await.context("cannot start the embedded cluster")?;
        let flag = "--kubernetes-listen";
        let listener = bind_kept(args.kubernetes_listen, flag, data_dir, "kubernetes-port").await?;
        let address = listener.local_addr().context("cannot tell the address of the embedded cluster")?;
        cluster.serve(listener).context("cannot serve the embedded cluster")?;
        data_dir.write_private("kubeconfig", &cluster.kubeconfig(&format!("https://{address}"), "admin"))?;
        let client = token_client(&cluster, cluster.admin_token().reveal());
        install_crds(&client).await?;
        viewer::grant(&client).await?;
        Ok(Self::Embedded { cluster, client })
    }

    /// A client with the process' own rights, for the controllers.
    pub(crate) fn client(&self) -> Client {
        match self {
            Self::Embedded { client, .. } | Self::Real { client, .. } => client.clone(),
        }
    }

    /// Makes clients with the rights of a token's owner, for the server.
    pub(crate) fn clients(&self) -> Arc<dyn ClientFactory> {
        match self {
            Self::Embedded { cluster, .. } => {
                let cluster = cluster.clone();
                Arc::new(move |token: &Token| Ok(token_client(&cluster, token.reveal())))
            }
            Self::Real { config, .. } => Arc::new(ClusterClients::new(Config::clone(config))),
        }
    }

    /// A token with which the person who started this process signs in, where one is known.
    pub(crate) fn token(&self) -> Option<Token> {
        match self {
            Self::Embedded { cluster, .. } => Token::new(cluster.admin_token().reveal()),
            Self::Real { config, .. } => {
                config.auth_info.token.as_ref().and_then(|token| Token::new(token.expose_secret()))
            }
        }
    }

    /// What the portal says about the cluster.
    pub(crate) fn description(&self, data_dir: &DataDir) -> ClusterDescription {
        match self {
            Self::Embedded { .. } => ClusterDescription {
                simulated: true,
                name: Some("embedded".to_owned()),
                note: Some(format!("export KUBECONFIG={}", data_dir.join("kubeconfig").display())),
            },
            Self::Real { config, .. } => ClusterDescription {
                simulated: false,
                name: config.cluster_url.host().map(str::to_owned),
                note: None,
            },
        }
    }

    /// Whether workloads are simulated.
    pub(crate) fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded { .. })
    }

    /// Writes what is left to write and ends the embedded cluster.
    pub(crate) async fn shutdown(self) {
        if let Self::Embedded { cluster, .. } = self {
            cluster.shutdown().await;
        }
    }
}

/// A client in process that shows the token as a socket's client would.
fn token_client(cluster: &DevCluster, token: &str) -> Client {
    let mut bearer =
        HeaderValue::from_str(&format!("Bearer {token}")).unwrap_or(HeaderValue::from_static(""));
    bearer.set_sensitive(true);
    let service = ServiceBuilder::new()
        .map_request(move |mut request: Request<kube::client::Body>| {
            request.headers_mut().insert(AUTHORIZATION, bearer.clone());
            request
        })
        .service(cluster.service());
    Client::new(service, "default")
}

async fn config(file: &Path) -> anyhow::Result<Config> {
    let kubeconfig =
        Kubeconfig::read_from(file).with_context(|| format!("cannot read {}", file.display()))?;
    Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .with_context(|| format!("cannot use the current context of {}", file.display()))
}

/// Installs or updates the CRDs by server-side apply and waits until they are served.
async fn install_crds(client: &Client) -> anyhow::Result<()> {
    use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
    use kube::{
        ResourceExt,
        runtime::{conditions::is_crd_established, wait::await_condition},
    };
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    for crd in crds::typed().context("cannot make the CRD manifests")? {
        let name = crd.name_any();
        api.patch(&name, &PatchParams::apply("pilothouse").force(), &Patch::Apply(&crd))
            .await
            .with_context(|| format!("cannot install the CRD {name}"))?;
        let established = await_condition(api.clone(), &name, is_crd_established());
        tokio::time::timeout(std::time::Duration::from_secs(30), established)
            .await
            .with_context(|| format!("the CRD {name} is not served after 30 seconds"))?
            .with_context(|| format!("cannot watch the CRD {name}"))?;
    }
    Ok(())
}
