//! CEL types of schemas, with the sizes that cost estimates need (apiserver `pkg/cel/common/schemas.go`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::MAX_REQUEST_BYTES;
use crate::crd::schema::Schema;

/// The type of a place in a schema.
#[derive(Debug)]
pub(crate) struct Decl {
    pub(crate) kind: Kind,
    /// Bound on characters, items or properties; 0 for scalars and objects.
    pub(crate) max_elements: u64,
    /// Least bytes that a value takes in JSON.
    pub(crate) min_size: u64,
}

/// What kind of type it is.
#[derive(Debug)]
pub(crate) enum Kind {
    Dyn,
    Bool,
    Int,
    Double,
    String,
    Bytes,
    Duration,
    Timestamp,
    List(Arc<Decl>),
    Map(Arc<Decl>),
    /// Properties by their escaped names.
    Object(BTreeMap<String, Arc<Decl>>),
}

const RESERVED: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// A property's name as expressions write it; `None` where they cannot.
pub(crate) fn escape(name: &str) -> Option<String> {
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if RESERVED.contains(&name) {
        return Some(format!("__{name}__"));
    }
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')) {
        return None;
    }
    let name = name.replace("__", "__underscores__");
    Some(name.replace('.', "__dot__").replace('-', "__dash__").replace('/', "__slash__"))
}

fn simple(kind: Kind, max_elements: u64, min_size: u64) -> Arc<Decl> {
    Arc::new(Decl { kind, max_elements, min_size })
}

/// A string without bounds.
pub(crate) fn string() -> Arc<Decl> {
    simple(Kind::String, MAX_REQUEST_BYTES - 2, 2)
}

/// A value of any type.
pub(super) fn untyped() -> Arc<Decl> {
    simple(Kind::Dyn, MAX_REQUEST_BYTES - 2, 1)
}

fn bound(limit: i64) -> u64 {
    u64::try_from(limit).unwrap_or(0)
}

impl Decl {
    /// The type of a schema; `None` where expressions cannot see it. `root`: it is a resource of its own.
    pub(crate) fn of(schema: &Schema, root: bool) -> Option<Arc<Self>> {
        if schema.int_or_string {
            let max = schema.max_length.map_or(MAX_REQUEST_BYTES - 2, |max| bound(max) * 4);
            return Some(simple(Kind::Dyn, max, 1));
        }
        match schema.kind.as_str() {
            "array" => {
                let items = schema.items.as_deref()?;
                let items = Self::of(items, items.embedded)?;
                let max = schema.max_items.map_or((MAX_REQUEST_BYTES - 2) / (items.min_size + 1), bound);
                Some(simple(Kind::List(items), max, 2))
            }
            "object" => Self::object(schema, root),
            "string" => Some(Self::text(schema)),
            "boolean" => Some(simple(Kind::Bool, 0, 4)),
            "number" => Some(simple(Kind::Double, 0, 1)),
            "integer" => Some(simple(Kind::Int, 0, 1)),
            _ => None,
        }
    }

    fn object(schema: &Schema, root: bool) -> Option<Arc<Self>> {
        if let Some(inner) = schema.additional_schema() {
            let value = Self::of(inner, inner.embedded)?;
            let max = schema.max_properties.map_or((MAX_REQUEST_BYTES - 2) / (value.min_size + 6), bound);
            return Some(simple(Kind::Map(value), max, 2));
        }
        let mut fields = BTreeMap::new();
        let mut min_size = 2;
        for (name, property) in &schema.properties {
            let Some(ty) = Self::of(property, property.embedded) else { continue };
            if schema.required.contains(name) && property.default.is_none() {
                min_size += name.len() as u64 + ty.min_size + 4;
            }
            if let Some(name) = escape(name) {
                fields.insert(name, ty);
            }
        }
        if root {
            let names = ["name", "generateName"].map(|n| (n.to_owned(), string()));
            fields.insert("metadata".into(), simple(Kind::Object(names.into_iter().collect()), 0, 2));
            fields.insert("kind".into(), string());
            fields.insert("apiVersion".into(), string());
        }
        Some(simple(Kind::Object(fields), 0, min_size))
    }

    fn text(schema: &Schema) -> Arc<Self> {
        match schema.format.as_str() {
            "byte" => simple(Kind::Bytes, schema.max_length.map_or(MAX_REQUEST_BYTES - 2, bound), 2),
            "duration" => simple(Kind::Duration, 32, 3),
            "date" => simple(Kind::Timestamp, 12, 12),
            "date-time" => simple(Kind::Timestamp, 32, 21),
            _ => {
                let enumeration = schema.enumeration.as_ref().filter(|e| !e.is_empty());
                let longest = enumeration
                    .map(|e| e.iter().filter_map(|v| v.as_str()).map(|s| s.len() as u64).max().unwrap_or(0));
                let max = schema.max_length.map(|max| bound(max) * 4).or(longest);
                simple(Kind::String, max.unwrap_or(MAX_REQUEST_BYTES - 2), 2)
            }
        }
    }

    /// The type of a property, by its escaped name.
    pub(crate) fn field(&self, name: &str) -> Option<&Arc<Self>> {
        match &self.kind {
            Kind::Object(fields) => fields.get(name),
            _ => None,
        }
    }

    /// The type of items or of map values.
    pub(crate) fn element(&self) -> Option<&Arc<Self>> {
        match &self.kind {
            Kind::List(element) | Kind::Map(element) => Some(element),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_escaped_as_the_api_server_escapes_them() {
        assert_eq!(escape("a-b.c/d").as_deref(), Some("a__dash__b__dot__c__slash__d"));
        assert_eq!(escape("namespace").as_deref(), Some("__namespace__"));
        assert_eq!(escape("a__b").as_deref(), Some("a__underscores__b"));
        assert_eq!(escape("$ref"), None);
        assert_eq!(escape("1a"), None);
    }
}
