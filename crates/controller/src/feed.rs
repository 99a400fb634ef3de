//! Watches one kind: keeps a store of it and tells others what changed.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt as _;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::reflector::store::Writer;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

/// What a watch saw.
#[derive(Debug)]
pub(crate) enum Change<'a, K> {
    /// An object is there; `old` is what the store held before.
    Applied {
        /// The object now.
        new: &'a K,
        /// The object before, if it was known.
        old: Option<Arc<K>>,
    },
    /// An object is gone.
    Deleted(&'a K),
}

/// Called for each change, after the store shows it. Must be quick: it runs on the watch.
pub(crate) type Hook<K> = Box<dyn Fn(Change<'_, K>) + Send + Sync>;

/// A kind that can be watched.
pub(crate) trait Watched:
    kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static
{
}

impl<K> Watched for K where
    K: kube::Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static
{
}

/// Wakes the reconciler of one kind for an object.
#[derive(Debug)]
pub(crate) struct Waker<K: kube::Resource<DynamicType = ()>>(mpsc::UnboundedSender<ObjectRef<K>>);

/// The receiving end of a [`Waker`]. Unbounded, since the queue behind it holds each object once.
pub(crate) type Wakes<K> = mpsc::UnboundedReceiver<ObjectRef<K>>;

impl<K: kube::Resource<DynamicType = ()>> Clone for Waker<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K: kube::Resource<DynamicType = ()>> Waker<K> {
    /// A waker and its receiving end.
    pub(crate) fn channel() -> (Self, Wakes<K>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self(sender), receiver)
    }

    /// Has the object reconciled now, whether or not it was due.
    pub(crate) fn wake(&self, name: &str, namespace: &str) {
        // The receiving end goes away only at shutdown.
        let _ = self.0.send(ObjectRef::new(name).within(namespace));
    }
}

/// Fills a kind's store from a watch, which lists anew after errors, with growing waits, for ever.
pub(crate) async fn feed<K: Watched>(
    api: Api<K>,
    config: watcher::Config,
    mut writer: Writer<K>,
    hooks: Vec<Hook<K>>,
) {
    {
        let reader = writer.as_reader();
        let kind = K::kind(&());
        let events = watcher(api, config).default_backoff().modify(|object| {
            object.managed_fields_mut().clear();
        });
        let mut events = std::pin::pin!(events);
        let mut listed: Vec<K> = Vec::new();
        while let Some(event) = events.next().await {
            let event = match event {
                Ok(event) => event,
                Err(error) => {
                    tracing::warn!(%kind, error = %error, "watch failed, trying again");
                    continue;
                }
            };
            let before = match &event {
                watcher::Event::InitDone => reader.state(),
                watcher::Event::Apply(object) => reader.get(&ObjectRef::from(object)).into_iter().collect(),
                _ => Vec::new(),
            };
            writer.apply_watcher_event(&event);
            match event {
                watcher::Event::Init => listed = Vec::new(),
                watcher::Event::InitApply(object) => listed.push(object),
                watcher::Event::InitDone => tell_listed(&hooks, &std::mem::take(&mut listed), before),
                watcher::Event::Apply(new) => {
                    let old = before.into_iter().next();
                    hooks.iter().for_each(|hook| hook(Change::Applied { new: &new, old: old.clone() }));
                }
                watcher::Event::Delete(object) => {
                    hooks.iter().for_each(|hook| hook(Change::Deleted(&object)));
                }
            }
        }
    }
}

/// After a new list: what is in it may have changed, what is not in it is gone.
fn tell_listed<K: Watched>(hooks: &[Hook<K>], listed: &[K], before: Vec<Arc<K>>) {
    let mut gone: HashMap<ObjectRef<K>, Arc<K>> =
        before.into_iter().map(|object| (ObjectRef::from_obj(&*object), object)).collect();
    for new in listed {
        let old = gone.remove(&ObjectRef::from_obj(new));
        hooks.iter().for_each(|hook| hook(Change::Applied { new, old: old.clone() }));
    }
    for object in gone.values() {
        hooks.iter().for_each(|hook| hook(Change::Deleted(object)));
    }
}
