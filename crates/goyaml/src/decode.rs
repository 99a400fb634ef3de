//! Nodes to values: aliases, merge keys, keys as strings.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::compose::{Document, Node};
use crate::number::format_general_single;
use crate::resolve::{Scalar, resolve};
use crate::syntax::GoSyntax;
use crate::{Build, Error, Limits};

pub(crate) struct Decoder<'d, 's, B: Build> {
    document: &'d Document<'s>,
    builder: &'d mut B,
    limits: &'d Limits,
    /// Aliases being expanded, innermost last.
    active: Vec<usize>,
    depth: usize,
    decoded: usize,
    from_aliases: usize,
    /// The first error Go would only meet when it turns the decoded value into JSON.
    bad_key: Option<Error>,
    /// Whether there was a number without a JSON form, perhaps replaced since.
    bad_number: bool,
}

impl<'d, 's, B: Build> Decoder<'d, 's, B> {
    pub(crate) fn new(document: &'d Document<'s>, builder: &'d mut B, limits: &'d Limits) -> Self {
        Self {
            document,
            builder,
            limits,
            active: Vec::new(),
            depth: 0,
            decoded: 1,
            from_aliases: 0,
            bad_key: None,
            bad_number: false,
        }
    }

    pub(crate) fn decode(mut self) -> Result<B::Value, Error> {
        if self.document.nodes.is_empty() {
            return Ok(self.builder.null());
        }
        let value = self.node(0)?;
        if let Some(error) = self.bad_key {
            return Err(error);
        }
        if self.bad_number {
            let found = Decoder::new(self.document, &mut FirstNotFinite, self.limits).node(0)?;
            if let Some(number) = found {
                return Err(Error::Value(format!("json: unsupported value: {}", json_name(number))));
            }
        }
        Ok(value)
    }

    /// Go's guard against alias bombs, and our own bound.
    fn count(&mut self) -> Result<(), Error> {
        self.decoded += 1;
        if !self.active.is_empty() {
            self.from_aliases += 1;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
        let excessive = self.from_aliases > 100
            && self.decoded > 1_000
            && self.from_aliases as f64 / self.decoded as f64 > allowed_alias_ratio(self.decoded as f64);
        if excessive {
            return Err(Error::Value("yaml: document contains excessive aliasing".to_owned()));
        }
        if self.from_aliases > self.limits.expanded {
            return Err(Error::Limit(format!("aliases expand to more than {} nodes", self.limits.expanded)));
        }
        Ok(())
    }

    fn enter(&mut self) -> Result<(), Error> {
        self.depth += 1;
        if self.depth > self.limits.depth {
            return Err(Error::Limit(format!("values nested deeper than {} levels", self.limits.depth)));
        }
        Ok(())
    }

    fn node(&mut self, index: usize) -> Result<B::Value, Error> {
        self.count()?;
        match &self.document.nodes[index] {
            Node::Scalar { value, tag, implicit } => {
                let scalar = scalar(value, tag.as_deref(), *implicit)?;
                Ok(self.scalar(scalar))
            }
            Node::Seq(end) => {
                self.enter()?;
                let mut items = Vec::new();
                let mut child = index + 1;
                while child < *end {
                    items.push(self.node(child)?);
                    child = self.document.after(child);
                }
                self.depth -= 1;
                Ok(self.builder.seq(items))
            }
            Node::Map(end) => {
                let mut map = self.builder.map((*end - index) / 2);
                self.entries(index, *end, &mut map)?;
                Ok(self.builder.finish(map))
            }
            Node::Alias { name, target } => {
                let target = *target;
                self.follow(index, name)?;
                let value = self.node(target)?;
                self.leave();
                Ok(value)
            }
        }
    }

    fn follow(&mut self, index: usize, name: &str) -> Result<(), Error> {
        if self.active.contains(&index) {
            return Err(Error::Value(format!("yaml: anchor '{name}' value contains itself")));
        }
        self.enter()?;
        self.active.push(index);
        Ok(())
    }

    fn leave(&mut self) {
        self.active.pop();
        self.depth -= 1;
    }

    fn scalar(&mut self, scalar: Scalar<'_>) -> B::Value {
        match scalar {
            Scalar::Null => self.builder.null(),
            Scalar::Bool(value) => self.builder.bool(value),
            Scalar::Int(value) => self.builder.int(value),
            Scalar::Uint(value) => self.builder.uint(value),
            Scalar::Float(value) if value.is_finite() => self.builder.float(value),
            Scalar::Float(value) => {
                self.bad_number = true;
                self.builder.not_finite(value)
            }
            Scalar::Str(text) => self.builder.string(&text),
            Scalar::Bytes(bytes) => self.builder.string(&lossy(&bytes)),
        }
    }

    fn entries(&mut self, index: usize, end: usize, map: &mut B::Map) -> Result<(), Error> {
        self.enter()?;
        let mut key = index + 1;
        while key < end {
            let value = self.document.after(key);
            if is_merge(&self.document.nodes[key]) {
                self.merge(value, map)?;
            } else {
                match self.key(key, value)? {
                    Some(name) => {
                        let item = self.node(value)?;
                        self.builder.insert(map, &name, item);
                    }
                    None => {
                        self.node(value)?;
                    }
                }
            }
            key = self.document.after(value);
        }
        self.depth -= 1;
        Ok(())
    }

    /// A key as a string; `None` if it has no string form.
    fn key(&mut self, index: usize, value: usize) -> Result<Option<Cow<'d, str>>, Error> {
        self.count()?;
        match &self.document.nodes[index] {
            Node::Scalar { value: text, tag, implicit } => {
                let scalar = scalar(text, tag.as_deref(), *implicit)?;
                Ok(match scalar {
                    Scalar::Str(Cow::Borrowed(text)) => Some(Cow::Borrowed(text)),
                    Scalar::Str(Cow::Owned(text)) => Some(Cow::Owned(text)),
                    Scalar::Int(value) => Some(Cow::Owned(value.to_string())),
                    Scalar::Bool(true) => Some(Cow::Borrowed("true")),
                    Scalar::Bool(false) => Some(Cow::Borrowed("false")),
                    Scalar::Float(value) => Some(Cow::Owned(format_general_single(value))),
                    Scalar::Bytes(bytes) => Some(Cow::Owned(lossy(&bytes))),
                    Scalar::Null | Scalar::Uint(_) => {
                        let syntax = GoSyntax::new(self.document);
                        let (key, value) = (syntax.sharp(index), syntax.sharp(value));
                        let kind = if matches!(scalar, Scalar::Null) { "%!s(<nil>)" } else { "uint64" };
                        self.bad_key.get_or_insert_with(|| {
                            Error::Value(format!(
                                "unsupported map key of type: {kind}, key: {key}, value: {value}"
                            ))
                        });
                        None
                    }
                })
            }
            Node::Seq(_) | Node::Map(_) => {
                // What is wrong inside comes first.
                self.decoded -= 1;
                self.node(index)?;
                let key = GoSyntax::new(self.document).sharp(index);
                Err(Error::Value(format!("yaml: invalid map key: {key}")))
            }
            Node::Alias { name, target } => {
                let target = *target;
                self.follow(index, name)?;
                let key = self.key(target, value)?;
                self.leave();
                Ok(key)
            }
        }
    }

    fn merge(&mut self, index: usize, map: &mut B::Map) -> Result<(), Error> {
        match &self.document.nodes[index] {
            Node::Map(_) | Node::Alias { .. } => self.merge_one(index, map),
            Node::Seq(end) => {
                let mut items = Vec::new();
                let mut child = index + 1;
                while child < *end {
                    items.push(child);
                    child = self.document.after(child);
                }
                // Earlier mappings win, so the last is merged first.
                for &item in items.iter().rev() {
                    self.merge_one(item, map)?;
                }
                Ok(())
            }
            Node::Scalar { .. } => Err(wants_map()),
        }
    }

    fn merge_one(&mut self, index: usize, map: &mut B::Map) -> Result<(), Error> {
        self.count()?;
        match &self.document.nodes[index] {
            Node::Map(end) => self.entries(index, *end, map),
            Node::Alias { name, target } => {
                let target = *target;
                let Node::Map(end) = self.document.nodes[target] else { return Err(wants_map()) };
                self.follow(index, name)?;
                self.count()?;
                self.entries(target, end, map)?;
                self.leave();
                Ok(())
            }
            _ => Err(wants_map()),
        }
    }
}

/// Finds the infinity or NaN that Go's JSON encoder meets first in what was decoded: it goes by sorted keys.
struct FirstNotFinite;

impl Build for FirstNotFinite {
    type Value = Option<f64>;
    type Map = BTreeMap<String, Option<f64>>;

    fn null(&mut self) -> Option<f64> {
        None
    }
    fn bool(&mut self, _: bool) -> Option<f64> {
        None
    }
    fn int(&mut self, _: i64) -> Option<f64> {
        None
    }
    fn uint(&mut self, _: u64) -> Option<f64> {
        None
    }
    fn float(&mut self, _: f64) -> Option<f64> {
        None
    }
    fn not_finite(&mut self, value: f64) -> Option<f64> {
        Some(value)
    }
    fn string(&mut self, _: &str) -> Option<f64> {
        None
    }
    fn seq(&mut self, items: Vec<Option<f64>>) -> Option<f64> {
        items.into_iter().flatten().next()
    }
    fn map(&mut self, _: usize) -> Self::Map {
        BTreeMap::new()
    }
    fn insert(&mut self, map: &mut Self::Map, key: &str, value: Option<f64>) {
        map.insert(key.to_owned(), value);
    }
    fn finish(&mut self, map: Self::Map) -> Option<f64> {
        map.into_values().flatten().next()
    }
}

const fn json_name(number: f64) -> &'static str {
    if number.is_nan() {
        "NaN"
    } else if number > 0.0 {
        "+Inf"
    } else {
        "-Inf"
    }
}

fn wants_map() -> Error {
    Error::Value("yaml: map merge requires map or sequence of maps as the value".to_owned())
}

fn is_merge(node: &Node<'_>) -> bool {
    matches!(node, Node::Scalar { value, tag, implicit }
        if value == "<<" && (*implicit || tag.as_deref() == Some("tag:yaml.org,2002:merge")))
}

pub(crate) fn scalar<'a>(value: &'a str, tag: Option<&str>, implicit: bool) -> Result<Scalar<'a>, Error> {
    if tag.is_none() && !implicit {
        return Ok(Scalar::Str(Cow::Borrowed(value)));
    }
    resolve(tag, Cow::Borrowed(value))
}

/// As Go's JSON encoder: one replacement character for each byte that is not UTF-8.
pub(crate) fn lossy(mut bytes: &[u8]) -> String {
    let mut out = String::new();
    loop {
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                out.push_str(text);
                return out;
            }
            Err(error) => {
                let (good, rest) = bytes.split_at(error.valid_up_to());
                out.push_str(std::str::from_utf8(good).unwrap_or_default());
                out.push('\u{FFFD}');
                bytes = &rest[1..];
            }
        }
    }
}

/// goyaml.v2's `allowedAliasRatio`: 99 % up to 400,000 decodes, falling to 10 % at 4,000,000.
fn allowed_alias_ratio(decoded: f64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    if decoded <= LOW {
        0.99
    } else if decoded >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * ((decoded - LOW) / (HIGH - LOW))
    }
}
