//! What is known of a release at one moment.

use jiff::Timestamp;
use pilothouse_resources::HelmReleaseStatus;

use crate::{drift::Difference, storage::Revision};

/// What is known of a release: its history in storage, what its HelmRelease remembers, and the cluster.
#[derive(Debug, Clone)]
pub struct Observed<'a> {
    /// When it was observed.
    pub now: Timestamp,
    /// UID of the HelmRelease.
    pub uid: &'a str,
    /// The HelmRelease's memory.
    pub status: &'a HelmReleaseStatus,
    /// The revisions in storage, newest first.
    pub revisions: &'a [Revision],
    /// Whether the newest revision is the one that the newest snapshot in the status describes.
    pub verified: bool,
    /// What differs between the stored manifest and the cluster.
    pub drift: Drift<'a>,
}

/// What is known of drift.
#[derive(Debug, Clone, Copy)]
pub enum Drift<'a> {
    /// It was not looked for.
    Unknown,
    /// It was looked for.
    Known(&'a [Difference]),
}

impl Observed<'_> {
    /// The newest revision in storage.
    pub fn latest(&self) -> Option<&Revision> {
        self.revisions.first()
    }

    /// Whether the newest revision was made for this HelmRelease and nobody wrote it since.
    pub fn latest_is_ours(&self) -> bool {
        let marker = self.latest().and_then(|revision| revision.marker.as_ref());
        marker.is_some_and(|marker| marker.uid == self.uid)
    }

    /// Whether this HelmRelease ever made a revision.
    pub fn is_managed(&self) -> bool {
        !self.status.history.is_empty() || self.latest_is_ours()
    }
}
