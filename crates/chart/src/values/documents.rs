//! Values from YAML text.

use std::borrow::Cow;

use pilothouse_goyaml::{Build, Limits, parse_first};

use super::{Map, Value, Values, merge_maps};

/// Builds values; every number becomes a float, as Go's JSON decoder makes it.
struct Builder;

impl Build for Builder {
    type Value = Value;
    type Map = Map;

    fn null(&mut self) -> Value {
        Value::Null
    }
    fn bool(&mut self, value: bool) -> Value {
        Value::Bool(value)
    }
    #[expect(clippy::cast_precision_loss, reason = "Helm holds every number as a float")]
    fn int(&mut self, value: i64) -> Value {
        Value::Float(value as f64)
    }
    #[expect(clippy::cast_precision_loss, reason = "Helm holds every number as a float")]
    fn uint(&mut self, value: u64) -> Value {
        Value::Float(value as f64)
    }
    fn float(&mut self, value: f64) -> Value {
        Value::Float(value)
    }
    fn string(&mut self, value: &str) -> Value {
        Value::String(value.to_owned())
    }
    fn seq(&mut self, items: Vec<Value>) -> Value {
        Value::Array(items)
    }
    fn map(&mut self, _len: usize) -> Map {
        Map::new()
    }
    fn insert(&mut self, map: &mut Map, key: &str, value: Value) {
        map.insert(key.to_owned(), value);
    }
    fn finish(&mut self, map: Map) -> Value {
        Value::Map(map)
    }
}

/// One document into a table; null is an empty one.
fn unmarshal(source: &[u8], go_type: &str, limits: &Limits) -> Result<Map, String> {
    let value = parse_first(source, &mut Builder, limits)
        .map_err(|error| format!("error converting YAML to JSON: {error}"))?;
    match value {
        Value::Map(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        other => Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go value of type {go_type}",
            other.kind()
        )),
    }
}

/// Helm's `ReadValues`.
pub(super) fn read_values(source: &[u8], limits: &Limits) -> Result<Values, String> {
    unmarshal(source, "common.Values", limits).map(Values)
}

/// Helm's `loader.LoadValues`.
pub(super) fn load_values(source: &[u8], limits: &Limits) -> Result<Values, String> {
    let mut values = Map::new();
    for document in split(source) {
        let document = document.map_err(|error| format!("error reading yaml document: {error}"))?;
        let map = unmarshal(&document, "map[string]interface {}", limits)
            .map_err(|error| format!("cannot unmarshal yaml document: {error}"))?;
        values = merge_maps(values, map);
    }
    Ok(Values(values))
}

/// The documents of a file as Kubernetes' `YAMLReader` splits them: at lines that begin with `---`, which
/// only a comment may follow. Lines end in `\n` afterwards, the last one too.
fn split(source: &[u8]) -> Vec<Result<Cow<'_, [u8]>, String>> {
    let clean = !contains(source, b"\r\n") && (source.is_empty() || source.ends_with(b"\n"));
    let has_separator = source.starts_with(b"---") || contains(source, b"\n---");
    if clean && !has_separator {
        return if source.is_empty() { Vec::new() } else { vec![Ok(Cow::Borrowed(source))] };
    }
    let mut documents = Vec::new();
    let mut document: Vec<u8> = Vec::new();
    let body = source.strip_suffix(b"\n").unwrap_or(source);
    let lines = body.split(|&b| b == b'\n').take(if source.is_empty() { 0 } else { usize::MAX });
    for line in lines {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(rest) = line.strip_prefix(b"---") {
            let rest = rest.trim_ascii();
            if !rest.is_empty() && !rest.starts_with(b"#") {
                let rest = String::from_utf8_lossy(rest);
                documents.push(Err(format!("invalid Yaml document separator: {rest}")));
                return documents;
            }
            if !document.is_empty() {
                documents.push(Ok(Cow::Owned(std::mem::take(&mut document))));
                continue;
            }
        }
        document.extend_from_slice(line);
        document.push(b'\n');
    }
    if !document.is_empty() {
        documents.push(Ok(Cow::Owned(document)));
    }
    documents
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
