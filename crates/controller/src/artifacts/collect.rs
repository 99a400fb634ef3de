//! Removes artifacts that are no longer needed.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use pilothouse_resources::Artifact;

use super::{Artifacts, Error, blocking};

/// Most files of one object that are looked at in one collection (Flux: 1000).
const MAX_FILES: usize = 1000;

/// How long artifacts are kept after newer ones came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retention {
    /// Those older than this go. Default 60 s.
    pub(crate) ttl: Duration,
    /// At most this many stay, the current one among them. Default 2.
    pub(crate) records: usize,
}

impl Artifacts {
    /// Removes an object's artifacts that are older than the retention's time, and all but its newest records; never
    /// the current one. Returns how many.
    pub(crate) async fn collect(&self, current: &Artifact, retention: Retention) -> Result<usize, Error> {
        let (store, path) = (self.clone(), current.path.clone());
        blocking(move || {
            let current = store.locate(&path)?;
            Ok(store.collect_now(&current, retention))
        })
        .await
    }

    fn collect_now(&self, current: &Path, retention: Retention) -> usize {
        let Some(folder) = current.parent() else { return 0 };
        let mut files = files_of(folder);
        files.retain(|(path, _)| path != current);
        files.sort_by_key(|file| std::cmp::Reverse(file.1));
        let now = SystemTime::now();
        let old = |at: &SystemTime| now.duration_since(*at).is_ok_and(|age| age > retention.ttl);
        let mut removed = 0;
        for (rank, (path, placed)) in files.iter().enumerate() {
            if old(placed) || rank + 1 >= retention.records.max(1) {
                removed += usize::from(self.remove_file(path));
            }
        }
        removed
    }

    /// Removes all that belongs to an object. Returns how many artifacts.
    pub(crate) async fn remove_all(
        &self,
        kind: &'static str,
        namespace: &str,
        name: &str,
    ) -> Result<usize, Error> {
        let (store, folder) = (self.clone(), self.locate(&format!("{kind}/{namespace}/{name}"))?);
        let state = self.state_path(kind, namespace, name);
        blocking(move || {
            let removed = files_of(&folder).iter().filter(|(path, _)| store.remove_file(path)).count();
            let _ = fs::remove_dir_all(&folder);
            let _ = fs::remove_file(state);
            Ok(removed)
        })
        .await
    }

    /// Removes folders of objects that are not in `known` (`namespace/name`), left by a deletion nobody saw.
    pub(crate) async fn sweep(&self, kind: &'static str, known: HashSet<String>) -> Result<usize, Error> {
        let store = self.clone();
        let folder = self.locate(kind)?;
        let orphans = blocking(move || {
            let children = |path: &Path| -> Vec<PathBuf> {
                fs::read_dir(path).into_iter().flatten().flatten().map(|e| e.path()).collect()
            };
            let name =
                |path: &Path| path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            let mut orphans = Vec::new();
            for namespace in children(&folder) {
                for object in children(&namespace) {
                    let (namespace, object) = (name(&namespace), name(&object));
                    if !known.contains(&format!("{namespace}/{object}")) {
                        orphans.push((namespace, object));
                    }
                }
            }
            Ok(orphans)
        })
        .await?;
        for (namespace, name) in &orphans {
            store.remove_all(kind, namespace, name).await?;
        }
        Ok(orphans.len())
    }

    /// Removes a served file, and its content where no other object uses it.
    fn remove_file(&self, path: &Path) -> bool {
        let inode = fs::metadata(path).map(|m| (m.nlink(), m.ino(), m.len())).ok();
        if fs::remove_file(path).is_err() {
            return false;
        }
        // Two links: the one just removed and the blob's own.
        if let Some((2, inode, _)) = inode {
            self.remove_blob(inode);
        }
        true
    }

    fn remove_blob(&self, inode: u64) {
        for entry in fs::read_dir(self.0.root.join("blobs")).into_iter().flatten().flatten() {
            if entry.metadata().is_ok_and(|m| m.ino() == inode && m.nlink() == 1) {
                let _ = fs::remove_file(entry.path());
                return;
            }
        }
    }
}

/// The artifacts in an object's folder with the time each was placed there; not its links.
fn files_of(folder: &Path) -> Vec<(PathBuf, SystemTime)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .take(MAX_FILES)
        .filter_map(|entry| {
            let metadata = entry.metadata().ok()?;
            let placed = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(metadata.ctime()).ok()?);
            metadata.is_file().then(|| (entry.path(), placed))
        })
        .collect()
}
