//! Claims and volumes: provisioning, binding, reclaiming; a claim annotated `pilothouse.test/volume: pending` is never
//! provisioned.

use std::cmp::Ordering;

use serde_json::{Value, json};

use super::engine::{Engine, Key};
use super::events::Event;
use super::namespaces::existing_is_fine;
use super::nodes::PROVISIONER;
use super::objects::{
    annotation, finalizers, is_deleting, labels, list, name, namespace, remove_finalizer, selects, text, uid,
};
use super::route::claims;
use super::template::set_annotation;
use crate::fields::quantity::Quantity;
use crate::status::ApiResult;

const CLAIM_PROTECTION: &str = "kubernetes.io/pvc-protection";
const VOLUME_PROTECTION: &str = "kubernetes.io/pv-protection";
const COMPONENT: &str = "persistentvolume-controller";

/// Brings a claim further: to a volume, or away.
pub(super) async fn claim(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(claim) = engine.get("persistentvolumeclaims", &key.namespace, &key.name) else { return Ok(()) };
    if is_deleting(&claim) {
        return release_claim(engine, &claim).await;
    }
    if text(&claim["status"], "phase") == "Bound" {
        return Ok(());
    }
    let volume_name = text(&claim["spec"], "volumeName");
    if !volume_name.is_empty() {
        let Some(volume) = engine.get("persistentvolumes", "", volume_name) else { return Ok(()) };
        return bind(engine, &claim, &volume).await;
    }
    let volumes: Vec<Value> = engine.list("persistentvolumes", "").iter().map(|v| v.value()).collect();
    let mut fitting: Vec<&Value> = volumes.iter().filter(|v| fits(&claim, v)).collect();
    fitting.sort_by(|a, b| compare(&a["spec"]["capacity"]["storage"], &b["spec"]["capacity"]["storage"]));
    if let Some(volume) = fitting.first() {
        return bind(engine, &claim, volume).await;
    }
    provision(engine, &claim).await
}

fn quantity(value: &Value) -> Option<i64> {
    Quantity::parse(value.as_str()?).ok().map(|q| q.value())
}

fn compare(a: &Value, b: &Value) -> Ordering {
    quantity(a).cmp(&quantity(b))
}

/// Whether a volume is meant for, or would do for a claim.
fn fits(claim: &Value, volume: &Value) -> bool {
    let reference = &volume["spec"]["claimRef"];
    if reference.is_object() {
        let own = text(reference, "namespace") == namespace(claim) && text(reference, "name") == name(claim);
        let same = text(reference, "uid").is_empty() || text(reference, "uid") == uid(claim);
        return own && same && !is_deleting(volume);
    }
    let spec = &claim["spec"];
    let modes = list(&volume["spec"], "accessModes");
    let selector = &spec["selector"];
    matches!(text(&volume["status"], "phase"), "Available" | "Pending" | "")
        && !is_deleting(volume)
        && text(&volume["spec"], "storageClassName") == text(spec, "storageClassName")
        && list(spec, "accessModes").iter().all(|m| modes.contains(m))
        && compare(&volume["spec"]["capacity"]["storage"], &spec["resources"]["requests"]["storage"])
            != Ordering::Less
        && (selector.is_null() || selects(selector, &labels(volume)))
}

/// Writes both sides of a binding, each where it is missing.
async fn bind(engine: &mut Engine, claim: &Value, volume: &Value) -> ApiResult<()> {
    let reference = &volume["spec"]["claimRef"];
    if reference.is_object()
        && (text(reference, "name") != name(claim) || text(reference, "namespace") != namespace(claim))
    {
        return Ok(());
    }
    let volumes = engine.resource("", "PersistentVolume")?;
    let claims = engine.resource("", "PersistentVolumeClaim")?;
    if text(reference, "uid") != uid(claim) {
        let wanted = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace(claim),
            "name": name(claim), "uid": uid(claim), "resourceVersion": claim["metadata"]["resourceVersion"]});
        let change = |live: &mut Value| {
            live["spec"]["claimRef"] = wanted.clone();
            set_annotation(live, "pv.kubernetes.io/bound-by-controller", "yes");
            true
        };
        engine.controllers.modify(&volumes, "", "", name(volume), change).await?;
    }
    let volume_name = name(volume).to_owned();
    let change = |live: &mut Value| {
        if annotation(live, "pv.kubernetes.io/bind-completed") == "yes" {
            return false;
        }
        if text(&live["spec"], "volumeName").is_empty() {
            live["spec"]["volumeName"] = json!(volume_name);
            set_annotation(live, "pv.kubernetes.io/bound-by-controller", "yes");
        }
        set_annotation(live, "pv.kubernetes.io/bind-completed", "yes");
        true
    };
    engine.controllers.modify(&claims, "", namespace(claim), name(claim), change).await?;
    let mut status = volume["status"].clone();
    status["phase"] = json!("Bound");
    engine.write_status("", "PersistentVolume", volume, status).await?;
    let mut status = claim["status"].clone();
    status["phase"] = json!("Bound");
    status["accessModes"] = volume["spec"]["accessModes"].clone();
    status["capacity"] = volume["spec"]["capacity"].clone();
    engine.write_status("", "PersistentVolumeClaim", claim, status).await
}

async fn provision(engine: &mut Engine, claim: &Value) -> ApiResult<()> {
    let class_name = text(&claim["spec"], "storageClassName");
    if class_name.is_empty() {
        return tell(
            engine,
            claim,
            "FailedBinding",
            "no persistent volumes available for this claim and no storage class is set",
        )
        .await;
    }
    let Some(class) = engine.get("storage.k8s.io/storageclasses", "", class_name) else {
        let message = format!("storageclass.storage.k8s.io \"{class_name}\" not found");
        engine
            .event(
                "v1",
                "PersistentVolumeClaim",
                claim,
                Event {
                    component: COMPONENT,
                    normal: false,
                    reason: "ProvisioningFailed",
                    message: &message,
                },
            )
            .await;
        return Ok(());
    };
    let waits = text(&class, "volumeBindingMode") == "WaitForFirstConsumer";
    if waits && !is_used(engine, claim) {
        return tell(
            engine,
            claim,
            "WaitForFirstConsumer",
            "waiting for first consumer to be created before binding",
        )
        .await;
    }
    let provisioner = text(&class, "provisioner").to_owned();
    if annotation(claim, "volume.kubernetes.io/storage-provisioner") != provisioner {
        let claims = engine.resource("", "PersistentVolumeClaim")?;
        let change = |live: &mut Value| {
            set_annotation(live, "volume.beta.kubernetes.io/storage-provisioner", &provisioner);
            set_annotation(live, "volume.kubernetes.io/storage-provisioner", &provisioner);
            true
        };
        engine.controllers.modify(&claims, "", namespace(claim), name(claim), change).await?;
        let message = format!(
            "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
        );
        tell(engine, claim, "ExternalProvisioning", &message).await?;
    }
    if provisioner != PROVISIONER || annotation(claim, "pilothouse.test/volume") == "pending" {
        return Ok(());
    }
    let volume_name = format!("pvc-{}", uid(claim));
    let mode = Some(text(&claim["spec"], "volumeMode")).filter(|m| !m.is_empty()).unwrap_or("Filesystem");
    let volume = json!({
        "apiVersion": "v1", "kind": "PersistentVolume",
        "metadata": {"name": volume_name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "accessModes": claim["spec"]["accessModes"], "capacity": claim["spec"]["resources"]["requests"],
            "persistentVolumeReclaimPolicy": Some(text(&class, "reclaimPolicy")).filter(|p| !p.is_empty()).unwrap_or("Delete"),
            "storageClassName": class_name, "volumeMode": mode,
            "claimRef": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": name(claim), "namespace": namespace(claim), "uid": uid(claim)},
            "hostPath": {"path": format!("/simulated/{volume_name}")},
        },
    });
    let volumes = engine.resource("", "PersistentVolume")?;
    existing_is_fine(engine.controllers.create(&volumes, "", volume).await)?;
    let message = format!("Successfully provisioned volume {volume_name}");
    tell(engine, claim, "ProvisioningSucceeded", &message).await
}

async fn tell(engine: &mut Engine, claim: &Value, reason: &str, message: &str) -> ApiResult<()> {
    let event = Event { component: COMPONENT, normal: true, reason, message };
    engine.event("v1", "PersistentVolumeClaim", claim, event).await;
    Ok(())
}

fn is_used(engine: &Engine, claim: &Value) -> bool {
    engine.list("pods", namespace(claim)).iter().any(|p| {
        let pod = p.value();
        let ended = matches!(text(&pod["status"], "phase"), "Succeeded" | "Failed");
        !ended && claims(&pod).any(|c| c == name(claim))
    })
}

/// A claim that is being deleted goes once no Pod uses it.
async fn release_claim(engine: &mut Engine, claim: &Value) -> ApiResult<()> {
    if !finalizers(claim).any(|f| f == CLAIM_PROTECTION) || is_used(engine, claim) {
        return Ok(());
    }
    let resource = engine.resource("", "PersistentVolumeClaim")?;
    let change = |live: &mut Value| remove_finalizer(live, CLAIM_PROTECTION);
    engine.controllers.modify(&resource, "", namespace(claim), name(claim), change).await.map(drop)
}

/// Brings a volume further: available, released, reclaimed.
pub(super) async fn volume(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(volume) = engine.get("persistentvolumes", "", &key.name) else { return Ok(()) };
    let reference = &volume["spec"]["claimRef"];
    let claim = engine.get("persistentvolumeclaims", text(reference, "namespace"), text(reference, "name"));
    let same = |claim: &Value| text(reference, "uid").is_empty() || text(reference, "uid") == uid(claim);
    let bound = reference.is_object() && claim.as_ref().is_some_and(same);
    let resource = engine.resource("", "PersistentVolume")?;
    if is_deleting(&volume) {
        if !bound && finalizers(&volume).any(|f| f == VOLUME_PROTECTION) {
            let change = |live: &mut Value| remove_finalizer(live, VOLUME_PROTECTION);
            engine.controllers.modify(&resource, "", "", &key.name, change).await?;
        }
        return Ok(());
    }
    if !finalizers(&volume).any(|f| f == VOLUME_PROTECTION) {
        let change = |live: &mut Value| {
            let mut all = live["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
            all.push(json!(VOLUME_PROTECTION));
            live["metadata"]["finalizers"] = json!(all);
            true
        };
        engine.controllers.modify(&resource, "", "", &key.name, change).await?;
    }
    let claimed = reference.is_object() && !text(reference, "uid").is_empty();
    let phase = match (bound, claimed) {
        (true, _) if claim.as_ref().is_some_and(|c| text(&c["spec"], "volumeName") == &*key.name) => "Bound",
        (true, _) => "Available",
        (false, true) => "Released",
        (false, false) => "Available",
    };
    if phase != "Bound" || text(&volume["status"], "phase") != "Bound" {
        let mut status = volume["status"].clone();
        status["phase"] = json!(phase);
        engine.write_status("", "PersistentVolume", &volume, status).await?;
    }
    let policy = text(&volume["spec"], "persistentVolumeReclaimPolicy");
    if phase == "Released"
        && policy == "Delete"
        && annotation(&volume, "pv.kubernetes.io/provisioned-by") == PROVISIONER
    {
        engine.delete("", "PersistentVolume", &volume).await?;
    }
    if phase == "Available"
        && let Some(claim) = claim
    {
        engine.enqueue(Key::new(super::engine::What::Claim, namespace(&claim), name(&claim)));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_fits_a_claim_by_size_mode_and_class() {
        let claim = json!({"metadata": {"name": "c", "namespace": "n", "uid": "u"}, "spec": {"accessModes": ["ReadWriteOnce"],
            "storageClassName": "x", "resources": {"requests": {"storage": "1Gi"}}}});
        let volume = |storage: &str, class: &str| {
            json!({"metadata": {"name": "v"}, "spec": {"accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "capacity": {"storage": storage},
                "storageClassName": class}, "status": {"phase": "Available"}})
        };
        assert!(fits(&claim, &volume("2Gi", "x")));
        assert!(!fits(&claim, &volume("1Mi", "x")));
        assert!(!fits(&claim, &volume("2Gi", "y")));
        let mut reserved = volume("1Mi", "y");
        reserved["spec"]["claimRef"] = json!({"namespace": "n", "name": "c", "uid": "u"});
        assert!(fits(&claim, &reserved));
        reserved["spec"]["claimRef"]["uid"] = json!("other");
        assert!(!fits(&claim, &reserved));
    }
}
