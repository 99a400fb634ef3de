//! Changes as they happen: one set of watches for each caller and scope, shared by all their browser tabs.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{StreamExt, stream::select_all};
use kube::{
    Client, ResourceExt,
    runtime::{WatchStreamExt, watcher},
};
use pilothouse_resources::{HelmRelease, HelmRepository, OCIRepository};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::{sync::broadcast, time::Instant};
use utoipa::ToSchema;

use super::{
    objects::{Namespaced, api},
    oci_repositories::OciRepository,
    releases::Release,
    repositories::Repository,
    source_objects::SourceView as _,
    workloads::Workload,
};
use crate::{Caller, problem::Problem, token::Fingerprint};

/// Events kept for those who come back.
const KEPT: usize = 1024;
/// Sets of watches at a time, of all callers.
const MAX_HUBS: usize = 64;
/// Streams on one set of watches.
const MAX_LISTENERS: usize = 64;
/// How long watches go on after the last listener left.
const LINGER: Duration = Duration::from_secs(30);

/// One event of the stream.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Change {
    /// `applied` (made or changed), `deleted`, `reset` (changes may have been missed: load again), `ready` (from now
    /// on nothing is missed: load), `forbidden` (the caller may not watch this kind) or `signedOut`.
    #[serde(rename = "type")]
    pub(crate) type_: &'static str,
    /// Kind of the object: `HelmRepository`, `OCIRepository`, `HelmRelease` or `Workload`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) kind: Option<&'static str>,
    /// Namespace of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) namespace: Option<String>,
    /// Name of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// Version of the object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource_version: Option<String>,
    /// The object as lists show it.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub(crate) item: Value,
    /// In words, for `forbidden`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

impl Change {
    fn notice(type_: &'static str, kind: Option<&'static str>) -> Self {
        Self {
            type_,
            kind,
            namespace: None,
            name: None,
            resource_version: None,
            item: Value::Null,
            message: None,
        }
    }

    /// The session or the token ended.
    pub(crate) fn signed_out() -> Self {
        Self::notice("signedOut", None)
    }

    /// Changes may have been missed.
    pub(crate) fn reset() -> Self {
        Self::notice("reset", None)
    }
}

/// A change with its place in the stream.
#[derive(Clone, Debug)]
pub(crate) struct Numbered {
    /// `<hub>-<number>`: what a browser sends back as `Last-Event-ID`.
    pub(crate) id: String,
    pub(crate) change: Arc<Change>,
    number: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct HubKey {
    caller: Fingerprint,
    namespace: Option<String>,
}

/// All sets of watches.
#[derive(Clone, Default)]
pub(crate) struct Hubs {
    open: Arc<Mutex<HashMap<HubKey, Arc<Hub>>>>,
}

struct Hub {
    name: String,
    sender: broadcast::Sender<Numbered>,
    past: Mutex<Past>,
    listeners: AtomicUsize,
}

#[derive(Default)]
struct Past {
    last: u64,
    kept: VecDeque<Numbered>,
    ready: bool,
}

impl Hub {
    fn push(&self, change: Change) {
        let mut past = self.past.lock().unwrap_or_else(PoisonError::into_inner);
        past.last += 1;
        if change.type_ == "ready" {
            past.ready = true;
        }
        let numbered = Numbered {
            id: format!("{}-{}", self.name, past.last),
            change: Arc::new(change),
            number: past.last,
        };
        if past.kept.len() == KEPT {
            past.kept.pop_front();
        }
        past.kept.push_back(numbered.clone());
        // Sent under the lock: a listener that comes now sees the event once, in the past or in the channel.
        let _ = self.sender.send(numbered);
    }
}

/// One listener.
pub(crate) struct Listener {
    hub: Arc<Hub>,
    receiver: broadcast::Receiver<Numbered>,
    waiting: VecDeque<Numbered>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.hub.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Listener {
    /// The next change; `None` when the watches ended.
    pub(crate) async fn next(&mut self) -> Option<Numbered> {
        if let Some(waiting) = self.waiting.pop_front() {
            return Some(waiting);
        }
        match self.receiver.recv().await {
            Ok(numbered) => Some(numbered),
            Err(broadcast::error::RecvError::Closed) => None,
            Err(broadcast::error::RecvError::Lagged(_)) => {
                Some(Numbered { id: String::new(), change: Arc::new(Change::reset()), number: 0 })
            }
        }
    }
}

impl Hubs {
    /// Listens to the changes that the caller may see, from after `last` where that is still known.
    pub(crate) fn listen(
        &self,
        caller: &Caller,
        namespace: Option<&str>,
        last: Option<&str>,
    ) -> Result<Listener, Problem> {
        let key = HubKey { caller: caller.fingerprint, namespace: namespace.map(str::to_owned) };
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let hub = match open.get(&key) {
            Some(hub) => hub.clone(),
            None if open.len() >= MAX_HUBS => return Err(too_many("people watch")),
            None => {
                let hub = Arc::new(Hub {
                    name: format!("{:08x}", rand::random::<u32>()),
                    sender: broadcast::channel(KEPT).0,
                    past: Mutex::default(),
                    listeners: AtomicUsize::new(0),
                });
                open.insert(key.clone(), hub.clone());
                tokio::spawn(watch(self.clone(), key, hub.clone(), caller.client.clone()));
                hub
            }
        };
        if hub.listeners.fetch_add(1, Ordering::Relaxed) >= MAX_LISTENERS {
            hub.listeners.fetch_sub(1, Ordering::Relaxed);
            return Err(too_many("tabs of yours are open"));
        }
        let past = hub.past.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = hub.sender.subscribe();
        let mut waiting = VecDeque::new();
        let seen = last
            .and_then(|last| last.strip_prefix(&format!("{}-", hub.name)))
            .and_then(|number| number.parse::<u64>().ok())
            .filter(|number| past.kept.front().is_some_and(|first| first.number <= number + 1));
        match seen {
            Some(number) => waiting.extend(past.kept.iter().filter(|event| event.number > number).cloned()),
            None if past.ready => waiting.push_back(Numbered {
                id: format!("{}-{}", hub.name, past.last),
                change: Arc::new(Change::notice("ready", None)),
                number: past.last,
            }),
            // The watches are not complete yet: their `ready` is still to come.
            None => {}
        }
        drop(past);
        Ok(Listener { hub, receiver, waiting })
    }

    fn close(&self, key: &HubKey, hub: &Arc<Hub>) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.get(key).is_some_and(|known| Arc::ptr_eq(known, hub)) {
            open.remove(key);
        }
    }
}

fn too_many(what: &str) -> Problem {
    Problem::new(
        http::StatusCode::SERVICE_UNAVAILABLE,
        "busy",
        "Too many streams",
        format!("too many {what} at once; the page still works, it only does not follow changes"),
    )
}

enum Seen {
    Change(Change),
    /// The first list of a kind is complete, or will never come.
    Settled,
    Unauthorized,
}

/// Runs the watches of a hub until nobody listens.
async fn watch(hubs: Hubs, key: HubKey, hub: Arc<Hub>, client: Client) {
    let namespace = key.namespace.as_deref();
    let helm = Some("app.kubernetes.io/managed-by=Helm");
    let mut kinds = select_all([
        kind::<HelmRepository>(&client, namespace, "HelmRepository", None, |o| json!(Repository::of(o))),
        kind::<OCIRepository>(&client, namespace, "OCIRepository", None, |o| json!(OciRepository::of(o))),
        kind::<HelmRelease>(&client, namespace, "HelmRelease", None, |o| json!(Release::of(o))),
        kind::<k8s_openapi::api::apps::v1::Deployment>(&client, namespace, "Workload", helm, |o| {
            json!(Workload::of_deployment(o))
        }),
        kind::<k8s_openapi::api::apps::v1::StatefulSet>(&client, namespace, "Workload", helm, |o| {
            json!(Workload::of_stateful_set(o))
        }),
        kind::<k8s_openapi::api::apps::v1::DaemonSet>(&client, namespace, "Workload", helm, |o| {
            json!(Workload::of_daemon_set(o))
        }),
    ]);
    let mut unsettled = kinds.len();
    let mut look = tokio::time::interval(Duration::from_secs(5));
    let mut idle_since = Instant::now();
    loop {
        tokio::select! {
            seen = kinds.next() => match seen {
                Some(Seen::Change(change)) => hub.push(change),
                Some(Seen::Settled) => {
                    unsettled = unsettled.saturating_sub(1);
                    if unsettled == 0 {
                        hub.push(Change::notice("ready", None));
                    }
                }
                Some(Seen::Unauthorized) => {
                    hub.push(Change::signed_out());
                    break;
                }
                None => break,
            },
            _ = look.tick() => {
                if hub.listeners.load(Ordering::Relaxed) > 0 {
                    idle_since = Instant::now();
                } else if idle_since.elapsed() > LINGER {
                    break;
                }
            }
        }
    }
    hubs.close(&key, &hub);
}

type Kind = futures::stream::BoxStream<'static, Seen>;

/// The changes of one kind. The first list is silent; a later one means that changes may have been missed.
fn kind<K: Namespaced + Send + Sync + 'static>(
    client: &Client,
    namespace: Option<&str>,
    kind: &'static str,
    labels: Option<&str>,
    view: fn(&K) -> Value,
) -> Kind {
    let mut config = watcher::Config::default();
    if let Some(labels) = labels {
        config = config.labels(labels);
    }
    let mut settled = false;
    let mut done = false;
    watcher(api::<K>(client, namespace), config)
        .default_backoff()
        .map(move |event| {
            if done {
                return (Vec::new(), true);
            }
            let change = |type_, object: &K| {
                Seen::Change(Change {
                    type_,
                    kind: Some(kind),
                    namespace: object.namespace(),
                    name: Some(object.name_any()),
                    resource_version: object.resource_version(),
                    item: if type_ == "applied" { view(object) } else { Value::Null },
                    message: None,
                })
            };
            let seen = match event {
                Ok(watcher::Event::Apply(object)) => vec![change("applied", &object)],
                Ok(watcher::Event::Delete(object)) => vec![change("deleted", &object)],
                Ok(watcher::Event::Init | watcher::Event::InitApply(_)) => Vec::new(),
                Ok(watcher::Event::InitDone) if settled => {
                    vec![Seen::Change(Change::notice("reset", Some(kind)))]
                }
                Ok(watcher::Event::InitDone) => {
                    settled = true;
                    vec![Seen::Settled]
                }
                Err(error) => match refusal(&error) {
                    Some(401) => vec![Seen::Unauthorized],
                    // 404: the cluster does not have this kind.
                    Some(403 | 404) => {
                        done = true;
                        let mut notice = Change::notice("forbidden", Some(kind));
                        notice.message = Some(format!("changes of {kind} objects cannot be followed"));
                        let mut seen = vec![Seen::Change(notice)];
                        if !settled {
                            seen.push(Seen::Settled);
                        }
                        seen
                    }
                    _ => Vec::new(),
                },
            };
            (seen, done)
        })
        .scan(false, |stop, (seen, done)| {
            let go_on = !*stop;
            *stop = done;
            futures::future::ready(go_on.then_some(seen))
        })
        .flat_map(futures::stream::iter)
        .boxed()
}

/// The status with which the cluster refused a watch.
fn refusal(error: &watcher::Error) -> Option<u16> {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status))
        | watcher::Error::WatchStartFailed(kube::Error::Api(status))
        | watcher::Error::WatchFailed(kube::Error::Api(status))
        | watcher::Error::WatchError(status) => Some(status.code),
        _ => None,
    }
}
