//! Catalogs read from their artifacts, the last few kept: many charts of one repository are resolved in a row.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use pilothouse_registry::Catalog;
use pilothouse_resources::Artifact;

use crate::artifacts::{Artifacts, Error};

/// Catalogs kept. A large one takes tens of megabytes.
const KEPT: usize = 2;
/// How long one is kept after its last use.
const IDLE: Duration = Duration::from_secs(30);
/// Largest stored index: it is no larger than what was fetched, in JSON.
const MAX_INDEX: u64 = 128 << 20;

/// The catalogs used lately, by digest.
#[derive(Debug, Default)]
pub(crate) struct Catalogs(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    digest: String,
    catalog: Arc<Catalog>,
    used: Instant,
}

/// A stored catalog that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReadError {
    #[error("{}", crate::artifacts::explain(.0))]
    Artifact(#[from] Error),
    #[error(transparent)]
    Parse(#[from] pilothouse_registry::Error),
}

impl Catalogs {
    /// The catalog of a repository's artifact.
    pub(crate) async fn get(
        &self,
        artifacts: &Artifacts,
        artifact: &Artifact,
    ) -> Result<Arc<Catalog>, ReadError> {
        let digest = artifact.digest.clone().unwrap_or_default();
        if let Some(found) = self.find(&digest) {
            return Ok(found);
        }
        let bytes = artifacts.read(artifact, MAX_INDEX).await?;
        let parsed = tokio::task::spawn_blocking(move || Catalog::from_index(&bytes)).await;
        let catalog = match parsed {
            Ok(catalog) => Arc::new(catalog?),
            // The runtime is going down.
            Err(_) => Arc::default(),
        };
        self.put(digest, catalog.clone());
        Ok(catalog)
    }

    fn find(&self, digest: &str) -> Option<Arc<Catalog>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = kept.iter_mut().find(|k| k.digest == digest)?;
        found.used = Instant::now();
        Some(found.catalog.clone())
    }

    fn put(&self, digest: String, catalog: Arc<Catalog>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|k| k.digest != digest);
        kept.sort_by_key(|k| k.used);
        while kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(Kept { digest, catalog, used: Instant::now() });
    }

    /// Lets go of catalogs nobody used for a while.
    pub(crate) fn let_go(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|k| k.used.elapsed() < IDLE);
    }
}
