//! Reviews: who am I, what may I do, is this token good.

use http::Response;
use serde_json::{Map, Value, json};

use super::body;
use super::negotiate::Form;
use super::respond;
use super::service::{Body, Incoming};
use crate::apply::{self, Writer};
use crate::auth::identity::Refused;
use crate::auth::rbac::Rule;
use crate::auth::tokens::ISSUER;
use crate::auth::{Attributes, User};
use crate::call::{Call, now};
use crate::cluster::Cluster;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult, Cause, go_quote};
use crate::verbs::options::WriteOptions;

/// Whether objects of the resource are answered and never stored.
pub(crate) fn is_review(resource: &Resource) -> bool {
    resource.custom.is_none() && matches!(resource.group(), "authentication.k8s.io" | "authorization.k8s.io")
}

/// Answers a review.
pub(crate) fn answer(
    cluster: &Cluster,
    incoming: &Incoming,
    resource: &Resource,
    form: Form,
) -> ApiResult<Response<Body>> {
    let mut call = Call::of(&incoming.user);
    call.set(WriteOptions::read(&incoming.query, "CreateOptions", false, incoming.agent())?);
    let media = body::media(&incoming.headers)?;
    let mut object = body::object(&mut call, media, &incoming.body, resource)?;
    let at = now();
    let writer = Writer { manager: &call.manager, subresource: "", now: &at, force: false };
    apply::track(resource, None, &mut object, &writer);
    let status = match resource.kind() {
        "SelfSubjectReview" => json!({ "userInfo": user_info(&incoming.user) }),
        "TokenReview" => token(cluster, &object)?,
        "SelfSubjectRulesReview" => rules(cluster, incoming, &object)?,
        "SelfSubjectAccessReview" => access(cluster, &incoming.user, &object["spec"])?,
        "LocalSubjectAccessReview" => {
            let namespace = &incoming.info.namespace;
            match_namespace(&object["spec"], namespace)?;
            access(cluster, &subject(&object["spec"])?, &object["spec"])?
        }
        _ => access(cluster, &subject(&object["spec"])?, &object["spec"])?,
    };
    if resource.kind() == "SelfSubjectReview" {
        crate::meta::of(&mut object).insert("creationTimestamp".to_owned(), json!(at));
    }
    if resource.kind() == "SelfSubjectRulesReview" {
        // The answer repeats nothing of the question.
        object = json!({
            "kind": resource.kind(), "apiVersion": resource.api_version(), "metadata": {}, "spec": {},
        });
    }
    object["status"] = status;
    let mut response = respond::value(201, form, &object);
    respond::warn(&mut response, &call.warnings);
    Ok(response)
}

fn user_info(user: &User) -> Value {
    let mut info = Map::new();
    info.insert("username".to_owned(), json!(user.name));
    if !user.uid.is_empty() {
        info.insert("uid".to_owned(), json!(user.uid));
    }
    if !user.groups.is_empty() {
        info.insert("groups".to_owned(), json!(user.groups));
    }
    if !user.extra.is_empty() {
        info.insert("extra".to_owned(), json!(user.extra));
    }
    Value::Object(info)
}

fn invalid(cause: Cause) -> ApiError {
    // These kinds are named without their kind in Kubernetes too.
    ApiError::invalid("authorization.k8s.io", "", "", vec![cause])
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().filter_map(|v| v.as_str().map(str::to_owned)).collect()
}

/// The subject of a `SubjectAccessReview`.
fn subject(spec: &Value) -> ApiResult<User> {
    let name = spec["user"].as_str().unwrap_or_default();
    let groups = strings(&spec["groups"]);
    if name.is_empty() && groups.is_empty() {
        let cause =
            Cause::invalid("spec.user", &json!(""), "at least one of user or group must be specified");
        return Err(invalid(cause));
    }
    Ok(User { name: name.to_owned(), groups, ..User::default() })
}

fn match_namespace(spec: &Value, namespace: &str) -> ApiResult<()> {
    let asked = spec["resourceAttributes"]["namespace"].as_str().unwrap_or_default();
    if asked == namespace {
        return Ok(());
    }
    let cause =
        Cause::invalid("spec.resourceAttributes.namespace", &json!(asked), "must match metadata.namespace");
    Err(invalid(cause))
}

fn access(cluster: &Cluster, user: &User, spec: &Value) -> ApiResult<Value> {
    let attributes = match (spec.get("resourceAttributes"), spec.get("nonResourceAttributes")) {
        (Some(resource), None) => {
            let text = |field: &str| resource[field].as_str().unwrap_or_default().to_owned();
            Attributes {
                verb: text("verb"),
                namespace: text("namespace"),
                group: text("group"),
                version: text("version"),
                resource: text("resource"),
                subresource: text("subresource"),
                name: text("name"),
                path: String::new(),
                is_resource: true,
            }
        }
        (None, Some(path)) => Attributes {
            verb: path["verb"].as_str().unwrap_or_default().to_owned(),
            path: path["path"].as_str().unwrap_or_default().to_owned(),
            ..Attributes::default()
        },
        (found, _) => {
            let (value, detail) = if found.is_none() {
                (Value::Null, "exactly one of nonResourceAttributes or resourceAttributes must be specified")
            } else {
                (
                    spec["nonResourceAttributes"].clone(),
                    "cannot be specified in combination with resourceAttributes",
                )
            };
            let field = if found.is_none() { "spec" } else { "spec.nonResourceAttributes" };
            return Err(invalid(Cause::invalid(field, &value, detail)));
        }
    };
    let decision = cluster.authorizer().decide(user, &attributes);
    let mut status = json!({ "allowed": decision.allowed });
    if !decision.reason.is_empty() {
        status["reason"] = json!(decision.reason);
    }
    Ok(status)
}

fn rules(cluster: &Cluster, incoming: &Incoming, object: &Value) -> ApiResult<Value> {
    let namespace = object["spec"]["namespace"].as_str().unwrap_or_default();
    if namespace.is_empty() {
        return Err(ApiError::bad_request("no namespace on request"));
    }
    let (rules, errors) = cluster.authorizer().rules_for(&incoming.user, namespace);
    let resource = |rule: &Rule| {
        let mut shown =
            json!({ "verbs": rule.verbs, "apiGroups": rule.api_groups, "resources": rule.resources });
        if !rule.resource_names.is_empty() {
            shown["resourceNames"] = json!(rule.resource_names);
        }
        shown
    };
    let path = |rule: &Rule| json!({ "verbs": rule.verbs, "nonResourceURLs": rule.non_resource_urls });
    let mut status = json!({
        "incomplete": !errors.is_empty(),
        "resourceRules": rules.iter().filter(|r| !r.resources.is_empty()).map(resource).collect::<Vec<_>>(),
        "nonResourceRules": rules.iter().filter(|r| !r.non_resource_urls.is_empty()).map(path).collect::<Vec<_>>(),
    });
    if !errors.is_empty() {
        status["evaluationError"] = json!(errors.join(", "));
    }
    Ok(status)
}

fn token(cluster: &Cluster, object: &Value) -> ApiResult<Value> {
    let token = object["spec"]["token"].as_str().unwrap_or_default();
    if token.is_empty() {
        return Err(ApiError::bad_request("token is required for TokenReview in authentication"));
    }
    let audiences = strings(&object["spec"]["audiences"]);
    match cluster.authenticator().review(token, &audiences, cluster.store()) {
        Ok((user, good)) => {
            let mut status = json!({ "authenticated": true, "user": user_info(&user) });
            let good = if good.is_empty() { vec![ISSUER.to_owned()] } else { good };
            status["audiences"] = json!(good);
            Ok(status)
        }
        Err(Refused::Invalid) => Ok(json!({ "user": {}, "error": "invalid bearer token" })),
        Err(Refused::Audience(own)) => {
            let list =
                |audiences: &[String]| audiences.iter().map(|a| go_quote(a)).collect::<Vec<_>>().join(" ");
            let wanted = if audiences.is_empty() { vec![ISSUER.to_owned()] } else { audiences };
            let text = format!(
                "[invalid bearer token, token audiences [{}] is invalid for the target audiences [{}]]",
                list(&own),
                list(&wanted)
            );
            Ok(json!({ "user": {}, "error": text }))
        }
    }
}
