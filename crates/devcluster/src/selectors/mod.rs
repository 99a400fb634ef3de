//! Label and field selectors.

mod fields;
mod labels;

pub use fields::{FieldSelector, stored_fields};
pub use labels::LabelSelector;

use crate::store::Object;

/// Both selectors of a request.
#[derive(Clone, Debug, Default)]
pub struct Selector {
    /// `labelSelector`.
    pub labels: LabelSelector,
    /// `fieldSelector`.
    pub fields: FieldSelector,
}

impl Selector {
    /// Whether the object is selected.
    pub fn matches(&self, object: &Object) -> bool {
        self.labels.matches(|key| object.label(key)) && self.fields.matches(object)
    }

    /// Whether everything is selected.
    pub fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }
}
