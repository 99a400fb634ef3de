//! Jobs: Pods that are meant to end.

use jiff::{SignedDuration, Timestamp};
use rand::Rng as _;
use serde_json::{Map, Value, json};

use super::engine::{Engine, Key};
use super::events::Event;
use super::objects::{
    annotation, condition_is, controller_reference, count, int, is_deleting, is_ready, list, name, namespace,
    remove_finalizer, stamp, text, time, uid,
};
use super::template;
use crate::status::ApiResult;

const COMPONENT: &str = "job-controller";
const TRACKING: &str = "batch.kubernetes.io/job-tracking";
const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// First pause after a failed Pod; doubled with every further failure.
const BACKOFF_SECONDS: i64 = 1;
const MAX_BACKOFF_SECONDS: i64 = 600;

/// How a Job stands.
struct Tally {
    active: usize,
    ready: usize,
    terminating: usize,
    succeeded: usize,
    failed: usize,
    /// Completed indices, of Indexed Jobs.
    indices: Vec<i64>,
    last_failure: Option<Timestamp>,
}

/// Why a Job is over.
struct Outcome {
    kind: &'static str,
    reason: &'static str,
    message: String,
}

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(job) = engine.get("batch/jobs", &key.namespace, &key.name) else { return Ok(()) };
    if is_deleting(&job) {
        return release_all(engine, &job).await;
    }
    if is_over(&job) {
        release_all(engine, &job).await?;
        return expire(engine, key, &job).await;
    }
    let pods = engine.claim_pods("batch/v1", "Job", &job).await?;
    let (stored, job) = settle(engine, job, &pods).await?;
    let now = Timestamp::now();
    let tally = tally(&job, &pods);
    let suspended = job["spec"]["suspend"] == true;
    let mut outcome = outcome(&job, &tally, now);
    if outcome.is_none() {
        if let Some(left) = deadline_left(&job, now) {
            engine.later(key.clone(), SignedDuration::from_secs(left.max(1)));
        }
        if suspended {
            delete_active(engine, &job, &pods).await?;
        } else {
            manage(engine, key, &job, &pods, &tally, now).await?;
        }
    } else {
        delete_active(engine, &job, &pods).await?;
    }
    let pods_now = engine.claim_pods("batch/v1", "Job", &job).await?;
    let tally_now = self::tally(&job, &pods_now);
    if outcome.is_none() {
        outcome = self::outcome(&job, &tally_now, now);
    }
    let terminating_last = outcome.is_some() && tally_now.active + tally_now.terminating > 0;
    let status = status(&job, &tally_now, outcome.as_ref(), terminating_last, suspended, now);
    engine.write_status("batch", "Job", &stored, status).await?;
    if let Some(outcome) = outcome.filter(|_| !terminating_last) {
        let (reason, normal) =
            if outcome.kind == "Complete" { ("Completed", true) } else { (outcome.reason, false) };
        let message = if normal { "Job completed".to_owned() } else { outcome.message };
        engine
            .event("batch/v1", "Job", &job, Event { component: COMPONENT, normal, reason, message: &message })
            .await;
    }
    Ok(())
}

/// Counts Pods that have ended and lets them go: first their UIDs are in the status, then they lose the finalizer, then
/// they are in the numbers. So none is lost or counted twice, wherever this stops. Returns the Job as stored, and as
/// it is to be looked at.
async fn settle(engine: &mut Engine, job: Value, pods: &[Value]) -> ApiResult<(Value, Value)> {
    let tracked: Vec<&Value> = pods
        .iter()
        .filter(|p| matches!(text(&p["status"], "phase"), "Succeeded" | "Failed"))
        .filter(|p| super::objects::finalizers(p).any(|f| f == TRACKING))
        .collect();
    let uncounted = job["status"]["uncountedTerminatedPods"].clone();
    let waiting = list(&uncounted, "succeeded").len() + list(&uncounted, "failed").len();
    if tracked.is_empty() && waiting == 0 {
        return Ok((job.clone(), job));
    }
    let mut stored = job.clone();
    for (key, phase) in [("succeeded", "Succeeded"), ("failed", "Failed")] {
        let mut uids = list(&uncounted, key).to_vec();
        for pod in tracked.iter().filter(|p| text(&p["status"], "phase") == phase) {
            if !uids.contains(&json!(uid(pod))) {
                uids.push(json!(uid(pod)));
            }
        }
        if !uids.is_empty() {
            stored["status"]["uncountedTerminatedPods"][key] = json!(uids);
        }
    }
    let status = stored["status"].clone();
    engine.write_status("batch", "Job", &job, status).await?;
    let resource = engine.resource("", "Pod")?;
    for pod in &tracked {
        let change = |live: &mut Value| remove_finalizer(live, TRACKING);
        engine.controllers.modify(&resource, "", namespace(pod), name(pod), change).await?;
    }
    let mut counted = stored.clone();
    for key in ["succeeded", "failed"] {
        let more = list(&stored["status"]["uncountedTerminatedPods"], key).len();
        let before = usize::try_from(int(&stored["status"], key)).unwrap_or(0);
        if more > 0 {
            counted["status"][key] = json!(before + more);
        }
    }
    counted["status"]["uncountedTerminatedPods"] = json!({});
    Ok((stored, counted))
}

fn is_over(job: &Value) -> bool {
    ["Complete", "Failed"].iter().any(|kind| condition_is(&job["status"], kind, "True"))
}

fn is_indexed(job: &Value) -> bool {
    text(&job["spec"], "completionMode") == "Indexed"
}

fn tally(job: &Value, pods: &[Value]) -> Tally {
    let phase = |p: &Value, wanted: &str| text(&p["status"], "phase") == wanted;
    let ended = |p: &&Value| phase(p, "Succeeded") || phase(p, "Failed");
    let counted = |key: &str| usize::try_from(int(&job["status"], key)).unwrap_or(0);
    let mut indices: Vec<i64> = pods
        .iter()
        .filter(|p| phase(p, "Succeeded"))
        .filter_map(|p| annotation(p, INDEX).parse().ok())
        .chain(parse_indices(text(&job["status"], "completedIndexes")))
        .collect();
    indices.sort_unstable();
    indices.dedup();
    let failures = pods.iter().filter(|p| phase(p, "Failed")).filter_map(|p| {
        let ends = list(&p["status"], "containerStatuses")
            .iter()
            .filter_map(|c| time(&c["state"]["terminated"]["finishedAt"]));
        ends.max()
    });
    Tally {
        active: pods.iter().filter(|p| !is_deleting(p) && !ended(p)).count(),
        ready: pods.iter().filter(|p| !is_deleting(p) && is_ready(p)).count(),
        terminating: pods.iter().filter(|p| is_deleting(p) && !ended(p)).count(),
        succeeded: if is_indexed(job) { indices.len() } else { counted("succeeded") },
        failed: counted("failed"),
        indices,
        last_failure: failures.max(),
    }
}

fn parse_indices(text: &str) -> Vec<i64> {
    let mut all = Vec::new();
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(from), Ok(to)) = (from.parse::<i64>(), to.parse::<i64>()) {
            all.extend((from..=to).take(100_000));
        }
    }
    all
}

fn show_indices(indices: &[i64]) -> String {
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for &index in indices {
        match parts.last_mut() {
            Some((_, to)) if *to + 1 == index => *to = index,
            _ => parts.push((index, index)),
        }
    }
    let texts = parts.iter().map(|(from, to)| match to - from {
        0 => from.to_string(),
        1 => format!("{from},{to}"),
        _ => format!("{from}-{to}"),
    });
    texts.collect::<Vec<_>>().join(",")
}

fn outcome(job: &Value, tally: &Tally, now: Timestamp) -> Option<Outcome> {
    let spec = &job["spec"];
    let failed =
        |reason, message: &str| Some(Outcome { kind: "Failed", reason, message: message.to_owned() });
    if let Some(target) = super::objects::condition(&job["status"], "FailureTarget") {
        let reason = if text(target, "reason") == "DeadlineExceeded" {
            "DeadlineExceeded"
        } else {
            "BackoffLimitExceeded"
        };
        return failed(reason, text(target, "message"));
    }
    if tally.failed > usize::try_from(spec["backoffLimit"].as_i64().unwrap_or(6)).unwrap_or(usize::MAX) {
        return failed("BackoffLimitExceeded", "Job has reached the specified backoff limit");
    }
    if deadline_left(job, now).is_some_and(|left| left <= 0) && spec["suspend"] != true {
        return failed("DeadlineExceeded", "Job was active longer than specified deadline");
    }
    let complete = match spec["completions"].as_i64() {
        Some(wanted) => usize::try_from(wanted).is_ok_and(|wanted| tally.succeeded >= wanted),
        None => tally.succeeded > 0 && tally.active == 0,
    };
    complete.then(|| Outcome {
        kind: "Complete",
        reason: "CompletionsReached",
        message: "Reached expected number of succeeded pods".to_owned(),
    })
}

fn deadline_left(job: &Value, now: Timestamp) -> Option<i64> {
    let seconds = job["spec"]["activeDeadlineSeconds"].as_i64()?;
    let started = time(&job["status"]["startTime"])?;
    Some(seconds - (now.as_second() - started.as_second()))
}

async fn delete_active(engine: &mut Engine, job: &Value, pods: &[Value]) -> ApiResult<()> {
    for pod in pods.iter().filter(|p| super::objects::is_active(p)) {
        engine.delete_pod(COMPONENT, "batch/v1", "Job", job, pod).await?;
    }
    Ok(())
}

/// Starts or stops Pods.
async fn manage(
    engine: &mut Engine,
    key: &Key,
    job: &Value,
    pods: &[Value],
    tally: &Tally,
    now: Timestamp,
) -> ApiResult<()> {
    let parallelism = usize::try_from(job["spec"]["parallelism"].as_i64().unwrap_or(1)).unwrap_or(1);
    let remaining = match job["spec"]["completions"].as_i64() {
        Some(wanted) => usize::try_from(wanted).unwrap_or(0).saturating_sub(tally.succeeded),
        None if tally.succeeded > 0 => tally.active,
        None => parallelism,
    };
    let wanted = parallelism.min(remaining);
    if tally.active > wanted {
        let active: Vec<&Value> = pods.iter().filter(|p| super::objects::is_active(p)).collect();
        for pod in super::replicasets::victims(&active, tally.active - wanted) {
            engine.delete_pod(COMPONENT, "batch/v1", "Job", job, pod).await?;
        }
        return Ok(());
    }
    if let Some(at) = tally.last_failure {
        let doubled = BACKOFF_SECONDS << tally.failed.saturating_sub(1).min(20);
        let pause = doubled.min(MAX_BACKOFF_SECONDS) - (now.as_second() - at.as_second());
        if pause > 0 && tally.failed > 0 {
            engine.later(key.clone(), SignedDuration::from_secs(pause));
            return Ok(());
        }
    }
    let taken: Vec<i64> = pods
        .iter()
        .filter(|p| text(&p["status"], "phase") != "Failed")
        .filter_map(|p| annotation(p, INDEX).parse().ok())
        .chain(tally.indices.iter().copied())
        .collect();
    let mut free = (0..job["spec"]["completions"].as_i64().unwrap_or(0)).filter(|i| !taken.contains(i));
    for _ in tally.active..wanted {
        let index = if is_indexed(job) { free.next() } else { None };
        let pod = build(job, index);
        engine.create_pod(COMPONENT, "batch/v1", "Job", job, pod).await?;
    }
    Ok(())
}

fn build(job: &Value, index: Option<i64>) -> Value {
    let reference = controller_reference("batch/v1", "Job", job);
    let prefix = format!("{}-", name(job));
    let mut pod = template::pod(&job["spec"]["template"], Some(&prefix), reference);
    for (key, value) in [
        ("batch.kubernetes.io/controller-uid", uid(job)),
        ("batch.kubernetes.io/job-name", name(job)),
        ("controller-uid", uid(job)),
        ("job-name", name(job)),
    ] {
        template::set_label(&mut pod, key, value);
    }
    let finalizers = pod["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    pod["metadata"]["finalizers"] = finalizers.into_iter().chain([json!(TRACKING)]).collect();
    if let Some(index) = index {
        template::set_annotation(&mut pod, INDEX, &index.to_string());
        template::set_label(&mut pod, INDEX, &index.to_string());
        let suffix: String = (0..5)
            .map(|_| char::from(b"bcdfghjklmnpqrstvwxz2456789"[rand::rng().random_range(0..27)]))
            .collect();
        if let Some(meta) = pod["metadata"].as_object_mut() {
            meta.remove("generateName");
        }
        pod["metadata"]["name"] = json!(format!("{}-{index}-{suffix}", name(job)));
        pod["spec"]["hostname"] = json!(format!("{}-{index}", name(job)));
        for list in ["containers", "initContainers"] {
            for container in pod["spec"][list].as_array_mut().into_iter().flatten() {
                if !container["env"].is_array() {
                    container["env"] = json!([]);
                }
                let source = json!({"name": "JOB_COMPLETION_INDEX",
                    "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": format!("metadata.labels['{INDEX}']")}}});
                if let Some(env) = container["env"].as_array_mut() {
                    env.push(source);
                }
            }
        }
    }
    pod
}

fn status(
    job: &Value,
    tally: &Tally,
    outcome: Option<&Outcome>,
    terminating_last: bool,
    suspended: bool,
    now: Timestamp,
) -> Value {
    let stamp = stamp(now);
    let old = &job["status"];
    let mut status = Map::new();
    count(&mut status, "active", tally.active);
    count(&mut status, "succeeded", tally.succeeded);
    count(&mut status, "failed", tally.failed);
    status.insert("ready".into(), json!(tally.ready));
    status.insert("terminating".into(), json!(tally.terminating));
    status.insert("uncountedTerminatedPods".into(), json!({}));
    if !tally.indices.is_empty() {
        status.insert("completedIndexes".into(), json!(show_indices(&tally.indices)));
    }
    if !suspended {
        let started = old.get("startTime").cloned().unwrap_or_else(|| json!(stamp));
        status.insert("startTime".into(), started);
    }
    let mut conditions = old["conditions"].as_array().cloned().unwrap_or_default();
    let mut add = |kind: &str, state: &str, reason: &str, message: &str| {
        let same = conditions.iter().any(|c| text(c, "type") == kind && text(c, "status") == state);
        if !same {
            conditions.retain(|c| text(c, "type") != kind);
            conditions.push(json!({"type": kind, "status": state, "reason": reason, "message": message,
                "lastProbeTime": stamp, "lastTransitionTime": stamp}));
        }
    };
    match outcome {
        Some(outcome) => {
            let first = if outcome.kind == "Complete" { "SuccessCriteriaMet" } else { "FailureTarget" };
            add(first, "True", outcome.reason, &outcome.message);
            if !terminating_last {
                add(outcome.kind, "True", outcome.reason, &outcome.message);
                if outcome.kind == "Complete" {
                    status.insert("completionTime".into(), json!(stamp));
                }
            }
        }
        None if suspended => add("Suspended", "True", "JobSuspended", "Job suspended"),
        None if condition_is(old, "Suspended", "True") => {
            add("Suspended", "False", "JobResumed", "Job resumed");
        }
        None => {}
    }
    if !conditions.is_empty() {
        status.insert("conditions".into(), json!(conditions));
    }
    Value::Object(status)
}

/// Lets the Pods of a Job that is over go.
async fn release_all(engine: &mut Engine, job: &Value) -> ApiResult<()> {
    let resource = engine.resource("", "Pod")?;
    for pod in engine.claim_pods("batch/v1", "Job", job).await? {
        if super::objects::finalizers(&pod).any(|f| f == TRACKING) {
            let change = |live: &mut Value| remove_finalizer(live, TRACKING);
            engine.controllers.modify(&resource, "", namespace(&pod), name(&pod), change).await?;
        }
    }
    Ok(())
}

/// Deletes a Job that is over after its time to live.
async fn expire(engine: &mut Engine, key: &Key, job: &Value) -> ApiResult<()> {
    let Some(ttl) = job["spec"]["ttlSecondsAfterFinished"].as_i64() else { return Ok(()) };
    let ends = list(&job["status"], "conditions")
        .iter()
        .filter(|c| matches!(text(c, "type"), "Complete" | "Failed"));
    let Some(ended) = ends.filter_map(|c| time(&c["lastTransitionTime"])).max() else { return Ok(()) };
    let left = ttl - (Timestamp::now().as_second() - ended.as_second());
    if left > 0 {
        engine.later(key.clone(), SignedDuration::from_secs(left));
        return Ok(());
    }
    let resource = engine.resource("batch", "Job")?;
    let options = crate::client::DeleteOptions {
        uid: Some(uid(job).to_owned()),
        propagation: Some("Foreground".to_owned()),
        ..crate::client::DeleteOptions::default()
    };
    super::engine::gone_is_fine(
        engine.controllers.delete(&resource, namespace(job), name(job), &options).await,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(succeeded: usize, failed: usize) -> Value {
        json!({"metadata": {"name": "j", "uid": "u"}, "spec": {"completions": 2, "parallelism": 2, "backoffLimit": 1,
            "template": {"metadata": {}, "spec": {"containers": []}}}, "status": {"succeeded": succeeded, "failed": failed}})
    }

    #[test]
    fn a_job_ends_when_enough_pods_did() {
        let now = Timestamp::now();
        let running = json!({"metadata": {"name": "p"}, "status": {"phase": "Running"}});
        let tally_of = |job: &Value| tally(job, std::slice::from_ref(&running));
        assert!(outcome(&job(1, 0), &tally_of(&job(1, 0)), now).is_none());
        let done = tally_of(&job(2, 0));
        let outcome_of = outcome(&job(2, 0), &done, now).unwrap();
        assert_eq!(outcome_of.kind, "Complete");
        let status = status(&job(2, 0), &done, Some(&outcome_of), false, false, now);
        assert_eq!(status["succeeded"], 2);
        assert!(condition_is(&status, "Complete", "True"));
        let failed = outcome(&job(0, 2), &tally_of(&job(0, 2)), now).unwrap();
        assert_eq!(failed.reason, "BackoffLimitExceeded");
    }

    #[test]
    fn indices_are_written_as_ranges() {
        assert_eq!(show_indices(&[0, 1, 2, 5, 7, 8]), "0-2,5,7,8");
        assert_eq!(parse_indices("0-2,5"), [0, 1, 2, 5]);
    }
}
