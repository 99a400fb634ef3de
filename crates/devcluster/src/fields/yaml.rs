//! YAML bodies, read as `sigs.k8s.io/yaml` reads them.

use pilothouse_goyaml::events::{Event, Parser};
use pilothouse_goyaml::{Build, Limits, parse_first};

use super::{Raw, go_quote};

/// Bounds of a body: the API server's 3 MiB, and what its objects could ever need.
fn limits() -> Limits {
    Limits { bytes: 4 << 20, depth: 250, nodes: 1_000_000, expanded: 1_000_000 }
}

struct RawBuilder;

impl Build for RawBuilder {
    type Value = Raw;
    type Map = Vec<(String, Raw)>;

    fn null(&mut self) -> Raw {
        Raw::Null
    }
    fn bool(&mut self, value: bool) -> Raw {
        Raw::Bool(value)
    }
    fn int(&mut self, value: i64) -> Raw {
        Raw::Number(value.to_string().into())
    }
    fn uint(&mut self, value: u64) -> Raw {
        Raw::Number(value.to_string().into())
    }
    fn float(&mut self, value: f64) -> Raw {
        Raw::Number(
            serde_json::Number::from_f64(value).map_or_else(|| "0".into(), |n| super::number_text(&n).into()),
        )
    }
    fn string(&mut self, value: &str) -> Raw {
        Raw::String(value.to_owned())
    }
    fn seq(&mut self, items: Vec<Raw>) -> Raw {
        Raw::Array(items)
    }
    fn map(&mut self, len: usize) -> Self::Map {
        Vec::with_capacity(len.min(1024))
    }
    fn insert(&mut self, map: &mut Self::Map, key: &str, value: Raw) {
        // Doubled keys are found by their lines; here the last one counts.
        match map.iter_mut().find(|(k, _)| k == key) {
            Some(entry) => entry.1 = value,
            None => map.push((key.to_owned(), value)),
        }
    }
    fn finish(&mut self, map: Self::Map) -> Raw {
        Raw::Object(map)
    }
}

/// A YAML document and its doubled keys.
#[derive(Debug, Clone, PartialEq)]
pub struct Yaml {
    /// The document; an empty one is null.
    pub raw: Raw,
    /// One text for all doubled keys, as Go words it (`yaml: unmarshal errors:` and a line each); to be put before
    /// the other strict errors ([`super::Decoded::strict`]).
    pub duplicates: Option<String>,
}

/// Reads the first document.
///
/// # Errors
/// Go's text: `error converting YAML to JSON: yaml: line 2: …`.
pub fn parse_yaml(body: &[u8]) -> Result<Yaml, String> {
    let raw = parse_first(body, &mut RawBuilder, &limits())
        .map_err(|e| format!("error converting YAML to JSON: {e}"))?;
    let lines = doubled_keys(body);
    let duplicates =
        (!lines.is_empty()).then(|| format!("yaml: unmarshal errors:\n  {}", lines.join("\n  ")));
    Ok(Yaml { raw, duplicates })
}

/// Keys of the innermost open mapping, or a sequence.
enum Open {
    Map { keys: Vec<String>, expects_key: bool },
    Seq,
}

/// `line 5: key "name" already set in map`, for the first document.
fn doubled_keys(body: &[u8]) -> Vec<String> {
    let mut out = Vec::new();
    let Ok(mut parser) = Parser::new(body, &limits()) else { return out };
    let mut open: Vec<Open> = Vec::new();
    while let Ok(Some((event, at))) = parser.next_event() {
        let is_key = matches!(open.last(), Some(Open::Map { expects_key: true, .. }));
        match event {
            Event::DocumentEnd | Event::StreamEnd => break,
            Event::Scalar { value, .. } => {
                if let Some(Open::Map { keys, .. }) = open.last_mut().filter(|_| is_key) {
                    if keys.iter().any(|k| *k == value) {
                        out.push(format!("line {}: key {} already set in map", at.line, go_quote(&value)));
                    } else {
                        keys.push(value.into_owned());
                    }
                }
                turn(&mut open);
            }
            Event::Alias(_) => turn(&mut open),
            Event::MappingStart { .. } => open.push(Open::Map { keys: Vec::new(), expects_key: true }),
            Event::SequenceStart { .. } => open.push(Open::Seq),
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                turn(&mut open);
            }
            Event::StreamStart | Event::DocumentStart => {}
        }
    }
    out
}

/// After a node, a mapping goes from key to value or back.
fn turn(open: &mut [Open]) {
    if let Some(Open::Map { expects_key, .. }) = open.last_mut() {
        *expects_key = !*expects_key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_keys_are_told_with_their_lines() {
        let yaml = parse_yaml(b"kind: A\nmetadata:\n  name: a\n  labels: {x: y}\n  name: b\n").unwrap();
        assert_eq!(
            yaml.duplicates.unwrap(),
            "yaml: unmarshal errors:\n  line 5: key \"name\" already set in map"
        );
        assert_eq!(yaml.raw.get("metadata").and_then(|m| m.get("name")), Some(&Raw::String("b".to_owned())));
        assert!(parse_yaml(b"a: [").unwrap_err().starts_with("error converting YAML to JSON: yaml: "));
    }
}
