//! Parses and executes the templates of a chart and its subcharts (Helm's `Engine.render`).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Instant;

use pilothouse_gotemplate::{Budget, Execution, Map, MissingKey, TemplateSet};

use crate::functions::{self, Surroundings, without_no_value};
use crate::{RenderContext, RenderError, objects, template_error};

/// A template of a chart.
pub(crate) struct Source<'c> {
    /// Path from the root chart: `c/charts/sub/templates/x.yaml`.
    pub(crate) path: String,
    /// Folder of the chart's templates: `c/charts/sub/templates`.
    pub(crate) base_path: String,
    /// The template's text.
    pub(crate) text: &'c [u8],
    /// What the templates of the chart see; `Template` is added for each.
    pub(crate) data: Map,
}

/// Helm's order: deepest paths first, then descending. A later definition of a name replaces an earlier one.
fn sort(sources: &mut [Source<'_>]) {
    let depth = |source: &Source<'_>| source.path.bytes().filter(|&byte| byte == b'/').count();
    sources.sort_by(|a, b| depth(b).cmp(&depth(a)).then_with(|| b.path.cmp(&a.path)));
}

/// The text of every template that is not a partial, by path.
pub(crate) fn render_sources(
    mut sources: Vec<Source<'_>>,
    context: &RenderContext<'_>,
) -> Result<BTreeMap<String, String>, RenderError> {
    sort(&mut sources);
    let mut set = TemplateSet::new(functions::table());
    for source in &sources {
        set.parse(&source.path, source.text).map_err(|error| template_error::parse_error(&error))?;
    }
    let surroundings = Surroundings::new(context);
    let deadline = Instant::now() + context.limits.time;
    let over = Cell::new(false);
    let is_over = || {
        over.set(over.get() || Instant::now() > deadline);
        over.get()
    };
    let budget = Budget {
        steps: context.limits.nodes,
        output_bytes: (context.limits.output_bytes as u64).saturating_mul(4),
        is_over: Some(&is_over),
        ..Budget::default()
    };
    let missing_key = if context.strict { MissingKey::Error } else { MissingKey::Zero };
    let execution = Execution::new(&set, &surroundings, missing_key, budget);
    let mut rendered = BTreeMap::new();
    let mut total = 0;
    for source in &sources {
        let base_name = source.path.rsplit('/').next().unwrap_or_default();
        if base_name.starts_with('_') {
            continue;
        }
        source.data.insert("Template", objects::template(&source.path, &source.base_path));
        let data = objects::values_map(source.data.clone());
        let output =
            execution.execute(&source.path, &data).map_err(|error| template_error::exec_error(&error))?;
        total += output.len();
        if total > context.limits.output_bytes {
            return Err(RenderError::Limit(format!(
                "templates rendered to more than {} bytes",
                context.limits.output_bytes
            )));
        }
        let text = String::from_utf8_lossy(&without_no_value(output)).into_owned();
        rendered.insert(source.path.clone(), text);
    }
    Ok(rendered)
}
