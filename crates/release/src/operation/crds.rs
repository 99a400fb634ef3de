//! The chart's CRDs: applied before it is rendered, so that templates see their kinds.

use std::time::Duration;

use jiff::Timestamp;
use pilothouse_chart::Crd;
use pilothouse_resources::CrdsPolicy;

use super::{
    Failure, Operation, Phase, RECHECK, Waiting, World,
    apply::failure,
    wait::{live, verdict},
};
use crate::{
    api_error,
    cluster::{self, Apply, Placed},
    health::{self, Health, Jobs},
    object,
    post_render::PostRendering,
};

/// How long CRDs may take to be established (Helm's and Flux's bound).
pub(super) const TIMEOUT: Duration = Duration::from_secs(60);

impl Operation {
    /// Applies CRDs by the policy; gives those that were applied now. All of them belong to the inventory.
    pub(super) async fn apply_crds(
        &mut self,
        world: &World,
        crds: Vec<Crd>,
        post_rendering: &PostRendering,
    ) -> Result<Vec<Placed>, Failure> {
        if self.crds_policy() == CrdsPolicy::Skip || !self.crds.is_empty() {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        let mut applied = Vec::new();
        for crd in crds {
            let text = String::from_utf8_lossy(&crd.file.data).into_owned();
            let unreadable = |why: String| {
                Failure::Failed(format!(
                    "failed to apply CustomResourceDefinitions: failed to parse CustomResourceDefinitions from {}: {why}",
                    crd.file.name
                ))
            };
            let objects = object::parse(&text).map_err(|error| unreadable(error.to_string()))?;
            for mut object in objects {
                if object.kind() != "CustomResourceDefinition" {
                    self.warnings.push(format!("{} in {} is no CRD and was left out", object.id(), crd.path));
                    continue;
                }
                post_rendering.mark_origin(&mut object);
                let placed = world.cluster.place(object, "").await.map_err(|error| match error {
                    cluster::Error::NoKind { .. } => unreadable(error.to_string()),
                    other => other.into(),
                })?;
                if self.needs_apply(world, &placed).await? {
                    world.cluster.apply(&placed, Apply::Now, false).await.map_err(|error| {
                        match api_error::is_transient(&error) {
                            true => Failure::Transient(api_error::text(&error)),
                            false => Failure::Failed(format!(
                                "failed to apply CustomResourceDefinitions: {}",
                                failure(&placed, &error)
                            )),
                        }
                    })?;
                    applied.push(placed.clone());
                }
                all.push(placed);
            }
        }
        self.crds = all;
        Ok(applied)
    }

    async fn needs_apply(&self, world: &World, placed: &Placed) -> Result<bool, Failure> {
        Ok(self.crds_policy() == CrdsPolicy::CreateReplace || world.cluster.get(placed).await?.is_none())
    }

    /// Waits until the CRDs are established, then renders.
    pub(super) async fn established(
        &mut self,
        world: &World,
        waiting: Vec<Placed>,
        deadline: Timestamp,
    ) -> Result<(Phase, Option<Waiting>), Failure> {
        let named: Vec<&Placed> = waiting.iter().collect();
        let answers = match live(&world.cluster, &named).await {
            Ok(answers) => answers,
            Err(error) => return Err(self.keep(Phase::Crds { waiting, deadline }, Failure::from(error))),
        };
        let states = named.iter().zip(answers).map(|(placed, answer)| {
            let health = answer.as_ref().map_or(Health::NotFound, |object| health::of(object, Jobs::Started));
            (placed.object.id(), health)
        });
        let unready: Vec<_> = states.filter(|(_, health)| !health.is_current()).collect();
        if let Some(mut pause) = verdict(unready, deadline)? {
            pause.recheck = RECHECK / 8;
            return Ok((Phase::Crds { waiting, deadline }, Some(pause)));
        }
        world.cluster.forget_kinds().await;
        Ok((Phase::Load, None))
    }
}
