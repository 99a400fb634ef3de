//! What is done with rendered manifests before they are applied, and how their health is told.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Labels and annotations for every object of a release.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommonMetadata {
    /// Annotations to be added to the object's metadata.
    pub annotations: Option<BTreeMap<String, String>>,
    /// Labels to be added to the object's metadata.
    pub labels: Option<BTreeMap<String, String>>,
}

/// Changes rendered manifests.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PostRenderer {
    /// Kustomization to apply as PostRenderer.
    pub kustomize: Option<Kustomize>,
}

/// Patches and image replacements in Kustomize's form.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Kustomize {
    /// Strategic merge and JSON patches, defined as inline YAML objects, capable of targeting objects based on kind,
    /// label and annotation selectors.
    pub patches: Option<Vec<KustomizePatch>>,
    /// Images is a list of (image name, new name, new tag or digest) for changing image names, tags or digests.
    pub images: Option<Vec<KustomizeImage>>,
}

/// A patch and the objects it is for.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct KustomizePatch {
    /// Patch contains an inline StrategicMerge patch or an inline JSON6902 patch with an array of operation objects.
    pub patch: String,
    /// Target points to the resources that the patch document should be applied to.
    pub target: Option<Selector>,
}

/// Selects objects of a manifest; group, version, kind, name and namespace are anchored regular expressions.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Selector {
    /// Group is the API group to select resources from.
    pub group: Option<String>,
    /// Version of the API Group to select resources from.
    pub version: Option<String>,
    /// Kind of the API Group to select resources from.
    pub kind: Option<String>,
    /// Namespace to select resources from.
    pub namespace: Option<String>,
    /// Name to match resources with.
    pub name: Option<String>,
    /// AnnotationSelector is a string that follows the label selection expression.
    pub annotation_selector: Option<String>,
    /// LabelSelector is a string that follows the label selection expression.
    pub label_selector: Option<String>,
}

/// Replaces an image's name, tag or digest.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct KustomizeImage {
    /// Name is a tag-less image name.
    pub name: String,
    /// NewName is the value used to replace the original name.
    pub new_name: Option<String>,
    /// NewTag is the value used to replace the original tag.
    pub new_tag: Option<String>,
    /// Digest is the value used to replace the original image tag. If digest is present NewTag value is ignored.
    pub digest: Option<String>,
}

/// Which documents the post renderers see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PostRenderStrategy {
    /// The manifest without hooks.
    Nohooks,
    /// Manifest and hooks together.
    #[default]
    Combined,
    /// Manifest and hooks, one after the other.
    Separate,
}

/// How readiness is determined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WaitStrategy {
    /// Name of the strategy.
    pub name: WaitStrategyName,
}

/// Name of a way to determine readiness.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WaitStrategyName {
    /// By kstatus' rules.
    #[default]
    Poller,
    /// By the rules of Helm 3.
    Legacy,
}

/// CEL expressions that tell the health of a kind.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthCheckExpr {
    /// APIVersion of the custom resource under evaluation.
    pub api_version: String,
    /// Kind of the custom resource under evaluation.
    pub kind: String,
    /// Current is the CEL expression that determines if the status of the custom resource has reached the desired
    /// state.
    pub current: String,
    /// InProgress is the CEL expression that determines if the status of the custom resource has not yet reached the
    /// desired state.
    pub in_progress: Option<String>,
    /// Failed is the CEL expression that determines if the status of the custom resource has failed to reach the
    /// desired state.
    pub failed: Option<String>,
}
