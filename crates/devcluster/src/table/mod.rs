//! `meta.k8s.io` Tables and partial metadata: what `kubectl get` prints.

mod cells;
mod columns;
mod custom;
mod text;

use serde_json::{Map, Value, json};

use crate::http::negotiate::Form;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult};
use crate::verbs::options::Query;

/// How much of the object a row carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Include {
    /// Its metadata.
    #[default]
    Metadata,
    /// All of it.
    Object,
    /// Nothing.
    None,
}

/// How a table is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TableOptions {
    include: Include,
    beta: bool,
}

/// Reads `includeObject`.
///
/// # Errors
/// 400 for another value.
pub(crate) fn options(query: &Query, form: Form) -> ApiResult<TableOptions> {
    let include = match query.get("includeObject") {
        None | Some("" | "Metadata") => Include::Metadata,
        Some("Object") => Include::Object,
        Some("None") => Include::None,
        Some(other) if form.shape == crate::http::negotiate::Shape::Table => {
            return Err(ApiError::bad_request(format!(
                "Unable to convert to Table as requested: includeObject: Invalid value: {}: must be 'Metadata', 'Object', 'None', or empty",
                crate::status::go_quote(other)
            )));
        }
        Some(_) => Include::Metadata,
    };
    Ok(TableOptions { include, beta: form.beta })
}

fn version(beta: bool) -> &'static str {
    if beta { "meta.k8s.io/v1beta1" } else { "meta.k8s.io/v1" }
}

/// A table of one object.
pub(crate) fn one(resource: &Resource, object: &Value, options: &TableOptions) -> Value {
    let meta = match object["metadata"]["resourceVersion"].as_str() {
        Some(version) => json!({ "resourceVersion": version }),
        None => json!({}),
    };
    let bookmark = object["metadata"].get("name").is_none();
    let rows = if bookmark { vec![] } else { vec![row(resource, object, options)] };
    table(resource, rows, &meta, options)
}

/// A table of a list.
pub(crate) fn many(
    resource: &Resource,
    objects: impl Iterator<Item = Value>,
    meta: &Value,
    options: &TableOptions,
) -> Value {
    let rows = objects.map(|object| row(resource, &object, options)).collect();
    table(resource, rows, meta, options)
}

fn table(resource: &Resource, rows: Vec<Value>, meta: &Value, options: &TableOptions) -> Value {
    json!({
        "kind": "Table", "apiVersion": version(options.beta), "metadata": meta,
        "columnDefinitions": definitions(resource), "rows": rows,
    })
}

fn definitions(resource: &Resource) -> Value {
    match &resource.custom {
        Some(served) => custom::definitions(served),
        None => columns::definitions(&resource.bucket),
    }
}

fn row(resource: &Resource, object: &Value, options: &TableOptions) -> Value {
    let cells = match &resource.custom {
        Some(served) => custom::cells(served, object),
        None => cells::of(&resource.bucket, object),
    };
    let mut row = Map::new();
    row.insert("cells".to_owned(), Value::Array(cells));
    let conditions = cells::conditions(&resource.bucket, object);
    if !conditions.is_empty() {
        row.insert("conditions".to_owned(), Value::Array(conditions));
    }
    let shown = match options.include {
        Include::None => Value::Null,
        Include::Metadata => partial(object, options.beta),
        Include::Object => object.clone(),
    };
    row.insert("object".to_owned(), shown);
    Value::Object(row)
}

/// `PartialObjectMetadata` of an object.
pub(crate) fn partial(object: &Value, beta: bool) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": version(beta), "metadata": object["metadata"] })
}

/// `PartialObjectMetadataList` of objects.
pub(crate) fn partial_list(objects: impl Iterator<Item = Value>, meta: &Value, beta: bool) -> Value {
    let items: Vec<Value> = objects.map(|object| partial(&object, beta)).collect();
    json!({ "kind": "PartialObjectMetadataList", "apiVersion": version(beta), "metadata": meta, "items": items })
}
