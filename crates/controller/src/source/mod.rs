//! What the sources (`HelmRepository`, `HelmChart`, `OCIRepository`) have in common: one pass over any of them.
//!
//! ```text
//! finalizer ─► suspended? ─► still stored? ─► Source::work ─┬► Source::succeeded ─┐
//!                                                           └► Source::failed ────┴► one status write
//! ```

mod conditions;
mod failure;
mod pass;
mod status;

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use kube::ResourceExt as _;
use kube::core::NamespaceResourceScope;
use kube::core::object::HasStatus;
use pilothouse_resources::{Artifact, DurationString};

use crate::artifacts::NewArtifact;
use crate::context::Context;
use crate::feed::Watched;
use crate::status::Conditions;

pub(crate) use self::conditions::{ARTIFACT_IN_STORAGE, FETCH_FAILED, SOURCE_VERIFIED};
pub(crate) use self::failure::{Failure, with_hint};
pub(crate) use self::pass::SourceReconciler;
pub(crate) use self::status::SourceStatus;

/// Interval of a HelmRepository that names none.
pub(crate) const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);
/// Timeout of a source that names none.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// A kind whose objects are fetched from outside and stored as an artifact.
pub(crate) trait Source:
    Watched + serde::Serialize + kube::Resource<Scope = NamespaceResourceScope> + HasStatus<Status: SourceStatus>
{
    /// Its name, in logs and metrics.
    const KIND: &'static str;
    /// The same as it stands in the paths of artifacts.
    const KIND_PATH: &'static str;
    /// Name of the link that always leads to the newest artifact.
    const LINK: &'static str;
    /// A pass that works longer than this says so in the status meanwhile; `None` says nothing.
    const SHOW_PROGRESS_AFTER: Option<Duration> = None;

    /// What [`Source::work`] found.
    type Found: Send;

    /// `spec.interval`.
    fn interval(&self) -> Option<&DurationString>;

    /// `spec.suspend`.
    fn is_suspended(&self) -> bool;

    /// Whether its deletion waits until its artifacts are removed.
    fn needs_finalizer(&self) -> bool {
        true
    }

    /// Fetches what the spec wants and stores it. `status.artifact` is there only if it still is in storage;
    /// `requested` is the request to reconcile that this pass answers.
    fn work(
        &self,
        context: &Context,
        status: &mut Self::Status,
        requested: Option<&str>,
    ) -> impl Future<Output = Result<Self::Found, Failure>> + Send;

    /// Notes what was found in the status, `status.artifact` above all, and says it. `conditions` are still those of
    /// the pass before.
    fn succeeded(
        &self,
        status: &mut Self::Status,
        conditions: &mut Conditions,
        found: Self::Found,
    ) -> Success;

    /// Notes a failure, beyond the conditions that each failure sets.
    fn failed(&self, _status: &mut Self::Status, _conditions: &mut Conditions, _failure: &Failure) {}
}

/// What a pass that succeeded says.
pub(crate) struct Success {
    /// Reason of `Ready` and `ArtifactInStorage`.
    pub(crate) reason: String,
    /// Their message.
    pub(crate) message: String,
    /// Reason and message of the event about a new artifact; `None` where the one in storage still is the one wanted.
    pub(crate) news: Option<(String, String)>,
    /// Reasons and messages of events that warn.
    pub(crate) warnings: Vec<(&'static str, String)>,
}

/// Stores `content` as the artifact of `source`.
pub(crate) async fn store<S: Source>(
    context: &Context,
    source: &S,
    file: String,
    revision: String,
    content: Bytes,
    metadata: BTreeMap<String, String>,
) -> Result<Artifact, Failure> {
    let new = NewArtifact {
        kind: S::KIND_PATH,
        namespace: source.namespace().unwrap_or_default(),
        name: source.name_any(),
        file,
        revision,
        content,
        metadata,
    };
    let stored = context.artifacts.store(new, S::LINK).await;
    stored.map_err(|error| Failure::storage("ArchiveOperationFailed", &error))
}

/// A duration field, or its default; `0s` would mean without a pause, which is never wanted.
pub(crate) fn duration(field: Option<&DurationString>, default: Duration) -> Duration {
    field.and_then(|d| d.to_duration().ok()).filter(|d| !d.is_zero()).unwrap_or(default)
}
