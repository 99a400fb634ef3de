//! One pass over one HelmRelease.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use kube::{Api, ResourceExt as _};
use pilothouse_release::{
    decide::{Change, Decision, Pause, Removal, decide},
    desired::{Desired, DriftMode, Intent, Options, Policy, Target, json_digest, without_effect},
    drift::Difference,
    health_expression,
    observe::{Drift, Observed},
    operation::{Action, Operation, RenderInput, World, unlock},
    post_render::PostRendering,
    snapshot::{API_VERSION, snapshot, truncate},
    storage::Storage,
};
use pilothouse_resources::{
    DurationString, HelmChart, HelmRelease, HelmReleaseStatus, ReleaseAction,
    condition::{self, Status},
    meta,
};

use super::{
    Error, Releases,
    action::Active,
    caches::Identity,
    clients,
    conditions::{self, PROGRESSING, PROGRESSING_WITH_RETRY, RELEASED, REMEDIATED},
    dependencies::Unmet,
    source::{NotReady, PATIENCE, Source},
    values::Composed,
};
use crate::drive::Outcome;
use crate::events::Severity;
use crate::status::{self, Conditions};

/// Interval of a release whose interval cannot be read.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(300);

/// One pass: the object as it was found, and its status as it will be.
pub(super) struct Pass<'a> {
    pub(super) releases: &'a Releases,
    pub(super) api: Api<HelmRelease>,
    pub(super) object: Arc<HelmRelease>,
    pub(super) uid: String,
    pub(super) status: HelmReleaseStatus,
    pub(super) conditions: Conditions,
    /// What events of this pass carry along.
    pub(super) annotations: Vec<(String, String)>,
    /// The HelmChart that this pass applied.
    pub(super) applied_chart: Option<Arc<HelmChart>>,
}

/// All that is fulfilled before a release can be decided on.
struct Ready {
    source: Source,
    composed: Composed,
    desired: Desired,
    world: World,
}

impl<'a> Pass<'a> {
    pub(super) fn new(releases: &'a Releases, api: Api<HelmRelease>, object: Arc<HelmRelease>) -> Self {
        let status = object.status.clone().unwrap_or_default();
        let generation = object.metadata.generation.unwrap_or_default();
        let conditions = Conditions::new(status.conditions.clone(), generation);
        let uid = object.uid().unwrap_or_default();
        Self { releases, api, object, uid, status, conditions, annotations: Vec::new(), applied_chart: None }
    }

    pub(super) fn generation(&self) -> i64 {
        self.object.metadata.generation.unwrap_or_default()
    }

    pub(super) fn interval(&self) -> Duration {
        self.object.spec.interval.to_duration().unwrap_or(DEFAULT_INTERVAL)
    }

    pub(super) fn tests_count(&self) -> bool {
        Policy::of(&self.object.spec).tests.is_some_and(|tests| !tests.ignore_failures)
    }

    /// Sums the conditions up in `Ready`.
    pub(super) fn summarize(&mut self) {
        let tests_count = self.tests_count();
        conditions::summarize(&mut self.conditions, tests_count);
    }

    /// Records an event.
    pub(super) fn event(&self, severity: Severity, reason: &str, message: &str) {
        let events = &self.releases.context.events;
        events.record(
            &*self.object,
            meta::HELM_CONTROLLER,
            severity,
            reason,
            message,
            self.annotations.iter().cloned(),
        );
    }

    /// Writes what differs in the status, if anything does.
    pub(super) async fn write(&mut self) -> Result<(), Error> {
        self.status.conditions = self.conditions.clone().into_list();
        let written = status::write(
            &self.api,
            &self.releases.recent,
            meta::HELM_CONTROLLER,
            &self.object,
            &self.status,
        )
        .await?;
        self.object = written;
        Ok(())
    }

    pub(super) fn tell_metrics(&self) {
        let ready = self.conditions.get(condition::READY).map_or("Unknown", |ready| ready.status.as_str());
        let (namespace, name) = (self.object.namespace().unwrap_or_default(), self.object.name_any());
        let suspended = self.object.spec.suspend.unwrap_or_default();
        self.releases.context.options.metrics.state("HelmRelease", &namespace, &name, ready, suspended);
    }

    /// The reconcile request is handled.
    pub(super) fn handled(&mut self) {
        if let Some(token) = self.object.annotations().get(meta::RECONCILE_REQUESTED_AT) {
            self.status.last_handled_reconcile_at = Some(token.clone());
        }
    }

    /// Whether an annotation asks for something together with an unhandled reconcile request.
    fn is_requested(&self, annotation: &str, handled: Option<&String>) -> bool {
        let annotations = self.object.annotations();
        let Some(token) = annotations.get(annotation) else { return false };
        annotations.get(meta::RECONCILE_REQUESTED_AT) == Some(token)
            && self.status.last_handled_reconcile_at.as_ref() != Some(token)
            && handled != Some(token)
    }

    /// The pass of a HelmRelease that is to be there.
    pub(super) async fn run(&mut self) -> Result<Outcome, Error> {
        if let Some(active) = self.releases.running.take(&self.uid) {
            return self.proceed(active).await;
        }
        if self.object.spec.suspend.unwrap_or_default() {
            return Ok(Outcome::UntilChanged);
        }
        let expressions = self.object.spec.health_check_exprs.as_deref().unwrap_or_default();
        if let Err(message) = health_expression::check(expressions) {
            return self.wait_for_dependency(Unmet::BadExpression(message)).await;
        }
        self.sync_chart().await?;
        let ready = match self.fulfil().await? {
            Ok(ready) => ready,
            Err(outcome) => return Ok(outcome),
        };
        self.annotate(&ready.desired, ready.source.oci_digest.as_deref());
        self.warn_of_fields();
        self.reset_failures(&ready.desired, &ready.source);
        self.decide_and_act(ready).await
    }

    /// Sees to what has to be there first, or tells what is not and when to look again.
    async fn fulfil(&mut self) -> Result<Result<Ready, Outcome>, Error> {
        if let Some(unmet) = self.unmet_dependency() {
            return Ok(Err(self.wait_for_dependency(unmet).await?));
        }
        let source = match self.source() {
            Ok(source) => source,
            Err(not_ready) => return Ok(Err(self.wait_for_source(not_ready).await?)),
        };
        let composed = match self.values().await {
            Ok(composed) => composed,
            Err(message) => {
                return self
                    .fail_prerequisite("ValuesError", &message)
                    .await
                    .map(|()| Err(Outcome::Retry(message)));
            }
        };
        let identity = match self.identity(&source).await {
            Ok(identity) => identity,
            Err(not_ready) => return Ok(Err(self.wait_for_source(not_ready).await?)),
        };
        let namespace = self.object.namespace().unwrap_or_default();
        let cluster = match self.releases.clients.cluster(&namespace, &self.object.spec).await {
            Ok(cluster) => cluster,
            Err(clients::Error::Missing(message) | clients::Error::Unusable(message)) => {
                self.fail_prerequisite("RESTClientError", &message).await?;
                return Ok(Err(Outcome::Retry(message)));
            }
        };
        let desired = self.desired(identity, &composed);
        let storage = Storage::new(cluster.client().clone(), &desired.target.storage_namespace);
        let world = World { cluster, storage, uid: self.uid.clone() };
        Ok(Ok(Ready { source, composed, desired, world }))
    }

    fn desired(&self, identity: Identity, composed: &Composed) -> Desired {
        let spec = &self.object.spec;
        let namespace = self.object.namespace().unwrap_or_default();
        let renderers = spec.post_renderers.as_ref().filter(|renderers| !renderers.is_empty());
        Desired {
            intent: Intent::Present,
            target: Target::of(&namespace, &self.object.name_any(), spec),
            chart_name: identity.name,
            chart_version: identity.version,
            config_digest: composed.digest.clone(),
            post_renderers_digest: renderers.and_then(json_digest),
            common_metadata_digest: spec.common_metadata.as_ref().and_then(json_digest),
            generation: self.generation(),
            force: self.is_requested(meta::FORCE_AT, self.status.last_handled_force_at.as_ref()),
            policy: Policy::of(spec),
        }
    }

    /// Tells that something is missing which a person or another object has to bring, with an event.
    pub(super) async fn fail_prerequisite(
        &mut self,
        reason: &'static str,
        message: &str,
    ) -> Result<(), Error> {
        conditions::unfulfilled(&mut self.conditions, reason, message);
        self.handled();
        self.write().await?;
        self.event(Severity::Warning, reason, message);
        Ok(())
    }

    /// Sees to it that the conditions tell why a pass could not be finished.
    pub(super) async fn tell(&mut self, outcome: Result<Outcome, Error>) -> Result<Outcome, Error> {
        let Err(Error::Failed(message)) = outcome else { return outcome };
        conditions::reconciling(&mut self.conditions, PROGRESSING_WITH_RETRY, &message);
        self.conditions.set(condition::READY, Status::False, "ReconcileError", &message);
        self.write().await?;
        self.event(Severity::Warning, "ReconcileError", &message);
        Err(Error::Told(message))
    }

    async fn wait_for_dependency(&mut self, unmet: Unmet) -> Result<Outcome, Error> {
        self.handled();
        match unmet {
            Unmet::Waiting(message) => {
                conditions::unfulfilled(&mut self.conditions, "DependencyNotReady", &message);
                self.write().await?;
                self.event(Severity::Normal, "DependencyNotReady", &message);
                Ok(Outcome::At(self.releases.context.options.requeue_dependency))
            }
            Unmet::BadExpression(message) => {
                conditions::stalled(&mut self.conditions, "InvalidCELExpression", &message);
                self.conditions.set(condition::READY, Status::False, "InvalidCELExpression", &message);
                self.status.observed_generation = Some(self.generation());
                self.write().await?;
                self.event(Severity::Warning, "InvalidCELExpression", &message);
                Ok(Outcome::UntilChanged)
            }
        }
    }

    async fn wait_for_source(&mut self, not_ready: NotReady) -> Result<Outcome, Error> {
        // A source that was just made is ready in a moment, and its watch wakes this release.
        if not_ready.fresh && self.releases.running.is_first_look(&self.uid, self.generation()) {
            return Ok(Outcome::At(PATIENCE));
        }
        if not_ready.failure {
            self.fail_prerequisite(not_ready.reason, &not_ready.message).await?;
            return Ok(Outcome::Retry(not_ready.message));
        }
        conditions::unfulfilled(&mut self.conditions, not_ready.reason, &not_ready.message);
        self.handled();
        self.write().await?;
        Ok(Outcome::At(self.releases.context.options.requeue_dependency))
    }

    /// What events of this pass carry along.
    fn annotate(&mut self, desired: &Desired, oci_digest: Option<&str>) {
        let group = meta::HELM_GROUP;
        self.annotations = vec![
            (format!("{group}/revision"), desired.chart_version.clone()),
            (format!("{group}/token"), desired.config_digest.clone()),
        ];
        if let Some(digest) = oci_digest {
            self.annotations.push((format!("{group}/oci-digest"), digest.to_owned()));
        }
    }

    /// Tells once for each generation which of its fields change nothing.
    fn warn_of_fields(&self) {
        if self.status.last_attempted_generation == Some(self.generation()) {
            return;
        }
        let fields = without_effect(&self.object.spec);
        if fields.is_empty() {
            return;
        }
        let message = format!("Set, but without effect: {}", fields.join("; "));
        let (namespace, name) = (self.object.namespace().unwrap_or_default(), self.object.name_any());
        tracing::warn!(namespace, name, "{message}");
        self.event(Severity::Warning, "FieldWithoutEffect", &message);
    }

    /// Counters start anew where the desired state changed, or on request.
    fn reset_failures(&mut self, desired: &Desired, source: &Source) {
        let status = &mut self.status;
        let revision = Some(&desired.chart_version);
        let changed = status.last_attempted_generation != Some(desired.generation)
            || status.last_attempted_revision.as_ref() != revision
            || status.last_attempted_config_digest.as_ref() != Some(&desired.config_digest);
        let requested = self.is_requested(meta::RESET_AT, self.status.last_handled_reset_at.as_ref());
        if changed || requested {
            self.status.failures = None;
            self.status.install_failures = None;
            self.status.upgrade_failures = None;
        }
        if requested {
            self.status.last_handled_reset_at = self.object.annotations().get(meta::RESET_AT).cloned();
        }
        self.status.last_attempted_generation = Some(desired.generation);
        self.status.last_attempted_revision = Some(desired.chart_version.clone());
        self.status.last_attempted_revision_digest.clone_from(&source.oci_digest);
        self.status.last_attempted_config_digest = Some(desired.config_digest.clone());
    }

    async fn decide_and_act(&mut self, ready: Ready) -> Result<Outcome, Error> {
        let mut drift: Option<Vec<Difference>> = None;
        loop {
            let target = &ready.desired.target;
            let history = self.history(&ready.world, target).await;
            let history = history
                .map_err(|error| Error::Failed(format!("could not determine release state: {error}")))?;
            let decision = {
                let observed = Observed {
                    now: Timestamp::now(),
                    uid: &self.uid,
                    status: &self.status,
                    revisions: &history.revisions,
                    verified: history.verified,
                    drift: drift.as_deref().map_or(Drift::Unknown, Drift::Known),
                };
                decide(&ready.desired, &observed)
            };
            let (namespace, name) = (self.object.namespace().unwrap_or_default(), self.object.name_any());
            match &decision {
                Decision::Nothing => tracing::debug!(namespace, name, "in sync"),
                decision => tracing::info!(namespace, name, ?decision, "decided"),
            }
            match decision {
                Decision::DetectDrift => {
                    let mode = ready.desired.policy.drift;
                    drift = Some(self.detect_drift(&ready.world, target, mode).await?);
                }
                Decision::CorrectDrift => {
                    let found = drift.take().unwrap_or_default();
                    self.correct_drift(&ready.world, target, &found).await?;
                }
                other => return self.act(other, ready).await,
            }
        }
    }

    async fn act(&mut self, decision: Decision, ready: Ready) -> Result<Outcome, Error> {
        let object = Arc::clone(&self.object);
        let spec = &object.spec;
        let target = ready.desired.target.clone();
        let world = ready.world.clone();
        let mut adopts = false;
        let operation = match decision {
            Decision::Nothing => return self.in_sync(&ready.desired).await,
            Decision::GiveUp { reason, message } => return self.give_up(reason, &message).await,
            Decision::Wait { until, because } => return self.pause(until, because).await,
            Decision::Unlock { version } => return self.unlock(&world, &target, version).await,
            Decision::Install => match self.render_input(&ready).await? {
                Ok(input) => Operation::install(target, Options::install(spec), input),
                Err(outcome) => return Ok(outcome),
            },
            Decision::Upgrade { because } => match self.render_input(&ready).await? {
                Ok(input) => {
                    adopts = because == Change::Unmanaged;
                    Operation::upgrade(target, Options::upgrade(spec), input)
                }
                Err(outcome) => return Ok(outcome),
            },
            Decision::Rollback { to } => {
                self.trim_history();
                Operation::rollback(target, Options::rollback(spec), to)
            }
            Decision::Uninstall { target, because } => {
                if because == Removal::Remediation {
                    self.trim_history();
                }
                let storage = Storage::new(world.cluster.client().clone(), &target.storage_namespace);
                let operation = Operation::uninstall(target, Options::uninstall(spec), because);
                let active = Active::new(operation, World { storage, ..world }, self.chart_label());
                return self.begin(active, &ready.desired, ready.source.oci_digest).await;
            }
            Decision::Test => Operation::test(target, Options::test(spec)),
            Decision::Resume { .. } => {
                let spec = spec.clone();
                let options = move |action: Action| match action {
                    Action::Install => Options::install(&spec),
                    Action::Rollback { .. } => Options::rollback(&spec),
                    _ => Options::upgrade(&spec),
                };
                let resumed = Operation::resume(&world, target, options).await;
                match resumed.map_err(|error| Error::Failed(error.to_string()))? {
                    Some(operation) => operation,
                    None => return Ok(Outcome::At(Duration::ZERO)),
                }
            }
            Decision::DetectDrift | Decision::CorrectDrift => return Ok(Outcome::At(Duration::ZERO)),
        };
        let label = match operation.action() {
            Action::Install | Action::Upgrade => {
                format!("{}@{}", ready.desired.chart_name, ready.desired.chart_version)
            }
            _ => self.chart_label(),
        };
        let mut active = Active::new(operation, world, label);
        active.adopts = adopts;
        self.begin(active, &ready.desired, ready.source.oci_digest).await
    }

    /// The chart of the newest revision, as messages name it.
    pub(super) fn chart_label(&self) -> String {
        let latest = self.status.latest();
        latest
            .map(|snapshot| format!("{}@{}", snapshot.chart_name, snapshot.chart_version))
            .unwrap_or_default()
    }

    async fn render_input(&mut self, ready: &Ready) -> Result<Result<RenderInput, Outcome>, Error> {
        let chart = match self.chart_to_render(&ready.source).await {
            Ok(chart) => chart,
            Err(not_ready) => return Ok(Err(self.wait_for_source(not_ready).await?)),
        };
        let app_version = chart.metadata().app_version.clone();
        if !app_version.is_empty() {
            self.annotations.push((format!("{}/app-version", meta::HELM_GROUP), app_version));
        }
        let values = match &ready.composed.values {
            Some(values) => values.clone(),
            None => match self.compose().await {
                Ok(values) => values,
                Err(message) => {
                    self.fail_prerequisite("ValuesError", &message).await?;
                    return Ok(Err(Outcome::Retry(message)));
                }
            },
        };
        let spec = &self.object.spec;
        let post_rendering = PostRendering {
            renderers: spec.post_renderers.clone().unwrap_or_default(),
            common_metadata: spec.common_metadata.clone(),
            strategy: spec.post_render_strategy.unwrap_or_default(),
            name: self.object.name_any(),
            namespace: self.object.namespace().unwrap_or_default(),
        };
        Ok(Ok(RenderInput { chart, values, post_rendering: Arc::new(post_rendering) }))
    }

    pub(super) fn trim_history(&mut self) {
        let policy = Policy::of(&self.object.spec);
        let ignore = policy.tests.is_none_or(|tests| tests.ignore_failures);
        truncate(&mut self.status.history, ignore);
    }

    /// All is as desired.
    pub(super) async fn in_sync(&mut self, desired: &Desired) -> Result<Outcome, Error> {
        self.conditions.remove(condition::RECONCILING);
        self.conditions.remove(condition::STALLED);
        self.conditions.remove(REMEDIATED);
        if desired.policy.drift == DriftMode::Disabled {
            self.conditions.remove(conditions::DRIFTED);
        }
        if !self.conditions.is_true(RELEASED) {
            self.mark_released();
        }
        self.summarize();
        self.status.observed_generation = Some(desired.generation);
        self.status.observed_post_renderers_digest.clone_from(&desired.post_renderers_digest);
        self.status.observed_common_metadata_digest.clone_from(&desired.common_metadata_digest);
        self.status.failures = None;
        self.status.install_failures = None;
        self.status.upgrade_failures = None;
        self.trim_history();
        self.handled();
        self.write().await?;
        Ok(Outcome::After(self.interval()))
    }

    /// The newest revision is what is wanted, whatever the condition said before.
    fn mark_released(&mut self) {
        let Some(snapshot) = self.status.latest() else { return };
        let (reason, verb) = match snapshot.action.as_deref() {
            Some("install") => ("InstallSucceeded", "install"),
            _ => ("UpgradeSucceeded", "upgrade"),
        };
        let message = format!(
            "Helm {verb} succeeded for release {}/{}.v{} with chart {}@{}",
            snapshot.namespace, snapshot.name, snapshot.version, snapshot.chart_name, snapshot.chart_version
        );
        self.conditions.set(RELEASED, Status::True, reason, &message);
    }

    async fn give_up(&mut self, reason: &str, message: &str) -> Result<Outcome, Error> {
        self.summarize();
        conditions::stalled(&mut self.conditions, reason, message);
        self.status.observed_generation = Some(self.generation());
        self.handled();
        self.write().await?;
        Ok(Outcome::UntilChanged)
    }

    async fn pause(&mut self, until: Timestamp, because: Pause) -> Result<Outcome, Error> {
        let wait = until.duration_since(Timestamp::now()).max(jiff::SignedDuration::ZERO).unsigned_abs();
        match because {
            Pause::Retry => {
                let policy = Policy::of(&self.object.spec);
                let strategy = match self.status.last_attempted_release_action {
                    Some(ReleaseAction::Install) => policy.install,
                    _ => policy.upgrade,
                };
                let interval = DurationString::from(strategy.retry_interval.unwrap_or(wait));
                let message = format!("retrying after {interval}");
                conditions::reconciling(&mut self.conditions, PROGRESSING_WITH_RETRY, &message);
            }
            Pause::Foreign => {
                let message =
                    "another operation (install, upgrade or rollback) on the release is in progress";
                conditions::reconciling(&mut self.conditions, PROGRESSING, message);
            }
        }
        self.handled();
        self.write().await?;
        Ok(Outcome::At(wait))
    }

    async fn unlock(&mut self, world: &World, target: &Target, version: u32) -> Result<Outcome, Error> {
        let pending = self.releases.metadata.revision(&target.storage_namespace, &target.name, version);
        let state = pending.map_or("pending", |revision| revision.status.as_str());
        let unlocked =
            unlock(world, target, version).await.map_err(|error| Error::Failed(error.to_string()))?;
        let Some(record) = unlocked else { return Ok(Outcome::At(Duration::ZERO)) };
        let message = format!(
            "Unlocked Helm release {} with chart {}@{} in {state} state",
            record.full_name(),
            record.chart_name(),
            record.chart_version()
        );
        let version = i64::from(version);
        if let Some(at) = self.status.history.iter().position(|snapshot| snapshot.version == version) {
            let old = &self.status.history[at];
            let action = old.action.clone().unwrap_or_default();
            let mut updated = snapshot(&record, &action, old.oci_digest.clone());
            updated.test_hooks.clone_from(&old.test_hooks);
            updated.api_version = Some(API_VERSION.to_owned());
            self.status.history[at] = updated;
        }
        self.conditions.set(RELEASED, Status::False, "PendingRelease", &message);
        self.conditions.set(condition::READY, Status::False, "PendingRelease", &message);
        self.write().await?;
        self.event(Severity::Normal, "PendingRelease", &message);
        Ok(Outcome::At(Duration::ZERO))
    }
}
