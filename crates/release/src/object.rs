//! The objects of a manifest.

use std::fmt;

use pilothouse_chart as chart;
use serde_json::{Map, Value, json};

/// Annotation that keeps an object when its release goes (`helm.sh/resource-policy: keep`).
const RESOURCE_POLICY: &str = "helm.sh/resource-policy";
/// Label and annotations by which Helm knows what belongs to a release.
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const RELEASE_NAME: &str = "meta.helm.sh/release-name";
const RELEASE_NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// Names an object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId {
    /// API group; empty for the core group.
    pub group: String,
    /// Kind.
    pub kind: String,
    /// Namespace; empty for objects of the cluster.
    pub namespace: String,
    /// Name.
    pub name: String,
}

impl fmt::Display for ObjectId {
    /// `Kind/namespace/name`, as Flux writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace.is_empty() {
            true => write!(f, "{}/{}", self.kind, self.name),
            false => write!(f, "{}/{}/{}", self.kind, self.namespace, self.name),
        }
    }
}

/// An object of a manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Object(pub Value);

/// Why a text is not a list of objects. Who reads it says first which text.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A document is not YAML.
    #[error("error parsing: {0}")]
    Parse(String),
    /// A document names no kind, no API version, or neither.
    #[error(
        "error validating \"\": error validating data: {}",
        aggregate(.missing.iter().map(|field| format!("{field} not set")))
    )]
    Missing {
        /// What is missing.
        missing: Vec<&'static str>,
    },
}

impl Object {
    fn text(&self, pointer: &str) -> &str {
        self.0.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// `apiVersion`.
    pub fn api_version(&self) -> &str {
        self.text("/apiVersion")
    }

    /// `kind`.
    pub fn kind(&self) -> &str {
        self.text("/kind")
    }

    /// `metadata.name`.
    pub fn name(&self) -> &str {
        self.text("/metadata/name")
    }

    /// `metadata.namespace`.
    pub fn namespace(&self) -> &str {
        self.text("/metadata/namespace")
    }

    /// API group; empty for the core group.
    pub fn group(&self) -> &str {
        self.api_version().split_once('/').map_or("", |(group, _)| group)
    }

    /// API version without the group.
    pub fn version(&self) -> &str {
        let api_version = self.api_version();
        api_version.split_once('/').map_or(api_version, |(_, version)| version)
    }

    /// Its name as an id.
    pub fn id(&self) -> ObjectId {
        ObjectId {
            group: self.group().to_owned(),
            kind: self.kind().to_owned(),
            namespace: self.namespace().to_owned(),
            name: self.name().to_owned(),
        }
    }

    /// `group/version, Kind=kind`, as Go prints it.
    pub fn go_kind(&self) -> String {
        format!("{}/{}, Kind={}", self.group(), self.version(), self.kind())
    }

    fn metadata(&mut self, key: &str) -> Option<&mut Map<String, Value>> {
        let metadata = self.0.as_object_mut()?.entry("metadata").or_insert_with(|| json!({}));
        let map = metadata.as_object_mut()?.entry(key).or_insert_with(|| json!({}));
        if map.is_null() {
            *map = json!({});
        }
        map.as_object_mut()
    }

    /// Sets a label.
    pub fn set_label(&mut self, key: &str, value: &str) {
        if let Some(labels) = self.metadata("labels") {
            labels.insert(key.to_owned(), value.into());
        }
    }

    /// Sets an annotation.
    pub fn set_annotation(&mut self, key: &str, value: &str) {
        if let Some(annotations) = self.metadata("annotations") {
            annotations.insert(key.to_owned(), value.into());
        }
    }

    /// Sets the namespace.
    pub fn set_namespace(&mut self, namespace: &str) {
        if let Some(metadata) = self.0.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.insert("namespace".to_owned(), namespace.into());
        }
    }

    /// Removes the namespace.
    pub fn clear_namespace(&mut self) {
        if let Some(metadata) = self.0.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("namespace");
        }
    }

    /// Marks it as belonging to a release, as Helm does on every object it applies.
    pub fn own(&mut self, release: &str, namespace: &str) {
        self.set_label(MANAGED_BY, "Helm");
        self.set_annotation(RELEASE_NAME, release);
        self.set_annotation(RELEASE_NAMESPACE, namespace);
    }
}

/// Whether a live object is to be kept when its release goes.
pub fn is_kept(object: &Value) -> bool {
    annotation(object, RESOURCE_POLICY).is_some_and(|policy| policy.trim().eq_ignore_ascii_case("keep"))
}

fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object.pointer("/metadata/annotations")?.get(key)?.as_str()
}

/// Why a live object does not belong to a release, in Helm's words.
pub fn foreign_owner(object: &Value, release: &str, namespace: &str) -> Option<String> {
    let label =
        object.pointer("/metadata/labels").and_then(|labels| labels.get(MANAGED_BY)).and_then(Value::as_str);
    let checks = [
        ("label", MANAGED_BY, label, "Helm"),
        ("annotation", RELEASE_NAME, annotation(object, RELEASE_NAME), release),
        ("annotation", RELEASE_NAMESPACE, annotation(object, RELEASE_NAMESPACE), namespace),
    ];
    let wrong = checks.into_iter().filter_map(|(what, key, is, wanted)| match is {
        None => Some(format!("{what} validation error: missing key {key:?}: must be set to {wanted:?}")),
        Some(is) if is != wanted => Some(format!(
            "{what} validation error: key {key:?} must equal {wanted:?}: current value is {is:?}"
        )),
        Some(_) => None,
    });
    let wrong: Vec<String> = wrong.collect();
    (!wrong.is_empty()).then(|| format!("invalid ownership metadata; {}", wrong.join("; ")))
}

/// Several errors in one text, each once, as Kubernetes' `errors.NewAggregate` writes them.
pub fn aggregate(messages: impl Iterator<Item = String>) -> String {
    let mut once: Vec<String> = Vec::new();
    for message in messages {
        if !once.contains(&message) {
            once.push(message);
        }
    }
    match once.as_slice() {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

/// The objects of a manifest, in its order; the items of `List` kinds one by one.
///
/// # Errors
/// A document is not YAML, or no object.
pub fn parse(manifest: &str) -> Result<Vec<Object>, Error> {
    let mut objects = Vec::new();
    for document in chart::split_documents(manifest) {
        let json = pilothouse_goyaml::to_json(document.as_bytes());
        let json = json.map_err(|error| Error::Parse(error.to_string()))?;
        push(&mut objects, json)?;
    }
    Ok(objects)
}

fn push(objects: &mut Vec<Object>, json: Value) -> Result<(), Error> {
    if json.is_null() || json.as_object().is_some_and(Map::is_empty) {
        return Ok(());
    }
    let object = Object(json);
    let needed = [("apiVersion", object.api_version()), ("kind", object.kind())];
    let missing: Vec<_> =
        needed.into_iter().filter(|(_, text)| text.is_empty()).map(|(field, _)| field).collect();
    if !missing.is_empty() {
        return Err(Error::Missing { missing });
    }
    match object.0.get("items").and_then(Value::as_array) {
        // One level: a list of lists is nothing the Kubernetes API knows.
        Some(items) if object.kind().ends_with("List") => {
            objects.extend(items.iter().cloned().map(Object));
        }
        _ => objects.push(object),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_document_lacks_is_said_as_a_whole() {
        let said = |manifest: &str| parse(manifest).unwrap_err().to_string();
        assert!(said("a: 1\n").ends_with("error validating data: [apiVersion not set, kind not set]"));
        assert!(said("kind: Pod\n").ends_with("error validating data: apiVersion not set"));
        assert_eq!(aggregate(["a", "b", "a"].map(str::to_owned).into_iter()), "[a, b]");
    }

    #[test]
    fn ids_are_written_as_flux_writes_them() {
        let object = Object(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "ns"}}),
        );
        assert_eq!(object.id().to_string(), "Deployment/ns/web");
        assert_eq!(object.go_kind(), "apps/v1, Kind=Deployment");
        let object = Object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ns"}}));
        assert_eq!(object.id().to_string(), "Namespace/ns");
        assert_eq!(object.go_kind(), "/v1, Kind=Namespace");
    }

    #[test]
    fn ownership_is_written_and_checked_in_helms_words() {
        let mut object = Object(json!({"kind": "ConfigMap", "metadata": {"name": "a", "labels": null}}));
        let problem = foreign_owner(&object.0, "web", "ns").unwrap();
        assert!(
            problem.starts_with("invalid ownership metadata; label validation error: missing key"),
            "{problem}"
        );
        object.own("web", "ns");
        assert_eq!(foreign_owner(&object.0, "web", "ns"), None);
        assert!(
            foreign_owner(&object.0, "other", "ns")
                .unwrap()
                .contains("must equal \"other\": current value is \"web\"")
        );
    }
}
