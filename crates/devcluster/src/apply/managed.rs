//! `metadata.managedFields`: reading, writing, capping.

use super::set::FieldSet;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// Entries of updates beyond this number are merged into `ancient-changes`.
const MAX_UPDATE_MANAGERS: usize = 10;
/// Bound on entries a client may send.
const MAX_ENTRIES: usize = 1024;

/// One manager and what it owns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) manager: String,
    pub(crate) applied: bool,
    pub(crate) api_version: String,
    pub(crate) subresource: String,
    pub(crate) time: Option<String>,
    pub(crate) set: FieldSet,
}

impl Entry {
    /// Whether two entries are of the same manager: appliers regardless of their version.
    pub(crate) fn is_same_manager(&self, other: &Self) -> bool {
        self.manager == other.manager
            && self.applied == other.applied
            && self.subresource == other.subresource
            && (self.applied || self.api_version == other.api_version)
    }

    /// As conflict messages name it.
    pub(crate) fn shown(&self) -> String {
        let mut out = crate::status::go_quote(&self.manager);
        if !self.subresource.is_empty() {
            out.push_str(" with subresource ");
            out.push_str(&crate::status::go_quote(&self.subresource));
        }
        if !self.applied {
            out.push_str(" using ");
            out.push_str(&self.api_version);
        }
        out
    }

    fn decode(value: &Value) -> Option<Self> {
        let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let applied = match value.get("operation").and_then(Value::as_str) {
            Some("Apply") => true,
            Some("Update") => false,
            _ => return None,
        };
        let set = match value.get("fieldsV1") {
            Some(fields) => FieldSet::from_fields_v1(fields)?,
            None => FieldSet::default(),
        };
        Some(Self {
            manager: text("manager"),
            applied,
            api_version: text("apiVersion"),
            subresource: text("subresource"),
            time: value.get("time").and_then(Value::as_str).map(str::to_owned),
            set,
        })
    }

    fn encode(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: &str| {
            if !value.is_empty() {
                map.insert(key.to_owned(), Value::String(value.to_owned()));
            }
        };
        put("manager", &self.manager);
        put("operation", if self.applied { "Apply" } else { "Update" });
        put("apiVersion", &self.api_version);
        put("subresource", &self.subresource);
        put("fieldsType", "FieldsV1");
        put("time", self.time.as_deref().unwrap_or_default());
        map.insert("fieldsV1".to_owned(), self.set.to_fields_v1());
        Value::Object(map)
    }
}

/// The list of an object. `None`: it is malformed.
pub(crate) fn read(object: &Value) -> Option<Vec<Entry>> {
    match object.pointer("/metadata/managedFields") {
        None | Some(Value::Null) => Some(Vec::new()),
        Some(Value::Array(items)) if items.len() <= MAX_ENTRIES => items.iter().map(Entry::decode).collect(),
        Some(_) => None,
    }
}

/// Whether a client asks for the list to be emptied: `[]` or one empty item.
pub(crate) fn is_reset(object: &Value) -> bool {
    match object.pointer("/metadata/managedFields") {
        Some(Value::Array(items)) => match items.as_slice() {
            [] => true,
            [Value::Object(one)] => one.is_empty(),
            _ => false,
        },
        _ => false,
    }
}

/// Takes the list off an object.
pub(crate) fn strip(object: &mut Value) {
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.remove("managedFields");
    }
}

/// Puts a list on an object, in upstream's order; an empty one is left out.
pub(crate) fn write(object: &mut Value, mut entries: Vec<Entry>) {
    entries.retain(|e| !e.set.is_empty());
    entries.sort_by(|a, b| {
        (!a.applied, &a.time, &a.manager, &a.api_version, &a.subresource).cmp(&(
            !b.applied,
            &b.time,
            &b.manager,
            &b.api_version,
            &b.subresource,
        ))
    });
    let Some(object) = object.as_object_mut() else { return };
    let metadata = object.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    let Some(metadata) = metadata.as_object_mut() else { return };
    if entries.is_empty() {
        metadata.remove("managedFields");
    } else {
        metadata.insert("managedFields".to_owned(), entries.iter().map(Entry::encode).collect());
    }
}

/// Merges the oldest entries of updates where there are too many.
pub(crate) fn cap(entries: &mut Vec<Entry>) {
    let mut updaters: Vec<usize> = (0..entries.len()).filter(|&i| !entries[i].applied).collect();
    if updaters.len() <= MAX_UPDATE_MANAGERS {
        return;
    }
    updaters.sort_by(|&a, &b| {
        (&entries[a].time, &entries[a].manager).cmp(&(&entries[b].time, &entries[b].manager))
    });
    let mut count = updaters.len();
    let mut first: HashMap<String, usize> = HashMap::new();
    let mut gone = Vec::new();
    for i in updaters {
        if count <= MAX_UPDATE_MANAGERS {
            break;
        }
        let version = entries[i].api_version.clone();
        if let Some(&bucket) = first.get(&version) {
            let (set, time) = (entries[i].set.clone(), entries[i].time.clone());
            let target = &mut entries[bucket];
            "ancient-changes".clone_into(&mut target.manager);
            target.subresource.clear();
            target.set = target.set.union(&set);
            target.time = time;
            gone.push(i);
            count -= 1;
        } else {
            first.insert(version, i);
        }
    }
    gone.sort_unstable();
    for i in gone.into_iter().rev() {
        entries.remove(i);
    }
}
