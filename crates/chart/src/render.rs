//! From chart and values to documents.

use std::collections::BTreeMap;

use pilothouse_gotemplate::Map as GoMap;

use crate::manifest::sort_manifests;
use crate::values::coalesce::coalesce_values;
use crate::{
    Chart, Crd, Glob, Hook, HookEvent, Manifest, RenderContext, RenderError, Values, dependencies, engine,
    schema, split_documents,
};

mod post;

/// What a chart renders to.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// Every template's raw text, `NOTES.txt` and empty ones included, by path from the root chart.
    pub templates: BTreeMap<String, String>,
    /// The documents, in install order.
    pub manifests: Vec<Manifest>,
    /// The hooks, in kind order (Helm stores them so; weights order them when they run).
    pub hooks: Vec<Hook>,
    /// `NOTES.txt` of the root chart (and of subcharts if asked for).
    pub notes: String,
    /// The documents joined with `---` and `# Source:` lines, exactly as Helm stores them in a release.
    pub manifest: String,
    /// Files under `crds/` of the chart and its enabled subcharts.
    pub crds: Vec<Crd>,
    /// The chart after its dependencies were processed, in the form of the release record.
    pub chart: Chart,
}

/// A chart and values made ready for its templates.
pub(crate) struct Prepared {
    chart: Chart,
    values: GoMap,
}

/// A chart whose templates were executed.
pub(crate) struct Executed {
    chart: Chart,
    pub(crate) templates: BTreeMap<String, String>,
    /// Templates whose output is not UTF-8.
    invalid: BTreeMap<String, Vec<u8>>,
}

/// Renders `chart` with `values` over its defaults.
///
/// # Flow
/// Dependencies are processed (aliases, conditions, tags, imports), values coalesced and checked against the
/// schemas, `kubeVersion` is checked, templates are executed, and the result is split, sorted and joined.
///
/// # Errors
/// The text Helm 4.2.3 prints after `Error: `.
pub fn render(chart: &Chart, values: &Values, context: &RenderContext<'_>) -> Result<Rendered, RenderError> {
    let prepared = prepare(chart, values, context).map_err(|error| match error {
        RenderError::Values(text) if text.starts_with(PROCESSING) => RenderError::Values(format!(
            "chart dependencies processing failed: {}",
            &text[PROCESSING.len()..]
        )),
        other => other,
    })?;
    check_kube_version(&prepared.chart, context)?;
    assemble(prepared.execute(context)?, context)
}

/// The raw text of every template, without splitting it into documents: what Helm's engine gives
/// (`engine.Render`). `kubeVersion` is not checked.
///
/// # Errors
/// The text of Helm's engine.
pub fn render_templates(
    chart: &Chart,
    values: &Values,
    context: &RenderContext<'_>,
) -> Result<BTreeMap<String, String>, RenderError> {
    execute(chart, values, context).map(|executed| executed.templates)
}

/// Marks errors of dependency processing, which `helm install` prefixes and the bare engine does not.
const PROCESSING: &str = "\0dependencies\0";

pub(crate) fn execute(
    chart: &Chart,
    values: &Values,
    context: &RenderContext<'_>,
) -> Result<Executed, RenderError> {
    let prepared = prepare(chart, values, context).map_err(|error| match error {
        RenderError::Values(text) => RenderError::Values(text.replace(PROCESSING, "")),
        other => other,
    })?;
    prepared.execute(context)
}

fn prepare(chart: &Chart, values: &Values, context: &RenderContext<'_>) -> Result<Prepared, RenderError> {
    let chart = dependencies::process(chart, values)
        .map_err(|error| RenderError::Values(format!("{PROCESSING}{error}")))?;
    let values = coalesce_values(&chart, values).map_err(RenderError::Values)?;
    if !context.skip_schema {
        schema::check(&chart, &values).map_err(RenderError::Schema)?;
    }
    Ok(Prepared { chart, values })
}

impl Prepared {
    fn execute(self, context: &RenderContext<'_>) -> Result<Executed, RenderError> {
        let output = engine::render(&self.chart, &self.values, context)?;
        Ok(Executed { chart: self.chart, templates: output.texts, invalid: output.invalid })
    }
}

pub(crate) fn check_kube_version(chart: &Chart, context: &RenderContext<'_>) -> Result<(), RenderError> {
    let wanted = &chart.metadata().kube_version;
    let version = &context.capabilities.kube_version;
    if wanted.is_empty() || crate::semver::is_compatible(wanted, &version.normalized) {
        return Ok(());
    }
    Err(RenderError::Chart(format!(
        "chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {}",
        version.version
    )))
}

/// Splits, sorts and joins what the templates gave.
pub(crate) fn assemble(executed: Executed, context: &RenderContext<'_>) -> Result<Rendered, RenderError> {
    let Executed { chart, templates, invalid } = executed;
    let (notes, files) = split_notes(&chart, &templates, context.subchart_notes);
    let limits = pilothouse_goyaml::Limits::default();
    check_utf8(&files, &invalid, &limits)?;
    let sorted = match context.post_render {
        None => sort_manifests(files.iter().copied(), &limits),
        Some(post_render) => {
            let files = post::run(&files, post_render)?;
            sort_manifests(files.iter().map(|(path, text)| (path.as_str(), text.as_str())), &limits)
        }
    };
    let (hooks, manifests) = sorted.map_err(RenderError::Document)?;
    let crds = chart.crds();
    let size = manifests.iter().map(|document| document.path.len() + document.content.len() + 16).sum();
    let mut manifest = String::with_capacity(size);
    let mut add = |path: &str, text: &str| {
        manifest.push_str("---\n# Source: ");
        manifest.push_str(path);
        manifest.push('\n');
        manifest.push_str(text);
        manifest.push('\n');
    };
    if context.include_crds {
        for crd in &crds {
            add(&crd.path, &String::from_utf8_lossy(&crd.file.data));
        }
    }
    for document in &manifests {
        add(&document.path, &document.content);
    }
    Ok(Rendered { templates, manifests, hooks, notes, manifest, crds, chart })
}

/// Refuses output that is not UTF-8, unless another document before it is wrong.
fn check_utf8(
    files: &[(&str, &str)],
    invalid: &BTreeMap<String, Vec<u8>>,
    limits: &pilothouse_goyaml::Limits,
) -> Result<(), RenderError> {
    let Some(at) = files.iter().position(|(path, _)| invalid.contains_key(*path)) else { return Ok(()) };
    sort_manifests(files[..at].iter().copied(), limits).map_err(RenderError::Document)?;
    let path = files[at].0;
    let error = match pilothouse_goyaml::to_json(&invalid[path]) {
        Err(error) => error.to_string(),
        Ok(_) => "yaml: invalid leading UTF-8 octet".to_owned(),
    };
    Err(RenderError::Document(format!("YAML parse error on {path}: error converting YAML to JSON: {error}")))
}

/// `NOTES.txt` apart from everything else.
fn split_notes<'t>(
    chart: &Chart,
    templates: &'t BTreeMap<String, String>,
    subcharts: bool,
) -> (String, Vec<(&'t str, &'t str)>) {
    let root = format!("{}/templates/NOTES.txt", chart.name());
    let mut notes = String::new();
    let mut files = Vec::with_capacity(templates.len());
    for (path, text) in templates {
        if !path.ends_with("NOTES.txt") {
            files.push((path.as_str(), text.as_str()));
        } else if subcharts || *path == root {
            if !notes.is_empty() {
                notes.push('\n');
            }
            notes.push_str(text);
        }
    }
    (notes, files)
}

/// What `helm template` prints for it: the documents, then the hooks.
pub fn template_stdout(rendered: &Rendered) -> String {
    template_output(rendered, &TemplateOptions::default()).unwrap_or_default()
}

/// Which parts of a rendered chart `helm template` prints. By default all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TemplateOptions {
    /// Leave hooks out (`--no-hooks`).
    pub no_hooks: bool,
    /// Leave the hooks that are tests out (`--skip-tests`).
    pub skip_tests: bool,
    /// Only documents of these templates (`--show-only`): paths without the chart's name, or patterns of them
    /// as of Go's `filepath.Match`. Empty means every template.
    pub show_only: Vec<String>,
}

/// What `helm template` prints with `options`.
///
/// # Errors
/// `could not find template x in chart` for an entry of [`TemplateOptions::show_only`].
pub fn template_output(rendered: &Rendered, options: &TemplateOptions) -> Result<String, String> {
    let mut out = String::with_capacity(rendered.manifest.len() + 64);
    out.push_str(rendered.manifest.trim());
    out.push('\n');
    let is_test = |hook: &Hook| hook.events.contains(&HookEvent::Test);
    let hooks = rendered.hooks.iter().filter(|hook| !options.skip_tests || !is_test(hook));
    for hook in hooks.take(if options.no_hooks { 0 } else { usize::MAX }) {
        out.push_str("---\n# Source: ");
        out.push_str(&hook.path);
        out.push('\n');
        out.push_str(&hook.manifest);
        out.push('\n');
    }
    if options.show_only.is_empty() { Ok(out) } else { show_only(&out, &options.show_only) }
}

fn show_only(text: &str, wanted: &[String]) -> Result<String, String> {
    let documents = split_documents(text);
    let mut out = String::new();
    for pattern in wanted {
        let glob = Glob::new(pattern).ok();
        let mut found = false;
        for document in &documents {
            let Some(path) = source_path(document) else { continue };
            if glob.as_ref().is_some_and(|glob| glob.matches(path)) {
                found = true;
                out.push_str("---\n");
                out.push_str(document);
                out.push('\n');
            }
        }
        if !found {
            return Err(format!("could not find template {pattern} in chart"));
        }
    }
    Ok(out)
}

/// The path in the first `# Source: <chart>/<path>` of a document.
fn source_path(document: &str) -> Option<&str> {
    let mut rest = document;
    while let Some(at) = rest.find("# Source: ") {
        rest = &rest[at + "# Source: ".len()..];
        let line = rest.lines().next().unwrap_or_default();
        if let Some((chart, path)) = line.split_once('/')
            && !chart.is_empty()
            && !path.is_empty()
        {
            return Some(path);
        }
    }
    None
}
