//! What requests do to objects, each verb a function from context and body to an object.

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod list;
pub(crate) mod options;
pub(crate) mod patch;
pub(crate) mod strategy;
pub(crate) mod update;
pub(crate) mod watch;

use std::sync::Arc;

use crate::cluster::Cluster;
use crate::resource::Resource;
use crate::status::{ApiError, ApiResult};
use crate::store::{Object, WriteError};

/// One object.
///
/// # Errors
/// 404.
pub(crate) fn get(
    cluster: &Cluster,
    resource: &Resource,
    namespace: &str,
    name: &str,
) -> ApiResult<Arc<Object>> {
    cluster
        .store()
        .get(&resource.bucket, namespace, name)
        .ok_or_else(|| ApiError::not_found(resource.group(), &resource.plural, name))
}

/// The store's refusal in the API's words.
pub(crate) fn refused(error: WriteError, resource: &Resource, name: &str) -> ApiError {
    match error {
        WriteError::Exists => ApiError::already_exists(resource.group(), &resource.plural, name),
        WriteError::Missing => ApiError::not_found(resource.group(), &resource.plural, name),
        WriteError::Changed => modified(resource, name),
        WriteError::Database(why) => {
            ApiError::internal(format!("cannot write to the cluster database: {why}"))
        }
        WriteError::Closed => ApiError::internal("the cluster is shutting down"),
    }
}

/// The conflict of a stale update.
pub(crate) fn modified(resource: &Resource, name: &str) -> ApiError {
    ApiError::conflict(
        resource.group(),
        &resource.plural,
        name,
        "the object has been modified; please apply your changes to the latest version and try again",
    )
}
