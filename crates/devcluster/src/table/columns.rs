//! Column definitions of the built-in kinds, read from a table.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde_json::{Value, json};

/// The columns of a bucket: name and age where it has no table of its own.
pub(super) fn definitions(bucket: &str) -> Value {
    static TABLE: OnceLock<HashMap<&'static str, Value>> = OnceLock::new();
    let table = TABLE.get_or_init(load);
    match table.get(bucket) {
        Some(columns) => columns.clone(),
        // What Kubernetes prints without a printer of its own.
        None => {
            let name = table.get("configmaps").map_or(Value::Null, |columns| columns[0].clone());
            let created = table.get("limitranges").map_or(Value::Null, |columns| columns[1].clone());
            json!([name, created])
        }
    }
}

/// Whether the bucket has a table of its own.
pub(super) fn is_known(bucket: &str) -> bool {
    include_str!("columns.txt")
        .lines()
        .any(|line| line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) == Some(bucket))
}

fn load() -> HashMap<&'static str, Value> {
    let mut table: HashMap<&'static str, Value> = HashMap::new();
    let mut current = "";
    for line in include_str!("columns.txt").lines().filter(|line| !line.starts_with('#')) {
        if let Some(bucket) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            current = bucket;
            continue;
        }
        let mut parts = line.splitn(5, '|');
        let mut next = || parts.next().unwrap_or_default();
        let (name, kind, format, priority, description) = (next(), next(), next(), next(), next());
        let column = json!({
            "name": name, "type": kind, "format": format, "priority": priority.parse::<i64>().unwrap_or(0),
            "description": description.replace("\\n", "\n").replace("\\\\", "\\"),
        });
        if let Value::Array(columns) = table.entry(current).or_insert_with(|| Value::Array(Vec::new())) {
            columns.push(column);
        }
    }
    table
}
