//! Examines a chart for possible issues, with the rules and words of Helm 4.2.3's `helm lint`.
//!
//! The chart is given as the files of its directory, because what does not load is to be examined too.

use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use crate::values::coalesce::coalesce_tables;
use crate::{Chart, KubeVersion, Limits, Random, RenderError, Values, schema};

mod addresses;
mod chart_yaml;
mod deprecated;
mod documents;
mod names;
mod strict;
mod templates;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Against a convention; the chart most likely works.
    Warning,
    /// The chart does not work.
    Error,
}

/// One finding. `Display` is Helm's line: `[ERROR] templates/: …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The file or folder, relative to the chart; the chart's own path for its dependencies.
    pub path: String,
    /// What was found.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "INFO",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
        };
        write!(f, "[{severity}] {}: {}", self.path, self.message)
    }
}

/// The directory of a chart.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    /// Its absolute path, for messages.
    pub path: String,
    /// Its files, paths relative to it, `/` between parts.
    pub files: Vec<(String, Vec<u8>)>,
    /// Its directories that hold no files; others follow from the files.
    pub empty_directories: BTreeSet<String>,
}

/// What a path in a chart is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Entry {
    File,
    Directory,
}

impl Directory {
    fn file(&self, path: &str) -> Option<&[u8]> {
        self.files.iter().find(|(name, _)| name == path).map(|(_, data)| data.as_slice())
    }

    fn entry(&self, path: &str) -> Option<Entry> {
        let below = |name: &str| name.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
        if self.file(path).is_some() {
            Some(Entry::File)
        } else if self.empty_directories.contains(path) || self.files.iter().any(|(name, _)| below(name)) {
            Some(Entry::Directory)
        } else {
            None
        }
    }

    fn load(&self, limits: &Limits) -> Result<Chart, String> {
        Chart::from_files(self.files.iter().cloned(), limits).map_err(|error| error.to_string())
    }
}

/// How a chart is examined.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Values over the chart's own.
    pub values: &'a Values,
    /// Namespace that templates see.
    pub namespace: &'a str,
    /// Kubernetes version that templates see and deprecations are judged by. Default: that of Helm.
    pub kube_version: Option<&'a KubeVersion>,
    /// Do not check values against schemas.
    pub skip_schema: bool,
    /// Where random values come from.
    pub random: Option<&'a dyn Random>,
    /// The time that templates see.
    pub now: SystemTime,
    /// Bounds on the chart.
    pub limits: &'a Limits,
}

/// Collects findings.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    /// Adds what a rule found; true if it found nothing.
    fn check(&mut self, severity: Severity, path: &str, result: Result<(), String>) -> bool {
        match result {
            Ok(()) => true,
            Err(message) => {
                self.0.push(Finding { severity, path: path.to_owned(), message });
                false
            }
        }
    }
}

/// Everything that `helm lint` finds, in its order: Chart.yaml, values, templates, dependencies, CRDs.
pub fn lint(directory: &Directory, options: &Options<'_>) -> Vec<Finding> {
    let mut findings = Findings::default();
    chart_yaml::check(directory, &mut findings);
    check_values(directory, options, &mut findings);
    templates::check(directory, options, &mut findings);
    check_dependencies(directory, options.limits, &mut findings);
    check_crds(directory, options.limits, &mut findings);
    findings.0
}

/// `values.yaml`, with the caller's over it, against the chart's own schema.
fn check_values(directory: &Directory, options: &Options<'_>, findings: &mut Findings) {
    const PATH: &str = "values.yaml";
    let Some(text) = directory.file(PATH) else {
        findings.check(Severity::Info, PATH, Err("file does not exist".to_owned()));
        return;
    };
    let result = Values::read(text).map_err(|error| format!("unable to parse YAML: {error}"));
    let result = result.and_then(|values| {
        let schema = directory.file("values.schema.json").filter(|schema| !schema.is_empty());
        match schema {
            Some(schema) if !options.skip_schema => {
                schema::check_one(schema, &coalesce_tables(options.values, &values).to_json())
            }
            _ => Ok(()),
        }
    });
    findings.check(Severity::Error, PATH, result);
}

fn check_dependencies(directory: &Directory, limits: &Limits, findings: &mut Findings) {
    let chart = match directory.load(limits) {
        Ok(chart) => chart,
        Err(error) => {
            findings.check(Severity::Error, "", Err(format!("unable to load chart\n\t{error}")));
            return;
        }
    };
    let declared = &chart.metadata().dependencies;
    let missing = |what: &str, names: Vec<&str>| {
        if names.is_empty() { Ok(()) } else { Err(format!("{what}: {}", names.join(","))) }
    };
    let present = chart.dependencies().iter().map(Chart::name);
    let undeclared = present.filter(|name| !declared.iter().any(|d| d.name == *name)).collect();
    findings.check(
        Severity::Error,
        &directory.path,
        missing("chart metadata is missing these dependencies", undeclared),
    );
    let there = |name: &str| chart.dependencies().iter().any(|subchart| subchart.name() == name);
    let absent = declared.iter().map(|d| d.name.as_str()).filter(|name| !there(name)).collect();
    findings.check(
        Severity::Warning,
        &directory.path,
        missing("chart directory is missing these dependencies", absent),
    );
}

fn check_crds(directory: &Directory, limits: &Limits, findings: &mut Findings) {
    const PATH: &str = "crds/";
    match directory.entry("crds") {
        None => return,
        Some(Entry::File) => {
            findings.check(Severity::Error, PATH, Err("not a directory".to_owned()));
            return;
        }
        Some(Entry::Directory) => {}
    }
    let chart = match directory.load(limits) {
        Ok(chart) => chart,
        Err(error) => {
            findings.check(Severity::Error, PATH, Err(error));
            return;
        }
    };
    for crd in chart.crds() {
        let path = &crd.file.name;
        let text = String::from_utf8_lossy(&crd.file.data);
        for (index, document) in documents::split(&text).into_iter().enumerate() {
            let head = match document.and_then(|text| documents::Head::read(&text, &limits.yaml)) {
                Ok(head) => head,
                Err(error) => {
                    let error = documents::json_error(&text).filter(|_| index == 0).unwrap_or(error);
                    findings.check(Severity::Error, path, Err(format!("unable to parse YAML: {error}")));
                    return;
                }
            };
            let Some(head) = head else { continue };
            let rule = |fits: bool, message: &str| if fits { Ok(()) } else { Err(message.to_owned()) };
            let in_group = head.api_version.starts_with("apiextensions.k8s.io");
            findings.check(
                Severity::Error,
                path,
                rule(in_group, "apiVersion is not in 'apiextensions.k8s.io'"),
            );
            let is_crd = head.kind == "CustomResourceDefinition";
            findings.check(
                Severity::Error,
                path,
                rule(is_crd, "object kind is not 'CustomResourceDefinition'"),
            );
        }
    }
}

/// Whether `helm lint` passes over an error of the render in silence.
fn is_silent(error: &RenderError) -> bool {
    matches!(error, RenderError::Values(_))
}
