//! Renaming a repository.
//!
//! Kubernetes cannot rename an object, so a rename is: a new object with the same specification and Secret, every
//! dependent pointed to it, the old object deleted. What is to happen is written down first, on the objects
//! themselves, so that whoever finds it half done can finish it:
//!
//! 1. The old repository gets [`RENAME_TO`] with the new name (refused where it changed meanwhile).
//! 2. The new one is created with the same specification and labels, and [`RENAMED_FROM`] with name and uid of the
//!    old. From here on the rename is always finished, never undone.
//! 3. Where the old one was ready, the new one is waited for (a few seconds): its catalog must be there before a
//!    release asks for it.
//! 4. Each HelmRelease and HelmChart that refers to the old name is pointed to the new one. Chart, version, values and
//!    digest stay the same, so nothing is deployed again.
//! 5. The old one is deleted, then [`RENAMED_FROM`] removed.
//!
//! [`resume`] repeats from 2. Every step is idempotent. An intent without a new object (a crash between 1 and 2) is
//! dropped: the new object is the proof that somebody with the right to create it wanted this.

use std::{collections::BTreeMap, time::Duration};

use kube::{
    Client, ResourceExt,
    api::{DeleteParams, ListParams, Preconditions},
};
use pilothouse_resources::{HelmChart, HelmRelease, HelmRepository, condition, meta};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{
    credentials::MADE_FOR,
    dependents,
    identity::can,
    objects::{api, list_map, manager, merge},
    source_objects::key,
};
use crate::{Caller, problem::Problem, validate};

/// Annotation of a repository that is being renamed: the new name.
pub const RENAME_TO: &str = "pilothouse.dev/rename-to";
/// Annotation of the new repository: `<old name>/<old uid>`.
pub const RENAMED_FROM: &str = "pilothouse.dev/renamed-from";
/// Longest wait for the new repository's first sync.
const READY_WAIT: Duration = Duration::from_secs(15);

/// The new name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rename {
    /// The new name.
    pub new_name: String,
}

/// Renames a repository and gives the new object.
pub async fn rename(
    caller: &Caller,
    namespace: &str,
    name: &str,
    new_name: &str,
) -> Result<HelmRepository, Problem> {
    validate::name(new_name, validate::MAX_NAME).map_err(|message| Problem::field("newName", message))?;
    if new_name == name {
        return Err(Problem::field("newName", "that is its name already"));
    }
    let repositories = api::<HelmRepository>(&caller.client, Some(namespace));
    let old = repositories.get(name).await?;
    if let Some(other) = old.annotations().get(RENAME_TO).filter(|other| *other != new_name) {
        return Err(Problem::conflict(
            "renaming",
            "A rename goes on",
            format!("repository `{name}` is being renamed to `{other}`"),
        ));
    }
    preflight(caller, namespace, name, new_name).await?;
    let intent = json!({"metadata": {
        "resourceVersion": old.resource_version(),
        "annotations": {RENAME_TO: new_name},
    }});
    let old = merge::<HelmRepository>(&repositories, name, &intent).await?;
    match finish(&caller.client, &old, new_name).await {
        Ok(renamed) => Ok(renamed),
        Err(problem) => {
            if repositories.get_metadata_opt(new_name).await.is_ok_and(|found| found.is_none()) {
                let undo = json!({"metadata": {"annotations": {RENAME_TO: Value::Null}}});
                let _ = merge::<HelmRepository>(&repositories, name, &undo).await;
            }
            Err(problem)
        }
    }
}

/// All rights and names are looked at before anything changes.
async fn preflight(caller: &Caller, namespace: &str, name: &str, new_name: &str) -> Result<(), Problem> {
    let repositories = api::<HelmRepository>(&caller.client, Some(namespace));
    if let Some(existing) = repositories.get_metadata_opt(new_name).await?
        && !existing.annotations().get(RENAMED_FROM).is_some_and(|from| from.starts_with(&format!("{name}/")))
    {
        let message = format!("a repository named `{new_name}` exists already in this namespace");
        let mut problem = Problem::conflict("already-exists", "The name is taken", message.clone());
        problem.errors = vec![crate::FieldError { field: "newName".into(), message }];
        return Err(problem);
    }
    let source = "source.toolkit.fluxcd.io";
    for verb in ["create", "delete"] {
        if !can(&caller.client, Some(namespace), source, "helmrepositories", verb).await? {
            return Err(Problem::forbidden(format!(
                "user `{}` may not {verb} helmrepositories in namespace `{namespace}`, which a rename does",
                caller.identity.user
            )));
        }
    }
    let dependents = dependents::of(caller, &key::<HelmRepository>(namespace, name)).await?;
    let mut namespaces: Vec<&str> =
        dependents.items.iter().map(|release| release.namespace.as_str()).collect();
    namespaces.sort_unstable();
    namespaces.dedup();
    for other in namespaces {
        if !can(&caller.client, Some(other), "helm.toolkit.fluxcd.io", "helmreleases", "patch").await? {
            return Err(Problem::forbidden(format!(
                "releases in namespace `{other}` use it, and user `{}` may not patch helmreleases there",
                caller.identity.user
            ))
            .with("dependents", &dependents.items));
        }
    }
    Ok(())
}

/// Steps 2 to 5.
async fn finish(client: &Client, old: &HelmRepository, new_name: &str) -> Result<HelmRepository, Problem> {
    let namespace = old.namespace().unwrap_or_default();
    let name = old.name_any();
    let repositories = api::<HelmRepository>(client, Some(&namespace));
    let from = format!("{name}/{}", old.uid().unwrap_or_default());
    match repositories.create(&manager(), &copy(old, new_name, &from)).await {
        Ok(_) => {}
        Err(kube::Error::Api(status)) if status.is_already_exists() => {
            let existing = repositories.get(new_name).await?;
            if existing.annotations().get(RENAMED_FROM) != Some(&from) {
                return Err(Problem::conflict(
                    "already-exists",
                    "The name is taken",
                    format!("a repository named `{new_name}` exists already"),
                ));
            }
        }
        Err(error) => return Err(error.into()),
    }
    if was_ready(old) {
        wait_for(&repositories, new_name).await;
    }
    repoint_releases(client, &namespace, &name, new_name).await?;
    repoint_charts(client, &namespace, &name, new_name).await?;
    relabel_secrets(client, old, new_name).await;
    let preconditions = Preconditions { uid: old.uid(), ..Default::default() };
    let params = DeleteParams { preconditions: Some(preconditions), ..Default::default() };
    match repositories.delete(&name, &params).await {
        Ok(_) => {}
        Err(kube::Error::Api(status)) if status.is_not_found() => {}
        Err(error) => return Err(error.into()),
    }
    let done = json!({"metadata": {"annotations": {RENAMED_FROM: Value::Null}}});
    merge::<HelmRepository>(&repositories, new_name, &done).await
}

fn copy(old: &HelmRepository, new_name: &str, from: &str) -> HelmRepository {
    let mut new = HelmRepository::new(new_name, old.spec.clone());
    new.metadata.labels.clone_from(&old.metadata.labels);
    let dropped =
        [RENAME_TO, meta::RECONCILE_REQUESTED_AT, "kubectl.kubernetes.io/last-applied-configuration"];
    let mut annotations: BTreeMap<String, String> = old
        .annotations()
        .iter()
        .filter(|(key, _)| !dropped.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    annotations.insert(RENAMED_FROM.to_owned(), from.to_owned());
    new.metadata.annotations = Some(annotations);
    new
}

fn was_ready(repository: &HelmRepository) -> bool {
    let suspended = repository.spec.suspend.unwrap_or_default();
    let status = repository.status.as_ref();
    !suspended && status.is_some_and(|status| condition::is_true(&status.conditions, condition::READY))
}

/// Waits until the new repository has its catalog; what is slower than [`READY_WAIT`] is not waited for.
async fn wait_for(repositories: &kube::Api<HelmRepository>, name: &str) {
    let deadline = tokio::time::Instant::now() + READY_WAIT;
    while tokio::time::Instant::now() < deadline {
        if let Ok(Some(repository)) = repositories.get_opt(name).await
            && repository.status.as_ref().is_some_and(|status| status.artifact.is_some())
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn repoint_releases(
    client: &Client,
    namespace: &str,
    name: &str,
    new_name: &str,
) -> Result<(), Problem> {
    let wanted = key::<HelmRepository>(namespace, name);
    let find = |release: HelmRelease| {
        (super::releases::source_key(&release) == wanted)
            .then(|| (release.namespace().unwrap_or_default(), release.name_any()))
    };
    let found = match list_map(&api::<HelmRelease>(client, None), ListParams::default(), &find).await {
        Err(problem) if problem.is_forbidden() => {
            list_map(&api::<HelmRelease>(client, Some(namespace)), ListParams::default(), &find).await?
        }
        listed => listed?,
    };
    let patch = json!({"spec": {"chart": {"spec": {"sourceRef": {"name": new_name}}}}});
    for (release_namespace, release) in found {
        let releases = api::<HelmRelease>(client, Some(&release_namespace));
        match merge::<HelmRelease>(&releases, &release, &patch).await {
            Err(problem) if !problem.is_not_found() => return Err(problem),
            _ => {}
        }
    }
    Ok(())
}

/// Charts live beside their source. Those of releases are the controller's, which will write the same.
async fn repoint_charts(client: &Client, namespace: &str, name: &str, new_name: &str) -> Result<(), Problem> {
    let charts = api::<HelmChart>(client, Some(namespace));
    let found = list_map(&charts, ListParams::default(), |chart| {
        let source = &chart.spec.source_ref;
        (source.kind.as_str() == "HelmRepository" && source.name == name).then(|| chart.name_any())
    })
    .await?;
    let patch = json!({"spec": {"sourceRef": {"name": new_name}}});
    for chart in found {
        match merge::<HelmChart>(&charts, &chart, &patch).await {
            Err(problem) if problem.is_forbidden() || problem.is_not_found() => {}
            written => drop(written?),
        }
    }
    Ok(())
}

/// Secrets made for the old repository are now the new one's. They keep their names.
async fn relabel_secrets(client: &Client, old: &HelmRepository, new_name: &str) {
    let secrets =
        api::<k8s_openapi::api::core::v1::Secret>(client, Some(&old.namespace().unwrap_or_default()));
    for reference in [&old.spec.secret_ref, &old.spec.cert_secret_ref].into_iter().flatten() {
        let Ok(Some(secret)) = secrets.get_metadata_opt(&reference.name).await else { continue };
        if secret.labels().contains_key(MADE_FOR) {
            let label: String = new_name.chars().take(63).collect();
            let patch = json!({"metadata": {"labels": {MADE_FOR: label.trim_end_matches(['-', '.'])}}});
            let _ = merge::<k8s_openapi::api::core::v1::Secret>(&secrets, &reference.name, &patch).await;
        }
    }
}

/// Finishes the renames that a crash left half done; call it when the process starts, with the process's own client.
///
/// Gives the number of finished renames. One that fails is logged and does not stop the others.
///
/// # Errors
/// The repositories cannot be listed.
pub async fn resume(client: &Client) -> Result<usize, Problem> {
    let marked = list_map(&api::<HelmRepository>(client, None), ListParams::default(), |repository| {
        let annotations = repository.annotations();
        (annotations.contains_key(RENAME_TO) || annotations.contains_key(RENAMED_FROM)).then_some(repository)
    })
    .await?;
    let mut finished = 0;
    for old in marked.iter().filter(|repository| repository.annotations().contains_key(RENAME_TO)) {
        let Some(new_name) = old.annotations().get(RENAME_TO) else { continue };
        let namespace = old.namespace().unwrap_or_default();
        let from = format!("{}/{}", old.name_any(), old.uid().unwrap_or_default());
        let begun = marked.iter().any(|new| {
            new.name_any() == *new_name
                && new.namespace() == old.namespace()
                && new.annotations().get(RENAMED_FROM) == Some(&from)
        });
        let outcome = if begun {
            finish(client, old, new_name).await.map(drop)
        } else {
            let undo = json!({"metadata": {"annotations": {RENAME_TO: Value::Null}}});
            merge::<HelmRepository>(&api(client, Some(&namespace)), &old.name_any(), &undo).await.map(drop)
        };
        match outcome {
            Ok(()) => finished += usize::from(begun),
            Err(problem) => {
                tracing::warn!(
                    namespace,
                    name = old.name_any(),
                    detail = problem.detail,
                    "a rename stays half done"
                );
            }
        }
    }
    // The old object is gone, only the mark is left (a crash before the last step).
    for new in &marked {
        let Some((old_name, _)) = new.annotations().get(RENAMED_FROM).and_then(|from| from.split_once('/'))
        else {
            continue;
        };
        let namespace = new.namespace().unwrap_or_default();
        let repositories = api::<HelmRepository>(client, Some(&namespace));
        if matches!(repositories.get_metadata_opt(old_name).await, Ok(None)) {
            let repointed = async {
                repoint_releases(client, &namespace, old_name, &new.name_any()).await?;
                repoint_charts(client, &namespace, old_name, &new.name_any()).await?;
                let done = json!({"metadata": {"annotations": {RENAMED_FROM: Value::Null}}});
                merge::<HelmRepository>(&repositories, &new.name_any(), &done).await.map(drop)
            };
            if let Err(problem) = repointed.await {
                tracing::warn!(
                    namespace,
                    name = new.name_any(),
                    detail = problem.detail,
                    "a rename stays half done"
                );
            }
        }
    }
    Ok(finished)
}
