//! Selects objects of a manifest, as Kustomize does.

use pilothouse_resources::Selector;
use regex::Regex;
use serde_json::{Map, Value};

use crate::object::Object;

/// Selects objects as Kustomize does.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    namespace: Option<Regex>,
    name: Option<Regex>,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

fn anchored(pattern: Option<&String>) -> Result<Option<Regex>, String> {
    let Some(pattern) = pattern.filter(|pattern| !pattern.is_empty()) else { return Ok(None) };
    let regex = Regex::new(&format!("^(?:{pattern})$"));
    regex.map(Some).map_err(|error| format!("cannot read selector `{pattern}`: {error}"))
}

fn exactly(text: &str) -> Option<Regex> {
    if text.is_empty() {
        return None;
    }
    Regex::new(&format!("^{}$", regex::escape(text))).ok()
}

impl Matcher {
    /// Reads a selector.
    pub(crate) fn of(selector: &Selector) -> Result<Self, String> {
        Ok(Self {
            group: anchored(selector.group.as_ref())?,
            version: anchored(selector.version.as_ref())?,
            kind: anchored(selector.kind.as_ref())?,
            namespace: anchored(selector.namespace.as_ref())?,
            name: anchored(selector.name.as_ref())?,
            labels: requirements(selector.label_selector.as_deref().unwrap_or_default())?,
            annotations: requirements(selector.annotation_selector.as_deref().unwrap_or_default())?,
        })
    }

    /// Selects what a patch names.
    pub(super) fn named_by(object: &Object) -> Self {
        Self {
            group: exactly(object.group()),
            version: exactly(object.version()),
            kind: exactly(object.kind()),
            namespace: exactly(object.namespace()),
            name: exactly(object.name()),
            ..Self::default()
        }
    }

    /// Whether it selects the object.
    pub(crate) fn matches(&self, object: &Object) -> bool {
        let is = |regex: &Option<Regex>, text: &str| regex.as_ref().is_none_or(|regex| regex.is_match(text));
        let texts = |pointer: &str| object.0.pointer(pointer).and_then(Value::as_object);
        is(&self.group, object.group())
            && is(&self.version, object.version())
            && is(&self.kind, object.kind())
            && is(&self.namespace, object.namespace())
            && is(&self.name, object.name())
            && self.labels.iter().all(|requirement| requirement.holds(texts("/metadata/labels")))
            && self.annotations.iter().all(|requirement| requirement.holds(texts("/metadata/annotations")))
    }
}

/// One requirement of a label selector.
#[derive(Debug)]
struct Requirement {
    key: String,
    values: Vec<String>,
    operator: Operator,
}

#[derive(Debug, PartialEq)]
enum Operator {
    In,
    NotIn,
    Exists,
    Missing,
}

impl Requirement {
    fn holds(&self, texts: Option<&Map<String, Value>>) -> bool {
        let is = texts.and_then(|texts| texts.get(&self.key)).and_then(Value::as_str);
        let named = is.is_some_and(|is| self.values.iter().any(|value| value == is));
        match self.operator {
            Operator::In => named,
            Operator::NotIn => !named,
            Operator::Exists => is.is_some(),
            Operator::Missing => is.is_none(),
        }
    }
}

/// Reads a label selector (`a=b,c!=d,e in (f,g),h,!i`).
fn requirements(selector: &str) -> Result<Vec<Requirement>, String> {
    let bad = |part: &str| format!("cannot read label selector `{part}`");
    let mut parts = vec![String::new()];
    let mut inside = false;
    for character in selector.chars() {
        match character {
            ',' if !inside => parts.push(String::new()),
            _ => {
                inside = (inside || character == '(') && character != ')';
                if let Some(part) = parts.last_mut() {
                    part.push(character);
                }
            }
        }
    }
    let mut requirements = Vec::new();
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        let one = |key: &str, value: &str, operator: Operator| Requirement {
            key: key.trim().to_owned(),
            values: vec![value.trim().to_owned()],
            operator,
        };
        let requirement = if let Some((key, value)) = part.split_once("!=") {
            one(key, value, Operator::NotIn)
        } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            one(key, value, Operator::In)
        } else if let Some((head, rest)) = part.split_once('(') {
            let list = rest.strip_suffix(')').ok_or_else(|| bad(part))?;
            let mut words = head.split_whitespace();
            let (key, operator) = match (words.next(), words.next(), words.next()) {
                (Some(key), Some("in"), None) => (key, Operator::In),
                (Some(key), Some("notin"), None) => (key, Operator::NotIn),
                _ => return Err(bad(part)),
            };
            let values = list.split(',').map(|value| value.trim().to_owned()).collect();
            Requirement { key: key.to_owned(), values, operator }
        } else if let Some(key) = part.strip_prefix('!') {
            Requirement { key: key.trim().to_owned(), values: Vec::new(), operator: Operator::Missing }
        } else {
            Requirement { key: part.to_owned(), values: Vec::new(), operator: Operator::Exists }
        };
        requirements.push(requirement);
    }
    Ok(requirements)
}
