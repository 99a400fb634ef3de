//! Applies the objects of a revision and deletes those that are no longer part of it.

use std::collections::{BTreeMap, HashSet};

use futures::{StreamExt, stream};
use kube::api::Patch;
use pilothouse_resources::{DeletionPropagation, meta};
use serde_json::{Map, Value, json};

use super::{Failure, Operation, World, wait::Tracked};
use crate::{
    api_error,
    cluster::{self, Apply, Cluster, Placed},
    object::{self, ObjectId, foreign_owner, is_kept},
    record::Record,
};

/// Requests at a time, among objects of one kind.
const PARALLEL: usize = 8;

/// What the API said to an object, in Helm's words.
pub(super) fn failure(placed: &Placed, error: &kube::Error) -> String {
    let object = &placed.object;
    let named = format!("{}/{} {}", object.namespace(), object.name(), object.go_kind());
    let text = api_error::text(error);
    match api_error::code(error) {
        Some(409) => format!("conflict occurred while applying object {named}: {text}"),
        _ => format!("server-side apply failed for object {named}: {text}"),
    }
}

impl Operation {
    /// Checks before anything is recorded: the kinds exist, and nothing belongs to somebody else.
    pub(super) async fn check_objects(&self, world: &World, record: &Record) -> Result<(), Failure> {
        let objects = object::parse(&record.manifest)?;
        let placed = world.cluster.place_all(objects, &self.target.namespace).await.map_err(unbuildable)?;
        if self.options.take_ownership {
            return Ok(());
        }
        let before = self.previous_ids(world).await?;
        for placed in placed {
            if placed.object.name().is_empty() || before.contains(&placed.object.id()) {
                continue;
            }
            let Some(live) = world.cluster.get(&placed).await? else { continue };
            if let Some(problem) = foreign_owner(&live, &self.target.name, &self.target.namespace) {
                let verb = if self.action == super::Action::Install { "install" } else { "update" };
                let object = &placed.object;
                return Err(Failure::Failed(format!(
                    "unable to continue with {verb}: {} {:?} in namespace {:?} exists and cannot be imported into the \
                     current release: {problem}",
                    object.kind(),
                    object.name(),
                    object.namespace()
                )));
            }
        }
        Ok(())
    }

    /// The objects of earlier revisions that may still be there. Kinds that are gone took their objects along.
    pub(super) async fn previous_objects(&self, world: &World) -> Result<Vec<Placed>, Failure> {
        let mut found: BTreeMap<ObjectId, Placed> = BTreeMap::new();
        for stored in &self.previous {
            for object in object::parse(&stored.record.manifest)? {
                match world.cluster.place(object, &stored.record.namespace).await {
                    Ok(placed) => {
                        found.entry(placed.object.id()).or_insert(placed);
                    }
                    Err(cluster::Error::NoKind { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(found.into_values().collect())
    }

    async fn previous_ids(&self, world: &World) -> Result<HashSet<ObjectId>, Failure> {
        Ok(self.previous_objects(world).await?.iter().map(|placed| placed.object.id()).collect())
    }

    /// Applies all objects, in order, and prunes.
    pub(super) async fn apply_objects(&mut self, world: &World) -> Result<(), Failure> {
        if self.options.create_namespace {
            create_namespace(&world.cluster, &self.target.namespace).await?;
        }
        let Some(stored) = &self.stored else { return Ok(()) };
        let objects = object::parse(&stored.record.manifest)?;
        let placed = world.cluster.place_all(objects, &self.target.namespace).await.map_err(unbuildable)?;
        self.tracked.clear();
        for batch in placed.chunk_by(|a, b| a.object.kind() == b.object.kind()) {
            let applied = self.apply_batch(world, batch).await?;
            self.tracked.extend(applied);
        }
        self.prune(world).await
    }

    async fn apply_batch(&self, world: &World, batch: &[Placed]) -> Result<Vec<Tracked>, Failure> {
        let requests: Vec<_> = batch.iter().map(|placed| self.apply_one(world, placed.clone())).collect();
        let answers: Vec<_> = stream::iter(requests).buffered(PARALLEL).collect().await;
        let mut tracked = Vec::new();
        let mut problems = Vec::new();
        for answer in answers {
            match answer {
                Ok(applied) => tracked.push(applied),
                Err(Failure::Failed(problem)) => problems.push(problem),
                Err(transient) => return Err(transient),
            }
        }
        if problems.is_empty() { Ok(tracked) } else { Err(Failure::Failed(problems.join(" && "))) }
    }

    async fn apply_one(&self, world: &World, mut placed: Placed) -> Result<Tracked, Failure> {
        placed.object.own(&self.target.name, &self.target.namespace);
        let applied = apply_as_helm(&world.cluster, &placed, self.options.validate).await;
        let live = match applied {
            Ok(live) => live,
            Err(error) if api_error::is_transient(&error) => {
                return Err(Failure::Transient(api_error::text(&error)));
            }
            Err(error) => {
                let problem = failure(&placed, &error);
                let upgrade = self.action != super::Action::Install;
                let creating = upgrade && matches!(world.cluster.get(&placed).await, Ok(None));
                let prefix = if creating { "failed to create resource: " } else { "" };
                return Err(Failure::Failed(format!("{prefix}{problem}")));
            }
        };
        if placed.object.name().is_empty()
            && let Some(name) = live.pointer("/metadata/name").cloned()
            && let Some(metadata) = placed.object.0.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.remove("generateName");
            metadata.insert("name".to_owned(), name);
        }
        Ok(Tracked { health: self.health(&live), placed })
    }

    /// Deletes what earlier revisions had and this one has not, unless its policy is to stay or another release took
    /// it over.
    async fn prune(&self, world: &World) -> Result<(), Failure> {
        let current: HashSet<ObjectId> =
            self.tracked.iter().map(|tracked| tracked.placed.object.id()).collect();
        let mut problems = Vec::new();
        for placed in self.previous_objects(world).await? {
            let id = placed.object.id();
            if current.contains(&id) || id.name.is_empty() {
                continue;
            }
            let Some(live) = world.cluster.get(&placed).await? else { continue };
            if is_kept(&live) || belongs_to_another(&live, &self.target.name, &self.target.namespace) {
                continue;
            }
            match world.cluster.delete(&placed, DeletionPropagation::Background).await {
                Ok(_) => {}
                Err(error) if error.is_transient() => return Err(error.into()),
                Err(error) => problems.push(format!(
                    "failed to delete resource namespace={}, name={}, kind={}: {error}",
                    id.namespace, id.name, id.kind
                )),
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Failure::Failed(problems.join(" && "))) }
    }

    /// Deletes what a failed upgrade added.
    pub(super) async fn clean_up(&mut self, world: &World) {
        let Ok(before) = self.previous_ids(world).await else { return };
        for tracked in &self.tracked {
            if !before.contains(&tracked.placed.object.id())
                && let Err(error) =
                    world.cluster.delete(&tracked.placed, DeletionPropagation::Background).await
            {
                self.warnings.push(format!("unable to cleanup resources: {error}"));
            }
        }
    }
}

fn unbuildable(error: cluster::Error) -> Failure {
    match error {
        cluster::Error::NoKinds(_) => {
            Failure::Failed(format!("unable to build kubernetes objects from release manifest: {error}"))
        }
        other => other.into(),
    }
}

/// Whether Helm's ownership annotations name another release.
pub(super) fn belongs_to_another(live: &Value, release: &str, namespace: &str) -> bool {
    let annotations = live.pointer("/metadata/annotations");
    let is = |key: &str| annotations.and_then(|annotations| annotations.get(key)).and_then(Value::as_str);
    is("meta.helm.sh/release-name").is_some_and(|name| name != release)
        || is("meta.helm.sh/release-namespace").is_some_and(|name| name != namespace)
}

async fn create_namespace(cluster: &Cluster, name: &str) -> Result<(), Failure> {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": {"name": name}}});
    let placed = cluster.place(object::Object(namespace), "").await?;
    if cluster.get(&placed).await?.is_some() {
        return Ok(());
    }
    match cluster.apply(&placed, Apply::Now, false).await {
        Ok(_) => Ok(()),
        Err(error) if api_error::is_transient(&error) => Err(Failure::Transient(api_error::text(&error))),
        Err(error) => Err(Failure::Failed(failure(&placed, &error))),
    }
}

/// Applies as Helm's field manager. Fields that Helm once set by client-side apply, or that Flux set, become Helm's
/// own first: else what the chart drops would stay.
async fn apply_as_helm(cluster: &Cluster, placed: &Placed, validate: bool) -> Result<Value, kube::Error> {
    let live = cluster.apply(placed, Apply::Now, validate).await?;
    let Some(fields) = unified_fields(&live) else { return Ok(live) };
    let version = live.pointer("/metadata/resourceVersion").cloned().unwrap_or_default();
    let operations = json!([
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},
        {"op": "replace", "path": "/metadata/managedFields", "value": fields},
    ]);
    let operations: json_patch::Patch =
        serde_json::from_value(operations).map_err(kube::Error::SerdeError)?;
    cluster.patch(placed, &Patch::Json(operations)).await?;
    cluster.apply(placed, Apply::Now, validate).await
}

/// The managed fields with those of Helm's client-side apply and of Flux united into Helm's server-side ones; `None`
/// if there is nothing to unite.
fn unified_fields(live: &Value) -> Option<Vec<Value>> {
    let entries = live.pointer("/metadata/managedFields")?.as_array()?;
    let text =
        |entry: &Value, key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_spec = |entry: &Value| text(entry, "subresource").is_empty();
    let is_ours = |entry: &Value| {
        is_spec(entry)
            && text(entry, "manager") == meta::HELM_FIELD_MANAGER
            && text(entry, "operation") == "Apply"
    };
    let is_former = |entry: &Value| {
        let (manager, operation) = (text(entry, "manager"), text(entry, "operation"));
        is_spec(entry)
            && (manager == meta::HELM_FIELD_MANAGER && operation == "Update"
                || manager == meta::HELM_CONTROLLER && (operation == "Update" || operation == "Apply"))
    };
    if !entries.iter().any(is_former) {
        return None;
    }
    let mut ours = entries.iter().find(|entry| is_ours(entry))?.clone();
    let api_version = text(&ours, "apiVersion");
    let mut fields = ours.get("fieldsV1").cloned().unwrap_or_else(|| json!({}));
    for entry in entries.iter().filter(|entry| is_former(entry) && text(entry, "apiVersion") == api_version) {
        if let (Some(fields), Some(more)) =
            (fields.as_object_mut(), entry.get("fieldsV1").and_then(Value::as_object))
        {
            unite(fields, more);
        }
    }
    ours.as_object_mut()?.insert("fieldsV1".to_owned(), fields);
    let others = entries.iter().filter(|entry| !is_ours(entry) && !is_former(entry)).cloned();
    Some(others.chain([ours]).collect())
}

/// The API server bounds how deep managed fields nest.
fn unite(fields: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (key, value) in more {
        match (fields.get_mut(key).and_then(Value::as_object_mut), value.as_object()) {
            (Some(inner), Some(more)) => unite(inner, more),
            _ => {
                fields.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_client_side_apply_and_of_flux_become_helms() {
        let entry = |manager: &str, operation: &str, fields: Value| json!({"manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1", "fieldsV1": fields});
        let live = json!({"metadata": {"managedFields": [
            entry("helm", "Apply", json!({"f:data": {"f:a": {}}})),
            entry("helm", "Update", json!({"f:data": {".": {}, "f:b": {}}})),
            entry("helm-controller", "Apply", json!({"f:data": {"f:c": {}}})),
            entry("kubectl", "Update", json!({"f:data": {"f:d": {}}})),
        ]}});
        let fields = unified_fields(&live).unwrap();
        assert_eq!(fields.len(), 2);
        assert_eq!(fields[1]["fieldsV1"], json!({"f:data": {".": {}, "f:a": {}, "f:b": {}, "f:c": {}}}));
        let settled = json!({"metadata": {"managedFields": fields}});
        assert_eq!(unified_fields(&settled), None);
    }
}
