//! Starts all controllers of the process and stops them in order.

use std::collections::HashSet;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use kube::core::{NamespaceResourceScope, PartialObjectMeta};
use kube::runtime::{reflector, watcher};
use kube::{Api, Client, ResourceExt as _};
use pilothouse_resources::{HelmChart, HelmRelease, HelmRepository, OCIRepository};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::artifacts::{self, Artifacts};
use crate::catalogs::Catalogs;
use crate::context::{Context, Stores, Wakers};
use crate::drive::drive;
use crate::events::Recorder;
use crate::feed::{Waker, Wakes, Watched, feed};
use crate::hooks;
use crate::options::Options;
use crate::release;
use crate::source::{Source, SourceReconciler};

/// How often catalogs that nobody uses are let go.
const HOUSEKEEPING: Duration = Duration::from_secs(15);

/// Why the controllers could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The artifact store or its server.
    #[error("cannot start the artifact store")]
    Artifacts(#[from] artifacts::Error),
}

/// Runs the controllers until `shutdown`: the watches, the artifact server and the reconcilers of all kinds.
///
/// Artifacts are served on `listener`: plain HTTP, without authentication as Flux's are, so keep it to a trusted
/// network (loopback where the controllers are the only readers).
///
/// # Flow
/// Artifacts are served first; then each kind is watched, and once all are listed the reconcilers start.
///
/// # Guarantees
/// After `shutdown` no new pass starts; passes that run are finished, then the artifact server stops.
///
/// # Errors
/// The data directory cannot be used, or the listener has no address. A Kubernetes API that cannot be
/// reached is no error: the watches try again for ever.
pub async fn run(
    client: Client,
    listener: TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), Error> {
    let local = listener.local_addr().map_err(artifacts::Error::Listen)?;
    let address = options.artifact_address.clone().unwrap_or_else(|| local.to_string());
    tracing::info!(listen = %local, address, "serving artifacts");
    let artifacts = Artifacts::open(&options.data_dir, address, options.pool.clone())?;
    let (events, write_events) =
        Recorder::new(client.clone(), options.instance.clone(), options.metrics.clone());

    let (repositories, repository_writer) = reflector::store::<HelmRepository>();
    let (charts, chart_writer) = reflector::store::<HelmChart>();
    let (oci, oci_writer) = reflector::store::<OCIRepository>();
    let (releases, release_writer) = reflector::store::<HelmRelease>();
    let stores = Stores { repositories, charts, oci, releases };
    let (wake_repositories, repository_wakes) = Waker::channel();
    let (wake_charts, chart_wakes) = Waker::channel();
    let (wake_oci, oci_wakes) = Waker::channel();
    let (wake_releases, release_wakes) = Waker::channel();
    let wakers = Wakers {
        repositories: wake_repositories,
        charts: wake_charts,
        oci: wake_oci,
        releases: wake_releases,
    };
    let context = Arc::new(Context {
        client,
        artifacts: artifacts.clone(),
        catalogs: Catalogs::default(),
        events,
        stores: stores.clone(),
        wakers: wakers.clone(),
        options,
    });

    let stop = CancellationToken::new();
    let serving = CancellationToken::new();
    let mut watches = JoinSet::new();
    watches.spawn(write_events);
    let dependents = release::Hooks::new(&context);
    let of_repositories = vec![
        hooks::own(&context, HelmRepository::KIND, &wakers.repositories),
        hooks::charts_of_repositories(&context),
        dependents.of_repositories(),
    ];
    watches.spawn(feed(api(&context), config(&context), repository_writer, of_repositories));
    let of_charts = vec![hooks::own(&context, HelmChart::KIND, &wakers.charts), dependents.of_charts()];
    watches.spawn(feed(api(&context), config(&context), chart_writer, of_charts));
    let of_oci = vec![hooks::own(&context, OCIRepository::KIND, &wakers.oci), dependents.of_oci()];
    watches.spawn(feed(api(&context), config(&context), oci_writer, of_oci));
    let of_releases =
        vec![hooks::own(&context, "HelmRelease", &wakers.releases), dependents.of_dependencies()];
    watches.spawn(feed(api(&context), config(&context), release_writer, of_releases));
    let (metadata, metadata_watches) = release::Metadata::watch(&context);
    for watch in metadata_watches {
        watches.spawn(watch);
    }
    watches.spawn(hooks::watch_secrets(api::<PartialObjectMeta<Secret>>(&context), context.clone()));
    watches.spawn(housekeeping(context.clone()));
    let server = tokio::spawn(artifacts::serve(artifacts, listener, serving.clone()));

    tokio::spawn({
        let stop = stop.clone();
        async move {
            shutdown.await;
            stop.cancel();
        }
    });
    tokio::select! {
        () = async { tokio::join!(listed(&stores), metadata.listed()); } => sweep(&context).await,
        () = stop.cancelled() => {}
    }
    tokio::join!(
        sources(&context, stores.repositories, repository_wakes, &stop),
        sources(&context, stores.charts, chart_wakes, &stop),
        sources(&context, stores.oci, oci_wakes, &stop),
        release::run(context.clone(), metadata, release_wakes, stop.clone()),
    );
    serving.cancel();
    // The server waits for open downloads; a process that ends does not wait for them long.
    let _ = tokio::time::timeout(Duration::from_secs(5), server).await;
    watches.shutdown().await;
    tracing::info!("controllers stopped");
    Ok(())
}

/// Reconciles the sources of one kind until `stop`.
fn sources<S: Source>(
    context: &Arc<Context>,
    store: reflector::Store<S>,
    wakes: Wakes<S>,
    stop: &CancellationToken,
) -> impl Future<Output = ()> {
    let reconciler = SourceReconciler::new(context.clone());
    drive(reconciler, context.clone(), store, wakes, context.options.concurrent_sources, stop.clone())
}

fn api<K>(context: &Context) -> Api<K>
where
    K: Watched + kube::Resource<Scope = NamespaceResourceScope>,
{
    match &context.options.namespace {
        Some(namespace) => Api::namespaced(context.client.clone(), namespace),
        None => Api::all(context.client.clone()),
    }
}

fn config(context: &Context) -> watcher::Config {
    match &context.options.label_selector {
        Some(selector) => watcher::Config::default().labels(selector),
        None => watcher::Config::default(),
    }
}

/// Waits until every kind is listed: a reconciler must not take what is not known yet for what is not there.
async fn listed(stores: &Stores) {
    // An error means that the watch is gone, which only happens at shutdown.
    let _ = tokio::join!(
        stores.repositories.wait_until_ready(),
        stores.charts.wait_until_ready(),
        stores.oci.wait_until_ready(),
        stores.releases.wait_until_ready(),
    );
}

/// Removes what objects left that were deleted while nobody watched.
async fn sweep(context: &Context) {
    // A shard does not know the others' objects.
    if context.options.label_selector.is_some() || context.options.namespace.is_some() {
        return;
    }
    fn names<K: Watched>(store: &reflector::Store<K>) -> HashSet<String> {
        store
            .state()
            .iter()
            .map(|o| format!("{}/{}", o.namespace().unwrap_or_default(), o.name_any()))
            .collect()
    }
    for (kind, known) in [
        (HelmRepository::KIND_PATH, names(&context.stores.repositories)),
        (HelmChart::KIND_PATH, names(&context.stores.charts)),
        (OCIRepository::KIND_PATH, names(&context.stores.oci)),
    ] {
        match context.artifacts.sweep(kind, known).await {
            Ok(0) => {}
            Ok(removed) => tracing::info!(kind, removed, "removed artifacts of objects that are gone"),
            Err(error) => tracing::warn!(kind, error = artifacts::explain(&error), "cannot sweep artifacts"),
        }
    }
}

async fn housekeeping(context: Arc<Context>) {
    loop {
        tokio::time::sleep(HOUSEKEEPING).await;
        context.catalogs.let_go();
    }
}
