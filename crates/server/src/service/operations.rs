//! Rollback and test: done as Helm does, with the caller's own rights, in the background.
//!
//! A rollback suspends the HelmRelease first. What it asks for is still the newer version, so its controller would
//! deploy that again at its next turn; suspended, it stays rolled back until somebody resumes or changes it.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod;
use kube::{
    ResourceExt,
    api::{ListParams, LogParams},
};
use pilothouse_chart::HookEvent;
use pilothouse_release::{
    Storage,
    desired::Options,
    operation::{Operation, Outcome, Step, World},
    record::RecordHook,
    snapshot::snapshot,
};
use pilothouse_resources::{HelmRelease, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::{Semaphore, oneshot};
use utoipa::ToSchema;

use super::{
    objects::{api, list_map, merge},
    revisions,
    sources::Sources,
};
use crate::{Caller, problem::Problem};

/// Annotation with what the last rollback or test through the API did ([`LastOperation`] as JSON), and what a rollback
/// left deployed.
pub const LAST_OPERATION: &str = "pilothouse.dev/last-operation";
/// Operations at a time, of all callers.
const MAX_RUNNING: usize = 32;
/// How long an answer waits for the end; beyond that it says that the operation goes on.
const ANSWER_WAIT: Duration = Duration::from_secs(20);
/// Longest life of an operation whatever its own timeouts say.
const LONGEST: Duration = Duration::from_secs(3600);
/// Bytes of a log that an answer shows.
const MAX_LOG: i64 = 256 * 1024;

/// Operations under way.
pub struct Operations {
    running: Arc<Semaphore>,
}

impl Default for Operations {
    fn default() -> Self {
        Self { running: Arc::new(Semaphore::new(MAX_RUNNING)) }
    }
}

/// What an operation did, or that it still goes on.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct LastOperation {
    /// `rollback` or `test`.
    pub action: String,
    /// `running`, `succeeded` or `failed`.
    pub result: String,
    /// What happened, in a sentence.
    pub message: String,
    /// Revision that was rolled back to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<u32>,
    /// Revision that was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u32>,
    /// Who asked for it.
    pub by: String,
    /// When it began or ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// What is noted of an operation on its release.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Note {
    #[serde(flatten)]
    operation: LastOperation,
    /// What a rollback left deployed. A suspended HelmRelease is not reconciled, so its own history does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<Snapshot>,
}

/// A test of a release.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestView {
    /// Name of the test's object.
    pub name: String,
    /// Kind of the test's object.
    pub kind: String,
    /// `Succeeded`, `Failed`, `Running`, or empty where it never ran.
    pub phase: String,
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed: Option<Timestamp>,
    /// Its log, as far as the cluster gives one (at most 256 KiB).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Why there is no log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_note: Option<String>,
}

/// The revision to roll back to.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollbackRequest {
    /// Helm's revision.
    pub revision: u32,
}

fn world(caller: &Caller, sources: &Sources, release: &HelmRelease) -> World {
    let target = revisions::target(release);
    World {
        cluster: sources.cluster(caller),
        storage: Storage::new(caller.client.clone(), &target.storage_namespace),
        uid: release.uid().unwrap_or_default(),
    }
}

/// Only releases in this very cluster: another one is reached by the controller alone.
fn need_local(release: &HelmRelease) -> Result<(), Problem> {
    if release.spec.kube_config.is_some() {
        return Err(Problem::conflict(
            "remote-release",
            "Another cluster's release",
            "the release is in another cluster (`kubeConfig`), which this server does not reach",
        ));
    }
    Ok(())
}

/// Rolls a release back to an earlier revision.
pub async fn rollback(
    caller: &Caller,
    sources: &Sources,
    operations: &Operations,
    namespace: &str,
    name: &str,
    to: u32,
) -> Result<LastOperation, Problem> {
    let release = super::releases::object(caller, namespace, name).await?;
    need_local(&release)?;
    let (record, _) = revisions::record(caller, &release, Some(to)).await.map_err(|problem| {
        if problem.is_not_found() { Problem::field("revision", problem.detail) } else { problem }
    })?;
    let newest = revisions::record(caller, &release, None).await?.0;
    if newest.version == to {
        return Err(Problem::field("revision", format!("revision {to} is the newest one already")));
    }
    if newest.info.status.is_pending() {
        return Err(Problem::conflict(
            "operation-in-progress",
            "Another operation goes on",
            format!("revision {} is {}", newest.version, newest.info.status),
        )
        .hint("Wait until it ends, then try again."));
    }
    let begun = LastOperation {
        action: "rollback".into(),
        result: "running".into(),
        message: format!(
            "Rolling back to revision {to} (chart {} {})",
            record.chart_name(),
            record.chart_version()
        ),
        to: Some(to),
        revision: None,
        by: caller.identity.user.clone(),
        at: Some(Timestamp::now()),
    };
    let suspend = json!({
        "metadata": {"annotations": {LAST_OPERATION: text(&Note { operation: begun.clone(), snapshot: None })}},
        "spec": {"suspend": true},
    });
    merge::<HelmRelease>(&api(&caller.client, Some(namespace)), name, &suspend).await?;
    let operation = Operation::rollback(revisions::target(&release), Options::rollback(&release.spec), to);
    run(caller, sources, operations, &release, operation, begun).await
}

/// Runs the tests of a release.
pub async fn test(
    caller: &Caller,
    sources: &Sources,
    operations: &Operations,
    namespace: &str,
    name: &str,
) -> Result<LastOperation, Problem> {
    let release = super::releases::object(caller, namespace, name).await?;
    need_local(&release)?;
    let (record, _) = revisions::record(caller, &release, None).await?;
    if !record.hooks.iter().any(|hook| hook.runs_on(HookEvent::Test)) {
        return Err(Problem::conflict(
            "no-tests",
            "No tests",
            format!("chart `{}` has no tests", record.chart_name()),
        ));
    }
    let begun = LastOperation {
        action: "test".into(),
        result: "running".into(),
        message: format!("Running the tests of revision {}", record.version),
        to: None,
        revision: Some(record.version),
        by: caller.identity.user.clone(),
        at: Some(Timestamp::now()),
    };
    let operation = Operation::test(revisions::target(&release), Options::test(&release.spec));
    run(caller, sources, operations, &release, operation, begun).await
}

fn text(note: &Note) -> String {
    serde_json::to_string(note).unwrap_or_default()
}

/// Runs an operation in the background and waits a little for its end.
async fn run(
    caller: &Caller,
    sources: &Sources,
    operations: &Operations,
    release: &HelmRelease,
    mut operation: Operation,
    begun: LastOperation,
) -> Result<LastOperation, Problem> {
    let permit = operations.running.clone().try_acquire_owned().map_err(|_| {
        Problem::new(
            http::StatusCode::SERVICE_UNAVAILABLE,
            "busy",
            "The server is busy",
            format!("{MAX_RUNNING} operations run already"),
        )
    })?;
    let world = world(caller, sources, release);
    let releases = api::<HelmRelease>(&caller.client, Some(&release.namespace().unwrap_or_default()));
    let name = release.name_any();
    let (sender, ended) = oneshot::channel();
    let template = begun.clone();
    tokio::spawn(async move {
        let outcome = tokio::time::timeout(LONGEST, drive(&mut operation, &world)).await;
        let note = end(&template, outcome.ok());
        // Written also for tests: the change tells everybody who looks at the release.
        let change = json!({"metadata": {"annotations": {LAST_OPERATION: text(&note)}}});
        let end = note.operation;
        if let Err(problem) = merge::<HelmRelease>(&releases, &name, &change).await {
            tracing::debug!(name, detail = problem.detail, "the end of an operation was not noted");
        }
        tracing::info!(
            name,
            action = end.action,
            result = end.result,
            message = end.message,
            "operation ended"
        );
        let _ = sender.send(end);
        drop(permit);
    });
    match tokio::time::timeout(ANSWER_WAIT, ended).await {
        Ok(Ok(end)) => Ok(end),
        _ => Ok(begun),
    }
}

async fn drive(operation: &mut Operation, world: &World) -> Box<Outcome> {
    loop {
        match operation.step(world).await {
            Step::Done(outcome) => return outcome,
            Step::Waiting(waiting) => {
                tokio::time::sleep(waiting.recheck.min(Duration::from_secs(1))).await;
            }
        }
    }
}

fn end(begun: &LastOperation, outcome: Option<Box<Outcome>>) -> Note {
    let record = outcome.as_ref().and_then(|outcome| outcome.record.as_ref());
    let revision = record.map(|record| record.version);
    let snapshot =
        record.filter(|_| begun.action == "rollback").map(|record| snapshot(record, &begun.action, None));
    let (result, message) = match outcome.map(|outcome| outcome.error) {
        Some(None) if begun.action == "test" => ("succeeded", "The tests succeeded".to_owned()),
        Some(None) => {
            let to = begun.to.unwrap_or_default();
            (
                "succeeded",
                format!(
                    "Rolled back to revision {to}; the release is suspended until it is resumed or changed"
                ),
            )
        }
        Some(Some(error)) => ("failed", error),
        None => ("failed", "it did not end within an hour".to_owned()),
    };
    let operation = LastOperation {
        result: result.to_owned(),
        message,
        revision: revision.or(begun.revision),
        at: Some(Timestamp::now()),
        ..begun.clone()
    };
    Note { operation, snapshot }
}

/// What the last rollback or test through the API did.
pub fn last(release: &HelmRelease) -> Option<LastOperation> {
    note(release).map(|note| note.operation)
}

fn note(release: &HelmRelease) -> Option<Note> {
    serde_json::from_str(release.annotations().get(LAST_OPERATION)?).ok()
}

/// What a rollback put over the HelmRelease's own history, and a sentence that says so, while it is suspended.
pub fn rolled_back(release: &HelmRelease) -> Option<(Snapshot, String)> {
    let own = release.status.as_ref().and_then(|status| status.latest());
    let newest = own.map_or(0, |own| own.version);
    let note = note(release).filter(|_| release.spec.suspend.unwrap_or_default())?;
    let snapshot = note.snapshot.filter(|noted| noted.version > newest)?;
    Some((snapshot, note.operation.message))
}

/// The tests of a release's newest revision, with their logs where wanted.
pub async fn tests(caller: &Caller, release: &HelmRelease, logs: bool) -> Result<Vec<TestView>, Problem> {
    let (record, _) = revisions::record(caller, release, None).await?;
    let mut tests = Vec::new();
    for hook in record.hooks.iter().filter(|hook| hook.runs_on(HookEvent::Test)) {
        let mut view = TestView {
            name: hook.hook.name.clone(),
            kind: hook.hook.kind.clone(),
            phase: hook.last_run.phase.as_str().to_owned(),
            started: hook.last_run.started_at,
            completed: hook.last_run.completed_at,
            log: None,
            log_note: None,
        };
        if logs && !view.phase.is_empty() {
            match log(caller, hook, &record.namespace).await {
                Ok(text) => view.log = Some(text),
                Err(problem) => view.log_note = Some(problem.detail),
            }
        }
        tests.push(view);
    }
    Ok(tests)
}

async fn log(caller: &Caller, hook: &RecordHook, namespace: &str) -> Result<String, Problem> {
    let pods = api::<Pod>(&caller.client, Some(namespace));
    let name = if hook.hook.kind == "Pod" {
        hook.hook.name.clone()
    } else {
        let selector = format!("job-name={}", hook.hook.name);
        let found =
            list_map(&pods, ListParams::default().labels(&selector), |pod| Some(pod.name_any())).await?;
        found.into_iter().next().ok_or_else(|| Problem::not_found("its Pod does not exist any more"))?
    };
    let params = LogParams { limit_bytes: Some(MAX_LOG), ..Default::default() };
    Ok(pods.logs(&name, &params).await?)
}
