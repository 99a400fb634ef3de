//! Why a pass over a source did not succeed, and what follows from it.

use std::time::Duration;

use pilothouse_registry::Kind;

use super::conditions::{BUILD_FAILED, FETCH_FAILED, STORAGE_FAILED};
use crate::artifacts;
use crate::drive::Outcome;

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
