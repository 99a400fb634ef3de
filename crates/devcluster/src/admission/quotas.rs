//! `ResourceQuota`: what a namespace may use is not exceeded (plugin `ResourceQuota`).

use serde_json::Value;

use crate::cluster::Cluster;
use crate::fields::quantity::Quantity;
use crate::meta;
use crate::resource::Resource;
use crate::sim::quotas::{requested, usage};
use crate::status::{ApiError, ApiResult};

fn parse(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|_| Quantity::from_int(0))
}

/// Refuses a new object that exceeds a quota of its namespace.
///
/// # Errors
/// 403 `exceeded quota`.
pub(super) fn check(
    cluster: &Cluster,
    resource: &Resource,
    namespace: &str,
    object: &Value,
) -> ApiResult<()> {
    if namespace.is_empty() {
        return Ok(());
    }
    let client = cluster.client("kube-apiserver");
    let (quotas, _) = client.list("resourcequotas", Some(namespace));
    for quota in quotas {
        let value = quota.value();
        let mut exceeded: Vec<[String; 4]> = Vec::new();
        for (name, hard) in value["spec"]["hard"].as_object().into_iter().flatten() {
            let Some(wanted) = requested(resource, object, name) else { continue };
            let hard = hard.as_str().map_or_else(|| hard.to_string(), str::to_owned);
            let used = usage(&client, namespace, name).unwrap_or_else(|| "0".to_owned());
            let left = parse(&hard).minus(parse(&used)).minus(parse(&wanted));
            if left.is_negative() && !parse(&wanted).is_zero() {
                exceeded.push([name.clone(), wanted, used, hard]);
            }
        }
        if exceeded.is_empty() {
            continue;
        }
        let part = |i: usize| {
            let all: Vec<String> = exceeded.iter().map(|e| format!("{}={}", e[0], e[i])).collect();
            all.join(",")
        };
        let why = format!(
            "exceeded quota: {}, requested: {}, used: {}, limited: {}",
            quota.name,
            part(1),
            part(2),
            part(3)
        );
        let name = meta::text(object, "name");
        return Err(ApiError::forbidden(resource.group(), &resource.plural, name, &why));
    }
    Ok(())
}
