//! `Accept`: which form a response has.

use crate::status::{ApiError, Details};

/// Encoding of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Format {
    #[default]
    Json,
    Yaml,
}

/// What the body shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Shape {
    /// The objects themselves.
    #[default]
    Object,
    /// `meta.k8s.io` `Table`.
    Table,
    /// `PartialObjectMetadata` of one object.
    Partial,
    /// `PartialObjectMetadataList`.
    PartialList,
}

/// The agreed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Form {
    pub(crate) format: Format,
    pub(crate) shape: Shape,
    /// `v1beta1` of `meta.k8s.io` instead of `v1`.
    pub(crate) beta: bool,
    pub(crate) pretty: bool,
}

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// A clause of an `Accept` header.
struct Clause<'a> {
    kind: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    quality: f32,
}

fn clauses(accept: &str) -> Vec<Clause<'_>> {
    let mut out: Vec<Clause<'_>> = accept
        .split(',')
        .filter_map(|part| {
            let mut parts = part.split(';').map(str::trim);
            let kind = parts.next().filter(|k| !k.is_empty())?;
            let parameters: Vec<_> = parts.filter_map(|p| p.split_once('=')).collect();
            let quality = parameters.iter().find(|(k, _)| *k == "q").and_then(|(_, v)| v.parse().ok());
            Some(Clause { kind, parameters, quality: quality.unwrap_or(1.0) })
        })
        .collect();
    out.sort_by(|a, b| b.quality.total_cmp(&a.quality));
    out
}

/// Agrees on a form. `accept`: the header, empty where there is none; `streams`: a list, that could be watched.
///
/// # Errors
/// 406 as the API server's.
pub(crate) fn negotiate(accept: &str, streams: bool) -> Result<Form, ApiError> {
    let clauses = clauses(accept);
    if clauses.is_empty() {
        return Ok(Form::default());
    }
    let produced = |kind: &str| matches!(kind, "*/*" | JSON | YAML | PROTOBUF);
    if !clauses.iter().any(|c| produced(c.kind)) {
        let mut list = format!("{JSON}, {YAML}, {PROTOBUF}");
        if streams {
            list.push_str(&format!(", {JSON};stream=watch, {PROTOBUF};stream=watch"));
        }
        let message = format!("406: Not Acceptable\n\nAvailable representations: {list}");
        return Err(ApiError::new(406, "NotAcceptable", message).with_details(Details::default()));
    }
    let found = clauses.iter().filter_map(form).collect::<Vec<_>>();
    // JSON is as good as protobuf to every client that accepts both.
    found.first().copied().ok_or_else(|| {
        let message = format!("only the following media types are accepted: {JSON}, {YAML}, {PROTOBUF}");
        ApiError::new(406, "NotAcceptable", message)
    })
}

fn form(clause: &Clause<'_>) -> Option<Form> {
    let format = match clause.kind {
        JSON | "*/*" | "application/*" => Format::Json,
        YAML => Format::Yaml,
        // A client that lists nothing else reads JSON too: the answer's content type tells.
        PROTOBUF if clause.parameters.iter().all(|(k, _)| *k != "as") => Format::Json,
        _ => return None,
    };
    let mut form = Form { format, ..Form::default() };
    let (mut group, mut version) = ("", "");
    for (key, value) in &clause.parameters {
        match *key {
            "as" => {
                form.shape = match *value {
                    "Table" => Shape::Table,
                    "PartialObjectMetadata" => Shape::Partial,
                    "PartialObjectMetadataList" => Shape::PartialList,
                    _ => return None,
                }
            }
            "g" => group = value,
            "v" => version = value,
            "pretty" => form.pretty = *value == "1",
            _ => {}
        }
    }
    if form.shape != Shape::Object {
        if group != "meta.k8s.io" || !matches!(version, "v1" | "v1beta1") {
            return None;
        }
        form.beta = version == "v1beta1";
    }
    Some(form)
}
