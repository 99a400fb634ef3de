//! Waiting for what controllers do.

use std::time::Duration;

use pilothouse_devcluster::sim::Simulation;
use pilothouse_devcluster::{DevCluster, Options};
use serde_json::Value;

use crate::client::{Answer, Client, options};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(20);

/// A cluster with simulated workloads that start at once.
pub(crate) async fn simulated() -> DevCluster {
    DevCluster::start(simulated_options()).await.unwrap()
}

pub(crate) fn simulated_options() -> Options {
    let simulation = Simulation { start_delay: jiff::SignedDuration::ZERO, ..Simulation::default() };
    Options { simulation, ..options() }
}

/// Reads a path until the answer is as wanted; returns it.
pub(crate) async fn until(client: &Client, path: &str, wanted: impl Fn(&Answer) -> bool) -> Answer {
    let deadline = tokio::time::Instant::now() + LIMIT;
    loop {
        let answer = client.get(path).await;
        if wanted(&answer) {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "{path} did not become as wanted: {answer:#?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Whether a condition of the object has this status.
pub(crate) fn has_condition(object: &Value, kind: &str, status: &str) -> bool {
    let conditions = object["status"]["conditions"].as_array();
    conditions.into_iter().flatten().any(|c| c["type"] == kind && c["status"] == status)
}
