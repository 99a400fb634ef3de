//! Subresources over HTTP.

mod scale;
mod token;

use std::sync::Arc;

use http::Response;
use serde_json::{Value, json};

use super::body;
use super::negotiate::Form;
use super::resource::{self as objects, show, target};
use super::respond;
use super::service::{Body, Incoming};
use crate::call::{Call, now};
use crate::client::DeleteOptions;
use crate::cluster::Cluster;
use crate::convert;
use crate::meta;
use crate::resource::{Gvk, Resource};
use crate::selectors::LabelSelector;
use crate::status::{ApiError, ApiResult, Cause, Details};
use crate::verbs::options::{WriteOptions, delete_options};
use crate::verbs::update::{Refusal, Target, Tracking, commit};
use crate::verbs::{self, delete, update};

/// Answers a request for a subresource that the resource has and whose verb fits.
pub(crate) async fn answer(
    cluster: &Cluster,
    incoming: Incoming,
    resource: &Arc<Resource>,
    form: Form,
) -> ApiResult<Response<Body>> {
    let mut call = Call::of(&incoming.user);
    let subresource = incoming.info.subresource.clone();
    let result = match subresource.as_str() {
        "scale" => scale::answer(cluster, &mut call, &incoming, resource, form).await,
        "token" => token::request(cluster, &mut call, &incoming, form),
        "eviction" => evict(cluster, &mut call, &incoming, form).await,
        "binding" => bind(cluster, &mut call, &incoming, form).await,
        "log" => log(cluster, &incoming, resource),
        "exec" | "attach" | "portforward" | "proxy" => {
            verbs::get(cluster, resource, &incoming.info.namespace, incoming.info.path_name())?;
            Err(ApiError::new(
                501,
                "NotImplemented",
                "workloads of the embedded cluster are simulated: there is no process to connect to",
            ))
        }
        _ => through(cluster, &mut call, &incoming, resource, form).await,
    };
    let mut response = result.unwrap_or_else(|error| respond::error(form, &error));
    respond::warn(&mut response, &call.warnings);
    Ok(response)
}

/// Subresources whose body is the object itself: `status`, `finalize`, `approval`, `resize`, `ephemeralcontainers`.
async fn through(
    cluster: &Cluster,
    call: &mut Call,
    incoming: &Incoming,
    resource: &Resource,
    form: Form,
) -> ApiResult<Response<Body>> {
    match incoming.info.verb.as_str() {
        "get" => {
            let object = verbs::get(cluster, resource, &incoming.info.namespace, incoming.info.path_name())?;
            show(resource, incoming, form, 200, &convert::read(resource, &object))
        }
        "update" => {
            call.set(WriteOptions::read(&incoming.query, "UpdateOptions", false, incoming.agent())?);
            let media = body::media(&incoming.headers)?;
            let object = body::object(call, media, &incoming.body, resource)?;
            let (stored, _) = update::replace(cluster, call, target(incoming, resource), object).await?;
            show(resource, incoming, form, 200, &stored.value(resource))
        }
        _ => objects::patch(cluster, call, incoming, resource, form).await,
    }
}

/// `Status` of success, as creations without an object of their own answer.
fn success(form: Form) -> Response<Body> {
    respond::value(
        201,
        form,
        &json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 }),
    )
}

/// Reads, changes and writes an object again until nobody comes in between.
pub(super) async fn modify(
    cluster: &Cluster,
    call: &mut Call,
    target: Target<'_>,
    mut change: impl FnMut(&mut Value, u64) -> ApiResult<()>,
) -> ApiResult<Value> {
    let Target { resource, namespace, name, .. } = target;
    for attempt in 0..update::ATTEMPTS {
        let old = verbs::get(cluster, resource, namespace, name)?;
        let mut object = convert::read(resource, &old);
        change(&mut object, old.version)?;
        match commit(cluster, call, target, &old, object, Tracking::Update).await {
            Err(Refusal::Raced) if attempt + 1 < update::ATTEMPTS => {}
            Err(refusal) => return Err(refusal.into_error(resource, name)),
            Ok(stored) => return Ok(stored.value(resource)),
        }
    }
    Err(verbs::modified(resource, name))
}

async fn evict(
    cluster: &Cluster,
    call: &mut Call,
    incoming: &Incoming,
    form: Form,
) -> ApiResult<Response<Body>> {
    call.set(WriteOptions::read(&incoming.query, "CreateOptions", false, incoming.agent())?);
    let media = body::media(&incoming.headers)?;
    let wanted = Gvk::new("policy", "v1", "Eviction");
    let eviction = body::typed(call, media, &incoming.body, &wanted)?;
    let (namespace, name) = (incoming.info.namespace.as_str(), incoming.info.path_name());
    let own = meta::text(&eviction, "name");
    if !own.is_empty() && own != name {
        return Err(ApiError::bad_request("name in URL does not match name in Eviction object"));
    }
    let pods = Cluster::builtin("", "Pod")?;
    let pod = convert::read(&pods, &*verbs::get(cluster, &pods, namespace, name)?);
    let options = match eviction.get("deleteOptions").filter(|o| o.is_object()) {
        Some(options) => delete_options(&incoming.query, Some(options))?,
        None => DeleteOptions::default(),
    };
    if !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed" | "Pending"))
        && !meta::is_deleting(&pod)
    {
        disrupt(cluster, namespace, name, &pod, call.dry_run || options.dry_run).await?;
    }
    delete::delete(cluster, call, &pods, namespace, name, &options).await?;
    Ok(success(form))
}

/// Takes one disruption from the budget that the Pod is under.
async fn disrupt(
    cluster: &Cluster,
    namespace: &str,
    name: &str,
    pod: &Value,
    dry_run: bool,
) -> ApiResult<()> {
    let budgets = cluster.store().list("policy/poddisruptionbudgets", Some(namespace)).objects;
    let matching: Vec<Value> = budgets
        .iter()
        .map(|budget| budget.value())
        .filter(|budget| {
            let selector = LabelSelector::from_object(&budget["spec"]["selector"]);
            selector.is_some_and(|s| s.matches_json(&pod["metadata"]["labels"]))
        })
        .collect();
    match matching.as_slice() {
        [] => return Ok(()),
        [_] => {}
        _ => {
            return Err(ApiError::internal(
                "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            ));
        }
    }
    let budget = &matching[0];
    let allowed = budget["status"]["disruptionsAllowed"].as_i64().unwrap_or(0);
    let budget_name = meta::text(budget, "name").to_owned();
    if allowed <= 0 {
        let healthy = budget["status"]["currentHealthy"].as_i64().unwrap_or(0);
        let desired = budget["status"]["desiredHealthy"].as_i64().unwrap_or(0);
        let text = format!(
            "The disruption budget {budget_name} needs {desired} healthy pods and has {healthy} currently"
        );
        let details =
            Details { causes: vec![Cause::new("DisruptionBudget", "", text)], ..Details::default() };
        return Err(ApiError::new(
            429,
            "TooManyRequests",
            "Cannot evict pod as it would violate the pod's disruption budget.",
        )
        .with_details(details));
    }
    if dry_run {
        return Ok(());
    }
    let resource = Cluster::builtin("policy", "PodDisruptionBudget")?;
    let mut call = Call::internal("kube-apiserver");
    let target = Target { resource: &resource, subresource: "status", namespace, name: &budget_name };
    let at = now();
    modify(cluster, &mut call, target, |object, _| {
        let left = object["status"]["disruptionsAllowed"].as_i64().unwrap_or(0) - 1;
        object["status"]["disruptionsAllowed"] = json!(left);
        object["status"]["disruptedPods"][name] = json!(at);
        Ok(())
    })
    .await
    .map(drop)
}

async fn bind(
    cluster: &Cluster,
    call: &mut Call,
    incoming: &Incoming,
    form: Form,
) -> ApiResult<Response<Body>> {
    call.set(WriteOptions::read(&incoming.query, "CreateOptions", false, incoming.agent())?);
    let media = body::media(&incoming.headers)?;
    let binding = body::typed(call, media, &incoming.body, &Gvk::new("", "v1", "Binding"))?;
    let node = binding["target"]["name"].as_str().unwrap_or_default().to_owned();
    let name = incoming.info.path_name();
    if node.is_empty() {
        let cause = Cause::required("target.name", "");
        return Err(ApiError::invalid("", "Binding", name, vec![cause]));
    }
    let pods = Cluster::builtin("", "Pod")?;
    let target =
        Target { resource: &pods, subresource: "binding", namespace: &incoming.info.namespace, name };
    modify(cluster, call, target, |pod, _| {
        let bound = pod["spec"]["nodeName"].as_str().unwrap_or_default();
        if !bound.is_empty() {
            let why = format!("pod {name} is already assigned to node {}", crate::status::go_quote(bound));
            return Err(ApiError::conflict("", "pods/binding", name, &why));
        }
        pod["spec"]["nodeName"] = json!(node);
        Ok(())
    })
    .await?;
    Ok(success(form))
}

/// There are no logs: nothing runs. A person is told so.
fn log(cluster: &Cluster, incoming: &Incoming, resource: &Resource) -> ApiResult<Response<Body>> {
    let pod = verbs::get(cluster, resource, &incoming.info.namespace, incoming.info.path_name())?.value();
    let names = |list: &str| -> Vec<String> {
        let containers = pod["spec"][list].as_array().into_iter().flatten();
        containers.filter_map(|c| c["name"].as_str().map(str::to_owned)).collect()
    };
    let all: Vec<String> =
        ["containers", "initContainers", "ephemeralContainers"].iter().flat_map(|list| names(list)).collect();
    let pod_name = incoming.info.path_name();
    match incoming.query.get("container").filter(|c| !c.is_empty()) {
        Some(container) if !all.iter().any(|name| name == container) => {
            return Err(ApiError::bad_request(format!(
                "container {container} is not valid for pod {pod_name}"
            )));
        }
        None if names("containers").len() > 1 => {
            let choices = names("containers").join(" ");
            return Err(ApiError::bad_request(format!(
                "a container name must be specified for pod {pod_name}, choose one of: [{choices}]"
            )));
        }
        _ => {}
    }
    if pod["spec"]["nodeName"].as_str().is_none_or(str::is_empty) {
        return Err(ApiError::bad_request(format!("pod {pod_name} does not have a host assigned")));
    }
    Ok(respond::bytes(
        200,
        "text/plain",
        "This workload is simulated by the embedded cluster: it has no logs.\n",
    ))
}
