//! The revisions of a release, as Helm's records hold them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use pilothouse_chart::Chart;
use pilothouse_release::{
    Record, Storage, desired::Target, object, record::RecordHook, storage::Error as StorageError,
};
use pilothouse_resources::HelmRelease;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    diff::{self, ItemChange, TextComparison},
    releases::{Deployed, storage_namespace},
};
use crate::{Caller, problem::Problem};

/// Most revisions whose records are opened for a list.
const MAX_OPENED: usize = 50;

/// One revision in a history.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevisionView {
    /// Helm's revision.
    pub revision: u32,
    /// Helm's status.
    pub status: String,
    /// Name of the chart.
    pub chart_name: String,
    /// Version of the chart.
    pub chart_version: String,
    /// Version of the application.
    pub app_version: String,
    /// What happened, in a sentence.
    pub description: String,
    /// When it was deployed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deployed: Option<Timestamp>,
    /// Whether Pilothouse (or Flux) made it and nobody changed it since; else somebody used `helm`.
    pub managed: bool,
}

/// One revision, opened.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevisionDetail {
    /// The revision.
    #[serde(flatten)]
    pub revision: RevisionView,
    /// The user's values.
    #[schema(value_type = Object)]
    pub values: Value,
    /// The same as YAML.
    pub values_yaml: String,
    /// The manifest.
    pub manifest: String,
    /// Notes.
    pub notes: String,
    /// Hooks and their last runs.
    pub hooks: Vec<HookView>,
}

/// A hook of a revision.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HookView {
    /// Name of its object.
    pub name: String,
    /// Kind of its object.
    pub kind: String,
    /// Template it came from.
    pub path: String,
    /// When it runs, for example `pre-install`.
    pub events: Vec<String>,
    /// Order.
    pub weight: i64,
    /// Outcome of the last run; empty: it never ran.
    pub phase: String,
    /// When the last run began.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started: Option<Timestamp>,
    /// When the last run ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed: Option<Timestamp>,
    /// Its manifest.
    pub manifest: String,
}

/// Two revisions, compared.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevisionComparison {
    /// The old revision.
    pub from: u32,
    /// The new revision.
    pub to: u32,
    /// Versions of the chart: old and new.
    pub chart_versions: [String; 2],
    /// The user's values.
    pub values: TextComparison,
    /// The manifest as one text.
    pub manifest: TextComparison,
    /// The manifest object by object.
    pub objects: Vec<ItemChange>,
    /// Notes.
    pub notes: TextComparison,
}

/// A failure of storage as a problem.
pub fn storage_problem(error: StorageError) -> Problem {
    match error {
        StorageError::List { source, .. }
        | StorageError::Read { source, .. }
        | StorageError::Write { source, .. } => source.into(),
        StorageError::Unpack { .. } | StorageError::Pack(_) => {
            Problem::upstream("record-unreadable", "The release record cannot be read", error.to_string())
        }
        StorageError::Interrupted(_) => Problem::internal(error.to_string()),
    }
}

/// Name and namespaces of a release, with the storage namespace as it is recorded.
pub fn target(object: &HelmRelease) -> Target {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let name = object.metadata.name.clone().unwrap_or_default();
    Target { storage_namespace: storage_namespace(object), ..Target::of(&namespace, &name, &object.spec) }
}

fn storage(caller: &Caller, target: &Target) -> Storage {
    Storage::new(caller.client.clone(), &target.storage_namespace)
}

fn view(record: &Record, managed: bool) -> RevisionView {
    RevisionView {
        revision: record.version,
        status: record.info.status.to_string(),
        chart_name: record.chart_name().to_owned(),
        chart_version: record.chart_version().to_owned(),
        app_version: record.app_version().to_owned(),
        description: record.info.description.clone(),
        deployed: record.info.last_deployed,
        managed,
    }
}

/// The history of a release, newest first.
///
/// Who may not read Helm's Secrets gets what the HelmRelease's status remembers.
pub async fn history(caller: &Caller, release: &HelmRelease) -> Result<Vec<RevisionView>, Problem> {
    let target = target(release);
    let storage = storage(caller, &target);
    let revisions = match storage.history(&target.name).await.map_err(storage_problem) {
        Ok(revisions) => revisions,
        Err(problem) if problem.is_forbidden() => return Ok(remembered(release)),
        Err(problem) => return Err(problem),
    };
    let opened = revisions.into_iter().take(MAX_OPENED).map(|revision| {
        let (storage, name) = (storage.clone(), target.name.clone());
        async move { storage.get(&name, revision.version).await.map_err(storage_problem) }
    });
    let uid = release.metadata.uid.clone().unwrap_or_default();
    let mut views = Vec::new();
    let mut opened =
        futures::stream::StreamExt::buffered(futures::stream::iter(opened.collect::<Vec<_>>()), 8);
    while let Some(stored) = futures::StreamExt::next(&mut opened).await {
        match stored {
            Ok(Some(stored)) => {
                let managed = stored.marker.as_ref().is_some_and(|marker| marker.uid == uid);
                views.push(view(&stored.record, managed));
            }
            Ok(None) => {}
            Err(problem) if problem.is_forbidden() => return Ok(remembered(release)),
            Err(problem) => return Err(problem),
        }
    }
    Ok(views)
}

fn remembered(release: &HelmRelease) -> Vec<RevisionView> {
    let history = release.status.iter().flat_map(|status| &status.history);
    history
        .map(Deployed::of)
        .map(|deployed| RevisionView {
            revision: u32::try_from(deployed.revision).unwrap_or_default(),
            status: deployed.status,
            chart_name: deployed.chart_name,
            chart_version: deployed.chart_version,
            app_version: deployed.app_version.unwrap_or_default(),
            description: deployed.action.unwrap_or_default(),
            deployed: Some(deployed.last_deployed),
            managed: true,
        })
        .collect()
}

/// The record of a revision; without a number, of the newest.
pub async fn record(
    caller: &Caller,
    release: &HelmRelease,
    revision: Option<u32>,
) -> Result<(Record, bool), Problem> {
    let target = target(release);
    let storage = storage(caller, &target);
    let number = if let Some(number) = revision {
        number
    } else {
        let history = storage.history(&target.name).await.map_err(storage_problem)?;
        history.first().map(|newest| newest.version).ok_or_else(|| {
            Problem::not_found(format!("nothing of release `{}` is deployed yet", target.name))
        })?
    };
    let stored =
        storage.get(&target.name, number).await.map_err(storage_problem)?.ok_or_else(|| {
            Problem::not_found(format!("release `{}` has no revision {number}", target.name))
        })?;
    let uid = release.metadata.uid.as_deref().unwrap_or_default();
    let managed = stored.marker.as_ref().is_some_and(|marker| marker.uid == uid);
    Ok((stored.record, managed))
}

/// The chart in a record, for its defaults.
pub fn chart_of(record: &Record) -> Option<Chart> {
    Chart::from_release_json(&record.chart).ok()
}

fn hook(hook: &RecordHook) -> HookView {
    HookView {
        name: hook.hook.name.clone(),
        kind: hook.hook.kind.clone(),
        path: hook.hook.path.clone(),
        events: hook
            .hook
            .events
            .iter()
            .filter_map(|event| serde_json::to_value(event).ok()?.as_str().map(str::to_owned))
            .collect(),
        weight: hook.hook.weight,
        phase: hook.last_run.phase.as_str().to_owned(),
        started: hook.last_run.started_at,
        completed: hook.last_run.completed_at,
        manifest: hook.hook.manifest.clone(),
    }
}

/// One revision, opened.
pub fn detail(record: &Record, managed: bool) -> Result<RevisionDetail, Problem> {
    let values = Value::Object(record.config());
    Ok(RevisionDetail {
        revision: view(record, managed),
        values_yaml: super::objects::to_yaml(&values)?,
        values,
        manifest: record.manifest.clone(),
        notes: record.info.notes.clone(),
        hooks: record.hooks.iter().map(hook).collect(),
    })
}

/// The objects of a manifest as texts, by `Kind namespace/name`.
pub fn by_object(manifest: &str) -> BTreeMap<String, String> {
    let mut objects = BTreeMap::new();
    for document in pilothouse_chart::split_documents(manifest) {
        let Ok(parsed) = object::parse(document) else { continue };
        let Some(first) = parsed.first() else { continue };
        let place =
            if first.namespace().is_empty() { String::new() } else { format!("{}/", first.namespace()) };
        let key = format!("{} {place}{}", first.kind(), first.name());
        // The line that names the template says nothing about the object.
        let text: String = document
            .lines()
            .filter(|line| !line.starts_with("# Source: "))
            .map(|line| format!("{line}\n"))
            .collect();
        objects.entry(key).or_insert_with(String::new).push_str(&text);
    }
    objects
}

/// Compares two revisions.
pub fn compare(from: &Record, to: &Record) -> Result<RevisionComparison, Problem> {
    let yaml = |record: &Record| super::objects::to_yaml(&Value::Object(record.config()));
    let name = |record: &Record| format!("revision {}", record.version);
    let text = |from_text: String, to_text: String| diff::texts(from_text, to_text, &name(from), &name(to));
    Ok(RevisionComparison {
        from: from.version,
        to: to.version,
        chart_versions: [from.chart_version().to_owned(), to.chart_version().to_owned()],
        values: text(yaml(from)?, yaml(to)?),
        manifest: text(from.manifest.clone(), to.manifest.clone()),
        objects: diff::sets(&by_object(&from.manifest), &by_object(&to.manifest)),
        notes: text(from.info.notes.clone(), to.info.notes.clone()),
    })
}
