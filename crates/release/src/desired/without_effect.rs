//! Fields that a HelmRelease may set and that change nothing here: whoever sets one has to be told.

use pilothouse_resources::{HelmReleaseSpec, ServerSideApply, WaitStrategyName};

/// The fields of a spec that ask for something which is not done, each with what is done instead.
pub fn without_effect(spec: &HelmReleaseSpec) -> Vec<&'static str> {
    let install = spec.install.as_ref();
    let upgrade = spec.upgrade.as_ref();
    let rollback = spec.rollback.as_ref();
    let legacy = spec.wait_strategy.as_ref().is_some_and(|wait| wait.name == WaitStrategyName::Legacy);
    let disabled = Some(ServerSideApply::Disabled);
    let fields = [
        (
            install.is_some_and(|install| install.skip_crds == Some(true)),
            "install.skipCRDs (deprecated; use install.crds: Skip)",
        ),
        (
            install.is_some_and(|install| install.server_side_apply == Some(false)),
            "install.serverSideApply: false (everything is applied on the server)",
        ),
        (
            upgrade.is_some_and(|upgrade| upgrade.server_side_apply == disabled),
            "upgrade.serverSideApply: disabled (everything is applied on the server)",
        ),
        (
            upgrade.is_some_and(|upgrade| upgrade.force == Some(true)),
            "upgrade.force (nothing is replaced under server-side apply)",
        ),
        (
            rollback.is_some_and(|rollback| rollback.server_side_apply == disabled),
            "rollback.serverSideApply: disabled (everything is applied on the server)",
        ),
        (
            rollback.is_some_and(|rollback| rollback.force == Some(true)),
            "rollback.force (nothing is replaced under server-side apply)",
        ),
        (
            rollback.is_some_and(|rollback| rollback.recreate == Some(true)),
            "rollback.recreate (Helm no longer restarts Pods)",
        ),
        (legacy, "waitStrategy.name: legacy (readiness is judged as poller does)"),
    ];
    fields.into_iter().filter_map(|(is_set, text)| is_set.then_some(text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(fields: serde_json::Value) -> HelmReleaseSpec {
        let mut spec = serde_json::json!({
            "interval": "10m",
            "chartRef": {"kind": "HelmChart", "name": "app"},
        });
        if let (Some(spec), serde_json::Value::Object(fields)) = (spec.as_object_mut(), fields) {
            spec.extend(fields);
        }
        serde_json::from_value(spec).unwrap()
    }

    #[test]
    fn each_field_without_effect_is_named_by_its_path() {
        let all = spec(serde_json::json!({
            "install": {"skipCRDs": true, "serverSideApply": false},
            "upgrade": {"serverSideApply": "disabled", "force": true},
            "rollback": {"serverSideApply": "disabled", "force": true, "recreate": true},
            "waitStrategy": {"name": "legacy"},
        }));
        let named: Vec<&str> =
            without_effect(&all).into_iter().filter_map(|text| text.split([' ', ':']).next()).collect();
        let expected = [
            "install.skipCRDs",
            "install.serverSideApply",
            "upgrade.serverSideApply",
            "upgrade.force",
            "rollback.serverSideApply",
            "rollback.force",
            "rollback.recreate",
            "waitStrategy.name",
        ];
        assert_eq!(named, expected);
    }

    #[test]
    fn what_is_done_anyway_is_not_named() {
        let same = spec(serde_json::json!({
            "install": {"skipCRDs": false, "serverSideApply": true},
            "upgrade": {"serverSideApply": "auto", "force": false},
            "rollback": {"serverSideApply": "enabled"},
            "waitStrategy": {"name": "poller"},
        }));
        assert_eq!(without_effect(&same), Vec::<&str>::new());
    }
}
