//! What controllers inside the process use: reads from memory, writes through the same checks as requests.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use crate::call::Call;
use crate::cluster::Cluster;
use crate::convert;
use crate::meta;
use crate::resource::Resource;
use crate::status::ApiResult;
use crate::store::{Change, Follower, Object};
use crate::verbs::create::{self, Origin};
use crate::verbs::update::{self, ATTEMPTS, Refusal, Target, Tracking, commit};
use crate::verbs::{delete, modified};

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
    /// The old `orphanDependents`, where it was used.
    pub orphan_dependents: Option<bool>,
    /// `dryRun=All`.
    pub dry_run: bool,
}

/// Changes of one bucket, in order. See [`Client::changes`].
pub struct Changes {
    cluster: Cluster,
    follower: Follower,
    queue: VecDeque<Arc<Change>>,
}

impl Changes {
    /// The next change; `None` when the cluster shuts down or this reader fell too far behind (then list again).
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            if let Some(change) = self.queue.pop_front() {
                return Some((*change).clone());
            }
            tokio::select! {
                () = self.cluster.shutdown_token().cancelled() => return None,
                batch = self.follower.next() => self.queue.extend(batch.ok()?),
            }
        }
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
        self.cluster.store().get(bucket, namespace, name)
    }

    /// All objects of a bucket (`pods`, `apps/deployments`), of one namespace or of all, and the version of this view.
    pub fn list(&self, bucket: &str, namespace: Option<&str>) -> (Vec<Arc<Object>>, u64) {
        let snapshot = self.cluster.store().list(bucket, namespace);
        (snapshot.objects, snapshot.version)
    }

    /// Changes of a bucket after a version that [`Self::list`] gave.
    pub fn changes(&self, bucket: &str, after: u64) -> Changes {
        let follower = self.cluster.store().follow(&Arc::from(bucket), after);
        Changes { cluster: self.cluster.clone(), follower, queue: VecDeque::new() }
    }

    /// Changes of all buckets from now on (for garbage collection and the like). The sender drops what a slow reader
    /// cannot hold (`RecvError::Lagged`): then list again.
    pub fn all_changes(&self) -> tokio::sync::broadcast::Receiver<Change> {
        self.cluster.subscribe()
    }

    fn call(&self) -> Call {
        Call::internal(self.manager)
    }

    /// Creates an object; returns it as stored.
    ///
    /// # Errors
    /// As a POST.
    pub async fn create(&self, resource: &Resource, namespace: &str, object: Value) -> ApiResult<Value> {
        let mut object = object;
        crate::verbs::strategy::canonical(resource, &mut object);
        let stored =
            create::create(&self.cluster, &mut self.call(), resource, namespace, object, Origin::Body)
                .await?;
        Ok(stored.value(resource))
    }

    /// Replaces an object (or with `subresource` = `status` its status). A `metadata.resourceVersion` in it is checked.
    ///
    /// # Errors
    /// As a PUT.
    pub async fn update(&self, resource: &Resource, subresource: &str, object: Value) -> ApiResult<Value> {
        let mut object = object;
        crate::verbs::strategy::canonical(resource, &mut object);
        let namespace = meta::text(&object, "namespace").to_owned();
        let name = meta::text(&object, "name").to_owned();
        let target = Target { resource, subresource, namespace: &namespace, name: &name };
        let (stored, _) = update::replace(&self.cluster, &mut self.call(), target, object).await?;
        Ok(stored.value(resource))
    }

    /// Reads, changes and writes back an object (or its status), again after conflicts. `change` returns whether it
    /// changed anything; `Ok(None)`: it did not, or the object is gone.
    ///
    /// # Errors
    /// As a PUT.
    pub async fn modify(
        &self,
        resource: &Resource,
        subresource: &str,
        namespace: &str,
        name: &str,
        mut change: impl FnMut(&mut Value) -> bool + Send,
    ) -> ApiResult<Option<Value>> {
        let target = Target { resource, subresource, namespace, name };
        for attempt in 0..ATTEMPTS {
            let Some(old) = self.cluster.store().get(&resource.bucket, namespace, name) else {
                return Ok(None);
            };
            let mut object = convert::read(resource, &old);
            if !change(&mut object) {
                return Ok(None);
            }
            crate::verbs::strategy::canonical(resource, &mut object);
            match commit(&self.cluster, &mut self.call(), target, &old, object, Tracking::Update).await {
                Ok(stored) => return Ok(Some(stored.value(resource))),
                Err(Refusal::Raced) if attempt + 1 < ATTEMPTS => {}
                Err(refusal) => {
                    let error = refusal.into_error(resource, name);
                    return if error.is_not_found() { Ok(None) } else { Err(error) };
                }
            }
        }
        Err(modified(resource, name))
    }

    /// Deletes an object: finalizers, grace periods and propagation as for any request.
    ///
    /// # Errors
    /// As a DELETE.
    pub async fn delete(
        &self,
        resource: &Resource,
        namespace: &str,
        name: &str,
        options: &DeleteOptions,
    ) -> ApiResult<()> {
        delete::delete(&self.cluster, &mut self.call(), resource, namespace, name, options).await.map(drop)
    }
}
