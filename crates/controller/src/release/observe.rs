//! Reads a release's history: from the watch where nothing changed, else from storage.

use kube::ResourceExt as _;
use pilothouse_release::{Revision, Status, desired::Target, operation::World, snapshot::describes, storage};

use super::pass::Pass;

/// The revisions of a release.
pub(super) struct History {
    pub(super) revisions: Vec<Revision>,
    /// The newest one is the one that the status remembers.
    pub(super) verified: bool,
}

impl Pass<'_> {
    /// The history of a release. Costs no request where the watch on Secrets shows the newest revision as this
    /// controller left it.
    pub(super) async fn history(&self, world: &World, target: &Target) -> Result<History, storage::Error> {
        if let Some(unchanged) = self.unchanged(target) {
            return Ok(History { revisions: vec![unchanged], verified: true });
        }
        let revisions = world.storage.history(&target.name).await?;
        let verified = match (revisions.first(), self.status.latest()) {
            (Some(newest), Some(snapshot)) => {
                let same = i64::from(newest.version) == snapshot.version
                    && newest.status.as_str() == snapshot.status;
                let untouched = same && self.is_ours(newest);
                untouched || (same && self.reads_as_remembered(world, newest).await?)
            }
            _ => false,
        };
        Ok(History { revisions, verified })
    }

    /// The newest revision, if the watch shows that nobody touched it since the status was written.
    fn unchanged(&self, target: &Target) -> Option<Revision> {
        let snapshot = self.status.latest()?;
        let storage_namespace = self.status.storage_namespace.as_ref()?;
        if self.object.spec.kube_config.is_some()
            || *storage_namespace != target.storage_namespace
            || snapshot.name != target.name
        {
            return None;
        }
        let version = u32::try_from(snapshot.version).ok()?;
        let metadata = &self.releases.metadata;
        let newest = metadata.revision(storage_namespace, &snapshot.name, version)?;
        let newer = metadata.revision(storage_namespace, &snapshot.name, version + 1);
        let same = newest.status.as_str() == snapshot.status && newest.status == Status::Deployed;
        (same && newer.is_none() && self.is_ours(&newest)).then_some(newest)
    }

    /// Helm drops the marker when it writes a revision: one that carries it was written by nobody else.
    fn is_ours(&self, revision: &Revision) -> bool {
        let uid = self.object.uid().unwrap_or_default();
        revision.marker.as_ref().is_some_and(|marker| marker.uid == uid && marker.progress.is_none())
    }

    async fn reads_as_remembered(&self, world: &World, newest: &Revision) -> Result<bool, storage::Error> {
        let stored = world.storage.get(&newest.name, newest.version).await?;
        Ok(match (stored, self.status.latest()) {
            (Some(stored), Some(snapshot)) => describes(snapshot, &stored.record),
            _ => false,
        })
    }
}
