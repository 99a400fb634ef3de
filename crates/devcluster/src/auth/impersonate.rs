//! `Impersonate-*` headers.

use http::HeaderMap;

use super::{Attributes, User};
use crate::auth::rbac::Authorizer;
use crate::status::{ApiError, ApiResult, go_quote};

const EXTRA: &str = "impersonate-extra-";

/// The user a request acts as.
///
/// # Errors
/// 400 without a user name, 403 where the user may not impersonate.
pub(crate) fn impersonate(
    headers: &HeaderMap,
    user: User,
    attributes: &Attributes,
    authorizer: &Authorizer<'_>,
) -> ApiResult<User> {
    let Some(wanted) = requested(headers) else { return Ok(user) };
    if wanted.name.is_empty() {
        let groups = wanted.groups.iter().map(|g| go_quote(g)).collect::<Vec<_>>().join(", ");
        let groups = if wanted.groups.is_empty() {
            "[]string(nil)".to_owned()
        } else {
            format!("[]string{{{groups}}}")
        };
        return Err(ApiError::bad_request(format!(
            "requested &user.DefaultInfo{{Name:\"\", UID:{}, Groups:{groups}, Extra:map[string][]string(nil)}} without impersonating a user name",
            go_quote(&wanted.uid)
        )));
    }
    if !may(&user, &wanted, authorizer) {
        let mut refused = attributes.clone();
        refused.verb = format!("impersonate-on:user-info:{}", attributes.verb);
        return Err(authorizer.forbidden(&user, &refused, ""));
    }
    Ok(complete(wanted))
}

fn requested(headers: &HeaderMap) -> Option<User> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
    let mut user = User {
        name: text("impersonate-user").unwrap_or_default().to_owned(),
        uid: text("impersonate-uid").unwrap_or_default().to_owned(),
        groups: headers
            .get_all("impersonate-group")
            .iter()
            .filter_map(|v| v.to_str().ok().map(str::to_owned))
            .collect(),
        ..User::default()
    };
    for (name, value) in headers {
        if let (Some(key), Ok(value)) = (name.as_str().strip_prefix(EXTRA), value.to_str()) {
            let key = percent_encoding::percent_decode_str(key).decode_utf8_lossy().into_owned();
            user.extra.entry(key).or_default().push(value.to_owned());
        }
    }
    let any =
        !user.name.is_empty() || !user.uid.is_empty() || !user.groups.is_empty() || !user.extra.is_empty();
    (any || headers.contains_key("impersonate-user") && !user.groups.is_empty()).then_some(user)
}

fn may(user: &User, wanted: &User, authorizer: &Authorizer<'_>) -> bool {
    let allowed = |group: &str, resource: &str, subresource: &str, namespace: &str, name: &str| {
        let attributes = Attributes {
            verb: "impersonate".to_owned(),
            namespace: namespace.to_owned(),
            group: group.to_owned(),
            version: "v1".to_owned(),
            resource: resource.to_owned(),
            subresource: subresource.to_owned(),
            name: name.to_owned(),
            path: String::new(),
            is_resource: true,
        };
        authorizer.decide(user, &attributes).allowed
    };
    let who = match service_account(&wanted.name) {
        Some((namespace, name)) => allowed("", "serviceaccounts", "", namespace, name),
        None => allowed("", "users", "", "", &wanted.name),
    };
    who && wanted.groups.iter().all(|group| allowed("", "groups", "", "", group))
        && (wanted.uid.is_empty() || allowed("authentication.k8s.io", "uids", "", "", &wanted.uid))
        && wanted.extra.iter().all(|(key, values)| {
            values.iter().all(|value| allowed("authentication.k8s.io", "userextras", key, "", value))
        })
}

fn service_account(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("system:serviceaccount:")?.split_once(':')
}

fn complete(mut user: User) -> User {
    if user.groups.is_empty()
        && let Some((namespace, _)) = service_account(&user.name)
    {
        user.groups =
            vec!["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
    }
    let group =
        if user.name == "system:anonymous" { "system:unauthenticated" } else { "system:authenticated" };
    if !user.groups.iter().any(|g| g == "system:authenticated" || g == "system:unauthenticated") {
        user.groups.push(group.to_owned());
    }
    user
}
