//! `serviceaccounts/token`: tokens of service accounts.

use http::Response;
use serde_json::{Value, json};

use crate::apply::{self, Writer};
use crate::auth::tokens::{Claims, ISSUER};
use crate::call::{Call, now};
use crate::cluster::Cluster;
use crate::http::body;
use crate::http::negotiate::Form;
use crate::http::respond;
use crate::http::service::{Body, Incoming};
use crate::meta;
use crate::resource::{Gvk, Resource};
use crate::status::{ApiError, ApiResult, Cause};
use crate::verbs::options::WriteOptions;

const HOUR: i64 = 3600;
const MIN_SECONDS: i64 = 600;
const MAX_SECONDS: i64 = 1 << 32;

/// Answers a `TokenRequest`.
pub(super) fn request(
    cluster: &Cluster,
    call: &mut Call,
    incoming: &Incoming,
    form: Form,
) -> ApiResult<Response<Body>> {
    call.set(WriteOptions::read(&incoming.query, "CreateOptions", false, incoming.agent())?);
    let media = body::media(&incoming.headers)?;
    let gvk = Gvk::new("authentication.k8s.io", "v1", "TokenRequest");
    let mut object = body::typed(call, media, &incoming.body, &gvk)?;
    let (namespace, name) = (incoming.info.namespace.as_str(), incoming.info.path_name());
    if object["spec"]["expirationSeconds"].is_null() {
        object["spec"]["expirationSeconds"] = json!(HOUR);
    }
    let accounts = Cluster::builtin("", "ServiceAccount")?;
    let tracked = Resource { gvk, ..(*accounts).clone() };
    let at = now();
    let writer = Writer { manager: &call.manager, subresource: "token", now: &at, force: false };
    apply::track(&tracked, None, &mut object, &writer);
    let account = crate::verbs::get(cluster, &accounts, namespace, name)?;
    let seconds = object["spec"]["expirationSeconds"].as_i64().unwrap_or(HOUR);
    check_seconds(seconds)?;
    let bound = bound_object(cluster, namespace, &object["spec"]["boundObjectRef"])?;
    let audiences: Vec<String> = object["spec"]["audiences"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|a| a.as_str().map(str::to_owned))
        .collect();
    let audiences = if audiences.is_empty() { vec![ISSUER.to_owned()] } else { audiences };
    let issued = jiff::Timestamp::now().as_second();
    let expires = issued.saturating_add(seconds);
    let claims = Claims {
        namespace: namespace.to_owned(),
        account: name.to_owned(),
        account_uid: account.uid.to_string(),
        audiences: audiences.clone(),
        bound,
        issued,
        expires,
        id: uuid::Uuid::new_v4().to_string(),
    };
    let token = cluster.authenticator().signer.sign(&claims);
    let meta = meta::of(&mut object);
    meta.insert("name".to_owned(), json!(name));
    meta.insert("namespace".to_owned(), json!(namespace));
    meta.insert("uid".to_owned(), json!(&*account.uid));
    meta.insert("creationTimestamp".to_owned(), json!(at));
    object["spec"]["audiences"] = json!(audiences);
    if object["spec"].get("boundObjectRef").is_none() {
        object["spec"]["boundObjectRef"] = Value::Null;
    }
    let expires = jiff::Timestamp::from_second(expires).map_or_else(|_| at.clone(), |t| t.to_string());
    object["status"] = json!({ "token": token.reveal(), "expirationTimestamp": expires });
    Ok(respond::value(201, form, &object))
}

fn check_seconds(seconds: i64) -> ApiResult<()> {
    let detail = if seconds < MIN_SECONDS {
        "may not specify a duration less than 10 minutes"
    } else if seconds > MAX_SECONDS {
        "may not specify a duration larger than 2^32 seconds"
    } else {
        return Ok(());
    };
    let cause = Cause::invalid("spec.expirationSeconds", &json!(seconds), detail);
    Err(ApiError::invalid("authentication.k8s.io", "TokenRequest", "", vec![cause]))
}

/// Kind, name and UID of the object that the token is to live with.
fn bound_object(
    cluster: &Cluster,
    namespace: &str,
    reference: &Value,
) -> ApiResult<Option<(String, String, String)>> {
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    if !reference.is_object() {
        return Ok(None);
    }
    let (version, kind, name) = (text("apiVersion"), text("kind"), text("name"));
    let bucket = match (version, kind) {
        ("v1", "Pod") => "pods",
        ("v1", "Secret") => "secrets",
        ("v1", "Node") => "nodes",
        _ => {
            let (group, version) = version.split_once('/').unwrap_or(("", version));
            return Err(ApiError::bad_request(format!(
                "cannot bind token to object of type {group}/{version}, Kind={kind}"
            )));
        }
    };
    let namespace = if bucket == "nodes" { "" } else { namespace };
    let found =
        cluster.store().get(bucket, namespace, name).ok_or_else(|| ApiError::not_found("", bucket, name))?;
    let uid = text("uid");
    if !uid.is_empty() && *uid != *found.uid {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have been deleted and then recreated"
        );
        return Err(ApiError::conflict("", bucket, name, &why));
    }
    Ok(Some((kind.to_owned(), name.to_owned(), found.uid.to_string())))
}
