//! What all reconcilers share.

use kube::runtime::reflector::Store;
use kube::{Api, Client};
use pilothouse_resources::{HelmChart, HelmRelease, HelmRepository, OCIRepository};

use crate::artifacts::{Artifacts, Retention};
use crate::catalogs::Catalogs;
use crate::events::Recorder;
use crate::feed::{Waker, Watched};
use crate::options::Options;

/// Clients, stores and settings of this process' controllers.
pub(crate) struct Context {
    /// The Kubernetes API.
    pub(crate) client: Client,
    /// Settings.
    pub(crate) options: Options,
    /// Artifacts on disk.
    pub(crate) artifacts: Artifacts,
    /// Catalogs read from artifacts lately.
    pub(crate) catalogs: Catalogs,
    /// Events.
    pub(crate) events: Recorder,
    /// What the watches know.
    pub(crate) stores: Stores,
    /// How reconcilers are woken.
    pub(crate) wakers: Wakers,
}

/// What the watches know of each kind.
#[derive(Clone)]
pub(crate) struct Stores {
    pub(crate) repositories: Store<HelmRepository>,
    pub(crate) charts: Store<HelmChart>,
    pub(crate) oci: Store<OCIRepository>,
    pub(crate) releases: Store<HelmRelease>,
}

/// One waker a kind.
#[derive(Clone)]
pub(crate) struct Wakers {
    pub(crate) repositories: Waker<HelmRepository>,
    pub(crate) charts: Waker<HelmChart>,
    pub(crate) oci: Waker<OCIRepository>,
    pub(crate) releases: Waker<HelmRelease>,
}

impl Context {
    /// The API of a kind in a namespace.
    pub(crate) fn api<K>(&self, namespace: &str) -> Api<K>
    where
        K: Watched + kube::Resource<Scope = kube::core::NamespaceResourceScope>,
    {
        Api::namespaced(self.client.clone(), namespace)
    }

    /// How long artifacts are kept.
    pub(crate) fn retention(&self) -> Retention {
        Retention {
            ttl: self.options.artifact_retention_ttl,
            records: self.options.artifact_retention_records,
        }
    }
}
