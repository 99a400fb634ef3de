//! Rules on `Chart.yaml`.

use pilothouse_goyaml::to_json;
use serde_json::Value;

use super::addresses::{is_email, is_request_url, is_url};
use super::{Directory, Entry, Findings, Severity, strict};
use crate::load::RawMetadata;
use crate::semver::{Constraints, Version};

const PATH: &str = "Chart.yaml";

pub(super) fn check(directory: &Directory, findings: &mut Findings) {
    let is_directory = directory.entry(PATH) == Some(Entry::Directory);
    let shape = if is_directory { Err("should be a file, not a directory".to_owned()) } else { Ok(()) };
    findings.check(Severity::Error, PATH, shape);
    let Some(text) = directory.file(PATH) else {
        let path = format!("{}/{PATH}", directory.path);
        let reason = if is_directory {
            format!("read {path}: is a directory")
        } else {
            format!("open {path}: no such file or directory")
        };
        findings.check(Severity::Error, PATH, Err(format!("unable to parse YAML\n\t{reason}")));
        return;
    };
    let mut raw = RawMetadata::default();
    let read = raw.read(text, "Metadata", &pilothouse_goyaml::Limits::default());
    if !findings.check(Severity::Error, PATH, read.map_err(|e| format!("unable to parse YAML\n\t{e}"))) {
        return;
    }
    let strictly = strict::check(text);
    findings.check(
        Severity::Warning,
        PATH,
        strictly.map_err(|e| format!("failed to strictly parse chart metadata file\n\t{e}")),
    );
    let generic = to_json(text).unwrap_or_default();
    for result in [
        name(&raw),
        api_version(&raw),
        is_string(&generic, "version"),
        version(&raw),
        is_string(&generic, "appVersion"),
        maintainers(&raw),
        sources(&raw),
    ] {
        findings.check(Severity::Error, PATH, result);
    }
    let m = &raw.metadata;
    let icon = if m.icon.is_empty() { Err("icon is recommended".to_owned()) } else { Ok(()) };
    findings.check(Severity::Info, PATH, icon);
    for result in [icon_url(&raw), kind(&raw), dependencies(&raw)] {
        findings.check(Severity::Error, PATH, result);
    }
    let strict = Version::parse_strict(&m.version)
        .map(drop)
        .map_err(|_| format!("version '{}' is not a valid SemVerV2", m.version));
    findings.check(Severity::Warning, PATH, strict);
}

fn name(raw: &RawMetadata) -> Result<(), String> {
    match raw.metadata.name.as_str() {
        "" => Err("name is required".to_owned()),
        name if name.contains('/') => Err(format!("chart name {name:?} is invalid")),
        _ => Ok(()),
    }
}

fn api_version(raw: &RawMetadata) -> Result<(), String> {
    match raw.metadata.api_version.as_str() {
        "v1" | "v2" => Ok(()),
        "" => Err("apiVersion is required. The value must be either \"v1\" or \"v2\"".to_owned()),
        other => Err(format!("apiVersion '{other}' is not valid. The value must be either \"v1\" or \"v2\"")),
    }
}

/// Whether the field is written as a text: an unquoted number is read as one.
fn is_string(generic: &Value, field: &str) -> Result<(), String> {
    let go_type = match generic.get(field) {
        None | Some(Value::String(_)) => return Ok(()),
        Some(Value::Null) => "<nil>",
        Some(Value::Bool(_)) => "bool",
        Some(Value::Number(_)) => "float64",
        Some(Value::Array(_)) => "[]interface {}",
        Some(Value::Object(_)) => "map[string]interface {}",
    };
    Err(format!("{field} should be of type string but it's of type {go_type}"))
}

fn version(raw: &RawMetadata) -> Result<(), String> {
    let text = &raw.metadata.version;
    if text.is_empty() {
        return Err("version is required".to_owned());
    }
    let version = Version::parse(text).map_err(|_| format!("version '{text}' is not a valid SemVer"))?;
    let above_zero = Constraints::parse(">0.0.0-0").is_ok_and(|constraint| constraint.check(&version));
    if above_zero { Ok(()) } else { Err(format!("version {text:?} is less than or equal to \"0.0.0-0\"")) }
}

fn maintainers(raw: &RawMetadata) -> Result<(), String> {
    for maintainer in raw.maintainers() {
        let Some(maintainer) = maintainer else { return Err("a maintainer entry is empty".to_owned()) };
        let (name, email, url) = (&maintainer.name, &maintainer.email, &maintainer.url);
        if name.is_empty() {
            return Err("each maintainer requires a name".to_owned());
        }
        if !email.is_empty() && !is_email(email) {
            return Err(format!("invalid email '{email}' for maintainer '{name}'"));
        }
        if !url.is_empty() && !is_url(url) {
            return Err(format!("invalid url '{url}' for maintainer '{name}'"));
        }
    }
    Ok(())
}

fn sources(raw: &RawMetadata) -> Result<(), String> {
    match raw.metadata.sources.iter().find(|source| !is_request_url(source)) {
        Some(bad) => Err(format!("invalid source URL '{bad}'")),
        None => Ok(()),
    }
}

fn icon_url(raw: &RawMetadata) -> Result<(), String> {
    let icon = &raw.metadata.icon;
    if icon.is_empty() || is_request_url(icon) { Ok(()) } else { Err(format!("invalid icon URL '{icon}'")) }
}

fn kind(raw: &RawMetadata) -> Result<(), String> {
    let m = &raw.metadata;
    if m.kind.is_empty() || m.api_version == "v2" {
        return Ok(());
    }
    Err(format!("chart type is not valid in apiVersion '{}'. It is valid in apiVersion 'v2'", m.api_version))
}

fn dependencies(raw: &RawMetadata) -> Result<(), String> {
    let api_version = &raw.metadata.api_version;
    if raw.dependencies().is_empty() || api_version == "v2" {
        return Ok(());
    }
    Err(format!(
        "dependencies are not valid in the Chart file with apiVersion '{api_version}'. They are valid in \
         apiVersion 'v2'"
    ))
}
