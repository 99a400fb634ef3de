//! What is the same for every kind of object: listing in chunks, editing, annotating, YAML.

use jiff::Timestamp;
use kube::{
    Api, Client, Resource, ResourceExt,
    api::{ListParams, Patch, PatchParams, PostParams},
    core::NamespaceResourceScope,
};
use pilothouse_resources::meta;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::problem::Problem;

/// Field manager of what the API writes.
pub const FIELD_MANAGER: &str = "pilothouse";
/// Objects asked for in one chunk of a list.
const CHUNK: u32 = 500;
/// Most objects a list reads.
pub const MAX_LISTED: usize = 20_000;

/// Kinds that live in namespaces, with what the cluster needs to know of them.
pub trait Namespaced:
    Resource<DynamicType = (), Scope = NamespaceResourceScope>
    + Clone
    + std::fmt::Debug
    + DeserializeOwned
    + Serialize
{
}

impl<K> Namespaced for K where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope>
        + Clone
        + std::fmt::Debug
        + DeserializeOwned
        + Serialize
{
}

/// The API of a kind in a namespace, or in all of them.
pub fn api<K: Namespaced>(client: &Client, namespace: Option<&str>) -> Api<K> {
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

/// Reads a list in chunks and turns each object into what is kept of it, so that the whole list is never held.
pub async fn list_map<K, T>(
    api: &Api<K>,
    params: ListParams,
    keep: impl Fn(K) -> Option<T>,
) -> Result<Vec<T>, Problem>
where
    K: Clone + DeserializeOwned + std::fmt::Debug,
{
    let mut kept = Vec::new();
    let mut params = params.limit(CHUNK);
    let mut read = 0;
    loop {
        let chunk = api.list(&params).await?;
        read += chunk.items.len();
        kept.extend(chunk.items.into_iter().filter_map(&keep));
        match chunk.metadata.continue_.filter(|token| !token.is_empty()) {
            None => return Ok(kept),
            Some(_) if read >= MAX_LISTED => {
                return Err(Problem::internal(format!(
                    "the list has more than {MAX_LISTED} objects, which this server does not read; choose a namespace"
                )));
            }
            Some(token) => params = params.continue_token(&token),
        }
    }
}

/// Namespaces tried for a caller who may not list a kind in the whole cluster.
const MAX_NAMESPACES: usize = 200;

/// Lists a kind in a namespace, or in all of them.
///
/// Who may not list the whole cluster gets the namespaces where they may, if they may at least list those.
pub async fn list_scoped<K: Namespaced, T>(
    client: &Client,
    namespace: Option<&str>,
    params: &ListParams,
    keep: impl Fn(K) -> Option<T>,
) -> Result<Vec<T>, Problem> {
    let refused = match list_map(&api::<K>(client, namespace), params.clone(), &keep).await {
        Err(problem) if namespace.is_none() && problem.is_forbidden() => problem,
        listed => return listed,
    };
    let names: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(client.clone());
    let Ok(names) = list_map(&names, ListParams::default(), |namespace| Some(namespace.name_any())).await
    else {
        return Err(refused);
    };
    let (mut all, mut answered) = (Vec::new(), false);
    for name in names.iter().take(MAX_NAMESPACES) {
        match list_map(&api::<K>(client, Some(name)), params.clone(), &keep).await {
            Ok(found) => {
                answered = true;
                all.extend(found);
            }
            Err(problem) if problem.is_forbidden() => {}
            Err(problem) => return Err(problem),
        }
    }
    if answered { Ok(all) } else { Err(refused) }
}

/// Changes an object and writes it back, again where somebody else wrote in between.
///
/// With `expected` (a resourceVersion that the caller saw) the change is made to that version only.
pub async fn edit<K: Namespaced>(
    api: &Api<K>,
    name: &str,
    expected: Option<&str>,
    change: impl Fn(&mut K) -> Result<(), Problem>,
) -> Result<K, Problem> {
    let mut attempts = 3;
    loop {
        let mut object = api.get(name).await?;
        change(&mut object)?;
        if let Some(expected) = expected {
            object.meta_mut().resource_version = Some(expected.to_owned());
        }
        object.meta_mut().managed_fields = None;
        match api.replace(name, &manager(), &object).await {
            Err(kube::Error::Api(status)) if status.is_conflict() && expected.is_none() && attempts > 1 => {
                attempts -= 1;
            }
            written => return Ok(written?),
        }
    }
}

/// Creates an object under the API's field manager.
pub fn manager() -> PostParams {
    PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..Default::default() }
}

/// Merges a patch into an object.
pub async fn merge<K: Namespaced>(api: &Api<K>, name: &str, patch: &Value) -> Result<K, Problem> {
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..Default::default() };
    Ok(api.patch(name, &params, &Patch::Merge(patch)).await?)
}

/// A token for `reconcile.fluxcd.io/requestedAt`: the time, so that people can read it.
pub fn request_token() -> String {
    Timestamp::now().to_string()
}

/// Asks the controller to reconcile now; gives the token that `status.lastHandledReconcileAt` will show.
pub async fn request_reconcile<K: Namespaced>(
    client: &Client,
    namespace: &str,
    name: &str,
    also: &[&str],
) -> Result<String, Problem> {
    let token = request_token();
    let mut annotations = serde_json::Map::new();
    for key in [meta::RECONCILE_REQUESTED_AT].iter().chain(also) {
        annotations.insert((*key).to_owned(), Value::String(token.clone()));
    }
    merge::<K>(&api(client, Some(namespace)), name, &json!({"metadata": {"annotations": annotations}}))
        .await?;
    Ok(token)
}

/// Stops or starts the reconciling of an object.
pub async fn set_suspended<K: Namespaced>(
    client: &Client,
    namespace: &str,
    name: &str,
    suspended: bool,
) -> Result<K, Problem> {
    let value = if suspended { json!(true) } else { Value::Null };
    merge::<K>(&api(client, Some(namespace)), name, &json!({"spec": {"suspend": value}})).await
}

/// An object as YAML, without the bookkeeping of field managers.
pub async fn yaml<K: Namespaced>(client: &Client, namespace: &str, name: &str) -> Result<String, Problem> {
    let mut object = api::<K>(client, Some(namespace)).get(name).await?;
    object.meta_mut().managed_fields = None;
    let value = serde_json::to_value(&object)
        .map_err(|_| Problem::internal("the object cannot be written as JSON"))?;
    let mut ordered = serde_json::Map::new();
    ordered.insert("apiVersion".into(), json!(K::api_version(&())));
    ordered.insert("kind".into(), json!(K::kind(&())));
    if let Value::Object(fields) = value {
        ordered.extend(fields);
    }
    to_yaml(&Value::Object(ordered))
}

/// A value as YAML text.
pub fn to_yaml(value: &Value) -> Result<String, Problem> {
    serde_saphyr::to_string(value).map_err(|_| Problem::internal("the object cannot be written as YAML"))
}

/// Labels of an object.
pub fn labels<K: ResourceExt>(object: &K) -> std::collections::BTreeMap<String, String> {
    object.labels().clone()
}

/// Whether the namespace exists; forbidden to ask counts as yes, the cluster will say so on writing.
pub async fn namespace_exists(client: &Client, namespace: &str) -> Result<bool, Problem> {
    let api: Api<k8s_openapi::api::core::v1::Namespace> = Api::all(client.clone());
    match api.get_metadata_opt(namespace).await {
        Ok(found) => Ok(found.is_some()),
        Err(kube::Error::Api(status)) if status.code == 403 => Ok(true),
        Err(error) => Err(error.into()),
    }
}

/// Refuses a namespace that does not exist, before the cluster's less clear words.
pub async fn need_namespace(client: &Client, namespace: &str) -> Result<(), Problem> {
    if namespace_exists(client, namespace).await? {
        return Ok(());
    }
    let mut problem = Problem::not_found(format!("namespace `{namespace}` does not exist"));
    problem.errors = vec![crate::FieldError {
        field: "namespace".into(),
        message: format!("`{namespace}` does not exist"),
    }];
    Err(problem)
}
