//! From chart and values to documents.

use std::collections::BTreeMap;

use crate::{Chart, Crd, Hook, Manifest, RenderContext, RenderError, Values};

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

/// Renders `chart` with `values` over its defaults.
pub fn render(chart: &Chart, values: &Values, context: &RenderContext<'_>) -> Result<Rendered, RenderError> {
    let _ = (values, context);
    Err(RenderError::Chart(format!("cannot render {} yet", chart.name())))
}

/// What `helm template` prints for it.
pub fn template_stdout(rendered: &Rendered) -> String {
    rendered.manifest.clone()
}
