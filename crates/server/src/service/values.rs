//! The values of a release, and where each came from.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use pilothouse_chart::{Chart, Values};
use pilothouse_release::desired::{ValuesSource, compose};
use pilothouse_resources::{HelmRelease, ValuesKind, ValuesReference};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::objects::api;
use crate::{Caller, problem::Problem};

/// Most paths whose origin is told.
const MAX_PATHS: usize = 5_000;
/// Key of an object with values where a reference names none.
const DEFAULT_KEY: &str = "values.yaml";

/// Values of a release in force, and where each came from.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValuesInForce {
    /// The user's values, composed: what Helm calls the release's config.
    #[schema(value_type = Object)]
    pub values: Value,
    /// The same as YAML.
    pub yaml: String,
    /// What templates see: the chart's defaults with the user's values over them.
    #[schema(value_type = Object)]
    pub computed: Value,
    /// The same as YAML.
    pub computed_yaml: String,
    /// Layers, the lowest first.
    pub layers: Vec<ValuesLayer>,
    /// `ValuesLayer` (by its place in `layers`) that each value of `computed` came from, by path.
    pub origins: BTreeMap<String, usize>,
    /// Whether there are more paths than are told.
    pub truncated: bool,
}

/// One source of values.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValuesLayer {
    /// In words, for example `ConfigMap web-values, key values.yaml`.
    pub name: String,
    /// `chart`, `ConfigMap`, `Secret` or `release`.
    pub kind: String,
    /// Where in the values it is set, where not at the root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_path: Option<String>,
    /// Whether the object or key does not exist (and may be missing).
    pub missing: bool,
}

/// Values of a release as its specification composes them.
pub struct Composed {
    /// Composed values.
    pub values: Values,
    sources: Vec<(ValuesReference, Option<Vec<u8>>)>,
}

/// Reads all references with the caller's rights and composes the values as the controller does.
pub async fn composed(caller: &Caller, object: &HelmRelease) -> Result<Composed, Problem> {
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let mut sources = Vec::new();
    for (index, reference) in object.spec.values_from.iter().flatten().enumerate() {
        let data = read(caller, &namespace, index, reference).await?;
        sources.push((reference.clone(), data));
    }
    let given: Vec<ValuesSource<'_>> =
        sources.iter().map(|(reference, data)| ValuesSource { reference, data: data.clone() }).collect();
    let values = compose(&namespace, &given, object.spec.values.as_ref())
        .map_err(|error| Problem::field("valuesFrom", error.to_string()))?;
    Ok(Composed { values, sources })
}

async fn read(
    caller: &Caller,
    namespace: &str,
    index: usize,
    reference: &ValuesReference,
) -> Result<Option<Vec<u8>>, Problem> {
    let key = reference.values_key.as_deref().unwrap_or(DEFAULT_KEY);
    let name = &reference.name;
    let found: Option<Option<Vec<u8>>> = match reference.kind {
        ValuesKind::ConfigMap => {
            let map = api::<ConfigMap>(&caller.client, Some(namespace)).get_opt(name).await?;
            map.map(|map| {
                let text = map.data.and_then(|mut data| data.remove(key)).map(String::into_bytes);
                text.or_else(|| map.binary_data.and_then(|mut data| data.remove(key)).map(|bytes| bytes.0))
            })
        }
        ValuesKind::Secret => {
            let secret = api::<Secret>(&caller.client, Some(namespace)).get_opt(name).await?;
            secret.map(|secret| secret.data.and_then(|mut data| data.remove(key)).map(|bytes| bytes.0))
        }
    };
    let field = format!("valuesFrom[{index}]");
    let kind = reference.kind.as_str();
    match found {
        Some(Some(data)) => Ok(Some(data)),
        Some(None) if !reference.optional.unwrap_or_default() => {
            Err(Problem::field(&field, format!("{kind} `{name}` has no key `{key}`")))
        }
        None if !reference.optional.unwrap_or_default() => {
            Err(Problem::field(&field, format!("there is no {kind} `{name}` in namespace `{namespace}`")))
        }
        _ => Ok(None),
    }
}

/// Explains the values: `config` is what is deployed (or composed), `chart` has the defaults.
pub fn explain(
    config: &Value,
    chart: Option<&Chart>,
    composed: Option<&Composed>,
) -> Result<ValuesInForce, Problem> {
    let user = Values::from_json(config).map_err(Problem::internal)?;
    let computed = match chart {
        Some(chart) => pilothouse_chart::values::coalesce(chart, &user).map_err(Problem::internal)?,
        None => user.clone(),
    };
    let mut layers = vec![ValuesLayer {
        name: "the chart's values.yaml".into(),
        kind: "chart".into(),
        target_path: None,
        missing: false,
    }];
    let mut contents: Vec<(Option<String>, Value)> = Vec::new();
    for (reference, data) in composed.iter().flat_map(|composed| &composed.sources) {
        let key = reference.values_key.as_deref().unwrap_or(DEFAULT_KEY);
        layers.push(ValuesLayer {
            name: format!("{} {}, key {key}", reference.kind.as_str(), reference.name),
            kind: reference.kind.as_str().to_owned(),
            target_path: reference.target_path.clone(),
            missing: data.is_none(),
        });
        let content = match (data, &reference.target_path) {
            (Some(data), None) => Values::from_yaml(data).map(|values| values.to_json()).unwrap_or_default(),
            _ => Value::Null,
        };
        contents.push((reference.target_path.clone().filter(|_| data.is_some()), content));
    }
    layers.push(ValuesLayer {
        name: "the release's own values".into(),
        kind: "release".into(),
        target_path: None,
        missing: false,
    });
    let computed_json = computed.to_json();
    let mut origins = BTreeMap::new();
    let mut paths = Vec::new();
    let truncated = leaves(&computed_json, &mut paths);
    for path in paths {
        let origin = origin(&path, config, &contents, layers.len() - 1);
        origins.insert(path.join("."), origin);
    }
    Ok(ValuesInForce {
        yaml: super::objects::to_yaml(config)?,
        values: config.clone(),
        computed_yaml: super::objects::to_yaml(&computed_json)?,
        computed: computed_json,
        layers,
        origins,
        truncated,
    })
}

/// The paths of all values that are no map; tells whether there are more than [`MAX_PATHS`].
fn leaves(value: &Value, paths: &mut Vec<Vec<String>>) -> bool {
    // Values deeper than this are nobody's; the bound keeps the walk finite.
    const DEPTH: usize = 64;
    let mut stack: Vec<(Vec<String>, &Value, usize)> = vec![(Vec::new(), value, 0)];
    while let Some((path, value, depth)) = stack.pop() {
        match value {
            Value::Object(map) if !map.is_empty() && depth < DEPTH => {
                for (key, value) in map.iter().rev() {
                    let mut path = path.clone();
                    path.push(key.clone());
                    stack.push((path, value, depth + 1));
                }
            }
            _ if path.is_empty() => {}
            _ if paths.len() >= MAX_PATHS => return true,
            _ => paths.push(path),
        }
    }
    false
}

fn has(value: &Value, path: &[String]) -> bool {
    let mut at = value;
    for key in path {
        match at.get(key) {
            Some(next) => at = next,
            // A value that is no map stands for all below it.
            None => return !at.is_object() && !at.is_null(),
        }
    }
    true
}

/// The topmost layer that sets the path; 0 is the chart.
fn origin(path: &[String], config: &Value, contents: &[(Option<String>, Value)], release: usize) -> usize {
    if !has(config, path) {
        return 0;
    }
    let dotted = path.join(".");
    let by_path = contents.iter().enumerate().rev().find_map(|(index, (target, content))| {
        let set = match target {
            Some(target) => dotted == *target || dotted.starts_with(&format!("{target}.")),
            None => has(content, path),
        };
        set.then_some((index + 1, target.is_some()))
    });
    match by_path {
        Some((index, true)) => index,
        Some((index, false)) if !inline_has(config, contents, path) => index,
        _ => release,
    }
}

/// Whether the release's own values set the path: they do where what is in force differs from every layer below.
fn inline_has(config: &Value, contents: &[(Option<String>, Value)], path: &[String]) -> bool {
    let get = |value: &Value| path.iter().try_fold(value.clone(), |at, key| at.get(key).cloned());
    let in_force = get(config);
    let below = contents.iter().rev().find_map(|(_, content)| get(content));
    in_force != below
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn path(text: &str) -> Vec<String> {
        text.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn each_value_has_its_origin() {
        let config = json!({"image": {"tag": "2"}, "replicas": 3, "password": "x"});
        let contents = vec![
            (None, json!({"image": {"tag": "1"}, "replicas": 3})),
            (Some("password".to_owned()), Value::Null),
        ];
        assert_eq!(origin(&path("image.tag"), &config, &contents, 3), 3, "overridden by the release");
        assert_eq!(origin(&path("replicas"), &config, &contents, 3), 1, "from the first reference");
        assert_eq!(origin(&path("password"), &config, &contents, 3), 2, "set at a path");
        assert_eq!(origin(&path("service.port"), &config, &contents, 3), 0, "the chart's default");
    }

    #[test]
    fn the_number_of_paths_is_bounded() {
        let many: serde_json::Map<String, Value> =
            (0..MAX_PATHS + 10).map(|number| (number.to_string(), json!(1))).collect();
        let mut paths = Vec::new();
        assert!(leaves(&Value::Object(many), &mut paths));
        assert_eq!(paths.len(), MAX_PATHS);
    }
}
