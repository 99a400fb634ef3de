//! What a HelmRelease asks for, in the terms that decisions are made in.

mod digest;
mod naming;
mod policy;
mod values;
mod without_effect;

pub use digest::{EMPTY_DIGEST, json_digest, values_digest};
pub use naming::{Target, chart_version_with_digest, helm_chart_name, release_name};
pub use policy::{DriftMode, Options, Policy, Remediation, RemediationBy, Strategy, Tests};
pub use values::{DEFAULT_KEY, Error as ValuesError, ValuesSource, compose};
pub use without_effect::without_effect;

/// Whether the release should be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intent {
    /// The HelmRelease exists.
    Present,
    /// The HelmRelease is being deleted.
    Absent,
}

/// What a HelmRelease asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Desired {
    /// Whether the release should be there.
    pub intent: Intent,
    /// Name and namespaces of the release.
    pub target: Target,
    /// Name of the chart.
    pub chart_name: String,
    /// Version of the chart; with the digest as build metadata for an OCIRepository.
    pub chart_version: String,
    /// Digest of the composed values ([`values_digest`]).
    pub config_digest: String,
    /// Digest of `spec.postRenderers`, if there are any.
    pub post_renderers_digest: Option<String>,
    /// Digest of `spec.commonMetadata`, if there is any.
    pub common_metadata_digest: Option<String>,
    /// Generation of the HelmRelease.
    pub generation: i64,
    /// A forced upgrade was requested and not handled yet (`forceAt`).
    pub force: bool,
    /// What happens on failures, tests, drift.
    pub policy: Policy,
}
