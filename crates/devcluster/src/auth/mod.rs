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
pub struct User {
    /// Name.
    pub name: String,
    /// UID; may be empty.
    pub uid: String,
    /// Groups, `system:authenticated` included.
    pub groups: Vec<String>,
    /// Extra information.
    pub extra: BTreeMap<String, Vec<String>>,
}

impl User {
    /// A user who is authenticated.
    pub fn authenticated(name: &str, uid: &str, groups: &[String]) -> Self {
        let mut groups = groups.to_vec();
        if !groups.iter().any(|g| g == "system:authenticated") {
            groups.push("system:authenticated".to_owned());
        }
        Self { name: name.to_owned(), uid: uid.to_owned(), groups, extra: BTreeMap::new() }
    }

    /// Nobody in particular.
    pub fn anonymous() -> Self {
        Self {
            name: "system:anonymous".to_owned(),
            groups: vec!["system:unauthenticated".to_owned()],
            ..Self::default()
        }
    }

    /// Whether everything is allowed without a look at roles.
    pub fn is_master(&self) -> bool {
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
pub struct Attributes {
    /// Verb.
    pub verb: String,
    /// Namespace; empty for none or all.
    pub namespace: String,
    /// API group.
    pub group: String,
    /// API version.
    pub version: String,
    /// Resource.
    pub resource: String,
    /// Subresource.
    pub subresource: String,
    /// Name.
    pub name: String,
    /// Path, where it is not a resource.
    pub path: String,
    /// Whether it is a resource.
    pub is_resource: bool,
}
