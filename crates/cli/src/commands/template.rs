//! `pilothouse template`: renders a chart without a cluster, as `helm template` does.

use std::{
    fs,
    path::{Component, Path, PathBuf},
    process::ExitCode,
    time::SystemTime,
};

use anyhow::{Context, anyhow, bail};
use pilothouse_chart::{
    Capabilities, HookEvent, KubeVersion, Random, Release, RenderContext, Rendered, render, template_stdout,
};

use super::{chart_files, values::ValuesArgs};
use crate::output;

/// Arguments of `pilothouse template`, in Helm's names.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Name of the release, or the chart where no second argument is given.
    name: Option<String>,
    /// Directory or archive of the chart.
    chart: Option<PathBuf>,
    #[command(flatten)]
    values: ValuesArgs,
    /// Namespace of the release.
    #[arg(long, short, default_value = "default")]
    namespace: String,
    /// Kubernetes version that templates see.
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,
    /// API version that templates see beside the built-in ones; repeat it, or separate several by commas.
    #[arg(long, short, value_delimiter = ',', value_name = "VERSION")]
    api_versions: Vec<String>,
    /// Print the chart's CRDs too.
    #[arg(long)]
    include_crds: bool,
    /// Print only this template's output; repeat it for several.
    #[arg(long, short, value_name = "PATH")]
    show_only: Vec<PathBuf>,
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
    /// Write files below this directory instead of printing.
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Answer JSON lines on standard input with JSON lines on standard output.
    #[arg(long)]
    batch: bool,
}

/// Runs `pilothouse template`.
///
/// # Errors
/// Helm's text of what failed.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.batch {
        return super::batch::run();
    }
    let (name, chart) = match (&args.name, &args.chart) {
        (Some(name), Some(chart)) => (name.as_str(), chart.clone()),
        (Some(chart), None) => ("release-name", PathBuf::from(chart)),
        (None, _) => bail!("a chart is needed: pilothouse template [NAME] CHART"),
    };
    let chart = chart_files::load(&chart)?;
    let values = args.values.read()?;
    let context = context(args, name)?;
    let rendered = render(&chart, &values, &context).map_err(|error| anyhow!("{error}"))?;
    let rendered = without_hooks(args, rendered);
    match &args.output_dir {
        Some(directory) => write_files(directory, &rendered)?,
        None if args.show_only.is_empty() => output::raw(template_stdout(&rendered).as_bytes()),
        None => show_only(&rendered, &args.show_only)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Randomness of the operating system.
pub(crate) struct SystemRandom;

impl Random for SystemRandom {
    fn fill(&self, buffer: &mut [u8]) {
        rand::fill(buffer);
    }
}

fn context(args: &Args, name: &str) -> anyhow::Result<RenderContext<'static>> {
    let mut release = Release::install(name, &args.namespace);
    release.is_install = !args.is_upgrade;
    let mut capabilities = Capabilities::default();
    if let Some(version) = &args.kube_version {
        capabilities.kube_version = KubeVersion::parse(version)
            .map_err(|error| anyhow!("invalid kube version '{version}': {error}"))?;
    }
    capabilities.api_versions.extend(args.api_versions.iter().cloned());
    Ok(RenderContext {
        capabilities,
        random: Some(&SystemRandom),
        now: SystemTime::now(),
        include_crds: args.include_crds,
        skip_schema: args.skip_schema_validation,
        ..RenderContext::new(release)
    })
}

fn without_hooks(args: &Args, mut rendered: Rendered) -> Rendered {
    if args.no_hooks {
        rendered.hooks.clear();
    } else if args.skip_tests {
        rendered.hooks.retain(|hook| !hook.events.contains(&HookEvent::Test));
    }
    rendered
}

/// Prints the documents of the named templates; a name may leave the chart's directory out.
fn show_only(rendered: &Rendered, wanted: &[PathBuf]) -> anyhow::Result<()> {
    for path in wanted {
        let wanted = path.to_str().context("a template's path is UTF-8")?;
        let matches = |source: &str| {
            source == wanted || source.split_once('/').is_some_and(|(_, below)| below == wanted)
        };
        let mut found = false;
        for (source, text) in documents(rendered).filter(|(source, _)| matches(source)) {
            found = true;
            output::line(format!("---\n# Source: {source}\n{text}"));
        }
        if !found {
            bail!("could not find template {} in chart", path.display());
        }
    }
    Ok(())
}

/// Every document with its template's path: the manifest, then the hooks.
fn documents(rendered: &Rendered) -> impl Iterator<Item = (&str, &str)> {
    let manifests =
        rendered.manifests.iter().map(|manifest| (manifest.path.as_str(), manifest.content.as_str()));
    let hooks = rendered.hooks.iter().map(|hook| (hook.path.as_str(), hook.manifest.as_str()));
    manifests.chain(hooks)
}

/// Writes one file a template below the directory, as `helm template --output-dir`.
fn write_files(directory: &Path, rendered: &Rendered) -> anyhow::Result<()> {
    let mut written: std::collections::BTreeMap<PathBuf, String> = std::collections::BTreeMap::new();
    for (source, text) in documents(rendered) {
        let relative = Path::new(source);
        if relative.components().any(|part| !matches!(part, Component::Normal(_))) {
            bail!("the template path {source} leaves the output directory");
        }
        let file = written.entry(directory.join(relative)).or_default();
        file.push_str(&format!("---\n# Source: {source}\n{text}\n"));
    }
    for (file, text) in written {
        let write = || -> std::io::Result<()> {
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&file, &text)
        };
        write().with_context(|| format!("cannot write {}", file.display()))?;
        output::line(format!("wrote {}", file.display()));
    }
    Ok(())
}
