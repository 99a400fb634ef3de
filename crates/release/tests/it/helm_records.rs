//! Records that the real Helm 4.2.3 wrote (`helm install`, `upgrade`, `rollback` of a chart with a hook and notes, on
//! Kubernetes 1.37.2; field `release` of its Secrets).

use std::io::Read;

use base64::{Engine, engine::general_purpose::STANDARD};
use pilothouse_release::{Record, Status, record::HookPhase};
use serde_json::Value;

const INSTALLED: &str = include_str!("../fixtures/helm-4.2.3-fixture.v1.b64");
const ROLLED_BACK: &str = include_str!("../fixtures/helm-4.2.3-fixture.v3.b64");

fn json(packed: &[u8]) -> Value {
    let bytes = STANDARD.decode(packed).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn nothing_of_helms_record_is_lost_or_changed() {
    for packed in [INSTALLED, ROLLED_BACK] {
        let record = Record::unpack(packed.as_bytes()).unwrap();
        assert_eq!(json(&record.pack().unwrap()), json(packed.as_bytes()));
    }
}

#[test]
fn a_record_of_helm_reads_as_it_was_meant() {
    let record = Record::unpack(ROLLED_BACK.as_bytes()).unwrap();
    assert_eq!(record.full_name(), "fix/fixture.v3");
    assert_eq!(record.info.status, Status::Deployed);
    assert_eq!(record.info.description, "Rollback to 1");
    assert_eq!(
        (record.chart_name(), record.chart_version(), record.app_version()),
        ("fixture", "1.2.3", "4.5")
    );
    assert!(record.is_server_side());
    assert_eq!(record.hooks[0].hook.weight, -5);
    assert_eq!(record.hooks[0].last_run.phase, HookPhase::Succeeded);
    assert_eq!(record.config()["message"], "one & <two>");
    assert_eq!(Record::unpack(INSTALLED.as_bytes()).unwrap().info.status, Status::Superseded);
}
