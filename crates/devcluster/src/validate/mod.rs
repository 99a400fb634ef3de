//! Validation of the built-in kinds, without `metadata` (which the server checks for every kind).
//!
//! Mirrors `pkg/apis/*/validation` of Kubernetes 1.37: the same checks in the same order, with the same paths and
//! words. [`create`] and [`update`] pick the functions of the kind; a kind without any is not checked.

mod admission;
mod affinity;
mod apps;
mod autoscaling;
mod batch;
mod cluster;
mod config;
mod container;
mod endpoints;
mod format;
mod job_success;
mod networking;
mod nodes;
mod pod;
mod pod_warnings;
mod quota;
mod rbac;
mod report;
mod schedule;
mod service;
mod storage;
mod volume;
mod warnings;

use serde_json::Value;

use crate::resource::Gvk;
use crate::status::Cause;
use report::{At, Report};

pub(crate) use admission::variables as admission_variables;
pub use warnings::warnings;

/// What is wrong with a new object (defaulted before).
pub fn create(gvk: &Gvk, object: &Value) -> Vec<Cause> {
    let mut r = Report::default();
    let at = At::root(object);
    match (gvk.group.as_ref(), gvk.kind.as_ref()) {
        ("", "Pod") => pod::create(&mut r, &at),
        ("", "Event") => cluster::event(&mut r, &at, false),
        ("events.k8s.io", "Event") => cluster::event(&mut r, &at, true),
        _ => whole(&mut r, gvk, &at, None),
    }
    r.finish()
}

/// What is wrong with a change. `subresource` is empty for the object itself, else `status`, …
pub fn update(gvk: &Gvk, object: &Value, old: &Value, subresource: &str) -> Vec<Cause> {
    let mut r = Report::default();
    let (at, old) = (At::root(object), At::root(old));
    match subresource {
        "" => change(&mut r, gvk, &at, &old),
        "scale" => r.non_negative(&at.at(&["spec", "replicas"])),
        "status" => status(&mut r, gvk, &at),
        _ => {}
    }
    r.finish()
}

/// Checks of an object as it is, for creates and updates alike.
fn whole(r: &mut Report, gvk: &Gvk, at: &At<'_>, old: Option<&At<'_>>) {
    match (gvk.group.as_ref(), gvk.kind.as_ref()) {
        ("", "PodTemplate") => pod::template(r, &at.get("template")),
        ("", "ReplicationController") => apps::replication_controller(r, at),
        ("", "Service") => service::validate(r, at),
        ("", "ConfigMap") => config::config_map(r, at),
        ("", "Secret") => config::secret(r, at),
        ("", "PersistentVolumeClaim") => storage::claim_spec(r, &at.get("spec")),
        ("", "PersistentVolume") => storage::volume(r, at),
        ("", "ResourceQuota") => quota::quota(r, at),
        ("", "LimitRange") => quota::limits(r, at),
        ("", "Endpoints") => endpoints::endpoints(r, at),
        ("apps", "Deployment") => apps::deployment(r, at),
        ("apps", "ReplicaSet") => apps::replica_set(r, at),
        ("apps", "StatefulSet") => apps::stateful_set(r, at, old.is_some()),
        ("apps", "DaemonSet") => apps::daemon_set(r, at),
        ("apps", "ControllerRevision") => apps::controller_revision(r, at),
        ("batch", "Job") => batch::job(r, at, old.is_none()),
        ("batch", "CronJob") => batch::cron_job(r, at, old),
        ("networking.k8s.io", "Ingress") => networking::ingress(r, at, old.is_none()),
        ("networking.k8s.io", "IngressClass") => networking::ingress_class(r, at),
        ("networking.k8s.io", "NetworkPolicy") => networking::policy(r, at),
        ("autoscaling", "HorizontalPodAutoscaler") => autoscaling::validate(r, at),
        ("policy", "PodDisruptionBudget") => cluster::disruption_budget(r, at),
        ("discovery.k8s.io", "EndpointSlice") => endpoints::slice(r, at),
        ("rbac.authorization.k8s.io", kind) => rbac::validate(r, at, kind),
        ("storage.k8s.io", "StorageClass") => storage::class(r, at),
        ("storage.k8s.io", "CSIDriver") => nodes::csi_driver(r, at),
        ("node.k8s.io", "RuntimeClass") => nodes::runtime_class(r, at),
        ("", "Node") => nodes::node(r, at),
        ("scheduling.k8s.io", "PriorityClass") => cluster::priority_class(r, at),
        ("coordination.k8s.io", "Lease") => cluster::lease(r, at),
        ("apiregistration.k8s.io", "APIService") => cluster::api_service(r, at),
        ("admissionregistration.k8s.io", kind) => admission::validate(r, at, kind),
        _ => {}
    }
}

fn change(r: &mut Report, gvk: &Gvk, at: &At<'_>, old: &At<'_>) {
    let immutable = |r: &mut Report, path: &[&str]| r.immutable(&at.at(path), &old.at(path));
    // What these kinds declare immutable is refused without the value.
    let immutable_unshown = |r: &mut Report, field: &str| {
        if at.get(field).value != old.get(field).value {
            r.invalid_as(&at.get(field), &Value::Null, "field is immutable");
        }
    };
    match (gvk.group.as_ref(), gvk.kind.as_ref()) {
        ("", "Pod") => pod::update(r, at, old),
        ("", "Service") => service::update(r, at, old),
        ("", "ConfigMap") => config::frozen(r, at, old, &["data", "binaryData"]),
        ("", "Secret") => {
            immutable(r, &["type"]);
            config::frozen(r, at, old, &["data"]);
        }
        ("apps", "DaemonSet") => immutable(r, &["spec", "selector"]),
        ("scheduling.k8s.io", "PriorityClass") => {
            cluster::priority_class_update(r, at, old);
            return;
        }
        ("storage.k8s.io", "StorageClass") => {
            whole(r, gvk, at, Some(old));
            for field in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
                immutable_unshown(r, field);
            }
            return;
        }
        ("networking.k8s.io", "IngressClass") => immutable(r, &["spec", "controller"]),
        _ => {}
    }
    if (gvk.group.as_ref(), gvk.kind.as_ref()) != ("", "Pod") {
        whole(r, gvk, at, Some(old));
    }
    match (gvk.group.as_ref(), gvk.kind.as_ref()) {
        ("apps", "Deployment" | "ReplicaSet") => immutable(r, &["spec", "selector"]),
        ("apps", "StatefulSet") => apps::stateful_set_update(r, at, old),
        ("apps", "ControllerRevision") => immutable(r, &["data"]),
        ("batch", "Job") => batch::job_update(r, at, old),
        ("", "PersistentVolumeClaim") => storage::claim_update(r, at, old),
        ("", "PersistentVolume") => storage::volume_update(r, at, old),
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            rbac::role_ref_update(r, at, old);
        }
        ("discovery.k8s.io", "EndpointSlice") => immutable_unshown(r, "addressType"),
        ("storage.k8s.io", "CSIDriver") => nodes::csi_driver_update(r, at, old),
        ("", "ResourceQuota") => immutable(r, &["spec", "scopes"]),
        _ => {}
    }
}

fn status(r: &mut Report, gvk: &Gvk, at: &At<'_>) {
    let counts: &[&str] = match gvk.kind.as_ref() {
        "Deployment" | "ReplicaSet" | "StatefulSet" | "ReplicationController" => &[
            "replicas",
            "fullyLabeledReplicas",
            "readyReplicas",
            "availableReplicas",
            "updatedReplicas",
            "unavailableReplicas",
        ],
        "DaemonSet" => {
            &["currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady"]
        }
        "Job" => &["active", "succeeded", "failed"],
        "Service" => {
            service::status(r, at);
            &[]
        }
        _ => &[],
    };
    for count in counts {
        r.non_negative(&at.at(&["status", count]));
    }
}
