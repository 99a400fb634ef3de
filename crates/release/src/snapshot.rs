//! What a HelmRelease's status remembers of a revision.

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use pilothouse_chart::HookEvent;
use pilothouse_resources::{Snapshot, TestHookStatus};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{
    decide::has_failed_test,
    desired::{EMPTY_DIGEST, values_digest},
    record::{HookPhase, Info, Record, RecordHook, Status},
};

/// API version of our snapshots. Flux verifies digests of its own version (`v2`) only, over Go's JSON; so a release
/// that goes back to Flux is not upgraded for nothing.
pub const API_VERSION: &str = "pilothouse.dev/v1";
/// Most snapshots that are kept when no good revision is among them.
const MAX_WITHOUT_GOOD: usize = 5;

#[derive(Serialize)]
struct Digested<'a> {
    name: &'a str,
    version: u32,
    info: &'a Info,
    chart: Option<&'a Value>,
    config: &'a Option<serde_json::Map<String, Value>>,
    manifest: &'a str,
    hooks: Vec<&'a RecordHook>,
    namespace: &'a str,
}

/// Digest of a record without its test hooks, which may be run by hand.
pub fn digest(record: &Record) -> String {
    let digested = Digested {
        name: &record.name,
        version: record.version,
        info: &record.info,
        chart: record.chart.get("metadata"),
        config: &record.config,
        manifest: &record.manifest,
        hooks: record.hooks.iter().filter(|hook| !hook.runs_on(HookEvent::Test)).collect(),
        namespace: &record.namespace,
    };
    let json = serde_json::to_vec(&digested).unwrap_or_default();
    format!("sha256:{}", hex::encode(Sha256::digest(json)))
}

/// The snapshot of a revision that `action` made.
pub fn snapshot(record: &Record, action: &str, oci_digest: Option<String>) -> Snapshot {
    let time = |at: Option<Timestamp>| Time(at.and_then(whole_seconds).unwrap_or(Timestamp::UNIX_EPOCH));
    let config = Value::Object(record.config());
    Snapshot {
        api_version: Some(API_VERSION.to_owned()),
        digest: digest(record),
        name: record.name.clone(),
        namespace: record.namespace.clone(),
        version: i64::from(record.version),
        status: record.info.status.as_str().to_owned(),
        action: Some(action.to_owned()),
        chart_name: record.chart_name().to_owned(),
        chart_version: record.chart_version().to_owned(),
        app_version: Some(record.app_version().to_owned()).filter(|version| !version.is_empty()),
        config_digest: values_digest(&config).unwrap_or_else(|_| EMPTY_DIGEST.to_owned()),
        first_deployed: time(record.info.first_deployed),
        last_deployed: time(record.info.last_deployed),
        deleted: record.info.deleted.and_then(whole_seconds).map(Time),
        test_hooks: None,
        oci_digest,
    }
}

fn whole_seconds(at: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second(at.as_second()).ok()
}

/// Whether a snapshot describes a record. Snapshots of other API versions are compared without their digest.
pub fn describes(snapshot: &Snapshot, record: &Record) -> bool {
    snapshot.name == record.name
        && snapshot.namespace == record.namespace
        && snapshot.version == i64::from(record.version)
        && snapshot.status == record.info.status.as_str()
        && (snapshot.api_version.as_deref() != Some(API_VERSION) || snapshot.digest == digest(record))
}

/// What the tests of a record came to; empty if it has none.
pub fn test_hooks(record: &Record) -> BTreeMap<String, TestHookStatus> {
    let tests = record.hooks.iter().filter(|hook| hook.runs_on(HookEvent::Test));
    let status = |hook: &RecordHook| {
        let run = &hook.last_run;
        let time = |at: Option<Timestamp>| at.and_then(whole_seconds).map(Time);
        let status = TestHookStatus {
            last_started: time(run.started_at),
            last_completed: time(run.completed_at),
            phase: Some(run.phase.as_str().to_owned()).filter(|_| run.phase != HookPhase::None),
        };
        (hook.hook.name.clone(), status)
    };
    tests.map(status).collect()
}

/// Drops what is older than the last good revision before the newest one; without one, all but five.
pub fn truncate(history: &mut Vec<Snapshot>, ignore_test_failures: bool) {
    let good = |snapshot: &Snapshot| {
        let deployed = matches!(Status::parse(&snapshot.status), Status::Deployed | Status::Superseded);
        deployed && (ignore_test_failures || !has_failed_test(snapshot))
    };
    let kept = history.iter().skip(1).position(good).map_or(MAX_WITHOUT_GOOD, |at| at + 2);
    history.truncate(kept);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn record() -> Record {
        serde_json::from_value(json!({
            "name": "web", "namespace": "ns", "version": 2, "manifest": "m",
            "info": {"status": "deployed", "last_deployed": "2026-11-23T13:26:38.9Z"},
            "chart": {"metadata": {"name": "app", "version": "1.0.0", "appVersion": "7"}},
            "config": {"message": "one"},
            "hooks": [{"name": "t", "events": ["test"], "last_run": {"phase": "Failed"}}, {"name": "h", "events": ["pre-install"]}],
        }))
        .unwrap()
    }

    #[test]
    fn a_snapshot_describes_its_record_until_somebody_changes_it() {
        let mut record = record();
        let snapshot = snapshot(&record, "upgrade", None);
        assert_eq!(
            snapshot.config_digest,
            "sha256:c3a70400d9465960aa58d6436c38fbd85353c68020ce39a4efaf8ad9467137ff"
        );
        assert_eq!(snapshot.last_deployed.0.to_string(), "2026-11-23T13:26:38Z");
        assert!(describes(&snapshot, &record));
        record.hooks[0].last_run.phase = HookPhase::Succeeded;
        assert!(describes(&snapshot, &record), "a test by hand is no change");
        record.manifest = "other".into();
        assert!(!describes(&snapshot, &record));
        let of_flux = Snapshot { api_version: Some("v2".into()), ..snapshot };
        assert!(describes(&of_flux, &record), "Flux's digests cannot be recomputed");
    }

    #[test]
    fn history_goes_back_to_the_last_good_revision() {
        let check = |states: &[&str], kept: usize| {
            let mut history: Vec<Snapshot> = states
                .iter()
                .map(|status| Snapshot {
                    status: (*status).to_owned(),
                    ..snapshot(&record(), "upgrade", None)
                })
                .collect();
            truncate(&mut history, false);
            assert_eq!(history.len(), kept, "{states:?}");
        };
        check(&["deployed", "superseded", "superseded"], 2);
        check(&["failed", "deployed", "failed", "superseded"], 2);
        check(&["deployed", "failed", "failed", "superseded", "superseded"], 4);
        check(&["failed"; 7], 5);
        check(&["deployed"], 1);
    }

    #[test]
    fn tests_are_told_by_name() {
        let hooks = test_hooks(&record());
        assert_eq!(hooks["t"].phase.as_deref(), Some("Failed"));
        assert_eq!(hooks.len(), 1);
    }
}
