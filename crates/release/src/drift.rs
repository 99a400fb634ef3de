//! Drift: what differs between a release's stored manifest and the cluster.

use crate::object::ObjectId;

/// What differs for one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The object.
    pub id: ObjectId,
}
