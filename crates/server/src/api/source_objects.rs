//! What the handlers of repositories and of OCI repositories do alike.

use axum::Json;
use http::StatusCode;

use super::{Confirm, InNamespace, Named, Requested, to_the_end};
use crate::{
    clients::Caller,
    limits::log_change,
    page::{ListQuery, Listed, Page},
    problem::Problem,
    service::{
        dependents::{self, Dependents},
        events::{self, EventView},
        objects,
        source_objects::{self, SourceObject, SourceView},
    },
};

/// A page of them.
pub(super) async fn list<V: SourceView + Listed>(
    caller: &Caller,
    scope: &InNamespace,
    query: &ListQuery,
) -> Result<Json<Page<V>>, Problem> {
    let all = source_objects::list::<V>(caller, scope.namespace()).await?;
    Ok(Json(query.apply(all)?))
}

/// One of them.
pub(super) async fn show<V: SourceView>(caller: &Caller, at: &Named) -> Result<Json<V>, Problem> {
    Ok(Json(source_objects::get(caller, &at.namespace, &at.name).await?))
}

/// Deletes one.
pub(super) async fn delete<K: SourceObject + Send + Sync + 'static>(
    caller: Caller,
    at: Named,
    query: Confirm,
) -> Result<Json<Dependents>, Problem> {
    to_the_end(async move {
        let confirm = query.confirm.as_deref();
        let dependents = source_objects::delete::<K>(&caller, &at.namespace, &at.name, confirm).await?;
        log_change(&caller, &format!("{} deleted", K::NOUN), &at.namespace, &at.name);
        Ok(Json(dependents))
    })
    .await
}

/// Asks for a reconcile of one.
pub(super) async fn sync<K: SourceObject>(
    caller: &Caller,
    at: &Named,
) -> Result<(StatusCode, Json<Requested>), Problem> {
    let requested_at = objects::request_reconcile::<K>(&caller.client, &at.namespace, &at.name, &[]).await?;
    log_change(caller, &format!("{} sync requested", K::NOUN), &at.namespace, &at.name);
    Ok((StatusCode::ACCEPTED, Json(Requested { requested_at })))
}

/// Stops or starts the reconciling of one.
pub(super) async fn set_suspended<V: SourceView>(
    caller: &Caller,
    at: &Named,
    suspended: bool,
) -> Result<Json<V>, Problem> {
    let changed =
        objects::set_suspended::<V::Object>(&caller.client, &at.namespace, &at.name, suspended).await?;
    let done = if suspended { "suspended" } else { "resumed" };
    log_change(caller, &format!("{} {done}", V::Object::NOUN), &at.namespace, &at.name);
    Ok(Json(V::of(&changed)))
}

/// The releases that use one.
pub(super) async fn dependents<K: SourceObject>(
    caller: &Caller,
    at: &Named,
) -> Result<Json<Dependents>, Problem> {
    Ok(Json(dependents::of(caller, &source_objects::key::<K>(&at.namespace, &at.name)).await?))
}

/// Events of one.
pub(super) async fn events<K: SourceObject>(
    caller: &Caller,
    at: &Named,
) -> Result<Json<Vec<EventView>>, Problem> {
    Ok(Json(events::of_object(caller, &at.namespace, K::KIND, &at.name).await?))
}
