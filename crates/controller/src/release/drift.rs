//! Drift of a release: found, told, corrected.

use pilothouse_release::{
    desired::{DriftMode, Target},
    drift::{self, Difference},
    operation::World,
};
use pilothouse_resources::{condition::Status, meta};

use super::{
    Error,
    conditions::{DRIFTED, running},
    pass::Pass,
};
use crate::events::Severity;

impl Pass<'_> {
    /// Looks for drift and notes it in the condition `Drifted`.
    pub(super) async fn detect_drift(
        &mut self,
        world: &World,
        target: &Target,
        mode: DriftMode,
    ) -> Result<Vec<Difference>, Error> {
        let Some(snapshot) = self.status.latest().cloned() else { return Ok(Vec::new()) };
        let named = format!("{}/{}.v{}", snapshot.namespace, snapshot.name, snapshot.version);
        let version = u32::try_from(snapshot.version).unwrap_or_default();
        let stored = world
            .storage
            .get(&target.name, version)
            .await
            .map_err(|error| Error::Failed(error.to_string()))?;
        let Some(stored) = stored else { return Ok(Vec::new()) };
        let ignore = self
            .object
            .spec
            .drift_detection
            .as_ref()
            .and_then(|drift| drift.ignore.clone())
            .unwrap_or_default();
        let found = drift::detect(&world.cluster, target, &stored.record, &ignore).await;
        let found =
            found.map_err(|error| Error::Failed(format!("unable to determine cluster state: {error}")))?;
        if found.is_empty() {
            self.conditions.set(
                DRIFTED,
                Status::False,
                "NoDriftDetected",
                "No drift detected against the cluster state",
            );
            return Ok(found);
        }
        let lines: Vec<String> = found.iter().map(Difference::describe).collect();
        let message = format!(
            "Cluster state of release {named} has drifted from the desired state:\n{}",
            lines.join("\n")
        );
        self.conditions.set(DRIFTED, Status::True, "DriftDetected", &message);
        self.event(Severity::Warning, "DriftDetected", &message);
        if mode == DriftMode::Enabled {
            running(
                &mut self.conditions,
                "Running 'correct cluster drift' action",
                Some("correcting cluster drift"),
            );
        }
        Ok(found)
    }

    /// Brings the cluster back.
    pub(super) async fn correct_drift(
        &mut self,
        world: &World,
        target: &Target,
        found: &[Difference],
    ) -> Result<(), Error> {
        let Some(snapshot) = self.status.latest().cloned() else { return Ok(()) };
        let named = format!("{}/{}.v{}", snapshot.namespace, snapshot.name, snapshot.version);
        let version = u32::try_from(snapshot.version).unwrap_or_default();
        let stored = world
            .storage
            .get(&target.name, version)
            .await
            .map_err(|error| Error::Failed(error.to_string()))?;
        let Some(stored) = stored else { return Ok(()) };
        let corrected = drift::correct(&world.cluster, target, &stored.record, found).await;
        let (done, problems) = corrected.map_err(|error| Error::Failed(error.to_string()))?;
        if !done.is_empty() {
            let message =
                format!("Cluster state of release {named} has been corrected:\n{}", done.join("\n"));
            self.event(Severity::Normal, "DriftCorrected", &message);
        }
        if problems.is_empty() {
            return Ok(());
        }
        let message = format!("Failed to correct cluster state of release {named}:\n{}", problems.join("\n"));
        self.event(Severity::Warning, "DriftCorrectionFailed", &message);
        tracing::warn!(
            controller = meta::HELM_CONTROLLER,
            release = named,
            problems = problems.len(),
            "drift correction failed"
        );
        Err(Error::Failed(message))
    }
}
