//! `--validate`: renders with what a cluster has, and lets its API server check every object.

use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use kube::{
    Client, Config,
    config::{KubeConfigOptions, Kubeconfig},
};
use pilothouse_chart::{Chart, RenderContext, Rendered, Values};
use pilothouse_release::{
    api_error,
    cluster::{Apply, Cluster, ClusterLookup, Placed},
    object,
};

use crate::{commands::render_failure, output};

/// Flags that choose the cluster, in Helm's names.
#[derive(Debug, clap::Args)]
pub(crate) struct ClusterArgs {
    /// Kubeconfig of the cluster [default: KUBECONFIG, else ~/.kube/config, in a pod its own].
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig [default: its current one].
    #[arg(long, value_name = "NAME")]
    kube_context: Option<String>,
}

impl ClusterArgs {
    async fn client(&self) -> anyhow::Result<Client> {
        let options =
            KubeConfigOptions { context: self.kube_context.clone(), ..KubeConfigOptions::default() };
        let config = match &self.kubeconfig {
            Some(file) => {
                let kubeconfig =
                    Kubeconfig::read_from(file).with_context(|| format!("cannot read {}", file.display()))?;
                Config::from_custom_kubeconfig(kubeconfig, &options).await
            }
            None if self.kube_context.is_some() => Config::from_kubeconfig(&options).await,
            None => return Client::try_default().await.context("cluster reachability check failed"),
        };
        let config = config.context("cannot use the kubeconfig")?;
        Client::try_from(config).context("cannot use the kubeconfig")
    }
}

/// Renders with the cluster's version, API versions and objects, and checks what came of it. Nothing is changed.
///
/// # Errors
/// The cluster is not reached, the chart does not render, or the API server refuses an object.
pub(super) fn render(
    args: &ClusterArgs,
    chart: &Chart,
    values: &Values,
    context: RenderContext<'_>,
) -> anyhow::Result<Rendered> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let cluster = runtime.block_on(async {
        let cluster = Cluster::new(args.client().await?);
        let capabilities = cluster
            .capabilities()
            .await
            .map_err(|error| anyhow!("cluster reachability check failed: {error}"))?;
        anyhow::Ok((cluster, capabilities))
    });
    let (cluster, capabilities) = cluster?;
    if !chart.crds().is_empty() {
        output::note(
            "level=WARN msg=\"This chart or one of its subcharts contains CRDs. Rendering may fail or contain \
             inaccuracies.\"",
        );
    }
    let lookup = {
        let _inside = runtime.enter();
        ClusterLookup::new(cluster.clone())
    };
    let (release, namespace, is_install) =
        (context.release.name.clone(), context.release.namespace.clone(), context.release.is_install);
    let context = RenderContext { capabilities, lookup: Some(&lookup), ..context };
    let rendered = pilothouse_chart::render(chart, values, &context).map_err(render_failure)?;
    let target = Target { release: &release, namespace: &namespace, is_install };
    runtime.block_on(check(&cluster, &rendered.manifest, &target))?;
    Ok(rendered)
}

/// The release that the objects would belong to.
struct Target<'a> {
    release: &'a str,
    namespace: &'a str,
    is_install: bool,
}

/// Places every object and sends it to the API server as a dry run.
async fn check(cluster: &Cluster, manifest: &str, target: &Target<'_>) -> anyhow::Result<()> {
    const FAILED: &str = "unable to build kubernetes objects from release manifest";
    let objects = object::parse(manifest).map_err(|error| anyhow!("{FAILED}: {error}"))?;
    let mut placed = Vec::new();
    let mut problems = Vec::new();
    for mut object in objects {
        object.own(target.release, target.namespace);
        match cluster.place(object, target.namespace).await {
            Ok(found) => placed.push(found),
            Err(error) if error.is_transient() => bail!("{FAILED}: {error}"),
            Err(error) => problems.push(error.to_string()),
        }
    }
    for object in &placed {
        if target.is_install {
            check_owner(cluster, object, target).await?;
        }
        if let Err(error) = cluster.apply(object, Apply::DryRun, true).await {
            let text = api_error::text(&error);
            if api_error::code(&error) == Some(404) && text.starts_with("namespaces ") {
                output::note(format!("not checked: {}: {text}", object.object.id()));
            } else {
                problems.push(format!("error validating {}: {text}", object.object.id()));
            }
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    bail!("{FAILED}: {}", object::aggregate(problems.into_iter()))
}

/// An install may not take over what belongs to nobody or to another release.
async fn check_owner(cluster: &Cluster, placed: &Placed, target: &Target<'_>) -> anyhow::Result<()> {
    if placed.object.name().is_empty() {
        return Ok(());
    }
    let Some(live) = cluster.get(placed).await.map_err(|error| anyhow!("{error}"))? else { return Ok(()) };
    let Some(reason) = object::foreign_owner(&live, target.release, target.namespace) else { return Ok(()) };
    bail!(
        "unable to continue with install: {} {:?} in namespace {:?} exists and cannot be imported into the current \
         release: {reason}",
        placed.object.kind(),
        placed.object.name(),
        placed.object.namespace()
    );
}
