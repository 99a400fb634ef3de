//! What controllers inside the process use: reads from memory, writes through the same checks as requests.

use std::sync::Arc;

use serde_json::Value;

use crate::Cluster;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult};
use crate::store::{Change, Object};

/// A handle with all rights that writes under one field manager. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    cluster: Cluster,
    manager: &'static str,
}

/// How to delete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// `gracePeriodSeconds`.
    pub grace_period_seconds: Option<i64>,
    /// `propagationPolicy`: `Background`, `Foreground` or `Orphan`; None: the kind's default.
    pub propagation: Option<String>,
    /// Precondition on the UID.
    pub uid: Option<String>,
    /// Precondition on the resource version.
    pub resource_version: Option<String>,
    /// `dryRun=All`.
    pub dry_run: bool,
}

/// Changes of one bucket, in order. See [`Client::changes`].
pub struct Changes {
    cluster: Cluster,
}

impl Changes {
    /// The next change; `None` when the cluster shuts down or this reader fell too far behind (then list again).
    pub async fn next(&mut self) -> Option<Change> {
        self.cluster.shutdown_token().cancelled().await;
        None
    }
}

impl Client {
    pub(crate) fn new(cluster: Cluster, manager: &'static str) -> Self {
        Self { cluster, manager }
    }

    /// The cluster this client acts on.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// One object, from memory.
    pub fn get(&self, bucket: &str, namespace: &str, name: &str) -> Option<Arc<Object>> {
        let _ = (bucket, namespace, name);
        None
    }

    /// All objects of a bucket (`pods`, `apps/deployments`), of one namespace or of all, and the version of this view.
    pub fn list(&self, bucket: &str, namespace: Option<&str>) -> (Vec<Arc<Object>>, u64) {
        let _ = (bucket, namespace);
        (Vec::new(), 0)
    }

    /// Changes of a bucket after a version that [`Self::list`] gave.
    pub fn changes(&self, bucket: &str, after: u64) -> Changes {
        let _ = (bucket, after);
        Changes { cluster: self.cluster.clone() }
    }

    /// Changes of all buckets from now on (for garbage collection and the like). The sender drops what a slow reader
    /// cannot hold (`RecvError::Lagged`): then list again.
    pub fn all_changes(&self) -> tokio::sync::broadcast::Receiver<Change> {
        self.cluster.subscribe()
    }

    /// Creates an object; returns it as stored.
    pub async fn create(&self, resource: &Resource, namespace: &str, object: Value) -> ApiResult<Value> {
        let _ = (resource, namespace, object, self.manager);
        Err(ApiError::internal("not served yet"))
    }

    /// Replaces an object (or with `subresource` = `status` its status). A `metadata.resourceVersion` in it is checked.
    pub async fn update(&self, resource: &Resource, subresource: &str, object: Value) -> ApiResult<Value> {
        let _ = (resource, subresource, object);
        Err(ApiError::internal("not served yet"))
    }

    /// Reads, changes and writes back an object (or its status), again after conflicts. `change` returns whether it
    /// changed anything; `Ok(None)`: it did not, or the object is gone.
    pub async fn modify(
        &self,
        resource: &Resource,
        subresource: &str,
        namespace: &str,
        name: &str,
        change: impl FnMut(&mut Value) -> bool + Send,
    ) -> ApiResult<Option<Value>> {
        let _ = (resource, subresource, namespace, name, change);
        Err(ApiError::internal("not served yet"))
    }

    /// Deletes an object: finalizers, grace periods and propagation as for any request.
    pub async fn delete(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> ApiResult<()> {
        let _ = (resource, namespace, name, options);
        Err(ApiError::internal("not served yet"))
    }
}
