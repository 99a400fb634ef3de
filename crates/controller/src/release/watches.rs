//! What wakes releases: their charts and repositories, the releases they depend on, values, and the objects they wait
//! for.

use std::collections::BTreeMap;
use std::sync::Arc;

use k8s_openapi::api::{
    apps::v1::{DaemonSet, Deployment, StatefulSet},
    batch::v1::Job,
    core::v1::{ConfigMap, PersistentVolumeClaim, Pod, Secret, Service},
};
use kube::api::PartialObjectMeta;
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher;
use kube::{Api, Client, Resource, ResourceExt as _};
use pilothouse_release::Revision;
use pilothouse_resources::{
    ChartRefKind, ChartSourceKind, Condition, HelmChart, HelmRelease, HelmRepository, OCIRepository,
    ValuesKind, condition, meta,
};

use super::action::Running;
use crate::context::Context;
use crate::feed::{Change, Hook, Waker, Watched, feed};

/// The metadata of `ConfigMaps` and Secrets, and what runs: shared by the watches and the reconciler.
#[derive(Clone)]
pub(crate) struct Metadata {
    pub(super) secrets: Store<PartialObjectMeta<Secret>>,
    pub(super) config_maps: Store<PartialObjectMeta<ConfigMap>>,
    pub(super) running: Running,
}

/// Futures that fill stores and wake, until they are dropped.
pub(crate) type Watches = Vec<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>>;

impl Metadata {
    /// The watches on what belongs to releases, in one namespace or all.
    pub(crate) fn watch(context: &Context) -> (Self, Watches) {
        let (client, namespace) = (&context.client, context.options.namespace.as_deref());
        let (releases, waker) = (&context.stores.releases, &context.wakers.releases);
        let running = Running::default();
        let mut watches: Watches = Vec::new();
        let secret = values_hook::<Secret>(ValuesKind::Secret, releases, waker);
        let (secrets, writer) = reflector::store();
        watches.push(Box::pin(feed(
            api(client, namespace),
            watcher::Config::default(),
            writer,
            vec![secret],
        )));
        let config_map = values_hook::<ConfigMap>(ValuesKind::ConfigMap, releases, waker);
        let (config_maps, writer) = reflector::store();
        watches.push(Box::pin(feed(
            api(client, namespace),
            watcher::Config::default(),
            writer,
            vec![config_map],
        )));
        watches.push(owned::<Deployment>(client, namespace, &running, waker));
        watches.push(owned::<StatefulSet>(client, namespace, &running, waker));
        watches.push(owned::<DaemonSet>(client, namespace, &running, waker));
        watches.push(owned::<Job>(client, namespace, &running, waker));
        watches.push(owned::<Pod>(client, namespace, &running, waker));
        watches.push(owned::<PersistentVolumeClaim>(client, namespace, &running, waker));
        watches.push(owned::<Service>(client, namespace, &running, waker));
        (Self { secrets, config_maps, running }, watches)
    }

    /// Waits until Secrets and `ConfigMaps` are listed.
    pub(crate) async fn listed(&self) {
        // An error means that the watch is gone, which only happens at shutdown.
        let _ = tokio::join!(self.secrets.wait_until_ready(), self.config_maps.wait_until_ready());
    }

    /// The revision of that number, as far as the watch on Secrets knows it.
    pub(super) fn revision(&self, namespace: &str, name: &str, version: u32) -> Option<Revision> {
        let key = ObjectRef::new(&pilothouse_release::Storage::secret_name(name, version)).within(namespace);
        Revision::from_metadata(&self.secrets.get(&key)?.metadata)
    }

    /// Resource version of an object that holds values.
    pub(super) fn resource_version(&self, kind: ValuesKind, namespace: &str, name: &str) -> Option<String> {
        match kind {
            ValuesKind::Secret => {
                self.secrets.get(&ObjectRef::new(name).within(namespace))?.resource_version()
            }
            ValuesKind::ConfigMap => {
                self.config_maps.get(&ObjectRef::new(name).within(namespace))?.resource_version()
            }
        }
    }
}

fn api<K>(client: &Client, namespace: Option<&str>) -> Api<PartialObjectMeta<K>>
where
    K: Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope>,
{
    match namespace {
        Some(namespace) => Api::namespaced(client.clone(), namespace),
        None => Api::all(client.clone()),
    }
}

fn changed<K: Resource>(new: &K, old: Option<&Arc<K>>) -> bool {
    old.is_none_or(|old| old.meta().resource_version != new.meta().resource_version)
}

/// Wakes the releases that take values from an object, if it carries the watch label or they lack values.
fn values_hook<K>(
    kind: ValuesKind,
    releases: &Store<HelmRelease>,
    waker: &Waker<HelmRelease>,
) -> Hook<PartialObjectMeta<K>>
where
    PartialObjectMeta<K>: Watched,
{
    let (releases, waker) = (releases.clone(), waker.clone());
    Box::new(move |change| {
        let object = match &change {
            Change::Applied { new, old } if changed(*new, old.as_ref()) => *new,
            Change::Applied { .. } => return,
            Change::Deleted(object) => *object,
        };
        if object.labels().get("owner").map(String::as_str) == Some("helm") {
            return;
        }
        let labelled = object.labels().get(meta::WATCH_LABEL).map(String::as_str) == Some("Enabled");
        let (name, namespace) = (object.name_any(), object.namespace());
        for release in releases.state() {
            let references = release.spec.values_from.iter().flatten();
            let named =
                references.into_iter().any(|reference| reference.kind == kind && reference.name == name);
            // Without the label, too, what a release lacks must not have to wait for its next try.
            if named && release.namespace() == namespace && (labelled || lacks_values(&release)) {
                waker.wake(&release.name_any(), &release.namespace().unwrap_or_default());
            }
        }
    })
}

fn lacks_values(release: &HelmRelease) -> bool {
    let status = release.status.as_ref();
    let ready = status.and_then(|status| condition::find(&status.conditions, condition::READY));
    ready.is_some_and(|ready| ready.reason == "ValuesError")
}

/// Wakes a release that waits, when one of its objects changes.
fn owned<K>(
    client: &Client,
    namespace: Option<&str>,
    running: &Running,
    waker: &Waker<HelmRelease>,
) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>
where
    K: Resource<DynamicType = (), Scope = kube::core::NamespaceResourceScope> + Send + Sync + 'static,
    PartialObjectMeta<K>: Watched,
{
    let (running, waker) = (running.clone(), waker.clone());
    let hook: Hook<PartialObjectMeta<K>> = Box::new(move |change| {
        let (Change::Applied { new: object, .. } | Change::Deleted(object)) = change;
        let labels: &BTreeMap<String, String> = object.labels();
        if let (Some(name), Some(namespace)) =
            (labels.get(meta::ORIGIN_NAME), labels.get(meta::ORIGIN_NAMESPACE))
            && running.waits(namespace, name)
        {
            waker.wake(name, namespace);
        }
    });
    let config = watcher::Config::default().labels(meta::ORIGIN_NAME);
    let (_, writer) = reflector::store();
    Box::pin(feed(api::<K>(client, namespace), config, writer, vec![hook]))
}

/// Hooks for the watches of the kinds that releases refer to.
pub(crate) struct Hooks {
    releases: Store<HelmRelease>,
    waker: Waker<HelmRelease>,
}

impl Hooks {
    /// Hooks that find releases in the context's store and wake them.
    pub(crate) fn new(context: &Context) -> Self {
        Self { releases: context.stores.releases.clone(), waker: context.wakers.releases.clone() }
    }

    /// For `HelmReleases`: wakes those that depend on one whose readiness changed.
    pub(crate) fn of_dependencies(&self) -> Hook<HelmRelease> {
        let (releases, waker) = (self.releases.clone(), self.waker.clone());
        Box::new(move |change| {
            let Change::Applied { new, old } = change else { return };
            let conditions = |release: &HelmRelease| {
                release.status.as_ref().map(|status| (status.observed_generation, ready(&status.conditions)))
            };
            if old.is_some_and(|old| conditions(&old) == conditions(new)) {
                return;
            }
            let (name, namespace) = (new.name_any(), new.namespace().unwrap_or_default());
            for release in releases.state() {
                let own = release.namespace().unwrap_or_default();
                let depends = release.spec.depends_on.iter().flatten().any(|dependency| {
                    dependency.name == name && dependency.namespace.as_ref().unwrap_or(&own) == &namespace
                });
                if depends {
                    waker.wake(&release.name_any(), &own);
                }
            }
        })
    }

    /// For `HelmCharts`: the release they were made for, and those that name them.
    pub(crate) fn of_charts(&self) -> Hook<HelmChart> {
        let (releases, waker) = (self.releases.clone(), self.waker.clone());
        Box::new(move |change| {
            let chart = match &change {
                Change::Applied { new, old } => {
                    let state = |chart: &HelmChart| {
                        let status = chart.status.as_ref()?;
                        let artifact = status.artifact.as_ref().map(|artifact| artifact.digest.clone());
                        Some((artifact, status.observed_generation, ready(&status.conditions)))
                    };
                    if old.as_ref().is_some_and(|old| state(old) == state(new)) {
                        return;
                    }
                    *new
                }
                Change::Deleted(chart) => *chart,
            };
            let labels = chart.labels();
            if let (Some(name), Some(namespace)) =
                (labels.get(meta::ORIGIN_NAME), labels.get(meta::ORIGIN_NAMESPACE))
            {
                waker.wake(name, namespace);
            }
            wake_by_reference(&releases, &waker, ChartRefKind::HelmChart, chart);
        })
    }

    /// For `OCIRepositories`: the releases that name them.
    pub(crate) fn of_oci(&self) -> Hook<OCIRepository> {
        let (releases, waker) = (self.releases.clone(), self.waker.clone());
        Box::new(move |change| {
            let repository = match &change {
                Change::Applied { new, old } => {
                    let state = |repository: &OCIRepository| {
                        let status = repository.status.as_ref()?;
                        let artifact = status.artifact.as_ref().map(|artifact| artifact.revision.clone());
                        Some((artifact, status.observed_generation, ready(&status.conditions)))
                    };
                    if old.as_ref().is_some_and(|old| state(old) == state(new)) {
                        return;
                    }
                    *new
                }
                Change::Deleted(repository) => *repository,
            };
            wake_by_reference(&releases, &waker, ChartRefKind::OCIRepository, repository);
        })
    }

    /// For `HelmRepositories`: releases whose repository comes or goes.
    pub(crate) fn of_repositories(&self) -> Hook<HelmRepository> {
        let (releases, waker) = (self.releases.clone(), self.waker.clone());
        Box::new(move |change| {
            let repository = match &change {
                Change::Applied { new, old: None } => *new,
                Change::Applied { .. } => return,
                Change::Deleted(repository) => *repository,
            };
            let (name, namespace) = (repository.name_any(), repository.namespace().unwrap_or_default());
            for release in releases.state() {
                let own = release.namespace().unwrap_or_default();
                let named = release.spec.chart.as_ref().is_some_and(|template| {
                    let source = &template.spec.source_ref;
                    source.kind == ChartSourceKind::HelmRepository
                        && source.name == name
                        && source.namespace.as_ref().unwrap_or(&own) == &namespace
                });
                if named {
                    waker.wake(&release.name_any(), &own);
                }
            }
        })
    }
}

fn ready(conditions: &[Condition]) -> Option<(String, String, String)> {
    let ready = condition::find(conditions, condition::READY)?;
    Some((ready.status.clone(), ready.reason.clone(), ready.message.clone()))
}

fn wake_by_reference<K: Resource>(
    releases: &Store<HelmRelease>,
    waker: &Waker<HelmRelease>,
    kind: ChartRefKind,
    source: &K,
) {
    let (name, namespace) = (source.name_any(), source.namespace().unwrap_or_default());
    for release in releases.state() {
        let own = release.namespace().unwrap_or_default();
        let named = release.spec.chart_ref.as_ref().is_some_and(|reference| {
            reference.kind == kind
                && reference.name == name
                && reference.namespace.as_ref().unwrap_or(&own) == &namespace
        });
        if named {
            waker.wake(&release.name_any(), &own);
        }
    }
}
