//! Helm repositories: HTTP indexes and OCI registries.

mod request;
mod view;

use pilothouse_resources::HelmRepository;

pub use self::request::{RepositoryRequest, RepositoryUpdate, specification};
pub use self::view::{Catalog, RateLimitView, Repository, Sync};
use super::source_objects::{self, Change, SourceView as _};
use crate::{Caller, problem::Problem, validate::Checks};

/// The object itself.
pub async fn object(caller: &Caller, namespace: &str, name: &str) -> Result<HelmRepository, Problem> {
    source_objects::object(caller, namespace, name).await
}

/// The last syncs, newest first.
pub async fn syncs(caller: &Caller, namespace: &str, name: &str) -> Result<Vec<Sync>, Problem> {
    let object = object(caller, namespace, name).await?;
    let catalog = object.status.and_then(|status| status.catalog).unwrap_or_default();
    Ok(catalog
        .syncs
        .into_iter()
        .map(|sync| Sync {
            at: sync.at.0,
            result: sync.result,
            message: sync.message,
            count: sync.count.unwrap_or(1),
        })
        .collect())
}

/// Adds a repository.
pub async fn create(
    caller: &Caller,
    namespace: &str,
    request: &RepositoryRequest,
) -> Result<Repository, Problem> {
    let mut checks = Checks::default();
    source_objects::check_place(namespace, &request.name, &mut checks);
    let spec = specification(request, &mut checks);
    let secrets = request.secrets();
    secrets.check(&mut checks, false);
    checks.finish()?;
    let object = HelmRepository::new(&request.name, spec);
    let created = source_objects::create(caller, namespace, object, &request.labels, &secrets).await?;
    Ok(Repository::of(&created))
}

/// Changes a repository.
pub async fn update(
    caller: &Caller,
    namespace: &str,
    name: &str,
    request: &RepositoryUpdate,
) -> Result<Repository, Problem> {
    let before = object(caller, namespace, name).await?;
    let change = Change {
        expected: request.resource_version.as_deref(),
        labels: request.labels.as_ref(),
        secrets: request.secrets(),
    };
    let mut checks = Checks::default();
    let mut wanted = before.clone();
    wanted.spec = request::changed_specification(&before.spec, request, &mut checks);
    change.check(&before, &mut checks);
    checks.finish()?;
    let written = source_objects::update(caller, namespace, &before, wanted, &change).await?;
    Ok(Repository::of(&written))
}
