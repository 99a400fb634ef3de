//! Rendered documents: splitting, hooks, order.

use serde::{Deserialize, Serialize};

/// One document to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The template it came from: `mychart/templates/x.yaml`.
    pub path: String,
    /// Its text, as Helm keeps it.
    pub content: String,
    /// `apiVersion`; empty if there is none.
    pub api_version: String,
    /// `kind`; empty if there is none.
    pub kind: String,
    /// `metadata.name`; empty if there is none.
    pub name: String,
    /// `metadata.namespace`, if it names one.
    pub namespace: Option<String>,
}

/// When a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookEvent {
    /// Before an install.
    PreInstall,
    /// After an install.
    PostInstall,
    /// Before an uninstall.
    PreDelete,
    /// After an uninstall.
    PostDelete,
    /// Before an upgrade.
    PreUpgrade,
    /// After an upgrade.
    PostUpgrade,
    /// Before a rollback.
    PreRollback,
    /// After a rollback.
    PostRollback,
    /// On `helm test` (`test-success` too).
    Test,
}

/// When a hook's object is deleted. Unknown policies of a chart are kept as text, as Helm keeps them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookDeletePolicy {
    /// After it succeeded.
    HookSucceeded,
    /// After it failed.
    HookFailed,
    /// Before it is created anew.
    BeforeHookCreation,
    /// Something Helm does not know and ignores.
    #[serde(untagged)]
    Other(String),
}

/// When a hook's logs are printed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HookOutputLogPolicy {
    /// After it succeeded.
    HookSucceeded,
    /// After it failed.
    HookFailed,
    /// Something Helm does not know and ignores.
    #[serde(untagged)]
    Other(String),
}

/// A hook, with the JSON names of Helm's release record (without `last_run`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hook {
    /// `metadata.name`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `kind`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub kind: String,
    /// The template it came from.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Its text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub manifest: String,
    /// When it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<HookEvent>,
    /// Order among the hooks of one event, lowest first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub weight: i64,
    /// When its object is deleted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delete_policies: Vec<HookDeletePolicy>,
    /// When its logs are printed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub output_log_policies: Vec<HookOutputLogPolicy>,
}

fn is_zero(value: &i64) -> bool {
    *value == 0
}

/// Splits a rendered file into its documents as Helm 4.2.3 does (`SplitManifests`).
pub fn split_documents(text: &str) -> Vec<&str> {
    let _ = text;
    Vec::new()
}

/// Rank of a kind when installing; unknown kinds come last, in the order of their names.
pub fn install_order(kind: &str) -> usize {
    let _ = kind;
    0
}

/// Rank of a kind when uninstalling.
pub fn uninstall_order(kind: &str) -> usize {
    let _ = kind;
    0
}
