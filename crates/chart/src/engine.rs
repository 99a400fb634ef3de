//! Parses and executes the templates of a chart and its subcharts (Helm's `Engine.render`).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use pilothouse_gotemplate::{Budget, Execution, Map, MissingKey, Str, TemplateSet, Value};

use crate::functions::{self, Surroundings, without_no_value};
use crate::{Chart, RenderContext, RenderError, objects, template_error};

/// A template of a chart.
struct Source {
    /// Path from the root chart: `c/charts/sub/templates/x.yaml`.
    path: String,
    /// Folder of the chart's templates: `c/charts/sub/templates`.
    base_path: Arc<str>,
    /// The template's text.
    text: Arc<[u8]>,
    /// What the templates of the chart see; `Template` is added for each.
    data: Map,
}

/// What templates gave.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// The text of every template of a chart that is not a partial, by path.
    pub(crate) texts: BTreeMap<String, String>,
    /// Those that are not UTF-8, as they are; in `texts` what is wrong in them is replaced.
    pub(crate) invalid: BTreeMap<String, Vec<u8>>,
}

/// Parses and executes the templates of a chart and its subcharts. `values` are the coalesced ones.
pub(crate) fn render(
    chart: &Chart,
    values: &Map,
    context: &RenderContext<'_>,
) -> Result<Output, RenderError> {
    let release = objects::release(&context.release, context.lint);
    let capabilities = objects::capabilities(&context.capabilities);
    let mut sources = BTreeMap::new();
    collect(chart, chart.name(), true, values.clone(), (&release, &capabilities), &mut sources);
    let mut sources: Vec<Source> = sources.into_values().collect();
    sort(&mut sources);
    let set = chart.contents().parsed.get(&sources)?;
    execute(&sources, &set, context)
}

/// Gathers the templates of a chart and its subcharts, each with what the templates of its chart see. A path
/// that two charts share (aliases) belongs to the later one.
fn collect(
    chart: &Chart,
    path: &str,
    is_root: bool,
    values: Map,
    (release, capabilities): (&Value, &Value),
    into: &mut BTreeMap<String, Source>,
) -> Map {
    let files = chart.files().iter().map(|file| (file.name.as_str(), Str::from(file.data.clone())));
    let subcharts = Map::new();
    let data: Map = [
        ("Chart".into(), objects::chart(chart.metadata(), is_root)),
        ("Files".into(), objects::files(files)),
        ("Release".into(), release.clone()),
        ("Capabilities".into(), capabilities.clone()),
        ("Values".into(), objects::values_map(values.clone())),
        ("Subcharts".into(), Value::Map(subcharts.clone())),
    ]
    .into_iter()
    .collect();
    for subchart in chart.dependencies() {
        let inner = match values.get(subchart.name().as_bytes()) {
            Some(Value::Map(inner)) => inner,
            _ => Map::new(),
        };
        let path = format!("{path}/charts/{}", subchart.name());
        let inner = collect(subchart, &path, false, inner, (release, capabilities), into);
        subcharts.insert(subchart.name().as_bytes(), Value::Map(inner));
    }
    let base_path: Arc<str> = format!("{path}/templates").into();
    for file in chart.templates() {
        let base_name = file.name.rsplit('/').next().unwrap_or_default();
        if chart.is_library() && !base_name.starts_with('_') {
            continue;
        }
        let path = format!("{path}/{}", file.name);
        let (base_path, text, data) = (base_path.clone(), file.data.clone(), data.clone());
        into.insert(path.clone(), Source { path, base_path, text, data });
    }
    data
}

/// Helm's order: deepest paths first, then descending. A later definition of a name replaces an earlier one.
fn sort(sources: &mut [Source]) {
    let depth = |source: &Source| source.path.bytes().filter(|&byte| byte == b'/').count();
    sources.sort_by(|a, b| depth(b).cmp(&depth(a)).then_with(|| b.path.cmp(&a.path)));
}

/// The templates that were parsed last, kept with the chart: they depend on its files only. Different values
/// can enable other subcharts, so it is checked that they are the wanted ones.
#[derive(Default)]
pub(crate) struct ParsedTemplates(Mutex<Option<Parsed>>);

struct Parsed {
    files: Vec<(String, Arc<[u8]>)>,
    set: Arc<TemplateSet>,
}

impl fmt::Debug for ParsedTemplates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedTemplates").finish_non_exhaustive()
    }
}

impl ParsedTemplates {
    fn get(&self, sources: &[Source]) -> Result<Arc<TemplateSet>, RenderError> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |((path, text), source): (&(String, Arc<[u8]>), &Source)| {
            *path == source.path && Arc::ptr_eq(text, &source.text)
        };
        if let Some(parsed) = &*last
            && parsed.files.len() == sources.len()
            && parsed.files.iter().zip(sources).all(is_same)
        {
            return Ok(parsed.set.clone());
        }
        let mut set = TemplateSet::new(functions::table());
        for source in sources {
            set.parse(&source.path, &source.text).map_err(|error| template_error::parse_error(&error))?;
        }
        let set = Arc::new(set);
        let files = sources.iter().map(|source| (source.path.clone(), source.text.clone())).collect();
        *last = Some(Parsed { files, set: set.clone() });
        Ok(set)
    }
}

fn execute(
    sources: &[Source],
    set: &TemplateSet,
    context: &RenderContext<'_>,
) -> Result<Output, RenderError> {
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
    let execution = Execution::new(set, &surroundings, missing_key, budget);
    let mut rendered = Output::default();
    let mut total = 0;
    for source in sources {
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
        let text = String::from_utf8(without_no_value(output)).unwrap_or_else(|error| {
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            rendered.invalid.insert(source.path.clone(), error.into_bytes());
            text
        });
        rendered.texts.insert(source.path.clone(), text);
    }
    Ok(rendered)
}
