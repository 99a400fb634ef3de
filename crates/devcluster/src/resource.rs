//! What a served resource is: group, version, names, scope, verbs, subresources.

use std::borrow::Cow;
use std::sync::Arc;

use crate::crd;
pub use crate::schema::Gvk;
use crate::schema::{self, TypeRef};
use crate::status::qualified;

/// Text that is static in built-in kinds and owned in custom ones.
pub type Text = Cow<'static, str>;

/// `apps/v1`, or `v1` in the core group.
pub fn api_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// One subresource as discovery lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subresource {
    /// Name after the slash: `status`, `scale`, `eviction`, …
    pub name: Text,
    /// Kind of its bodies; may be of another group (`Scale` in `autoscaling/v1`).
    pub gvk: Gvk,
    /// Verbs, as discovery lists them.
    pub verbs: Vec<Text>,
}

/// One resource in one served version. Shared as `Arc<Resource>`; immutable.
#[derive(Clone, Debug)]
pub struct Resource {
    /// Group, version and kind of its objects.
    pub gvk: Gvk,
    /// Name in paths: `deployments`.
    pub plural: Text,
    /// Singular name: `deployment`.
    pub singular: Text,
    /// Kind of lists: `DeploymentList`.
    pub list_kind: Text,
    /// Whether objects live in namespaces.
    pub namespaced: bool,
    /// Short names: `deploy`.
    pub short_names: Vec<Text>,
    /// Categories: `all`.
    pub categories: Vec<Text>,
    /// Verbs, as discovery lists them; empty verbs mean that only subresources are served.
    pub verbs: Vec<Text>,
    /// Subresources.
    pub subresources: Vec<Subresource>,
    /// The store's bucket, the same for all versions of a resource: `apps/deployments`.
    pub bucket: Arc<str>,
    /// The version that the store keeps. Equal to `gvk.version` for all but second versions.
    pub storage_version: Text,
    /// Set for resources that a `CustomResourceDefinition` serves.
    pub custom: Option<Arc<crd::Served>>,
}

impl Resource {
    /// API group; empty for the core group.
    pub fn group(&self) -> &str {
        &self.gvk.group
    }

    /// The group that errors of validation name: events are those of the core group.
    pub(crate) fn internal_group(&self) -> &str {
        if self.is("events.k8s.io", "Event") { "" } else { self.group() }
    }

    /// Kind.
    pub fn kind(&self) -> &str {
        &self.gvk.kind
    }

    /// `apps/v1`.
    pub fn api_version(&self) -> String {
        self.gvk.api_version()
    }

    /// `deployments.apps`, as messages name it.
    pub fn qualified(&self) -> String {
        qualified(self.group(), &self.plural)
    }

    /// The type of its objects.
    pub fn ty(&self) -> Option<TypeRef<'_>> {
        match &self.custom {
            Some(served) => served.graph.root(),
            None => schema::builtin().kind(&self.gvk),
        }
    }

    /// Whether it serves the verb.
    pub fn has_verb(&self, verb: &str) -> bool {
        self.verbs.iter().any(|v| v == verb)
    }

    /// The subresource of that name.
    pub fn subresource(&self, name: &str) -> Option<&Subresource> {
        self.subresources.iter().find(|s| s.name == name)
    }

    /// Whether it is the built-in (not custom) kind named.
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.custom.is_none() && self.gvk.group == group && self.gvk.kind == kind
    }
}
