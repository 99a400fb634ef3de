//! The controllers: CRD establishing, namespaces, garbage collection, simulated workloads.
//!
//! One task ([`engine`]) runs them all. A change in the store or a timer makes keys ([`route`]); each key is brought to
//! its wanted state by the controller of its kind. Nothing is polled, and all that matters is in the store: after a
//! restart everything is looked at once, nothing is lost and nothing happens twice.

mod autoscalers;
mod budgets;
mod cron;
mod cronjobs;
mod daemonsets;
mod definitions;
mod deployments;
mod engine;
mod events;
mod gc;
mod jobs;
mod namespaces;
mod nodes;
mod objects;
mod pods;
pub(crate) mod quotas;
mod replicasets;
mod revisions;
mod route;
mod scheduler;
mod secrets;
mod services;
mod statefulsets;
mod template;
mod volumes;

use jiff::SignedDuration;
use tokio::sync::oneshot;

use crate::Cluster;

/// How simulated workloads behave.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// Whether workloads are simulated: nodes, Pods and what controls them. Namespaces, owner references and
    /// definitions are looked after in any case. Default: true.
    pub enabled: bool,
    /// Names of the simulated nodes. Default: `node-1`, `node-2`, `node-3`.
    pub nodes: Vec<String>,
    /// From scheduled to running, for Pods that do not say (annotation `pilothouse.test/start-delay`). Default: 200 ms.
    pub start_delay: SignedDuration,
}

impl Default for Simulation {
    fn default() -> Self {
        Self {
            enabled: true,
            nodes: ["node-1", "node-2", "node-3"].map(str::to_owned).to_vec(),
            start_delay: SignedDuration::from_millis(200),
        }
    }
}

/// Starts the controllers on the current runtime and waits until they have looked at all there is: the default
/// namespace can be worked with, restored state is taken up. They end with the cluster's shutdown
/// ([`Cluster::shutdown_token`]). Tasks are spawned with [`Cluster::spawn`].
pub async fn start(cluster: &Cluster, simulation: &Simulation) {
    let changes = cluster.subscribe();
    let (settled, first_idle) = oneshot::channel();
    cluster.spawn(engine::Engine::new(cluster, simulation).run(changes, settled));
    // An error: the cluster is shutting down already.
    drop(first_idle.await);
}
