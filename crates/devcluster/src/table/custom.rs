//! Columns of custom resources: `additionalPrinterColumns`.

use serde_json::{Value, json};

use super::columns;
use super::text::age;
use crate::crd::{Column, Served};

const AGE: &str = ".metadata.creationTimestamp";

fn age_column() -> Column {
    Column {
        name: "Age".to_owned(),
        kind: "date".to_owned(),
        format: String::new(),
        description: String::new(),
        priority: 0,
        json_path: AGE.to_owned(),
    }
}

fn columns_of(served: &Served) -> Vec<Column> {
    if served.columns.is_empty() { vec![age_column()] } else { served.columns.clone() }
}

pub(super) fn definitions(served: &Served) -> Value {
    let mut all = vec![columns::definitions("configmaps")[0].clone()];
    for column in columns_of(served) {
        let described = if column.description.is_empty() {
            let generated =
                format!("Custom resource definition column (in JSONPath format): {}", column.json_path);
            if served.columns.is_empty() {
                columns::definitions("limitranges")[1]["description"]
                    .as_str()
                    .unwrap_or(&generated)
                    .to_owned()
            } else {
                generated
            }
        } else {
            column.description.clone()
        };
        all.push(json!({
            "name": column.name, "type": column.kind, "format": column.format, "priority": column.priority,
            "description": described,
        }));
    }
    Value::Array(all)
}

pub(super) fn cells(served: &Served, object: &Value) -> Vec<Value> {
    let mut cells = vec![object["metadata"]["name"].clone()];
    for column in columns_of(served) {
        let found = find(object, &column.json_path);
        cells.push(found.first().map_or(Value::Null, |value| cell(&column.kind, value)));
    }
    cells
}

fn cell(kind: &str, value: &Value) -> Value {
    match (kind, value) {
        ("integer", Value::Number(n)) => json!(n.as_i64().unwrap_or_else(|| as_integer(n.as_f64()))),
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
        ("date", Value::String(_)) => json!(age(value)),
        ("string", Value::String(_)) => value.clone(),
        ("string", Value::Null) | ("integer" | "number" | "boolean" | "date", _) => Value::Null,
        // Kubernetes prints everything else as JSON.
        (_, other) => json!(other.to_string()),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "Go truncates here too")]
fn as_integer(value: Option<f64>) -> i64 {
    value.map_or(0, |v| v as i64)
}

/// What a step of a JSON path selects.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(i64),
    All,
    /// `[?(@.key=="value")]`.
    Equal(Vec<String>, String),
}

/// The values that a simple JSON path selects: `.a.b[0]`, `.a['b.c']`, `.a[*].b`, `.a[?(@.type=="Ready")].status`.
fn find<'a>(object: &'a Value, path: &str) -> Vec<&'a Value> {
    let Some(steps) = parse(path) else { return Vec::new() };
    let mut found = vec![object];
    for step in steps {
        found = found.into_iter().flat_map(|value| select(value, &step)).collect();
    }
    found
}

fn select<'a>(value: &'a Value, step: &Step) -> Vec<&'a Value> {
    match step {
        Step::Key(key) => value.get(key).into_iter().collect(),
        Step::All => match value {
            Value::Array(items) => items.iter().collect(),
            Value::Object(map) => map.values().collect(),
            _ => Vec::new(),
        },
        Step::Index(index) => {
            let Some(items) = value.as_array() else { return Vec::new() };
            let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
            let at = if *index < 0 { length + index } else { *index };
            usize::try_from(at).ok().and_then(|at| items.get(at)).into_iter().collect()
        }
        Step::Equal(path, wanted) => {
            let items = value.as_array().into_iter().flatten();
            let is = |item: &&Value| {
                let at = path.iter().try_fold(*item, |value, key| value.get(key));
                at.is_some_and(|found| match found {
                    Value::String(text) => text == wanted,
                    #[allow(clippy::cmp_owned, reason = "a number has no text to borrow")]
                    other => other.to_string() == *wanted,
                })
            };
            items.filter(is).collect()
        }
    }
}

fn parse(path: &str) -> Option<Vec<Step>> {
    let path = path.trim().trim_start_matches('{').trim_end_matches('}').trim_start_matches('$');
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        if let Some(tail) = rest.strip_prefix('.') {
            let (key, after) = take_key(tail);
            if key == "*" {
                steps.push(Step::All);
            } else if !key.is_empty() {
                steps.push(Step::Key(key));
            }
            rest = after;
        } else if let Some(tail) = rest.strip_prefix('[') {
            let end = closing(tail)?;
            steps.push(bracket(&tail[..end])?);
            rest = &tail[end + 1..];
        } else {
            let (key, after) = take_key(rest);
            if key.is_empty() {
                return None;
            }
            steps.push(Step::Key(key));
            rest = after;
        }
    }
    Some(steps)
}

/// A key up to the next unescaped `.` or `[`.
fn take_key(text: &str) -> (String, &str) {
    let mut key = String::new();
    let mut chars = text.char_indices();
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => key.extend(chars.next().map(|(_, c)| c)),
            '.' | '[' => return (key, &text[i..]),
            c => key.push(c),
        }
    }
    (key, "")
}

/// Where the bracket that is open closes, quotes minded.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (None, ']') => return Some(i),
            (None, '"' | '\'') => quote = Some(c),
            (Some(q), c) if q == c => quote = None,
            _ => {}
        }
    }
    None
}

fn bracket(inner: &str) -> Option<Step> {
    let inner = inner.trim();
    if inner == "*" {
        return Some(Step::All);
    }
    if let Some(quoted) = unquote(inner) {
        return Some(Step::Key(quoted.to_owned()));
    }
    if let Some(filter) = inner.strip_prefix("?(").and_then(|f| f.strip_suffix(')')) {
        let (left, right) = filter.split_once("==")?;
        let key = left.trim().strip_prefix("@")?.trim_start_matches('.');
        let wanted = right.trim();
        let wanted = unquote(wanted).unwrap_or(wanted);
        return Some(Step::Equal(key.split('.').map(str::to_owned).collect(), wanted.to_owned()));
    }
    inner.parse().ok().map(Step::Index)
}

fn unquote(text: &str) -> Option<&str> {
    ['"', '\''].iter().find_map(|q| text.strip_prefix(*q)?.strip_suffix(*q))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_paths_find_what_kubernetes_finds() {
        let object = json!({ "a": { "b": [1, 2] }, "c": [{ "type": "Ready", "status": "True" }], "d": { "x.y": "z" } });
        for (path, expected) in [
            (".a.b[0]", json!(1)),
            (".a.b[-1]", json!(2)),
            (".a.b[*]", json!(1)),
            (".c[?(@.type==\"Ready\")].status", json!("True")),
            (".d['x.y']", json!("z")),
            (".d.x\\.y", json!("z")),
        ] {
            assert_eq!(find(&object, path).first().copied(), Some(&expected), "{path}");
        }
        assert!(find(&object, ".missing.deep").is_empty());
    }
}
