//! A HelmRelease that is being deleted.

use jiff::Timestamp;
use kube::ResourceExt as _;
use pilothouse_release::{
    decide::{Decision, decide},
    desired::{Desired, Intent, Options, Policy, Target},
    observe::{Drift, Observed},
    operation::{Operation, World},
    storage::Storage,
};
use pilothouse_resources::{condition, meta};

use super::{Error, action::Active, pass::Pass};
use crate::drive::Outcome;
use crate::status;

impl Pass<'_> {
    /// Uninstalls the release, removes the HelmChart and lets the HelmRelease go. A suspended one is let go as it is.
    pub(super) async fn delete(&mut self) -> Result<Outcome, Error> {
        if !self.object.finalizers().iter().any(|finalizer| finalizer == meta::FINALIZER) {
            self.forget();
            return Ok(Outcome::UntilChanged);
        }
        if self.object.spec.suspend.unwrap_or_default() {
            return self.let_go().await;
        }
        let running = self.releases.running.take(&self.uid);
        if let Some(active) = running.filter(|active| active.deletes) {
            return self.proceed(active).await;
        }
        let namespace = self.object.namespace().unwrap_or_default();
        if let Some(missing) = self.releases.clients.missing(&namespace, &self.object.spec).await {
            tracing::warn!(namespace, name = self.object.name_any(), missing, "uninstall skipped");
            return self.release_chart().await;
        }
        let cluster = match self.releases.clients.cluster(&namespace, &self.object.spec).await {
            Ok(cluster) => cluster,
            Err(error) => return Err(Error::Failed(error.to_string())),
        };
        let desired = self.absent();
        let mut target = desired.target.clone();
        if let Some(storage_namespace) = &self.status.storage_namespace {
            target.storage_namespace.clone_from(storage_namespace);
        }
        let storage = Storage::new(cluster.client().clone(), &target.storage_namespace);
        let world = World { cluster, storage, uid: self.uid.clone() };
        let revisions =
            world.storage.history(&target.name).await.map_err(|error| Error::Failed(error.to_string()))?;
        let observed = Observed {
            now: Timestamp::now(),
            uid: &self.uid,
            status: &self.status,
            revisions: &revisions,
            verified: false,
            drift: Drift::Unknown,
        };
        match decide(&desired, &observed) {
            Decision::Uninstall { target, because } => {
                let storage = Storage::new(world.cluster.client().clone(), &target.storage_namespace);
                let world = World { storage, ..world };
                let options = Options::uninstall(&self.object.spec);
                let operation = Operation::uninstall(target, options, because);
                let mut active = Active::new(operation, world, self.chart_label());
                active.deletes = true;
                self.proceed(active).await
            }
            _ => self.release_chart().await,
        }
    }

    fn absent(&self) -> Desired {
        let namespace = self.object.namespace().unwrap_or_default();
        Desired {
            intent: Intent::Absent,
            target: Target::of(&namespace, &self.object.name_any(), &self.object.spec),
            chart_name: String::new(),
            chart_version: String::new(),
            config_digest: String::new(),
            post_renderers_digest: None,
            common_metadata_digest: None,
            generation: self.object.metadata.generation.unwrap_or_default(),
            force: false,
            policy: Policy::of(&self.object.spec),
        }
    }

    /// The release is uninstalled: its HelmChart goes, then itself.
    pub(super) async fn release_chart(&mut self) -> Result<Outcome, Error> {
        self.delete_chart().await?;
        self.let_go().await
    }

    async fn let_go(&mut self) -> Result<Outcome, Error> {
        self.forget();
        let releases = self.releases;
        status::set_finalizer(&self.api, &releases.recent, meta::HELM_CONTROLLER, &self.object, false)
            .await?;
        Ok(Outcome::UntilChanged)
    }

    fn forget(&mut self) {
        drop(self.releases.running.take(&self.uid));
        self.releases.caches.forget(&self.uid);
        self.conditions.remove(condition::RECONCILING);
    }
}
