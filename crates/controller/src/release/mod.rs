//! Reconciles `HelmReleases`: one decision a pass, waiting never holds a worker.
//!
//! ```text
//! finalizer ─► HelmChart ─► dependencies ─► source ─► values ─► observe ─► decide ─► one step ─► status
//! ```
//!
//! An action that has to wait is kept in [`Running`] between passes, and in Helm's release record across restarts.

mod action;
mod caches;
mod chart_template;
mod clients;
mod conditions;
mod deletion;
mod dependencies;
mod drift;
mod observe;
mod pass;
mod source;
mod values;
mod watches;

use std::sync::Arc;

use kube::ResourceExt as _;
use pilothouse_resources::HelmRelease;
use tokio_util::sync::CancellationToken;

use self::{action::Running, caches::Caches, clients::Clients, pass::Pass};
use crate::context::Context;
use crate::drive::{Outcome, Reconcile, drive};
use crate::feed::Wakes;
use crate::status::{self, Recent};

pub(crate) use watches::{Hooks, Metadata};

/// The reconciler of `HelmReleases`.
pub(crate) struct Releases {
    context: Arc<Context>,
    recent: Recent<HelmRelease>,
    running: Running,
    caches: Caches,
    clients: Clients,
    metadata: Metadata,
}

/// Why a pass could not be finished.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The status could not be written.
    #[error(transparent)]
    Status(#[from] status::Error),
    /// Anything else, which the conditions do not tell yet.
    #[error("{0}")]
    Failed(String),
    /// Anything else, which the conditions tell.
    #[error("{0}")]
    Told(String),
}

/// Reconciles `HelmReleases` until `shutdown`.
pub(crate) async fn run(
    context: Arc<Context>,
    metadata: Metadata,
    wakes: Wakes<HelmRelease>,
    shutdown: CancellationToken,
) {
    let store = context.stores.releases.clone();
    let concurrency = context.options.concurrent_releases;
    let releases = Releases {
        recent: Recent::default(),
        running: metadata.running.clone(),
        caches: Caches::default(),
        clients: Clients::new(context.client.clone()),
        metadata,
        context: Arc::clone(&context),
    };
    drive(releases, context, store, wakes, concurrency, shutdown).await;
}

impl Reconcile for Releases {
    type Object = HelmRelease;
    const KIND: &'static str = "HelmRelease";

    async fn reconcile(&self, object: Arc<HelmRelease>) -> Outcome {
        let object = self.recent.latest(object);
        match self.pass(object).await {
            Ok(outcome) => outcome,
            Err(Error::Status(error)) if error.is_gone() => Outcome::UntilChanged,
            Err(error) => Outcome::Retry(error.to_string()),
        }
    }
}

impl Releases {
    async fn pass(&self, object: Arc<HelmRelease>) -> Result<Outcome, Error> {
        let namespace = object.namespace().unwrap_or_default();
        let api = self.context.api::<HelmRelease>(&namespace);
        if object.metadata.deletion_timestamp.is_some() {
            let mut pass = Pass::new(self, api, object);
            let outcome = pass.delete().await;
            return pass.tell(outcome).await;
        }
        let manager = pilothouse_resources::meta::HELM_CONTROLLER;
        let object = status::set_finalizer(&api, &self.recent, manager, &object, true).await?;
        let mut pass = Pass::new(self, api, object);
        let outcome = pass.run().await;
        let outcome = pass.tell(outcome).await;
        pass.tell_metrics();
        outcome
    }
}
