//! States × decisions, as one table: a change of policy is one readable difference.

use std::fmt::Write;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use pilothouse_resources::{HelmReleaseSpec, TestHookStatus};
use serde_json::json;

use super::*;
use crate::{
    desired::{EMPTY_DIGEST, Policy},
    drift::{Change as DriftChange, Difference},
    object::ObjectId,
    storage::{Marker, Progress, Revision},
};

const NOW: i64 = 1_000_000;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn spec(json: serde_json::Value) -> HelmReleaseSpec {
    let mut full = json!({"interval": "10m"});
    full.as_object_mut().unwrap().extend(json.as_object().unwrap().clone());
    serde_json::from_value(full).unwrap()
}

fn desired(spec: &HelmReleaseSpec) -> Desired {
    Desired {
        intent: Intent::Present,
        target: Target { name: "web".into(), namespace: "ns".into(), storage_namespace: "ns".into() },
        chart_name: "app".into(),
        chart_version: "1.0.0".into(),
        config_digest: EMPTY_DIGEST.into(),
        post_renderers_digest: None,
        common_metadata_digest: None,
        generation: 1,
        force: false,
        policy: Policy::of(spec),
    }
}

fn snapshot(version: i64, status: &str) -> Snapshot {
    Snapshot {
        api_version: None,
        digest: String::new(),
        name: "web".into(),
        namespace: "ns".into(),
        version,
        status: status.into(),
        action: None,
        chart_name: "app".into(),
        chart_version: "1.0.0".into(),
        app_version: None,
        config_digest: EMPTY_DIGEST.into(),
        first_deployed: Time(at(NOW - 100)),
        last_deployed: Time(at(NOW - 10)),
        deleted: None,
        test_hooks: None,
        oci_digest: None,
    }
}

fn revision(version: u32, status: Status) -> Revision {
    Revision {
        name: "web".into(),
        version,
        status,
        resource_version: "1".into(),
        marker: None,
        created: Some(at(NOW - 600)),
    }
}

fn ours(mut revision: Revision, progress: Option<Progress>) -> Revision {
    revision.marker = Some(Marker { uid: "uid".into(), progress });
    revision
}

/// One line of the table.
struct Case {
    name: &'static str,
    desired: Desired,
    status: HelmReleaseStatus,
    revisions: Vec<Revision>,
    verified: bool,
    drift: Option<Vec<Difference>>,
}

impl Case {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            desired: desired(&spec(json!({}))),
            status: HelmReleaseStatus {
                storage_namespace: Some("ns".into()),
                ..HelmReleaseStatus::default()
            },
            revisions: Vec::new(),
            verified: true,
            drift: None,
        }
    }

    fn spec(mut self, json: serde_json::Value) -> Self {
        self.desired = desired(&spec(json));
        self
    }

    fn history(mut self, snapshots: &[(i64, &str)]) -> Self {
        self.status.history = snapshots.iter().map(|(version, status)| snapshot(*version, status)).collect();
        self.revisions = snapshots
            .iter()
            .map(|(version, status)| revision(u32::try_from(*version).unwrap(), Status::parse(status)))
            .collect();
        self
    }

    fn failed(mut self, action: ReleaseAction, failures: i64) -> Self {
        self.status.last_attempted_release_action = Some(action);
        match action {
            ReleaseAction::Install => self.status.install_failures = Some(failures),
            ReleaseAction::Upgrade => self.status.upgrade_failures = Some(failures),
        }
        self
    }

    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    fn decide(&self) -> Decision {
        let drift = self.drift.as_deref().map_or(Drift::Unknown, Drift::Known);
        let observed = Observed {
            now: at(NOW),
            uid: "uid",
            status: &self.status,
            revisions: &self.revisions,
            verified: self.verified,
            drift,
        };
        decide(&self.desired, &observed)
    }
}

fn tested(phase: Option<&str>) -> Option<std::collections::BTreeMap<String, TestHookStatus>> {
    let hook = TestHookStatus { phase: phase.map(str::to_owned), ..TestHookStatus::default() };
    Some([("t".to_owned(), hook)].into())
}

fn difference() -> Vec<Difference> {
    let id =
        ObjectId { group: String::new(), kind: "ConfigMap".into(), namespace: "ns".into(), name: "c".into() };
    vec![Difference { id, change: DriftChange::Missing }]
}

#[expect(clippy::too_many_lines, reason = "it is one table")]
fn cases() -> Vec<Case> {
    use ReleaseAction::{Install, Upgrade};
    let retry = json!({"install": {"strategy": {"name": "RetryOnFailure", "retryInterval": "15s"}}});
    let rollback = json!({"upgrade": {"remediation": {"retries": 1}}});
    let absent = |case: Case| case.with(|case| case.desired.intent = Intent::Absent);
    vec![
        Case::new("nothing in storage"),
        Case::new("nothing in storage, install failed once, no retries").failed(Install, 1),
        Case::new("nothing in storage, install failed once, one retry")
            .spec(json!({"install": {"remediation": {"retries": 1}}}))
            .failed(Install, 1),
        Case::new("nothing in storage, install failed twice, one retry")
            .spec(json!({"install": {"remediation": {"retries": 1}}}))
            .failed(Install, 2),
        Case::new("nothing in storage, install failed, endless retries")
            .spec(json!({"install": {"remediation": {"retries": -1}}}))
            .failed(Install, 99),
        Case::new("nothing in storage, install failed, forced")
            .failed(Install, 1)
            .with(|case| case.desired.force = true),
        Case::new("pending install of ours").with(|case| {
            case.revisions = vec![ours(revision(1, Status::PendingInstall), Some(Progress::Objects))];
        }),
        Case::new("pending upgrade of somebody else, old")
            .history(&[(1, "deployed")])
            .with(|case| case.revisions.insert(0, revision(2, Status::PendingUpgrade))),
        Case::new("pending upgrade of somebody else, young").history(&[(1, "deployed")]).with(|case| {
            let young = Revision { created: Some(at(NOW - 5)), ..revision(2, Status::PendingUpgrade) };
            case.revisions.insert(0, young);
        }),
        Case::new("uninstalled by hand, history kept")
            .history(&[(1, "deployed")])
            .with(|case| case.revisions = vec![revision(1, Status::Uninstalled)]),
        Case::new("uninstall did not end").history(&[(1, "deployed")]).with(|case| {
            case.revisions = vec![ours(revision(1, Status::Uninstalling), Some(Progress::Before(0)))];
        }),
        Case::new("a release nobody here made").with(|case| {
            case.revisions = vec![revision(3, Status::Deployed)];
            case.verified = false;
        }),
        Case::new("rolled back by hand").history(&[(2, "deployed"), (1, "superseded")]).with(|case| {
            case.revisions.insert(0, revision(3, Status::Deployed));
            case.verified = false;
        }),
        Case::new("ours, deployed before a restart, not in the status").with(|case| {
            case.revisions = vec![ours(revision(1, Status::Deployed), None)];
            case.verified = false;
        }),
        Case::new("newest is superseded").history(&[(1, "superseded")]),
        Case::new("failed install, retry interval not over")
            .spec(retry.clone())
            .history(&[(1, "failed")])
            .failed(Install, 1),
        Case::new("failed install, retry interval over")
            .spec(retry)
            .history(&[(1, "failed")])
            .failed(Install, 1)
            .with(|case| case.status.history[0].last_deployed = Time(at(NOW - 60))),
        Case::new("failed install, no retries").history(&[(1, "failed")]).failed(Install, 1),
        Case::new("failed install, one retry")
            .spec(json!({"install": {"remediation": {"retries": 1}}}))
            .history(&[(1, "failed")])
            .failed(Install, 1),
        Case::new("failed install, last one remediated")
            .spec(json!({"install": {"remediation": {"retries": 1, "remediateLastFailure": true}}}))
            .history(&[(1, "failed")])
            .failed(Install, 2),
        Case::new("failed install, counters reset by a change").history(&[(1, "failed")]).failed(Install, 0),
        Case::new("failed, no action known").history(&[(1, "failed")]),
        Case::new("failed upgrade, no retries").history(&[(2, "failed"), (1, "deployed")]).failed(Upgrade, 1),
        Case::new("failed upgrade, forced")
            .history(&[(2, "failed"), (1, "deployed")])
            .failed(Upgrade, 1)
            .with(|case| case.desired.force = true),
        Case::new("failed upgrade, one retry")
            .spec(rollback.clone())
            .history(&[(2, "failed"), (1, "deployed")])
            .failed(Upgrade, 1),
        Case::new("failed upgrade, nothing to roll back to")
            .spec(rollback.clone())
            .history(&[(2, "failed"), (1, "failed")])
            .failed(Upgrade, 1),
        Case::new("failed upgrade, earlier revision failed its tests")
            .spec(rollback.clone())
            .history(&[(3, "failed"), (2, "superseded"), (1, "superseded")])
            .failed(Upgrade, 1)
            .with(|case| case.status.history[1].test_hooks = tested(Some("Failed"))),
        Case::new("failed upgrade, remediated by uninstall")
            .spec(json!({"upgrade": {"remediation": {"retries": 1, "strategy": "uninstall"}}}))
            .history(&[(2, "failed"), (1, "deployed")])
            .failed(Upgrade, 1),
        Case::new("rolled back, retries left")
            .spec(rollback.clone())
            .history(&[(3, "deployed"), (2, "failed")])
            .failed(Upgrade, 1)
            .with(|case| case.desired.chart_version = "2.0.0".into()),
        Case::new("rolled back, no retries left")
            .spec(rollback)
            .history(&[(3, "deployed"), (2, "failed")])
            .failed(Upgrade, 2)
            .with(|case| case.desired.chart_version = "2.0.0".into()),
        Case::new("in sync").history(&[(1, "deployed")]),
        Case::new("in sync, forced").history(&[(1, "deployed")]).with(|case| case.desired.force = true),
        Case::new("another chart version")
            .history(&[(1, "deployed")])
            .with(|case| case.desired.chart_version = "2.0.0".into()),
        Case::new("other values")
            .history(&[(1, "deployed")])
            .with(|case| case.desired.config_digest = "sha256:1".into()),
        Case::new("other post renderers").history(&[(1, "deployed")]).with(|case| {
            case.desired.post_renderers_digest = Some("sha256:1".into());
        }),
        Case::new("other post renderers, generation observed").history(&[(1, "deployed")]).with(|case| {
            case.desired.post_renderers_digest = Some("sha256:1".into());
            case.status.observed_generation = Some(1);
        }),
        Case::new("other common metadata").history(&[(1, "deployed")]).with(|case| {
            case.desired.common_metadata_digest = Some("sha256:1".into());
        }),
        Case::new("another chart name")
            .history(&[(1, "deployed")])
            .with(|case| case.desired.chart_name = "other".into()),
        Case::new("another chart name, in place")
            .spec(json!({"upgrade": {"chartNameChangeStrategy": "InPlaceUpdate"}}))
            .history(&[(1, "deployed")])
            .with(|case| case.desired.chart_name = "other".into()),
        Case::new("another release name").history(&[(1, "deployed")]).with(|case| {
            case.desired.target.name = "renamed".into();
            case.revisions.clear();
        }),
        Case::new("another storage namespace").history(&[(1, "deployed")]).with(|case| {
            case.status.storage_namespace = Some("old".into());
        }),
        Case::new("not tested").spec(json!({"test": {"enable": true}})).history(&[(1, "deployed")]),
        Case::new("tests succeeded")
            .spec(json!({"test": {"enable": true}}))
            .history(&[(1, "deployed")])
            .with(|case| case.status.history[0].test_hooks = tested(Some("Succeeded"))),
        Case::new("tests failed")
            .spec(json!({"test": {"enable": true}}))
            .history(&[(1, "deployed")])
            .failed(Install, 1)
            .with(|case| case.status.history[0].test_hooks = tested(Some("Failed"))),
        Case::new("tests failed, ignored")
            .spec(json!({"test": {"enable": true, "ignoreFailures": true}}))
            .history(&[(1, "deployed")])
            .failed(Install, 0)
            .with(|case| case.status.history[0].test_hooks = tested(Some("Failed"))),
        Case::new("drift not looked for")
            .spec(json!({"driftDetection": {"mode": "enabled"}}))
            .history(&[(1, "deployed")]),
        Case::new("drift found")
            .spec(json!({"driftDetection": {"mode": "enabled"}}))
            .history(&[(1, "deployed")])
            .with(|case| case.drift = Some(difference())),
        Case::new("drift found, only warned of")
            .spec(json!({"driftDetection": {"mode": "warn"}}))
            .history(&[(1, "deployed")])
            .with(|case| case.drift = Some(difference())),
        Case::new("no drift found")
            .spec(json!({"driftDetection": {"mode": "enabled"}}))
            .history(&[(1, "deployed")])
            .with(|case| case.drift = Some(Vec::new())),
        absent(Case::new("deleted, deployed").history(&[(1, "deployed")])),
        absent(Case::new("deleted, rolled back by hand").history(&[(1, "superseded")]).with(|case| {
            case.revisions.insert(0, revision(2, Status::Deployed));
            case.verified = false;
        })),
        absent(Case::new("deleted during the first install").with(|case| {
            case.revisions = vec![ours(revision(1, Status::PendingInstall), Some(Progress::Objects))];
        })),
        absent(Case::new("deleted, never installed")),
        absent(Case::new("deleted, release of somebody else").with(|case| {
            case.revisions = vec![revision(1, Status::Deployed)];
        })),
        absent(
            Case::new("deleted, uninstalled already")
                .history(&[(1, "uninstalling")])
                .with(|case| case.revisions.clear()),
        ),
        absent(
            Case::new("deleted, uninstalled with history kept")
                .spec(json!({"uninstall": {"keepHistory": true}}))
                .history(&[(1, "uninstalled")]),
        ),
    ]
}

#[test]
fn every_state_has_its_decision() {
    let mut table = String::new();
    for case in cases() {
        writeln!(table, "{:<55} {:?}", case.name, case.decide()).unwrap();
    }
    insta::assert_snapshot!(table);
}

#[test]
fn go_durations_are_read() {
    for (text, millis) in [("482.005407ms", 482), ("1m2.5s", 62_500), ("0s", 0), ("1h0m0s", 3_600_000)] {
        assert_eq!(go_duration(text).unwrap().as_millis(), millis, "{text}");
    }
    assert_eq!(go_duration("soon"), None);
}
