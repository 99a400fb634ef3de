//! Nodes, `RuntimeClasses` and CSI drivers.

use std::collections::BTreeSet;

use super::format;
use super::pod;
use super::report::{At, Report};

pub(super) fn node(r: &mut Report, at: &At<'_>) {
    let taints = at.at(&["spec", "taints"]).named("metadata.taints".to_owned());
    let mut seen = BTreeSet::new();
    for taint in taints.items() {
        let (key, value, effect) = (taint.get("key"), taint.get("value"), taint.get("effect"));
        r.all(&key, format::qualified_name(key.str()));
        r.all(&value, format::label_value(value.str()));
        if effect.is_empty() {
            r.required(&effect, "");
        } else {
            r.one_of_if_set(&effect, &["NoSchedule", "PreferNoSchedule", "NoExecute"]);
        }
        if !seen.insert((key.str().to_owned(), effect.str().to_owned())) {
            let shown = format!(
                "Duplicate value: {{\"Key\":{},\"Value\":{},\"Effect\":{},\"TimeAdded\":null}}: taints must be unique by key and effect pair",
                crate::status::go_quote(key.str()),
                crate::status::go_quote(value.str()),
                crate::status::go_quote(effect.str())
            );
            r.causes.push(crate::status::Cause::new("FieldValueDuplicate", taint.path.clone(), shown));
        }
    }
}

pub(super) fn runtime_class(r: &mut Report, at: &At<'_>) {
    let handler = at.get("handler");
    if handler.is_empty() {
        r.required(&handler, "");
    } else {
        r.dns_label(&handler);
    }
    pod::tolerations(r, &at.at(&["scheduling", "tolerations"]));
}

pub(super) fn csi_driver(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    r.one_of_if_set(&spec.get("fsGroupPolicy"), &["File", "None", "ReadWriteOnceWithFSType"]);
    let modes = spec.get("volumeLifecycleModes");
    for mode in modes.items() {
        r.one_of_if_set(&mode.named(modes.path.clone()), &["Persistent", "Ephemeral"]);
    }
}

pub(super) fn csi_driver_update(r: &mut Report, at: &At<'_>, old: &At<'_>) {
    let (attach, modes) = (["spec", "attachRequired"], ["spec", "volumeLifecycleModes"]);
    r.immutable(&at.at(&attach).named("spec.attachedRequired".to_owned()), &old.at(&attach));
    r.immutable(&at.at(&modes), &old.at(&modes));
}
