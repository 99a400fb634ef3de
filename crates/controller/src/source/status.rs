//! The fields that the status of every source has.

use pilothouse_resources::condition::Condition;
use pilothouse_resources::{Artifact, HelmChartStatus, HelmRepositoryStatus, OCIRepositoryStatus};

/// The status of a source.
pub(crate) trait SourceStatus: Clone + Default + serde::Serialize + Send + Sync {
    /// `conditions`.
    fn conditions(&self) -> &[Condition];

    /// `artifact`.
    fn artifact(&self) -> Option<&Artifact>;

    /// All of them, to be changed.
    fn fields(&mut self) -> Fields<'_>;
}

/// The fields of a [`SourceStatus`].
pub(crate) struct Fields<'a> {
    pub(crate) observed_generation: &'a mut Option<i64>,
    pub(crate) conditions: &'a mut Vec<Condition>,
    pub(crate) url: &'a mut Option<String>,
    pub(crate) artifact: &'a mut Option<Artifact>,
    pub(crate) last_handled_reconcile_at: &'a mut Option<String>,
}

macro_rules! source_status {
    ($($status:ty),*) => {$(
        impl SourceStatus for $status {
            fn conditions(&self) -> &[Condition] {
                &self.conditions
            }

            fn artifact(&self) -> Option<&Artifact> {
                self.artifact.as_ref()
            }

            fn fields(&mut self) -> Fields<'_> {
                Fields {
                    observed_generation: &mut self.observed_generation,
                    conditions: &mut self.conditions,
                    url: &mut self.url,
                    artifact: &mut self.artifact,
                    last_handled_reconcile_at: &mut self.last_handled_reconcile_at,
                }
            }
        }
    )*};
}

source_status!(HelmChartStatus, HelmRepositoryStatus, OCIRepositoryStatus);
