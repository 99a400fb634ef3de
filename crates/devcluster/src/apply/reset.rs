//! Fields that a write through a resource or subresource cannot change, so that nobody comes to own them
//! (`GetResetFields` of the registry strategies).

use super::set::FieldSet;
use crate::resource::Resource;

/// Kinds whose status subresource leaves metadata alone.
const STATUS_WITHOUT_METADATA: &[&str] = &[
    "ServiceCIDR",
    "StorageVersionMigration",
    "ResourceClaim",
    "DeviceTaintRule",
    "VolumeAttachment",
    "CSINode",
    "FlowSchema",
    "PriorityLevelConfiguration",
    "ValidatingAdmissionPolicy",
    "PodCertificateRequest",
    "CustomResourceDefinition",
    "APIService",
];

pub(super) fn fields(resource: &Resource, subresource: &str) -> FieldSet {
    let kind = resource.gvk.kind.as_ref();
    match subresource {
        "" | "finalize" if resource.subresource("status").is_some() => {
            if kind == "CertificateSigningRequest" {
                return FieldSet::of(&[&["spec"], &["status"]]);
            }
            FieldSet::of(&[&["status"]])
        }
        "status" if resource.custom.is_some() || STATUS_WITHOUT_METADATA.contains(&kind) => {
            FieldSet::of(&[&["spec"], &["metadata"]])
        }
        "status" => match kind {
            "Deployment" => FieldSet::of(&[&["spec"], &["metadata", "labels"]]),
            "Pod" => FieldSet::of(&[
                &["spec"],
                &["metadata", "deletionTimestamp"],
                &["metadata", "ownerReferences"],
            ]),
            "CertificateSigningRequest" => FieldSet::of(&[&["spec"], &["status", "conditions"]]),
            _ => FieldSet::of(&[&["spec"]]),
        },
        "approval" => FieldSet::of(&[&["spec"], &["status", "certificate"]]),
        _ => FieldSet::default(),
    }
}
