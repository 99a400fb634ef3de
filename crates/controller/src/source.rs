//! What all sources have in common: how a pass ends in conditions, and what a failure is.

use std::time::Duration;

use pilothouse_registry::Kind;
use pilothouse_resources::condition::{READY, RECONCILING, STALLED, Status};
use pilothouse_resources::{Artifact, DurationString, meta};

use crate::artifacts;
use crate::drive::Outcome;
use crate::status::Conditions;

/// The artifact is stored.
pub(crate) const ARTIFACT_IN_STORAGE: &str = "ArtifactInStorage";
/// What comes from outside could not be fetched.
pub(crate) const FETCH_FAILED: &str = "FetchFailed";
/// An artifact could not be made of what was fetched.
pub(crate) const BUILD_FAILED: &str = "BuildFailed";
/// The artifact is not of the newest revision.
pub(crate) const ARTIFACT_OUTDATED: &str = "ArtifactOutdated";
/// The artifact could not be stored.
pub(crate) const STORAGE_FAILED: &str = "StorageOperationFailed";
/// Whether the signature was verified.
pub(crate) const SOURCE_VERIFIED: &str = "SourceVerified";

/// Conditions that are only there when something is wrong.
const ABNORMAL: [&str; 4] = [STORAGE_FAILED, FETCH_FAILED, BUILD_FAILED, ARTIFACT_OUTDATED];

/// Key of a revision in event annotations.
pub(crate) const REVISION_KEY: &str = "source.toolkit.fluxcd.io/revision";
/// Key of a digest in event annotations.
pub(crate) const DIGEST_KEY: &str = "source.toolkit.fluxcd.io/digest";

/// Interval of a HelmRepository that names none.
pub(crate) const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);
/// Timeout of a source that names none.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);

/// Why a pass did not succeed.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// The condition that says so (`FetchFailed`, `BuildFailed`, `StorageOperationFailed`).
    pub(crate) condition: &'static str,
    /// Its reason.
    pub(crate) reason: &'static str,
    /// Its message.
    pub(crate) message: String,
    /// Only a change of the object helps.
    pub(crate) stalled: bool,
    /// Wait this long instead of the growing wait, where the other side asked for it.
    pub(crate) retry_after: Option<Duration>,
    /// Reason and message of the event, where they differ from the condition's.
    pub(crate) event: Option<(&'static str, String)>,
}

impl Failure {
    /// A failure to fetch; tried again.
    pub(crate) fn fetch(reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            condition: FETCH_FAILED,
            reason,
            message: message.into(),
            stalled: false,
            retry_after: None,
            event: None,
        }
    }

    /// A failure to build; tried again.
    pub(crate) fn build(reason: &'static str, message: impl Into<String>) -> Self {
        Self { condition: BUILD_FAILED, ..Self::fetch(reason, message) }
    }

    /// A failure of the artifact store; tried again.
    pub(crate) fn storage(reason: &'static str, error: &artifacts::Error) -> Self {
        let mut message = artifacts::explain(error);
        if error.is_disk_full() {
            message.push_str("; free space in the data directory");
        }
        Self { condition: STORAGE_FAILED, ..Self::fetch(reason, message) }
    }

    /// The same, but only a change of the object helps.
    #[must_use]
    pub(crate) fn stalled(mut self) -> Self {
        self.stalled = true;
        self
    }

    /// The same, with the time the registry asked for.
    #[must_use]
    pub(crate) fn after(mut self, error: &pilothouse_registry::Error) -> Self {
        self.retry_after = error.retry_after();
        self
    }

    /// How the pass ends.
    pub(crate) fn outcome(&self) -> Outcome {
        match (self.stalled, self.retry_after) {
            (true, _) => Outcome::UntilChanged,
            (false, Some(wait)) => {
                Outcome::At(wait.clamp(Duration::from_secs(1), Duration::from_secs(6 * 3600)))
            }
            (false, None) => Outcome::Retry(self.message.clone()),
        }
    }
}

/// The text of a registry error, with what to do about it where Flux's own text would leave a person alone.
pub(crate) fn with_hint(error: &pilothouse_registry::Error) -> String {
    let known = matches!(error, pilothouse_registry::Error::CredentialsMissing { .. });
    let plain = known || matches!(error.kind(), Kind::NotFound | Kind::Server | Kind::Connect);
    match error.hint() {
        Some(hint) if !plain => format!("{error}; {hint}"),
        _ => error.to_string(),
    }
}

/// Why there is something to do, as Flux words it in the Reconciling condition; `None` for a check on time.
pub(crate) fn progress(generation: i64, observed: Option<i64>, stored: bool) -> Option<String> {
    let observed = observed.unwrap_or(-1);
    match (stored, observed == generation) {
        (false, _) => Some("building artifact".to_owned()),
        (true, false) => Some(format!("processing object: new generation {observed} -> {generation}")),
        (true, true) => None,
    }
}

/// Sets the conditions of a pass that is still working.
pub(crate) fn set_progressing(conditions: &mut Conditions, progress: &str) {
    conditions.remove(STALLED);
    conditions.set(RECONCILING, Status::True, "Progressing", progress);
    conditions.set(READY, Status::Unknown, "Progressing", progress);
}

/// Sets the conditions of a pass that failed. `progress` is what it was about.
pub(crate) fn set_failed(conditions: &mut Conditions, failure: &Failure, progress: Option<&str>) {
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
pub(crate) fn set_ready(conditions: &mut Conditions, reason: &str, message: &str) {
    for type_ in ABNORMAL.into_iter().chain([STALLED, RECONCILING]) {
        conditions.remove(type_);
    }
    conditions.set(ARTIFACT_IN_STORAGE, Status::True, reason, message);
    conditions.set(READY, Status::True, reason, message);
}

/// The request to reconcile that is not handled yet, if there is one.
pub(crate) fn requested<K: kube::Resource>(object: &K, handled: Option<&str>) -> Option<String> {
    use kube::ResourceExt as _;
    let token = object.annotations().get(meta::RECONCILE_REQUESTED_AT)?;
    (Some(token.as_str()) != handled).then(|| token.clone())
}

/// A duration field, or its default; `0s` would mean without a pause, which is never wanted.
pub(crate) fn duration(field: Option<&DurationString>, default: Duration) -> Duration {
    field.and_then(|d| d.to_duration().ok()).filter(|d| !d.is_zero()).unwrap_or(default)
}

/// The annotations of an event about an artifact.
pub(crate) fn event_annotations(artifact: &Artifact) -> Vec<(String, String)> {
    let digest = artifact.digest.clone().map(|digest| (DIGEST_KEY.to_owned(), digest));
    [(REVISION_KEY.to_owned(), artifact.revision.clone())].into_iter().chain(digest).collect()
}

/// A size as Go's `units` prints it: four digits, powers of 1000 (`3.25kB`, `1.052kB`, `12.3MB`).
pub(crate) fn human_size(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 1000.0 {
            return format!("{}{unit}", four_digits(size));
        }
        size /= 1000.0;
    }
    format!("{}TB", four_digits(size))
}

/// `%.4g` of Go: four significant digits, no zeros at the end.
fn four_digits(number: f64) -> String {
    let whole = format!("{:.0}", number.trunc()).len();
    let text = format!("{number:.*}", 4_usize.saturating_sub(whole));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_in_fluxs_events() {
        for (bytes, text) in
            [(3250, "3.25kB"), (1052, "1.052kB"), (999, "999B"), (12_345_678, "12.35MB"), (0, "0B")]
        {
            assert_eq!(human_size(bytes), text);
        }
    }

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
