//! Readiness of applied objects.

use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde_json::Value;

use super::{Failure, Operation, Progressed, RECHECK, Waiting, World, gone};
use crate::{
    cluster::{self, Cluster, Placed},
    health::{self, Health, Jobs},
    health_expression,
    object::ObjectId,
};

/// Requests at a time.
const PARALLEL: usize = 8;

/// An object whose readiness is followed.
pub(super) struct Tracked {
    pub(super) placed: Placed,
    pub(super) health: Health,
}

/// The objects that are not ready, and why.
pub(super) fn unready(tracked: &[Tracked]) -> Vec<(ObjectId, Health)> {
    let waiting = tracked.iter().filter(|tracked| !tracked.health.is_current());
    waiting.map(|tracked| (tracked.placed.object.id(), tracked.health.clone())).collect()
}

/// `[Kind/ns/name status: 'InProgress', …]`, as Flux writes it, and why.
pub(super) fn listed(unready: &[(ObjectId, Health)]) -> String {
    let states: Vec<String> =
        unready.iter().map(|(id, health)| format!("{id} status: '{}'", health.as_str())).collect();
    let reasons: Vec<String> = unready
        .iter()
        .filter(|(_, health)| !health.reason().is_empty())
        .map(|(id, health)| format!("{id}: {}", health.reason()))
        .collect();
    match reasons.is_empty() {
        true => format!("[{}]", states.join(", ")),
        false => format!("[{}] ({})", states.join(", "), reasons.join("; ")),
    }
}

/// The live objects, in the order asked for.
pub(super) async fn live(
    cluster: &Cluster,
    placed: &[&Placed],
) -> Result<Vec<Option<Value>>, cluster::Error> {
    let requests: Vec<_> = placed.iter().map(|placed| cluster.get(placed)).collect();
    let answers: Vec<_> = stream::iter(requests).buffered(PARALLEL).collect().await;
    answers.into_iter().collect()
}

impl Operation {
    pub(super) fn jobs(&self) -> Jobs {
        if self.options.wait_for_jobs { Jobs::Completed } else { Jobs::Started }
    }

    /// The health of an object: by the expressions of the spec, else by the rules of its kind.
    pub(super) fn health(&self, object: &Value) -> Health {
        let told = health_expression::evaluate(&self.options.health, object);
        told.unwrap_or_else(|| health::of(object, self.jobs()))
    }

    /// Looks at what was not ready.
    pub(super) async fn check_ready(&mut self, world: &World, deadline: Timestamp) -> Progressed {
        let waiting: Vec<usize> =
            (0..self.tracked.len()).filter(|at| !self.tracked[*at].health.is_current()).collect();
        let placed: Vec<&Placed> = waiting.iter().map(|at| &self.tracked[*at].placed).collect();
        let answers = live(&world.cluster, &placed).await?;
        for (at, answer) in waiting.into_iter().zip(answers) {
            let health = match &answer {
                Some(object) => self.health(object),
                None => gone::health(&world.cluster, &self.tracked[at].placed, self.started).await?,
            };
            self.tracked[at].health = health;
        }
        verdict(unready(&self.tracked), deadline)
    }
}

/// Ready, failed, too late, or still waiting.
pub(super) fn verdict(unready: Vec<(ObjectId, Health)>, deadline: Timestamp) -> Progressed {
    if unready.is_empty() {
        return Ok(None);
    }
    let failed: Vec<_> =
        unready.iter().filter(|(_, health)| matches!(health, Health::Failed(_))).cloned().collect();
    if !failed.is_empty() {
        return Err(Failure::Failed(format!("failed early due to stalled resources: {}", listed(&failed))));
    }
    if Timestamp::now() >= deadline {
        return Err(Failure::Failed(format!("timeout waiting for: {}", listed(&unready))));
    }
    Ok(Some(Waiting { deadline, recheck: RECHECK, unready, note: None }))
}
