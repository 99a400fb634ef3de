//! Hooks: objects that are created, waited for and deleted one after the other (Helm 4.2.3 `pkg/action/hooks.go`).

use jiff::Timestamp;
use pilothouse_chart::{HookDeletePolicy, HookEvent};
use pilothouse_resources::{DeletionPropagation, TestFilter};

use super::{
    Action, Failure, Operation, Progressed, RECHECK, Waiting, World, gone,
    wait::{live, verdict},
};
use crate::{
    api_error,
    cluster::{self, Apply, Placed},
    health::{self, Health},
    object,
    record::{HookPhase, HookRun, Record},
    storage::Progress,
};

/// The hooks of one event, and how far they got.
pub(super) struct HookRuns {
    event: HookEvent,
    /// Places in the record, in the order they run.
    order: Vec<usize>,
    at: usize,
    stage: Stage,
}

enum Stage {
    /// The object of the last run has to go.
    Clear,
    /// It is going.
    Clearing(Timestamp),
    /// The object is to be created.
    Create,
    /// It runs.
    Running(Timestamp),
    /// It may run since before a restart.
    Resumed,
    /// Succeeded hooks are being deleted.
    Cleaning(Timestamp),
}

impl HookRuns {
    pub(super) fn new(record: &Record, event: HookEvent, filters: &[TestFilter]) -> Self {
        let runs = |at: &usize| {
            record.hooks[*at].runs_on(event) && is_wanted(&record.hooks[*at].hook.name, event, filters)
        };
        let mut order: Vec<usize> = (0..record.hooks.len()).filter(runs).collect();
        let hook = |at: usize| &record.hooks[at].hook;
        order.sort_by(|a, b| (hook(*a).weight, &hook(*a).name).cmp(&(hook(*b).weight, &hook(*b).name)));
        Self { event, order, at: 0, stage: Stage::Clear }
    }

    pub(super) fn none(event: HookEvent) -> Self {
        Self { event, order: Vec::new(), at: 0, stage: Stage::Clear }
    }

    pub(super) fn resume(record: &Record, event: HookEvent, at: usize) -> Self {
        Self { at, stage: Stage::Resumed, ..Self::new(record, event, &[]) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

/// Whether the filters let a test run.
fn is_wanted(name: &str, event: HookEvent, filters: &[TestFilter]) -> bool {
    if event != HookEvent::Test {
        return true;
    }
    let (excluded, included): (Vec<_>, Vec<_>) =
        filters.iter().partition(|filter| filter.exclude.unwrap_or_default());
    let named = |filters: &[&TestFilter]| filters.iter().any(|filter| filter.name == name);
    !named(&excluded) && (included.is_empty() || named(&included))
}

fn word(event: HookEvent) -> &'static str {
    match event {
        HookEvent::PreInstall => "pre-install",
        HookEvent::PostInstall => "post-install",
        HookEvent::PreDelete => "pre-delete",
        HookEvent::PostDelete => "post-delete",
        HookEvent::PreUpgrade => "pre-upgrade",
        HookEvent::PostUpgrade => "post-upgrade",
        HookEvent::PreRollback => "pre-rollback",
        HookEvent::PostRollback => "post-rollback",
        HookEvent::Test => "test",
    }
}

impl Operation {
    /// Runs the hooks as far as it can.
    pub(super) async fn run_hooks(&mut self, world: &World, runs: &mut HookRuns) -> Progressed {
        loop {
            let Some(index) = runs.order.get(runs.at).copied() else {
                return self.clean_hooks(world, runs).await;
            };
            match runs.stage {
                Stage::Clear => {
                    let clears = self.begins_by_deletion(index);
                    let gone = !clears || !self.delete_hook(world, index).await?;
                    runs.stage = if gone { Stage::Create } else { Stage::Clearing(self.deadline()) };
                }
                Stage::Clearing(deadline) => {
                    let placed = self.place_hook(world, index).await?;
                    let waiting = check_deleted(world, &placed, deadline).await?;
                    if waiting.is_some() {
                        return Ok(waiting);
                    }
                    runs.stage = Stage::Create;
                }
                Stage::Create => {
                    self.create_hook(world, runs, index).await?;
                    runs.stage = Stage::Running(self.deadline());
                }
                Stage::Running(deadline) => {
                    let waiting = self.check_hook(world, runs, index, deadline).await?;
                    if waiting.is_some() {
                        return Ok(waiting);
                    }
                    runs.at += 1;
                    runs.stage = Stage::Clear;
                }
                Stage::Resumed => {
                    let began = self.hook_run(index).is_some_and(|run| run.phase == HookPhase::Running);
                    let there = began && self.hook_exists(world, index).await?;
                    runs.stage = if there { Stage::Running(self.deadline()) } else { Stage::Clear };
                }
                Stage::Cleaning(_) => return Ok(None),
            }
        }
    }

    async fn hook_exists(&self, world: &World, index: usize) -> Result<bool, Failure> {
        let placed = self.place_hook(world, index).await?;
        let placed: Vec<&Placed> = placed.iter().collect();
        Ok(live(&world.cluster, &placed).await?.iter().all(Option::is_some))
    }

    fn hook_run(&self, index: usize) -> Option<&HookRun> {
        self.stored.as_ref()?.record.hooks.get(index).map(|hook| &hook.last_run)
    }

    fn set_hook_run(&mut self, index: usize, phase: HookPhase) {
        let Some(hook) = self.stored.as_mut().and_then(|stored| stored.record.hooks.get_mut(index)) else {
            return;
        };
        match phase {
            HookPhase::Running => {
                hook.last_run = HookRun { started_at: Some(Timestamp::now()), completed_at: None, phase };
            }
            _ => {
                hook.last_run.completed_at = Some(Timestamp::now());
                hook.last_run.phase = phase;
            }
        }
    }

    /// Hooks without a policy are deleted before they are created anew; Helm records that default too.
    fn begins_by_deletion(&mut self, index: usize) -> bool {
        let Some(hook) = self.stored.as_mut().and_then(|stored| stored.record.hooks.get_mut(index)) else {
            return false;
        };
        if hook.hook.delete_policies.is_empty() {
            hook.hook.delete_policies = vec![HookDeletePolicy::BeforeHookCreation];
        }
        hook.hook.delete_policies.contains(&HookDeletePolicy::BeforeHookCreation)
    }

    async fn place_hook(&self, world: &World, index: usize) -> Result<Vec<Placed>, Failure> {
        let Some(hook) = self.stored.as_ref().and_then(|stored| stored.record.hooks.get(index)) else {
            return Ok(Vec::new());
        };
        let unbuildable = |why: String| {
            Failure::Failed(format!(
                "unable to build kubernetes object for {} hook {}: {why}",
                hook.hook.events.first().copied().map_or("", word),
                hook.hook.path
            ))
        };
        let objects = object::parse(&hook.hook.manifest).map_err(|error| unbuildable(error.to_string()))?;
        world.cluster.place_all(objects, &self.target.namespace).await.map_err(|error| match error {
            cluster::Error::NoKinds(_) => unbuildable(error.to_string()),
            other => other.into(),
        })
    }

    /// Deletes a hook's object; tells whether there was one. CRDs never are deleted.
    async fn delete_hook(&self, world: &World, index: usize) -> Result<bool, Failure> {
        let mut any = false;
        for placed in self.place_hook(world, index).await? {
            if placed.object.kind() != "CustomResourceDefinition" && !placed.object.name().is_empty() {
                any |= world.cluster.delete(&placed, DeletionPropagation::Background).await?;
            }
        }
        Ok(any)
    }

    async fn create_hook(&mut self, world: &World, runs: &HookRuns, index: usize) -> Result<(), Failure> {
        let placed = self.place_hook(world, index).await?;
        self.set_hook_run(index, HookPhase::Running);
        let progress = match (self.action, runs.event == self.hook_events().0) {
            (Action::Test, _) => None,
            (_, true) => Some(Progress::Before(runs.at)),
            (_, false) => Some(Progress::After(runs.at)),
        };
        self.write(world, progress).await?;
        for placed in &placed {
            if let Err(error) = world.cluster.apply(placed, Apply::Now, false).await {
                if api_error::is_transient(&error) {
                    return Err(Failure::Transient(api_error::text(&error)));
                }
                self.set_hook_run(index, HookPhase::Failed);
                let path = self.hook_path(index);
                let reason = super::apply::failure(placed, &error);
                return Err(Failure::Failed(format!(
                    "warning: Hook {} {path} failed: {reason}",
                    word(runs.event)
                )));
            }
        }
        Ok(())
    }

    fn hook_path(&self, index: usize) -> String {
        let hook = self.stored.as_ref().and_then(|stored| stored.record.hooks.get(index));
        hook.map(|hook| hook.hook.path.clone()).unwrap_or_default()
    }

    async fn check_hook(
        &mut self,
        world: &World,
        runs: &HookRuns,
        index: usize,
        deadline: Timestamp,
    ) -> Progressed {
        let placed = self.place_hook(world, index).await?;
        let named: Vec<&Placed> = placed.iter().filter(|placed| !placed.object.name().is_empty()).collect();
        let answers = live(&world.cluster, &named).await?;
        let began = self.hook_run(index).and_then(|run| run.started_at).unwrap_or(self.started);
        let mut unready = Vec::new();
        for (placed, answer) in named.into_iter().zip(answers) {
            let health = match &answer {
                Some(object) => health::of_hook(object),
                None => gone::health(&world.cluster, placed, began).await?,
            };
            if !health.is_current() {
                unready.push((placed.object.id(), health));
            }
        }
        match verdict(unready, deadline) {
            Ok(None) => {
                self.set_hook_run(index, HookPhase::Succeeded);
                Ok(None)
            }
            Ok(waiting) => Ok(waiting),
            Err(Failure::Failed(message)) => {
                self.set_hook_run(index, HookPhase::Failed);
                self.delete_after_failure(world, runs, index).await;
                Err(Failure::Failed(self.hook_failure(runs.event, message)))
            }
            Err(transient) => Err(transient),
        }
    }

    /// Helm's wording: it depends on the action.
    fn hook_failure(&self, event: HookEvent, message: String) -> String {
        match self.action {
            Action::Install => format!("failed {}: {message}", word(event)),
            Action::Upgrade => format!("{} hooks failed: {message}", word(event)),
            Action::Rollback { .. } | Action::Uninstall { .. } | Action::Test => message,
        }
    }

    fn has_policy(&self, index: usize, policy: &HookDeletePolicy) -> bool {
        let hook = self.stored.as_ref().and_then(|stored| stored.record.hooks.get(index));
        hook.is_some_and(|hook| hook.hook.delete_policies.contains(policy))
    }

    /// Deletes the failed hook and the succeeded ones before it where their policies say so. That this fails too must
    /// not hide why the hook failed.
    async fn delete_after_failure(&mut self, world: &World, runs: &HookRuns, failed: usize) {
        let succeeded =
            runs.order.iter().take(runs.at).map(|index| (*index, HookDeletePolicy::HookSucceeded));
        let all: Vec<_> = std::iter::once((failed, HookDeletePolicy::HookFailed)).chain(succeeded).collect();
        for (index, policy) in all {
            if self.has_policy(index, &policy)
                && let Err(Failure::Transient(error) | Failure::Failed(error)) =
                    self.delete_hook(world, index).await
            {
                self.warnings.push(format!("hook {} could not be deleted: {error}", self.hook_path(index)));
            }
        }
    }

    /// Deletes the hooks that succeeded, the last first, where their policies say so.
    async fn clean_hooks(&mut self, world: &World, runs: &mut HookRuns) -> Progressed {
        let succeeded: Vec<usize> = runs.order.iter().rev().copied().collect();
        let succeeded: Vec<usize> = succeeded
            .into_iter()
            .filter(|index| self.has_policy(*index, &HookDeletePolicy::HookSucceeded))
            .collect();
        if let Stage::Cleaning(deadline) = runs.stage {
            for index in succeeded {
                let placed = self.place_hook(world, index).await?;
                let waiting = check_deleted(world, &placed, deadline).await?;
                if waiting.is_some() {
                    return Ok(waiting);
                }
            }
            return Ok(None);
        }
        let mut any = false;
        for index in succeeded {
            any |= self.delete_hook(world, index).await?;
        }
        if !any {
            return Ok(None);
        }
        runs.stage = Stage::Cleaning(self.deadline());
        Box::pin(self.clean_hooks(world, runs)).await
    }
}

/// Whether deleted objects are gone.
pub(super) async fn check_deleted(world: &World, placed: &[Placed], deadline: Timestamp) -> Progressed {
    let named: Vec<&Placed> = placed
        .iter()
        .filter(|placed| {
            !placed.object.name().is_empty() && placed.object.kind() != "CustomResourceDefinition"
        })
        .collect();
    let answers = live(&world.cluster, &named).await?;
    let left = named.iter().zip(answers).filter(|(_, answer)| answer.is_some());
    let left: Vec<_> = left.map(|(placed, _)| (placed.object.id(), Health::Terminating)).collect();
    match left.first() {
        None => Ok(None),
        Some((id, _)) if Timestamp::now() >= deadline => Err(Failure::Failed(format!(
            "resource {id} still exists. status: Terminating, message: Resource scheduled for deletion"
        ))),
        Some(_) => Ok(Some(Waiting { deadline, recheck: RECHECK, unready: left, note: None })),
    }
}
