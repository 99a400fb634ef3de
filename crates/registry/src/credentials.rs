//! Who is asking: the credentials of one registry.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};

use crate::{Error, Secret};

/// A way to prove who asks. `Debug` shows the user name and `****`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// Nobody in particular.
    #[default]
    Anonymous,
    /// User name and password (or personal access token), for Basic and for token servers.
    Basic {
        /// User name.
        username: String,
        /// Password or token.
        password: Secret,
    },
    /// A token sent as it is: `Authorization: Bearer …`.
    Bearer(Secret),
    /// A refresh ("identity") token that the token server changes into access tokens (grant type `refresh_token`).
    Identity(Secret),
}

impl Credentials {
    /// User name and password; both empty means anonymous.
    pub fn basic(username: impl Into<String>, password: impl Into<Secret>) -> Self {
        let (username, password) = (username.into(), password.into());
        if username.is_empty() && password.is_empty() {
            Self::Anonymous
        } else {
            Self::Basic { username, password }
        }
    }

    /// Whether there are none.
    pub fn is_anonymous(&self) -> bool {
        matches!(self, Self::Anonymous)
    }

    /// A fingerprint for cache keys: equal only for equal credentials, useless without the process's salt.
    pub(crate) fn id(&self, salt: &[u8; 32]) -> [u8; 16] {
        let mut hasher = Sha256::new();
        hasher.update(salt);
        let mut part = |text: &str| {
            hasher.update((text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        match self {
            Self::Anonymous => part("anonymous"),
            Self::Basic { username, password } => {
                part("basic");
                part(username);
                part(password.expose());
            }
            Self::Bearer(token) => {
                part("bearer");
                part(token.expose());
            }
            Self::Identity(token) => {
                part("identity");
                part(token.expose());
            }
        }
        let mut id = [0; 16];
        id.copy_from_slice(&hasher.finalize()[..16]);
        id
    }
}

/// Credentials with the time at which they stop working.
#[derive(Debug, Clone, Default)]
pub struct Provided {
    /// The credentials.
    pub credentials: Credentials,
    /// When they expire, where the provider knows.
    pub expires_at: Option<SystemTime>,
}

/// Gives credentials that change over time: cloud logins, files that are rotated.
///
/// Called before a request whose earlier answer is missing, expired or was refused; must be cheap to call twice.
pub trait CredentialProvider: fmt::Debug + Send + Sync {
    /// Credentials for `host` (with its port).
    fn provide<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Provided, Error>>;
}

/// Where a client's credentials come from: fixed, or a provider whose answer is kept until it expires.
#[derive(Debug, Clone, Default)]
pub(crate) enum Source {
    #[default]
    None,
    Fixed(Credentials),
    Provider(Arc<Kept>),
}

#[derive(Debug)]
pub(crate) struct Kept {
    provider: Arc<dyn CredentialProvider>,
    last: tokio::sync::Mutex<Option<Provided>>,
}

impl Source {
    pub(crate) fn provider(provider: Arc<dyn CredentialProvider>) -> Self {
        Self::Provider(Arc::new(Kept { provider, last: tokio::sync::Mutex::new(None) }))
    }

    /// The credentials to use now; `refresh` asks the provider again.
    pub(crate) async fn get(&self, host: &str, refresh: bool) -> Result<Credentials, Error> {
        match self {
            Self::None => Ok(Credentials::Anonymous),
            Self::Fixed(credentials) => Ok(credentials.clone()),
            Self::Provider(kept) => {
                let mut last = kept.last.lock().await;
                let soon = SystemTime::now() + Duration::from_secs(60);
                if let Some(provided) =
                    last.as_ref().filter(|p| !refresh && p.expires_at.is_none_or(|at| at > soon))
                {
                    return Ok(provided.credentials.clone());
                }
                let provided = kept.provider.provide(host).await?;
                let credentials = provided.credentials.clone();
                *last = Some(provided);
                Ok(credentials)
            }
        }
    }

    /// Whether asking again can give something new.
    pub(crate) fn is_refreshable(&self) -> bool {
        matches!(self, Self::Provider(_))
    }
}
