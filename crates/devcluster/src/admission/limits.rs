//! `LimitRanger`: defaults and bounds of resources in a namespace.

use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::fields::quantity::Quantity;
use crate::meta;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult};

/// The limits of a namespace's `LimitRanges`.
fn limits(cluster: &Cluster, namespace: &str) -> Vec<Value> {
    let ranges = cluster.store().list("limitranges", Some(namespace)).objects;
    ranges
        .iter()
        .flat_map(|range| range.value()["spec"]["limits"].as_array().cloned().unwrap_or_default())
        .collect()
}

/// Gives the containers of a Pod the defaults of the namespace.
pub(super) fn fill(cluster: &Cluster, namespace: &str, pod: &mut Value) {
    let limits = limits(cluster, namespace);
    let own = limits.iter().filter(|limit| limit["type"] == "Container");
    let mut set: Vec<String> = Vec::new();
    for limit in own {
        for list in ["initContainers", "containers"] {
            for container in pod["spec"][list].as_array_mut().into_iter().flatten() {
                let mut added = Vec::new();
                // A limit that is given is the request that is not, before the namespace's default.
                for (target, source) in [("limits", "default"), ("requests", "defaultRequest")] {
                    for (name, value) in limit[source].as_object().into_iter().flatten() {
                        if container["resources"][target].get(name).is_none() {
                            container["resources"][target][name] = value.clone();
                            added.push(format!("{name} {}", target.trim_end_matches('s')));
                        }
                    }
                }
                if !added.is_empty() {
                    let kind = if list == "containers" { "container" } else { "init container" };
                    set.push(describe(&added, kind, container["name"].as_str().unwrap_or_default()));
                }
            }
        }
    }
    if !set.is_empty() {
        let text = format!("LimitRanger plugin set: {}", set.join("; "));
        pod["metadata"]["annotations"]["kubernetes.io/limit-ranger"] = json!(text);
    }
}

/// `cpu, memory request for container app; cpu limit for container app`.
fn describe(added: &[String], kind: &str, name: &str) -> String {
    let mut parts = Vec::new();
    for target in ["request", "limit"] {
        let mut names: Vec<&str> =
            added.iter().filter_map(|a| a.strip_suffix(target)).map(str::trim).collect();
        names.sort_unstable();
        if !names.is_empty() {
            parts.push(format!("{} {target} for {kind} {name}", names.join(", ")));
        }
    }
    parts.join("; ")
}

/// Refuses what is outside of the bounds.
///
/// # Errors
/// 403 in Kubernetes' words.
pub(super) fn check(
    cluster: &Cluster,
    resource: &Resource,
    namespace: &str,
    object: &Value,
) -> ApiResult<()> {
    let is_pod = resource.is("", "Pod");
    if !is_pod && !resource.is("", "PersistentVolumeClaim") {
        return Ok(());
    }
    let mut errors: Vec<String> = Vec::new();
    for limit in limits(cluster, namespace) {
        match limit["type"].as_str() {
            Some("Container") if is_pod => {
                for list in ["containers", "initContainers"] {
                    for container in object["spec"][list].as_array().into_iter().flatten() {
                        let resources = &container["resources"];
                        bounds(
                            &limit,
                            "Container",
                            &resources["requests"],
                            &resources["limits"],
                            &mut errors,
                        );
                    }
                }
            }
            Some("Pod") if is_pod => {
                let (requests, limits) = (total(object, "requests"), total(object, "limits"));
                bounds(&limit, "Pod", &requests, &limits, &mut errors);
            }
            Some("PersistentVolumeClaim") if !is_pod => {
                let requests = &object["spec"]["resources"]["requests"];
                bounds(&limit, "PersistentVolumeClaim", requests, &Value::Null, &mut errors);
            }
            _ => {}
        }
    }
    match errors.as_slice() {
        [] => Ok(()),
        [one] => Err(forbidden(resource, object, one)),
        many => Err(forbidden(resource, object, &format!("[{}]", many.join(", ")))),
    }
}

fn forbidden(resource: &Resource, object: &Value, why: &str) -> ApiError {
    ApiError::forbidden(resource.group(), &resource.plural, meta::text(object, "name"), why)
}

fn quantity(value: &Value) -> Option<Quantity> {
    Quantity::parse(value.as_str()?).ok()
}

fn exceeds(a: Quantity, b: Quantity) -> bool {
    b.minus(a).is_negative()
}

fn bounds(limit: &Value, kind: &str, requests: &Value, limits: &Value, errors: &mut Vec<String>) {
    let claim = kind == "PersistentVolumeClaim";
    for (name, least) in limit["min"].as_object().into_iter().flatten() {
        let Some(bound) = quantity(least) else { continue };
        let shown = least.as_str().unwrap_or_default();
        match (quantity(&requests[name]), quantity(&limits[name])) {
            (None, _) => {
                errors.push(format!("minimum {name} usage per {kind} is {shown}.  No request is specified"));
            }
            (Some(request), _) if exceeds(bound, request) => errors.push(format!(
                "minimum {name} usage per {kind} is {shown}, but request is {}",
                requests[name].as_str().unwrap_or_default()
            )),
            (_, Some(most)) if exceeds(bound, most) => errors.push(format!(
                "minimum {name} usage per {kind} is {shown}, but limit is {}",
                limits[name].as_str().unwrap_or_default()
            )),
            _ => {}
        }
    }
    for (name, most) in limit["max"].as_object().into_iter().flatten() {
        let Some(bound) = quantity(most) else { continue };
        let shown = most.as_str().unwrap_or_default();
        let (request, given) = (quantity(&requests[name]), quantity(&limits[name]));
        if !claim && given.is_none() {
            errors.push(format!("maximum {name} usage per {kind} is {shown}.  No limit is specified"));
        } else if given.is_some_and(|given| exceeds(given, bound)) {
            let given = limits[name].as_str().unwrap_or_default();
            errors.push(format!("maximum {name} usage per {kind} is {shown}, but limit is {given}"));
        } else if request.is_some_and(|request| exceeds(request, bound)) {
            let request = requests[name].as_str().unwrap_or_default();
            errors.push(format!("maximum {name} usage per {kind} is {shown}, but request is {request}"));
        }
    }
    ratios(limit, kind, requests, limits, errors);
}

fn ratios(limit: &Value, kind: &str, requests: &Value, limits: &Value, errors: &mut Vec<String>) {
    for (name, ratio) in limit["maxLimitRequestRatio"].as_object().into_iter().flatten() {
        let Some(bound) = quantity(ratio) else { continue };
        let shown = ratio.as_str().unwrap_or_default();
        match (quantity(&requests[name]), quantity(&limits[name])) {
            (Some(request), Some(given)) if !request.is_zero() => {
                #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
                let observed = given.milli_value() as f64 / request.milli_value() as f64;
                #[expect(clippy::cast_precision_loss, reason = "a ratio for people")]
                let most = bound.milli_value() as f64 / 1000.0;
                if observed > most {
                    errors.push(format!(
                        "{name} max limit to request ratio per {kind} is {shown}, but provided ratio is {observed:.6}"
                    ));
                }
            }
            (None, _) => errors.push(format!(
                "{name} max limit to request ratio per {kind} is {shown}, but no request is specified or request is 0"
            )),
            (Some(_), None) => errors.push(format!(
                "{name} max limit to request ratio per {kind} is {shown}, but no limit is specified or limit is 0"
            )),
            _ => {}
        }
    }
}

/// The sum over a Pod's containers; an init container counts where it needs more.
fn total(pod: &Value, kind: &str) -> Value {
    let mut sums: std::collections::BTreeMap<String, Quantity> = std::collections::BTreeMap::new();
    for container in pod["spec"]["containers"].as_array().into_iter().flatten() {
        for (name, value) in container["resources"][kind].as_object().into_iter().flatten() {
            if let Some(amount) = quantity(value) {
                let sum = sums.get(name).map_or(amount, |sum| sum.plus(amount));
                sums.insert(name.clone(), sum);
            }
        }
    }
    for container in pod["spec"]["initContainers"].as_array().into_iter().flatten() {
        for (name, value) in container["resources"][kind].as_object().into_iter().flatten() {
            if let Some(amount) = quantity(value)
                && sums.get(name).is_none_or(|sum| exceeds(amount, *sum))
            {
                sums.insert(name.clone(), amount);
            }
        }
    }
    sums.into_iter()
        .map(|(name, sum)| (name, json!(sum.to_string())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
