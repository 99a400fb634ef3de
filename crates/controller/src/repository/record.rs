//! What a sync leaves in `status.catalog`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use pilothouse_resources::{CatalogStatus, HelmRepositoryStatus, RateLimit, SyncRecord};

use super::sync::Synced;
use crate::source::Failure;

/// Syncs remembered in the status.
const MAX_SYNCS: usize = 10;
/// Longest message of one of them, in bytes: ten fill a page, not the object.
const MAX_MESSAGE: usize = 512;

fn number(n: impl TryInto<i64>) -> i64 {
    n.try_into().unwrap_or(i64::MAX)
}

/// Notes a sync that worked.
pub(super) fn succeeded(
    status: &mut HelmRepositoryStatus,
    synced: &Synced,
    changed: bool,
    interval: Duration,
) {
    let now = Timestamp::now();
    let before = status.catalog.take().unwrap_or_default();
    let next = SignedDuration::try_from(interval).ok().and_then(|interval| now.checked_add(interval).ok());
    let rate_limit = synced.rate_limit.as_ref().map(|rate| RateLimit {
        limit: rate.limit.map(number),
        remaining: rate.remaining.map(number),
        window_seconds: rate.window_seconds.map(number),
        reset_at: None,
    });
    let mut catalog = CatalogStatus {
        charts: number(synced.charts),
        versions: number(synced.versions),
        digest: synced.artifact.digest.clone(),
        method: synced.method.to_owned(),
        complete: synced.complete,
        detail: (!synced.notes.is_empty()).then(|| synced.notes.join("; ")),
        registry: synced.registry.clone(),
        last_checked_at: Some(Time(now)),
        last_changed_at: if changed { Some(Time(now)) } else { before.last_changed_at.or(Some(Time(now))) },
        next_sync_at: next.map(Time),
        requests: Some(number(synced.requests)),
        rate_limit,
        credential_expires_at: before.credential_expires_at,
        skipped: Some(number(synced.skipped)),
        syncs: before.syncs,
    };
    let found = format!("{} charts with {} versions", synced.charts, synced.versions);
    note(&mut catalog.syncs, now, if changed { "Changed" } else { "Unchanged" }, &found);
    status.catalog = Some(catalog);
}

/// The message of `Ready`: Flux's, and why there is nothing to deploy where no chart was found.
pub(super) fn message(synced: &Synced) -> String {
    let stored = format!("stored artifact: revision '{}'", synced.artifact.revision);
    if synced.charts > 0 {
        return stored;
    }
    let why = if synced.notes.is_empty() { "no charts found".to_owned() } else { synced.notes.join("; ") };
    format!("{stored}; {why}")
}

/// Notes a sync that failed; what earlier ones found stays.
pub(super) fn failed(status: &mut HelmRepositoryStatus, failure: &Failure, now: Timestamp) {
    let catalog = status.catalog.get_or_insert_with(CatalogStatus::default);
    catalog.last_checked_at = Some(Time(now));
    catalog.next_sync_at = None;
    if let Some(wait) = failure.retry_after {
        let reset = SignedDuration::try_from(wait).ok().and_then(|wait| now.checked_add(wait).ok()).map(Time);
        catalog.next_sync_at = reset.clone();
        catalog.rate_limit.get_or_insert_with(RateLimit::default).reset_at = reset;
    }
    note(&mut catalog.syncs, now, "Failed", &failure.message);
}

/// Puts a sync first, or counts it where the newest had the same result and message.
fn note(syncs: &mut Vec<SyncRecord>, now: Timestamp, result: &str, message: &str) {
    let end =
        (0..=MAX_MESSAGE.min(message.len())).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    let message = Some(message[..end].to_owned());
    match syncs.first_mut() {
        Some(newest) if newest.result == result && newest.message == message => {
            newest.at = Time(now);
            newest.count = Some(newest.count.unwrap_or(1) + 1);
        }
        _ => syncs.insert(0, SyncRecord { at: Time(now), result: result.to_owned(), message, count: None }),
    }
    syncs.truncate(MAX_SYNCS);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_syncs_are_counted_and_ten_are_kept() {
        let mut syncs = Vec::new();
        for n in 0..15 {
            note(&mut syncs, Timestamp::now(), "Changed", &format!("{n} charts"));
            note(&mut syncs, Timestamp::now(), "Unchanged", &format!("{n} charts"));
            note(&mut syncs, Timestamp::now(), "Unchanged", &format!("{n} charts"));
        }
        assert_eq!(syncs.len(), 10);
        assert_eq!((syncs[0].result.as_str(), syncs[0].count), ("Unchanged", Some(2)));
    }

    #[test]
    fn a_failure_keeps_what_was_found() {
        let catalog =
            CatalogStatus { charts: 3, method: "catalog".into(), complete: true, ..Default::default() };
        let mut status = HelmRepositoryStatus { catalog: Some(catalog), ..Default::default() };
        failed(&mut status, &Failure::fetch("Failed", "no route"), Timestamp::now());
        let catalog = status.catalog.unwrap();
        assert_eq!((catalog.charts, catalog.syncs[0].result.as_str()), (3, "Failed"));
    }
}
