//! What all clients of one process share.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rand::RngCore as _;

use crate::access::Proxy;
use crate::auth::{Slot, TokenKey};
use crate::challenge::Challenge;
use crate::gate::Gate;
use crate::transport::Transport;
use crate::{Access, Error, Family, HttpRepository, OciClient, RepositoryUrl};

/// Most entries of each shared map; the oldest use nothing but memory, so above it a map starts anew.
const MAX_ENTRIES: usize = 4096;
/// HTTP clients kept: one for each distinct TLS and proxy setting.
const MAX_CLIENTS: usize = 128;

/// Settings of a [`Pool`].
#[derive(Debug, Clone)]
pub struct PoolOptions {
    /// `User-Agent` of each request. Default `pilothouse/<version>`.
    pub user_agent: String,
    /// Requests in flight to one host. Default 16: more gained nothing against a real registry.
    pub concurrency_per_host: usize,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("pilothouse/", env!("CARGO_PKG_VERSION")).to_owned(),
            concurrency_per_host: 16,
        }
    }
}

/// Connections, tokens, learned challenges and request gates of one process. Cheap to clone.
///
/// Tokens are kept by registry, credential and scope: a request never goes out with another tenant's token, and a
/// corrected password takes effect at once.
#[derive(Debug, Clone)]
pub struct Pool(Arc<Shared>);

pub(crate) struct Shared {
    options: PoolOptions,
    pub(crate) salt: [u8; 32],
    clients: Mutex<HashMap<ClientKey, reqwest::Client>>,
    gates: Mutex<HashMap<String, Arc<Gate>>>,
    challenges: Mutex<HashMap<String, Challenge>>,
    tokens: Mutex<HashMap<TokenKey, Slot>>,
    families: Mutex<HashMap<String, Family>>,
    plain_hosts: Mutex<HashMap<String, bool>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pool").field("options", &self.options).finish_non_exhaustive()
    }
}

#[derive(PartialEq, Eq, Hash)]
struct ClientKey {
    tls: [u8; 32],
    gzip: bool,
    proxy: Option<(String, String, String)>,
}

impl Default for Pool {
    fn default() -> Self {
        Self::new(PoolOptions::default())
    }
}

impl Pool {
    /// A pool with nothing in it yet.
    pub fn new(options: PoolOptions) -> Self {
        let mut salt = [0; 32];
        rand::rng().fill_bytes(&mut salt);
        Self(Arc::new(Shared {
            options,
            salt,
            clients: Mutex::default(),
            gates: Mutex::default(),
            challenges: Mutex::default(),
            tokens: Mutex::default(),
            families: Mutex::default(),
            plain_hosts: Mutex::default(),
        }))
    }

    /// A client for the OCI repository (or the prefix of several) at `url`.
    ///
    /// # Errors
    /// TLS or proxy settings that cannot be used.
    pub fn oci(&self, url: RepositoryUrl, access: Access) -> Result<OciClient, Error> {
        let transport = Transport::new(self.clone(), url.host().to_owned(), access)?;
        Ok(OciClient::new(transport, url))
    }

    /// A client for the HTTP chart repository at `url` (`http://` or `https://`).
    ///
    /// # Errors
    /// A URL of another scheme or with a user in it, or TLS or proxy settings that cannot be used.
    pub fn http(&self, url: &str, access: Access) -> Result<HttpRepository, Error> {
        HttpRepository::new(self.clone(), url, access)
    }

    pub(crate) fn client(&self, access: &Access, host: &str, gzip: bool) -> Result<reqwest::Client, Error> {
        let setup = |reason: String| Error::Setup { host: host.to_owned(), reason };
        let proxy_key = |p: &Proxy| (p.address.clone(), p.username.clone(), p.password.expose().to_owned());
        let key = ClientKey { tls: access.tls.id(), gzip, proxy: access.proxy.as_ref().map(proxy_key) };
        let mut clients = lock(&self.0.clients);
        if let Some(client) = clients.get(&key) {
            return Ok(client.clone());
        }
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(access.tls.config().map_err(setup)?)
            .user_agent(&self.0.options.user_agent)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .gzip(gzip)
            .connect_timeout(Duration::from_secs(10))
            .pool_idle_timeout(Duration::from_secs(60))
            .pool_max_idle_per_host(self.0.options.concurrency_per_host);
        if let Some(proxy) = &access.proxy {
            builder = builder.proxy(proxy_of(proxy).map_err(setup)?);
        }
        let client = builder.build().map_err(|e| setup(e.to_string()))?;
        if clients.len() >= MAX_CLIENTS {
            clients.clear();
        }
        clients.insert(key, client.clone());
        Ok(client)
    }

    pub(crate) fn salt(&self) -> &[u8; 32] {
        &self.0.salt
    }

    pub(crate) fn gate(&self, origin: &str) -> Arc<Gate> {
        let mut gates = lock(&self.0.gates);
        if gates.len() >= MAX_ENTRIES {
            gates.retain(|_, gate| Arc::strong_count(gate) > 1);
        }
        gates
            .entry(origin.to_owned())
            .or_insert_with(|| Arc::new(Gate::new(self.0.options.concurrency_per_host)))
            .clone()
    }

    pub(crate) fn challenge(&self, origin: &str) -> Option<Challenge> {
        lock(&self.0.challenges).get(origin).cloned()
    }

    pub(crate) fn learn(&self, origin: &str, challenge: Challenge) {
        put(&self.0.challenges, origin.to_owned(), challenge);
    }

    pub(crate) fn token_slot(&self, key: &TokenKey) -> Slot {
        let mut tokens = lock(&self.0.tokens);
        if tokens.len() >= MAX_ENTRIES {
            tokens.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        tokens.entry(key.clone()).or_default().clone()
    }

    pub(crate) fn family(&self, host: &str) -> Option<Family> {
        lock(&self.0.families).get(host).copied()
    }

    pub(crate) fn learn_family(&self, host: &str, family: Family) {
        put(&self.0.families, host.to_owned(), family);
    }

    pub(crate) fn is_plain(&self, host: &str) -> Option<bool> {
        lock(&self.0.plain_hosts).get(host).copied()
    }

    pub(crate) fn learn_plain(&self, host: &str, plain: bool) {
        put(&self.0.plain_hosts, host.to_owned(), plain);
    }
}

fn proxy_of(proxy: &Proxy) -> Result<reqwest::Proxy, String> {
    if !proxy.address.starts_with("http://") && !proxy.address.starts_with("https://") {
        return Err("the proxy's `address` must begin with `http://` or `https://`".into());
    }
    let built =
        reqwest::Proxy::all(&proxy.address).map_err(|_| "the proxy's `address` is not a URL".to_owned())?;
    Ok(if proxy.username.is_empty() {
        built
    } else {
        built.basic_auth(&proxy.username, proxy.password.expose())
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put<K: Eq + Hash, V>(map: &Mutex<HashMap<K, V>>, key: K, value: V) {
    let mut map = lock(map);
    if map.len() >= MAX_ENTRIES {
        map.clear();
    }
    map.insert(key, value);
}
