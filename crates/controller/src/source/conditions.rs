//! How a pass over a source ends in conditions.

use pilothouse_resources::condition::{READY, RECONCILING, STALLED, Status};

use super::Failure;
use crate::status::Conditions;

/// The artifact is stored.
pub(crate) const ARTIFACT_IN_STORAGE: &str = "ArtifactInStorage";
/// What comes from outside could not be fetched.
pub(crate) const FETCH_FAILED: &str = "FetchFailed";
/// An artifact could not be made of what was fetched.
pub(super) const BUILD_FAILED: &str = "BuildFailed";
/// The artifact is not of the newest revision.
const ARTIFACT_OUTDATED: &str = "ArtifactOutdated";
/// The artifact could not be stored.
pub(super) const STORAGE_FAILED: &str = "StorageOperationFailed";
/// Whether the signature was verified.
pub(crate) const SOURCE_VERIFIED: &str = "SourceVerified";

/// Conditions that are only there when something is wrong.
const ABNORMAL: [&str; 4] = [STORAGE_FAILED, FETCH_FAILED, BUILD_FAILED, ARTIFACT_OUTDATED];

/// Why there is something to do, as Flux words it in the Reconciling condition; `None` for a check on time.
pub(super) fn progress(generation: i64, observed: Option<i64>, stored: bool) -> Option<String> {
    let observed = observed.unwrap_or(-1);
    match (stored, observed == generation) {
        (false, _) => Some("building artifact".to_owned()),
        (true, false) => Some(format!("processing object: new generation {observed} -> {generation}")),
        (true, true) => None,
    }
}

/// Sets the conditions of a pass that is still working.
pub(super) fn set_progressing(conditions: &mut Conditions, progress: &str) {
    conditions.remove(STALLED);
    conditions.set(RECONCILING, Status::True, "Progressing", progress);
    conditions.set(READY, Status::Unknown, "Progressing", progress);
}

/// Sets the conditions of a pass that failed. `progress` is what it was about.
pub(super) fn set_failed(conditions: &mut Conditions, failure: &Failure, progress: Option<&str>) {
    for type_ in ABNORMAL {
        conditions.remove(type_);
    }
    conditions.set(failure.condition, Status::True, failure.reason, &failure.message);
    if failure.stalled {
        conditions.remove(RECONCILING);
        conditions.set(STALLED, Status::True, failure.reason, &failure.message);
    } else {
        conditions.remove(STALLED);
        match progress {
            Some(progress) => conditions.set(RECONCILING, Status::True, "ProgressingWithRetry", progress),
            None => conditions.remove(RECONCILING),
        }
    }
    conditions.set(READY, Status::False, failure.reason, &failure.message);
}

/// Sets the conditions of a pass that ended with its artifact in storage.
pub(super) fn set_ready(conditions: &mut Conditions, reason: &str, message: &str) {
    for type_ in ABNORMAL.into_iter().chain([STALLED, RECONCILING]) {
        conditions.remove(type_);
    }
    conditions.set(ARTIFACT_IN_STORAGE, Status::True, reason, message);
    conditions.set(READY, Status::True, reason, message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_that_stays_is_stalled_and_clears_when_it_goes() {
        let mut conditions = Conditions::new(Vec::new(), 2);
        let failure = Failure::fetch("URLInvalid", "no").stalled();
        set_failed(&mut conditions, &failure, Some("building artifact"));
        let types: Vec<String> = conditions.clone().into_list().into_iter().map(|c| c.type_).collect();
        assert_eq!(types, ["Stalled", "Ready", "FetchFailed"]);
        set_ready(&mut conditions, "Succeeded", "stored artifact");
        let types: Vec<String> = conditions.into_list().into_iter().map(|c| c.type_).collect();
        assert_eq!(types, ["Ready", "ArtifactInStorage"]);
    }

    #[test]
    fn progress_is_worded_as_flux_does() {
        assert_eq!(progress(1, Some(-1), false).as_deref(), Some("building artifact"));
        assert_eq!(progress(3, Some(2), true).as_deref(), Some("processing object: new generation 2 -> 3"));
        assert_eq!(progress(3, Some(3), true), None);
    }
}
