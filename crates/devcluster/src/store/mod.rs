//! Objects in memory (as bytes), their recent changes, and the SQLite file behind them.
//!
//! ```text
//! requests ──commands──► writer thread ──► SQLite (object and log row, one transaction)
//!    ▲                        │
//!    └── reads ◄── memory ◄───┘ then: memory, recent changes, watchers woken
//! ```
//!
//! One thread writes: it checks the expectation, gives out the next resource version, commits, publishes, replies.
//! What a reader or watcher sees is therefore committed. Start at [`Store::open`].

mod encode;
mod memory;
mod object;
mod sqlite;
mod writer;

use std::path::Path;
use std::sync::Arc;

use parking_lot::RwLock;
use tokio::sync::{broadcast, oneshot};

pub use encode::Encoded;
pub use memory::{Expired, Snapshot};
pub use object::{Change, ChangeKind, Object};

use memory::Memory;

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory could not be made.
    #[error("cannot create data directory `{path}`")]
    CreateDirectory {
        /// The directory.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// SQLite refused.
    #[error("cannot open cluster database `{path}`")]
    OpenDatabase {
        /// The file.
        path: String,
        /// Why.
        source: rusqlite::Error,
    },
    /// The file was written by another, incompatible version.
    #[error("cluster database `{path}` has format {found}, this program reads format {wanted}")]
    Format {
        /// The file.
        path: String,
        /// The file's format.
        found: i64,
        /// The format of this program.
        wanted: i64,
    },
    /// The writer thread could not be started.
    #[error("cannot start the store's writer thread")]
    StartWriter(#[source] std::io::Error),
}

/// Why a write did not happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WriteError {
    /// The object is there already.
    Exists,
    /// The object is not there.
    Missing,
    /// The object has another resource version than expected.
    Changed,
    /// The database refused (disk full, …); nothing was changed.
    Database(String),
    /// The store has been closed.
    Closed,
}

/// What must hold for a write to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// No object of that name.
    Absent,
    /// The object, in this version.
    Version(u64),
}

/// A write.
pub(crate) struct Command {
    pub(crate) bucket: Arc<str>,
    pub(crate) key: String,
    pub(crate) expect: Expect,
    /// The new object; `None`: delete it.
    pub(crate) put: Option<Encoded>,
    pub(crate) reply: oneshot::Sender<Result<Arc<Object>, WriteError>>,
}

/// The objects of a cluster. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    memory: Arc<RwLock<Memory>>,
    commands: std::sync::mpsc::Sender<Command>,
    changes: broadcast::Sender<Change>,
}

/// How to open a store.
#[derive(Debug, Clone, Copy, Default)]
pub struct StoreOptions<'a> {
    /// Directory of the database; `None`: in memory only.
    pub directory: Option<&'a Path>,
    /// Survive power loss, not only the end of the process: `synchronous=FULL` (a few milliseconds a commit).
    pub durable: bool,
}

impl Store {
    /// Opens (or creates) a store and starts its writer thread, which ends when the last clone is dropped.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(options: StoreOptions<'_>) -> Result<Self, OpenError> {
        let (database, memory) = match options.directory {
            Some(directory) => {
                let (database, memory) = sqlite::Database::open(directory, options.durable)?;
                (Some(database), memory)
            }
            None => (None, Memory::default()),
        };
        let memory = Arc::new(RwLock::new(memory));
        let (changes, _) = broadcast::channel(1024);
        let commands =
            writer::start(memory.clone(), database, changes.clone()).map_err(OpenError::StartWriter)?;
        Ok(Self { memory, commands, changes })
    }

    /// The latest resource version.
    pub fn version(&self) -> u64 {
        self.memory.read().version()
    }

    /// One object.
    pub fn get(&self, bucket: &str, namespace: &str, name: &str) -> Option<Arc<Object>> {
        self.memory.read().get(bucket, &key(namespace, name))
    }

    /// All objects of a bucket in the order of namespace and name, of one namespace or all.
    pub fn list(&self, bucket: &str, namespace: Option<&str>) -> Snapshot {
        self.memory.read().list(bucket, namespace)
    }

    /// The same as it was at an earlier version.
    ///
    /// # Errors
    /// [`Expired`] where the changes since then are no longer known.
    pub fn list_at(&self, bucket: &str, namespace: Option<&str>, version: u64) -> Result<Snapshot, Expired> {
        self.memory.read().list_at(bucket, namespace, version)
    }

    /// The version of the latest change in a bucket.
    pub fn changed(&self, bucket: &str) -> u64 {
        self.memory.read().changed(bucket)
    }

    /// Number of objects of a bucket.
    pub fn count(&self, bucket: &str) -> usize {
        self.memory.read().count(bucket)
    }

    /// Forgets the changes so far: watches from older versions are expired.
    pub fn forget_changes(&self) {
        self.memory.write().forget_changes();
    }

    /// All changes of all buckets from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }

    /// Reads the changes of a bucket after a version.
    pub fn follow(&self, bucket: &Arc<str>, after: u64) -> Follower {
        let wake = self.memory.write().wake(bucket);
        Follower { memory: self.memory.clone(), bucket: bucket.clone(), position: after, wake }
    }

    /// Creates, replaces or (`put`: `None`) deletes an object. Returns the object as stored, or its last state with
    /// the version of the deletion.
    ///
    /// # Errors
    /// See [`WriteError`].
    pub async fn write(
        &self,
        bucket: &Arc<str>,
        namespace: &str,
        name: &str,
        expect: Expect,
        put: Option<Encoded>,
    ) -> Result<Arc<Object>, WriteError> {
        let (reply, answer) = oneshot::channel();
        let command = Command { bucket: bucket.clone(), key: key(namespace, name), expect, put, reply };
        self.commands.send(command).map_err(|_| WriteError::Closed)?;
        answer.await.unwrap_or(Err(WriteError::Closed))
    }
}

/// The key of an object in its bucket; sorts as etcd's keys do.
pub(crate) fn key(namespace: &str, name: &str) -> String {
    let mut key = String::with_capacity(namespace.len() + 1 + name.len());
    key.push_str(namespace);
    key.push('/');
    key.push_str(name);
    key
}

/// Reads the changes of a bucket, in order, without a queue of its own: it reads the shared ring.
pub struct Follower {
    memory: Arc<RwLock<Memory>>,
    bucket: Arc<str>,
    position: u64,
    wake: tokio::sync::watch::Receiver<()>,
}

impl Follower {
    /// Changes since the last call; waits for the first. At most 256 at once.
    ///
    /// # Errors
    /// [`Expired`]: this reader is too slow, or asked for too old a version; list again.
    pub async fn next(&mut self) -> Result<Vec<Arc<Change>>, Expired> {
        loop {
            self.wake.mark_unchanged();
            let batch = self.memory.read().changes_after(&self.bucket, self.position, 256)?;
            if let Some(last) = batch.last() {
                self.position = last.object.version;
                return Ok(batch);
            }
            if self.wake.changed().await.is_err() {
                return Err(Expired { oldest: self.position });
            }
        }
    }

    /// The version read so far, or the store's where nothing newer is in this bucket.
    pub fn position(&self) -> u64 {
        let memory = self.memory.read();
        match memory.changes_after(&self.bucket, self.position, 1) {
            Ok(rest) if rest.is_empty() => memory.version().max(self.position),
            _ => self.position,
        }
    }
}
