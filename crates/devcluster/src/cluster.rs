//! The running cluster's shared state.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admission::Allocations;
use crate::auth::identity::Authenticator;
use crate::auth::rbac::{Authorizer, RoleCache};
use crate::client::Client;
use crate::kinds;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult};
use crate::store::{Change, Store};

/// Watches open at once at most.
const MAX_WATCHES: usize = 4096;

/// The running cluster. Cheap to clone; all clones are the same cluster.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    authenticator: Authenticator,
    roles: RoleCache,
    allocations: Arc<Allocations>,
    custom: RwLock<BTreeMap<String, Vec<Arc<Resource>>>>,
    ca_certificate: String,
    watches: Arc<Semaphore>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Cluster {
    pub(crate) fn new(store: Store, authenticator: Authenticator, ca_certificate: String) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                authenticator,
                roles: RoleCache::default(),
                allocations: Arc::default(),
                custom: RwLock::default(),
                ca_certificate,
                watches: Arc::new(Semaphore::new(MAX_WATCHES)),
                shutdown: CancellationToken::new(),
                tasks: TaskTracker::new(),
            }),
        }
    }

    /// A handle for a controller; writes carry `manager` as field manager.
    pub fn client(&self, manager: &'static str) -> Client {
        Client::new(self.clone(), manager)
    }

    /// The resource of a kind in its preferred version: `("apps", "Deployment")`, also of custom kinds.
    pub fn resource(&self, group: &str, kind: &str) -> Option<Arc<Resource>> {
        let is = |r: &&Arc<Resource>| r.group() == group && r.kind() == kind;
        let builtin = kinds::builtin().iter().find(is).cloned();
        builtin.or_else(|| self.inner.custom.read().values().flatten().find(is).cloned())
    }

    /// All served resources, built-in and custom, preferred versions first within a group.
    pub fn resources(&self) -> Vec<Arc<Resource>> {
        let custom = self.inner.custom.read();
        kinds::builtin().iter().chain(custom.values().flatten()).cloned().collect()
    }

    /// Serves (or serves anew) what a `CustomResourceDefinition` defines: one `Resource` per served version,
    /// the preferred first. Discovery, OpenAPI and routing follow at once.
    pub fn set_custom_resources(&self, definition: &str, resources: Vec<Resource>) {
        self.inner
            .custom
            .write()
            .insert(definition.to_owned(), resources.into_iter().map(Arc::new).collect());
    }

    /// Serves what a definition defined no longer. Its objects stay in the store.
    pub fn remove_custom_resources(&self, definition: &str) {
        self.inner.custom.write().remove(definition);
    }

    /// The certificate of the cluster's own authority, PEM: `ca.crt` of `kube-root-ca.crt`.
    pub fn ca_certificate(&self) -> &str {
        &self.inner.ca_certificate
    }

    /// Cancelled when the cluster shuts down.
    pub fn shutdown_token(&self) -> &CancellationToken {
        &self.inner.shutdown
    }

    /// Spawns a task that shutdown waits for. It must end soon after [`Self::shutdown_token`] is cancelled.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.inner.tasks.spawn(task);
    }

    /// Ends all tasks and waits for them.
    pub(crate) async fn shutdown(&self) {
        self.inner.shutdown.cancel();
        self.inner.tasks.close();
        self.inner.tasks.wait().await;
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.inner.store.subscribe()
    }

    pub(crate) fn store(&self) -> &Store {
        &self.inner.store
    }

    pub(crate) fn authenticator(&self) -> &Authenticator {
        &self.inner.authenticator
    }

    pub(crate) fn authorizer(&self) -> Authorizer<'_> {
        Authorizer::new(&self.inner.store, &self.inner.roles)
    }

    pub(crate) fn allocations(&self) -> &Arc<Allocations> {
        &self.inner.allocations
    }

    /// A built-in resource that must be there.
    pub(crate) fn builtin(group: &str, kind: &str) -> ApiResult<Arc<Resource>> {
        let found = kinds::builtin().iter().find(|r| r.group() == group && r.kind() == kind);
        found.cloned().ok_or_else(|| ApiError::internal(format!("kind {kind} is not built in")))
    }

    /// The resource of a path.
    pub(crate) fn served(&self, group: &str, version: &str, plural: &str) -> Option<Arc<Resource>> {
        let is =
            |r: &&Arc<Resource>| r.group() == group && *r.gvk.version == *version && *r.plural == *plural;
        let builtin = kinds::builtin().iter().find(is).cloned();
        builtin.or_else(|| self.inner.custom.read().values().flatten().find(is).cloned())
    }

    /// Whether definitions serve this version of a group.
    pub(crate) fn is_custom_version(&self, group: &str, version: &str) -> bool {
        let custom = self.inner.custom.read();
        custom.values().flatten().any(|r| r.group() == group && *r.gvk.version == *version)
    }

    /// A place for one more watch; `None`: too many are open.
    pub(crate) fn watch_permit(&self) -> Option<OwnedSemaphorePermit> {
        self.inner.watches.clone().try_acquire_owned().ok()
    }
}
