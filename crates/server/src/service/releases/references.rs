//! What a release refers to: whether it is there, and whether another release has it already.

use kube::{ResourceExt, api::ListParams};
use pilothouse_resources::HelmRelease;

use super::view::{release_name, source_key, storage_namespace};
use crate::{
    Caller,
    problem::Problem,
    service::objects::{Namespaced, api, list_map, namespace_exists},
    validate::Checks,
};

/// Refuses references to what does not exist. Who may not look is not stopped: the controller will tell.
pub(super) async fn check_references(
    caller: &Caller,
    object: &HelmRelease,
    checks: &mut Checks,
) -> Result<(), Problem> {
    let source = source_key(object);
    let exists = match source.kind.as_str() {
        "HelmRepository" => {
            is_there::<pilothouse_resources::HelmRepository>(caller, &source.namespace, &source.name).await?
        }
        "OCIRepository" => {
            is_there::<pilothouse_resources::OCIRepository>(caller, &source.namespace, &source.name).await?
        }
        "HelmChart" => {
            is_there::<pilothouse_resources::HelmChart>(caller, &source.namespace, &source.name).await?
        }
        _ => true,
    };
    if !exists {
        checks.add(
            "chart.sourceName",
            format!("there is no {} `{}` in namespace `{}`", source.kind, source.name, source.namespace),
        );
    }
    let own = object.namespace().unwrap_or_default();
    let references = object.spec.values_from.iter().flatten().enumerate();
    for (index, reference) in references.filter(|(_, reference)| !reference.optional.unwrap_or_default()) {
        let exists = match reference.kind {
            pilothouse_resources::ValuesKind::Secret => {
                is_there::<k8s_openapi::api::core::v1::Secret>(caller, &own, &reference.name).await?
            }
            pilothouse_resources::ValuesKind::ConfigMap => {
                is_there::<k8s_openapi::api::core::v1::ConfigMap>(caller, &own, &reference.name).await?
            }
        };
        if !exists {
            let kind = reference.kind.as_str();
            checks.add(
                &format!("valuesFrom[{index}].name"),
                format!("there is no {kind} `{}` in namespace `{own}`", reference.name),
            );
        }
    }
    if let Some(target) = object.spec.target_namespace.as_deref()
        && !object.spec.install.as_ref().is_some_and(|install| install.create_namespace.unwrap_or_default())
        && !namespace_exists(&caller.client, target).await?
    {
        checks.add(
            "targetNamespace",
            format!(
                "namespace `{target}` does not exist; create it, or set `advanced.install.createNamespace`"
            ),
        );
    }
    Ok(())
}

async fn is_there<K: Namespaced>(caller: &Caller, namespace: &str, name: &str) -> Result<bool, Problem> {
    match api::<K>(&caller.client, Some(namespace)).get_metadata_opt(name).await.map_err(Problem::from) {
        Ok(found) => Ok(found.is_some()),
        Err(problem) if problem.is_forbidden() => Ok(true),
        Err(problem) => Err(problem),
    }
}

/// Another HelmRelease that steers the same Helm release.
pub(super) async fn rival(caller: &Caller, object: &HelmRelease) -> Result<Option<String>, Problem> {
    let own = object.namespace().unwrap_or_default();
    let (name, storage) = (release_name(object), storage_namespace(object));
    let others = list_map(&api::<HelmRelease>(&caller.client, Some(&own)), ListParams::default(), |other| {
        let same = release_name(&other) == name && storage_namespace(&other) == storage;
        (same && other.name_any() != object.name_any()).then(|| other.name_any())
    })
    .await;
    match others {
        Ok(others) => Ok(others.into_iter().next()),
        Err(problem) if problem.is_forbidden() => Ok(None),
        Err(problem) => Err(problem),
    }
}
