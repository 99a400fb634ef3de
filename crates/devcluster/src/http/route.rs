//! From a path to the function that answers it.

use std::sync::Arc;

use http::{Method, Response};

use super::negotiate::Form;
use super::request::RequestInfo;
use super::service::{Body, Incoming};
use super::{resource, respond, reviews, subresources};
use crate::cluster::Cluster;
use crate::discovery;
use crate::resource::Resource;
use crate::status::ApiError;

/// Answers a request that is allowed.
pub(crate) async fn route(cluster: &Cluster, incoming: Incoming) -> Response<Body> {
    if !incoming.info.is_resource {
        return discovery::answer(cluster, &incoming);
    }
    match find(cluster, &incoming.info) {
        Found::Resource(resource) => answer(cluster, incoming, &resource).await,
        Found::Nothing => respond::error(Form::default(), &ApiError::unknown_resource()),
        Found::Switched(resource) => {
            let name = incoming.info.path_name();
            let error = ApiError::not_found(resource.group(), &resource.plural, name);
            respond::error(Form::default(), &error)
        }
        Found::Page => respond::page_not_found(),
    }
}

enum Found {
    Resource(Arc<Resource>),
    /// A known group or version that does not have it: a `Status`.
    Nothing,
    /// A custom resource without this subresource.
    Switched(Arc<Resource>),
    /// An unknown group: plain text.
    Page,
}

fn find(cluster: &Cluster, info: &RequestInfo) -> Found {
    let (group, version) = (&info.group, &info.version);
    let core = info.prefix == "api";
    if core != group.is_empty() {
        return Found::Nothing;
    }
    if let Some(resource) = cluster.served(group, version, &info.resource) {
        let known = info.subresource.is_empty() || resource.subresource(&info.subresource).is_some();
        let deep = info.parts.len() > 3 && !matches!(info.subresource.as_str(), "proxy");
        let scoped = resource.namespaced || info.namespace.is_empty() || info.resource == "namespaces";
        if known && !deep && scoped {
            return Found::Resource(resource);
        }
        if resource.custom.is_some() && matches!(info.subresource.as_str(), "status" | "scale") {
            return Found::Switched(resource);
        }
        return if resource.custom.is_some() { Found::Page } else { Found::Nothing };
    }
    if discovery::has_builtin_group(group) && !cluster.is_custom_version(group, version) {
        return Found::Nothing;
    }
    Found::Page
}

async fn answer(cluster: &Cluster, mut incoming: Incoming, found: &Arc<Resource>) -> Response<Body> {
    // Authorization counts a namespace as being inside of itself; the store does not.
    if !found.namespaced {
        incoming.info.namespace.clear();
    }
    let streams = matches!(incoming.info.verb.as_str(), "list" | "watch");
    let accept = incoming.accept();
    let mut form = match super::negotiate::negotiate(&accept, streams) {
        Ok(form) => form,
        Err(error) => return respond::error(Form::default(), &error),
    };
    form.pretty |= incoming.query.flag("pretty");
    match dispatch(cluster, incoming, found, form).await {
        Ok(response) => response,
        Err(error) => respond::error(form, &error),
    }
}

async fn dispatch(
    cluster: &Cluster,
    incoming: Incoming,
    found: &Arc<Resource>,
    form: Form,
) -> Result<Response<Body>, ApiError> {
    let info = &incoming.info;
    // HEAD is not routed by the API server's resource handlers.
    if incoming.method == Method::HEAD || incoming.method == Method::OPTIONS || info.verb.is_empty() {
        return Err(ApiError::method_not_allowed());
    }
    if let Some(subresource) = found.subresource(&info.subresource).filter(|_| !info.subresource.is_empty()) {
        if !subresource.verbs.iter().any(|verb| *verb == info.verb.as_str()) {
            return Err(ApiError::method_not_allowed());
        }
        return subresources::answer(cluster, incoming, found, form).await;
    }
    let named = !info.path_name().is_empty();
    let fits = match info.verb.as_str() {
        "create" | "list" | "deletecollection" => !named,
        "get" | "update" | "patch" | "delete" => named,
        _ => true,
    };
    let across = found.namespaced && info.namespace.is_empty();
    let across_fits = !across || matches!(info.verb.as_str(), "list" | "watch");
    if !fits || !found.has_verb(&info.verb) || !across_fits {
        return Err(ApiError::method_not_allowed());
    }
    if reviews::is_review(found) {
        return reviews::answer(cluster, &incoming, found, form);
    }
    resource::answer(cluster, incoming, found, form).await
}
