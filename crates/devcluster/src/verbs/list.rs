//! Lists: selection, paging, resource versions.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

use super::options::Query;
use crate::cluster::Cluster;
use crate::resource::Resource;
use crate::selectors::{FieldSelector, LabelSelector, Selector};
use crate::status::{ApiError, ApiResult, Cause, go_quote};
use crate::store::{Expired, Object, key};

/// How long a list waits for a version that is not there yet.
const FUTURE_WAIT: Duration = Duration::from_secs(3);

/// What a list is asked for.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListOptions {
    pub(crate) selector: Selector,
    pub(crate) limit: usize,
    pub(crate) continue_token: String,
    pub(crate) version: String,
    pub(crate) version_match: String,
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) objects: Vec<Arc<Object>>,
    pub(crate) version: u64,
    pub(crate) continue_token: Option<String>,
    pub(crate) remaining: Option<usize>,
}

/// The selectors of a request.
///
/// # Errors
/// 400 in Kubernetes' words.
pub(crate) fn selector(query: &Query, resource: &Resource) -> ApiResult<Selector> {
    let labels = LabelSelector::parse(query.get("labelSelector").unwrap_or_default());
    let fields = FieldSelector::parse(query.get("fieldSelector").unwrap_or_default(), resource);
    Ok(Selector {
        labels: labels.map_err(ApiError::bad_request)?,
        fields: fields.map_err(ApiError::bad_request)?,
    })
}

/// Reads and checks the parameters of a list.
///
/// # Errors
/// 400 and 422 as the API server's.
pub(crate) fn options(query: &Query, resource: &Resource) -> ApiResult<ListOptions> {
    let selector = selector(query, resource)?;
    let limit = query.number("limit")?.unwrap_or(0);
    query.number("timeoutSeconds")?;
    let text = |name: &str| query.get(name).unwrap_or_default().to_owned();
    // From version 0 the API server answers from its cache, which knows no pages.
    let cached = query.get("resourceVersion") == Some("0") && query.get("continue").is_none_or(str::is_empty);
    let options = ListOptions {
        selector,
        limit: if cached { 0 } else { usize::try_from(limit).unwrap_or(0) },
        continue_token: text("continue"),
        version: text("resourceVersion"),
        version_match: text("resourceVersionMatch"),
    };
    check(&options, query.flag("sendInitialEvents") || query.get("sendInitialEvents").is_some())?;
    Ok(options)
}

fn check(options: &ListOptions, initial_events: bool) -> ApiResult<()> {
    let mut causes = Vec::new();
    let field = "resourceVersionMatch";
    if initial_events {
        let detail = "sendInitialEvents is forbidden for list";
        causes.push(Cause::forbidden("sendInitialEvents", detail));
    }
    if !options.version_match.is_empty() {
        if options.version.is_empty() {
            causes.push(Cause::forbidden(
                field,
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            ));
        }
        if !options.continue_token.is_empty() {
            causes
                .push(Cause::forbidden(field, "resourceVersionMatch is forbidden when continue is provided"));
        }
        match options.version_match.as_str() {
            "Exact" | "NotOlderThan" => {}
            other => {
                causes.push(Cause::not_supported(field, &json!(other), &["Exact", "NotOlderThan", ""]));
            }
        }
        if options.version_match == "Exact" && options.version == "0" {
            causes.push(Cause::forbidden(
                field,
                "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"",
            ));
        }
    }
    if causes.is_empty() {
        return Ok(());
    }
    Err(ApiError::invalid("meta.k8s.io", "ListOptions", "", causes))
}

/// Lists a page.
///
/// # Errors
/// 400, 410 and 504 as the API server's.
pub(crate) async fn list(
    cluster: &Cluster,
    resource: &Resource,
    namespace: &str,
    options: &ListOptions,
) -> ApiResult<Listed> {
    let namespace = Some(namespace).filter(|ns| !ns.is_empty());
    let store = cluster.store();
    let (snapshot, after) = if options.continue_token.is_empty() {
        let version = parse_version(&options.version)?;
        if version > 0 {
            wait_for(cluster, version).await?;
        }
        let exact = options.version_match == "Exact"
            || (options.limit > 0 && version > 0 && options.version_match.is_empty());
        if exact && version > 0 {
            let at = store.list_at(&resource.bucket, namespace, version);
            (at.map_err(|expired| expired_list(version, expired))?, None)
        } else {
            (store.list(&resource.bucket, namespace), None)
        }
    } else {
        if !options.version.is_empty() && options.version != "0" {
            return Err(ApiError::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let (version, start) = read_token(&options.continue_token)?;
        if version == 0 {
            (store.list(&resource.bucket, namespace), Some(start))
        } else {
            let at = store.list_at(&resource.bucket, namespace, version);
            (at.map_err(|_| expired_token(store.version(), &start))?, Some(start))
        }
    };
    let selected = snapshot
        .objects
        .into_iter()
        .filter(|object| after.as_ref().is_none_or(|start| key(&object.namespace, &object.name) > *start))
        .filter(|object| options.selector.matches(object));
    Ok(page(selected, snapshot.version, options))
}

fn page(mut selected: impl Iterator<Item = Arc<Object>>, version: u64, options: &ListOptions) -> Listed {
    if options.limit == 0 {
        return Listed { objects: selected.collect(), version, continue_token: None, remaining: None };
    }
    let objects: Vec<_> = selected.by_ref().take(options.limit).collect();
    let rest = selected.count();
    let last = objects.last().filter(|_| rest > 0).map(|o| key(&o.namespace, &o.name));
    Listed {
        continue_token: last.map(|last| token(version, &last)),
        // With a selector the API server does not know how many are left.
        remaining: (rest > 0 && options.selector.is_everything()).then_some(rest),
        objects,
        version,
    }
}

/// Waits until a version is there.
///
/// # Errors
/// 504 after three seconds.
pub(crate) async fn wait_for(cluster: &Cluster, version: u64) -> ApiResult<()> {
    let deadline = tokio::time::Instant::now() + FUTURE_WAIT;
    while cluster.store().version() < version {
        if tokio::time::Instant::now() >= deadline {
            let current = cluster.store().version();
            let message = format!("Too large resource version: {version}, current: {current}");
            let cause = Cause::new("ResourceVersionTooLarge", "", "Too large resource version");
            let details =
                crate::status::Details { causes: vec![cause], retry_after_seconds: 1, ..Default::default() };
            return Err(ApiError::new(504, "Timeout", format!("Timeout: {message}")).with_details(details));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// A resource version of a list.
///
/// # Errors
/// 400 in Go's words.
pub(crate) fn parse_version(text: &str) -> ApiResult<u64> {
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| {
        let quoted = go_quote(text);
        ApiError::bad_request(format!(
            "invalid resource version: resourceVersion: Invalid value: {quoted}: strconv.ParseUint: parsing {quoted}: invalid syntax"
        ))
    })
}

fn expired_list(version: u64, expired: Expired) -> ApiError {
    ApiError::new(410, "Expired", format!("too old resource version: {version} ({})", expired.oldest))
}

fn expired_token(version: u64, start: &str) -> ApiError {
    let message = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.";
    let mut error = ApiError::new(410, "Expired", message);
    error.continue_token = Some(token(0, start));
    let _ = version;
    error
}

fn token(version: u64, last: &str) -> String {
    let version = if version == 0 { -1 } else { i64::try_from(version).unwrap_or(i64::MAX) };
    BASE64.encode(json!({ "v": "meta.k8s.io/v1", "rv": version, "start": format!("{last}\0") }).to_string())
}

fn read_token(text: &str) -> ApiResult<(u64, String)> {
    let invalid = |why: String| {
        ApiError::bad_request(format!("invalid continue token: continue key is not valid: {why}"))
    };
    let bytes = BASE64.decode(text.trim_end_matches('=')).map_err(|error| {
        let at = match error {
            base64::DecodeError::InvalidByte(at, _) | base64::DecodeError::InvalidLastSymbol(at, _) => at,
            _ => text.len().saturating_sub(text.len() % 4),
        };
        invalid(format!("illegal base64 data at input byte {at}"))
    })?;
    if let Err(error) = crate::fields::parse_json(&bytes) {
        return Err(invalid(error.to_string()));
    }
    let value: Value = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
    if value["v"] != "meta.k8s.io/v1" {
        let version = value["v"].as_str().unwrap_or_default();
        return Err(invalid(format!("server does not recognize this encoded version {}", go_quote(version))));
    }
    let start = value["start"].as_str().unwrap_or_default().trim_end_matches('\0').to_owned();
    match value["rv"].as_i64() {
        Some(-1) => Ok((0, start)),
        Some(version) if version > 0 => Ok((u64::try_from(version).unwrap_or(0), start)),
        _ => Err(invalid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)".to_owned())),
    }
}
