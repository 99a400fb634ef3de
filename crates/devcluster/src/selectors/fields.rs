//! Field selectors: `k8s.io/apimachinery/pkg/fields`, and which fields each kind can be selected by.

use serde_json::Value;

use crate::resource::Resource;
use crate::status::go_quote;
use crate::store::Object;

/// A parsed field selector: all terms must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FieldSelector(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    field: String,
    value: String,
    equal: bool,
    /// A custom resource's field, read from its body.
    custom: bool,
}

/// Fields beyond name and namespace by bucket: name in selectors, path in the object.
const FIELDS: &[(&str, &[(&str, &str)])] = &[
    (
        "pods",
        &[
            ("spec.nodeName", "spec.nodeName"),
            ("spec.restartPolicy", "spec.restartPolicy"),
            ("spec.schedulerName", "spec.schedulerName"),
            ("spec.serviceAccountName", "spec.serviceAccountName"),
            ("spec.hostNetwork", "spec.hostNetwork"),
            ("status.phase", "status.phase"),
            ("status.podIP", "status.podIP"),
            ("status.nominatedNodeName", "status.nominatedNodeName"),
        ],
    ),
    ("nodes", &[("spec.unschedulable", "spec.unschedulable")]),
    ("namespaces", &[("status.phase", "status.phase")]),
    ("secrets", &[("type", "type")]),
    ("services", &[("spec.clusterIP", "spec.clusterIP"), ("spec.type", "spec.type")]),
    ("replicationcontrollers", &[("status.replicas", "status.replicas")]),
    (
        "events",
        &[
            ("involvedObject.kind", "involvedObject.kind"),
            ("involvedObject.namespace", "involvedObject.namespace"),
            ("involvedObject.name", "involvedObject.name"),
            ("involvedObject.uid", "involvedObject.uid"),
            ("involvedObject.apiVersion", "involvedObject.apiVersion"),
            ("involvedObject.resourceVersion", "involvedObject.resourceVersion"),
            ("involvedObject.fieldPath", "involvedObject.fieldPath"),
            ("reason", "reason"),
            ("reportingComponent", "reportingComponent"),
            ("source", "source.component"),
            ("type", "type"),
        ],
    ),
    ("batch/jobs", &[("status.successful", "status.succeeded")]),
    ("certificates.k8s.io/certificatesigningrequests", &[("spec.signerName", "spec.signerName")]),
    ("resource.k8s.io/resourceslices", &[("spec.nodeName", "spec.nodeName"), ("spec.driver", "spec.driver")]),
];

fn fields_of(bucket: &str) -> &'static [(&'static str, &'static str)] {
    FIELDS.iter().find(|(name, _)| *name == bucket).map_or(&[], |(_, fields)| fields)
}

/// The selectable fields that are kept beside a stored object.
pub(crate) fn stored_fields(bucket: &str, object: &Value) -> Box<[(Box<str>, Box<str>)]> {
    let fields = fields_of(bucket).iter();
    fields.filter_map(|(name, path)| Some(((*name).into(), at(object, path)?.into()))).collect()
}

fn at(object: &Value, path: &str) -> Option<String> {
    match path.split('.').try_fold(object, |value, key| value.get(key))? {
        Value::String(text) if text.is_empty() => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl FieldSelector {
    /// Parses the text of a `fieldSelector` parameter for a resource.
    ///
    /// # Errors
    /// The message of the API server's 400.
    pub(crate) fn parse(text: &str, resource: &Resource) -> Result<Self, String> {
        let mut terms = Vec::new();
        for part in split_terms(text) {
            if part.is_empty() {
                continue;
            }
            let (field, equal, value) = split_term(&part)
                .ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{part}'"))?;
            let value = unescape(&value)?;
            let custom = resource.custom.is_some();
            terms.push(Term { field: known(&field, resource)?, value, equal, custom });
        }
        Ok(Self(terms))
    }

    /// Whether everything is selected.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds `metadata.name=name`, as requests of `…/watch/…/{name}` mean.
    pub(crate) fn require_name(&mut self, name: &str) {
        let field = "metadata.name".to_owned();
        self.0.push(Term { field, value: name.to_owned(), equal: true, custom: false });
    }

    /// Whether a stored object is selected.
    pub(crate) fn matches(&self, object: &Object) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let mut parsed = None;
        self.0.iter().all(|term| {
            let is = match term.field.as_str() {
                "metadata.name" => *object.name == *term.value,
                "metadata.namespace" => *object.namespace == *term.value,
                field if term.custom => {
                    let value = parsed.get_or_insert_with(|| object.value());
                    at(value, field).unwrap_or_default() == term.value
                }
                field => {
                    let stored = object.fields.iter().find(|(name, _)| **name == *field);
                    stored.map_or(absent(field), |(_, value)| value) == term.value
                }
            };
            is == term.equal
        })
    }
}

/// What a field that is not set is compared as.
fn absent(field: &str) -> &'static str {
    match field {
        "spec.hostNetwork" | "spec.unschedulable" => "false",
        "status.replicas" | "status.successful" => "0",
        _ => "",
    }
}

fn known(field: &str, resource: &Resource) -> Result<String, String> {
    if matches!(field, "metadata.name" | "metadata.namespace")
        && !(field == "metadata.namespace"
            && matches!(resource.kind(), "Node" | "Namespace")
            && resource.group().is_empty())
    {
        return Ok(field.to_owned());
    }
    if let Some(served) = &resource.custom {
        let path = field.trim_start_matches('.');
        if served.selectable.iter().any(|s| s.trim_start_matches('.') == path) {
            return Ok(path.to_owned());
        }
        return Err(format!("field label not supported: {field}"));
    }
    let fields = fields_of(&resource.bucket);
    let name = match (resource.group(), field) {
        ("events.k8s.io", "reportingController") => "reportingComponent",
        ("events.k8s.io", _) if field.starts_with("regarding.") => {
            return known_in(fields, &field.replacen("regarding", "involvedObject", 1))
                .ok_or_else(|| unknown(field));
        }
        ("", "spec.host") if &*resource.bucket == "pods" => "spec.nodeName",
        _ => field,
    };
    if fields.is_empty() {
        return Err(format!(
            "{} is not a known field selector: only \"metadata.name\", \"metadata.namespace\"",
            go_quote(field)
        ));
    }
    known_in(fields, name).ok_or_else(|| match &*resource.bucket {
        "batch/jobs" => format!("field label {} not supported for Job", go_quote(field)),
        _ => unknown(field),
    })
}

fn known_in(fields: &[(&str, &str)], name: &str) -> Option<String> {
    fields.iter().any(|(known, _)| *known == name).then(|| name.to_owned())
}

fn unknown(field: &str) -> String {
    format!("field label not supported: {field}")
}

fn split_terms(text: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        let current = out.last_mut().expect("never empty");
        if escaped {
            escaped = false;
            current.push(c);
        } else if c == '\\' {
            escaped = true;
            current.push(c);
        } else if c == ',' {
            out.push(String::new());
        } else {
            current.push(c);
        }
    }
    out
}

fn split_term(term: &str) -> Option<(String, bool, String)> {
    for (i, _) in term.char_indices() {
        for (operator, equal) in [("!=", false), ("==", true), ("=", true)] {
            if let Some(value) = term[i..].strip_prefix(operator) {
                return Some((term[..i].to_owned(), equal, value.to_owned()));
            }
        }
    }
    None
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(next @ ('\\' | ',' | '=')) => out.push(next),
                next => {
                    let sequence: String = std::iter::once('\\').chain(next).collect();
                    return Err(format!("invalid field selector: invalid escape sequence: {sequence}"));
                }
            },
            ',' | '=' => {
                let code = u32::from(c);
                return Err(format!("invalid field selector: unescaped character in value: {code}"));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}
