//! From events to values.

use serde::de::DeserializeOwned;

use crate::compose::{Composer, Document};
use crate::decode::Decoder;
use crate::source::{Source, to_utf8};
use crate::{Error, Limits};

/// Makes values of the caller's own type while YAML is decoded, so that no tree is built in between.
pub trait Build {
    /// The value type.
    type Value;
    /// A mapping under construction.
    type Map;

    /// `null`.
    fn null(&mut self) -> Self::Value;
    /// A boolean.
    fn bool(&mut self, value: bool) -> Self::Value;
    /// An integer that fits `i64`.
    fn int(&mut self, value: i64) -> Self::Value;
    /// An integer beyond `i64::MAX`.
    fn uint(&mut self, value: u64) -> Self::Value;
    /// A finite float (infinities and NaN are errors before this, as in Go's JSON step).
    fn float(&mut self, value: f64) -> Self::Value;
    /// An infinity or NaN that a later entry with the same key replaces: what stands here is not seen.
    fn not_finite(&mut self, value: f64) -> Self::Value {
        let _ = value;
        self.null()
    }
    /// A string.
    fn string(&mut self, value: &str) -> Self::Value;
    /// A complete sequence.
    fn seq(&mut self, items: Vec<Self::Value>) -> Self::Value;
    /// Starts a mapping that will have about `len` entries.
    fn map(&mut self, len: usize) -> Self::Map;
    /// Sets one entry; a later one with the same key replaces it.
    fn insert(&mut self, map: &mut Self::Map, key: &str, value: Self::Value);
    /// Finishes a mapping.
    fn finish(&mut self, map: Self::Map) -> Self::Value;
}

/// Builds [`serde_json::Value`]; integers stay integers.
#[derive(Debug, Default, Clone, Copy)]
pub struct JsonBuilder;

impl Build for JsonBuilder {
    type Value = serde_json::Value;
    type Map = serde_json::Map<String, serde_json::Value>;

    fn null(&mut self) -> Self::Value {
        serde_json::Value::Null
    }
    fn bool(&mut self, value: bool) -> Self::Value {
        value.into()
    }
    fn int(&mut self, value: i64) -> Self::Value {
        value.into()
    }
    fn uint(&mut self, value: u64) -> Self::Value {
        value.into()
    }
    fn float(&mut self, value: f64) -> Self::Value {
        value.into()
    }
    fn string(&mut self, value: &str) -> Self::Value {
        value.into()
    }
    fn seq(&mut self, items: Vec<Self::Value>) -> Self::Value {
        items.into()
    }
    fn map(&mut self, _len: usize) -> Self::Map {
        serde_json::Map::new()
    }
    fn insert(&mut self, map: &mut Self::Map, key: &str, value: Self::Value) {
        map.insert(key.to_owned(), value);
    }
    fn finish(&mut self, map: Self::Map) -> Self::Value {
        map.into()
    }
}

/// Decodes the first document of `source` with `builder`, as `yaml.Unmarshal` of `sigs.k8s.io/yaml` does
/// before it decodes JSON: an empty source is `null`, later documents are not looked at.
///
/// The error text of Go's function is this error's with `error converting YAML to JSON: ` in front.
pub fn parse_first<B: Build>(source: &[u8], builder: &mut B, limits: &Limits) -> Result<B::Value, Error> {
    check_size(source, limits)?;
    let utf8 = to_utf8(source)?;
    let mut composer = Composer::new(&Source::new(&utf8)?, limits);
    match composer.next_document()? {
        None => Ok(builder.null()),
        Some(document) => decode(&document, builder, limits),
    }
}

/// Decodes every document of a stream (`---` separates them).
pub fn parse<B: Build>(source: &[u8], builder: &mut B, limits: &Limits) -> Result<Vec<B::Value>, Error> {
    check_size(source, limits)?;
    let utf8 = to_utf8(source)?;
    let mut composer = Composer::new(&Source::new(&utf8)?, limits);
    let mut values = Vec::new();
    while let Some(document) = composer.next_document()? {
        values.push(decode(&document, builder, limits)?);
    }
    Ok(values)
}

fn check_size(source: &[u8], limits: &Limits) -> Result<(), Error> {
    if source.len() > limits.bytes {
        return Err(Error::Limit(format!("document is larger than {} bytes", limits.bytes)));
    }
    Ok(())
}

fn decode<B: Build>(document: &Document<'_>, builder: &mut B, limits: &Limits) -> Result<B::Value, Error> {
    Decoder::new(document, builder, limits).decode()
}

/// The first document of `source` as JSON, with [`Limits::default`].
pub fn to_json(source: &[u8]) -> Result<serde_json::Value, Error> {
    parse_first(source, &mut JsonBuilder, &Limits::default())
}

/// The first document of `source` as `T`, through its JSON form.
pub fn from_slice<T: DeserializeOwned>(source: &[u8]) -> Result<T, Error> {
    serde_json::from_value(to_json(source)?).map_err(|e| Error::Mismatch(e.to_string()))
}
