//! Clients with which releases are made: the controller's own, impersonating a `ServiceAccount`, or of another cluster.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use http::{HeaderName, HeaderValue, Request};
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use pilothouse_release::{api_error, cluster::Cluster};
use pilothouse_resources::{HelmReleaseSpec, KubeConfigReference};

/// Keys of a Secret that may hold a kubeconfig, where the reference names none.
const KEYS: [&str; 2] = ["value", "value.yaml"];

/// Clusters by what they are reached with.
pub(super) struct Clients {
    client: Client,
    local: Cluster,
    /// Remote clusters by Secret, with the resource version they were made from.
    remote: Mutex<HashMap<String, (String, Cluster)>>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// What names the other cluster is missing.
    #[error("{0}")]
    Missing(String),
    /// It cannot be used.
    #[error("{0}")]
    Unusable(String),
}

impl Clients {
    pub(super) fn new(client: Client) -> Self {
        Self { local: Cluster::new(client.clone()), client, remote: Mutex::default() }
    }

    /// The cluster a release goes to, with the rights it is to have.
    pub(super) async fn cluster(&self, namespace: &str, spec: &HelmReleaseSpec) -> Result<Cluster, Error> {
        let cluster = match &spec.kube_config {
            None => self.local.clone(),
            Some(reference) => self.remote(namespace, reference).await?,
        };
        let Some(account) = &spec.service_account_name else { return Ok(cluster) };
        let client = impersonating(cluster.client().clone(), namespace, account)?;
        Ok(cluster.with_client(client))
    }

    /// What is missing for an uninstall: without it, nothing can be uninstalled and nobody can bring it back.
    pub(super) async fn missing(&self, namespace: &str, spec: &HelmReleaseSpec) -> Option<String> {
        if let Some(reference) = &spec.kube_config
            && let Err(Error::Missing(missing)) = self.remote(namespace, reference).await
        {
            return Some(missing);
        }
        let account = spec.service_account_name.as_ref().filter(|_| spec.kube_config.is_none())?;
        let api: Api<ServiceAccount> = Api::namespaced(self.client.clone(), namespace);
        match api.get_metadata_opt(account).await {
            Ok(None) => Some(format!("ServiceAccount '{namespace}/{account}' not found")),
            _ => None,
        }
    }

    async fn remote(&self, namespace: &str, reference: &KubeConfigReference) -> Result<Cluster, Error> {
        let Some(reference) = &reference.secret_ref else {
            return Err(Error::Unusable(
                "spec.kubeConfig.configMapRef is not supported: use secretRef".to_owned(),
            ));
        };
        let named = format!("{namespace}/{}", reference.name);
        let api: Api<Secret> = Api::namespaced(self.client.clone(), namespace);
        let secret = api.get_opt(&reference.name).await.map_err(|error| {
            Error::Unusable(format!("failed to get kubeconfig Secret '{named}': {}", api_error::text(&error)))
        })?;
        let secret = secret.ok_or_else(|| {
            Error::Missing(format!(
                "failed to get kubeconfig Secret '{named}': secrets \"{}\" not found",
                reference.name
            ))
        })?;
        let version = secret.metadata.resource_version.clone().unwrap_or_default();
        let cached = |remote: &HashMap<String, (String, Cluster)>| {
            remote.get(&named).filter(|(known, _)| *known == version).map(|(_, cluster)| cluster.clone())
        };
        if let Some(cluster) = cached(&self.remote.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(cluster);
        }
        let data = secret.data.unwrap_or_default();
        let keys: Vec<&str> = reference.key.as_deref().map_or_else(|| KEYS.to_vec(), |key| vec![key]);
        let text = keys.iter().find_map(|key| data.get(*key));
        let text = text.ok_or_else(|| {
            Error::Missing(format!("kubeconfig Secret '{named}' has no key '{}'", keys.join("' or '")))
        })?;
        let cluster = connect(&String::from_utf8_lossy(&text.0), &named).await?;
        self.remote.lock().unwrap_or_else(PoisonError::into_inner).insert(named, (version, cluster.clone()));
        Ok(cluster)
    }
}

/// A client from a kubeconfig of a user. Programs, files and switched-off TLS in it are refused: it comes from
/// somebody who may not run things here.
async fn connect(text: &str, named: &str) -> Result<Cluster, Error> {
    // The parser's message could quote a credential.
    let unreadable = |_| Error::Unusable(format!("kubeconfig in Secret '{named}' cannot be read"));
    let mut kubeconfig = Kubeconfig::from_yaml(text).map_err(unreadable)?;
    for user in kubeconfig.auth_infos.iter_mut().filter_map(|named| named.auth_info.as_mut()) {
        if user.exec.is_some() || user.auth_provider.is_some() {
            return Err(Error::Unusable(format!(
                "kubeconfig in Secret '{named}' wants to run a program: not allowed"
            )));
        }
        if user.token_file.is_some() || user.client_certificate.is_some() || user.client_key.is_some() {
            return Err(Error::Unusable(format!("kubeconfig in Secret '{named}' names a file: not allowed")));
        }
    }
    for cluster in kubeconfig.clusters.iter_mut().filter_map(|named| named.cluster.as_mut()) {
        cluster.insecure_skip_tls_verify = None;
        if cluster.certificate_authority.is_some() {
            return Err(Error::Unusable(format!("kubeconfig in Secret '{named}' names a file: not allowed")));
        }
    }
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let client = config.map_err(|_| ()).and_then(|config| Client::try_from(config).map_err(|_| ()));
    let client =
        client.map_err(|()| Error::Unusable(format!("kubeconfig in Secret '{named}' cannot be used")))?;
    Ok(Cluster::new(client))
}

/// The same client acting as a `ServiceAccount`.
fn impersonating(client: Client, namespace: &str, account: &str) -> Result<Client, Error> {
    let user = format!("system:serviceaccount:{namespace}:{account}");
    let user = HeaderValue::from_str(&user)
        .map_err(|_| Error::Unusable(format!("ServiceAccount name '{account}' is not valid")))?;
    let groups: Vec<HeaderValue> = ["system:serviceaccounts", "system:authenticated"]
        .iter()
        .map(|group| HeaderValue::from_static(group))
        .chain(HeaderValue::from_str(&format!("system:serviceaccounts:{namespace}")))
        .collect();
    let default_namespace = namespace.to_owned();
    let service = tower::service_fn(move |mut request: Request<Body>| {
        let (client, user, groups) = (client.clone(), user.clone(), groups.clone());
        async move {
            let headers = request.headers_mut();
            headers.insert(HeaderName::from_static("impersonate-user"), user);
            for group in groups {
                headers.append(HeaderName::from_static("impersonate-group"), group);
            }
            client.send(request).await
        }
    });
    Ok(Client::new(service, default_namespace))
}
