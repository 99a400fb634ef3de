//! Composes a release's values from `ConfigMap`s, Secrets and the spec (Flux: `fluxcd/pkg/chartutil`).

use pilothouse_chart::values::{self, SetKind, Value, Values};
use pilothouse_resources::{ValuesKind, ValuesReference};

/// Key of a ConfigMap or Secret where a reference names none.
pub const DEFAULT_KEY: &str = "values.yaml";

/// A reference and what was found for it.
#[derive(Clone)]
pub struct ValuesSource<'a> {
    /// The reference.
    pub reference: &'a ValuesReference,
    /// The data at its key; `None` if the object or the key does not exist and the reference is optional.
    pub data: Option<Vec<u8>>,
}

/// Why values could not be composed. The texts never hold a value that came from a Secret.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The data at a key are not YAML.
    #[error("unable to read values from key '{key}' in {kind} '{namespace}/{name}': {reason}")]
    Read {
        /// Kind of the object.
        kind: &'static str,
        /// Namespace of the object.
        namespace: String,
        /// Name of the object.
        name: String,
        /// The key.
        key: String,
        /// What is wrong; withheld for Secrets.
        reason: String,
    },
    /// The value at a key cannot be set at the target path.
    #[error(
        "unable to merge value from key '{key}' in {kind} '{namespace}/{name}' into target path '{path}': {reason}"
    )]
    SetPath {
        /// Kind of the object.
        kind: &'static str,
        /// Namespace of the object.
        namespace: String,
        /// Name of the object.
        name: String,
        /// The key.
        key: String,
        /// The path.
        path: String,
        /// What is wrong; withheld for Secrets.
        reason: String,
    },
    /// `spec.values` is no object.
    #[error("spec.values is not a map: {0}")]
    Inline(String),
}

/// The values of a release: references in order, later ones over earlier ones, `inline` over all.
///
/// With a `targetPath` the inline values are merged before the path is set, and once more at the end. Flux's maps are
/// shared by reference there, so a path wins over an inline value exactly where the map it is set in came from the
/// inline values alone; [`is_shared`] reproduces that.
///
/// # Errors
/// [`Error`].
#[allow(clippy::result_large_err, reason = "once a pass, and the caller keeps it")]
pub fn compose(
    namespace: &str,
    sources: &[ValuesSource<'_>],
    inline: Option<&serde_json::Value>,
) -> Result<Values, Error> {
    let mut inline = match inline {
        Some(json) => Values::from_json(json).map_err(Error::Inline)?,
        None => Values::default(),
    };
    let mut result = Values::default();
    for source in sources {
        let Some(data) = &source.data else { continue };
        let reference = source.reference;
        match &reference.target_path {
            None => {
                let read = Values::from_yaml(data);
                let read = read.map_err(|reason| read_error(namespace, reference, reason))?;
                result = values::merge(result, read);
            }
            Some(path) => {
                let shared = is_shared(&result, &inline, path);
                result = values::merge(result, inline.clone());
                let text = String::from_utf8_lossy(data);
                let literal = reference.literal.unwrap_or_default();
                let (argument, kind) = argument(path, &text, literal);
                let set = values::set(&mut result, &argument, kind);
                set.map_err(|reason| path_error(namespace, reference, path, reason))?;
                if shared {
                    let set = values::set(&mut inline, &argument, kind);
                    set.map_err(|reason| path_error(namespace, reference, path, reason))?;
                }
            }
        }
    }
    Ok(values::merge(result, inline))
}

/// The `--set` argument for a value at a path.
fn argument(path: &str, text: &str, literal: bool) -> (String, SetKind) {
    if literal {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            if matches!(character, '\\' | ',' | '[' | ']' | '{' | '}' | '=') {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        return (format!("{path}={escaped}"), SetKind::String);
    }
    let quoted = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    if quoted('\'') || quoted('"') {
        return (format!("{path}={}", text.trim_matches(['\'', '"'])), SetKind::String);
    }
    (format!("{path}={text}"), SetKind::Typed)
}

enum Step {
    Key(String),
    Index,
}

fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut key = String::new();
    let mut characters = path.chars();
    let flush = |key: &mut String, steps: &mut Vec<Step>| {
        if !key.is_empty() {
            steps.push(Step::Key(std::mem::take(key)));
        }
    };
    while let Some(character) = characters.next() {
        match character {
            '\\' => key.extend(characters.next()),
            '.' => flush(&mut key, &mut steps),
            '[' => {
                flush(&mut key, &mut steps);
                steps.push(Step::Index);
                characters.by_ref().find(|character| *character == ']');
            }
            _ => key.push(character),
        }
    }
    flush(&mut key, &mut steps);
    steps
}

/// Whether the map or list that `path` is set in comes from `inline` alone after it is merged over `before`.
fn is_shared(before: &Values, inline: &Values, path: &str) -> bool {
    let steps = steps(path);
    let Some((_, containers)) = steps.split_last() else { return false };
    let (mut before, mut inline) = (Some(&before.0), &inline.0);
    for step in containers {
        let Step::Key(key) = step else { return false };
        match (before.and_then(|map| map.get(key)), inline.get(key)) {
            (Some(Value::Map(earlier)), Some(Value::Map(own))) => (before, inline) = (Some(earlier), own),
            (_, Some(Value::Map(_) | Value::Array(_))) => return true,
            _ => return false,
        }
    }
    false
}

fn withheld(kind: ValuesKind, reason: String) -> String {
    match kind {
        ValuesKind::ConfigMap => reason,
        ValuesKind::Secret => "the value does not parse (withheld, since it is from a Secret)".to_owned(),
    }
}

fn key(reference: &ValuesReference) -> String {
    reference.values_key.clone().unwrap_or_else(|| DEFAULT_KEY.to_owned())
}

fn read_error(namespace: &str, reference: &ValuesReference, reason: String) -> Error {
    Error::Read {
        kind: reference.kind.as_str(),
        namespace: namespace.to_owned(),
        name: reference.name.clone(),
        key: key(reference),
        reason: withheld(reference.kind, reason),
    }
}

fn path_error(namespace: &str, reference: &ValuesReference, path: &str, reason: String) -> Error {
    Error::SetPath {
        kind: reference.kind.as_str(),
        namespace: namespace.to_owned(),
        name: reference.name.clone(),
        key: key(reference),
        path: path.to_owned(),
        reason: withheld(reference.kind, reason),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn reference(target_path: Option<&str>, kind: ValuesKind) -> ValuesReference {
        ValuesReference {
            kind,
            name: "v".into(),
            values_key: None,
            target_path: target_path.map(str::to_owned),
            optional: None,
            literal: None,
        }
    }

    fn check(sources: &[(Option<&str>, &str)], inline: Json, expected: Json) {
        let references: Vec<_> =
            sources.iter().map(|(path, _)| reference(*path, ValuesKind::ConfigMap)).collect();
        let sources: Vec<_> = references
            .iter()
            .zip(sources)
            .map(|(reference, (_, data))| ValuesSource { reference, data: Some(data.as_bytes().to_vec()) })
            .collect();
        assert_eq!(compose("ns", &sources, Some(&inline)).unwrap().to_json(), expected);
    }

    #[test]
    fn later_sources_win_and_inline_values_win_over_all() {
        check(
            &[(None, "a: {x: 1, w: 1}\nl: [1, 2]\n"), (None, "a: {w: 2}\nl: [3]\n")],
            json!({"a": {"z": 3}}),
            json!({"a": {"x": 1, "w": 2, "z": 3}, "l": [3]}),
        );
    }

    #[test]
    fn a_target_path_wins_where_its_map_is_the_inline_one() {
        check(&[(Some("a.y"), "2")], json!({"a": {"y": 3}}), json!({"a": {"y": 2}}));
        check(
            &[(None, "a: {x: 1}"), (Some("a.y"), "2")],
            json!({"a": {"y": 3}}),
            json!({"a": {"x": 1, "y": 3}}),
        );
        check(&[(Some("y"), "2")], json!({"y": 3}), json!({"y": 3}));
        check(&[(Some("a.new"), "2")], json!({"b": 1}), json!({"a": {"new": 2}, "b": 1}));
    }

    #[test]
    fn quotes_make_strings() {
        check(
            &[(Some("a"), "'1'"), (Some("b"), "1"), (Some("c"), "\"true\"")],
            json!({}),
            json!({"a": "1", "b": 1, "c": "true"}),
        );
    }

    #[test]
    fn literal_values_keep_their_commas() {
        let mut literal = reference(Some("a.b"), ValuesKind::Secret);
        literal.literal = Some(true);
        let source = ValuesSource { reference: &literal, data: Some(br"x,y={1},\z[0]".to_vec()) };
        assert_eq!(compose("ns", &[source], None).unwrap().to_json(), json!({"a": {"b": r"x,y={1},\z[0]"}}));
    }

    #[test]
    fn what_is_in_a_secret_is_not_in_the_error() {
        let secret = reference(None, ValuesKind::Secret);
        let source = ValuesSource { reference: &secret, data: Some(b"password: [hunter2".to_vec()) };
        let error = compose("ns", &[source], None).unwrap_err().to_string();
        assert!(!error.contains("hunter2") && error.contains("Secret 'ns/v'"), "{error}");
    }
}
