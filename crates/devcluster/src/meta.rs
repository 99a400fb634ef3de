//! `metadata`: what the server fills in, and what it refuses.

use rand::Rng;
use serde_json::{Map, Value, json};

use crate::call::now;
use crate::names;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult, Cause};

/// Annotations of one object, keys and values, in bytes.
const MAX_ANNOTATIONS: usize = 256 << 10;
/// Longest base of a generated name.
const MAX_GENERATED_BASE: usize = 58;

/// `metadata`, made where it is missing.
pub(crate) fn of(object: &mut Value) -> &mut Map<String, Value> {
    if !object.is_object() {
        *object = json!({});
    }
    let map = object.as_object_mut().expect("was made an object above");
    let meta = map.entry("metadata").or_insert_with(|| json!({}));
    if !meta.is_object() {
        *meta = json!({});
    }
    meta.as_object_mut().expect("was made an object above")
}

/// A text field of `metadata`, empty where it is missing.
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object["metadata"][field].as_str().unwrap_or_default()
}

/// Whether the object has a deletion time.
pub(crate) fn is_deleting(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

/// The finalizers.
pub(crate) fn finalizers(object: &Value) -> Vec<String> {
    let list = object["metadata"]["finalizers"].as_array().into_iter().flatten();
    list.filter_map(|f| f.as_str().map(str::to_owned)).collect()
}

/// Makes the object's namespace the request's.
///
/// # Errors
/// 400 where the object names another.
pub(crate) fn match_namespace(object: &mut Value, resource: &Resource, namespace: &str) -> ApiResult<()> {
    let own = text(object, "namespace").to_owned();
    if !resource.namespaced {
        of(object).remove("namespace");
        return Ok(());
    }
    if own.is_empty() {
        of(object).insert("namespace".to_owned(), json!(namespace));
        return Ok(());
    }
    if own != namespace {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    Ok(())
}

/// Fills in what the server gives a new object, and takes away what a client may not give.
pub(crate) fn fill_new(object: &mut Value) {
    let meta = of(object);
    for field in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "resourceVersion"] {
        meta.remove(field);
    }
    meta.insert("uid".to_owned(), json!(uuid::Uuid::new_v4().to_string()));
    meta.insert("creationTimestamp".to_owned(), json!(now()));
}

/// Gives the object a name from `generateName`, where it has none. Returns whether it did.
pub(crate) fn generate_name(object: &mut Value) -> bool {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let base = text(object, "generateName");
    if base.is_empty() || !text(object, "name").is_empty() {
        return false;
    }
    let base = base.get(..MAX_GENERATED_BASE.min(base.len())).unwrap_or(base);
    let mut random = rand::rng();
    let suffix: String = (0..5).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect();
    let name = format!("{base}{suffix}");
    of(object).insert("name".to_owned(), json!(name));
    true
}

/// What is wrong with the metadata of a new object.
pub(crate) fn validate_new(object: &Value, resource: &Resource) -> Vec<Cause> {
    let mut causes = Vec::new();
    let generate = text(object, "generateName");
    if !generate.is_empty() {
        // A generated name goes on after a dash.
        let masked = match generate.strip_suffix('-') {
            Some(base) if !base.is_empty() => format!("{base}a"),
            _ => generate.to_owned(),
        };
        let wrong = name_errors(resource, &masked);
        causes
            .extend(wrong.into_iter().map(|e| Cause::invalid("metadata.generateName", &json!(generate), &e)));
    }
    let name = text(object, "name");
    if name.is_empty() {
        causes.push(Cause::required("metadata.name", "name or generateName is required"));
    } else {
        let wrong = name_errors(resource, name);
        causes.extend(wrong.into_iter().map(|e| Cause::invalid("metadata.name", &json!(name), &e)));
    }
    causes.extend(validate_parts(object));
    causes
}

/// What built-in kinds refuse beside: finalizers that are neither known nor qualified by a domain.
pub(crate) fn unqualified_finalizers(object: &Value, resource: &Resource) -> Vec<Cause> {
    let own = resource.custom.is_none()
        && !matches!(resource.group(), "apiextensions.k8s.io" | "apiregistration.k8s.io");
    let named = finalizers(object).into_iter().enumerate().filter(|(_, name)| own && !is_known(name));
    named
        .map(|(i, name)| Cause::invalid(format!("metadata.finalizers[{i}]"), &json!(name), UNQUALIFIED))
        .collect()
}

const UNQUALIFIED: &str = "name is neither a standard finalizer name nor is it fully qualified";

fn is_known(finalizer: &str) -> bool {
    finalizer.contains('/') || matches!(finalizer, "kubernetes" | "orphan" | "foregroundDeletion")
}

/// What is wrong with the finalizers in the spec of a Namespace.
pub(crate) fn namespace_finalizers(namespace: &Value) -> Vec<Cause> {
    let list = namespace["spec"]["finalizers"].as_array().into_iter().flatten();
    let mut causes = Vec::new();
    for name in list.filter_map(Value::as_str) {
        let mut wrong = names::qualified_name(name);
        if !is_known(name) {
            wrong.push(UNQUALIFIED.to_owned());
        }
        causes.extend(wrong.iter().map(|e| Cause::invalid("spec.finalizers", &json!(name), e)));
    }
    causes
}

/// What is wrong with a change of metadata.
pub(crate) fn validate_update(object: &Value, old: &Value) -> Vec<Cause> {
    let mut causes = Vec::new();
    if is_deleting(old) {
        let before = finalizers(old);
        let added: Vec<String> = finalizers(object).into_iter().filter(|f| !before.contains(f)).collect();
        if !added.is_empty() {
            let list = added.iter().map(|f| crate::status::go_quote(f)).collect::<Vec<_>>().join(", ");
            causes.push(Cause::forbidden(
                "metadata.finalizers",
                &format!("no new finalizers can be added if the object is being deleted, found new finalizers []string{{{list}}}"),
            ));
        }
    }
    for field in
        ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]
    {
        let value = &object["metadata"][field];
        if *value != old["metadata"][field] {
            causes.push(Cause::invalid(format!("metadata.{field}"), value, "field is immutable"));
        }
    }
    causes.extend(validate_parts(object));
    causes
}

fn validate_parts(object: &Value) -> Vec<Cause> {
    let meta = &object["metadata"];
    let mut causes = Vec::new();
    if let Some(generation) = meta["generation"].as_i64().filter(|g| *g < 0) {
        causes.push(Cause::invalid(
            "metadata.generation",
            &json!(generation),
            "must be greater than or equal to 0",
        ));
    }
    causes.extend(labels(&meta["labels"], "metadata.labels"));
    causes.extend(annotations(&meta["annotations"], "metadata.annotations"));
    causes.extend(owner_references(&meta["ownerReferences"], "metadata.ownerReferences"));
    for finalizer in finalizers(object) {
        let wrong = names::qualified_name(&finalizer);
        causes
            .extend(wrong.into_iter().map(|e| Cause::invalid("metadata.finalizers", &json!(finalizer), &e)));
    }
    causes
}

/// What is wrong with a map of labels at a path.
pub(crate) fn labels(labels: &Value, path: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    for (key, value) in labels.as_object().into_iter().flatten() {
        causes.extend(names::qualified_name(key).into_iter().map(|e| Cause::invalid(path, &json!(key), &e)));
        let text = value.as_str().unwrap_or_default();
        causes.extend(names::label_value(text).into_iter().map(|e| Cause::invalid(path, value, &e)));
    }
    causes
}

/// What is wrong with a map of annotations at a path.
pub(crate) fn annotations(annotations: &Value, path: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut size = 0;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        size += key.len() + value.as_str().map_or(0, str::len);
        let wrong = names::qualified_name(&key.to_lowercase());
        causes.extend(wrong.into_iter().map(|e| Cause::invalid(path, &json!(key), &e)));
    }
    if size > MAX_ANNOTATIONS {
        causes.push(Cause::too_long(path, MAX_ANNOTATIONS));
    }
    causes
}

fn owner_references(references: &Value, path: &str) -> Vec<Cause> {
    let mut causes = Vec::new();
    let mut controllers: Vec<String> = Vec::new();
    for (i, reference) in references.as_array().into_iter().flatten().enumerate() {
        let text = |field: &str| reference[field].as_str().unwrap_or_default();
        let at = |field: &str| format!("{path}[{i}].{field}");
        for field in ["apiVersion", "kind", "name", "uid"] {
            if text(field).is_empty() {
                causes.push(Cause::required(at(field), "must not be empty"));
            }
        }
        if text("apiVersion").matches('/').count() > 1 {
            let detail = "must be <group>/<version> or <version>";
            causes.push(Cause::invalid(at("apiVersion"), &reference["apiVersion"], detail));
        }
        if text("apiVersion") == "v1" && text("kind") == "Event" {
            let detail = "/v1, Kind=Event is disallowed from being an owner";
            causes.push(refused_reference(format!("{path}[{i}]"), &in_order(reference), detail));
        }
        if reference["controller"] == true {
            controllers.push(format!("{}/{}", text("kind"), text("name")));
        }
    }
    if let [first, second, ..] = controllers.as_slice() {
        let detail = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}"
        );
        let all = references.as_array().into_iter().flatten().map(in_order).collect::<Vec<_>>().join(",");
        causes.push(refused_reference(path.to_owned(), &format!("[{all}]"), &detail));
    }
    causes
}

fn refused_reference(field: String, shown: &str, detail: &str) -> Cause {
    Cause::new("FieldValueInvalid", field, format!("Invalid value: {shown}: {detail}"))
}

/// An owner reference as Go writes it: fields in the order of the type.
fn in_order(reference: &Value) -> String {
    let fields = ["apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"];
    let shown = fields.iter().filter_map(|f| Some(format!("\"{f}\":{}", reference.get(*f)?)));
    format!("{{{}}}", shown.collect::<Vec<_>>().join(","))
}

/// What is wrong with a name of this kind.
fn name_errors(resource: &Resource, name: &str) -> Vec<String> {
    match (resource.group(), resource.kind()) {
        ("rbac.authorization.k8s.io", _) if resource.custom.is_none() => names::path_segment(name),
        ("apiregistration.k8s.io", _) | ("" | "events.k8s.io", "Event") => names::path_segment(name),
        ("", "Namespace" | "Service") => names::dns_label(name),
        _ => names::dns_subdomain(name),
    }
}
