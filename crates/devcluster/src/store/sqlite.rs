//! The SQLite file: current objects, and a log of changes so that watches resume after a restart.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, params};

use super::memory::Memory;
use super::{Change, ChangeKind, Object, OpenError, key};

/// Raised when a newer layout cannot be read by older programs.
const FORMAT: i64 = 1;

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS objects (
  bucket TEXT NOT NULL, namespace TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (bucket, namespace, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS log (
  version INTEGER PRIMARY KEY, kind INTEGER NOT NULL, bucket TEXT NOT NULL, body BLOB NOT NULL, previous BLOB);
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
";

/// An open database; used by the writer thread alone.
pub(crate) struct Database {
    connection: Connection,
    /// Bytes written since the last checkpoint, about.
    pending: usize,
}

impl Database {
    /// Opens `cluster.db` in the directory and reads everything into memory.
    pub(crate) fn open(directory: &Path, durable: bool) -> Result<(Self, Memory), OpenError> {
        std::fs::create_dir_all(directory)
            .map_err(|source| OpenError::CreateDirectory { path: directory.display().to_string(), source })?;
        let file = directory.join("cluster.db");
        let path = file.display().to_string();
        let refused = |source| OpenError::OpenDatabase { path: path.clone(), source };
        let connection = Connection::open(&file).map_err(refused)?;
        restrict(&file);
        prepare(&connection, durable).map_err(refused)?;
        let found: i64 = connection
            .query_row("SELECT value FROM meta WHERE key = 'format'", [], |row| row.get(0))
            .map_err(refused)?;
        if found != FORMAT {
            return Err(OpenError::Format { path, found, wanted: FORMAT });
        }
        let memory = load(&connection).map_err(refused)?;
        Ok((Self { connection, pending: 0 }, memory))
    }

    /// Writes changes in one transaction: all or none.
    pub(crate) fn commit<'a>(&mut self, changes: impl Iterator<Item = &'a Change>) -> rusqlite::Result<()> {
        let mut written = 0;
        let transaction = self.connection.transaction()?;
        {
            let mut put = transaction.prepare_cached(
                "INSERT INTO objects (bucket, namespace, name, version, body) VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT DO UPDATE SET version = excluded.version, body = excluded.body",
            )?;
            let mut delete = transaction
                .prepare_cached("DELETE FROM objects WHERE bucket = ?1 AND namespace = ?2 AND name = ?3")?;
            let mut log = transaction.prepare_cached(
                "INSERT INTO log (version, kind, bucket, body, previous) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?;
            for change in changes {
                let object = &change.object;
                let version = signed(object.version);
                let body: &[u8] = &object.body;
                // Object and log row, and a page of each tree.
                written += 2 * body.len() + (8 << 10);
                if change.kind == ChangeKind::Deleted {
                    delete.execute(params![&*change.bucket, &*object.namespace, &*object.name])?;
                } else {
                    put.execute(params![&*change.bucket, &*object.namespace, &*object.name, version, body])?;
                }
                // The state before is only needed where it decides what a selector sees.
                let previous = change
                    .previous
                    .as_ref()
                    .filter(|p| p.labels != object.labels || p.fields != object.fields)
                    .map(|p| p.body.as_ref());
                log.execute(params![version, change.kind as i64, &*change.bucket, body, previous])?;
            }
        }
        transaction.commit()?;
        self.pending += written;
        Ok(())
    }

    /// Moves the write-ahead log into the database where it is longer than `limit` bytes.
    pub(crate) fn checkpoint(&mut self, limit: usize) -> rusqlite::Result<()> {
        if self.pending <= limit {
            return Ok(());
        }
        self.pending = 0;
        self.connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
    }

    /// Drops log rows up to a version.
    pub(crate) fn trim(&mut self, version: u64) -> rusqlite::Result<()> {
        self.connection.execute("DELETE FROM log WHERE version <= ?1", [signed(version)]).map(drop)
    }
}

fn prepare(connection: &Connection, durable: bool) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", if durable { "FULL" } else { "NORMAL" })?;
    connection.pragma_update(None, "cache_size", -1024)?;
    // The writer chooses the moment, see `Database::checkpoint`.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.execute_batch(SCHEMA)?;
    connection.execute("INSERT OR IGNORE INTO meta (key, value) VALUES ('format', ?1)", [FORMAT]).map(drop)
}

fn load(connection: &Connection) -> rusqlite::Result<Memory> {
    let mut memory = Memory::default();
    let mut names: HashMap<String, Arc<str>> = HashMap::new();
    let mut intern = |name: String| -> Arc<str> {
        names.entry(name).or_insert_with_key(|name| Arc::from(name.as_str())).clone()
    };
    let mut version = 0;
    let mut objects = connection.prepare("SELECT bucket, version, body FROM objects")?;
    let mut rows = objects.query([])?;
    while let Some(row) = rows.next()? {
        let bucket = intern(row.get(0)?);
        let at = unsigned(row.get(1)?);
        version = version.max(at);
        if let Some(object) = Object::load(&bucket, at, row.get(2)?) {
            memory.load(&bucket, object);
        } else {
            tracing::error!(%bucket, version = at, "a stored object is not JSON; it is left out");
        }
    }
    let mut floor = None;
    let mut seen: HashMap<(Arc<str>, String), Arc<Object>> = HashMap::new();
    let mut log =
        connection.prepare("SELECT version, kind, bucket, body, previous FROM log ORDER BY version")?;
    let mut rows = log.query([])?;
    while let Some(row) = rows.next()? {
        let at = unsigned(row.get(0)?);
        floor.get_or_insert(at.saturating_sub(1));
        version = version.max(at);
        let bucket = intern(row.get(2)?);
        let Some(object) = Object::load(&bucket, at, row.get(3)?) else { continue };
        let kind = match row.get::<_, i64>(1)? {
            0 => ChangeKind::Added,
            1 => ChangeKind::Modified,
            _ => ChangeKind::Deleted,
        };
        let entry = (bucket.clone(), key(&object.namespace, &object.name));
        let recorded = row.get::<_, Option<Vec<u8>>>(4)?.and_then(|body| Object::load(&bucket, 0, body));
        let previous = match kind {
            ChangeKind::Added => None,
            // Where the state before is not recorded, it looked the same to selectors.
            _ => seen.get(&entry).cloned().or(recorded).or_else(|| Some(object.clone())),
        };
        if kind == ChangeKind::Deleted {
            seen.remove(&entry);
        } else {
            seen.insert(entry, object.clone());
        }
        memory.load_change(Change { kind, bucket, object, previous });
    }
    memory.set_version(version, floor.unwrap_or(version));
    Ok(memory)
}

/// Secrets are in this file: nobody else may read it.
fn restrict(file: &Path) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if let Err(error) = std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)) {
            tracing::warn!(%error, file = %file.display(), "cannot restrict access to the cluster database");
        }
    }
}

fn signed(version: u64) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

fn unsigned(version: i64) -> u64 {
    u64::try_from(version).unwrap_or(0)
}
