//! Watches: from a version or from the current state, with bookmarks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::list::{parse_version, wait_for};
use super::options::Query;
use crate::cluster::Cluster;
use crate::resource::Resource;
use crate::selectors::Selector;
use crate::status::{ApiError, ApiResult, Cause, go_quote};
use crate::store::{Change, ChangeKind, Expired, Follower, Object};

/// Time between bookmarks.
const BOOKMARK_EVERY: Duration = Duration::from_secs(60);
/// How long a watch lasts that does not say: the API server's 30 to 60 minutes.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);

/// What a watch is asked for.
#[derive(Debug, Clone)]
pub(crate) struct WatchOptions {
    pub(crate) selector: Selector,
    version: String,
    timeout: Duration,
    bookmarks: bool,
    initial_events: bool,
    /// Ask for the current state before changes.
    from_now: bool,
}

/// An event of a watch.
#[derive(Debug, Clone)]
pub(crate) enum Event {
    /// `ADDED`, `MODIFIED` or `DELETED`.
    Change(&'static str, Arc<Object>),
    /// `BOOKMARK`; true: the initial events have ended.
    Bookmark(u64, bool),
    /// `ERROR`; the watch ends.
    Error(ApiError),
}

/// Reads and checks the parameters of a watch.
///
/// # Errors
/// 400 and 422 as the API server's.
pub(crate) fn options(query: &Query, resource: &Resource) -> ApiResult<WatchOptions> {
    let selector = super::list::selector(query, resource)?;
    let seconds = query.number("timeoutSeconds")?.filter(|s| *s > 0);
    let version = query.get("resourceVersion").unwrap_or_default().to_owned();
    let version_match = query.get("resourceVersionMatch").unwrap_or_default();
    let initial_events = query.flag("sendInitialEvents");
    let asked = query.get("sendInitialEvents").is_some();
    let mut causes = Vec::new();
    if asked && version_match != "NotOlderThan" {
        let detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        causes.push(Cause::forbidden("resourceVersionMatch", detail));
        if version_match == "Exact" {
            let value = serde_json::Value::from(version_match);
            causes.push(Cause::not_supported("resourceVersionMatch", &value, &["NotOlderThan"]));
        }
    }
    if !asked && !version_match.is_empty() {
        let detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
        causes.push(Cause::forbidden("resourceVersionMatch", detail));
    }
    if !causes.is_empty() {
        return Err(ApiError::invalid("meta.k8s.io", "ListOptions", "", causes));
    }
    // In a watch this is an error of the storage layer, not of the request.
    if version.parse::<u64>().is_err() && !version.is_empty() {
        return Err(ApiError::plain_internal(format!(
            "resourceVersion: Invalid value: {0}: strconv.ParseUint: parsing {0}: invalid syntax",
            go_quote(&version)
        )));
    }
    Ok(WatchOptions {
        from_now: initial_events || (!asked && (version.is_empty() || version == "0")),
        selector,
        timeout: seconds.map_or(DEFAULT_TIMEOUT, |s| Duration::from_secs(s.unsigned_abs())),
        bookmarks: query.flag("allowWatchBookmarks"),
        initial_events,
        version,
    })
}

/// A running watch.
pub(crate) struct Watch {
    namespace: String,
    options: WatchOptions,
    follower: Follower,
    queue: VecDeque<Event>,
    deadline: Instant,
    next_bookmark: Instant,
    shutdown: tokio_util::sync::CancellationToken,
    done: bool,
}

/// Begins a watch.
///
/// # Errors
/// 504 where the version is not there yet.
pub(crate) async fn start(
    cluster: &Cluster,
    resource: &Resource,
    namespace: &str,
    options: WatchOptions,
) -> ApiResult<Watch> {
    let version = parse_version(&options.version)?;
    if version > 0 {
        wait_for(cluster, version).await?;
    }
    let store = cluster.store();
    let mut queue = VecDeque::new();
    let after = if options.from_now {
        let snapshot = store.list(&resource.bucket, Some(namespace).filter(|ns| !ns.is_empty()));
        let selected = snapshot.objects.into_iter().filter(|object| options.selector.matches(object));
        queue.extend(selected.map(|object| Event::Change("ADDED", object)));
        if options.initial_events && options.bookmarks {
            queue.push_back(Event::Bookmark(snapshot.version, true));
        }
        snapshot.version
    } else if version == 0 {
        store.version()
    } else {
        version
    };
    let now = Instant::now();
    Ok(Watch {
        namespace: namespace.to_owned(),
        follower: store.follow(&resource.bucket, after),
        deadline: now + options.timeout,
        next_bookmark: now + BOOKMARK_EVERY,
        options,
        queue,
        shutdown: cluster.shutdown_token().clone(),
        done: false,
    })
}

impl Watch {
    /// The next event; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.queue.pop_front() {
                return Some(event);
            }
            if self.done {
                return None;
            }
            tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return None,
                batch = self.follower.next() => match batch {
                    Ok(changes) => self.take(&changes),
                    Err(expired) => {
                        self.done = true;
                        return Some(Event::Error(too_old(self.follower.position(), expired)));
                    }
                },
                () = tokio::time::sleep_until(self.deadline) => return None,
                () = tokio::time::sleep_until(self.next_bookmark), if self.options.bookmarks => {
                    self.next_bookmark += BOOKMARK_EVERY;
                    return Some(Event::Bookmark(self.follower.position(), false));
                }
            }
        }
    }

    fn take(&mut self, changes: &[Arc<Change>]) {
        for change in changes {
            if !self.namespace.is_empty() && *change.object.namespace != *self.namespace {
                continue;
            }
            if let Some(event) = seen_as(change, &self.options.selector) {
                self.queue.push_back(event);
            }
        }
    }
}

/// How a change looks through a selector.
fn seen_as(change: &Change, selector: &Selector) -> Option<Event> {
    let is = selector.matches(&change.object);
    let was = change.previous.as_ref().is_some_and(|previous| selector.matches(previous));
    match (change.kind, was, is) {
        (ChangeKind::Deleted, true, _) => Some(Event::Change("DELETED", change.object.clone())),
        (ChangeKind::Deleted, false, _) | (_, false, false) => None,
        (_, false, true) => Some(Event::Change("ADDED", change.object.clone())),
        (_, true, true) => Some(Event::Change("MODIFIED", change.object.clone())),
        (_, true, false) => {
            let previous = change.previous.as_ref()?;
            Some(Event::Change("DELETED", previous.at_version(change.object.version)))
        }
    }
}

fn too_old(version: u64, expired: Expired) -> ApiError {
    ApiError::new(410, "Expired", format!("too old resource version: {version} ({})", expired.oldest))
}

/// The object of a bookmark.
pub(crate) fn bookmark(resource: &Resource, version: u64, initial_events_end: bool) -> serde_json::Value {
    let mut object = json!({
        "kind": resource.kind(), "apiVersion": resource.api_version(),
        "metadata": { "resourceVersion": version.to_string() },
    });
    if initial_events_end {
        object["metadata"]["annotations"] = json!({ "k8s.io/initial-events-end": "true" });
    }
    // Go has no bookmark without the zero values of its kind.
    if resource.custom.is_none() {
        super::strategy::canonical(resource, &mut object);
    }
    object
}
