//! `scale`: the number of replicas of workloads and of custom resources that have one.

use http::Response;
use serde_json::{Map, Value, json};

use super::modify;
use crate::apply::{self, Writer};
use crate::call::{Call, now};
use crate::cluster::Cluster;
use crate::convert;
use crate::http::body;
use crate::http::negotiate::Form;
use crate::http::resource::{patch_kind, target};
use crate::http::respond;
use crate::http::service::{Body, Incoming};
use crate::meta;
use crate::patch;
use crate::resource::{Gvk, Resource};
use crate::status::{ApiError, ApiResult, Cause};
use crate::verbs::options::WriteOptions;
use crate::verbs::update::{self, Refusal, Target, Tracking, commit};
use crate::verbs::{self, modified};

fn kind() -> Gvk {
    Gvk::new("autoscaling", "v1", "Scale")
}

/// Where a resource keeps its numbers.
struct Paths {
    replicas: Vec<String>,
    status: Vec<String>,
    selector: Option<Vec<String>>,
}

fn paths(resource: &Resource) -> ApiResult<Paths> {
    let split = |path: &str| path.trim_start_matches('.').split('.').map(str::to_owned).collect();
    match &resource.custom {
        None => {
            Ok(Paths { replicas: split("spec.replicas"), status: split("status.replicas"), selector: None })
        }
        Some(served) => {
            let scale = served.scale.as_ref().ok_or_else(ApiError::unknown_resource)?;
            Ok(Paths {
                replicas: split(&scale.spec_replicas),
                status: split(&scale.status_replicas),
                selector: scale.label_selector.as_deref().map(split),
            })
        }
    }
}

fn at<'a>(object: &'a Value, path: &[String]) -> &'a Value {
    path.iter().fold(object, |value, key| &value[key])
}

/// The `Scale` of an object.
fn scale_of(resource: &Resource, object: &Value, version: u64) -> ApiResult<Value> {
    let paths = paths(resource)?;
    let meta = &object["metadata"];
    let mut shown = Map::new();
    for field in ["name", "namespace", "uid", "creationTimestamp"] {
        if let Some(value) = meta.get(field) {
            shown.insert(field.to_owned(), value.clone());
        }
    }
    shown.insert("resourceVersion".to_owned(), json!(version.to_string()));
    if let (Some(scale), Value::Null) =
        (resource.custom.as_ref().and_then(|c| c.scale.as_ref()), at(object, &paths.replicas))
    {
        return Err(ApiError::internal(format!(
            "the spec replicas field \"{}\" does not exist",
            scale.spec_replicas
        )));
    }
    let replicas = at(object, &paths.replicas).as_i64().unwrap_or(0);
    let spec = if replicas == 0 { json!({}) } else { json!({ "replicas": replicas }) };
    let mut status = json!({ "replicas": at(object, &paths.status).as_i64().unwrap_or(0) });
    let selector = match (&paths.selector, &resource.custom) {
        (Some(path), _) => at(object, path).as_str().unwrap_or_default().to_owned(),
        (None, Some(_)) => String::new(),
        (None, None) => selector_text(&object["spec"]["selector"]),
    };
    if !selector.is_empty() {
        status["selector"] = json!(selector);
    }
    Ok(
        json!({ "kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": shown, "spec": spec, "status": status }),
    )
}

/// A selector as Kubernetes prints it: `a=b,c in (d,e),!f`.
fn selector_text(selector: &Value) -> String {
    let mut terms: Vec<(String, String)> = Vec::new();
    let plain =
        selector.get("matchLabels").or(selector.get("matchExpressions").map_or(Some(selector), |_| None));
    for (key, value) in plain.and_then(Value::as_object).into_iter().flatten() {
        terms.push((key.clone(), format!("{key}={}", value.as_str().unwrap_or_default())));
    }
    for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = expression["key"].as_str().unwrap_or_default();
        let mut values: Vec<&str> =
            expression["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let list = values.join(",");
        let term = match expression["operator"].as_str() {
            Some("In") => format!("{key} in ({list})"),
            Some("NotIn") => format!("{key} notin ({list})"),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        };
        terms.push((key.to_owned(), term));
    }
    terms.sort();
    terms.into_iter().map(|(_, term)| term).collect::<Vec<_>>().join(",")
}

/// Answers a request for `scale`.
pub(super) async fn answer(
    cluster: &Cluster,
    call: &mut Call,
    incoming: &Incoming,
    resource: &Resource,
    form: Form,
) -> ApiResult<Response<Body>> {
    let (namespace, name) = (incoming.info.namespace.as_str(), incoming.info.path_name());
    if incoming.info.verb == "get" {
        let object = verbs::get(cluster, resource, namespace, name)?;
        let scale = scale_of(resource, &convert::read(resource, &object), object.version)?;
        return Ok(respond::value(200, form, &scale));
    }
    let wanted = wanted(call, incoming, resource)?;
    let paths = paths(resource)?;
    if let Wanted::Apply(scale) = &wanted {
        let object = apply_scale(cluster, call, target(incoming, resource), scale).await?;
        let version = meta::text(&object, "resourceVersion").parse().unwrap_or(0);
        return Ok(respond::value(200, form, &scale_of(resource, &object, version)?));
    }
    let object = modify(cluster, call, target(incoming, resource), |object, version| {
        let scale = match &wanted {
            Wanted::Scale(scale) => scale.clone(),
            Wanted::Patch(kind, text) => {
                let live = scale_of(resource, object, version)?;
                let (scale, warnings) = patch::run(
                    &scale_resource(resource),
                    *kind,
                    &live,
                    text,
                    crate::fields::FieldValidation::Warn,
                )?;
                let _ = warnings;
                scale
            }
            Wanted::Apply(scale) => scale.clone(),
        };
        if resource.custom.is_none() {
            check(&scale, name, version, resource)?;
        }
        set(object, &paths.replicas, json!(scale["spec"]["replicas"].as_i64().unwrap_or(0)));
        Ok(())
    })
    .await?;
    let version = meta::text(&object, "resourceVersion").parse().unwrap_or(0);
    Ok(respond::value(200, form, &scale_of(resource, &object, version)?))
}

enum Wanted {
    Scale(Value),
    Patch(patch::Kind, Vec<u8>),
    Apply(Value),
}

fn wanted(call: &mut Call, incoming: &Incoming, resource: &Resource) -> ApiResult<Wanted> {
    let (namespace, name) = (incoming.info.namespace.as_str(), incoming.info.path_name());
    if incoming.info.verb == "update" {
        call.set(WriteOptions::read(&incoming.query, "UpdateOptions", false, incoming.agent())?);
        let media = body::media(&incoming.headers)?;
        let scale = body::typed(call, media, &incoming.body, &kind())?;
        let own = meta::text(&scale, "name");
        if own != name {
            return Err(ApiError::bad_request(format!(
                "the name of the object ({own}) does not match the name on the URL ({name})"
            )));
        }
        let own = meta::text(&scale, "namespace");
        if !own.is_empty() && own != namespace {
            return Err(ApiError::bad_request(
                "the namespace of the provided object does not match the namespace sent on the request",
            ));
        }
        return Ok(Wanted::Scale(scale));
    }
    let kind = patch_kind(incoming, resource)?;
    call.set(WriteOptions::read(&incoming.query, "PatchOptions", kind.is_none(), incoming.agent())?);
    if let Some(kind) = kind {
        return Ok(Wanted::Patch(kind, incoming.body.to_vec()));
    }
    let yaml = crate::fields::parse_yaml(&incoming.body).map_err(ApiError::bad_request)?;
    Ok(Wanted::Apply(yaml.raw.to_value()))
}

/// Applies a `Scale`: the manager owns the parent's number of replicas, through `scale`.
async fn apply_scale(
    cluster: &Cluster,
    call: &mut Call,
    target: Target<'_>,
    scale: &Value,
) -> ApiResult<Value> {
    let Target { resource, subresource, namespace, name } = target;
    let paths = paths(resource)?;
    let mut patch = json!({
        "apiVersion": resource.api_version(), "kind": resource.kind(), "metadata": { "name": name },
    });
    if let Some(replicas) = scale["spec"].get("replicas") {
        set(&mut patch, &paths.replicas, replicas.clone());
    }
    for attempt in 0..update::ATTEMPTS {
        let old = verbs::get(cluster, resource, namespace, name)?;
        check(scale, name, old.version, resource)?;
        let (live, at) = (convert::read(resource, &old), now());
        let writer = Writer { manager: &call.manager, subresource, now: &at, force: call.force };
        let object = apply::apply(resource, Some(&live), &patch, &writer)?;
        match commit(cluster, call, target, &old, object, Tracking::Applied).await {
            Err(Refusal::Raced) if attempt + 1 < update::ATTEMPTS => {}
            Err(refusal) => return Err(refusal.into_error(resource, name)),
            Ok(stored) => return Ok(stored.value(resource)),
        }
    }
    Err(modified(resource, name))
}

fn scale_resource(resource: &Resource) -> Resource {
    Resource { gvk: kind(), custom: None, ..resource.clone() }
}

fn check(scale: &Value, name: &str, version: u64, resource: &Resource) -> ApiResult<()> {
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or(0);
    if replicas < 0 {
        let cause = Cause::invalid("spec.replicas", &json!(replicas), "must be greater than or equal to 0");
        return Err(ApiError::invalid("autoscaling", "Scale", name, vec![cause]));
    }
    match meta::text(scale, "resourceVersion") {
        "" | "0" => Ok(()),
        text if text == version.to_string() => Ok(()),
        _ => Err(modified(resource, name)),
    }
}

fn set(object: &mut Value, path: &[String], value: Value) {
    let mut place = object;
    for key in path {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[key.as_str()];
    }
    *place = value;
}
