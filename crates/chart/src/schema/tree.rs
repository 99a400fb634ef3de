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
            write_causes(&error.causes, url, None, 1, &mut text);
        }
        _ => write_error(error, error.schema_url, None, 0, &mut text),
    }
    text
}

/// Writes errors that stand beneath the same line. Several that come from one subschema of a combination that
/// was left out were a group.
fn write_causes(
    causes: &[ValidationError<'_, '_>],
    base: &str,
    combined: Option<&str>,
    indent: usize,
    text: &mut String,
) {
    let ways: Vec<&str> =
        causes.iter().map(|cause| cause.schema_url.strip_prefix(base).unwrap_or("")).collect();
    if let [first, _, ..] = causes
        && combined.is_none()
        && let Some(shared) = shared_combinations(&ways)
    {
        let at = first.instance_location.to_string();
        let way = steps(ways[0]);
        let mut indent = indent;
        let mut group_at = at.as_str();
        for (i, step) in way.iter().enumerate().take_while(|(_, step)| step.end <= shared) {
            if let Some(line) = step.combination() {
                let below = way[i..].iter().filter(|step| step.descends()).count();
                group_at = ancestor(&at, below);
                write_line(group_at, line, indent, text);
                indent += 1;
            }
        }
        write_line(group_at, "validation failed", indent, text);
        let base = &first.schema_url[..base.len() + shared];
        return causes.iter().for_each(|cause| write_error(cause, base, None, indent + 1, text));
    }
    causes.iter().for_each(|cause| write_error(cause, base, combined, indent, text));
}

/// Length of the longest way that ends in a combination and is the beginning of all of them.
fn shared_combinations(ways: &[&str]) -> Option<usize> {
    let (first, others) = ways.split_first()?;
    let is_shared = |length: usize| {
        let begins = |other: &&str| other.get(..length) == first.get(..length);
        let ends = |other: &&str| other.len() == length || other.as_bytes()[length] == b'/';
        others.iter().all(|other| begins(other) && ends(other))
    };
    let steps = steps(first);
    let ends = steps.iter().filter(|step| step.combination().is_some()).map(|step| step.end);
    ends.filter(|end| is_shared(*end)).max()
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
        write_causes(&error.causes, url, None, indent, text);
        return;
    }
    write_line(&at, &message(&error.kind), indent, text);
    let keyword = match error.kind {
        ErrorKind::AllOf => Some("allOf"),
        ErrorKind::AnyOf => Some("anyOf"),
        ErrorKind::OneOf(_) => Some("oneOf"),
        _ => None,
    };
    write_causes(&error.causes, error.schema_url, keyword, indent + 1, text);
}

/// The pointer without its last `levels` names.
fn ancestor(pointer: &str, levels: usize) -> &str {
    (0..levels).fold(pointer, |pointer, _| pointer.rfind('/').map_or("", |at| &pointer[..at]))
}

/// One keyword on the way from a schema to one of its subschemas.
struct Step<'u> {
    keyword: &'u str,
    /// Bytes of the way up to here.
    end: usize,
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

/// The keywords of a way such as `/properties/x/allOf/0`.
fn steps(way: &str) -> Vec<Step<'_>> {
    let tokens = way.match_indices('/').map(|(at, _)| {
        let rest = &way[at + 1..];
        let token = &rest[..rest.find('/').unwrap_or(rest.len())];
        (token, at + 1 + token.len())
    });
    let mut tokens = tokens.peekable();
    let mut steps = Vec::new();
    while let Some((keyword, mut end)) = tokens.next() {
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
        let is_index =
            |(token, _): &(&str, usize)| !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
        if (has_name || (keyword == "items" && tokens.peek().is_some_and(is_index)))
            && let Some((_, name_end)) = tokens.next()
        {
            end = name_end;
        }
        steps.push(Step { keyword, end });
    }
    steps
}
