//! The values a template sees: `.Values`, `.Release`, `.Chart`, `.Capabilities`, `.Files`, with Go's types.

use std::any::Any;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use pilothouse_gotemplate::{
    CallError, Context, Field, List, ListKind, Map, MapKind, Method, Object, Param, Str, Struct, Value,
};

use crate::functions::yaml::to_yaml_text;
use crate::{Capabilities, Metadata, Release, files_glob, values};

/// Go's name of the type of `.Values`, `.Template` and the dot itself.
const VALUES_TYPE: &str = "common.Values";

/// A map of Go's type `common.Values`.
pub(crate) fn values_map(map: Map) -> Value {
    Value::object(ValuesMap(map))
}

/// Helm's `common.Values`: a map with a few methods.
#[derive(Debug)]
struct ValuesMap(Map);

impl ValuesMap {
    /// The table at a dotted path.
    fn table(&self, path: &str) -> Result<Map, CallError> {
        let mut table = self.0.clone();
        for name in path.split('.') {
            let inner = table.get(name.as_bytes()).filter(|value| {
                matches!(value, Value::Map(_))
                    || matches!(value, Value::Object(object) if object.type_name() == VALUES_TYPE)
            });
            table = inner
                .and_then(|value| value.as_map())
                .ok_or_else(|| CallError::from(format!("{} is not a table", quote_text(name))))?;
        }
        Ok(table)
    }

    /// The value at a dotted path; tables do not count.
    fn path_value(&self, path: &str) -> Result<Value, CallError> {
        if path.is_empty() {
            return Err("YAML path cannot be empty".into());
        }
        let missing = |name: &str| CallError::from(format!("{} is not a value", quote_text(name)));
        let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
        let table =
            if parent.is_empty() { self.0.clone() } else { self.table(parent).map_err(|_| missing(name))? };
        table
            .get(name.as_bytes())
            .filter(|value| !matches!(value, Value::Map(_)))
            .ok_or_else(|| missing(name))
    }
}

fn quote_text(text: &str) -> String {
    String::from_utf8_lossy(&pilothouse_gotemplate::quote::quote(text.as_bytes())).into_owned()
}

impl Object for ValuesMap {
    fn type_name(&self) -> Cow<'static, str> {
        VALUES_TYPE.into()
    }
    fn underlying(&self) -> Value {
        Value::Map(self.0.clone())
    }
    fn as_map(&self) -> Option<&Map> {
        Some(&self.0)
    }
    fn with_map(&self, map: Map) -> Option<Value> {
        Some(values_map(map))
    }
    fn method(&self, name: &[u8]) -> Option<Method> {
        match name {
            b"AsMap" | b"YAML" => Some(Method::new(&[])),
            b"Table" | b"PathValue" => Some(Method::new(&[Param::String])),
            _ => None,
        }
    }
    fn call(&self, name: &[u8], _: &Context<'_>, args: &mut [Value]) -> Result<Value, CallError> {
        let argument =
            || String::from_utf8_lossy(args.first().and_then(Value::as_str).unwrap_or_default()).into_owned();
        match name {
            b"AsMap" => Ok(Value::Map(self.0.clone())),
            b"YAML" => Ok(format!("{}\n", to_yaml_text(&self.underlying())?.unwrap_or_default()).into()),
            b"Table" => Ok(values_map(self.table(&argument())?)),
            _ => self.path_value(&argument()),
        }
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Chart values as template values.
pub(crate) fn value(value: &values::Value) -> Value {
    match value {
        values::Value::Null => Value::Nil,
        values::Value::Bool(flag) => Value::Bool(*flag),
        values::Value::Int(number) => Value::Int64(*number),
        values::Value::Float(number) => Value::Float(*number),
        values::Value::String(text) => Value::Str(Str::from(text.as_bytes())),
        values::Value::Array(items) => Value::list(items.iter().map(self::value).collect()),
        values::Value::Map(entries) => Value::Map(value_map(entries)),
    }
}

/// A table of chart values.
pub(crate) fn value_map(entries: &values::Map) -> Map {
    entries.iter().map(|(key, item)| (Str::from(key.as_bytes()), value(item))).collect()
}

fn text(text: &str) -> Value {
    Value::Str(Str::from(text.as_bytes()))
}

fn texts(items: &[String]) -> Value {
    Value::list(items.iter().map(|item| text(item)).collect())
}

fn entries<const N: usize>(entries: [(&'static str, Value); N]) -> Value {
    Value::map(entries.map(|(key, value)| (Str::from(key), value)))
}

/// `.Release`; in lint mode it is neither an install nor an upgrade, as in Helm.
pub(crate) fn release(release: &Release, lint: bool) -> Value {
    entries([
        ("Name", text(&release.name)),
        ("Namespace", text(&release.namespace)),
        ("IsUpgrade", Value::Bool(!release.is_install && !lint)),
        ("IsInstall", Value::Bool(release.is_install && !lint)),
        ("Revision", Value::Int(release.revision.into())),
        ("Service", "Helm".into()),
    ])
}

/// `.Template` of the template at `path` in the chart whose templates are under `base`.
pub(crate) fn template(path: &str, base: &str) -> Value {
    values_map([("Name".into(), text(path)), ("BasePath".into(), text(base))].into_iter().collect())
}

/// `.Chart`: Helm 4 gives a map with the names of Go's fields.
pub(crate) fn chart(metadata: &Metadata, is_root: bool) -> Value {
    let maintainers = metadata.maintainers.iter().map(|maintainer| {
        entries([
            ("Name", text(&maintainer.name)),
            ("Email", text(&maintainer.email)),
            ("URL", text(&maintainer.url)),
        ])
    });
    let dependencies = metadata.dependencies.iter().map(|dependency| {
        entries([
            ("Name", text(&dependency.name)),
            ("Version", text(&dependency.version)),
            ("Repository", text(&dependency.repository)),
            ("Condition", text(&dependency.condition)),
            ("Tags", texts(&dependency.tags)),
            ("Enabled", Value::Bool(dependency.enabled)),
            ("ImportValues", Value::list(dependency.import_values.iter().map(json).collect())),
            ("Alias", text(&dependency.alias)),
        ])
    });
    let annotations =
        metadata.annotations.iter().map(|(key, value)| (Str::from(key.as_bytes()), text(value)));
    let annotations = if metadata.annotations.is_empty() {
        // A nil map[string]string: nothing a template does tells it from nil, except its type.
        Value::Nil
    } else {
        Value::Map(Map::with_kind(MapKind::String, annotations.collect()))
    };
    entries([
        ("Name", text(&metadata.name)),
        ("Home", text(&metadata.home)),
        ("Sources", texts(&metadata.sources)),
        ("Version", text(&metadata.version)),
        ("Description", text(&metadata.description)),
        ("Keywords", texts(&metadata.keywords)),
        ("Maintainers", Value::list(maintainers.collect())),
        ("Icon", text(&metadata.icon)),
        ("APIVersion", text(&metadata.api_version)),
        ("Condition", text(&metadata.condition)),
        ("Tags", text(&metadata.tags)),
        ("AppVersion", text(&metadata.app_version)),
        ("Deprecated", Value::Bool(metadata.deprecated)),
        ("Annotations", annotations),
        ("KubeVersion", text(&metadata.kube_version)),
        ("Dependencies", Value::list(dependencies.collect())),
        ("Type", text(&metadata.kind)),
        ("IsRoot", Value::Bool(is_root)),
    ])
}

fn json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Nil,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or_default()),
        serde_json::Value::String(item) => text(item),
        serde_json::Value::Array(items) => Value::list(items.iter().map(json).collect()),
        serde_json::Value::Object(entries) => {
            Value::map(entries.iter().map(|(key, item)| (Str::from(key.as_bytes()), json(item))))
        }
    }
}

/// `.Capabilities`.
pub(crate) fn capabilities(capabilities: &Capabilities) -> Value {
    let field = |name, json, omit_empty, value| Field { name, json, omit_empty, value };
    let kube = &capabilities.kube_version;
    let kube_version = KubeVersion {
        normalized: kube.normalized.clone(),
        fields: Rc::new(Struct {
            type_name: "common.KubeVersion",
            pointer: false,
            fields: vec![
                field("Version", "Version", false, text(&kube.version)),
                field("normalizedVersion", "", false, text(&kube.normalized)),
                field("Major", "Major", false, text(&kube.major)),
                field("Minor", "Minor", false, text(&kube.minor)),
            ],
        }),
        version: kube.version.clone(),
    };
    let versions =
        List::of_strings(capabilities.api_versions.iter().map(|version| Str::from(version.as_bytes())));
    let build = Struct {
        type_name: "version.BuildInfo",
        pointer: false,
        fields: vec![
            field("Version", "version", true, text(&capabilities.helm_version)),
            field("GitCommit", "git_commit", true, text("")),
            field("GitTreeState", "git_tree_state", true, text("")),
            field("GoVersion", "go_version", true, text("go1.26.3")),
            field("KubeClientVersion", "kube_client_version", false, text("v1.36")),
        ],
    };
    Value::Struct(Rc::new(Struct {
        type_name: "common.Capabilities",
        pointer: true,
        fields: vec![
            field("KubeVersion", "KubeVersion", false, Value::object(kube_version)),
            field("APIVersions", "APIVersions", false, Value::object(VersionSet(versions))),
            field("HelmVersion", "HelmVersion", false, Value::Struct(Rc::new(build))),
        ],
    }))
}

/// `.Capabilities.KubeVersion`.
#[derive(Debug)]
struct KubeVersion {
    version: String,
    normalized: String,
    fields: Rc<Struct>,
}

impl Object for KubeVersion {
    fn type_name(&self) -> Cow<'static, str> {
        self.fields.type_name.into()
    }
    fn underlying(&self) -> Value {
        Value::Struct(self.fields.clone())
    }
    fn method(&self, name: &[u8]) -> Option<Method> {
        matches!(name, b"String" | b"GitVersion").then(|| Method::new(&[]))
    }
    fn call(&self, name: &[u8], _: &Context<'_>, _: &mut [Value]) -> Result<Value, CallError> {
        Ok(text(if name == b"String" { &self.normalized } else { &self.version }))
    }
    fn text_in_place(&self) -> Option<String> {
        Some(self.normalized.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Capabilities.APIVersions`.
#[derive(Debug)]
struct VersionSet(List);

impl Object for VersionSet {
    fn type_name(&self) -> Cow<'static, str> {
        "common.VersionSet".into()
    }
    fn underlying(&self) -> Value {
        Value::List(self.0.clone())
    }
    fn method(&self, name: &[u8]) -> Option<Method> {
        (name == b"Has").then(|| Method::new(&[Param::String]))
    }
    fn call(&self, _: &[u8], _: &Context<'_>, args: &mut [Value]) -> Result<Value, CallError> {
        let wanted = args[0].as_str();
        Ok(self.0.items().iter().any(|version| version.as_str() == wanted).into())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `.Files`.
pub(crate) fn files<'f>(files: impl IntoIterator<Item = (&'f str, Str)>) -> Value {
    let entries = files.into_iter().map(|(name, data)| (Str::from(name.as_bytes()), Value::Bytes(data)));
    Value::object(Files(Map::with_kind(MapKind::Bytes, entries.collect())))
}

/// The files of a chart, by path.
#[derive(Debug)]
struct Files(Map);

impl Files {
    fn bytes(&self, name: &Value) -> Str {
        match self.0.get(name.as_str().unwrap_or_default()) {
            Some(Value::Bytes(data)) => data,
            _ => Str::default(),
        }
    }

    fn glob(&self, pattern: &Value) -> Value {
        let pattern = String::from_utf8_lossy(pattern.as_str().unwrap_or_default()).into_owned();
        // Helm takes `**` for a pattern that does not compile.
        let glob = files_glob::Glob::new(&pattern).or_else(|| files_glob::Glob::new("**"));
        let entries = self.0.entries();
        let matching = entries
            .iter()
            .filter(|(name, _)| glob.as_ref().is_some_and(|glob| glob.matches(&name.to_text())));
        let matching = matching.map(|(name, data)| (name.clone(), data.clone()));
        Value::object(Self(Map::with_kind(MapKind::Bytes, matching.collect())))
    }

    /// All files by base name, as YAML.
    fn as_yaml(&self, content: impl Fn(&Str) -> Value) -> Result<Value, CallError> {
        let entries = self.0.entries();
        let mut by_name = BTreeMap::new();
        for (name, data) in entries.iter() {
            let base = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
            if let Value::Bytes(data) = data {
                by_name.insert(Str::from(base), content(data));
            }
        }
        let map = Value::Map(Map::with_kind(MapKind::String, by_name));
        Ok(to_yaml_text(&map)?.unwrap_or_default().into())
    }

    fn lines(&self, name: &Value) -> Result<Value, CallError> {
        if self.0.get(name.as_str().unwrap_or_default()).is_none() {
            return Ok(List::with_kind(ListKind::String, Vec::new()).into());
        }
        let data = self.bytes(name);
        if data.is_empty() {
            return Err("runtime error: index out of range [-1]".into());
        }
        let content = data.strip_suffix(b"\n").unwrap_or(&data);
        Ok(List::of_strings(content.split(|&byte| byte == b'\n')).into())
    }
}

impl Object for Files {
    fn type_name(&self) -> Cow<'static, str> {
        "engine.files".into()
    }
    fn underlying(&self) -> Value {
        Value::Map(self.0.clone())
    }
    fn as_map(&self) -> Option<&Map> {
        Some(&self.0)
    }
    fn method(&self, name: &[u8]) -> Option<Method> {
        match name {
            b"Get" | b"GetBytes" | b"Glob" | b"Lines" => Some(Method::new(&[Param::String])),
            b"AsConfig" | b"AsSecrets" => Some(Method::new(&[])),
            _ => None,
        }
    }
    fn call(&self, name: &[u8], _: &Context<'_>, args: &mut [Value]) -> Result<Value, CallError> {
        match name {
            b"Get" => Ok(Value::Str(self.bytes(&args[0]))),
            b"GetBytes" => Ok(Value::Bytes(self.bytes(&args[0]))),
            b"Glob" => Ok(self.glob(&args[0])),
            b"Lines" => self.lines(&args[0]),
            b"AsConfig" => self.as_yaml(|data| Value::Str(data.clone())),
            _ => self.as_yaml(|data| {
                base64::Engine::encode(&base64::engine::general_purpose::STANDARD, data.as_bytes()).into()
            }),
        }
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
