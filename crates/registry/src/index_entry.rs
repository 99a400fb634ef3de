//! One entry of an index file: which fields are kept, and what makes it valid.

use serde_json::{Map, Value};

use crate::catalog::{Dependency, Maintainer};
use crate::{ChartVersion, version};

/// Longest text of one field that is kept.
const MAX_TEXT: usize = 4096;
/// Longest value of an annotation that is kept.
const MAX_ANNOTATION: usize = 256;
/// Most items of one list that are kept.
const MAX_ITEMS: usize = 256;

/// Fields of an entry that are kept; a reader may skip all others.
pub(crate) const FIELDS: [&str; 19] = [
    "name",
    "version",
    "apiVersion",
    "appVersion",
    "description",
    "type",
    "kubeVersion",
    "deprecated",
    "icon",
    "home",
    "keywords",
    "sources",
    "maintainers",
    "dependencies",
    "annotations",
    "digest",
    "created",
    "urls",
    "manifestDigest",
];

/// The version an entry describes; `None` where Helm's `loadIndex` would drop it: no name or one that is a path, no
/// semantic version, an unknown type.
pub(crate) fn read(entry: Value) -> Option<ChartVersion> {
    let Value::Object(map) = entry else { return None };
    let version = metadata(&map);
    let valid_name = !version.name.is_empty()
        && !version.name.contains(['/', '\\'])
        && !matches!(version.name.as_str(), "." | "..");
    let valid_version = version::lenient(&version.version).is_some();
    let valid_type = matches!(version.kind.as_str(), "" | "application" | "library");
    (valid_name && valid_version && valid_type).then_some(version)
}

/// The fields of Chart.yaml (or of an index entry, which holds them and more).
pub(crate) fn metadata(map: &Map<String, Value>) -> ChartVersion {
    let get = |name: &str| map.get(name).and_then(text).unwrap_or_default();
    ChartVersion {
        name: get("name"),
        version: get("version"),
        api_version: Some(get("apiVersion")).filter(|v| !v.is_empty()).unwrap_or_else(|| "v1".into()),
        app_version: get("appVersion"),
        description: get("description"),
        kind: get("type"),
        kube_version: get("kubeVersion"),
        deprecated: get("deprecated") == "true",
        icon: get("icon"),
        home: get("home"),
        keywords: texts(map.get("keywords")),
        sources: texts(map.get("sources")),
        maintainers: objects(map.get("maintainers")).map(maintainer).collect(),
        dependencies: objects(map.get("dependencies")).map(dependency).collect(),
        annotations: map
            .get("annotations")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
            .filter(|(key, value)| key.len() <= MAX_ANNOTATION && value.len() <= MAX_ANNOTATION)
            .take(MAX_ITEMS)
            .collect(),
        digest: get("digest"),
        created: get("created"),
        urls: texts(map.get("urls")),
        manifest_digest: map.get("manifestDigest").and_then(Value::as_str).and_then(|d| d.parse().ok()),
    }
}

/// A scalar as text: numbers and booleans as they are written, since Helm reads unquoted ones into strings too.
fn text(value: &Value) -> Option<String> {
    let mut text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    if text.len() > MAX_TEXT {
        let end = (0..=MAX_TEXT).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
    }
    Some(text)
}

fn texts(value: Option<&Value>) -> Vec<String> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(text).take(MAX_ITEMS).collect()
}

fn objects(value: Option<&Value>) -> impl Iterator<Item = &Map<String, Value>> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object).take(MAX_ITEMS)
}

fn maintainer(map: &Map<String, Value>) -> Maintainer {
    let get = |name: &str| map.get(name).and_then(text).unwrap_or_default();
    Maintainer { name: get("name"), email: get("email"), url: get("url") }
}

fn dependency(map: &Map<String, Value>) -> Dependency {
    let get = |name: &str| map.get(name).and_then(text).unwrap_or_default();
    Dependency {
        name: get("name"),
        version: get("version"),
        repository: get("repository"),
        condition: get("condition"),
        alias: get("alias"),
    }
}
