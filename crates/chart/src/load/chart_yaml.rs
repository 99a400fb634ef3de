//! `Chart.yaml` and lock files: reading and checking.

use pilothouse_goyaml::{JsonBuilder, Limits, parse_first};
use serde_json::Value;

use super::Decoder;
use crate::semver::Version;
use crate::{Dependency, Lock, Maintainer, Metadata};

/// Metadata as it is read, before it is checked: lists may hold nulls.
#[derive(Debug, Default)]
pub(crate) struct RawMetadata {
    pub(crate) metadata: Metadata,
    maintainers: Vec<Option<Maintainer>>,
    dependencies: Vec<Option<Dependency>>,
}

/// The fields of `Chart.yaml`.
pub(crate) const METADATA: &[&str] = &[
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];

/// The fields of a dependency.
pub(crate) const DEPENDENCY: &[&str] =
    &["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];

/// The fields of a maintainer.
pub(crate) const MAINTAINER: &[&str] = &["name", "email", "url"];

fn to_json(source: &[u8], limits: &Limits) -> Result<Value, String> {
    parse_first(source, &mut JsonBuilder, limits)
        .map_err(|error| format!("error converting YAML to JSON: {error}"))
}

impl RawMetadata {
    /// Reads a file into the metadata; fields it does not name keep what they have.
    pub(crate) fn read(&mut self, source: &[u8], name: &'static str, limits: &Limits) -> Result<(), String> {
        let json = to_json(source, limits)?;
        let mut decoder = Decoder::default();
        let Self { metadata: m, maintainers, dependencies } = self;
        decoder.object(&json, "v2.Metadata", name, METADATA, &mut |d, field, value| match field {
            "name" => d.string(value, &mut m.name),
            "home" => d.string(value, &mut m.home),
            "sources" => d.strings(value, &mut m.sources),
            "version" => d.string(value, &mut m.version),
            "description" => d.string(value, &mut m.description),
            "keywords" => d.strings(value, &mut m.keywords),
            "maintainers" => {
                let mut items = Vec::new();
                if d.list(value, "[]*v2.Maintainer", &mut |d, item| items.push(maintainer(d, item))) {
                    *maintainers = items;
                }
            }
            "icon" => d.string(value, &mut m.icon),
            "apiVersion" => d.string(value, &mut m.api_version),
            "condition" => d.string(value, &mut m.condition),
            "tags" => d.string(value, &mut m.tags),
            "appVersion" => d.string(value, &mut m.app_version),
            "deprecated" => d.bool(value, &mut m.deprecated),
            "annotations" => d.string_map(value, &mut m.annotations),
            "kubeVersion" => d.string(value, &mut m.kube_version),
            "dependencies" => read_dependencies(d, value, dependencies),
            _ => d.string(value, &mut m.kind),
        });
        decoder.finish()
    }

    /// The maintainers as they stand there; none for a null.
    pub(crate) fn maintainers(&self) -> &[Option<Maintainer>] {
        &self.maintainers
    }

    /// The dependencies as they stand there; none for a null.
    pub(crate) fn dependencies(&self) -> &[Option<Dependency>] {
        &self.dependencies
    }

    /// Helm's `Metadata.Validate`: cleans the texts and refuses what is incomplete or wrong.
    pub(super) fn validate(self) -> Result<Metadata, String> {
        let mut m = self.metadata;
        for text in [
            &mut m.name,
            &mut m.description,
            &mut m.home,
            &mut m.icon,
            &mut m.condition,
            &mut m.tags,
            &mut m.app_version,
            &mut m.kube_version,
        ] {
            sanitize(text);
        }
        m.sources.iter_mut().chain(&mut m.keywords).for_each(sanitize);
        if m.api_version.is_empty() {
            return Err("chart.metadata.apiVersion is required".to_owned());
        }
        if m.name.is_empty() {
            return Err("chart.metadata.name is required".to_owned());
        }
        if m.name == "." || m.name == ".." {
            return Err(format!("chart.metadata.name {:?} is not allowed", m.name));
        }
        if m.name.contains('/') {
            return Err(format!("chart.metadata.name {:?} is invalid", m.name));
        }
        if m.version.is_empty() {
            return Err("chart.metadata.version is required".to_owned());
        }
        if Version::parse(&m.version).is_err() {
            return Err(format!("chart.metadata.version {:?} is invalid", m.version));
        }
        if !matches!(m.kind.as_str(), "" | "application" | "library") {
            return Err("chart.metadata.type must be application or library".to_owned());
        }
        for maintainer in self.maintainers {
            let Some(mut maintainer) = maintainer else {
                return Err("maintainers must not contain empty or null nodes".to_owned());
            };
            [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url].into_iter().for_each(sanitize);
            m.maintainers.push(maintainer);
        }
        m.dependencies = validate_dependencies(self.dependencies)?;
        Ok(m)
    }
}

fn validate_dependencies(raw: Vec<Option<Dependency>>) -> Result<Vec<Dependency>, String> {
    let mut dependencies: Vec<Dependency> = Vec::new();
    let key = |d: &Dependency| if d.alias.is_empty() { d.name.clone() } else { d.alias.clone() };
    for dependency in raw {
        let Some(mut dependency) = dependency else {
            return Err("dependencies must not contain empty or null nodes".to_owned());
        };
        let d = &mut dependency;
        [&mut d.name, &mut d.version, &mut d.repository, &mut d.condition].into_iter().for_each(sanitize);
        d.tags.iter_mut().for_each(sanitize);
        if !d.alias.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
            return Err(format!("dependency {:?} has disallowed characters in the alias", d.name));
        }
        if dependencies.iter().any(|other| key(other) == key(&dependency)) {
            return Err(format!("more than one dependency with name or alias {:?}", key(&dependency)));
        }
        dependencies.push(dependency);
    }
    Ok(dependencies)
}

fn maintainer(decoder: &mut Decoder, value: &Value) -> Option<Maintainer> {
    if value.is_null() {
        return None;
    }
    let mut m = Maintainer::default();
    decoder.object(value, "v2.Maintainer", "Maintainer", MAINTAINER, &mut |d, field, value| {
        let into = match field {
            "name" => &mut m.name,
            "email" => &mut m.email,
            _ => &mut m.url,
        };
        d.string(value, into);
    });
    Some(m)
}

fn read_dependencies(decoder: &mut Decoder, value: &Value, into: &mut Vec<Option<Dependency>>) {
    let mut items = Vec::new();
    if decoder.list(value, "[]*v2.Dependency", &mut |d, item| items.push(dependency(d, item))) {
        *into = items;
    }
}

fn dependency(decoder: &mut Decoder, value: &Value) -> Option<Dependency> {
    if value.is_null() {
        return None;
    }
    let mut dep = Dependency::default();
    decoder.object(value, "v2.Dependency", "Dependency", DEPENDENCY, &mut |d, field, value| match field {
        "name" => d.string(value, &mut dep.name),
        "version" => d.string(value, &mut dep.version),
        "repository" => d.string(value, &mut dep.repository),
        "condition" => d.string(value, &mut dep.condition),
        "tags" => d.strings(value, &mut dep.tags),
        "enabled" => d.bool(value, &mut dep.enabled),
        "import-values" => {
            let mut items = Vec::new();
            if d.list(value, "[]interface {}", &mut |_, item| items.push(item.clone())) {
                dep.import_values = items;
            }
        }
        _ => d.string(value, &mut dep.alias),
    });
    Some(dep)
}

/// Reads a lock file; an empty one is no lock.
pub(super) fn read_lock(source: &[u8], limits: &Limits) -> Result<Option<Lock>, String> {
    let json = to_json(source, limits)?;
    if json.is_null() {
        return Ok(None);
    }
    let mut lock = Lock { generated: "0001-01-01T00:00:00Z".to_owned(), ..Lock::default() };
    let mut dependencies = Vec::new();
    let mut bad_time = None;
    let mut decoder = Decoder::default();
    let fields = &["generated", "digest", "dependencies"];
    decoder.object(&json, "v2.Lock", "Lock", fields, &mut |d, field, value| match field {
        "generated" => match value.as_str() {
            Some(text) if text.parse::<jiff::Timestamp>().is_ok() => text.clone_into(&mut lock.generated),
            None if value.is_null() => {}
            _ => bad_time = Some(value.to_string()),
        },
        "digest" => d.string(value, &mut lock.digest),
        _ => read_dependencies(d, value, &mut dependencies),
    });
    if let Some(text) = bad_time {
        return Err(format!(
            "error unmarshaling JSON: while decoding JSON: parsing time {text} as \"2006-01-02T15:04:05Z07:00\""
        ));
    }
    decoder.finish()?;
    lock.dependencies = dependencies.into_iter().flatten().collect();
    Ok(Some(lock))
}

/// Helm's `sanitizeString`: white space becomes a space, what cannot be printed goes.
fn sanitize(text: &mut String) {
    if text.bytes().all(|b| (0x20..0x7F).contains(&b)) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|c| if c.is_whitespace() { Some(' ') } else { is_printable(c).then_some(c) })
        .collect();
}

/// Go's `unicode.IsPrint`, but for unassigned characters.
fn is_printable(c: char) -> bool {
    let hidden = matches!(
        c,
        '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{E000}'..='\u{F8FF}' | '\u{FEFF}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{FFFE}'..='\u{FFFF}' | '\u{E0000}'..='\u{10FFFF}'
    );
    !c.is_control() && !hidden
}
