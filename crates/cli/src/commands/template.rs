//! `pilothouse template`: renders a chart, as `helm template` does.

use std::{net::ToSocketAddrs, path::PathBuf, process::ExitCode, time::SystemTime};

use anyhow::{anyhow, bail};
use pilothouse_chart::{
    Capabilities, Chart, KubeVersion, Random, Release, RenderContext, RenderError, Rendered, Resolve,
    TemplateOptions, Values, check_release_name, render, render_name, render_templates, template_output,
};

use super::{package::modified, values::ValuesArgs};
use crate::{
    charts::{ChartArgs, dependencies::Manager, files, locate::Located},
    output,
};

mod against_cluster;
mod files_of;

/// Arguments of `pilothouse template`, in Helm's names.
#[derive(Debug, clap::Args)]

pub(crate) struct Args {
    /// Name of the release, or the chart where no second argument is given.
    name: Option<String>,
    /// Directory, archive, `oci://HOST/PATH/CHART`, URL, REPOSITORY/CHART, or a name with --repo.
    chart: Option<String>,
    #[command(flatten)]
    from: ChartArgs,
    #[command(flatten)]
    values: ValuesArgs,
    /// Namespace of the release.
    #[arg(long, short, default_value = "default")]
    namespace: String,
    /// Template of the release's name.
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,
    /// Take the name that is printed without one; no name may be given.
    #[arg(long, short)]
    generate_name: bool,
    /// Kubernetes version that templates see.
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,
    /// API version that templates see beside the built-in ones; repeat it, or separate several by commas.
    #[arg(long, short, value_delimiter = ',', value_name = "VERSION")]
    api_versions: Vec<String>,
    /// Print the chart's CRDs too.
    #[arg(long)]
    include_crds: bool,
    /// Leave the chart's CRDs out, as is done without --include-crds.
    #[arg(long, conflicts_with = "include_crds")]
    skip_crds: bool,
    /// Print only this template's output: its path without the chart's name, or a pattern; repeat it for several.
    #[arg(long, short, value_name = "PATH")]
    show_only: Vec<String>,
    /// Render as for an upgrade.
    #[arg(long)]
    is_upgrade: bool,
    /// Leave test hooks out.
    #[arg(long)]
    skip_tests: bool,
    /// Leave hooks out.
    #[arg(long)]
    no_hooks: bool,
    /// Do not check the values against the chart's schema.
    #[arg(long)]
    skip_schema_validation: bool,
    /// Let templates look up host names.
    #[arg(long)]
    enable_dns: bool,
    /// Print what the templates gave even where it is not YAML.
    #[arg(long)]
    debug: bool,
    /// Update the dependencies of a chart's directory first where some are missing.
    #[arg(long)]
    dependency_update: bool,
    /// Write files below this directory instead of printing.
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Put the release's name between the output directory and the chart's.
    #[arg(long)]
    release_name: bool,
    /// Render with what the cluster has, and let it check every object without changing anything.
    #[arg(long)]
    validate: bool,
    /// `server` is --validate; `client`, the default, asks no cluster.
    #[arg(long, value_name = "WHERE", conflicts_with = "validate", default_missing_value = "client", num_args = 0..=1,
        require_equals = true)]
    dry_run: Option<Where>,
    #[command(flatten)]
    cluster: against_cluster::ClusterArgs,
    #[command(flatten)]
    no_effect: NoEffect,
    /// Answer JSON lines on standard input with JSON lines on standard output.
    #[arg(long)]
    batch: bool,
}

/// Flags that `helm template` shares with `helm install` and that change nothing of what it prints: taken, so that a
/// script written for Helm runs.
#[derive(Debug, clap::Args)]

struct NoEffect {
    #[arg(long, hide = true)]
    create_namespace: bool,
    #[arg(long, hide = true)]
    description: Option<String>,
    #[arg(long, hide = true)]
    disable_openapi_validation: bool,
    #[arg(long, hide = true)]
    force_conflicts: bool,
    #[arg(long, hide = true)]
    force_replace: bool,
    #[arg(long, short, hide = true)]
    labels: Vec<String>,
    #[arg(long, hide = true)]
    replace: bool,
    #[arg(long, hide = true)]
    rollback_on_failure: bool,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    server_side: Option<String>,
    #[arg(long, hide = true)]
    take_ownership: bool,
    #[arg(long, hide = true)]
    timeout: Option<String>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "watcher")]
    wait: Option<String>,
    #[arg(long, hide = true)]
    wait_for_jobs: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Where {
    /// Without a cluster.
    Client,
    /// Against the cluster.
    Server,
}

/// Runs `pilothouse template`.
///
/// # Errors
/// Helm's text of what failed.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.batch {
        return super::batch::run();
    }
    let version = args.kube_version.as_deref().filter(|text| !text.is_empty()).map(|text| {
        KubeVersion::parse(text).map_err(|error| anyhow!("invalid kube version '{text}': {error}"))
    });
    let mut capabilities = Capabilities::default();
    if let Some(version) = version.transpose()? {
        capabilities.kube_version = version;
    }
    capabilities.api_versions.extend(args.api_versions.iter().cloned());
    let (name, chart) = args.name_and_chart()?;
    let chart = args.load(&chart)?;
    let values = args.values.read()?;
    chart.check_installable().map_err(|error| anyhow!("{error}"))?;
    if chart.metadata().deprecated {
        output::note("level=WARN msg=\"this chart is deprecated\"");
    }
    check_release_name(&name).map_err(|error| anyhow!("release name check failed: {error}"))?;
    let mut release = Release::install(&name, &args.namespace);
    release.is_install = !args.is_upgrade;
    let context = RenderContext {
        capabilities,
        random: Some(&SystemRandom),
        resolve: args.enable_dns.then_some(&SystemResolve),
        now: SystemTime::now(),
        include_crds: args.include_crds,
        skip_schema: args.skip_schema_validation,
        ..RenderContext::new(release)
    };
    let rendered = if args.validate || args.dry_run == Some(Where::Server) {
        against_cluster::render(&args.cluster, &chart, &values, context)?
    } else {
        render(&chart, &values, &context).map_err(|error| args.failure(error, &chart, &values, &context))?
    };
    args.print(&name, &rendered)
}

/// Randomness of the operating system.
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        rand::fill(buffer);
    }
}

/// Name resolution of the operating system.
struct SystemResolve;

impl Resolve for SystemResolve {
    fn resolve(&self, host: &str) -> Option<String> {
        let mut addresses = (host, 0).to_socket_addrs().ok()?;
        addresses.next().map(|address| address.ip().to_string())
    }
}

impl Args {
    /// The error, after what the templates gave where only that is not YAML and it was asked for.
    fn failure(
        &self,
        error: RenderError,
        chart: &Chart,
        values: &Values,
        context: &RenderContext<'_>,
    ) -> anyhow::Error {
        if !matches!(error, RenderError::Document(_)) {
            return super::render_failure(error);
        }
        if !self.debug {
            return anyhow!("{error}\n\nUse --debug flag to render out invalid YAML");
        }
        let mut whole = String::new();
        for (path, text) in render_templates(chart, values, context).unwrap_or_default() {
            if !text.trim().is_empty() && !path.ends_with("NOTES.txt") {
                whole.push_str(&format!("---\n# Source: {path}\n{text}\n"));
            }
        }
        output::line(whole.trim());
        super::render_failure(error)
    }

    fn name_and_chart(&self) -> anyhow::Result<(String, String)> {
        match (&self.name, &self.chart) {
            (Some(_), Some(_)) if self.generate_name => {
                bail!("cannot set --generate-name and also specify a name")
            }
            (Some(_), Some(_)) if self.name_template.is_some() => {
                bail!("cannot set --name-template and also specify a name")
            }
            (Some(name), Some(chart)) => Ok((name.clone(), chart.clone())),
            (Some(chart), None) => Ok((self.made_name()?, chart.clone())),
            (None, _) => bail!("a chart is needed: pilothouse template [NAME] CHART"),
        }
    }

    fn made_name(&self) -> anyhow::Result<String> {
        let Some(template) = self.name_template.as_deref().filter(|template| !template.is_empty()) else {
            return Ok("release-name".to_owned());
        };
        let context = RenderContext {
            random: Some(&SystemRandom),
            now: SystemTime::now(),
            ..RenderContext::new(Release::install("", &self.namespace))
        };
        render_name(template, &context).map_err(|error| anyhow!("{error}"))
    }

    /// The chart, with every dependency that it declares.
    fn load(&self, name: &str) -> anyhow::Result<Chart> {
        let located = self.from.locate(name)?;
        let chart = located.load()?;
        let missing = chart.missing_dependencies();
        if missing.is_empty() {
            return Ok(chart);
        }
        match &located {
            Located::Path(path) if self.dependency_update => {
                let manager = Manager {
                    directory: path,
                    remote: &self.from.remote,
                    say: &|text| output::note(text),
                    skip_refresh: false,
                    modified: modified()?,
                };
                manager.update()?;
                files::load(path)
            }
            _ => bail!(
                "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' to \
                 fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
                missing.join(", ")
            ),
        }
    }

    fn print(&self, release: &str, rendered: &Rendered) -> anyhow::Result<ExitCode> {
        let options = TemplateOptions {
            no_hooks: self.no_hooks,
            skip_tests: self.skip_tests,
            show_only: self.show_only.clone(),
        };
        match &self.output_dir {
            Some(directory) => {
                let crds = if self.include_crds { rendered.crds.as_slice() } else { &[] };
                let release = self.release_name.then_some(release);
                files_of::write(directory, release, crds, rendered, &options)?;
            }
            None => {
                let text = template_output(rendered, &options).map_err(|error| anyhow!("{error}"))?;
                output::raw(text.as_bytes());
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
