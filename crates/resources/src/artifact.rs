use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a source produced last: a file that the artifact server serves.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Artifact {
    /// Path is the relative file path of the artifact. It can be used to locate the file in the root of the artifact
    /// storage on the local file system of the controller managing the source.
    pub path: String,
    /// URL is the HTTP address of the artifact as exposed by the controller managing the source.
    pub url: String,
    /// Revision is a human-readable identifier traceable in the origin source system: a chart version, a tag with
    /// its digest, or the digest of an index.
    pub revision: String,
    /// Digest is the digest of the file in the form `<algorithm>:<checksum>`.
    #[schemars(regex(pattern = r"^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$"))]
    pub digest: Option<String>,
    /// LastUpdateTime is the time of the last change of the artifact.
    pub last_update_time: Option<Time>,
    /// Size is the number of bytes in the file.
    pub size: Option<i64>,
    /// Metadata holds upstream information such as OCI annotations.
    pub metadata: Option<BTreeMap<String, String>>,
}
