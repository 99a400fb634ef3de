//! `CronJobs`: Jobs at times.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::cron::Schedule;
use super::engine::{Engine, Key};
use super::events::Event;
use super::objects::{
    condition_is, controller_reference, is_controlled_by, is_deleting, list, name, namespace, stamp, text,
    time, uid,
};
use super::template;
use crate::status::ApiResult;

const COMPONENT: &str = "cronjob-controller";
/// Missed times beyond which only the last one counts.
const MAX_MISSED: usize = 100;

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(cron) = engine.get("batch/cronjobs", &key.namespace, &key.name) else { return Ok(()) };
    if is_deleting(&cron) {
        return Ok(());
    }
    let jobs: Vec<Value> = engine
        .list("batch/jobs", &key.namespace)
        .iter()
        .map(|j| j.value())
        .filter(|j| is_controlled_by(j, uid(&cron)))
        .collect();
    let mut status = status(&cron, &jobs);
    prune(engine, &cron, &jobs).await?;
    let spec = &cron["spec"];
    if spec["suspend"] == true {
        return engine.write_status("batch", "CronJob", &cron, status).await;
    }
    let zone = match text(spec, "timeZone") {
        "" => TimeZone::UTC,
        zone => TimeZone::get(zone).unwrap_or(TimeZone::UTC),
    };
    let Some(schedule) = Schedule::parse(text(spec, "schedule")) else {
        let message = format!("unparseable schedule: {}", text(spec, "schedule"));
        let event =
            Event { component: COMPONENT, normal: false, reason: "UnparseableSchedule", message: &message };
        engine.event("batch/v1", "CronJob", &cron, event).await;
        return engine.write_status("batch", "CronJob", &cron, status).await;
    };
    let now = Timestamp::now();
    if let Some(due) = missed(&cron, &schedule, &zone, now) {
        start(engine, &cron, &jobs, due, &mut status).await?;
    }
    engine.write_status("batch", "CronJob", &cron, status).await?;
    if let Some(next) = schedule.next(now, &zone) {
        engine.later(key.clone(), next.duration_since(now) + SignedDuration::from_millis(10));
    }
    Ok(())
}

fn is_over(job: &Value) -> bool {
    ["Complete", "Failed"].iter().any(|kind| condition_is(&job["status"], kind, "True"))
}

/// The last time that has come since the Job was last started.
fn missed(cron: &Value, schedule: &Schedule, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let created = time(&cron["metadata"]["creationTimestamp"]);
    let mut at = time(&cron["status"]["lastScheduleTime"]).or(created)?;
    if let Some(seconds) = cron["spec"]["startingDeadlineSeconds"].as_i64() {
        at = at.max(now.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(at));
    }
    let mut due = None;
    for _ in 0..MAX_MISSED {
        at = schedule.next(at, zone).filter(|next| *next <= now)?;
        due = Some(at);
        if schedule.next(at, zone).is_none_or(|next| next > now) {
            return due;
        }
    }
    // Too many to go through: the last minute that fits is near enough.
    due.and(schedule.next(now.checked_sub(SignedDuration::from_mins(2)).unwrap_or(now), zone))
        .filter(|at| *at <= now)
}

async fn start(
    engine: &mut Engine,
    cron: &Value,
    jobs: &[Value],
    due: Timestamp,
    status: &mut Value,
) -> ApiResult<()> {
    let running: Vec<&Value> = jobs.iter().filter(|j| !is_over(j) && !is_deleting(j)).collect();
    match text(&cron["spec"], "concurrencyPolicy") {
        "Forbid" if !running.is_empty() => {
            let message =
                "Not starting job because prior execution is running and concurrency policy is Forbid";
            let event = Event { component: COMPONENT, normal: true, reason: "JobAlreadyActive", message };
            engine.event("batch/v1", "CronJob", cron, event).await;
            return Ok(());
        }
        "Replace" => {
            for job in running {
                engine.delete("batch", "Job", job).await?;
            }
        }
        _ => {}
    }
    let job_name = format!("{}-{}", name(cron), due.as_second() / 60);
    let mut job = json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": job_name, "namespace": namespace(cron), "ownerReferences": [controller_reference("batch/v1", "CronJob", cron)]},
        "spec": cron["spec"]["jobTemplate"]["spec"],
    });
    for key in ["labels", "annotations"] {
        if let Some(value) = cron["spec"]["jobTemplate"]["metadata"].get(key) {
            job["metadata"][key] = value.clone();
        }
    }
    template::set_annotation(&mut job, "batch.kubernetes.io/cronjob-scheduled-timestamp", &stamp(due));
    let resource = engine.resource("batch", "Job")?;
    match engine.controllers.create(&resource, namespace(cron), job).await {
        Ok(job) => {
            let message = format!("Created job {job_name}");
            let event =
                Event { component: COMPONENT, normal: true, reason: "SuccessfulCreate", message: &message };
            engine.event("batch/v1", "CronJob", cron, event).await;
            if let Some(active) = status["active"].as_array_mut() {
                active.push(reference(&job));
            } else {
                status["active"] = json!([reference(&job)]);
            }
        }
        Err(error) if error.is_already_exists() => {}
        Err(error) => return Err(error),
    }
    status["lastScheduleTime"] = json!(stamp(due));
    Ok(())
}

fn reference(job: &Value) -> Value {
    json!({"apiVersion": "batch/v1", "kind": "Job", "name": name(job), "namespace": namespace(job), "uid": uid(job),
        "resourceVersion": job["metadata"]["resourceVersion"]})
}

fn status(cron: &Value, jobs: &[Value]) -> Value {
    let mut status = cron["status"].clone();
    if !status.is_object() {
        status = json!({});
    }
    let known = list(&cron["status"], "active");
    let active: Vec<Value> = jobs
        .iter()
        .filter(|j| !is_over(j))
        .map(|j| known.iter().find(|k| text(k, "uid") == uid(j)).cloned().unwrap_or_else(|| reference(j)))
        .collect();
    if active.is_empty() {
        status.as_object_mut().map(|map| map.remove("active"));
    } else {
        status["active"] = json!(active);
    }
    let succeeded = jobs.iter().filter_map(|j| j["status"]["completionTime"].as_str()).max();
    if let Some(last) = succeeded {
        status["lastSuccessfulTime"] = json!(last);
    }
    status
}

/// Deletes Jobs beyond the history that is kept.
async fn prune(engine: &mut Engine, cron: &Value, jobs: &[Value]) -> ApiResult<()> {
    for (kind, key, default) in
        [("Complete", "successfulJobsHistoryLimit", 3), ("Failed", "failedJobsHistoryLimit", 1)]
    {
        let keep = usize::try_from(cron["spec"][key].as_i64().unwrap_or(default)).unwrap_or(0);
        let mut over: Vec<&Value> =
            jobs.iter().filter(|j| condition_is(&j["status"], kind, "True") && !is_deleting(j)).collect();
        over.sort_by_key(|j| text(&j["metadata"], "creationTimestamp").to_owned());
        let surplus = over.len().saturating_sub(keep);
        for job in over.into_iter().take(surplus) {
            engine.delete("batch", "Job", job).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_has_come_is_found_once() {
        let schedule = Schedule::parse("*/5 * * * *").unwrap();
        let at = |t: &str| t.parse::<Timestamp>().unwrap();
        let cron =
            json!({"metadata": {"creationTimestamp": "2026-01-01T00:01:00Z"}, "spec": {}, "status": {}});
        assert_eq!(missed(&cron, &schedule, &TimeZone::UTC, at("2026-01-01T00:04:00Z")), None);
        assert_eq!(
            missed(&cron, &schedule, &TimeZone::UTC, at("2026-01-01T00:11:00Z")),
            Some(at("2026-01-01T00:10:00Z"))
        );
        let cron = json!({"metadata": {"creationTimestamp": "2026-01-01T00:01:00Z"}, "spec": {}, "status": {"lastScheduleTime": "2026-01-01T00:10:00Z"}});
        assert_eq!(missed(&cron, &schedule, &TimeZone::UTC, at("2026-01-01T00:11:00Z")), None);
    }
}
