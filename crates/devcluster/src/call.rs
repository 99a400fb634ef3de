//! One request's context, for all verbs.

use std::sync::Arc;

use serde_json::Value;

use crate::auth::User;
use crate::convert;
use crate::fields::FieldValidation;
use crate::resource::Resource;
use crate::store::Object;

/// Who asks, how the change is to be made, and the warnings collected on the way.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) user: User,
    /// Field manager.
    pub(crate) manager: String,
    pub(crate) dry_run: bool,
    pub(crate) validation: FieldValidation,
    /// Apply: take over fields.
    pub(crate) force: bool,
    /// `Warning` header texts.
    pub(crate) warnings: Vec<String>,
}

impl Call {
    /// A call of a controller inside the process.
    pub(crate) fn internal(manager: &str) -> Self {
        Self {
            user: User::authenticated("system:admin", "", &["system:masters".to_owned()]),
            manager: manager.to_owned(),
            dry_run: false,
            validation: FieldValidation::Ignore,
            force: false,
            warnings: Vec::new(),
        }
    }

    /// Adds a warning once.
    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        let text = text.into();
        if !self.warnings.contains(&text) {
            self.warnings.push(text);
        }
    }
}

/// The result of a write.
#[derive(Debug, Clone)]
pub(crate) enum Stored {
    /// As stored.
    Object(Arc<Object>),
    /// What a dry run would have stored (in the request's version).
    Dry(Value),
}

impl Stored {
    /// The object in the version of a resource.
    pub(crate) fn value(&self, resource: &Resource) -> Value {
        match self {
            Self::Object(object) => convert::read(resource, object),
            Self::Dry(value) => value.clone(),
        }
    }
}

/// Now, as Kubernetes writes it.
pub(crate) fn now() -> String {
    let now = jiff::Timestamp::now();
    let second = jiff::Timestamp::from_second(now.as_second()).unwrap_or(now);
    second.to_string()
}
