//! Events: one object for repeats of the same thing, with a count.

use std::collections::HashMap;

use jiff::Timestamp;
use rand::Rng as _;
use serde_json::{Value, json};

use super::engine::Engine;
use super::objects::{name, namespace, stamp, uid};

/// Names of events by what they say; bounded.
#[derive(Default)]
pub(super) struct Recorder {
    known: HashMap<(String, String, String), String>,
}

const MAX_KNOWN: usize = 4096;

/// What happened.
pub(super) struct Event<'a> {
    pub(super) component: &'a str,
    pub(super) normal: bool,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

impl Engine {
    /// Records an event about an object. A failure to do so is logged, nothing more.
    pub(super) async fn event(&mut self, api_version: &str, kind: &str, object: &Value, event: Event<'_>) {
        let Ok(resource) = self.resource("", "Event") else { return };
        let now = stamp(Timestamp::now());
        let key = (uid(object).to_owned(), event.reason.to_owned(), event.message.to_owned());
        let place = if namespace(object).is_empty() { "default" } else { namespace(object) };
        if let Some(known) = self.recorder.known.get(&key).cloned() {
            let again = |live: &mut Value| {
                let count = live["count"].as_i64().unwrap_or(1) + 1;
                live["count"] = json!(count);
                live["lastTimestamp"] = json!(now);
                true
            };
            if let Ok(Some(_)) = self.controllers.modify(&resource, "", place, &known, again).await {
                return;
            }
        }
        let suffix: u64 = rand::rng().random();
        let event_name = format!("{}.{suffix:016x}", name(object));
        let mut involved = json!({
            "apiVersion": api_version, "kind": kind, "name": name(object), "uid": uid(object),
            "resourceVersion": object["metadata"]["resourceVersion"],
        });
        if !namespace(object).is_empty() {
            involved["namespace"] = json!(namespace(object));
        }
        let value = json!({
            "apiVersion": "v1", "kind": "Event",
            "metadata": { "name": event_name, "namespace": place },
            "involvedObject": involved,
            "reason": event.reason, "message": event.message,
            "type": if event.normal { "Normal" } else { "Warning" },
            "source": { "component": event.component }, "reportingComponent": event.component, "reportingInstance": "",
            "firstTimestamp": now, "lastTimestamp": now, "count": 1,
        });
        match self.controllers.create(&resource, place, value).await {
            Ok(_) => {
                if self.recorder.known.len() >= MAX_KNOWN {
                    self.recorder.known.clear();
                }
                self.recorder.known.insert(key, event_name);
            }
            Err(error) => tracing::debug!(%error, reason = event.reason, "could not record an event"),
        }
    }
}
