//! `values.schema.json`: checks values with the messages of Helm 4.2.3, that is of
//! `santhosh-tekuri/jsonschema` v6.

use std::error::Error;
use std::fmt::Write as _;
use std::sync::OnceLock;

use boon::{CompileError, Compiler, SchemaIndex, Schemas, UrlLoader};
use pilothouse_gotemplate::{Map as GoMap, Value as Go};
use serde_json::Value as Json;

use crate::Chart;
use crate::values::coalesce::values_from_go;

mod formats;
mod message;
mod tree;

use tree::describe;

const URL: &str = "file:///values.schema.json";

/// Checks the coalesced values of a chart and its subcharts; the error is the text after Helm's heading.
pub(crate) fn check(chart: &Chart, values: &GoMap) -> Result<(), String> {
    let mut text = String::new();
    if let Some(schema) = chart.schema()
        && let Err(error) = chart.compiled_schema().check(schema, &values_from_go(values).to_json())
    {
        let _ = write!(text, "{}:\n{error}", chart.name());
    }
    for subchart in chart.dependencies() {
        match values.get(subchart.name().as_bytes()) {
            None | Some(Go::Nil) => {}
            Some(Go::Map(values)) => {
                if let Err(error) = check(subchart, &values) {
                    text.push_str(&error);
                }
            }
            Some(other) => {
                let _ = writeln!(
                    text,
                    "{}:\ninvalid type for values: expected object (map), got {}",
                    subchart.name(),
                    other.type_name()
                );
            }
        }
    }
    if text.is_empty() { Ok(()) } else { Err(text) }
}

/// A schema that is compiled once for all renders of its chart: a large one costs milliseconds.
#[derive(Default)]
pub(crate) struct CompiledSchema(OnceLock<Result<(Schemas, SchemaIndex), String>>);

impl std::fmt::Debug for CompiledSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CompiledSchema").field(&self.0.get().map(Result::is_ok)).finish()
    }
}

impl CompiledSchema {
    /// Checks one document. `schema` is the same at each call.
    pub(crate) fn check(&self, schema: &[u8], values: &Json) -> Result<(), String> {
        let (schemas, index) = self.0.get_or_init(|| compile(schema)).as_ref().map_err(Clone::clone)?;
        schemas.validate(values, *index).map_err(|error| {
            let text = describe(&error);
            let heading = format!("jsonschema validation failed with '{URL}#'\n");
            format!("{}\n", text.strip_prefix(&heading).unwrap_or(&text))
        })
    }
}

/// Checks one document against one schema.
pub(crate) fn check_one(schema: &[u8], values: &Json) -> Result<(), String> {
    CompiledSchema::default().check(schema, values)
}

fn compile(schema: &[u8]) -> Result<(Schemas, SchemaIndex), String> {
    let schema = parse(schema)?;
    let mut compiler = Compiler::new();
    compiler.use_loader(Box::new(NoLoader));
    formats::register(&mut compiler);
    let mut schemas = Schemas::new();
    compiler.add_resource(URL, schema).map_err(|error| compile_error(&error))?;
    let index = compiler.compile(URL, &mut schemas).map_err(|error| compile_error(&error))?;
    Ok((schemas, index))
}

fn parse(schema: &[u8]) -> Result<Json, String> {
    serde_json::from_slice(schema).map_err(|error| {
        if error.is_eof() {
            let empty = schema.iter().all(u8::is_ascii_whitespace);
            return if empty { "EOF" } else { "unexpected EOF" }.to_owned();
        }
        error.to_string()
    })
}

/// Schemas are not fetched from anywhere; `urn:` references accept everything, as in Helm.
struct NoLoader;

impl UrlLoader for NoLoader {
    fn load(&self, url: &str) -> Result<Json, Box<dyn Error>> {
        if url.starts_with("urn:") {
            return Ok(Json::Bool(true));
        }
        match url.strip_prefix("file://") {
            Some(path) => Err(format!("open {path}: no such file or directory").into()),
            None => Err("schemas are not fetched over the network".into()),
        }
    }
}

fn compile_error(error: &CompileError) -> String {
    match error {
        CompileError::ParseUrlError { url, src } => format!("error in parsing {url:?}: {src}"),
        CompileError::LoadUrlError { url, src } => format!("failing loading {url:?}: {src}"),
        CompileError::UnsupportedUrlScheme { url } => format!("no URLLoader registered for {url:?}"),
        CompileError::InvalidMetaSchemaUrl { url, src } => format!("invalid $schema in {url:?}: {src}"),
        CompileError::UnsupportedDraft { url } => format!("draft {url:?} is not supported"),
        CompileError::MetaSchemaCycle { url } => format!("cycle in resolving $schema in {url:?}"),
        CompileError::ValidationError { url, src } => {
            let url = url.strip_suffix('#').unwrap_or(url);
            format!("\"{url}#\" is not valid against metaschema: {}", describe(src))
        }
        CompileError::ParseIdError { loc } => format!("error in parsing id at {loc:?}"),
        CompileError::ParseAnchorError { loc } => format!("error in parsing anchor at {loc:?}"),
        CompileError::DuplicateId { url, id, ptr1, ptr2 } => {
            format!("duplicate id {id:?} in {url:?} at {ptr1:?} and {ptr2:?}")
        }
        CompileError::DuplicateAnchor { anchor, url, ptr1, ptr2 } => {
            format!("duplicate anchor {anchor:?} in {url:?} at {ptr1:?} and {ptr2:?}")
        }
        CompileError::InvalidJsonPointer(url) => format!("invalid json-pointer {url:?}"),
        CompileError::JsonPointerNotFound(url) => format!("json-pointer in {url:?} not found"),
        CompileError::AnchorNotFound { url, reference } => {
            format!("anchor in {reference:?} not found in schema {url:?}")
        }
        CompileError::UnsupportedVocabulary { url, vocabulary } => {
            format!("unsupported vocabulary {vocabulary:?} in {url:?}")
        }
        CompileError::InvalidRegex { url, regex, src } => {
            format!("invalid regex {regex:?} at {url:?}: {src}")
        }
        CompileError::Bug(error) => error.to_string(),
    }
}
