//! The running cluster's shared state.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::client::Client;
use crate::resource::Resource;
use crate::store::Change;

/// The running cluster. Cheap to clone; all clones are the same cluster.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Inner>,
}

struct Inner {
    custom: RwLock<BTreeMap<String, Vec<Arc<Resource>>>>,
    changes: broadcast::Sender<Change>,
    shutdown: CancellationToken,
    tasks: TaskTracker,
}

impl Cluster {
    /// A handle for a controller; writes carry `manager` as field manager.
    pub fn client(&self, manager: &'static str) -> Client {
        Client::new(self.clone(), manager)
    }

    /// The resource of a kind in its preferred version: `("apps", "Deployment")`, also of custom kinds.
    pub fn resource(&self, group: &str, kind: &str) -> Option<Arc<Resource>> {
        self.resources().into_iter().find(|r| r.group() == group && r.kind() == kind)
    }

    /// All served resources, built-in and custom, preferred versions first within a group.
    pub fn resources(&self) -> Vec<Arc<Resource>> {
        self.inner.custom.read().values().flatten().cloned().collect()
    }

    /// Serves (or serves anew) what a CustomResourceDefinition defines: one `Resource` per served version,
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

    /// Cancelled when the cluster shuts down.
    pub fn shutdown_token(&self) -> &CancellationToken {
        &self.inner.shutdown
    }

    /// Spawns a task that shutdown waits for. It must end soon after [`Self::shutdown_token`] is cancelled.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.inner.tasks.spawn(task);
    }

    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.inner.changes.subscribe()
    }
}
