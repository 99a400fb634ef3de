//! Renders charts for other programs: one JSON request a line, one JSON answer a line.
//!
//! A request is `{"id", "values", "release", "namespace", "kube_version", "api_versions"}` and either
//! `"chart"`, a path, or `"files"`, an object of paths and contents. The answer to a path is
//! `{"id", "stdout"}`, what `helm template` prints; the answer to files is `{"id", "templates", "manifest",
//! "notes"}` (`.helmignore` is not applied), the raw text of each template and what an install makes of it, with `"install_error"` in place
//! of the last two where the engine succeeds and the install does not. A failure is `{"id", "error"}`.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::render::{assemble, check_kube_version, execute};
use crate::{
    Capabilities, Chart, KubeVersion, Limits, Random, Release, RenderContext, Values, check_release_name,
    render, template_stdout,
};

/// A chart as the caller found it at a path.
#[derive(Debug)]
pub enum Found {
    /// A `.tgz`.
    Archive(Vec<u8>),
    /// A directory's files, paths relative to it; `.helmignore` is applied.
    Files(Vec<(String, Vec<u8>)>),
}

/// Reads the chart at a path; the error is the answer's text.
pub type ReadChart<'a> = Box<dyn FnMut(&str) -> Result<Found, String> + 'a>;

/// Answers requests; keeps the chart it read last.
pub struct Batch<'a> {
    /// Reads charts.
    pub read: ReadChart<'a>,
    /// Where random values come from.
    pub random: &'a dyn Random,
    /// The time that templates see.
    pub now: fn() -> SystemTime,
    /// Bounds on the charts.
    pub limits: Limits,
    last: Option<(String, Chart)>,
}

#[derive(Deserialize)]
struct Request {
    id: Json,
    chart: Option<String>,
    files: Option<serde_json::Map<String, Json>>,
    #[serde(default)]
    values: Option<String>,
    #[serde(default)]
    release: Option<String>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    kube_version: Option<String>,
    #[serde(default)]
    api_versions: Vec<String>,
}

impl<'a> Batch<'a> {
    /// A batch without a chart yet.
    pub fn new(
        read: impl FnMut(&str) -> Result<Found, String> + 'a,
        random: &'a dyn Random,
        now: fn() -> SystemTime,
        limits: Limits,
    ) -> Self {
        Self { read: Box::new(read), random, now, limits, last: None }
    }

    /// The answer to one request, both without a line break.
    pub fn answer(&mut self, request: &str) -> String {
        let request: Request = match serde_json::from_str(request) {
            Ok(request) => request,
            Err(error) => return json!({ "id": null, "error": format!("bad request: {error}") }).to_string(),
        };
        let mut answer = match self.respond(&request) {
            Ok(answer) => answer,
            Err(error) => json!({ "error": error }),
        };
        answer["id"] = request.id;
        answer.to_string()
    }

    fn respond(&mut self, request: &Request) -> Result<Json, String> {
        let mut context = RenderContext::new(Release::install(
            request.release.as_deref().unwrap_or("release-name"),
            request.namespace.as_deref().unwrap_or("default"),
        ));
        context.capabilities = capabilities(request)?;
        context.random = Some(self.random);
        context.now = (self.now)();
        match (&request.files, &request.chart) {
            (Some(files), _) => {
                let files = files.iter().map(|(name, content)| {
                    (name.clone(), content.as_str().unwrap_or_default().as_bytes().to_vec())
                });
                let chart = Chart::from_archived_files(files, &self.limits);
                let chart = chart.map_err(|error| error.to_string())?;
                let values = Values::read(request.values.as_deref().unwrap_or_default().as_bytes())?;
                render_files(&chart, &values, &context)
            }
            (None, Some(path)) => {
                let chart = self.chart(path)?;
                let values = Values::read(request.values.as_deref().unwrap_or_default().as_bytes())?;
                let rendered = check_release_name(&context.release.name)
                    .map_err(|error| format!("release name check failed: {error}"))
                    .and_then(|()| chart.check_dependencies().map_err(|error| error.to_string()))
                    .and_then(|()| render(&chart, &values, &context).map_err(|error| error.to_string()))?;
                Ok(json!({ "stdout": template_stdout(&rendered) }))
            }
            (None, None) => Err("a request needs a chart or files".to_owned()),
        }
    }

    fn chart(&mut self, path: &str) -> Result<Chart, String> {
        if let Some((last, chart)) = &self.last
            && last == path
        {
            return Ok(chart.clone());
        }
        let chart = match (self.read)(path)? {
            Found::Archive(bytes) => Chart::load_archive(&bytes, &self.limits),
            Found::Files(files) => Chart::from_files(files, &self.limits),
        };
        let chart = chart.map_err(|error| error.to_string())?;
        self.last = Some((path.to_owned(), chart.clone()));
        Ok(chart)
    }
}

fn capabilities(request: &Request) -> Result<Capabilities, String> {
    let mut capabilities = Capabilities::default();
    if let Some(version) = request.kube_version.as_deref().filter(|version| !version.is_empty()) {
        capabilities.kube_version = KubeVersion::parse(version)
            .map_err(|error| format!("invalid kube version '{version}': {error}"))?;
    }
    capabilities.api_versions.extend(request.api_versions.iter().cloned());
    Ok(capabilities)
}

#[derive(Serialize)]
struct FilesAnswer<'a> {
    templates: &'a std::collections::BTreeMap<String, String>,
}

/// Both what the engine gives and what an install makes of it.
fn render_files(chart: &Chart, values: &Values, context: &RenderContext<'_>) -> Result<Json, String> {
    let executed = execute(chart, values, context).map_err(|error| error.to_string())?;
    let templates = &executed.templates;
    let mut answer = serde_json::to_value(FilesAnswer { templates }).map_err(|error| error.to_string())?;
    let installed = check_release_name(&context.release.name)
        .map_err(|error| format!("release name check failed: {error}"))
        .and_then(|()| chart.check_dependencies().map_err(|error| error.to_string()))
        .and_then(|()| check_kube_version(chart, context).map_err(|error| error.to_string()))
        .and_then(|()| assemble(executed, context).map_err(|error| error.to_string()));
    match installed {
        Ok(rendered) => {
            answer["manifest"] = rendered.manifest.into();
            answer["notes"] = rendered.notes.into();
        }
        Err(error) => answer["install_error"] = error.into(),
    }
    Ok(answer)
}
