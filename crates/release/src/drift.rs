//! Drift: what differs between a release's stored manifest and the cluster, and its correction (Flux:
//! `fluxcd/pkg/ssa/jsondiff`).
//!
//! Each object is applied as a dry run; what that would change is drift. Removed labels and annotations, status and
//! the other metadata do not count, nor do objects that opt out, hooks, and paths that the spec ignores.

use futures::{StreamExt, stream};
use json_patch::PatchOperation;
use kube::api::Patch;
use pilothouse_resources::{IgnoreRule, meta};
use serde_json::Value;

use crate::{
    api_error,
    cluster::{self, Apply, Cluster, Placed},
    desired::Target,
    object::{self, ObjectId},
    post_render::Matcher,
    record::Record,
};

/// Requests at a time.
const PARALLEL: usize = 8;

/// What differs for one object.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The object.
    pub id: ObjectId,
    /// What differs.
    pub change: Change,
}

/// What differs.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The object does not exist.
    Missing,
    /// These operations would bring it back.
    Differs(Vec<PatchOperation>),
}

/// Why drift could not be found or corrected.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stored manifest cannot be read.
    #[error("the stored manifest cannot be read: {0}")]
    Manifest(#[from] object::Error),
    /// The cluster did not answer.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// An object cannot be applied.
    #[error("cannot apply {id}: {}", api_error::text(.source))]
    Apply {
        /// The object.
        id: ObjectId,
        /// The API's answer.
        source: Box<kube::Error>,
    },
    /// A rule in the spec cannot be read.
    #[error("cannot read `driftDetection.ignore`: {0}")]
    Rule(String),
}

impl Difference {
    /// How Flux tells it: `ConfigMap/ns/name changed (0 additions, 1 changes, 0 removals)`.
    pub fn describe(&self) -> String {
        let Change::Differs(operations) = &self.change else { return format!("{} removed", self.id) };
        let count = |wanted: fn(&PatchOperation) -> bool| operations.iter().filter(|op| wanted(op)).count();
        let added = count(|operation| matches!(operation, PatchOperation::Add(_)));
        let changed = count(|operation| matches!(operation, PatchOperation::Replace(_)));
        let removed = count(|operation| matches!(operation, PatchOperation::Remove(_)));
        format!("{} changed ({added} additions, {changed} changes, {removed} removals)", self.id)
    }
}

struct Rule {
    paths: Vec<String>,
    target: Option<Matcher>,
}

fn rules(ignore: &[IgnoreRule]) -> Result<Vec<Rule>, Error> {
    let rule = |rule: &IgnoreRule| {
        let target = rule.target.as_ref().map(Matcher::of).transpose().map_err(Error::Rule)?;
        Ok(Rule { paths: rule.paths.clone(), target })
    };
    ignore.iter().map(rule).collect()
}

/// Compares a release's stored manifest with the cluster.
///
/// # Errors
/// [`Error`]; an object that cannot be compared does not hide the drift of others.
pub async fn detect(
    cluster: &Cluster,
    target: &Target,
    record: &Record,
    ignore: &[IgnoreRule],
) -> Result<Vec<Difference>, Error> {
    let rules = rules(ignore)?;
    let placed = placed(cluster, target, record).await?;
    let checks: Vec<_> = placed.iter().map(|placed| compare(cluster, placed, &rules)).collect();
    let answers: Vec<_> = stream::iter(checks).buffered(PARALLEL).collect().await;
    let mut differences = Vec::new();
    let mut problem = None;
    for answer in answers {
        match answer {
            Ok(difference) => differences.extend(difference),
            Err(error) => problem = Some(error),
        }
    }
    match problem {
        Some(problem) if differences.is_empty() => Err(problem),
        _ => Ok(differences),
    }
}

async fn placed(cluster: &Cluster, target: &Target, record: &Record) -> Result<Vec<Placed>, Error> {
    let mut objects = object::parse(&record.manifest)?;
    objects.retain(|object| !object.name().is_empty() && !opts_out(&object.0));
    objects.iter_mut().for_each(|object| object.own(&target.name, &target.namespace));
    Ok(cluster.place_all(objects, &target.namespace).await?)
}

fn opts_out(object: &Value) -> bool {
    ["/metadata/labels", "/metadata/annotations"].into_iter().any(|pointer| {
        let choice =
            object.pointer(pointer).and_then(|map| map.get(meta::DRIFT_DETECTION)).and_then(Value::as_str);
        choice.is_some_and(|choice| choice.eq_ignore_ascii_case("disabled"))
    })
}

async fn compare(cluster: &Cluster, placed: &Placed, rules: &[Rule]) -> Result<Option<Difference>, Error> {
    let id = placed.object.id();
    let applies = |rule: &&Rule| rule.target.as_ref().is_none_or(|target| target.matches(&placed.object));
    let ignored: Vec<&str> =
        rules.iter().filter(applies).flat_map(|rule| rule.paths.iter().map(String::as_str)).collect();
    if ignored.contains(&"") {
        return Ok(None);
    }
    let Some(mut live) = cluster.get(placed).await? else {
        return Ok(Some(Difference { id, change: Change::Missing }));
    };
    if opts_out(&live) {
        return Ok(None);
    }
    let dry = cluster.apply(placed, Apply::DryRun, false).await;
    let mut wanted = dry.map_err(|source| Error::Apply { id: id.clone(), source: Box::new(source) })?;
    for path in ignored {
        remove_at(&mut live, path);
        remove_at(&mut wanted, path);
    }
    let operations = operations(&live, &wanted);
    Ok((!operations.is_empty()).then_some(Difference { id, change: Change::Differs(operations) }))
}

fn remove_at(value: &mut Value, path: &str) {
    let Some((parent, key)) = path.rsplit_once('/') else { return };
    let key = key.replace("~1", "/").replace("~0", "~");
    match value.pointer_mut(parent) {
        Some(Value::Object(map)) => {
            map.remove(&key);
        }
        Some(Value::Array(list)) => {
            if let Ok(at) = key.parse::<usize>()
                && at < list.len()
            {
                list.remove(at);
            }
        }
        _ => {}
    }
}

/// What leads from the live object to the wanted one.
fn operations(live: &Value, wanted: &Value) -> Vec<PatchOperation> {
    let counts = |operation: &PatchOperation| {
        let path = operation.path().to_string();
        let annotated = path.starts_with("/metadata/labels") || path.starts_with("/metadata/annotations");
        match path.as_str() {
            _ if annotated => !matches!(operation, PatchOperation::Remove(_)),
            "/status" | "/metadata" => false,
            path => !path.starts_with("/metadata/") && !path.starts_with("/status/"),
        }
    };
    json_patch::diff(live, wanted).0.into_iter().filter(counts).collect()
}

/// Brings the cluster back: missing objects are created in the manifest's order, changed ones patched. Gives a line for
/// each object that was corrected (Flux's wording) and what went wrong.
///
/// # Errors
/// The stored manifest or the cluster's kinds cannot be read.
pub async fn correct(
    cluster: &Cluster,
    target: &Target,
    record: &Record,
    differences: &[Difference],
) -> Result<(Vec<String>, Vec<String>), Error> {
    let (mut done, mut problems) = (Vec::new(), Vec::new());
    for placed in placed(cluster, target, record).await? {
        let id = placed.object.id();
        let Some(difference) = differences.iter().find(|difference| difference.id == id) else { continue };
        let (verb, answer) = match &difference.change {
            Change::Missing => ("created", cluster.apply(&placed, Apply::Now, false).await),
            Change::Differs(operations) => {
                let patch = Patch::Json(json_patch::Patch(operations.clone()));
                ("configured", cluster.patch(&placed, &patch).await)
            }
        };
        match answer {
            Ok(_) => done.push(format!("{id} {verb}")),
            Err(error) => problems.push(format!("{id}: {}", api_error::text(&error))),
        }
    }
    Ok((done, problems))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(live: Value, wanted: Value, expected: &[&str]) {
        let paths: Vec<String> =
            operations(&live, &wanted).iter().map(|operation| operation.path().to_string()).collect();
        assert_eq!(paths, expected);
    }

    #[test]
    fn status_and_bookkeeping_are_no_drift() {
        check(
            json!({"metadata": {"name": "a", "resourceVersion": "1", "labels": {"x": "y", "foreign": "z"}}, "data": {"k": "changed"}, "status": {"a": 1}}),
            json!({"metadata": {"name": "a", "resourceVersion": "2", "labels": {"x": "z"}}, "data": {"k": "v"}, "status": {"a": 2}}),
            &["/data/k", "/metadata/labels/x"],
        );
    }

    #[test]
    fn ignored_paths_are_removed_from_both_sides() {
        let mut object = json!({"spec": {"replicas": 3, "a/b": 1, "list": [1, 2]}});
        for path in ["/spec/replicas", "/spec/a~1b", "/spec/list/0", "/spec/none", "/gone/x"] {
            remove_at(&mut object, path);
        }
        assert_eq!(object, json!({"spec": {"list": [2]}}));
    }

    #[test]
    fn differences_read_as_in_flux() {
        let id = ObjectId {
            group: String::new(),
            kind: "ConfigMap".into(),
            namespace: "ns".into(),
            name: "c".into(),
        };
        let operations = operations(&json!({"data": {"a": "1"}}), &json!({"data": {"a": "2", "b": "3"}}));
        let changed = Difference { id: id.clone(), change: Change::Differs(operations) };
        assert_eq!(changed.describe(), "ConfigMap/ns/c changed (1 additions, 1 changes, 0 removals)");
        assert_eq!(Difference { id, change: Change::Missing }.describe(), "ConfigMap/ns/c removed");
    }
}
