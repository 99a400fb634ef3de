//! Performs one decision, in steps.
//!
//! # Flow
//! Install, upgrade and rollback: CRDs → render → record → hooks before → objects → readiness → hooks after → record.
//! Uninstall: record → hooks before → deletion → until all is gone → hooks after → records deleted. Test: its hooks.
//!
//! # Guarantees
//! [`Operation::step`] never waits: it does what can be done now and says what it waits for. What it needs to go on
//! after a crash is in the release record ([`Marker`]) before the cluster is touched, and every request may be
//! repeated: [`Operation::resume`] goes on where the record says.
//!
//! # Assumptions
//! One operation at a time works on a release; storage refuses a second revision of the same number.

mod apply;
mod crds;
mod gone;
mod hooks;
mod render;
mod uninstall;
mod wait;

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use pilothouse_chart::HookEvent;
use pilothouse_resources::CrdsPolicy;

pub use self::render::RenderInput;
use self::{hooks::HookRuns, wait::Tracked};
use crate::{
    cluster::{self, Cluster, Placed},
    decide::Removal,
    desired::{Options, Target},
    health::Health,
    object::{self, ObjectId},
    record::{Record, Status},
    storage::{self, Marker, Progress, Revision, Storage, Stored},
};

/// How often things are looked at that no watch reports.
const RECHECK: Duration = Duration::from_secs(2);

/// Where operations work.
#[derive(Clone)]
pub struct World {
    /// The cluster the objects go to.
    pub cluster: Cluster,
    /// Where the records are.
    pub storage: Storage,
    /// UID of the HelmRelease.
    pub uid: String,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Makes the first revision.
    Install,
    /// Makes the next revision.
    Upgrade,
    /// Makes the next revision from an earlier one.
    Rollback {
        /// The earlier one.
        to: u32,
    },
    /// Removes the release.
    Uninstall {
        /// Why.
        because: Removal,
    },
    /// Runs the tests of the newest revision.
    Test,
}

impl Action {
    /// Flux's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Upgrade => "upgrade",
            Self::Rollback { .. } => "rollback",
            Self::Uninstall { .. } => "uninstall",
            Self::Test => "test",
        }
    }
}

/// What came of a step.
#[derive(Debug)]
pub enum Step {
    /// Something must happen in the cluster first.
    Waiting(Waiting),
    /// The operation ended.
    Done(Box<Outcome>),
}

/// What an operation waits for.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// When it gives up.
    pub deadline: Timestamp,
    /// When to look again even if no watch reports a change.
    pub recheck: Duration,
    /// The objects that are not ready, and why.
    pub unready: Vec<(ObjectId, Health)>,
    /// What is waited for when it is no object: an API server that does not answer.
    pub note: Option<String>,
}

/// What came of an operation.
#[derive(Debug)]
pub struct Outcome {
    /// What was done.
    pub action: Action,
    /// Why it failed, in Helm's words.
    pub error: Option<String>,
    /// The revision as it is recorded now; `None` if the operation failed before it made one.
    pub record: Option<Arc<Record>>,
    /// Earlier revisions whose state changed.
    pub restated: Vec<(u32, Status)>,
    /// What the release consists of now.
    pub inventory: Vec<(ObjectId, String)>,
    /// How long it took.
    pub duration: Duration,
    /// What a person should know although nothing failed.
    pub warnings: Vec<String>,
}

/// Why an operation cannot go on.
#[derive(Debug)]
enum Failure {
    /// It may go on later.
    Transient(String),
    /// It failed.
    Failed(String),
}

impl From<storage::Error> for Failure {
    fn from(error: storage::Error) -> Self {
        match error.is_transient() {
            true => Self::Transient(error.to_string()),
            false => Self::Failed(error.to_string()),
        }
    }
}

impl From<cluster::Error> for Failure {
    fn from(error: cluster::Error) -> Self {
        match error.is_transient() {
            true => Self::Transient(error.to_string()),
            false => Self::Failed(error.to_string()),
        }
    }
}

/// Of a release's manifest; other texts say for themselves what they are.
impl From<object::Error> for Failure {
    fn from(error: object::Error) -> Self {
        Self::Failed(format!("unable to build kubernetes objects from release manifest: {error}"))
    }
}

/// The result of a part of a step: whether it is over or must wait.
type Progressed = Result<Option<Waiting>, Failure>;

enum Phase {
    Load,
    Crds { waiting: Vec<Placed>, deadline: Timestamp },
    Record,
    Before(HookRuns),
    Objects,
    Ready { deadline: Timestamp },
    Gone { deadline: Timestamp },
    After(HookRuns),
    Finish,
    Done,
}

/// An action under way.
pub struct Operation {
    action: Action,
    target: Target,
    options: Options,
    input: Option<RenderInput>,
    history: Vec<Revision>,
    /// The revision that is being made, or worked on.
    stored: Option<Stored>,
    /// Earlier revisions whose objects may have to go; the first is the one that is superseded.
    previous: Vec<Stored>,
    phase: Phase,
    tracked: Vec<Tracked>,
    crds: Vec<Placed>,
    restated: Vec<(u32, Status)>,
    warnings: Vec<String>,
    started: Timestamp,
    unreachable_since: Option<Timestamp>,
}

impl Operation {
    fn new(action: Action, target: Target, options: Options, phase: Phase) -> Self {
        Self {
            action,
            target,
            options,
            input: None,
            history: Vec::new(),
            stored: None,
            previous: Vec::new(),
            phase,
            tracked: Vec::new(),
            crds: Vec::new(),
            restated: Vec::new(),
            warnings: Vec::new(),
            started: Timestamp::now(),
            unreachable_since: None,
        }
    }

    /// Installs a release.
    pub fn install(target: Target, options: Options, input: RenderInput) -> Self {
        Self { input: Some(input), ..Self::new(Action::Install, target, options, Phase::Load) }
    }

    /// Upgrades a release.
    pub fn upgrade(target: Target, options: Options, input: RenderInput) -> Self {
        Self { input: Some(input), ..Self::new(Action::Upgrade, target, options, Phase::Load) }
    }

    /// Rolls back to a revision.
    pub fn rollback(target: Target, options: Options, to: u32) -> Self {
        Self::new(Action::Rollback { to }, target, options, Phase::Load)
    }

    /// Uninstalls a release.
    pub fn uninstall(target: Target, options: Options, because: Removal) -> Self {
        Self::new(Action::Uninstall { because }, target, options, Phase::Load)
    }

    /// Runs the tests of a release.
    pub fn test(target: Target, options: Options) -> Self {
        Self::new(Action::Test, target, options, Phase::Load)
    }

    /// Goes on with the newest revision, which a restart interrupted; `options` tells how its action is done.
    ///
    /// # Errors
    /// Storage cannot be read.
    pub async fn resume(
        world: &World,
        target: Target,
        options: impl FnOnce(Action) -> Options,
    ) -> Result<Option<Self>, storage::Error> {
        let history = world.storage.history(&target.name).await?;
        let Some(latest) = history.first() else { return Ok(None) };
        let Some(stored) = world.storage.get(&target.name, latest.version).await? else { return Ok(None) };
        let action = match stored.record.info.status {
            Status::PendingRollback => Action::Rollback { to: rolled_back_to(&stored.record) },
            Status::PendingInstall => Action::Install,
            _ if stored.record.version == 1 => Action::Install,
            _ if stored.record.info.description.starts_with("Rollback") => {
                Action::Rollback { to: rolled_back_to(&stored.record) }
            }
            _ => Action::Upgrade,
        };
        let mut operation = Self::new(action, target, options(action), Phase::Done);
        operation.started = stored.record.info.last_deployed.unwrap_or(operation.started);
        let progress = stored.marker.as_ref().and_then(|marker| marker.progress);
        operation.history = history.iter().skip(1).cloned().collect();
        operation.previous = operation.superseded(world).await?;
        operation.phase = match (stored.record.info.status.is_pending(), progress) {
            (false, _) => Phase::Done,
            (true, Some(Progress::Before(at))) => {
                Phase::Before(HookRuns::resume(&stored.record, operation.hook_events().0, at))
            }
            (true, Some(Progress::After(at))) => {
                Phase::After(HookRuns::resume(&stored.record, operation.hook_events().1, at))
            }
            (true, _) => Phase::Objects,
        };
        if matches!(operation.phase, Phase::Done | Phase::After(_)) {
            operation.track_recorded(world, &stored.record).await;
        }
        operation.stored = Some(stored);
        Ok(Some(operation))
    }

    /// Takes the objects of a record as applied, for the inventory. Kinds that are gone are left out.
    async fn track_recorded(&mut self, world: &World, record: &Record) {
        for object in object::parse(&record.manifest).unwrap_or_default() {
            if let Ok(placed) = world.cluster.place(object, &self.target.namespace).await {
                self.tracked.push(Tracked { placed, health: Health::Current });
            }
        }
    }

    /// What is being done.
    pub fn action(&self) -> Action {
        self.action
    }

    /// How long each hook and wait may take.
    pub fn timeout(&self) -> Duration {
        self.options.timeout
    }

    /// The revision that is being made, once it is recorded.
    pub fn record(&self) -> Option<&Record> {
        self.stored.as_ref().map(|stored| &stored.record)
    }

    /// The objects that are not ready yet, as of the last step.
    pub fn unready(&self) -> Vec<(ObjectId, Health)> {
        wait::unready(&self.tracked)
    }

    /// Does what can be done now.
    pub async fn step(&mut self, world: &World) -> Step {
        match self.advance(world).await {
            Ok(Some(waiting)) => {
                self.unreachable_since = None;
                Step::Waiting(waiting)
            }
            Ok(None) => Step::Done(Box::new(self.outcome(None))),
            Err(Failure::Transient(note)) => self.pause_or_fail(world, note).await,
            Err(Failure::Failed(message)) => self.fail(world, message).await,
        }
    }

    /// An API server that does not answer fails an operation only after its timeout.
    async fn pause_or_fail(&mut self, world: &World, note: String) -> Step {
        let since = *self.unreachable_since.get_or_insert_with(Timestamp::now);
        let deadline = self.deadline_from(since);
        if Timestamp::now() > deadline {
            return self.fail(world, note).await;
        }
        Step::Waiting(Waiting { deadline, recheck: RECHECK, unready: Vec::new(), note: Some(note) })
    }

    fn deadline_from(&self, start: Timestamp) -> Timestamp {
        start.saturating_add(self.options.timeout).unwrap_or(Timestamp::MAX)
    }

    fn deadline(&self) -> Timestamp {
        self.deadline_from(Timestamp::now())
    }

    fn hook_events(&self) -> (HookEvent, HookEvent) {
        match self.action {
            Action::Install => (HookEvent::PreInstall, HookEvent::PostInstall),
            Action::Upgrade => (HookEvent::PreUpgrade, HookEvent::PostUpgrade),
            Action::Rollback { .. } => (HookEvent::PreRollback, HookEvent::PostRollback),
            Action::Uninstall { .. } => (HookEvent::PreDelete, HookEvent::PostDelete),
            Action::Test => (HookEvent::Test, HookEvent::Test),
        }
    }

    fn hook_runs(&self, event: HookEvent) -> HookRuns {
        match &self.stored {
            Some(stored) if self.options.hooks => HookRuns::new(&stored.record, event, &self.options.filters),
            _ => HookRuns::none(event),
        }
    }

    async fn advance(&mut self, world: &World) -> Progressed {
        loop {
            let phase = std::mem::replace(&mut self.phase, Phase::Done);
            let (next, waiting) = match phase {
                Phase::Load => (self.load(world).await?, None),
                Phase::Crds { waiting, deadline } => self.established(world, waiting, deadline).await?,
                Phase::Record => (self.record_pending(world).await?, None),
                Phase::Before(mut runs) => match self.run_hooks(world, &mut runs).await {
                    Ok(None) => (self.after_hooks_before(world).await?, None),
                    Ok(waiting) => (Phase::Before(runs), waiting),
                    Err(failure) => return Err(self.keep(Phase::Before(runs), failure)),
                },
                Phase::Objects => match self.apply_objects(world).await {
                    Ok(()) if self.options.wait => (Phase::Ready { deadline: self.deadline() }, None),
                    Ok(()) => (self.hooks_after(), None),
                    Err(failure) => return Err(self.keep(Phase::Objects, failure)),
                },
                Phase::Ready { deadline } => match self.check_ready(world, deadline).await {
                    Ok(None) => (self.hooks_after(), None),
                    Ok(waiting) => (Phase::Ready { deadline }, waiting),
                    Err(failure) => return Err(self.keep(Phase::Ready { deadline }, failure)),
                },
                Phase::Gone { deadline } => match self.check_gone(world, deadline).await {
                    Ok(None) => (self.hooks_after(), None),
                    Ok(waiting) => (Phase::Gone { deadline }, waiting),
                    Err(failure) => return Err(self.keep(Phase::Gone { deadline }, failure)),
                },
                Phase::After(mut runs) => match self.run_hooks(world, &mut runs).await {
                    Ok(None) => (Phase::Finish, None),
                    Ok(waiting) => (Phase::After(runs), waiting),
                    Err(failure) => return Err(self.keep(Phase::After(runs), failure)),
                },
                Phase::Finish => match self.finish(world).await {
                    Ok(()) => (Phase::Done, None),
                    Err(failure) => return Err(self.keep(Phase::Finish, failure)),
                },
                Phase::Done => return Ok(None),
            };
            self.phase = next;
            if waiting.is_some() {
                return Ok(waiting);
            }
        }
    }

    /// Keeps the phase, so that a transient failure goes on from it.
    fn keep(&mut self, phase: Phase, failure: Failure) -> Failure {
        self.phase = phase;
        failure
    }

    /// Reads what is there and finds out how to begin. A transient failure begins again.
    async fn load(&mut self, world: &World) -> Result<Phase, Failure> {
        let loaded = match self.action {
            Action::Install | Action::Upgrade => self.prepare_revision(world).await,
            Action::Rollback { to } => self.prepare_rollback(world, to).await,
            Action::Uninstall { .. } => self.prepare_uninstall(world).await,
            Action::Test => self.prepare_test(world).await,
        };
        loaded.map_err(|failure| self.keep(Phase::Load, failure))
    }

    async fn prepare_test(&mut self, world: &World) -> Result<Phase, Failure> {
        self.stored = self.newest(world).await?;
        match &self.stored {
            Some(_) => Ok(Phase::Before(self.hook_runs(HookEvent::Test))),
            None => Err(Failure::Failed("release: not found".to_owned())),
        }
    }

    async fn newest(&mut self, world: &World) -> Result<Option<Stored>, Failure> {
        self.history = world.storage.history(&self.target.name).await?;
        let Some(newest) = self.history.first() else { return Ok(None) };
        Ok(world.storage.get(&self.target.name, newest.version).await?)
    }

    /// The deployed revision, or the newest, and then a newer failed one whose objects may be left.
    async fn superseded(&self, world: &World) -> Result<Vec<Stored>, storage::Error> {
        let deployed = self.history.iter().find(|revision| revision.status == Status::Deployed);
        let newest = self.history.first();
        let mut versions: Vec<u32> =
            deployed.or(newest).map(|revision| revision.version).into_iter().collect();
        versions.extend(
            newest.map(|revision| revision.version).filter(|version| versions.first() != Some(version)),
        );
        let mut previous = Vec::new();
        for version in versions {
            previous.extend(world.storage.get(&self.target.name, version).await?);
        }
        Ok(previous)
    }

    async fn prepare_rollback(&mut self, world: &World, to: u32) -> Result<Phase, Failure> {
        self.history = world.storage.history(&self.target.name).await?;
        let Some(source) = world.storage.get(&self.target.name, to).await? else {
            return Err(Failure::Failed(format!("release has no {to} version")));
        };
        self.previous = self.superseded(world).await?;
        let newest = self.history.first().map_or(0, |revision| revision.version);
        let first_deployed = self.previous.first().and_then(|stored| stored.record.info.first_deployed);
        let mut record = source.record;
        record.version = newest + 1;
        record.info.first_deployed = first_deployed.or(record.info.first_deployed);
        record.info.last_deployed = Some(Timestamp::now());
        record.info.deleted = None;
        record.info.status = Status::PendingRollback;
        record.info.description = format!("Rollback to {to}");
        record.apply_method = crate::record::SERVER_SIDE_APPLY.to_owned();
        self.stored =
            Some(Stored { record, labels: source.labels, marker: None, resource_version: String::new() });
        Ok(Phase::Record)
    }

    /// Creates the record of a pending revision.
    async fn record_pending(&mut self, world: &World) -> Result<Phase, Failure> {
        let runs = self.hook_runs(self.hook_events().0);
        let progress = if runs.is_empty() { Progress::Objects } else { Progress::Before(0) };
        let result = match &mut self.stored {
            Some(stored) => {
                stored.marker = Some(Marker { uid: world.uid.clone(), progress: Some(progress) });
                world.storage.create(stored, &self.history, self.options.max_history).await
            }
            None => Ok(String::new()),
        };
        match result {
            Ok(resource_version) => self.note_written(resource_version),
            Err(error) => {
                let failure = Failure::from(error);
                if let Failure::Failed(_) = failure {
                    // Nothing was recorded: the failure must not be written over somebody else's revision.
                    self.stored = None;
                }
                return Err(self.keep(Phase::Record, failure));
            }
        }
        Ok(if runs.is_empty() { Phase::Objects } else { Phase::Before(runs) })
    }

    fn note_written(&mut self, resource_version: String) {
        if let Some(stored) = &mut self.stored {
            stored.resource_version = resource_version;
        }
    }

    async fn write(&mut self, world: &World, progress: Option<Progress>) -> Result<(), Failure> {
        let Some(stored) = &mut self.stored else { return Ok(()) };
        let ours = stored.marker.is_some() || !matches!(self.action, Action::Test);
        if ours {
            stored.marker = Some(Marker { uid: world.uid.clone(), progress });
        }
        let resource_version = world.storage.update(stored).await?;
        self.note_written(resource_version);
        Ok(())
    }

    /// What comes after the hooks before: the objects, their deletion, or (for tests) the end.
    async fn after_hooks_before(&mut self, world: &World) -> Result<Phase, Failure> {
        match self.action {
            Action::Test => Ok(Phase::Finish),
            Action::Uninstall { .. } => match self.delete_objects(world).await {
                Ok(()) if self.options.wait => Ok(Phase::Gone { deadline: self.deadline() }),
                Ok(()) => Ok(self.hooks_after()),
                Err(failure) => Err(self.keep(Phase::Before(HookRuns::none(HookEvent::PreDelete)), failure)),
            },
            _ => match self.write(world, Some(Progress::Objects)).await {
                Ok(()) => Ok(Phase::Objects),
                Err(failure) => Err(self.keep(Phase::Before(HookRuns::none(HookEvent::PreInstall)), failure)),
            },
        }
    }

    fn hooks_after(&self) -> Phase {
        let runs = self.hook_runs(self.hook_events().1);
        if runs.is_empty() { Phase::Finish } else { Phase::After(runs) }
    }

    /// Records the success.
    async fn finish(&mut self, world: &World) -> Result<(), Failure> {
        match self.action {
            Action::Uninstall { .. } => return self.finish_uninstall(world).await,
            Action::Test => return self.write(world, None).await,
            _ => {}
        }
        let superseded: Vec<u32> =
            self.history.iter().filter(|r| r.status == Status::Deployed).map(|r| r.version).collect();
        for version in superseded {
            self.supersede(world, version).await?;
        }
        if let Some(stored) = &mut self.stored {
            stored.record.info.status = Status::Deployed;
            match self.action {
                Action::Install => stored.record.info.description = "Install complete".to_owned(),
                Action::Upgrade => stored.record.info.description = "Upgrade complete".to_owned(),
                _ => {}
            }
        }
        self.write(world, None).await
    }

    async fn supersede(&mut self, world: &World, version: u32) -> Result<(), Failure> {
        let known = self.previous.iter().find(|stored| stored.record.version == version).cloned();
        let stored = match known {
            Some(stored) => Some(stored),
            None => world.storage.get(&self.target.name, version).await?,
        };
        if let Some(mut stored) = stored {
            stored.record.info.status = Status::Superseded;
            world.storage.update(&stored).await?;
        }
        if let Some(revision) = self.history.iter_mut().find(|revision| revision.version == version) {
            revision.status = Status::Superseded;
        }
        self.restated.push((version, Status::Superseded));
        Ok(())
    }

    /// Records the failure, as far as storage lets it, and ends.
    async fn fail(&mut self, world: &World, message: String) -> Step {
        self.phase = Phase::Done;
        if self.options.cleanup_on_fail && matches!(self.action, Action::Upgrade | Action::Rollback { .. }) {
            self.clean_up(world).await;
        }
        let name = &self.target.name;
        let description = match self.action {
            Action::Install => format!("Release {name:?} failed: {message}"),
            Action::Upgrade => format!("Upgrade {name:?} failed: {message}"),
            Action::Rollback { .. } => format!("Rollback {name:?} failed: {message}"),
            Action::Uninstall { .. } | Action::Test => String::new(),
        };
        let recorded = self.stored.as_ref().is_some_and(|stored| !stored.resource_version.is_empty());
        if !recorded {
            self.stored = None;
            return Step::Done(Box::new(self.outcome(Some(message))));
        }
        if let Some(stored) = self.stored.as_mut().filter(|_| !description.is_empty()) {
            stored.record.info.status = Status::Failed;
            stored.record.info.description = description;
        }
        if let Err(Failure::Transient(error) | Failure::Failed(error)) = self.write(world, None).await {
            self.warnings.push(format!("the failure could not be recorded: {error}"));
        }
        Step::Done(Box::new(self.outcome(Some(message))))
    }

    fn outcome(&mut self, error: Option<String>) -> Outcome {
        let elapsed = Timestamp::now().duration_since(self.started).max(jiff::SignedDuration::ZERO);
        let record = self.stored.take().map(|stored| Arc::new(stored.record));
        // A revision whose end was recorded before a restart tells itself whether it failed.
        let error =
            error.or_else(|| record.as_ref().and_then(|record| recorded_failure(record, self.action)));
        Outcome {
            action: self.action,
            error,
            record,
            restated: std::mem::take(&mut self.restated),
            inventory: self.inventory(),
            duration: elapsed.unsigned_abs(),
            warnings: std::mem::take(&mut self.warnings),
        }
    }

    fn inventory(&self) -> Vec<(ObjectId, String)> {
        let objects = self.tracked.iter().map(|tracked| &tracked.placed).chain(&self.crds);
        objects.map(|placed| (placed.object.id(), placed.object.version().to_owned())).collect()
    }

    fn crds_policy(&self) -> CrdsPolicy {
        self.options.crds
    }
}

fn rolled_back_to(record: &Record) -> u32 {
    record.info.description.rsplit(' ').next().and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// The message of a failure that the record of a finished revision tells.
fn recorded_failure(record: &Record, action: Action) -> Option<String> {
    let failed =
        record.info.status == Status::Failed && !matches!(action, Action::Test | Action::Uninstall { .. });
    let description = &record.info.description;
    failed.then(|| {
        description.split_once("failed: ").map_or(description.as_str(), |(_, message)| message).to_owned()
    })
}

/// Marks a pending revision of somebody else as failed, as Flux does. Gives the revision as it is now.
///
/// # Errors
/// Storage cannot be read or written.
pub async fn unlock(world: &World, target: &Target, version: u32) -> Result<Option<Record>, storage::Error> {
    let Some(mut stored) = world.storage.get(&target.name, version).await? else { return Ok(None) };
    let pending = stored.record.info.status;
    if !pending.is_pending() {
        return Ok(None);
    }
    stored.record.info.description = format!("Release unlocked from stale '{pending}' state");
    stored.record.info.status = Status::Failed;
    stored.marker = None;
    world.storage.update(&stored).await?;
    Ok(Some(stored.record))
}
