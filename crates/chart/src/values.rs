//! Values: the tree a chart is configured with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Chart;

pub(crate) mod coalesce;
mod documents;
mod strvals;

/// A mapping, in the order of its keys' bytes (as Go prints and ranges over maps).
pub type Map = BTreeMap<String, Value>;

/// One value as Helm holds it: numbers from files and APIs are floats, numbers from `--set` integers.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value {
    /// `null`; in the user's values it removes the chart's default.
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer (`--set` only).
    Int(i64),
    /// Any number read from YAML or JSON.
    Float(f64),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<Self>),
    /// A table.
    Map(Map),
}

impl Value {
    /// From JSON; numbers become floats.
    pub fn from_json(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => Self::Float(number.as_f64().unwrap_or_default()),
            serde_json::Value::String(text) => Self::String(text.clone()),
            serde_json::Value::Array(items) => Self::Array(items.iter().map(Self::from_json).collect()),
            serde_json::Value::Object(map) => {
                Self::Map(map.iter().map(|(k, v)| (k.clone(), Self::from_json(v))).collect())
            }
        }
    }

    /// As JSON; floats without a fraction are written as integers, as Go does.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(value) => (*value).into(),
            Self::Float(value) => float_to_json(*value),
            Self::String(text) => text.as_str().into(),
            Self::Array(items) => items.iter().map(Self::to_json).collect(),
            Self::Map(map) => map_to_json(map),
        }
    }

    /// Go's name of the JSON kind, as type errors use it.
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Float(_) => "number",
            Self::String(_) => "string",
            Self::Array(_) => "array",
            Self::Map(_) => "object",
        }
    }
}

fn map_to_json(map: &Map) -> serde_json::Value {
    map.iter().map(|(k, v)| (k.clone(), v.to_json())).collect::<serde_json::Map<_, _>>().into()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the ranges are checked")]
fn float_to_json(value: f64) -> serde_json::Value {
    const SIGNED: f64 = 9_223_372_036_854_775_808.0;
    if value.fract() != 0.0 || !value.is_finite() {
        value.into()
    } else if (-SIGNED..SIGNED).contains(&value) {
        (value as i64).into()
    } else if (SIGNED..2.0 * SIGNED).contains(&value) {
        (value as u64).into()
    } else {
        value.into()
    }
}

/// A chart's or a user's values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values(pub Map);

impl Values {
    /// Reads a values file as `helm -f` does: several documents are merged, the later winning; an empty file
    /// is no values.
    ///
    /// # Errors
    /// Helm's text, without the file name (`failed to parse values.yaml: `) in front.
    pub fn from_yaml(source: &[u8]) -> Result<Self, String> {
        documents::load_values(source, &pilothouse_goyaml::Limits::default())
    }

    pub(crate) fn load(source: &[u8], limits: &pilothouse_goyaml::Limits) -> Result<Self, String> {
        documents::load_values(source, limits)
    }

    /// Reads values from one YAML document as the SDK's `chartutil.ReadValues` does, which differs from
    /// [`from_yaml`](Self::from_yaml) in error texts and in ignoring further documents.
    ///
    /// # Errors
    /// Helm's text.
    pub fn read(source: &[u8]) -> Result<Self, String> {
        documents::read_values(source, &pilothouse_goyaml::Limits::default())
    }

    /// From JSON, which must be an object or null; numbers become floats.
    ///
    /// # Errors
    /// It is something else.
    pub fn from_json(json: &serde_json::Value) -> Result<Self, String> {
        match Value::from_json(json) {
            Value::Null => Ok(Self::default()),
            Value::Map(map) => Ok(Self(map)),
            other => Err(format!("values must be an object, not {}", other.kind())),
        }
    }

    /// As JSON; floats without a fraction are written as integers, as Go does.
    pub fn to_json(&self) -> serde_json::Value {
        map_to_json(&self.0)
    }

    /// The value at a path of keys separated by dots, tables included.
    pub fn get(&self, path: &str) -> Option<&Value> {
        let mut keys = path.split('.');
        let mut value = self.0.get(keys.next()?)?;
        for key in keys {
            let Value::Map(map) = value else { return None };
            value = map.get(key)?;
        }
        Some(value)
    }
}

impl Serialize for Values {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_json().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_json(&serde_json::Value::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// The values templates see: `values` over the chart's defaults, globals passed down, nulls removed
/// (Helm's `CoalesceValues`). Dependencies are taken as they are; [`crate::render`] processes them first.
///
/// # Errors
/// A subchart's values are not a table.
pub fn coalesce(chart: &Chart, values: &Values) -> Result<Values, String> {
    Ok(coalesce::values_from_go(&coalesce::coalesce_values(chart, values)?))
}

/// `over` merged over `base`, tables deeply, everything else replaced (how several `-f` files combine;
/// Helm's `loader.MergeMaps`).
pub fn merge(base: Values, over: Values) -> Values {
    Values(merge_maps(base.0, over.0))
}

fn merge_maps(mut base: Map, over: Map) -> Map {
    for (key, value) in over {
        let merged = match (base.remove(&key), value) {
            (Some(Value::Map(old)), Value::Map(new)) => Value::Map(merge_maps(old, new)),
            (_, new) => new,
        };
        base.insert(key, merged);
    }
    base
}

/// Which of Helm's `--set` flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SetKind {
    /// `--set`: typed values.
    Typed,
    /// `--set-string`: strings.
    String,
    /// `--set-json`: JSON values, or one JSON object.
    Json,
    /// `--set-literal`: the rest of the line as it is.
    Literal,
}

/// Applies one `--set…` argument to `values` (Helm's `strvals`).
///
/// # Errors
/// Helm's text, flag included: `failed parsing --set data: key "a" has no value`.
pub fn set(values: &mut Values, argument: &str, kind: SetKind) -> Result<(), String> {
    match kind {
        SetKind::Typed => strvals::typed(&mut values.0, argument)
            .map_err(|error| format!("failed parsing --set data: {error}")),
        SetKind::String => strvals::strings(&mut values.0, argument)
            .map_err(|error| format!("failed parsing --set-string data: {error}")),
        SetKind::Json => set_json(values, argument),
        SetKind::Literal => strvals::literal(&mut values.0, argument)
            .map_err(|error| format!("failed parsing --set-literal data: {error}")),
    }
}

fn set_json(values: &mut Values, argument: &str) -> Result<(), String> {
    let trimmed = argument.trim();
    if !trimmed.starts_with('{') {
        return strvals::json(&mut values.0, argument)
            .map_err(|_| format!("failed parsing --set-json data {argument}"));
    }
    let json: serde_json::Value = serde_json::from_str(trimmed)
        .map_err(|_| format!("failed parsing --set-json data JSON: {argument}"))?;
    *values = merge(std::mem::take(values), Values::from_json(&json)?);
    Ok(())
}

/// Applies one `--set-file key=path,…` argument; `read` gives a path's text.
///
/// # Errors
/// Helm's text or that of `read`.
pub fn set_file(
    values: &mut Values,
    argument: &str,
    read: &mut dyn FnMut(&str) -> Result<String, String>,
) -> Result<(), String> {
    strvals::files(&mut values.0, argument, read)
        .map_err(|error| format!("failed parsing --set-file data: {error}"))
}
