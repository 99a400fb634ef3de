//! The thread that writes.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::{broadcast, oneshot};

use super::memory::Memory;
use super::sqlite::Database;
use super::{Change, ChangeKind, Command, Expect, Object, WriteError};

/// Commands committed in one transaction at most.
const MAX_BATCH: usize = 64;
/// A moment without commands.
const IDLE: Duration = Duration::from_millis(250);
/// Bytes of the write-ahead log that are moved in a quiet moment, and those that are moved at once.
const CHECKPOINT_IDLE: usize = 256 << 10;
const CHECKPOINT_BUSY: usize = 64 << 20;
/// Commits between two trims of the log.
const TRIM_EVERY: u32 = 512;

type Reply = oneshot::Sender<Result<Arc<Object>, WriteError>>;

/// Starts the thread; it ends when all senders are gone.
pub(crate) fn start(
    memory: Arc<RwLock<Memory>>,
    database: Option<Database>,
    changes: broadcast::Sender<Change>,
) -> io::Result<Sender<Command>> {
    let (sender, receiver) = channel();
    let writer = Writer { memory, database, changes, since_trim: 0 };
    std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || writer.run(&receiver))?;
    Ok(sender)
}

struct Writer {
    memory: Arc<RwLock<Memory>>,
    database: Option<Database>,
    changes: broadcast::Sender<Change>,
    since_trim: u32,
}

impl Writer {
    fn run(mut self, commands: &Receiver<Command>) {
        loop {
            let first = match commands.recv_timeout(IDLE) {
                Ok(first) => first,
                Err(RecvTimeoutError::Timeout) => {
                    self.checkpoint(CHECKPOINT_IDLE);
                    // Nothing to do: wait without waking up.
                    match commands.recv() {
                        Ok(first) => first,
                        Err(_) => return,
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let mut batch = vec![first];
            while batch.len() < MAX_BATCH
                && let Ok(next) = commands.try_recv()
            {
                batch.push(next);
            }
            self.write(batch);
            self.checkpoint(CHECKPOINT_BUSY);
        }
    }

    fn write(&mut self, batch: Vec<Command>) {
        let mut version = self.memory.read().version();
        let mut pending: Vec<(Change, Reply)> = Vec::with_capacity(batch.len());
        for command in batch {
            match self.decide(&command.bucket, &command.key, command.expect, &pending) {
                Err(error) => drop(command.reply.send(Err(error))),
                Ok(previous) => {
                    version += 1;
                    let (kind, object) = match (command.put, &previous) {
                        (Some(put), None) => (ChangeKind::Added, put.finish(version)),
                        (Some(put), Some(_)) => (ChangeKind::Modified, put.finish(version)),
                        (None, Some(old)) => (ChangeKind::Deleted, old.at_version(version)),
                        (None, None) => {
                            version -= 1;
                            drop(command.reply.send(Err(WriteError::Missing)));
                            continue;
                        }
                    };
                    pending.push((Change { kind, bucket: command.bucket, object, previous }, command.reply));
                }
            }
        }
        self.commit(pending);
    }

    /// The object that the command replaces, or why it may not.
    fn decide(
        &self,
        bucket: &Arc<str>,
        key: &str,
        expect: Expect,
        pending: &[(Change, Reply)],
    ) -> Result<Option<Arc<Object>>, WriteError> {
        let (namespace, name) = key.split_once('/').unwrap_or(("", key));
        let in_batch = pending.iter().rev().map(|(change, _)| change).find(|change| {
            change.bucket == *bucket && &*change.object.name == name && &*change.object.namespace == namespace
        });
        let current = match in_batch {
            Some(change) if change.kind == ChangeKind::Deleted => None,
            Some(change) => Some(change.object.clone()),
            None => self.memory.read().get(bucket, key),
        };
        match (expect, current) {
            (Expect::Absent, None) => Ok(None),
            (Expect::Absent, Some(_)) => Err(WriteError::Exists),
            (Expect::Version(_), None) => Err(WriteError::Missing),
            (Expect::Version(wanted), Some(object)) if object.version == wanted => Ok(Some(object)),
            (Expect::Version(_), Some(_)) => Err(WriteError::Changed),
        }
    }

    fn commit(&mut self, pending: Vec<(Change, Reply)>) {
        if pending.is_empty() {
            return;
        }
        if let Some(database) = &mut self.database
            && let Err(error) = database.commit(pending.iter().map(|(change, _)| change))
        {
            tracing::error!(%error, "cannot write to the cluster database");
            for (_, reply) in pending {
                drop(reply.send(Err(WriteError::Database(error.to_string()))));
            }
            return;
        }
        {
            let mut memory = self.memory.write();
            for (change, _) in &pending {
                memory.publish(change.clone());
            }
        }
        for (change, reply) in pending {
            drop(reply.send(Ok(change.object.clone())));
            // No receiver is no error.
            let _ = self.changes.send(change);
        }
        self.trim();
    }

    /// Moves the write-ahead log into the database where it is longer than `limit` bytes. That waits for the disk, so
    /// it is done in quiet moments, and under load only when the log grows long.
    fn checkpoint(&mut self, limit: usize) {
        let Some(database) = &mut self.database else { return };
        if let Err(error) = database.checkpoint(limit) {
            tracing::warn!(%error, "cannot checkpoint the cluster database");
        }
    }

    fn trim(&mut self) {
        self.since_trim += 1;
        if self.since_trim < TRIM_EVERY {
            return;
        }
        self.since_trim = 0;
        let oldest = self.memory.read().oldest_change();
        if let Some(database) = &mut self.database
            && let Err(error) = database.trim(oldest)
        {
            tracing::warn!(%error, "cannot trim the log of the cluster database");
        }
    }
}
