//! Actions under way, and what comes of them in the status.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kube::ResourceExt as _;
use pilothouse_release::{
    decide::Removal,
    desired::Desired,
    health::Health,
    object::ObjectId,
    operation::{Action, Operation, Outcome as Ended, Step, Waiting, World},
    record::{HookPhase, Record, Status as State},
    snapshot::{snapshot, test_hooks},
};
use pilothouse_resources::{
    DurationString, ReleaseAction, ResourceInventory, ResourceRef, condition::Status, meta,
};

use super::{
    Error,
    conditions::{self, PROGRESSING_WITH_RETRY, RELEASED, REMEDIATED, TEST_SUCCESS},
    pass::Pass,
};
use crate::drive::Outcome;
use crate::events::Severity;

/// How long an action may wait before `Ready` tells what for.
const QUIET: Duration = Duration::from_secs(5);
/// Most objects that a message names.
const NAMED: usize = 5;

/// An action under way.
pub(super) struct Active {
    operation: Operation,
    world: World,
    /// `chart@version`, as messages name it.
    chart: String,
    oci_digest: Option<String>,
    /// What in-sync needs once the action succeeded.
    desired: Option<Desired>,
    /// It takes over what others made or changed: what was remembered of it is no longer true.
    pub(super) adopts: bool,
    /// It belongs to the deletion of the HelmRelease.
    pub(super) deletes: bool,
    annotations: Vec<(String, String)>,
    began: Instant,
}

impl Active {
    pub(super) fn new(operation: Operation, world: World, chart: String) -> Self {
        Self {
            operation,
            world,
            chart,
            oci_digest: None,
            desired: None,
            adopts: false,
            deletes: false,
            annotations: Vec::new(),
            began: Instant::now(),
        }
    }

    fn title(&self) -> String {
        let timeout = DurationString::from(self.operation.timeout());
        format!("Running '{}' action with timeout of {timeout}", self.operation.action().as_str())
    }
}

#[derive(Default)]
struct Table {
    active: HashMap<String, Active>,
    /// `namespace/name` of the `HelmReleases` whose actions wait.
    waiting: HashMap<String, String>,
    looked: HashSet<(String, i64)>,
}

/// The actions that wait, by the UID of their HelmRelease.
#[derive(Clone, Default)]
pub(crate) struct Running(Arc<Mutex<Table>>);

impl Running {
    fn table(&self) -> std::sync::MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an action out, to go on with it.
    pub(super) fn take(&self, uid: &str) -> Option<Active> {
        let mut table = self.table();
        table.waiting.retain(|_, waiting| waiting != uid);
        table.active.remove(uid)
    }

    fn keep(&self, uid: &str, named: String, active: Active) {
        let mut table = self.table();
        table.waiting.insert(named, uid.to_owned());
        table.active.insert(uid.to_owned(), active);
    }

    /// Whether an action of that HelmRelease waits.
    pub(super) fn waits(&self, namespace: &str, name: &str) -> bool {
        self.table().waiting.contains_key(&format!("{namespace}/{name}"))
    }

    /// Whether this generation is looked at for the first time.
    pub(super) fn is_first_look(&self, uid: &str, generation: i64) -> bool {
        let mut table = self.table();
        if table.looked.len() > 10_000 {
            table.looked.clear();
        }
        table.looked.insert((uid.to_owned(), generation))
    }
}

/// What an action waits for, in words.
fn described(waiting: &Waiting) -> Option<String> {
    if let Some(note) = &waiting.note {
        return Some(note.clone());
    }
    let named: Vec<String> = waiting.unready.iter().take(NAMED).map(|(id, health)| one(id, health)).collect();
    let more = waiting.unready.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!named.is_empty()).then(|| format!("waiting for {}{more}", named.join(", ")))
}

fn one(id: &ObjectId, health: &Health) -> String {
    match health.reason() {
        "" => format!("{id} ({})", health.as_str()),
        reason => format!("{id} ({reason})"),
    }
}

impl Pass<'_> {
    /// Begins an action.
    pub(super) async fn begin(
        &mut self,
        mut active: Active,
        desired: &Desired,
        oci_digest: Option<String>,
    ) -> Result<Outcome, Error> {
        active.oci_digest = oci_digest;
        active.desired = Some(desired.clone());
        active.annotations.clone_from(&self.annotations);
        match active.operation.action() {
            Action::Install => self.status.last_attempted_release_action = Some(ReleaseAction::Install),
            Action::Upgrade => self.status.last_attempted_release_action = Some(ReleaseAction::Upgrade),
            _ => {}
        }
        // An uninstall may be of the target before: where that is must not be forgotten.
        if !matches!(active.operation.action(), Action::Uninstall { .. }) {
            self.status.storage_namespace = Some(desired.target.storage_namespace.clone());
        }
        if desired.force {
            self.status.last_handled_force_at = self.object.annotations().get(meta::FORCE_AT).cloned();
        }
        self.proceed(active).await
    }

    /// Does the next step of an action.
    pub(super) async fn proceed(&mut self, mut active: Active) -> Result<Outcome, Error> {
        self.annotations.clone_from(&active.annotations);
        match active.operation.step(&active.world).await {
            Step::Done(ended) => self.finish(active, *ended).await,
            Step::Waiting(waiting) => self.wait(active, &waiting).await,
        }
    }

    async fn wait(&mut self, active: Active, waiting: &Waiting) -> Result<Outcome, Error> {
        let title = active.title();
        let detail = if active.began.elapsed() >= QUIET { described(waiting) } else { None };
        conditions::running(&mut self.conditions, &title, detail.as_deref());
        let left = waiting.deadline.duration_since(jiff::Timestamp::now()).max(jiff::SignedDuration::ZERO);
        let until_told = QUIET.checked_sub(active.began.elapsed()).unwrap_or(waiting.recheck);
        let again = waiting.recheck.min(left.unsigned_abs()).min(until_told.max(Duration::from_millis(100)));
        let named = format!("{}/{}", self.object.namespace().unwrap_or_default(), self.object.name_any());
        // Kept before the write: an action must not get lost because its status could not be written.
        self.releases.running.keep(&self.uid, named, active);
        self.write().await?;
        Ok(Outcome::At(again))
    }

    async fn finish(&mut self, active: Active, ended: Ended) -> Result<Outcome, Error> {
        let (namespace, name) = (self.object.namespace().unwrap_or_default(), self.object.name_any());
        for warning in &ended.warnings {
            tracing::warn!(
                namespace,
                name,
                action = ended.action.as_str(),
                warning,
                "action went on in spite of this"
            );
        }
        let error = ended.error.as_deref();
        tracing::info!(namespace, name, action = ended.action.as_str(), took = ?ended.duration, error, "action ended");
        for (version, state) in &ended.restated {
            let version = i64::from(*version);
            let snapshot = self.status.history.iter_mut().find(|snapshot| snapshot.version == version);
            if let Some(snapshot) = snapshot {
                state.as_str().clone_into(&mut snapshot.status);
            }
        }
        match ended.action {
            Action::Install => self.finish_release(active, ended, ReleaseAction::Install).await,
            Action::Upgrade => self.finish_release(active, ended, ReleaseAction::Upgrade).await,
            Action::Rollback { .. } => self.finish_rollback(&active, ended).await,
            Action::Uninstall { because } => self.finish_uninstall(&active, ended, because).await,
            Action::Test => self.finish_test(active, ended).await,
        }
    }

    fn note_inventory(&mut self, ended: &Ended) {
        let entry = |(id, version): &(ObjectId, String)| ResourceRef {
            id: format!("{}_{}_{}_{}", id.namespace, id.name, id.group, id.kind),
            v: version.clone(),
        };
        self.status.inventory =
            Some(ResourceInventory { entries: ended.inventory.iter().map(entry).collect() });
    }

    fn note_revision(&mut self, record: &Record, action: &str, oci_digest: Option<String>) {
        let new = snapshot(record, action, oci_digest);
        if action == "install" {
            self.status.history.clear();
        }
        self.status.history.retain(|old| old.version != new.version);
        if new.status == State::Deployed.as_str() {
            for old in self.status.history.iter_mut().filter(|old| old.status == State::Deployed.as_str()) {
                State::Superseded.as_str().clone_into(&mut old.status);
            }
        }
        self.status.history.insert(0, new);
        self.status.last_attempted_release_action = match action {
            "install" => Some(ReleaseAction::Install),
            "upgrade" => Some(ReleaseAction::Upgrade),
            _ => self.status.last_attempted_release_action,
        };
    }

    fn count_failure(&mut self, action: Option<ReleaseAction>) {
        let counter = match action {
            Some(ReleaseAction::Install) => &mut self.status.install_failures,
            Some(ReleaseAction::Upgrade) => &mut self.status.upgrade_failures,
            None => return,
        };
        *counter = Some(counter.unwrap_or_default() + 1);
    }

    async fn finish_release(
        &mut self,
        active: Active,
        ended: Ended,
        action: ReleaseAction,
    ) -> Result<Outcome, Error> {
        let (word, succeeded, failed) = match action {
            ReleaseAction::Install => ("install", "InstallSucceeded", "InstallFailed"),
            ReleaseAction::Upgrade => ("upgrade", "UpgradeSucceeded", "UpgradeFailed"),
        };
        self.status.last_attempted_release_action = Some(action);
        self.status.set_action_duration(ended.duration);
        self.conditions.remove(REMEDIATED);
        self.conditions.remove(TEST_SUCCESS);
        if let Some(record) = &ended.record {
            if active.adopts {
                self.status.history.clear();
            }
            self.note_revision(record, word, active.oci_digest.clone());
        }
        let Some(error) = &ended.error else {
            let named = ended.record.as_ref().map(|record| record.full_name()).unwrap_or_default();
            let message = format!("Helm {word} succeeded for release {named} with chart {}", active.chart);
            self.conditions.set(RELEASED, Status::True, succeeded, &message);
            self.note_inventory(&ended);
            self.event(Severity::Normal, succeeded, &message);
            return self.after_success(active, &named).await;
        };
        let target = active.desired.as_ref().map(|desired| &desired.target);
        let named = target.map(|target| format!("{}/{}", target.namespace, target.name)).unwrap_or_default();
        let message = format!("Helm {word} failed for release {named} with chart {}: {error}", active.chart);
        self.conditions.set(RELEASED, Status::False, failed, &message);
        self.status.failures = Some(self.status.failures.unwrap_or_default() + 1);
        let recorded = ended.record.is_some();
        if recorded {
            self.note_inventory(&ended);
            self.count_failure(Some(action));
        }
        conditions::reconciling(&mut self.conditions, conditions::PROGRESSING, &active.title());
        self.summarize();
        if !recorded {
            self.handled();
        }
        self.write().await?;
        self.event(Severity::Warning, failed, &message);
        if recorded { Ok(Outcome::At(Duration::ZERO)) } else { Ok(Outcome::Retry(message)) }
    }

    /// A revision is there: tests and drift may follow; without them all is as desired.
    async fn after_success(&mut self, active: Active, named: &str) -> Result<Outcome, Error> {
        let Some(desired) = &active.desired else { return Ok(Outcome::At(Duration::ZERO)) };
        let tested = desired.policy.tests.is_some();
        if tested {
            let message = format!("Helm release {named} with chart {} is awaiting tests", active.chart);
            self.conditions.set(TEST_SUCCESS, Status::Unknown, "AwaitingTests", &message);
        }
        self.status.observed_post_renderers_digest.clone_from(&desired.post_renderers_digest);
        self.status.observed_common_metadata_digest.clone_from(&desired.common_metadata_digest);
        let current = desired.generation == self.generation();
        let as_made = self.status.latest().is_some_and(|latest| {
            latest.chart_version == desired.chart_version && latest.config_digest == desired.config_digest
        });
        if tested
            || !current
            || !as_made
            || desired.policy.drift != pilothouse_release::desired::DriftMode::Disabled
        {
            self.summarize();
            self.write().await?;
            return Ok(Outcome::At(Duration::ZERO));
        }
        let desired = desired.clone();
        self.in_sync(&desired).await
    }

    async fn finish_rollback(&mut self, active: &Active, ended: Ended) -> Result<Outcome, Error> {
        let previous = match ended.action {
            Action::Rollback { to } => {
                let snapshot = self.status.history.iter().find(|snapshot| snapshot.version == i64::from(to));
                snapshot.map(|s| {
                    (
                        format!("{}/{}.v{to}", s.namespace, s.name),
                        format!("{}@{}", s.chart_name, s.chart_version),
                    )
                })
            }
            _ => None,
        };
        let (named, chart) = previous.unwrap_or_else(|| (String::new(), active.chart.clone()));
        if let Some(record) = &ended.record {
            let oci_digest = match ended.action {
                Action::Rollback { to } => {
                    let source =
                        self.status.history.iter().find(|snapshot| snapshot.version == i64::from(to));
                    source.and_then(|snapshot| snapshot.oci_digest.clone())
                }
                _ => None,
            };
            self.note_revision(record, "rollback", oci_digest);
            self.note_inventory(&ended);
        }
        // A rollback that somebody asked for remediates nothing.
        if ended.error.is_none() && self.status.failures.is_none() {
            self.write().await?;
            return Ok(Outcome::At(Duration::ZERO));
        }
        match &ended.error {
            None => {
                let message =
                    format!("Helm rollback to previous release {named} with chart {chart} succeeded");
                self.remediated(Status::True, "RollbackSucceeded", &message).await?;
                Ok(Outcome::At(Duration::ZERO))
            }
            Some(error) => {
                let message =
                    format!("Helm rollback to previous release {named} with chart {chart} failed: {error}");
                self.remediated(Status::False, "RollbackFailed", &message).await?;
                Ok(Outcome::Retry(message))
            }
        }
    }

    async fn remediated(&mut self, status: Status, reason: &str, message: &str) -> Result<(), Error> {
        self.conditions.set(REMEDIATED, status, reason, message);
        conditions::reconciling(&mut self.conditions, PROGRESSING_WITH_RETRY, message);
        self.summarize();
        self.write().await?;
        let severity = if status == Status::True { Severity::Normal } else { Severity::Warning };
        self.event(severity, reason, message);
        Ok(())
    }

    async fn finish_uninstall(
        &mut self,
        active: &Active,
        ended: Ended,
        because: Removal,
    ) -> Result<Outcome, Error> {
        let remediation = because == Removal::Remediation;
        let named = ended.record.as_ref().map(|record| record.full_name());
        let named = named
            .or_else(|| self.status.latest().map(|s| format!("{}/{}.v{}", s.namespace, s.name, s.version)));
        let named = named.unwrap_or_default();
        let chart = ended.record.as_ref().map(|r| format!("{}@{}", r.chart_name(), r.chart_version()));
        let chart = chart.unwrap_or_else(|| active.chart.clone());
        if let (Some(record), Some(latest)) = (&ended.record, self.status.history.first_mut()) {
            let word = if remediation { "uninstall-remediation" } else { "uninstall" };
            let mut updated = snapshot(record, word, latest.oci_digest.clone());
            updated.test_hooks.clone_from(&latest.test_hooks);
            *latest = updated;
        }
        if let Some(error) = &ended.error {
            return self.uninstall_failed(remediation, &named, &chart, error).await;
        }
        self.status.inventory = None;
        if remediation {
            let message =
                format!("Helm uninstall remediation for release {named} with chart {chart} succeeded");
            self.remediated(Status::True, "UninstallSucceeded", &message).await?;
            return Ok(Outcome::At(Duration::ZERO));
        }
        let message = format!("Helm uninstall succeeded for release {named} with chart {chart}");
        self.event(Severity::Normal, "UninstallSucceeded", &message);
        if active.deletes {
            return self.release_chart().await;
        }
        self.conditions.set(RELEASED, Status::False, "UninstallSucceeded", &message);
        if because == Removal::TargetChanged {
            self.status.history.clear();
            self.status.failures = None;
            self.status.install_failures = None;
            self.status.upgrade_failures = None;
            self.status.storage_namespace = None;
        }
        self.summarize();
        self.write().await?;
        Ok(Outcome::At(Duration::ZERO))
    }

    async fn uninstall_failed(
        &mut self,
        remediation: bool,
        named: &str,
        chart: &str,
        error: &str,
    ) -> Result<Outcome, Error> {
        if remediation {
            let message =
                format!("Helm uninstall remediation for release {named} with chart {chart} failed: {error}");
            self.remediated(Status::False, "UninstallFailed", &message).await?;
            return Ok(Outcome::Retry(message));
        }
        let message = format!("Helm uninstall failed for release {named} with chart {chart}: {error}");
        self.conditions.set(RELEASED, Status::False, "UninstallFailed", &message);
        self.summarize();
        self.write().await?;
        self.event(Severity::Warning, "UninstallFailed", &message);
        Ok(Outcome::Retry(message))
    }

    async fn finish_test(&mut self, active: Active, ended: Ended) -> Result<Outcome, Error> {
        let named = ended.record.as_ref().map(|record| record.full_name()).unwrap_or_default();
        let hooks = ended.record.as_ref().map(|record| test_hooks(record)).unwrap_or_default();
        if let (Some(record), Some(latest)) = (&ended.record, self.status.history.first_mut())
            && record.info.status == State::Deployed
        {
            latest.test_hooks = Some(hooks.clone());
        }
        let (severity, reason, message) = match &ended.error {
            None => {
                let succeeded = HookPhase::Succeeded.as_str();
                let count = hooks.values().filter(|hook| hook.phase.as_deref() == Some(succeeded)).count();
                let what = match count {
                    0 => "no test hooks".to_owned(),
                    1 => "1 test hook completed successfully".to_owned(),
                    count => format!("{count} test hooks completed successfully"),
                };
                let message =
                    format!("Helm test succeeded for release {named} with chart {}: {what}", active.chart);
                self.conditions.set(TEST_SUCCESS, Status::True, "TestSucceeded", &message);
                (Severity::Normal, "TestSucceeded", message)
            }
            Some(error) => {
                let message =
                    format!("Helm test failed for release {named} with chart {}: {error}", active.chart);
                self.conditions.set(TEST_SUCCESS, Status::False, "TestFailed", &message);
                if self.tests_count() {
                    self.status.failures = Some(self.status.failures.unwrap_or_default() + 1);
                    self.count_failure(self.status.last_attempted_release_action);
                }
                (Severity::Warning, "TestFailed", message)
            }
        };
        conditions::reconciling(&mut self.conditions, conditions::PROGRESSING, &active.title());
        self.summarize();
        self.write().await?;
        self.event(severity, reason, &message);
        Ok(Outcome::At(Duration::ZERO))
    }
}
