//! Stores artifacts: content-addressed on disk, under Flux's paths, never half-written.
//!
//! ```text
//! <data>/artifacts/<kind>/<namespace>/<name>/<file>   what is served; a hard link to …
//! <data>/blobs/<hex>                                  … the content, once, whatever number of objects want it
//! <data>/state/<kind>/<namespace>/<name>.json         what syncs remember; not served
//! ```

mod collect;
mod server;

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use pilothouse_registry::{Digest, Pool};
use pilothouse_resources::Artifact;
use tokio::task::spawn_blocking;

pub(crate) use collect::Retention;
pub(crate) use server::serve;

/// Something the artifact store could not do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {what} `{path}`")]
    File {
        /// What was tried.
        what: &'static str,
        /// The file, below the data directory.
        path: String,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// A path that would leave the store.
    #[error("`{0}` is not a path of an artifact")]
    Path(String),
    /// The artifact server's listener has no address.
    #[error("cannot tell the address of the artifact server")]
    Listen(#[source] io::Error),
    /// An artifact has no digest, or its content another one.
    #[error("artifact `{path}` has digest {actual}, expected {expected}")]
    Digest {
        /// The artifact's path.
        path: String,
        /// What its status says.
        expected: String,
        /// What its content has.
        actual: String,
    },
    /// It is not here and its server does not give it.
    #[error("cannot fetch artifact from {url}: {source}")]
    Fetch {
        /// Where it should be.
        url: String,
        /// Why not.
        source: Box<pilothouse_registry::Error>,
    },
}

impl Error {
    /// Whether the disk is full.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::File { source, .. } if source.kind() == io::ErrorKind::StorageFull)
    }
}

/// The chain of causes in one line, for a condition.
pub(crate) fn explain(error: &Error) -> String {
    match error {
        Error::File { source, .. } | Error::Listen(source) => format!("{error}: {source}"),
        _ => error.to_string(),
    }
}

/// What is to be stored.
#[derive(Debug, Clone)]
pub(crate) struct NewArtifact {
    /// Kind of the object, lower case (`helmchart`).
    pub(crate) kind: &'static str,
    /// Namespace of the object.
    pub(crate) namespace: String,
    /// Name of the object.
    pub(crate) name: String,
    /// Name of the file.
    pub(crate) file: String,
    /// Revision.
    pub(crate) revision: String,
    /// Content.
    pub(crate) content: Bytes,
    /// Upstream information.
    pub(crate) metadata: std::collections::BTreeMap<String, String>,
}

/// The store of artifacts. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Artifacts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    address: String,
    pool: Pool,
    /// Files whose content was compared with their digest, as they were then.
    checked: Mutex<HashMap<String, (u64, SystemTime, String)>>,
}

impl Artifacts {
    /// A store in `root`, whose files are served at `http://<address>/`.
    pub(crate) fn open(root: &Path, address: String, pool: Pool) -> Result<Self, Error> {
        for folder in ["artifacts", "blobs", "state"] {
            let path = root.join(folder);
            fs::create_dir_all(&path).map_err(|source| file_error("create", &path, source))?;
        }
        let inner = Inner { root: root.to_owned(), address, pool, checked: Mutex::default() };
        Ok(Self(Arc::new(inner)))
    }

    /// The folder that is served.
    pub(crate) fn served(&self) -> PathBuf {
        self.0.root.join("artifacts")
    }

    /// The URL of a path.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/{path}", self.0.address)
    }

    /// Stores an artifact and points the object's fixed link (`index.yaml`, `latest.tar.gz`) at it.
    pub(crate) async fn store(&self, new: NewArtifact, link: &'static str) -> Result<Artifact, Error> {
        let store = self.clone();
        blocking(move || store.store_now(new, link)).await
    }

    fn store_now(&self, new: NewArtifact, link: &str) -> Result<Artifact, Error> {
        let digest = Digest::of(&new.content);
        let path = artifact_path(new.kind, &new.namespace, &new.name, &new.file);
        let target = self.locate(&path)?;
        let folder = target.parent().unwrap_or(&target).to_owned();
        fs::create_dir_all(&folder).map_err(|source| file_error("create", &folder, source))?;
        let blob = self.0.root.join("blobs").join(digest.hex());
        if !is_content(&blob, &new.content) {
            self.write_atomically(&blob, &new.content)?;
        }
        self.place(&blob, &target, &new.content)?;
        self.point(&folder, link, &new.file)?;
        Ok(Artifact {
            url: self.url(&path),
            path,
            revision: new.revision,
            digest: Some(digest.to_string()),
            last_update_time: Some(Time(Timestamp::now())),
            size: i64::try_from(new.content.len()).ok(),
            metadata: (!new.metadata.is_empty()).then_some(new.metadata),
        })
    }

    /// Makes `target` a hard link to `blob`, or a copy where the file system has no links.
    fn place(&self, blob: &Path, target: &Path, content: &[u8]) -> Result<(), Error> {
        let staged = self.staging();
        match fs::hard_link(blob, &staged) {
            Ok(()) => {
                let renamed = fs::rename(&staged, target);
                // Where both names already are the same file, rename does nothing and leaves the first.
                let _ = fs::remove_file(&staged);
                renamed.map_err(|source| file_error("store", target, source))
            }
            Err(_) => self.write_atomically(target, content),
        }
    }

    /// Points the symbolic link `link` in `folder` at `file`.
    fn point(&self, folder: &Path, link: &str, file: &str) -> Result<(), Error> {
        let path = folder.join(link);
        if fs::read_link(&path).is_ok_and(|now| now == Path::new(file)) {
            return Ok(());
        }
        let staged = self.staging();
        std::os::unix::fs::symlink(file, &staged).map_err(|source| file_error("link", &path, source))?;
        fs::rename(&staged, &path).map_err(|source| file_error("link", &path, source))
    }

    fn write_atomically(&self, path: &Path, content: &[u8]) -> Result<(), Error> {
        let staged = self.staging();
        let write = || -> io::Result<()> {
            let mut file = fs::File::create_new(&staged)?;
            file.write_all(content)?;
            file.sync_data()?;
            drop(file);
            fs::rename(&staged, path)
        };
        write().map_err(|source| {
            let _ = fs::remove_file(&staged);
            file_error("write", path, source)
        })
    }

    /// A name nobody else uses, on the same file system as all others.
    fn staging(&self) -> PathBuf {
        self.0.root.join("blobs").join(format!(".new-{:032x}", rand::random::<u128>()))
    }

    /// Whether the file of an artifact is here with the content its digest says. The content is read again only when
    /// the file changed since it was last compared.
    pub(crate) async fn is_stored(&self, artifact: &Artifact) -> bool {
        let (store, artifact) = (self.clone(), artifact.clone());
        spawn_blocking(move || store.is_stored_now(&artifact)).await.unwrap_or(false)
    }

    fn is_stored_now(&self, artifact: &Artifact) -> bool {
        let (Some(digest), Ok(path)) = (&artifact.digest, self.locate(&artifact.path)) else { return false };
        let Ok(metadata) = fs::metadata(&path) else { return false };
        let Ok(modified) = metadata.modified() else { return false };
        let seen = (metadata.len(), modified, digest.clone());
        let mut checked = self.0.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if checked.get(&artifact.path) == Some(&seen) {
            return true;
        }
        checked.remove(&artifact.path);
        drop(checked);
        let same = fs::read(&path).is_ok_and(|content| Digest::of(&content).as_str() == digest);
        if same {
            self.0.checked.lock().unwrap_or_else(PoisonError::into_inner).insert(artifact.path.clone(), seen);
        }
        same
    }

    /// The content of an artifact: from this store, else from its URL (an artifact of another controller). At most
    /// `limit` bytes, and only with the digest its status says.
    pub(crate) async fn read(&self, artifact: &Artifact, limit: u64) -> Result<Bytes, Error> {
        let (store, wanted) = (self.clone(), artifact.clone());
        if let Some(content) = spawn_blocking(move || store.read_now(&wanted, limit)).await.ok().flatten() {
            return Ok(content);
        }
        let digest = artifact.digest.clone().unwrap_or_default();
        let parsed = digest.parse::<Digest>().map_err(|_| Error::Digest {
            path: artifact.path.clone(),
            expected: digest,
            actual: "unknown".into(),
        })?;
        pilothouse_registry::artifact::read(&self.0.pool, &artifact.url, &parsed, limit)
            .await
            .map_err(|source| Error::Fetch { url: artifact.url.clone(), source: Box::new(source) })
    }

    fn read_now(&self, artifact: &Artifact, limit: u64) -> Option<Bytes> {
        let path = self.locate(&artifact.path).ok()?;
        if fs::metadata(&path).ok()?.len() > limit {
            return None;
        }
        let content = fs::read(path).ok()?;
        (Digest::of(&content).as_str() == artifact.digest.as_deref()?).then(|| Bytes::from(content))
    }

    /// The artifact with its URL as this store serves it now, so that a changed address reaches the status.
    pub(crate) fn readdress(&self, artifact: &Artifact) -> Artifact {
        Artifact { url: self.url(&artifact.path), ..artifact.clone() }
    }

    /// What was remembered for an object; `None` where nothing was, or it cannot be read.
    pub(crate) async fn recall<T: serde::de::DeserializeOwned + Send + 'static>(
        &self,
        kind: &'static str,
        namespace: &str,
        name: &str,
    ) -> Option<T> {
        let path = self.state_path(kind, namespace, name);
        spawn_blocking(move || serde_json::from_slice(&fs::read(path).ok()?).ok()).await.ok().flatten()
    }

    /// Remembers something for an object until it is removed.
    pub(crate) async fn remember<T: serde::Serialize + Send + 'static>(
        &self,
        kind: &'static str,
        namespace: &str,
        name: &str,
        what: T,
    ) -> Result<(), Error> {
        let (store, path) = (self.clone(), self.state_path(kind, namespace, name));
        blocking(move || {
            let folder = path.parent().unwrap_or(&path).to_owned();
            fs::create_dir_all(&folder).map_err(|source| file_error("create", &folder, source))?;
            let text = serde_json::to_vec(&what)
                .map_err(|e| file_error("write", &path, io::Error::new(io::ErrorKind::InvalidData, e)))?;
            store.write_atomically(&path, &text)
        })
        .await
    }

    fn state_path(&self, kind: &str, namespace: &str, name: &str) -> PathBuf {
        self.0.root.join("state").join(kind).join(namespace).join(format!("{name}.json"))
    }

    /// Where a served path is on disk; a path that could leave the store is refused.
    fn locate(&self, path: &str) -> Result<PathBuf, Error> {
        let relative = Path::new(path);
        let plain = relative.components().all(|c| matches!(c, Component::Normal(_)));
        if path.is_empty() || !plain {
            return Err(Error::Path(path.to_owned()));
        }
        Ok(self.served().join(relative))
    }
}

/// `<kind>/<namespace>/<name>/<file>`, as Flux lays its artifacts out.
pub(crate) fn artifact_path(kind: &str, namespace: &str, name: &str, file: &str) -> String {
    format!("{kind}/{namespace}/{name}/{file}")
}

fn is_content(path: &Path, content: &[u8]) -> bool {
    fs::metadata(path).is_ok_and(|m| m.len() == content.len() as u64)
        && fs::read(path).is_ok_and(|now| now == content)
}

fn file_error(what: &'static str, path: &Path, source: io::Error) -> Error {
    Error::File { what, path: path.display().to_string(), source }
}

/// Runs file work off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    spawn_blocking(work)
        .await
        .unwrap_or_else(|e| Err(file_error("finish work on", Path::new(""), io::Error::other(e))))
}

#[cfg(test)]
mod tests;
