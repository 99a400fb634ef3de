//! Kubernetes clients that act with a caller's own token, and who that caller is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::{Api, Client, api::PostParams};

use crate::{
    problem::Problem,
    token::{Fingerprint, Token},
};

/// Makes a Kubernetes client that acts with the given token and no other right.
pub trait ClientFactory: Send + Sync + 'static {
    /// A client for that token. Asks nobody: the token is checked by the first request.
    fn client(&self, token: &Token) -> Result<Client, ClientError>;
}

/// A client cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a client for the Kubernetes API")]
pub struct ClientError {
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl<F> ClientFactory for F
where
    F: Fn(&Token) -> Result<Client, ClientError> + Send + Sync + 'static,
{
    fn client(&self, token: &Token) -> Result<Client, ClientError> {
        self(token)
    }
}

/// Clients for a real API server: its address and certificate authority, without the process's own rights.
#[derive(Clone, Debug)]
pub struct ClusterClients {
    config: kube::Config,
}

impl ClusterClients {
    /// Takes address and trust from `config` and forgets its credentials.
    pub fn new(mut config: kube::Config) -> Self {
        config.auth_info = kube::config::AuthInfo::default();
        Self { config }
    }
}

impl ClientFactory for ClusterClients {
    fn client(&self, token: &Token) -> Result<Client, ClientError> {
        let mut config = self.config.clone();
        config.auth_info.token = Some(token.reveal().to_owned().into());
        Client::try_from(config).map_err(|source| ClientError { source: source.into() })
    }
}

/// Who the cluster says the caller is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// User name.
    pub user: String,
    /// Groups of the user.
    pub groups: Vec<String>,
}

/// Whoever sent a request: the client with their rights, and their name.
#[derive(Clone)]
pub struct Caller {
    /// Acts with the caller's token.
    pub client: Client,
    /// Who it is.
    pub identity: Arc<Identity>,
    pub(crate) fingerprint: Fingerprint,
}

/// How long an identity is believed before the cluster is asked again.
const IDENTITY_TTL: Duration = Duration::from_secs(60);
/// Clients kept; the one used longest ago goes first.
const MAX_CLIENTS: usize = 256;
/// Longest wait for the cluster's answer to who somebody is.
const REVIEW_TIMEOUT: Duration = Duration::from_secs(10);

struct Entry {
    caller: Caller,
    checked: Instant,
    used: Instant,
}

/// Callers by token, checked with the cluster at most once a minute.
pub(crate) struct Callers {
    factory: Arc<dyn ClientFactory>,
    known: Mutex<HashMap<Fingerprint, Entry>>,
}

impl Callers {
    pub(crate) fn new(factory: Arc<dyn ClientFactory>) -> Self {
        Self { factory, known: Mutex::default() }
    }

    /// The caller with that token; an unknown or revoked token is refused.
    pub(crate) async fn get(&self, token: &Token) -> Result<Caller, Problem> {
        let fingerprint = token.fingerprint();
        let client = match self.remembered(fingerprint) {
            Some((caller, true)) => return Ok(caller),
            Some((caller, false)) => caller.client,
            None => self.factory.client(token).map_err(|error| {
                tracing::error!(error = %crate::problem::chain(&error), "no client for a caller");
                Problem::internal("a client for the cluster could not be made")
            })?,
        };
        let identity = match review(&client).await {
            Ok(identity) => Arc::new(identity),
            Err(problem) => {
                self.forget(fingerprint);
                return Err(problem);
            }
        };
        let caller = Caller { client, identity, fingerprint };
        self.remember(&caller);
        Ok(caller)
    }

    fn remembered(&self, fingerprint: Fingerprint) -> Option<(Caller, bool)> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = known.get_mut(&fingerprint)?;
        entry.used = Instant::now();
        Some((entry.caller.clone(), entry.checked.elapsed() < IDENTITY_TTL))
    }

    fn remember(&self, caller: &Caller) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_CLIENTS && !known.contains_key(&caller.fingerprint) {
            let oldest = known.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            if let Some(oldest) = oldest {
                known.remove(&oldest);
            }
        }
        let now = Instant::now();
        known.insert(caller.fingerprint, Entry { caller: caller.clone(), checked: now, used: now });
    }

    /// Forgets a caller, as when they sign out.
    pub(crate) fn forget(&self, fingerprint: Fingerprint) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&fingerprint);
    }
}

async fn review(client: &Client) -> Result<Identity, Problem> {
    let api: Api<SelfSubjectReview> = Api::all(client.clone());
    let review = SelfSubjectReview::default();
    let params = PostParams::default();
    let asked = api.create(&params, &review);
    let answer = tokio::time::timeout(REVIEW_TIMEOUT, asked).await.map_err(|_| {
        Problem::upstream(
            "cluster-unreachable",
            "The cluster did not answer",
            format!("the cluster did not say within {} s who signs in", REVIEW_TIMEOUT.as_secs()),
        )
    })??;
    let user = answer.status.and_then(|status| status.user_info).unwrap_or_default();
    match user.username {
        Some(name) if !name.is_empty() && name != "system:anonymous" => {
            Ok(Identity { user: name, groups: user.groups.unwrap_or_default() })
        }
        _ => Err(Problem::unauthenticated("the cluster does not know this token")
            .hint("Use a token that the cluster accepts, for example one of `kubectl create token`.")),
    }
}
