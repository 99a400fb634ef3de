//! Helm releases: listing, creating, changing, steering.

mod references;
mod request;
mod view;

use kube::api::{DeleteParams, ListParams};
use pilothouse_resources::{HelmRelease, HelmRepository, OCIRepository};

use self::references::{check_references, rival};
pub use self::request::{ChartInput, DEFAULT_INTERVAL, ReleaseRequest, ReleaseUpdate, build, changed};
pub use self::view::{
    APP_LABEL, ChartOrigin, Deployed, Release, ReleaseDetail, origin, release_name, source_key,
    storage_namespace,
};
use super::{
    objects::{api, edit, list_scoped, manager, need_namespace, request_reconcile},
    source_objects::SourceObject as _,
};
use crate::{
    Caller,
    problem::Problem,
    validate::{self, Checks},
};

/// All releases of a namespace, or of all.
pub async fn list(caller: &Caller, namespace: Option<&str>) -> Result<Vec<Release>, Problem> {
    let params = ListParams::default();
    list_scoped(&caller.client, namespace, &params, |object: HelmRelease| Some(Release::of(&object))).await
}

/// The object itself.
pub async fn object(caller: &Caller, namespace: &str, name: &str) -> Result<HelmRelease, Problem> {
    Ok(api::<HelmRelease>(&caller.client, Some(namespace)).get(name).await?)
}

/// How fields of the object are called in requests.
const FIELDS: &[(&str, &str)] = &[
    ("metadata.name", "name"),
    ("metadata.labels", "labels"),
    ("spec.chart.spec.chart", "chart.name"),
    ("spec.chart.spec.version", "chart.version"),
    ("spec.chart.spec.interval", "chart.interval"),
    ("spec.chart.spec.sourceRef.name", "chart.sourceName"),
    ("spec.chart.spec.sourceRef.kind", "chart.sourceKind"),
    ("spec.chart.spec.reconcileStrategy", "chart.reconcileStrategy"),
    ("spec.suspend", "suspended"),
];

/// Adds a release.
pub async fn create(
    caller: &Caller,
    namespace: &str,
    request: &ReleaseRequest,
) -> Result<HelmRelease, Problem> {
    let mut checks = Checks::default();
    checks.take("namespace", validate::namespace(namespace));
    let object = build(request, namespace, &mut checks);
    checks.finish()?;
    let Some(object) = object else { return Err(Problem::field("interval", "an interval is needed")) };
    need_namespace(&caller.client, namespace).await?;
    let releases = api::<HelmRelease>(&caller.client, Some(namespace));
    if releases.get_metadata_opt(&request.name).await?.is_some() {
        let message = format!("a release named `{}` exists already in this namespace", request.name);
        let mut problem = Problem::conflict("already-exists", "The name is taken", message.clone());
        problem.errors = vec![crate::FieldError { field: "name".into(), message }];
        return Err(problem);
    }
    if !request.allow_missing_references {
        let mut checks = Checks::default();
        check_references(caller, &object, &mut checks).await?;
        if let Some(rival) = rival(caller, &object).await? {
            checks.add(
                "releaseName",
                format!("Helm release `{}` is steered by `{rival}` already", release_name(&object)),
            );
        }
        checks.finish()?;
    }
    releases.create(&manager(), &object).await.map_err(|error| Problem::from(error).at_fields(FIELDS))
}

/// Changes a release.
pub async fn update(
    caller: &Caller,
    namespace: &str,
    name: &str,
    request: &ReleaseUpdate,
) -> Result<HelmRelease, Problem> {
    let releases = api::<HelmRelease>(&caller.client, Some(namespace));
    let before = releases.get(name).await?;
    let changed = changed(&before, request, namespace)?;
    if !request.allow_missing_references && (request.chart.is_some() || request.values_from.is_some()) {
        let mut checks = Checks::default();
        check_references(caller, &changed, &mut checks).await?;
        checks.finish()?;
    }
    edit(&releases, name, request.resource_version.as_deref(), |object: &mut HelmRelease| {
        object.spec = changed.spec.clone();
        object.metadata.labels.clone_from(&changed.metadata.labels);
        Ok(())
    })
    .await
    .map_err(|problem| problem.at_fields(FIELDS))
}

/// Deletes a release: its controller uninstalls it.
pub async fn delete(caller: &Caller, namespace: &str, name: &str) -> Result<(), Problem> {
    api::<HelmRelease>(&caller.client, Some(namespace)).delete(name, &DeleteParams::default()).await?;
    Ok(())
}

/// Asks for a sync of the release's source, where it is one that syncs.
pub async fn sync_source(caller: &Caller, namespace: &str, name: &str) -> Result<(), Problem> {
    let source = source_key(&object(caller, namespace, name).await?);
    let (client, at) = (&caller.client, &source.namespace);
    match source.kind.as_str() {
        HelmRepository::KIND => {
            request_reconcile::<HelmRepository>(client, at, &source.name, &[]).await?;
        }
        OCIRepository::KIND => {
            request_reconcile::<OCIRepository>(client, at, &source.name, &[]).await?;
        }
        _ => {}
    }
    Ok(())
}
