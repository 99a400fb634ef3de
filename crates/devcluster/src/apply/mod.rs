//! Server-side apply and the tracking of `metadata.managedFields`.
//!
//! Mirrors structured-merge-diff v6 and apimachinery's `managedfields` package. Flow of an apply: [`apply`]
//! checks the patch against the schema, merges, removes what the manager no longer applies, finds conflicts and
//! records ownership; the caller defaults, validates; [`finish`] undoes a change of nothing but times. Flow of
//! any other write: decode, default, then [`track`] before the server fills in anything of its own, and [`finish`].

mod managed;
mod path;
mod reset;
mod set;
#[cfg(test)]
mod tests;
mod typed;

use serde_json::{Map, Value};

use crate::fields;
use crate::resource::Resource;
use crate::schema::TypeRef;
use crate::status::{ApiError, ApiResult, Cause, Details};
pub(crate) use typed::plain;

use managed::Entry;
use set::FieldSet;

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Who writes, and how.
#[derive(Clone, Copy, Debug)]
pub struct Writer<'a> {
    /// Field manager.
    pub manager: &'a str,
    /// Subresource written through; empty for the object itself.
    pub subresource: &'a str,
    /// Now, as RFC 3339 with seconds: `2026-01-02T03:04:05Z`.
    pub now: &'a str,
    /// Take fields over from other managers (apply only).
    pub force: bool,
}

impl Writer<'_> {
    fn entry(&self, resource: &Resource, applied: bool, set: FieldSet) -> Entry {
        Entry {
            manager: if self.manager.is_empty() { "unknown" } else { self.manager }.to_owned(),
            applied,
            api_version: resource.api_version(),
            subresource: self.subresource.to_owned(),
            time: None,
            set,
        }
    }
}

/// Merges an apply patch into the live object (`None`: it is created) and sets `managedFields`.
/// Of built-in kinds the result is canonical, but not yet defaulted or validated; call [`finish`] when it is.
///
/// # Errors
/// 409 `Conflict` with a cause per field, 500 where the patch does not fit the schema, 400 for bad bodies.
pub fn apply(
    resource: &Resource,
    live: Option<&Value>,
    patch: &Value,
    writer: &Writer<'_>,
) -> ApiResult<Value> {
    check_kind(resource, patch)?;
    let ty = type_of(resource)?;
    if patch.pointer("/metadata/managedFields").is_some_and(|v| !v.is_null()) {
        return Err(ApiError::bad_request("metadata.managedFields must be nil"));
    }
    let errors = typed::check(ty, patch);
    if !errors.is_empty() {
        return Err(ApiError::plain_internal(format!(
            "failed to create typed patch object ({}): {}",
            object_name(resource, patch),
            typed::mismatches_text(&errors)
        )));
    }
    let empty = empty_object(resource, ty);
    let mut base = live.cloned().unwrap_or_else(|| empty.clone());
    let mut entries = managed::read(&base).ok_or_else(|| {
        ApiError::plain_internal(
            "failed to decode managed fields: the managedFields of the live object are malformed",
        )
    })?;
    managed::strip(&mut base);
    let reset = reset::fields(resource, writer.subresource);
    if entries.is_empty() {
        let before = Writer { manager: "before-first-apply", ..*writer };
        entries = tracked(resource, ty, &empty, &base, entries, &before, &reset);
    }
    let attempt = Attempt { resource, ty, live: &base, patch, writer, reset: &reset };
    let (object, entries) = match attempt.run(entries.clone(), writer.force) {
        Err(conflicts) if writer.manager == "kubectl" => attempt.over_last_applied(entries, conflicts)?,
        other => other.map_err(|conflicts| conflict_error(&conflicts))?,
    };
    let mut object = object;
    if writer.manager == "kubectl" && has_last_applied(&object) {
        set_last_applied(&mut object, patch);
    }
    if resource.custom.is_none() {
        let decoded = fields::decode_unstructured(ty, &object).map_err(|error| {
            let kind = kind_text(resource);
            ApiError::plain_internal(format!(
                "failed to convert new object ({}) to proper version: unable to convert unstructured object to {kind}: {error}",
                object_name(resource, patch)
            ))
        })?;
        object = decoded.object;
        fields::settle(ty, &mut object);
    }
    managed::write(&mut object, entries);
    Ok(object)
}

/// Last step of every write: where nothing but the times of managedFields changed against `live`, the old times
/// are kept, so that a write that changes nothing stores nothing. `merged` is the result of [`apply`] (or the
/// object itself after [`track`]), `object` what will be stored.
pub fn finish(
    resource: &Resource,
    live: Option<&Value>,
    merged: &Value,
    object: &mut Value,
    writer: &Writer<'_>,
) {
    let _ = (resource, writer, merged);
    if let Some(live) = live {
        keep_times(live, object);
    }
}

/// Records in `object.metadata.managedFields` what a create, update or patch (not an apply) changed against `live`
/// (`None`: created). To be called on the decoded and defaulted object, before the server changes it itself
/// (allocated addresses and the like belong to no manager).
/// A client that sent an empty managedFields list resets it.
pub fn track(resource: &Resource, live: Option<&Value>, object: &mut Value, writer: &Writer<'_>) {
    let Ok(ty) = type_of(resource) else { return };
    let live_entries = || live.and_then(managed::read).unwrap_or_default();
    let entries = if !writer.subresource.is_empty() {
        live_entries()
    } else if managed::is_reset(object) {
        Vec::new()
    } else {
        managed::read(object).filter(|e| !e.is_empty()).unwrap_or_else(live_entries)
    };
    managed::strip(object);
    if live.is_none()
        && let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut)
    {
        // A new object is not being deleted, whatever the client says.
        metadata.remove("deletionTimestamp");
        metadata.remove("deletionGracePeriodSeconds");
    }
    let mut base = live.cloned().unwrap_or_else(|| empty_object(resource, ty));
    managed::strip(&mut base);
    // Tracking begins with the creation or with the first apply, never in between.
    if entries.is_empty() && live.is_some() {
        return settle(resource, ty, object);
    }
    let reset = reset::fields(resource, writer.subresource);
    let mut entries = tracked(resource, ty, &base, object, entries, writer, &reset);
    managed::cap(&mut entries);
    settle(resource, ty, object);
    managed::write(object, entries);
    if let Some(live) = live {
        keep_times(live, object);
    }
}

fn settle(resource: &Resource, ty: TypeRef<'_>, object: &mut Value) {
    if resource.custom.is_none() {
        fields::settle(ty, object);
    }
}

fn type_of(resource: &Resource) -> ApiResult<TypeRef<'_>> {
    resource.ty().ok_or_else(|| ApiError::internal(format!("no type is known for {}", kind_text(resource))))
}

/// `group/version, Kind=kind` as Go prints it.
fn kind_text(resource: &Resource) -> String {
    format!("{}/{}, Kind={}", resource.gvk.group, resource.gvk.version, resource.gvk.kind)
}

fn object_name(resource: &Resource, object: &Value) -> String {
    let text = |key: &str| object.pointer(key).and_then(Value::as_str).unwrap_or_default();
    let kind = kind_text(resource);
    // Go prints a kind without a group as `/v1, Kind=…`, one with a group without a leading slash.
    format!("{}/{}; {kind}", text("/metadata/namespace"), text("/metadata/name"))
}

fn check_kind(resource: &Resource, patch: &Value) -> ApiResult<()> {
    let other = match patch {
        Value::Array(_) => Some("array"),
        Value::String(_) => Some("string"),
        Value::Number(_) => Some("number"),
        Value::Bool(_) => Some("bool"),
        _ => None,
    };
    if let Some(what) = other {
        return Err(ApiError::bad_request(format!(
            "error decoding patch: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {what} into Go value of type map[string]interface {{}}"
        )));
    }
    let text = |key: &str| patch.get(key).and_then(Value::as_str).unwrap_or_default();
    let (api_version, kind) = (text("apiVersion"), text("kind"));
    if api_version == resource.api_version() && kind == resource.gvk.kind {
        return Ok(());
    }
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    Err(ApiError::bad_request(format!("invalid object type: {group}/{version}, Kind={kind}")))
}

/// What Go has before a creation: the zero value of the kind.
fn empty_object(resource: &Resource, ty: TypeRef<'_>) -> Value {
    let mut empty = match resource.custom {
        Some(_) => Value::Object(Map::new()),
        None => fields::decode_value(ty, &Value::Object(Map::new())).map_or(Value::Null, |d| d.object),
    };
    if let Value::Object(map) = &mut empty {
        map.insert("apiVersion".to_owned(), Value::String(resource.api_version()));
        map.insert("kind".to_owned(), Value::String(resource.gvk.kind.to_string()));
    }
    empty
}

/// Removes what never belongs to a manager.
fn strip_meta(set: &FieldSet) -> FieldSet {
    set.difference(&FieldSet::of(&[
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ]))
}

/// The entries after an update from `old` to `new`.
fn tracked(
    resource: &Resource,
    ty: TypeRef<'_>,
    old: &Value,
    new: &Value,
    mut entries: Vec<Entry>,
    writer: &Writer<'_>,
    reset: &FieldSet,
) -> Vec<Entry> {
    let change = typed::compare(ty, old, new).without(reset);
    let changed = change.modified.union(&change.added);
    for entry in &mut entries {
        entry.set = entry.set.difference(&changed).difference(&change.removed);
    }
    entries.retain(|e| !e.set.is_empty());
    let mine = strip_meta(&changed.recursive_difference(reset));
    if mine.is_empty() {
        return entries;
    }
    let mut entry = writer.entry(resource, false, mine);
    entry.time = Some(writer.now.to_owned());
    match entries.iter_mut().find(|e| e.is_same_manager(&entry)) {
        Some(known) => {
            known.set = known.set.union(&entry.set);
            known.time = entry.time;
        }
        None => entries.push(entry),
    }
    entries
}

/// One conflict: the manager that owns the field, and the field.
type Conflict = (Entry, Vec<path::Step>);

struct Attempt<'a> {
    resource: &'a Resource,
    ty: TypeRef<'a>,
    live: &'a Value,
    patch: &'a Value,
    writer: &'a Writer<'a>,
    reset: &'a FieldSet,
}

impl Attempt<'_> {
    fn run(&self, mut entries: Vec<Entry>, force: bool) -> Result<(Value, Vec<Entry>), Vec<Conflict>> {
        let merged = typed::merge(self.ty, self.live, self.patch);
        let set = typed::fields_of(self.ty, self.patch).recursive_difference(self.reset);
        let mut mine = self.writer.entry(self.resource, true, set);
        let last = entries.iter().position(|e| e.is_same_manager(&mine)).map(|i| entries.remove(i));
        mine.time = last.as_ref().and_then(|l| l.time.clone());
        let object = match &last {
            Some(last) if !last.set.is_empty() => self.prune(&merged, last, &mine, &entries),
            _ => merged,
        };
        let change = typed::compare(self.ty, self.live, &object).without(self.reset);
        let changed = change.modified.union(&change.added);
        let mut conflicts: Vec<Conflict> = Vec::new();
        for entry in &mut entries {
            let taken = entry.set.intersection(&changed);
            if !force {
                conflicts.extend(taken.paths().into_iter().map(|path| (entry.clone(), path)));
            }
            entry.set = entry.set.difference(&taken).difference(&change.removed);
        }
        if !conflicts.is_empty() {
            return Err(conflicts);
        }
        let unchanged = path::same(self.live, &object);
        mine.set = strip_meta(&mine.set);
        if !unchanged {
            mine.time = Some(self.writer.now.to_owned());
        }
        entries.push(mine);
        Ok((if unchanged { self.live.clone() } else { object }, entries))
    }

    /// Removes what the manager applied last time and no longer applies, unless somebody else owns it.
    fn prune(&self, merged: &Value, last: &Entry, mine: &Entry, others: &[Entry]) -> Value {
        let ty = Some(self.ty);
        let pruned = typed::remove(self.ty, merged, &last.set.with_named_parents(ty));
        let owned = others.iter().fold(mine.set.clone(), |acc, e| acc.union(&e.set));
        // Back comes what others (or the new configuration) own …
        let merged_set = typed::fields_of(self.ty, merged).with_named_parents(ty);
        let pruned_set = typed::fields_of(self.ty, &pruned).with_named_parents(ty);
        let kept = pruned_set.union(&owned.with_named_parents(ty));
        let pruned = typed::remove(self.ty, merged, &merged_set.difference(&kept));
        // … and what the manager never owned.
        let pruned_set = typed::fields_of(self.ty, &pruned).with_named_parents(ty);
        let gone = merged_set.difference(&pruned_set).intersection(&last.set.with_named_parents(ty));
        typed::remove(self.ty, merged, &gone)
    }

    /// `kubectl apply --server-side` may take over what its own client-side apply wrote.
    fn over_last_applied(
        &self,
        entries: Vec<Entry>,
        conflicts: Vec<Conflict>,
    ) -> ApiResult<(Value, Vec<Entry>)> {
        let Some(allowed) = self.last_applied_fields() else { return Err(conflict_error(&conflicts)) };
        let left: Vec<Conflict> = conflicts.into_iter().filter(|(_, path)| !allowed.has(path)).collect();
        if !left.is_empty() {
            return Err(conflict_error(&left));
        }
        self.run(entries, true).map_err(|conflicts| conflict_error(&conflicts))
    }

    fn last_applied_fields(&self) -> Option<FieldSet> {
        let text = self.live.pointer("/metadata/annotations")?.get(LAST_APPLIED)?.as_str()?;
        let last: Value = serde_json::from_str(text).ok()?;
        if last.get("apiVersion")?.as_str()? != self.resource.api_version()
            || !typed::check(self.ty, &last).is_empty()
        {
            return None;
        }
        let change = typed::compare(self.ty, &last, self.live);
        let set = typed::fields_of(self.ty, &last);
        Some(set.difference(&change.modified).difference(&change.added).difference(&change.removed))
    }
}

fn has_last_applied(object: &Value) -> bool {
    let annotation = object.pointer("/metadata/annotations").and_then(|a| a.get(LAST_APPLIED));
    annotation.and_then(Value::as_str).is_some_and(|text| !text.is_empty())
}

fn set_last_applied(object: &mut Value, patch: &Value) {
    let mut patch = patch.clone();
    if let Some(annotations) = patch.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.remove(LAST_APPLIED);
        if annotations.is_empty()
            && let Some(metadata) = patch.get_mut("metadata").and_then(Value::as_object_mut)
        {
            metadata.remove("annotations");
        }
    }
    if let Some(annotations) = object.pointer_mut("/metadata/annotations").and_then(Value::as_object_mut) {
        annotations.insert(LAST_APPLIED.to_owned(), Value::String(format!("{patch}\n")));
    }
}

fn conflict_error(conflicts: &[Conflict]) -> ApiError {
    let causes = conflicts.iter().map(|(entry, at)| {
        Cause::new("FieldManagerConflict", path::show(at), format!("conflict with {}", entry.shown()))
    });
    let message = if let [(entry, at)] = conflicts {
        format!("Apply failed with 1 conflict: conflict with {}: {}", entry.shown(), path::show(at))
    } else {
        let mut managers: Vec<String> = conflicts.iter().map(|(e, _)| e.shown()).collect();
        managers.sort();
        managers.dedup();
        let mut lines = Vec::new();
        for manager in managers {
            lines.push(format!("conflicts with {manager}:"));
            let own = conflicts.iter().filter(|(e, _)| e.shown() == manager);
            lines.extend(own.map(|(_, at)| format!("- {}", path::show(at))));
        }
        format!("Apply failed with {} conflicts: {}", conflicts.len(), lines.join("\n"))
    };
    ApiError::new(409, "Conflict", message)
        .with_details(Details { causes: causes.collect(), ..Details::default() })
}

/// Where the entries differ from the live ones in nothing but times, and the objects are equal otherwise, the live
/// entries stay.
fn keep_times(live: &Value, object: &mut Value) {
    let (Some(old), Some(new)) = (managed::read(live), managed::read(object)) else { return };
    let timeless = |e: &Entry| Entry { time: None, ..e.clone() };
    if old.len() != new.len()
        || old.is_empty()
        || old.iter().zip(&new).any(|(a, b)| timeless(a) != timeless(b))
    {
        return;
    }
    let bare = |value: &Value| {
        let mut value = value.clone();
        managed::strip(&mut value);
        value
    };
    if path::same(&bare(live), &bare(object))
        && let (Some(entries), Some(metadata)) = (
            live.pointer("/metadata/managedFields"),
            object.get_mut("metadata").and_then(Value::as_object_mut),
        )
    {
        metadata.insert("managedFields".to_owned(), entries.clone());
    }
}
