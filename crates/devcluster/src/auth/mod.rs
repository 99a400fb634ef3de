//! Who asks, and whether they may.

pub(crate) mod aggregation;
pub(crate) mod identity;
pub(crate) mod impersonate;
pub(crate) mod rbac;
pub(crate) mod tokens;

use std::collections::BTreeMap;
use std::fmt;

pub use tokens::{TokenFileError, read_token_file};

/// A bearer token. Prints as `****`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Token(String);

impl Token {
    /// Takes a token over.
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// A fresh one of 192 random bits.
    pub fn random() -> Self {
        use base64::Engine;
        let bytes: [u8; 24] = rand::random();
        Self(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The token itself, for the place that needs it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// Somebody who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct User {
    /// Name.
    pub(crate) name: String,
    /// UID; may be empty.
    pub(crate) uid: String,
    /// Groups, `system:authenticated` included.
    pub(crate) groups: Vec<String>,
    /// Extra information.
    pub(crate) extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// A user who is authenticated.
    pub(crate) fn authenticated(name: &str, uid: &str, groups: &[String]) -> Self {
        let mut groups = groups.to_vec();
        if !groups.iter().any(|g| g == "system:authenticated") {
            groups.push("system:authenticated".to_owned());
        }
        Self { name: name.to_owned(), uid: uid.to_owned(), groups, extra: BTreeMap::new() }
    }

    /// Nobody in particular.
    pub(crate) fn anonymous() -> Self {
        Self {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
            ..Self::default()
        }
    }

    /// Whether everything is allowed without a look at roles.
    pub(crate) fn is_master(&self) -> bool {
        self.groups.iter().any(|g| g == "system:masters")
    }
}

/// A user known by a static token.
#[derive(Clone, Debug)]
pub struct StaticUser {
    /// The token.
    pub token: Token,
    /// Name.
    pub name: String,
    /// UID.
    pub uid: String,
    /// Groups, without `system:authenticated`.
    pub groups: Vec<String>,
}

/// What is asked for: the attributes that authorization looks at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// Verb.
    pub(crate) verb: String,
    /// Namespace; empty for none or all.
    pub(crate) namespace: String,
    /// API group.
    pub(crate) group: String,
    /// API version.
    pub(crate) version: String,
    /// Resource.
    pub(crate) resource: String,
    /// Subresource.
    pub(crate) subresource: String,
    /// Name.
    pub(crate) name: String,
    /// Path, where it is not a resource.
    pub(crate) path: String,
    /// Whether it is a resource.
    pub(crate) is_resource: bool,
}
