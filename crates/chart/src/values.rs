//! Values: the tree a chart is configured with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Chart;

/// A mapping, in the order of its keys' bytes (as Go prints and ranges over maps).
pub type Map = BTreeMap<String, Value>;

/// One value as Helm holds it: numbers from files and APIs are floats, numbers from `--set` integers.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`; in the user's values it removes the chart's default.
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
    Array(Vec<Value>),
    /// A table.
    Map(Map),
}

/// A chart's or a user's values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Values(pub Map);

impl Values {
    /// Reads a values file, several documents merged, as `helm -f` does.
    ///
    /// # Errors
    /// Helm's text.
    pub fn from_yaml(source: &[u8]) -> Result<Self, String> {
        let _ = source;
        Err("not ready".into())
    }

    /// From JSON, which must be an object or null; numbers become floats.
    pub fn from_json(json: &serde_json::Value) -> Result<Self, String> {
        let _ = json;
        Err("not ready".into())
    }

    /// As JSON; floats without a fraction are written as integers, as Go does.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::Value::Null
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
/// (Helm's `CoalesceValues`).
///
/// # Errors
/// A subchart's values are not a table.
pub fn coalesce(chart: &Chart, values: &Values) -> Result<Values, String> {
    let _ = chart;
    Ok(values.clone())
}

/// `over` merged over `base`, tables deeply, everything else replaced (how several `-f` files combine).
pub fn merge(base: Values, over: Values) -> Values {
    let _ = base;
    over
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
/// Helm's text, without the flag's prefix (`failed parsing --set data: `).
pub fn set(values: &mut Values, argument: &str, kind: SetKind) -> Result<(), String> {
    let _ = (values, argument, kind);
    Err("not ready".into())
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
    let _ = (values, argument, read);
    Err("not ready".into())
}
