//! Request bodies to objects.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::Value;

use crate::call::Call;
use crate::decode;
use crate::fields::{self, Decoded, Raw};
use crate::protobuf;
use crate::resource::{Gvk, Resource};
use crate::schema;
use crate::status::{ApiError, ApiResult, Cause, go_quote};

/// The largest body: the API server's own limit.
pub(crate) const MAX_BODY: usize = 3 << 20;

/// Reads a body whole.
///
/// # Errors
/// 413 above [`MAX_BODY`], 400 where the connection fails.
pub(crate) async fn collect<B>(body: B) -> ApiResult<Bytes>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match Limited::new(body, MAX_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            let message = format!("Request entity too large: limit is {MAX_BODY}");
            Err(ApiError::new(413, "RequestEntityTooLarge", message))
        }
        Err(error) => Err(ApiError::bad_request(format!("cannot read the request body: {error}"))),
    }
}

/// The media type of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Media {
    Json,
    Yaml,
    Protobuf,
}

/// The media type that the headers name; JSON where they name none.
///
/// # Errors
/// 415.
pub(crate) fn media(headers: &HeaderMap) -> ApiResult<Media> {
    match content_type(headers) {
        "" | "application/json" => Ok(Media::Json),
        "application/yaml" => Ok(Media::Yaml),
        "application/vnd.kubernetes.protobuf" => Ok(Media::Protobuf),
        _ => Err(unsupported("application/json, application/yaml, application/vnd.kubernetes.protobuf")),
    }
}

/// The content type without parameters.
pub(crate) fn content_type(headers: &HeaderMap) -> &str {
    let header = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    header.split(';').next().unwrap_or_default().trim()
}

/// 415.
pub(crate) fn unsupported(accepted: &str) -> ApiError {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: {accepted}"
    );
    ApiError::new(415, "UnsupportedMediaType", message)
}

/// A body taken apart, and strict errors of its text (YAML's doubled keys).
struct Parsed {
    raw: Raw,
    strict: Option<String>,
}

fn parse(media: Media, body: &[u8], default: &Gvk) -> Result<Parsed, String> {
    match media {
        Media::Json => {
            fields::parse_json(body).map(|raw| Parsed { raw, strict: None }).map_err(|e| e.to_string())
        }
        Media::Yaml => fields::parse_yaml(body).map(|yaml| Parsed { raw: yaml.raw, strict: yaml.duplicates }),
        Media::Protobuf => {
            let value =
                protobuf::decode(body, (&default.api_version(), &default.kind)).map_err(|e| e.to_string())?;
            Ok(Parsed { raw: Raw::from(&value), strict: None })
        }
    }
}

/// Reads a body as an object of a resource.
///
/// # Errors
/// 400 in Kubernetes' words.
pub(crate) fn object(call: &mut Call, media: Media, body: &[u8], resource: &Resource) -> ApiResult<Value> {
    if let Some(served) = &resource.custom {
        if media == Media::Protobuf {
            return Err(unsupported("application/json, application/yaml"));
        }
        let parsed = parse(media, body, &resource.gvk).map_err(ApiError::bad_request)?;
        return custom(call, &parsed, body, resource, served);
    }
    typed(call, media, body, &resource.gvk)
}

/// Reads a body as an object of a built-in kind that may have no resource of its own (`Scale`, `Eviction`, …).
///
/// # Errors
/// 400 in Kubernetes' words.
pub(crate) fn typed(call: &mut Call, media: Media, body: &[u8], wanted: &Gvk) -> ApiResult<Value> {
    let expected = &wanted.kind;
    let unrecognised = |why: &str| {
        let summary = summary(body);
        ApiError::bad_request(format!(
            "the object provided is unrecognized (must be of type {expected}): {why} ({summary})"
        ))
    };
    let json_error = |why: &str| unrecognised(&format!("couldn't get version/kind; json parse error: {why}"));
    let parsed = match parse(media, body, wanted) {
        Ok(parsed) => parsed,
        Err(why) if media == Media::Protobuf => return Err(unrecognised(&why)),
        Err(why) if media == Media::Yaml => {
            let why = why.strip_prefix("error converting YAML to JSON: ").unwrap_or(&why);
            return Err(unrecognised(why));
        }
        Err(why) => return Err(json_error(&why)),
    };
    let found = named_kind(&parsed.raw).map_err(|why| json_error(&why))?;
    let actual = complete(&found, wanted);
    let mismatch = |why: &str| {
        let version = &actual.version;
        ApiError::bad_request(format!(
            "{} in version {} cannot be handled as a {expected}: {why}",
            actual.kind,
            go_quote(version)
        ))
    };
    if schema::builtin().kind(&actual).is_none() {
        let why = format!(
            "no kind {} is registered for version {} in scheme \"pkg/api/legacyscheme/scheme.go:30\"",
            go_quote(&actual.kind),
            go_quote(&actual.api_version())
        );
        return Err(mismatch(&why));
    }
    let empty = matches!(parsed.raw, Raw::Null);
    let decoded = if empty {
        decode::body(&actual, &Raw::Object(Vec::new()))
    } else {
        decode::body(&actual, &parsed.raw)
    };
    let Decoded { object, strict } = decoded.map_err(|why| mismatch(&why))?;
    let all = parsed.strict.into_iter().chain(strict).collect();
    let judged = Decoded { object, strict: all }.judge(call.validation);
    let (mut object, warnings) = judged.map_err(|why| mismatch(&why))?;
    if actual != *wanted && !same_kind(&actual, wanted) {
        let why = format!(
            "converting ({}.{}) to ({}.{expected}): unknown conversion",
            actual.version,
            actual.kind,
            internal_package(&wanted.group)
        );
        return Err(mismatch(&why));
    }
    warnings.into_iter().for_each(|text| call.warn(text));
    object["apiVersion"] = Value::from(actual.api_version());
    object["kind"] = Value::from(&*actual.kind);
    Ok(object)
}

/// Versions of one kind are converted; events are served by two groups but never converted.
fn same_kind(a: &Gvk, b: &Gvk) -> bool {
    a.group == b.group && a.kind == b.kind
}

/// `apiVersion` and `kind` of a body; both may be empty.
fn named_kind(raw: &Raw) -> Result<(String, String), String> {
    const TARGET: &str = "struct { APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }";
    let kind_of = |raw: &Raw| match raw {
        Raw::Null => "null",
        Raw::Bool(_) => "bool",
        Raw::Number(_) => "number",
        Raw::String(_) => "string",
        Raw::Array(_) => "array",
        Raw::Object(_) => "object",
    };
    match raw {
        Raw::Null => Ok((String::new(), String::new())),
        Raw::Object(_) => {
            let text = |key: &str, field: &str| match raw.get(key) {
                None | Some(Raw::Null) => Ok(String::new()),
                Some(Raw::String(text)) => Ok(text.clone()),
                Some(other) => Err(format!(
                    "json: cannot unmarshal {} into Go struct field .{field} of type string",
                    kind_of(other)
                )),
            };
            Ok((text("apiVersion", "apiVersion")?, text("kind", "kind")?))
        }
        other => Err(format!("json: cannot unmarshal {} into Go value of type {TARGET}", kind_of(other))),
    }
}

/// What a body leaves out is what is wanted.
fn complete((api_version, kind): &(String, String), wanted: &Gvk) -> Gvk {
    let kind = if kind.is_empty() { &wanted.kind } else { kind.as_str() };
    if api_version.is_empty() {
        return Gvk::new(&wanted.group, &wanted.version, kind);
    }
    Gvk::from_api_version(api_version, kind)
}

/// The Go package of a group's internal types.
fn internal_package(group: &str) -> &str {
    if group.is_empty() { "core" } else { group.split('.').next().unwrap_or(group) }
}

/// The beginning of a body, as error texts show it.
fn summary(body: &[u8]) -> String {
    const MAX: usize = 30;
    let tail = if body.len() > MAX { " ..." } else { "" };
    let start = &body[..body.len().min(MAX)];
    match body.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => format!("{}{tail}", String::from_utf8_lossy(start)),
        Some(_) => {
            let hex: String = start.iter().map(|b| format!("{b:02x}")).collect();
            format!("{hex}{tail}")
        }
    }
}

fn custom(
    call: &mut Call,
    parsed: &Parsed,
    body: &[u8],
    resource: &Resource,
    served: &crate::crd::Served,
) -> ApiResult<Value> {
    let mut object = parsed.raw.to_value();
    let shown = || String::from_utf8_lossy(body).trim_end().to_owned();
    let text = |key: &str| object[key].as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if !object.is_object() {
        return Err(ApiError::bad_request(format!(
            "couldn't get version/kind; json parse error: json: cannot unmarshal {} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}",
            if object.is_array() { "array" } else { "string" }
        )));
    }
    if kind.is_empty() {
        return Err(ApiError::bad_request(format!("Object 'Kind' is missing in '{}'", shown())));
    }
    if version != resource.api_version() || kind != resource.kind() {
        if version == resource.api_version() {
            let cause = Cause::invalid("kind", &Value::from(&*kind), &format!("must be {}", resource.kind()));
            let name = crate::meta::text(&object, "name").to_owned();
            return Err(ApiError::invalid(resource.group(), &kind, &name, vec![cause]));
        }
        return Err(ApiError::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({})",
            resource.api_version()
        )));
    }
    let strict: Vec<String> = parsed
        .strict
        .iter()
        .cloned()
        .chain(parsed.raw.duplicates())
        .chain(served.decode(&mut object))
        .collect();
    let judged = Decoded { object, strict }.judge(call.validation).map_err(|text| {
        let (kind, version) = (resource.kind(), &resource.gvk.version);
        ApiError::bad_request(format!(
            "{kind} in version \"{version}\" cannot be handled as a {kind}: {text}"
        ))
    });
    let (object, warnings) = judged?;
    warnings.into_iter().for_each(|text| call.warn(text));
    Ok(object)
}
