//! `OCIRepositories` as sources: follows a tag, a range or a digest, and stores one layer of what it points to.

mod fetch;
mod layer;

use kube::ResourceExt as _;
use pilothouse_resources::condition::Status;
use pilothouse_resources::{Artifact, DurationString, OCIRepository, OCIRepositoryStatus};

use self::fetch::Fetched;
use crate::context::Context;
use crate::source::{self, Failure, Source, Success};
use crate::status::Conditions;

impl Source for OCIRepository {
    const KIND: &'static str = "OCIRepository";
    const KIND_PATH: &'static str = "ocirepository";
    const LINK: &'static str = "latest.tar.gz";

    /// Whether a new artifact was stored.
    type Found = bool;

    fn interval(&self) -> Option<&DurationString> {
        Some(&self.spec.interval)
    }

    fn is_suspended(&self) -> bool {
        self.spec.suspend.unwrap_or(false)
    }

    async fn work(
        &self,
        context: &Context,
        status: &mut OCIRepositoryStatus,
        _requested: Option<&str>,
    ) -> Result<bool, Failure> {
        if self.spec.verify.is_some() {
            return Err(Failure::fetch(
                "VerificationError",
                "failed to verify the signature: verifying signatures is not supported yet; the artifact was not used",
            ));
        }
        let same = status.observed_ignore == self.spec.ignore
            && status.observed_layer_selector == self.spec.layer_selector;
        let stored = status.artifact.as_ref().filter(|_| same).map(|a| a.revision.clone());
        let Some(fetched) = fetch::run(context, self, stored.as_deref()).await? else {
            return Ok(false);
        };
        let Fetched { revision, digest, content, annotations } = fetched;
        let file = format!("{digest}.tar.gz");
        status.artifact = Some(source::store(context, self, file, revision, content, annotations).await?);
        status.observed_ignore.clone_from(&self.spec.ignore);
        status.observed_layer_selector.clone_from(&self.spec.layer_selector);
        Ok(true)
    }

    fn succeeded(
        &self,
        status: &mut OCIRepositoryStatus,
        conditions: &mut Conditions,
        found: bool,
    ) -> Success {
        conditions.remove(source::SOURCE_VERIFIED);
        let artifact = status.artifact.as_ref();
        let revision = artifact.map(|a| a.revision.as_str()).unwrap_or_default();
        if found {
            tracing::info!(namespace = self.namespace(), name = self.name_any(), revision, "stored artifact");
        }
        let news = artifact.filter(|_| found).map(|a| ("NewArtifact".to_owned(), news(a, &self.spec.url)));
        Success {
            reason: "Succeeded".to_owned(),
            message: format!("stored artifact for digest '{revision}'"),
            news,
            warnings: Vec::new(),
        }
    }

    fn failed(&self, _status: &mut OCIRepositoryStatus, conditions: &mut Conditions, failure: &Failure) {
        if failure.reason == "VerificationError" {
            conditions.remove(source::FETCH_FAILED);
            conditions.set(source::SOURCE_VERIFIED, Status::False, failure.reason, &failure.message);
        }
    }
}

/// What the event about a new artifact says: its revision, and where it was built where its annotations say so.
fn news(artifact: &Artifact, url: &str) -> String {
    let mut text = format!("stored artifact with revision '{}' from '{url}'", artifact.revision);
    let annotation = |key: &str| artifact.metadata.as_ref().and_then(|m| m.get(key));
    if let Some(origin) = annotation("org.opencontainers.image.source") {
        text.push_str(&format!(", origin source '{origin}'"));
    }
    if let Some(origin) = annotation("org.opencontainers.image.revision") {
        text.push_str(&format!(", origin revision '{origin}'"));
    }
    text
}
