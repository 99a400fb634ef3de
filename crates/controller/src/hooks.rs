//! Who is woken by what.

use std::collections::HashMap;
use std::sync::Arc;

use futures::StreamExt as _;
use k8s_openapi::api::core::v1::Secret;
use kube::core::PartialObjectMeta;
use kube::runtime::{WatchStreamExt as _, watcher};
use kube::{Api, Resource, ResourceExt as _};
use pilothouse_resources::meta::{FORCE_AT, RECONCILE_REQUESTED_AT, RESET_AT};
use pilothouse_resources::{ChartSourceKind, HelmChart, HelmRepository};

use crate::context::Context;
use crate::feed::{Change, Hook, Waker, Watched};
use crate::source::Source as _;

/// Whether a change is one its own reconciler must see: new, other generation, deletion, or a request. Status writes
/// (our own among them) are not.
fn is_request<K: Resource>(new: &K, old: Option<&K>) -> bool {
    let Some(old) = old else { return true };
    let annotation = |o: &K, key: &str| o.annotations().get(key).cloned();
    let (before, now) = (old.meta(), new.meta());
    before.uid != now.uid
        || before.generation != now.generation
        || before.deletion_timestamp != now.deletion_timestamp
        || before.finalizers != now.finalizers && now.deletion_timestamp.is_some()
        || [RECONCILE_REQUESTED_AT, FORCE_AT, RESET_AT]
            .iter()
            .any(|key| annotation(new, key) != annotation(old, key))
}

fn place<K: Resource>(object: &K) -> (String, String) {
    (object.namespace().unwrap_or_default(), object.name_any())
}

/// Objects of a kind wake themselves; the figures of one that is gone go with it.
pub(crate) fn own<K: Watched>(context: &Arc<Context>, kind: &'static str, waker: &Waker<K>) -> Hook<K> {
    let (context, waker) = (context.clone(), waker.clone());
    Box::new(move |change| match change {
        Change::Applied { new, old } => {
            if is_request(new, old.as_deref()) {
                let (namespace, name) = place(new);
                waker.wake(&name, &namespace);
            }
        }
        Change::Deleted(gone) => {
            let (namespace, name) = place(gone);
            context.options.metrics.forget(kind, &namespace, &name);
        }
    })
}

/// `HelmRepositories` wake the charts that come from them.
pub(crate) fn charts_of_repositories(context: &Arc<Context>) -> Hook<HelmRepository> {
    let context = context.clone();
    Box::new(move |change| match change {
        Change::Applied { new, old } => {
            let revision = |r: &HelmRepository| {
                r.status.as_ref().and_then(|s| s.artifact.as_ref()).map(|a| a.revision.clone())
            };
            let changed =
                old.as_deref().is_none_or(|old| revision(old) != revision(new) || old.spec != new.spec);
            if changed {
                let (namespace, name) = place(new);
                wake_charts(&context, &namespace, &name);
            }
        }
        Change::Deleted(gone) => {
            let (namespace, name) = place(gone);
            remove_artifacts(&context, HelmRepository::KIND_PATH, &namespace, &name);
            wake_charts(&context, &namespace, &name);
        }
    })
}

fn wake_charts(context: &Context, namespace: &str, repository: &str) {
    let from = |chart: &HelmChart| {
        chart.namespace().as_deref() == Some(namespace)
            && chart.spec.source_ref.kind == ChartSourceKind::HelmRepository
            && chart.spec.source_ref.name == repository
    };
    for chart in context.stores.charts.state_filter(from) {
        context.wakers.charts.wake(&chart.name_any(), namespace);
    }
}

/// An OCI HelmRepository has no finalizer, so its artifacts go when its deletion is seen.
fn remove_artifacts(context: &Arc<Context>, kind: &'static str, namespace: &str, name: &str) {
    let (artifacts, namespace, name) = (context.artifacts.clone(), namespace.to_owned(), name.to_owned());
    tokio::spawn(async move {
        if let Err(error) = artifacts.remove_all(kind, &namespace, &name).await {
            tracing::warn!(kind, namespace, name, %error, "cannot remove artifacts");
        }
    });
}

/// Watches Secrets, their metadata only and not those Helm keeps releases in: a corrected credential is tried at
/// once, not after the wait that failures led to.
pub(crate) async fn watch_secrets(api: Api<PartialObjectMeta<Secret>>, context: Arc<Context>) {
    let config = watcher::Config::default().fields("type!=helm.sh/release.v1");
    let events = watcher(api, config).default_backoff().touched_objects();
    let mut events = std::pin::pin!(events);
    let mut versions: HashMap<(String, String), String> = HashMap::new();
    while let Some(event) = events.next().await {
        let secret: PartialObjectMeta<Secret> = match event {
            Ok(secret) => secret,
            Err(error) => {
                tracing::debug!(%error, "watching Secrets failed, trying again");
                continue;
            }
        };
        let (key, version) = (place(&secret), secret.resource_version().unwrap_or_default());
        if versions.insert(key.clone(), version.clone()).is_some_and(|before| before != version)
            || is_young(&secret)
        {
            wake_users(&context, &key.0, &key.1);
        }
    }
}

/// A Secret made in the last minute may be one that a source waits for; older ones were there at start.
fn is_young(secret: &PartialObjectMeta<Secret>) -> bool {
    let created = secret.creation_timestamp().map(|t| t.0);
    created.is_some_and(|at| jiff::Timestamp::now().duration_since(at).as_secs() < 60)
}

fn wake_users(context: &Context, namespace: &str, secret: &str) {
    let is = |reference: Option<&pilothouse_resources::LocalObjectReference>| {
        reference.is_some_and(|r| r.name == secret)
    };
    let repositories = context.stores.repositories.state_filter(|r| {
        r.namespace().as_deref() == Some(namespace)
            && (is(r.spec.secret_ref.as_ref()) || is(r.spec.cert_secret_ref.as_ref()))
    });
    for repository in repositories {
        context.wakers.repositories.wake(&repository.name_any(), namespace);
        wake_charts(context, namespace, &repository.name_any());
    }
    let oci = context.stores.oci.state_filter(|r| {
        let references = [&r.spec.secret_ref, &r.spec.cert_secret_ref, &r.spec.proxy_secret_ref];
        r.namespace().as_deref() == Some(namespace)
            && references.iter().any(|reference| is(reference.as_ref()))
    });
    for repository in oci {
        context.wakers.oci.wake(&repository.name_any(), namespace);
    }
}
