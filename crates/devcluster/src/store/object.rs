//! A stored object and a change of one.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

/// A stored object: its JSON bytes (in the storage version) and the little of it that lists and watches look at.
#[derive(Debug)]
pub struct Object {
    /// Namespace; empty for cluster-scoped objects.
    pub namespace: Box<str>,
    /// Name.
    pub name: Box<str>,
    /// UID.
    pub uid: Box<str>,
    /// Resource version.
    pub version: u64,
    /// Labels.
    pub labels: Box<[(Box<str>, Box<str>)]>,
    /// Fields for field selectors beyond `metadata.name` and `metadata.namespace`.
    pub fields: Box<[(Box<str>, Box<str>)]>,
    /// The object as JSON; begins with `{"kind":"K","apiVersion":"V",`.
    pub body: Bytes,
    /// Length of that beginning (up to and with the comma after `apiVersion`).
    pub header: u16,
}

impl Object {
    /// The object parsed. Costs microseconds per KiB: parse late, keep bytes.
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The label's value.
    pub fn label(&self, key: &str) -> Option<&str> {
        self.labels.iter().find(|(k, _)| &**k == key).map(|(_, v)| &**v)
    }
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It was created.
    Added,
    /// It was changed.
    Modified,
    /// It was deleted; `object` is its last state with the version of the deletion.
    Deleted,
}

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Bucket: `apps/deployments`.
    pub bucket: Arc<str>,
    /// The object after the change.
    pub object: Arc<Object>,
    /// The object before it.
    pub previous: Option<Arc<Object>>,
}
