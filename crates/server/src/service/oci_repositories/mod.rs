//! OCI repositories: one chart each, by tag, range or digest.

mod request;
mod view;

use pilothouse_chart::Chart;
use pilothouse_resources::{Artifact, OCIRepository};

pub use self::request::{OciRepositoryRequest, OciRepositoryUpdate, specification};
pub use self::view::{ArtifactView, Layer, OciRepository, Reference};
use super::{
    source_objects::{self, Change, SourceView as _},
    sources::{Signatures, Sources},
};
use crate::{Caller, problem::Problem, validate::Checks};

/// Adds an OCI repository.
pub async fn create(
    caller: &Caller,
    namespace: &str,
    request: &OciRepositoryRequest,
) -> Result<OciRepository, Problem> {
    let mut checks = Checks::default();
    source_objects::check_place(namespace, &request.name, &mut checks);
    let spec = specification(request, &mut checks);
    let secrets = request.secrets();
    secrets.check(&mut checks, false);
    checks.finish()?;
    let Some(spec) = spec else { return Err(Problem::field("interval", "an interval is needed")) };
    let object = OCIRepository::new(&request.name, spec);
    let created = source_objects::create(caller, namespace, object, &request.labels, &secrets).await?;
    Ok(OciRepository::of(&created))
}

/// Changes an OCI repository.
pub async fn update(
    caller: &Caller,
    namespace: &str,
    name: &str,
    request: &OciRepositoryUpdate,
) -> Result<OciRepository, Problem> {
    let before: OCIRepository = source_objects::object(caller, namespace, name).await?;
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
    Ok(OciRepository::of(&written))
}

/// The chart in the stored artifact, with the artifact's digest.
pub async fn chart(
    caller: &Caller,
    sources: &Sources,
    namespace: &str,
    name: &str,
) -> Result<(Chart, String), Problem> {
    let (_, artifact) = pulled(caller, namespace, name).await?;
    Ok((sources.chart_of_artifact(&artifact).await?, artifact.digest.unwrap_or_default()))
}

/// The repository and what was pulled from it last.
async fn pulled(caller: &Caller, namespace: &str, name: &str) -> Result<(OCIRepository, Artifact), Problem> {
    let object: OCIRepository = source_objects::object(caller, namespace, name).await?;
    match object.status.as_ref().and_then(|status| status.artifact.clone()) {
        Some(artifact) => Ok((object, artifact)),
        None => Err(Problem::conflict(
            "not-synced",
            "Not synced yet",
            format!("OCI repository `{name}` has no artifact yet; look at its status"),
        )),
    }
}

/// Signatures and attestations that refer to the artifact pulled last; looked for, not verified.
///
/// # Errors
/// No such repository, none pulled yet, a revision without a digest, or a registry that does not answer.
pub async fn signatures(
    caller: &Caller,
    sources: &Sources,
    namespace: &str,
    name: &str,
) -> Result<Signatures, Problem> {
    let (object, artifact) = pulled(caller, namespace, name).await?;
    // `TAG@sha256:HEX`, or the digest alone.
    let digest = artifact.revision.rsplit('@').next().unwrap_or_default();
    let digest = digest.parse().map_err(|_| {
        Problem::conflict(
            "no-digest",
            "No digest",
            format!("revision `{}` of OCI repository `{name}` names no digest", artifact.revision),
        )
    })?;
    sources.signatures_of_oci(caller, namespace, &object.spec, &digest).await
}
