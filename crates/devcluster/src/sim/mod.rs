//! The controllers: CRD establishing, namespaces, garbage collection, simulated workloads.

use crate::Cluster;

/// How simulated workloads behave.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// Whether controllers run at all. Default: true.
    pub enabled: bool,
    /// Names of the simulated nodes. Default: `node-1`.
    pub nodes: Vec<String>,
}

impl Default for Simulation {
    fn default() -> Self {
        Self { enabled: true, nodes: vec!["node-1".to_owned()] }
    }
}

/// Starts the controllers on the current runtime; they end with the cluster's shutdown
/// ([`Cluster::shutdown_token`]). Tasks are spawned with [`Cluster::spawn`].
pub fn start(cluster: &Cluster, simulation: &Simulation) {
    let _ = (cluster, simulation);
}
