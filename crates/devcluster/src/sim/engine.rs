//! The one task that runs all controllers: changes and timers make keys, each key is brought to its wanted state.
//!
//! Nothing is polled. State that matters is in the store: after a restart all objects are looked at once, as if they
//! had just appeared.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::oneshot;

use super::events::Recorder;
use super::gc::Owners;
use super::objects::is_deleting;
use super::pods::Addresses;
use super::{Simulation, route};
use crate::Cluster;
use crate::client::{Client, DeleteOptions};
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult};
use crate::store::{Change, Object};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum What {
    Definition,
    Namespace,
    /// An object whose owners or dependents changed: `namespace` is `bucket namespace`.
    Owned,
    Secret,
    Node,
    Claim,
    Volume,
    Pod,
    ReplicaSet,
    Deployment,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    Service,
    Budget,
    Autoscaler,
    Quota,
}

/// One object to look at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) what: What,
    pub(super) namespace: Box<str>,
    pub(super) name: Box<str>,
}

impl Key {
    pub(super) fn new(what: What, namespace: &str, name: &str) -> Self {
        Self { what, namespace: namespace.into(), name: name.into() }
    }
}

/// Longest pause before something that failed is tried again.
const MAX_BACKOFF: SignedDuration = SignedDuration::from_secs(60);
/// Changes taken from the channel before queued work goes on.
const BATCH: usize = 1024;

/// What controllers work with.
pub(super) struct Engine {
    pub(super) cluster: Cluster,
    pub(super) simulation: Simulation,
    /// Writes as the controllers do.
    pub(super) controllers: Client,
    /// Writes as the nodes do.
    pub(super) nodes: Client,
    /// Writes as the scheduler does.
    pub(super) scheduler: Client,
    /// Writes as the API server's own controllers do.
    pub(super) server: Client,
    pub(super) owners: Owners,
    pub(super) addresses: Addresses,
    pub(super) recorder: Recorder,
    /// When delayed stages of Pods are due, by UID and stage.
    pub(super) due: HashMap<(Box<str>, &'static str), Timestamp>,
    /// What of each definition is served: digests.
    pub(super) served: HashMap<String, String>,
    resources: HashMap<(&'static str, &'static str), Arc<Resource>>,
    /// Keys that requests wait for; looked at before all others.
    urgent: VecDeque<Key>,
    queue: VecDeque<Key>,
    queued: HashSet<Key>,
    timers: BTreeSet<(Timestamp, Key)>,
    failures: HashMap<Key, u32>,
}

impl Engine {
    pub(super) fn new(cluster: &Cluster, simulation: &Simulation) -> Self {
        Self {
            cluster: cluster.clone(),
            simulation: simulation.clone(),
            controllers: cluster.client("kube-controller-manager"),
            nodes: cluster.client("kubelet"),
            scheduler: cluster.client("kube-scheduler"),
            server: cluster.client("kube-apiserver"),
            owners: Owners::default(),
            addresses: Addresses::default(),
            recorder: Recorder::default(),
            due: HashMap::new(),
            served: HashMap::new(),
            resources: HashMap::new(),
            urgent: VecDeque::new(),
            queue: VecDeque::new(),
            queued: HashSet::new(),
            timers: BTreeSet::new(),
            failures: HashMap::new(),
        }
    }

    /// Runs until the cluster shuts down; tells once when it is idle for the first time.
    pub(super) async fn run(mut self, mut changes: Receiver<Change>, settled: oneshot::Sender<()>) {
        let mut settled = Some(settled);
        let shutdown = self.cluster.shutdown_token().clone();
        if let Err(error) = super::nodes::bootstrap(&mut self).await {
            tracing::warn!(%error, "could not set up the simulated nodes");
        }
        self.look_at_all();
        loop {
            self.take(&mut changes);
            self.fire_timers();
            if let Some(key) = self.next() {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = self.reconcile(key) => {}
                }
                continue;
            }
            if let Some(settled) = settled.take() {
                let _ = settled.send(());
            }
            let pause = self.timers.first().map_or(SignedDuration::from_hours(1), |(at, _)| {
                at.duration_since(Timestamp::now()).max(SignedDuration::ZERO)
            });
            let pause = std::time::Duration::try_from(pause).unwrap_or_default();
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
                change = changes.recv() => match change {
                    Ok(change) => self.observe(&change),
                    Err(RecvError::Lagged(_)) => self.look_at_all(),
                    Err(RecvError::Closed) => return,
                },
            }
        }
    }

    /// Takes in what has changed meanwhile, without waiting.
    fn take(&mut self, changes: &mut Receiver<Change>) {
        for _ in 0..BATCH {
            match changes.try_recv() {
                Ok(change) => self.observe(&change),
                Err(TryRecvError::Lagged(_)) => self.look_at_all(),
                Err(TryRecvError::Empty | TryRecvError::Closed) => return,
            }
        }
    }

    fn observe(&mut self, change: &Change) {
        for key in route::keys(self, change) {
            self.enqueue(key);
        }
    }

    /// Looks at every object: at the start, and when changes were missed.
    fn look_at_all(&mut self) {
        self.owners = Owners::default();
        let buckets: Vec<Arc<str>> = self.buckets();
        for bucket in &buckets {
            let (objects, _) = self.controllers.list(bucket, None);
            for object in objects {
                self.owners.learn(bucket, &object);
            }
        }
        for bucket in &buckets {
            let (objects, _) = self.controllers.list(bucket, None);
            for object in objects {
                for key in route::own_keys(self, bucket, &object) {
                    self.enqueue(key);
                }
            }
        }
    }

    /// The buckets of all served resources.
    pub(super) fn buckets(&self) -> Vec<Arc<str>> {
        let mut all: Vec<Arc<str>> = self
            .cluster
            .resources()
            .iter()
            .filter(|r| !r.verbs.is_empty())
            .map(|r| Arc::clone(&r.bucket))
            .collect();
        all.sort();
        all.dedup();
        all
    }

    pub(super) fn enqueue(&mut self, key: Key) {
        if !self.queued.insert(key.clone()) {
            return;
        }
        if self.is_waited_for(&key) {
            self.urgent.push_back(key);
        } else {
            self.queue.push_back(key);
        }
    }

    /// Whether requests fail until the key was looked at: a new namespace has no service account for its Pods, the
    /// objects of a new definition are not served. That must not take longer because many workloads change.
    fn is_waited_for(&self, key: &Key) -> bool {
        match key.what {
            What::Definition => true,
            // One that is going looks at all that is in it, again for each object that has gone.
            What::Namespace => {
                self.get("namespaces", "", &key.name).is_some_and(|object| !is_deleting(&object))
            }
            _ => false,
        }
    }

    /// Looks at a key again after a while.
    pub(super) fn later(&mut self, key: Key, pause: SignedDuration) {
        let at = Timestamp::now().checked_add(pause).unwrap_or(Timestamp::MAX);
        self.timers.insert((at, key));
    }

    fn fire_timers(&mut self) {
        let now = Timestamp::now();
        while self.timers.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, key)) = self.timers.pop_first() {
                self.enqueue(key);
            }
        }
    }

    fn next(&mut self) -> Option<Key> {
        let key = self.urgent.pop_front().or_else(|| self.queue.pop_front())?;
        self.queued.remove(&key);
        Some(key)
    }

    async fn reconcile(&mut self, key: Key) {
        let result = match key.what {
            What::Definition => super::definitions::reconcile(self, &key).await,
            What::Namespace => super::namespaces::reconcile(self, &key).await,
            What::Owned => super::gc::reconcile(self, &key).await,
            What::Secret => super::secrets::reconcile(self, &key).await,
            What::Node => super::nodes::reconcile(self, &key).await,
            What::Claim => super::volumes::claim(self, &key).await,
            What::Volume => super::volumes::volume(self, &key).await,
            What::Pod => super::pods::reconcile(self, &key).await,
            What::ReplicaSet => super::replicasets::reconcile(self, &key).await,
            What::Deployment => super::deployments::reconcile(self, &key).await,
            What::StatefulSet => super::statefulsets::reconcile(self, &key).await,
            What::DaemonSet => super::daemonsets::reconcile(self, &key).await,
            What::Job => super::jobs::reconcile(self, &key).await,
            What::CronJob => super::cronjobs::reconcile(self, &key).await,
            What::Service => super::services::reconcile(self, &key).await,
            What::Budget => super::budgets::reconcile(self, &key).await,
            What::Autoscaler => super::autoscalers::reconcile(self, &key).await,
            What::Quota => super::quotas::reconcile(self, &key).await,
        };
        match result {
            Ok(()) => drop(self.failures.remove(&key)),
            Err(error) if error.is_conflict() => self.enqueue(key),
            Err(error) => {
                let failures = self.failures.entry(key.clone()).or_default();
                *failures += 1;
                let pause = SignedDuration::from_millis(100i64 << (*failures).min(10));
                tracing::debug!(%error, ?key, "a controller failed; it tries again");
                self.later(key, pause.min(MAX_BACKOFF));
            }
        }
    }

    /// A built-in resource.
    pub(super) fn resource(&mut self, group: &'static str, kind: &'static str) -> ApiResult<Arc<Resource>> {
        if let Some(resource) = self.resources.get(&(group, kind)) {
            return Ok(Arc::clone(resource));
        }
        let resource = self
            .cluster
            .resource(group, kind)
            .ok_or_else(|| ApiError::internal(format!("no kind {kind}")))?;
        self.resources.insert((group, kind), Arc::clone(&resource));
        Ok(resource)
    }

    /// One object, parsed.
    pub(super) fn get(&self, bucket: &str, namespace: &str, name: &str) -> Option<Value> {
        self.controllers.get(bucket, namespace, name).map(|o| o.value())
    }

    /// Objects of a bucket in a namespace (all, where empty).
    pub(super) fn list(&self, bucket: &str, namespace: &str) -> Vec<Arc<Object>> {
        self.controllers.list(bucket, (!namespace.is_empty()).then_some(namespace)).0
    }

    /// Writes a status where it differs from what is there.
    pub(super) async fn write_status(
        &mut self,
        group: &'static str,
        kind: &'static str,
        object: &Value,
        status: Value,
    ) -> ApiResult<()> {
        if object["status"] == status {
            return Ok(());
        }
        let resource = self.resource(group, kind)?;
        let uid = super::objects::uid(object).to_owned();
        let (namespace, name) = (super::objects::namespace(object), super::objects::name(object));
        let change = |live: &mut Value| {
            if super::objects::uid(live) != uid || live["status"] == status {
                return false;
            }
            live["status"] = status.clone();
            true
        };
        self.controllers.modify(&resource, "status", namespace, name, change).await.map(drop)
    }

    /// Deletes an object, if it is still the one with this UID.
    pub(super) async fn delete(
        &mut self,
        group: &'static str,
        kind: &'static str,
        object: &Value,
    ) -> ApiResult<()> {
        let resource = self.resource(group, kind)?;
        let options = DeleteOptions {
            uid: Some(super::objects::uid(object).to_owned()),
            propagation: Some("Background".to_owned()),
            ..DeleteOptions::default()
        };
        let (namespace, name) = (super::objects::namespace(object), super::objects::name(object));
        gone_is_fine(self.controllers.delete(&resource, namespace, name, &options).await)
    }
}

/// Not to be there (or to be another one by now) is what a delete wants.
pub(super) fn gone_is_fine(result: ApiResult<()>) -> ApiResult<()> {
    match result {
        Err(error) if error.is_not_found() || error.is_conflict() => Ok(()),
        other => other,
    }
}
