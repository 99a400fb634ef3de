//! Defaults that depend on nothing but the field itself being unset: type, field, value as JSON.

/// `core.v1.Probe` from `io.k8s.api.core.v1.Probe`; other packages keep their last three parts.
pub(super) fn short_name(full: &str) -> &str {
    full.strip_prefix("io.k8s.api.").unwrap_or_else(|| {
        let mut dots = full.rmatch_indices('.').skip(2);
        dots.next().map_or(full, |(at, _)| &full[at + 1..])
    })
}

/// The rules of a type.
pub(super) fn of(name: &str) -> &'static [(&'static str, &'static str)] {
    RULES.binary_search_by(|(rule, _)| (*rule).cmp(name)).map_or(&[], |i| RULES[i].1)
}

type Rules = &'static [(&'static str, &'static [(&'static str, &'static str)])];

/// Sorted by type.
const RULES: Rules = &[
    ("admissionregistration.v1.MatchResources", WEBHOOK_MATCH),
    ("admissionregistration.v1.MutatingAdmissionPolicySpec", &[("failurePolicy", "\"Fail\"")]),
    (
        "admissionregistration.v1.MutatingWebhook",
        &[
            ("failurePolicy", "\"Fail\""),
            ("matchPolicy", "\"Equivalent\""),
            ("namespaceSelector", "{}"),
            ("objectSelector", "{}"),
            ("timeoutSeconds", "10"),
            ("reinvocationPolicy", "\"Never\""),
        ],
    ),
    ("admissionregistration.v1.NamedRuleWithOperations", &[("scope", "\"*\"")]),
    ("admissionregistration.v1.RuleWithOperations", &[("scope", "\"*\"")]),
    ("admissionregistration.v1.ServiceReference", &[("port", "443")]),
    ("admissionregistration.v1.ValidatingAdmissionPolicySpec", &[("failurePolicy", "\"Fail\"")]),
    (
        "admissionregistration.v1.ValidatingWebhook",
        &[
            ("failurePolicy", "\"Fail\""),
            ("matchPolicy", "\"Equivalent\""),
            ("namespaceSelector", "{}"),
            ("objectSelector", "{}"),
            ("timeoutSeconds", "10"),
        ],
    ),
    ("apiextensions.v1.ServiceReference", &[("port", "443")]),
    ("apiregistration.v1.ServiceReference", &[("port", "443")]),
    ("apps.v1.DaemonSetSpec", &[("revisionHistoryLimit", "10")]),
    (
        "apps.v1.DeploymentSpec",
        &[("replicas", "1"), ("revisionHistoryLimit", "10"), ("progressDeadlineSeconds", "600")],
    ),
    ("apps.v1.ReplicaSetSpec", &[("replicas", "1")]),
    (
        "apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy",
        &[("whenDeleted", "\"Retain\""), ("whenScaled", "\"Retain\"")],
    ),
    (
        "apps.v1.StatefulSetSpec",
        &[
            ("podManagementPolicy", "\"OrderedReady\""),
            ("persistentVolumeClaimRetentionPolicy", "{}"),
            ("replicas", "1"),
            ("revisionHistoryLimit", "10"),
        ],
    ),
    ("autoscaling.v1.HorizontalPodAutoscalerSpec", &[("minReplicas", "1")]),
    ("autoscaling.v2.HorizontalPodAutoscalerSpec", &[("minReplicas", "1"), ("metrics", CPU_METRIC)]),
    (
        "batch.v1.CronJobSpec",
        &[
            ("concurrencyPolicy", "\"Allow\""),
            ("suspend", "false"),
            ("successfulJobsHistoryLimit", "3"),
            ("failedJobsHistoryLimit", "1"),
        ],
    ),
    ("batch.v1.PodFailurePolicyOnPodConditionsPattern", &[("status", "\"True\"")]),
    ("core.v1.AzureDiskVolumeSource", &[("kind", "\"Shared\"")]),
    ("core.v1.ConfigMapVolumeSource", MODE),
    ("core.v1.Container", CONTAINER),
    ("core.v1.DownwardAPIVolumeSource", MODE),
    ("core.v1.EndpointPort", &[("protocol", "\"TCP\"")]),
    ("core.v1.EphemeralContainerCommon", CONTAINER),
    ("core.v1.HTTPGetAction", &[("path", "\"/\""), ("scheme", "\"HTTP\"")]),
    ("core.v1.HostPathVolumeSource", &[("type", "\"\"")]),
    ("core.v1.NamespaceStatus", &[("phase", "\"Active\"")]),
    ("core.v1.ObjectFieldSelector", &[("apiVersion", "\"v1\"")]),
    ("core.v1.PersistentVolumeClaimSpec", &[("volumeMode", "\"Filesystem\"")]),
    (
        "core.v1.PersistentVolumeSpec",
        &[("persistentVolumeReclaimPolicy", "\"Retain\""), ("volumeMode", "\"Filesystem\"")],
    ),
    ("core.v1.PersistentVolumeStatus", &[("phase", "\"Pending\"")]),
    (
        "core.v1.PodSpec",
        &[
            ("dnsPolicy", "\"ClusterFirst\""),
            ("restartPolicy", "\"Always\""),
            ("securityContext", "{}"),
            ("terminationGracePeriodSeconds", "30"),
            ("schedulerName", "\"default-scheduler\""),
        ],
    ),
    (
        "core.v1.Probe",
        &[
            ("timeoutSeconds", "1"),
            ("periodSeconds", "10"),
            ("successThreshold", "1"),
            ("failureThreshold", "3"),
        ],
    ),
    ("core.v1.ProjectedVolumeSource", MODE),
    ("core.v1.ReplicationControllerSpec", &[("replicas", "1")]),
    ("core.v1.Secret", &[("type", "\"Opaque\"")]),
    ("core.v1.SecretVolumeSource", MODE),
    ("core.v1.ServiceAccountTokenProjection", &[("expirationSeconds", "3600")]),
    ("core.v1.ServiceSpec", &[("sessionAffinity", "\"None\""), ("type", "\"ClusterIP\"")]),
    ("discovery.v1.EndpointPort", &[("name", "\"\""), ("protocol", "\"TCP\"")]),
    (
        "flowcontrol.v1.ExemptPriorityLevelConfiguration",
        &[("nominalConcurrencyShares", "0"), ("lendablePercent", "0")],
    ),
    ("flowcontrol.v1.FlowSchemaSpec", &[("matchingPrecedence", "1000")]),
    (
        "flowcontrol.v1.LimitedPriorityLevelConfiguration",
        &[("nominalConcurrencyShares", "30"), ("lendablePercent", "0")],
    ),
    (
        "flowcontrol.v1.QueuingConfiguration",
        &[("handSize", "8"), ("queues", "64"), ("queueLengthLimit", "50")],
    ),
    ("networking.v1.IngressClassParametersReference", &[("scope", "\"Cluster\"")]),
    ("networking.v1.NetworkPolicyPort", &[("protocol", "\"TCP\"")]),
    ("rbac.v1.RoleRef", &[("apiGroup", "\"rbac.authorization.k8s.io\"")]),
    ("scheduling.v1.PriorityClass", &[("preemptionPolicy", "\"PreemptLowerPriority\"")]),
    (
        "storage.v1.CSIDriverSpec",
        &[
            ("attachRequired", "true"),
            ("podInfoOnMount", "false"),
            ("storageCapacity", "false"),
            ("preventPodSchedulingIfMissing", "false"),
            ("fsGroupPolicy", "\"ReadWriteOnceWithFSType\""),
            ("volumeLifecycleModes", "[\"Persistent\"]"),
            ("requiresRepublish", "false"),
            ("seLinuxMount", "false"),
        ],
    ),
    ("storage.v1.StorageClass", &[("reclaimPolicy", "\"Delete\""), ("volumeBindingMode", "\"Immediate\"")]),
];

const WEBHOOK_MATCH: &[(&str, &str)] =
    &[("matchPolicy", "\"Equivalent\""), ("namespaceSelector", "{}"), ("objectSelector", "{}")];

/// 0644.
const MODE: &[(&str, &str)] = &[("defaultMode", "420")];

const CONTAINER: &[(&str, &str)] =
    &[("terminationMessagePath", "\"/dev/termination-log\""), ("terminationMessagePolicy", "\"File\"")];

const CPU_METRIC: &str = r#"[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":80}}}]"#;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::builtin;

    #[test]
    fn every_rule_is_of_a_type_and_field_that_exist() {
        assert!(RULES.is_sorted_by_key(|(name, _)| name));
        for (name, rules) in RULES {
            let def = builtin().definitions().find(|d| short_name(d.name()) == *name).expect(name);
            for (field, json) in *rules {
                assert!(def.field(field).is_some(), "{name} has no {field}");
                assert!(serde_json::from_str::<serde_json::Value>(json).is_ok(), "{name}.{field}");
            }
        }
    }
}
