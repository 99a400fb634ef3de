//! What passes remember so that the next one asks for less.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use pilothouse_chart::Chart;

/// Charts kept parsed.
const CHARTS: usize = 16;

/// Name and versions of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) name: String,
    pub(super) version: String,
}

/// The digest of composed values, and of what they were composed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KnownValues {
    /// Generation of the HelmRelease.
    pub(super) generation: i64,
    /// Resource version of each object that was read; `None` where there was none.
    pub(super) read: Vec<Option<String>>,
    pub(super) digest: String,
}

/// Charts by digest, and what is known of values.
#[derive(Default)]
pub(super) struct Caches {
    charts: Mutex<Vec<(String, Chart)>>,
    identities: Mutex<HashMap<String, Identity>>,
    values: Mutex<HashMap<String, KnownValues>>,
}

impl Caches {
    /// A chart that was parsed lately.
    pub(super) fn chart(&self, digest: &str) -> Option<Chart> {
        let mut charts = self.charts.lock().unwrap_or_else(PoisonError::into_inner);
        let at = charts.iter().position(|(known, _)| known == digest)?;
        let entry = charts.remove(at);
        let chart = entry.1.clone();
        charts.push(entry);
        Some(chart)
    }

    /// Keeps a parsed chart; the one not used for longest goes.
    pub(super) fn keep_chart(&self, digest: &str, chart: &Chart) {
        let identity = Identity { name: chart.name().to_owned(), version: chart.version().to_owned() };
        self.identities.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.to_owned(), identity);
        let mut charts = self.charts.lock().unwrap_or_else(PoisonError::into_inner);
        charts.retain(|(known, _)| known != digest);
        charts.push((digest.to_owned(), chart.clone()));
        if charts.len() > CHARTS {
            charts.remove(0);
        }
    }

    /// Name and version of the chart in an artifact, if it was ever parsed.
    pub(super) fn identity(&self, digest: &str) -> Option<Identity> {
        self.identities.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    /// What is known of a release's values.
    pub(super) fn values(&self, uid: &str) -> Option<KnownValues> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).get(uid).cloned()
    }

    /// Notes what is known of a release's values.
    pub(super) fn note_values(&self, uid: &str, known: KnownValues) {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).insert(uid.to_owned(), known);
    }

    /// Forgets a release that is gone.
    pub(super) fn forget(&self, uid: &str) {
        self.values.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }
}
