//! What the controllers are told at start.

use std::path::PathBuf;
use std::time::Duration;

use pilothouse_registry::{Pool, access::Limits, discovery::Apis};

use crate::metrics::Metrics;

/// Settings of [`crate::run`]. The defaults are Flux's, except where a comment says otherwise.
#[derive(Debug, Clone)]
pub struct Options {
    /// Directory of artifacts and of what syncs remember. Its layout is the controllers' own.
    pub data_dir: PathBuf,
    /// `host[:port]` in artifact URLs; `None` is the address listened on.
    pub artifact_address: Option<String>,
    /// Watch this namespace only; `None` watches all.
    pub namespace: Option<String>,
    /// Label selector of the objects to reconcile, for sharding.
    pub label_selector: Option<String>,
    /// Sources reconciled at once, of each kind. Default 8 (Flux: 2): a pass mostly waits for the network.
    pub concurrent_sources: u16,
    /// Releases reconciled at once. Default 8 (Flux: 4).
    pub concurrent_releases: u16,
    /// First wait after a failure. Default 750 ms.
    pub min_retry_delay: Duration,
    /// Longest wait after failures. Default 15 min.
    pub max_retry_delay: Duration,
    /// Wait before dependencies are looked at again. Default 30 s.
    pub requeue_dependency: Duration,
    /// Intervals are lengthened or shortened by up to this many percent. Default 5.
    pub interval_jitter_percent: u8,
    /// Artifacts that are no longer current stay this long. Default 60 s.
    pub artifact_retention_ttl: Duration,
    /// Artifacts kept of one object. Default 2.
    pub artifact_retention_records: usize,
    /// Limits on registries' answers.
    pub registry_limits: Limits,
    /// Where registry vendors' APIs are.
    pub vendor_apis: Apis,
    /// Connections to registries, shared with whoever else talks to them in this process.
    pub pool: Pool,
    /// Counters, shared with whoever serves them.
    pub metrics: Metrics,
    /// Name of this process in events. Default: the host's name.
    pub instance: String,
}

impl Options {
    /// The defaults, with data in `data_dir`.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            artifact_address: None,
            namespace: None,
            label_selector: None,
            concurrent_sources: 8,
            concurrent_releases: 8,
            min_retry_delay: Duration::from_millis(750),
            max_retry_delay: Duration::from_secs(15 * 60),
            requeue_dependency: Duration::from_secs(30),
            interval_jitter_percent: 5,
            artifact_retention_ttl: Duration::from_secs(60),
            artifact_retention_records: 2,
            registry_limits: Limits::default(),
            vendor_apis: Apis::default(),
            pool: Pool::default(),
            metrics: Metrics::default(),
            instance: std::env::var("HOSTNAME").unwrap_or_else(|_| "pilothouse".into()),
        }
    }
}
