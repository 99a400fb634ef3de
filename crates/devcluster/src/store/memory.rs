//! The current objects and the ring of recent changes.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use tokio::sync::watch;

use super::{Change, ChangeKind, Object, key};

/// Changes kept at most; older ones are forgotten and watches from before them expire.
const MAX_CHANGES: usize = 10_000;
/// Bytes of objects that the kept changes may hold.
const MAX_CHANGE_BYTES: usize = 8 << 20;

/// The version asked for is older than the changes that are still known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// The oldest version that can be asked for.
    pub oldest: u64,
}

/// Objects as they were at one version.
#[derive(Debug)]
pub struct Snapshot {
    /// In the order of namespace and name.
    pub objects: Vec<Arc<Object>>,
    /// The version of this view.
    pub version: u64,
}

#[derive(Default)]
struct Bucket {
    objects: BTreeMap<Box<str>, Arc<Object>>,
    changes: VecDeque<Arc<Change>>,
    /// The version of the latest change.
    changed: u64,
    /// The newest change forgotten.
    forgotten: u64,
    wake: Option<watch::Sender<()>>,
}

/// All buckets.
#[derive(Default)]
pub(crate) struct Memory {
    version: u64,
    buckets: HashMap<Arc<str>, Bucket>,
    /// Bucket and size of each kept change, oldest first.
    order: VecDeque<(Arc<str>, usize)>,
    bytes: usize,
    /// Changes up to here are forgotten in all buckets.
    floor: u64,
}

impl Memory {
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn get(&self, bucket: &str, key: &str) -> Option<Arc<Object>> {
        self.buckets.get(bucket)?.objects.get(key).cloned()
    }

    pub(crate) fn changed(&self, bucket: &str) -> u64 {
        self.buckets.get(bucket).map_or(0, |b| b.changed)
    }

    pub(crate) fn count(&self, bucket: &str) -> usize {
        self.buckets.get(bucket).map_or(0, |b| b.objects.len())
    }

    pub(crate) fn list(&self, bucket: &str, namespace: Option<&str>) -> Snapshot {
        let objects = self.buckets.get(bucket).map(|b| range(&b.objects, namespace)).unwrap_or_default();
        Snapshot { objects, version: self.version }
    }

    pub(crate) fn list_at(
        &self,
        bucket: &str,
        namespace: Option<&str>,
        version: u64,
    ) -> Result<Snapshot, Expired> {
        let later = self.changes_after(bucket, version, usize::MAX)?;
        if later.is_empty() {
            return Ok(Snapshot { version, ..self.list(bucket, namespace) });
        }
        let mut objects: BTreeMap<Box<str>, Arc<Object>> = self
            .list(bucket, namespace)
            .objects
            .into_iter()
            .map(|o| (key(&o.namespace, &o.name).into_boxed_str(), o))
            .collect();
        for change in later.iter().rev() {
            if namespace.is_some_and(|ns| ns != &*change.object.namespace) {
                continue;
            }
            let key = key(&change.object.namespace, &change.object.name).into_boxed_str();
            match &change.previous {
                Some(previous) => objects.insert(key, previous.clone()),
                None => objects.remove(&key),
            };
        }
        Ok(Snapshot { objects: objects.into_values().collect(), version })
    }

    /// Changes of a bucket after a version, oldest first.
    pub(crate) fn changes_after(
        &self,
        bucket: &str,
        version: u64,
        max: usize,
    ) -> Result<Vec<Arc<Change>>, Expired> {
        let Some(bucket) = self.buckets.get(bucket) else {
            return if version < self.floor { Err(Expired { oldest: self.floor }) } else { Ok(Vec::new()) };
        };
        let oldest = bucket.forgotten.max(self.floor);
        if version < oldest {
            return Err(Expired { oldest });
        }
        let start = bucket.changes.partition_point(|c| c.object.version <= version);
        Ok(bucket.changes.iter().skip(start).take(max).cloned().collect())
    }

    /// A receiver that is told of each change of a bucket.
    pub(crate) fn wake(&mut self, bucket: &Arc<str>) -> watch::Receiver<()> {
        let bucket = self.buckets.entry(bucket.clone()).or_default();
        bucket.wake.get_or_insert_with(|| watch::channel(()).0).subscribe()
    }

    /// Takes a committed change in. Its version must be the next.
    pub(crate) fn publish(&mut self, change: Change) {
        self.version = change.object.version;
        let bucket = self.buckets.entry(change.bucket.clone()).or_default();
        bucket.changed = change.object.version;
        let key = key(&change.object.namespace, &change.object.name).into_boxed_str();
        match change.kind {
            ChangeKind::Deleted => drop(bucket.objects.remove(&key)),
            ChangeKind::Added | ChangeKind::Modified => {
                drop(bucket.objects.insert(key, change.object.clone()));
            }
        }
        self.remember(change);
        self.trim();
    }

    /// Takes an object read from disk in.
    pub(crate) fn load(&mut self, bucket: &Arc<str>, object: Arc<Object>) {
        let key = key(&object.namespace, &object.name).into_boxed_str();
        let bucket = self.buckets.entry(bucket.clone()).or_default();
        bucket.changed = bucket.changed.max(object.version);
        bucket.objects.insert(key, object);
    }

    /// Takes a change read from disk in, oldest first; objects are loaded on their own.
    pub(crate) fn load_change(&mut self, change: Change) {
        self.remember(change);
    }

    pub(crate) fn set_version(&mut self, version: u64, floor: u64) {
        self.version = version;
        self.floor = floor;
    }

    /// The oldest version of which all later changes are known.
    pub(crate) fn oldest_change(&self) -> u64 {
        self.order
            .front()
            .and_then(|(bucket, _)| self.buckets.get(bucket)?.changes.front())
            .map_or(self.version, |change| change.object.version - 1)
    }

    pub(crate) fn forget_changes(&mut self) {
        self.floor = self.version;
        self.order.clear();
        self.bytes = 0;
        for bucket in self.buckets.values_mut() {
            bucket.changes.clear();
        }
    }

    fn remember(&mut self, change: Change) {
        let size = change.object.body.len() + 128;
        self.order.push_back((change.bucket.clone(), size));
        self.bytes += size;
        let bucket = self.buckets.entry(change.bucket.clone()).or_default();
        bucket.changes.push_back(Arc::new(change));
        if let Some(wake) = &bucket.wake {
            wake.send_replace(());
        }
    }

    fn trim(&mut self) {
        while self.order.len() > MAX_CHANGES || self.bytes > MAX_CHANGE_BYTES {
            let Some((name, size)) = self.order.pop_front() else { return };
            self.bytes -= size;
            let Some(bucket) = self.buckets.get_mut(&name) else { continue };
            if let Some(change) = bucket.changes.pop_front() {
                bucket.forgotten = change.object.version;
            }
        }
    }
}

fn range(objects: &BTreeMap<Box<str>, Arc<Object>>, namespace: Option<&str>) -> Vec<Arc<Object>> {
    let Some(namespace) = namespace else { return objects.values().cloned().collect() };
    let first = format!("{namespace}/");
    // `0` follows `/` in ASCII: the first key beyond the namespace's.
    let beyond = format!("{namespace}0");
    let bounds = (Bound::Included(first.as_str()), Bound::Excluded(beyond.as_str()));
    objects.range::<str, _>(bounds).map(|(_, object)| object.clone()).collect()
}
