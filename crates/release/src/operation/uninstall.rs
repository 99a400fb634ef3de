//! Uninstalls a release (Helm 4.2.3 `pkg/action/uninstall.go`).

use futures::{StreamExt, stream};
use jiff::Timestamp;
use pilothouse_chart::{HookEvent, uninstall_order};

use super::{
    Action, Failure, Operation, Phase, Progressed, World,
    apply::belongs_to_another,
    hooks::check_deleted,
    wait::{Tracked, live},
};
use crate::{
    cluster::{self, Placed},
    decide::Removal,
    health::Health,
    object::{self, ObjectId, is_kept},
    record::Status,
    storage::Progress,
};

/// Requests at a time, among objects of one kind.
const PARALLEL: usize = 8;

impl Operation {
    pub(super) async fn prepare_uninstall(&mut self, world: &World) -> Result<Phase, Failure> {
        self.stored = self.newest(world).await?;
        if let Action::Uninstall { because: Removal::Remediation } = self.action {
            self.options.keep_history = false;
        }
        let Some(stored) = &mut self.stored else { return Ok(Phase::Done) };
        if stored.record.info.status == Status::Uninstalled {
            return Ok(Phase::Finish);
        }
        stored.record.info.status = Status::Uninstalling;
        stored.record.info.deleted = Some(Timestamp::now());
        stored.record.info.description = "Deletion in progress (or silently failed)".to_owned();
        self.previous = self.superseded(world).await?;
        self.write(world, Some(Progress::Before(0))).await?;
        Ok(Phase::Before(self.hook_runs(HookEvent::PreDelete)))
    }

    /// What goes: the objects of the newest revision, and of the deployed one where that is another. Objects with the
    /// policy to stay do not, nor do those that another release took over.
    pub(super) async fn delete_objects(&mut self, world: &World) -> Result<(), Failure> {
        let mut placed: Vec<Placed> = Vec::new();
        let stored = self.stored.iter().chain(&self.previous);
        for record in stored.map(|stored| &stored.record) {
            for object in object::parse(&record.manifest)? {
                if is_kept(&object.0) {
                    continue;
                }
                match world.cluster.place(object, &record.namespace).await {
                    Ok(found) => placed.push(found),
                    // A kind that is gone took its objects along.
                    Err(cluster::Error::NoKind { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        let mut seen = std::collections::HashSet::<ObjectId>::new();
        placed.retain(|placed| !placed.object.name().is_empty() && seen.insert(placed.object.id()));
        placed.sort_by_key(|placed| uninstall_order(placed.object.kind()));
        let mut problems = Vec::new();
        self.tracked.clear();
        for batch in placed.chunk_by(|a, b| a.object.kind() == b.object.kind()) {
            let requests: Vec<_> = batch.iter().map(|placed| self.delete_one(world, placed)).collect();
            let answers: Vec<_> = stream::iter(requests).buffered(PARALLEL).collect().await;
            for (placed, answer) in batch.iter().zip(answers) {
                match answer {
                    Ok(true) => {
                        self.tracked.push(Tracked { placed: placed.clone(), health: Health::Terminating });
                    }
                    Ok(false) => {}
                    Err(error) if error.is_transient() => return Err(error.into()),
                    Err(error) => problems.push(error.to_string()),
                }
            }
        }
        match problems.is_empty() {
            true => Ok(()),
            false => Err(Failure::Failed(format!(
                "failed to delete release: {}: {}",
                self.target.name,
                problems.join("; ")
            ))),
        }
    }

    async fn delete_one(&self, world: &World, placed: &Placed) -> Result<bool, cluster::Error> {
        let live = world.cluster.get(placed).await?;
        let Some(live) = live else { return Ok(false) };
        if is_kept(&live) || belongs_to_another(&live, &self.target.name, &self.target.namespace) {
            return Ok(false);
        }
        world.cluster.delete(placed, self.options.propagation).await
    }

    /// Whether the deleted objects are gone.
    pub(super) async fn check_gone(&mut self, world: &World, deadline: Timestamp) -> Progressed {
        let placed: Vec<&Placed> = self.tracked.iter().map(|tracked| &tracked.placed).collect();
        let answers = live(&world.cluster, &placed).await?;
        let mut answers = answers.into_iter();
        self.tracked.retain(|_| answers.next().flatten().is_some());
        let left: Vec<Placed> = self.tracked.iter().map(|tracked| tracked.placed.clone()).collect();
        match check_deleted(world, &left, deadline).await {
            Err(Failure::Failed(message)) => {
                // Helm goes on: what is left is being deleted, and the record must not stay for it.
                self.warnings.push(message);
                Ok(None)
            }
            other => other,
        }
    }

    /// Deletes the records, the newest last, or marks them.
    pub(super) async fn finish_uninstall(&mut self, world: &World) -> Result<(), Failure> {
        self.tracked.clear();
        if !self.options.keep_history {
            let mut versions: Vec<u32> = self.history.iter().map(|revision| revision.version).collect();
            versions.sort_unstable();
            for version in versions {
                world.storage.delete(&self.target.name, version).await?;
            }
            return Ok(());
        }
        let newest = self.stored.as_ref().map(|stored| stored.record.version);
        let deployed: Vec<u32> = self
            .history
            .iter()
            .filter(|revision| revision.status == Status::Deployed && Some(revision.version) != newest)
            .map(|revision| revision.version)
            .collect();
        for version in deployed {
            self.supersede(world, version).await?;
        }
        if let Some(stored) = &mut self.stored {
            stored.record.info.status = Status::Uninstalled;
            stored.record.info.description = "Uninstallation complete".to_owned();
        }
        self.write(world, None).await
    }
}
