//! Records Kubernetes events: in the background, equal ones counted instead of repeated, bursts held back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::{Event, EventSource, ObjectReference};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time};
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt as _};
use pilothouse_resources::meta::EVENT_PREFIX;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::metrics::Metrics;

/// Events waiting to be written.
const QUEUE: usize = 1024;
/// Events of one object in a burst, and how often one more is allowed after it (client-go's spam filter).
const BURST: f64 = 25.0;
const REFILL: Duration = Duration::from_secs(300);
/// How long an event is remembered to be counted again (client-go's correlator: 10 minutes).
const MEMORY: Duration = Duration::from_secs(600);
/// Longest message of an event (`events.k8s.io`: 1 KiB).
const MAX_MESSAGE: usize = 1024;

/// How an event is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Severity {
    /// Something went as wished.
    Normal,
    /// Something a person should look at.
    Warning,
}

/// Records events. Cheap to clone; never waits and never fails: what cannot be written is counted and dropped.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    queue: mpsc::Sender<Note>,
    metrics: Metrics,
}

#[derive(Debug)]
struct Note {
    object: ObjectReference,
    controller: &'static str,
    severity: Severity,
    reason: String,
    message: String,
    annotations: BTreeMap<String, String>,
    at: Timestamp,
}

impl Recorder {
    /// A recorder and the task that writes what it records, until all recorders are gone.
    pub(crate) fn new(
        client: Client,
        instance: String,
        metrics: Metrics,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (queue, notes) = mpsc::channel(QUEUE);
        (Self { queue, metrics: metrics.clone() }, write_all(client, instance, metrics, notes))
    }

    /// Records an event about `object`, by `controller` (`source-controller`, `helm-controller`). Annotations of the
    /// object that begin with `event.toolkit.fluxcd.io/` go along.
    pub(crate) fn record<K: Resource<DynamicType = ()>>(
        &self,
        object: &K,
        controller: &'static str,
        severity: Severity,
        reason: &str,
        message: &str,
        annotations: impl IntoIterator<Item = (String, String)>,
    ) {
        let mut all: BTreeMap<String, String> = object
            .annotations()
            .iter()
            .filter(|(key, _)| key.starts_with(EVENT_PREFIX))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        all.extend(annotations);
        let note = Note {
            object: object.object_ref(&()),
            controller,
            severity,
            reason: reason.to_owned(),
            message: cut(message),
            annotations: all,
            at: Timestamp::now(),
        };
        if self.queue.try_send(note).is_err() {
            self.metrics.event_dropped();
        }
    }
}

fn cut(message: &str) -> String {
    if message.len() <= MAX_MESSAGE {
        return message.to_owned();
    }
    let end = (0..=MAX_MESSAGE - 3).rev().find(|at| message.is_char_boundary(*at)).unwrap_or(0);
    format!("{}...", &message[..end])
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    uid: String,
    severity: Severity,
    reason: String,
    message: String,
}

#[derive(Debug)]
struct Written {
    name: String,
    count: i32,
    last: Instant,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    last: Instant,
}

#[derive(Debug, Default)]
struct Memory {
    written: HashMap<Key, Written>,
    buckets: HashMap<String, Bucket>,
    swept: Option<Instant>,
}

impl Memory {
    /// Whether an object may have one more event now.
    fn allow(&mut self, uid: &str, now: Instant) -> bool {
        let bucket = self.buckets.entry(uid.to_owned()).or_insert(Bucket { tokens: BURST, last: now });
        let gained = now.duration_since(bucket.last).as_secs_f64() / REFILL.as_secs_f64();
        bucket.tokens = (bucket.tokens + gained).min(BURST);
        bucket.last = now;
        if bucket.tokens < 1.0 {
            return false;
        }
        bucket.tokens -= 1.0;
        true
    }

    fn sweep(&mut self, now: Instant) {
        if self.swept.is_some_and(|at| now.duration_since(at) < MEMORY / 10) {
            return;
        }
        self.swept = Some(now);
        self.written.retain(|_, event| now.duration_since(event.last) < MEMORY);
        self.buckets.retain(|_, bucket| now.duration_since(bucket.last) < REFILL * 25);
    }
}

async fn write_all(client: Client, instance: String, metrics: Metrics, mut notes: mpsc::Receiver<Note>) {
    let mut memory = Memory::default();
    let instance: Arc<str> = instance.into();
    while let Some(note) = notes.recv().await {
        let now = Instant::now();
        memory.sweep(now);
        let uid = note.object.uid.clone().unwrap_or_default();
        if !memory.allow(&uid, now) {
            metrics.event_dropped();
            continue;
        }
        if let Err(error) = write(&client, &instance, &mut memory, &uid, note).await {
            metrics.event_dropped();
            tracing::debug!(%error, "cannot record an event");
        }
    }
}

async fn write(
    client: &Client,
    instance: &str,
    memory: &mut Memory,
    uid: &str,
    note: Note,
) -> kube::Result<()> {
    let namespace = note.object.namespace.clone().unwrap_or_else(|| "default".into());
    let api: Api<Event> = Api::namespaced(client.clone(), &namespace);
    let key = Key {
        uid: uid.to_owned(),
        severity: note.severity,
        reason: note.reason.clone(),
        message: note.message.clone(),
    };
    let manager = PatchParams { field_manager: Some(note.controller.to_owned()), ..PatchParams::default() };
    if let Some(known) = memory.written.get_mut(&key) {
        let patch = json!({"count": known.count + 1, "lastTimestamp": Time(note.at)});
        match api.patch(&known.name, &manager, &Patch::Merge(patch)).await {
            Ok(_) => {
                known.count += 1;
                known.last = Instant::now();
                return Ok(());
            }
            // The cluster forgets events after an hour.
            Err(kube::Error::Api(status)) if status.code == 404 => {}
            Err(error) => return Err(error),
        }
    }
    let event = event_of(note, &namespace, instance);
    let name = event.name_any();
    api.create(&PostParams { field_manager: manager.field_manager, ..PostParams::default() }, &event).await?;
    memory.written.insert(key, Written { name, count: 1, last: Instant::now() });
    Ok(())
}

fn event_of(note: Note, namespace: &str, instance: &str) -> Event {
    let severity = match note.severity {
        Severity::Normal => "Normal",
        Severity::Warning => "Warning",
    };
    // client-go's names: the object's name and a number that differs; objects' names may fill 253 characters.
    let suffix = format!("{:016x}", rand::random::<u64>());
    let base: String = note.object.name.clone().unwrap_or_default().chars().take(230).collect();
    Event {
        metadata: ObjectMeta {
            name: Some(format!("{base}.{suffix}")),
            namespace: Some(namespace.to_owned()),
            annotations: (!note.annotations.is_empty()).then_some(note.annotations),
            ..ObjectMeta::default()
        },
        involved_object: note.object,
        reason: Some(note.reason),
        message: Some(note.message),
        type_: Some(severity.to_owned()),
        source: Some(EventSource { component: Some(note.controller.to_owned()), host: None }),
        first_timestamp: Some(Time(note.at)),
        last_timestamp: Some(Time(note.at)),
        count: Some(1),
        reporting_component: Some(note.controller.to_owned()),
        reporting_instance: Some(instance.to_owned()),
        ..Event::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_is_held_back_and_allowed_again_later() {
        let mut memory = Memory::default();
        let allowed = (0..40).filter(|_| memory.allow("u", Instant::now())).count();
        assert_eq!(allowed, 25);
        assert!(memory.allow("other", Instant::now()));
        tokio::time::advance(Duration::from_secs(301)).await;
        assert!(memory.allow("u", Instant::now()));
        assert!(!memory.allow("u", Instant::now()));
    }

    #[test]
    fn long_messages_are_cut_at_a_character() {
        assert_eq!(cut(&"ä".repeat(1000)).len(), 1023);
        assert_eq!(cut("short"), "short");
    }
}
