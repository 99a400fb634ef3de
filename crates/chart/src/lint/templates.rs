//! Rules on templates and what they render to.

use pilothouse_goyaml::{JsonBuilder, Limits, parse_first};
use serde_json::Value;

use super::{Directory, Entry, Findings, Options, Severity, deprecated, documents, is_silent, names};
use crate::{Capabilities, KubeVersion, Release, RenderContext, render_templates};

const PATH: &str = "templates/";

pub(super) fn check(directory: &Directory, options: &Options<'_>, findings: &mut Findings) {
    let (severity, shape) = match directory.entry("templates") {
        None => (Severity::Warning, Err("directory does not exist")),
        Some(Entry::File) => (Severity::Error, Err("not a directory")),
        Some(Entry::Directory) => (Severity::Error, Ok(())),
    };
    if !findings.check(severity, PATH, shape.map_err(str::to_owned)) {
        return;
    }
    let chart = match directory.load(options.limits) {
        Ok(chart) => chart,
        Err(error) => {
            findings.check(Severity::Error, PATH, Err(error));
            return;
        }
    };
    let context = context(options);
    let rendered = match render_templates(&chart, options.values, &context) {
        Ok(rendered) => rendered,
        Err(error) if is_silent(&error) => return,
        Err(error) => {
            findings.check(Severity::Error, PATH, Err(error.to_string()));
            return;
        }
    };
    let version = &context.capabilities.kube_version;
    for template in chart.templates() {
        let path = format!("{}/{}", chart.name(), template.name);
        let text = rendered.get(&path).map(String::as_str).unwrap_or_default();
        if !check_file(&template.name, text, version, options.limits, findings) {
            return;
        }
    }
}

fn context<'a>(options: &Options<'a>) -> RenderContext<'a> {
    let mut capabilities = Capabilities::default();
    if let Some(version) = options.kube_version {
        capabilities.kube_version = version.clone();
    }
    let release = Release { revision: 0, ..Release::install("test-release", options.namespace) };
    RenderContext {
        capabilities,
        random: options.random,
        now: options.now,
        lint: true,
        skip_schema: options.skip_schema,
        ..RenderContext::new(release)
    }
}

/// False where nothing more can be said of any file.
fn check_file(
    name: &str,
    text: &str,
    version: &KubeVersion,
    limits: &crate::Limits,
    findings: &mut Findings,
) -> bool {
    let extension = name.rfind('.').map_or("", |at| if name[at..].contains('/') { "" } else { &name[at..] });
    let known = matches!(extension, ".yaml" | ".yml" | ".tpl" | ".txt");
    let message =
        || format!("file extension '{extension}' not valid. Valid extensions are .yaml, .yml, .tpl, or .txt");
    findings.check(Severity::Error, name, if known { Ok(()) } else { Err(message()) });
    let is_yaml = matches!(extension.to_lowercase().as_str(), ".yaml" | ".yml");
    if !is_yaml || text.trim().is_empty() {
        return true;
    }
    findings.check(Severity::Warning, name, top_indent(text));
    for (index, document) in documents::split(text).into_iter().enumerate() {
        let head = match document.and_then(|document| documents::Head::read(&document, &limits.yaml)) {
            Ok(head) => head,
            Err(error) => {
                let error = documents::json_error(text).filter(|_| index == 0).unwrap_or(error);
                findings.check(Severity::Error, name, Err(format!("unable to parse YAML: {error}")));
                return false;
            }
        };
        let Some(head) = head else { continue };
        findings.check(Severity::Warning, name, names::check(&head.kind, &head.name));
        let good = deprecated::check(&head.api_version, &head.kind, version);
        findings.check(Severity::Warning, name, good);
        findings.check(Severity::Error, name, selector(&head, text));
        findings.check(Severity::Error, name, list_annotations(&head, text, &limits.yaml));
    }
    true
}

/// The first line that is not empty may not be indented.
fn top_indent(text: &str) -> Result<(), String> {
    match text.lines().find(|line| !line.trim().is_empty()) {
        Some(line) if line.starts_with([' ', '\t']) => {
            Err(format!("document starts with an illegal indent: {line:?}, which may cause parsing problems"))
        }
        _ => Ok(()),
    }
}

fn selector(head: &documents::Head, text: &str) -> Result<(), String> {
    let needs_one = matches!(head.kind.as_str(), "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet");
    if !needs_one || text.contains("matchLabels") || text.contains("matchExpressions") {
        return Ok(());
    }
    Err(format!("a {} must contain matchLabels or matchExpressions, and {:?} does not", head.kind, head.name))
}

fn list_annotations(head: &documents::Head, text: &str, limits: &Limits) -> Result<(), String> {
    if head.kind != "List" {
        return Ok(());
    }
    let json = parse_first(text.as_bytes(), &mut JsonBuilder, limits)
        .map_err(|error| format!("unable to parse YAML: error converting YAML to JSON: {error}"))?;
    let items = json.get("items").and_then(Value::as_array).into_iter().flatten();
    let kept = |item: &Value| item.pointer("/metadata/annotations/helm.sh~1resource-policy").is_some();
    if items.into_iter().any(kept) {
        return Err("annotation 'helm.sh/resource-policy' within List objects are ignored".to_owned());
    }
    Ok(())
}
