//! The verbs of resources, over HTTP.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use serde_json::{Value, json};

use super::body::{self, Media, content_type, unsupported};
use super::negotiate::{Form, Shape};
use super::service::{Body, Incoming};
use super::{respond, watching};
use crate::call::{Call, Stored};
use crate::client::DeleteOptions;
use crate::cluster::Cluster;
use crate::convert;
use crate::fields::{self, Decoded};
use crate::patch::Kind;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult, Details, go_quote};
use crate::store::Object;
use crate::table;
use crate::verbs::create::Origin;
use crate::verbs::list::Listed;
use crate::verbs::options::{WriteOptions, delete_options};
use crate::verbs::patch::Patch;
use crate::verbs::update::Target;
use crate::verbs::{self, create, delete, list, update};

/// Answers a request for a resource.
pub(crate) async fn answer(
    cluster: &Cluster,
    incoming: Incoming,
    resource: &Arc<Resource>,
    form: Form,
) -> ApiResult<Response<Body>> {
    let mut call = Call::of(&incoming.user);
    deprecations(&mut call, resource);
    let result = match incoming.info.verb.as_str() {
        "get" => read(cluster, &incoming, resource, form),
        "list" => all(cluster, &incoming, resource, form).await,
        "watch" => watching::answer(cluster, &incoming, resource, form).await,
        "create" => new(cluster, &mut call, &incoming, resource, form).await,
        "update" => replace(cluster, &mut call, &incoming, resource, form).await,
        "patch" => patch(cluster, &mut call, &incoming, resource, form).await,
        "delete" => remove(cluster, &mut call, &incoming, resource, form).await,
        "deletecollection" => remove_all(cluster, &mut call, &incoming, resource, form).await,
        _ => Err(ApiError::method_not_allowed()),
    };
    let mut response = result.unwrap_or_else(|error| respond::error(form, &error));
    respond::warn(&mut response, &call.warnings);
    Ok(response)
}

/// What every request for some resources is warned of.
fn deprecations(call: &mut Call, resource: &Resource) {
    if resource.is("", "Endpoints") {
        call.warn("v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice");
    } else if resource.is("", "ComponentStatus") {
        call.warn("v1 ComponentStatus is deprecated in v1.19+");
    } else if let Some(text) = resource.custom.as_ref().and_then(|served| served.deprecation.clone()) {
        call.warn(text);
    }
}

impl Call {
    /// A call of a request's user, options still to be read.
    pub(crate) fn of(user: &crate::auth::User) -> Self {
        Self { user: user.clone(), ..Self::internal("") }
    }

    /// Takes the options of a write over.
    pub(crate) fn set(&mut self, options: WriteOptions) {
        self.dry_run = options.dry_run;
        self.manager = options.manager;
        self.validation = options.validation;
        self.force = options.force.unwrap_or(false);
    }
}

/// One object in the agreed form.
pub(crate) fn show(
    resource: &Resource,
    incoming: &Incoming,
    form: Form,
    status: u16,
    object: &Value,
) -> ApiResult<Response<Body>> {
    let shown = match form.shape {
        Shape::Object => return Ok(respond::value(status, form, object)),
        Shape::Table => table::one(resource, object, &table::options(&incoming.query, form)?),
        Shape::Partial => table::partial(object, form.beta),
        Shape::PartialList => return Err(not_acceptable("PartialObjectMetadataList")),
    };
    Ok(respond::value(status, form, &shown))
}

fn not_acceptable(what: &str) -> ApiError {
    ApiError::new(
        406,
        "NotAcceptable",
        format!("you requested {what}, but the requested object is not a list"),
    )
}

fn show_stored(
    resource: &Resource,
    incoming: &Incoming,
    form: Form,
    status: u16,
    stored: &Stored,
) -> ApiResult<Response<Body>> {
    if let (Stored::Object(object), Shape::Object) = (stored, form.shape) {
        return Ok(respond::encoded(status, form, convert::read_bytes(resource, object)));
    }
    show(resource, incoming, form, status, &stored.value(resource))
}

fn read(
    cluster: &Cluster,
    incoming: &Incoming,
    resource: &Resource,
    form: Form,
) -> ApiResult<Response<Body>> {
    let info = &incoming.info;
    if let Some(version) = incoming.query.get("resourceVersion").filter(|v| !v.is_empty())
        && version.parse::<u64>().is_err()
    {
        let quoted = go_quote(version);
        return Err(ApiError::plain_internal(format!(
            "resourceVersion: Invalid value: {quoted}: strconv.ParseUint: parsing {quoted}: invalid syntax"
        )));
    }
    let object = verbs::get(cluster, resource, &info.namespace, info.path_name())?;
    show_stored(resource, incoming, form, 200, &Stored::Object(object))
}

async fn all(
    cluster: &Cluster,
    incoming: &Incoming,
    resource: &Resource,
    form: Form,
) -> ApiResult<Response<Body>> {
    let options = list::options(&incoming.query, resource)?;
    if resource.is("", "ComponentStatus") {
        return Ok(respond::value(200, form, &crate::discovery::component_statuses()));
    }
    let listed = list::list(cluster, resource, &incoming.info.namespace, &options).await?;
    show_list(resource, incoming, form, &listed)
}

/// A list in the agreed form.
pub(crate) fn show_list(
    resource: &Resource,
    incoming: &Incoming,
    form: Form,
    listed: &Listed,
) -> ApiResult<Response<Body>> {
    let mut meta = list_meta(listed);
    if resource.custom.is_some() && form.shape == Shape::Object && listed.continue_token.is_none() {
        // Lists of custom resources say so where there is no more.
        meta["continue"] = json!("");
    }
    match form.shape {
        Shape::Object => Ok(respond::encoded(200, form, encode_list(resource, listed, &meta))),
        Shape::Table => {
            let options = table::options(&incoming.query, form)?;
            let objects = listed.objects.iter().map(|o| convert::read(resource, o));
            Ok(respond::value(200, form, &table::many(resource, objects, &meta, &options)))
        }
        Shape::PartialList | Shape::Partial => {
            let objects = listed.objects.iter().map(|o| convert::read(resource, o));
            Ok(respond::value(200, form, &table::partial_list(objects, &meta, form.beta)))
        }
    }
}

fn list_meta(listed: &Listed) -> Value {
    let mut meta = json!({ "resourceVersion": listed.version.to_string() });
    if let Some(token) = &listed.continue_token {
        meta["continue"] = json!(token);
    }
    if let Some(remaining) = listed.remaining {
        meta["remainingItemCount"] = json!(remaining);
    }
    meta
}

/// A list's JSON, from the stored bytes of its items.
fn encode_list(resource: &Resource, listed: &Listed, meta: &Value) -> Bytes {
    let mut out: Vec<u8> =
        Vec::with_capacity(128 + listed.objects.iter().map(|o| o.body.len()).sum::<usize>());
    let head = format!(
        "{{\"kind\":\"{}\",\"apiVersion\":\"{}\",\"metadata\":{meta},\"items\":[",
        resource.list_kind,
        resource.api_version()
    );
    out.extend_from_slice(head.as_bytes());
    let header = convert::stored_header(resource);
    for (i, object) in listed.objects.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        item(&mut out, resource, object, header.as_deref());
    }
    out.extend_from_slice(b"]}\n");
    Bytes::from(out)
}

/// Items of built-in kinds have no kind and version of their own.
fn item(out: &mut Vec<u8>, resource: &Resource, object: &Object, header: Option<&str>) {
    if header.is_some_and(|header| convert::has_header(object, header)) {
        if resource.custom.is_some() {
            out.extend_from_slice(&object.body);
        } else {
            out.push(b'{');
            out.extend_from_slice(object.body.get(usize::from(object.header)..).unwrap_or_default());
        }
        return;
    }
    let mut value = convert::read(resource, object);
    if resource.custom.is_none()
        && let Some(map) = value.as_object_mut()
    {
        map.remove("kind");
        map.remove("apiVersion");
    }
    out.extend_from_slice(value.to_string().as_bytes());
}

async fn new(
    cluster: &Cluster,
    call: &mut Call,
    incoming: &Incoming,
    resource: &Resource,
    form: Form,
) -> ApiResult<Response<Body>> {
    call.set(WriteOptions::read(&incoming.query, "CreateOptions", false, incoming.agent())?);
    let media = body::media(&incoming.headers)?;
    let object = body::object(call, media, &incoming.body, resource)?;
    let namespace = &incoming.info.namespace;
    let stored = create::create(cluster, call, resource, namespace, object, Origin::Body).await?;
    show_stored(resource, incoming, form, 201, &stored)
}

async fn replace(
    cluster: &Cluster,
    call: &mut Call,
    incoming: &Incoming,
    resource: &Resource,
    form: Form,
) -> ApiResult<Response<Body>> {
    call.set(WriteOptions::read(&incoming.query, "UpdateOptions", false, incoming.agent())?);
    let media = body::media(&incoming.headers)?;
    let object = body::object(call, media, &incoming.body, resource)?;
    let target = target(incoming, resource);
    let (stored, created) = update::replace(cluster, call, target, object).await?;
    show_stored(resource, incoming, form, if created { 201 } else { 200 }, &stored)
}

/// What a request of one object writes to.
pub(crate) fn target<'a>(incoming: &'a Incoming, resource: &'a Resource) -> Target<'a> {
    Target {
        resource,
        subresource: &incoming.info.subresource,
        namespace: &incoming.info.namespace,
        name: incoming.info.path_name(),
    }
}

pub(crate) async fn patch(
    cluster: &Cluster,
    call: &mut Call,
    incoming: &Incoming,
    resource: &Resource,
    form: Form,
) -> ApiResult<Response<Body>> {
    let kind = patch_kind(incoming, resource)?;
    let is_apply = kind.is_none();
    call.set(WriteOptions::read(&incoming.query, "PatchOptions", is_apply, incoming.agent())?);
    let patch = match kind {
        Some(kind) => Patch::Text(kind, incoming.body.to_vec()),
        None => Patch::Apply(apply_body(call, &incoming.body)?),
    };
    let target = target(incoming, resource);
    let (stored, created) = verbs::patch::patch(cluster, call, target, &patch).await?;
    show_stored(resource, incoming, form, if created { 201 } else { 200 }, &stored)
}

/// The kind of a patch by its media type; `None`: server-side apply.
pub(crate) fn patch_kind(incoming: &Incoming, resource: &Resource) -> ApiResult<Option<Kind>> {
    let strategic = resource.custom.is_none();
    match content_type(&incoming.headers) {
        "application/json-patch+json" => Ok(Some(Kind::Json)),
        "application/merge-patch+json" => Ok(Some(Kind::Merge)),
        "application/strategic-merge-patch+json" if strategic => Ok(Some(Kind::Strategic)),
        "application/apply-patch+yaml" => Ok(None),
        _ => {
            let mut accepted = vec!["application/json-patch+json", "application/merge-patch+json"];
            if strategic {
                accepted.push("application/strategic-merge-patch+json");
            }
            accepted.push("application/apply-patch+yaml");
            if strategic {
                // Built-in kinds are refused by the router, before any handler.
                return Err(ApiError::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")
                    .with_details(Details::default()));
            }
            Err(unsupported(&accepted.join(", ")))
        }
    }
}

fn apply_body(call: &mut Call, body: &[u8]) -> ApiResult<Value> {
    let yaml = fields::parse_yaml(body).map_err(|why| {
        let json = body.trim_ascii_start().starts_with(b"{");
        ApiError::bad_request(if json {
            format!("error decoding patch: {why}")
        } else {
            let why = why.strip_prefix("error converting YAML to JSON: ").unwrap_or(&why);
            format!("error encoding patch: {why}")
        })
    })?;
    let strict = yaml.duplicates.into_iter().collect();
    let judged = Decoded { object: yaml.raw.to_value(), strict }.judge(call.validation);
    let (object, warnings) = judged.map_err(ApiError::bad_request)?;
    warnings.into_iter().for_each(|text| call.warn(text));
    Ok(object)
}

/// Options of a deletion, from the body or the query.
fn deletion(incoming: &Incoming) -> ApiResult<DeleteOptions> {
    if incoming.body.is_empty() {
        return delete_options(&incoming.query, None);
    }
    let media = body::media(&incoming.headers)?;
    let value = match media {
        Media::Json => {
            fields::parse_json(&incoming.body).map(|raw| raw.to_value()).map_err(|e| e.to_string())
        }
        Media::Yaml => fields::parse_yaml(&incoming.body).map(|yaml| yaml.raw.to_value()),
        Media::Protobuf => {
            crate::protobuf::decode(&incoming.body, ("v1", "DeleteOptions")).map_err(|e| e.to_string())
        }
    };
    let value = value.map_err(|why| {
        ApiError::bad_request(format!("couldn't get version/kind; json parse error: {why}"))
    })?;
    let (version, kind) = (
        value["apiVersion"].as_str().unwrap_or("meta.k8s.io/v1"),
        value["kind"].as_str().unwrap_or("DeleteOptions"),
    );
    if kind != "DeleteOptions" {
        return Err(ApiError::bad_request(format!(
            "no kind {} is registered for version {} in scheme \"pkg/runtime/scheme.go:111\"",
            go_quote(kind),
            go_quote(version)
        )));
    }
    delete_options(&incoming.query, Some(&value))
}

async fn remove(
    cluster: &Cluster,
    call: &mut Call,
    incoming: &Incoming,
    resource: &Resource,
    form: Form,
) -> ApiResult<Response<Body>> {
    let options = deletion(incoming)?;
    let info = &incoming.info;
    let deleted =
        delete::delete(cluster, call, resource, &info.namespace, info.path_name(), &options).await?;
    let (status, value) = deleted.answer(resource, &options);
    if value["kind"] == "Status" {
        return Ok(respond::value(status, form, &value));
    }
    show(resource, incoming, form, status, &value)
}

async fn remove_all(
    cluster: &Cluster,
    call: &mut Call,
    incoming: &Incoming,
    resource: &Resource,
    form: Form,
) -> ApiResult<Response<Body>> {
    let options = deletion(incoming)?;
    let selector = list::selector(&incoming.query, resource)?;
    let namespace = &incoming.info.namespace;
    let listed = delete::delete_collection(cluster, call, resource, namespace, &selector, &options).await?;
    show_list(resource, incoming, form, &listed)
}
