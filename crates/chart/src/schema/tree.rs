//! Validation errors as the indented list that Helm prints.
//!
//! The validator leaves a failed `allOf`, `anyOf` or `oneOf` out where one subschema failed; Helm's library
//! does not. The path of the failed subschema tells where one was left out.

use std::fmt::Write as _;

use boon::{ErrorKind, ValidationError};

use super::message::{message, quote};

/// The error with everything beneath it, a line each.
pub(super) fn describe(error: &ValidationError<'_, '_>) -> String {
    let mut text = String::new();
    match &error.kind {
        ErrorKind::Schema { url } => {
            let _ = write!(text, "jsonschema validation failed with {}", quote(url));
            for cause in &error.causes {
                write_error(cause, url, None, 1, &mut text);
            }
        }
        _ => write_error(error, error.schema_url, None, 0, &mut text),
    }
    text
}

fn write_line(at: &str, message: &str, indent: usize, text: &mut String) {
    if indent > 0 {
        text.push('\n');
        text.push_str(&"  ".repeat(indent - 1));
        text.push_str("- ");
    }
    let _ = write!(text, "at {}: {message}", quote(at));
}

/// `base` is the schema whose failure this error belongs to; `combined` the keyword of the line above, which
/// accounts for the first such keyword on the way from `base`.
fn write_error(
    error: &ValidationError<'_, '_>,
    base: &str,
    combined: Option<&str>,
    indent: usize,
    text: &mut String,
) {
    let mut indent = indent;
    let at = error.instance_location.to_string();
    let way = error.schema_url.strip_prefix(base).map(steps).unwrap_or_default();
    let mut combined = combined;
    for (i, step) in way.iter().enumerate() {
        let Some(line) = step.combination() else { continue };
        if combined.take() == Some(step.keyword) {
            continue;
        }
        let below = way[i..].iter().filter(|step| step.descends()).count();
        write_line(ancestor(&at, below), line, indent, text);
        indent += 1;
    }
    if let ErrorKind::Reference { url, .. } = &error.kind {
        if error.causes.len() != 1 {
            write_line(&at, &message(&error.kind), indent, text);
            indent += 1;
        }
        error.causes.iter().for_each(|cause| write_error(cause, url, None, indent, text));
        return;
    }
    write_line(&at, &message(&error.kind), indent, text);
    let keyword = match error.kind {
        ErrorKind::AllOf => Some("allOf"),
        ErrorKind::AnyOf => Some("anyOf"),
        ErrorKind::OneOf(_) => Some("oneOf"),
        _ => None,
    };
    for cause in &error.causes {
        write_error(cause, error.schema_url, keyword, indent + 1, text);
    }
}

/// The pointer without its last `levels` names.
fn ancestor(pointer: &str, levels: usize) -> &str {
    (0..levels).fold(pointer, |pointer, _| pointer.rfind('/').map_or("", |at| &pointer[..at]))
}

/// One keyword on the way from a schema to one of its subschemas.
struct Step<'u> {
    keyword: &'u str,
}

impl Step<'_> {
    fn combination(&self) -> Option<&'static str> {
        match self.keyword {
            "allOf" => Some("'allOf' failed"),
            "anyOf" => Some("'anyOf' failed"),
            "oneOf" => Some("'oneOf' failed, none matched"),
            _ => None,
        }
    }

    /// Whether the subschema is for a part of the value.
    fn descends(&self) -> bool {
        matches!(
            self.keyword,
            "properties"
                | "patternProperties"
                | "additionalProperties"
                | "unevaluatedProperties"
                | "items"
                | "prefixItems"
                | "additionalItems"
                | "unevaluatedItems"
                | "contains"
        )
    }
}

/// The keywords of a fragment such as `/properties/x/allOf/0`.
fn steps(fragment: &str) -> Vec<Step<'_>> {
    let mut tokens = fragment.trim_start_matches('#').split('/').skip(1).peekable();
    let mut steps = Vec::new();
    while let Some(keyword) = tokens.next() {
        let has_name = matches!(
            keyword,
            "properties"
                | "patternProperties"
                | "dependentSchemas"
                | "dependencies"
                | "$defs"
                | "definitions"
                | "allOf"
                | "anyOf"
                | "oneOf"
                | "prefixItems"
        );
        let is_index = |token: &&str| !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
        if has_name || (keyword == "items" && tokens.peek().is_some_and(is_index)) {
            tokens.next();
        }
        steps.push(Step { keyword });
    }
    steps
}
