//! Rendered documents: splitting, hooks, order. Source: Helm 4.2.3 `pkg/release/v1/util`.

use serde::{Deserialize, Serialize};

mod head;

use head::Head;

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

impl HookEvent {
    fn from_annotation(text: &str) -> Option<Self> {
        Some(match text {
            "pre-install" => Self::PreInstall,
            "post-install" => Self::PostInstall,
            "pre-delete" => Self::PreDelete,
            "post-delete" => Self::PostDelete,
            "pre-upgrade" => Self::PreUpgrade,
            "post-upgrade" => Self::PostUpgrade,
            "pre-rollback" => Self::PreRollback,
            "post-rollback" => Self::PostRollback,
            "test" | "test-success" => Self::Test,
            _ => return None,
        })
    }
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

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(value: &i64) -> bool {
    *value == 0
}

/// Splits a rendered file into its documents as Helm 4.2.3 does (`SplitManifests`): at `---` that begins a
/// line, with the white space around it. What follows on that line belongs to the next document; white space
/// after the last document is kept.
pub fn split_documents(text: &str) -> Vec<&str> {
    let mut rest = text.trim_start();
    let mut documents = Vec::new();
    let mut from = 0;
    while let Some(separator) = next_separator(rest, from) {
        documents.push(rest[..separator.0].trim_start());
        rest = &rest[separator.1..];
        from = 1;
    }
    documents.push(rest.trim_start());
    documents.retain(|document| !document.is_empty());
    documents
}

/// Start and end of the next `(?:^|\s*\n)---\s*`; `^` counts only at the very beginning (`from` 0).
fn next_separator(text: &str, from: usize) -> Option<(usize, usize)> {
    let end = |dashes: usize| {
        let after = &text[dashes + 3..];
        text.len() - after.trim_start_matches(is_regexp_space).len()
    };
    if from == 0 && text.starts_with("---") {
        return Some((0, end(0)));
    }
    let line = memchr::memmem::find(text.as_bytes(), b"\n---")?;
    let start = text[..line].trim_end_matches(is_regexp_space).len();
    Some((start, end(line + 1)))
}

/// Go's `\s`.
fn is_regexp_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\x0C' | '\r' | ' ')
}

const INSTALL_ORDER: [&str; 38] = [
    "PriorityClass",
    "Namespace",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "PodSecurityPolicy",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Secret",
    "SecretList",
    "ConfigMap",
    "StorageClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "CustomResourceDefinition",
    "ClusterRole",
    "ClusterRoleList",
    "ClusterRoleBinding",
    "ClusterRoleBindingList",
    "Role",
    "RoleList",
    "RoleBinding",
    "RoleBindingList",
    "Service",
    "DaemonSet",
    "Pod",
    "ReplicationController",
    "ReplicaSet",
    "Deployment",
    "HorizontalPodAutoscaler",
    "StatefulSet",
    "Job",
    "CronJob",
    "IngressClass",
    "Ingress",
    "APIService",
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Rank of a kind when installing; unknown kinds come last, among themselves in the order of their names.
pub fn install_order(kind: &str) -> usize {
    INSTALL_ORDER.iter().position(|known| *known == kind).unwrap_or(INSTALL_ORDER.len())
}

/// Rank of a kind when uninstalling: the reverse, and unknown kinds last again.
pub fn uninstall_order(kind: &str) -> usize {
    let known = INSTALL_ORDER.iter().position(|known| *known == kind);
    known.map_or(INSTALL_ORDER.len(), |rank| INSTALL_ORDER.len() - 1 - rank)
}

/// Hooks and other documents of rendered files, which come in the order of their paths, each in install order (`SortManifests`).
///
/// # Errors
/// `YAML parse error on <path>: …`
pub(crate) fn sort_manifests<'f>(
    files: impl Iterator<Item = (&'f str, &'f str)>,
    limits: &pilothouse_goyaml::Limits,
) -> Result<(Vec<Hook>, Vec<Manifest>), String> {
    let (mut hooks, mut manifests) = (Vec::new(), Vec::new());
    for (path, text) in files {
        if path.rsplit('/').next().unwrap_or(path).starts_with('_') {
            continue;
        }
        for document in split_documents(text) {
            let head = Head::read(document, limits)
                .map_err(|error| format!("YAML parse error on {path}: {error}"))?;
            match head.annotations.get("helm.sh/hook") {
                None => manifests.push(Manifest {
                    path: path.to_owned(),
                    content: document.to_owned(),
                    api_version: head.api_version,
                    kind: head.kind,
                    name: head.name,
                    namespace: head.namespace,
                }),
                Some(events) => hooks.extend(hook(path, document, &head, events)),
            }
        }
    }
    hooks.sort_by(|a, b| by_kind(&a.kind, &b.kind));
    manifests.sort_by(|a, b| by_kind(&a.kind, &b.kind));
    Ok((hooks, manifests))
}

fn by_kind(a: &str, b: &str) -> std::cmp::Ordering {
    let (first, second) = (install_order(a), install_order(b));
    first
        .cmp(&second)
        .then_with(|| if first == INSTALL_ORDER.len() { a.cmp(b) } else { std::cmp::Ordering::Equal })
}

/// The hook a document is; none if one of its events is unknown.
fn hook(path: &str, document: &str, head: &Head, events: &str) -> Option<Hook> {
    let words =
        |text: &str| -> Vec<String> { text.split(',').map(|word| word.trim().to_lowercase()).collect() };
    let events =
        words(events).iter().map(|event| HookEvent::from_annotation(event)).collect::<Option<Vec<_>>>()?;
    let list =
        |annotation: &str| head.annotations.get(annotation).map(|text| words(text)).unwrap_or_default();
    let delete = |policy: String| match policy.as_str() {
        "hook-succeeded" => HookDeletePolicy::HookSucceeded,
        "hook-failed" => HookDeletePolicy::HookFailed,
        "before-hook-creation" => HookDeletePolicy::BeforeHookCreation,
        _ => HookDeletePolicy::Other(policy),
    };
    let output = |policy: String| match policy.as_str() {
        "hook-succeeded" => HookOutputLogPolicy::HookSucceeded,
        "hook-failed" => HookOutputLogPolicy::HookFailed,
        _ => HookOutputLogPolicy::Other(policy),
    };
    let weight = head.annotations.get("helm.sh/hook-weight").and_then(|weight| weight.parse().ok());
    Some(Hook {
        name: head.name.clone(),
        kind: head.kind.clone(),
        path: path.to_owned(),
        manifest: document.to_owned(),
        events,
        weight: weight.unwrap_or(0),
        delete_policies: list("helm.sh/hook-delete-policy").into_iter().map(delete).collect(),
        output_log_policies: list("helm.sh/hook-output-log-policy").into_iter().map(output).collect(),
    })
}
