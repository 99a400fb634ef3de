//! Forms of names and values, with Kubernetes' messages (apimachinery, `util/validation`).

use std::fmt::Write;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const LABEL_TEXT: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_TEXT: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const QUALIFIED_TEXT: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

/// Labels count bytes, as upstream's newer checks do, names characters.
fn too_long(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

fn name_too_long(max: usize) -> String {
    format!("must be no more than {max} characters")
}

/// `text (e.g. 'a',  or 'b', regex used for validation is 'r')`.
pub(super) fn regex_error(text: &str, pattern: &str, examples: &[&str]) -> String {
    if examples.is_empty() {
        return format!("{text} (regex used for validation is '{pattern}')");
    }
    let mut out = format!("{text} (e.g. ");
    for (i, example) in examples.iter().enumerate() {
        if i > 0 {
            out.push_str(" or ");
        }
        let _ = write!(out, "'{example}', ");
    }
    let _ = write!(out, "regex used for validation is '{pattern}')");
    out
}

fn lower(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

/// Starts and ends with an alphanumeric character, and has but `inner` between.
fn shaped(text: &str, edge: impl Fn(char) -> bool, inner: impl Fn(char) -> bool) -> bool {
    text.chars().all(&inner) && text.starts_with(&edge) && text.ends_with(&edge)
}

pub(super) fn dns_label(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if text.len() > 63 {
        out.push(name_too_long(63));
    }
    if !shaped(text, lower, |c| lower(c) || c == '-') {
        let subdomain = is_subdomain_shaped(text);
        out.push(if subdomain && text.contains('.') {
            "must not contain dots".to_owned()
        } else {
            regex_error(LABEL_TEXT, LABEL, &["my-name", "123-abc"])
        });
    }
    out
}

fn is_subdomain_shaped(text: &str) -> bool {
    !text.is_empty() && text.split('.').all(|part| shaped(part, lower, |c| lower(c) || c == '-'))
}

pub(super) fn dns_subdomain(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if text.len() > 253 {
        out.push(name_too_long(253));
    }
    if !is_subdomain_shaped(text) {
        out.push(regex_error(SUBDOMAIN_TEXT, &format!("{LABEL}(\\.{LABEL})*"), &["example.com"]));
    }
    out
}

/// RFC 1035: names of Services.
pub(super) fn dns_1035_label(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if text.len() > 63 {
        out.push(name_too_long(63));
    }
    let fits =
        shaped(text, lower, |c| lower(c) || c == '-') && text.starts_with(|c: char| c.is_ascii_lowercase());
    if !fits {
        out.push(regex_error(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
            "[a-z]([-a-z0-9]*[a-z0-9])?",
            &["my-name", "abc-123"],
        ));
    }
    out
}

pub(super) fn wildcard_subdomain(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if text.len() > 253 {
        out.push(name_too_long(253));
    }
    if !text.strip_prefix("*.").is_some_and(is_subdomain_shaped) {
        out.push(regex_error(
            "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
            &format!("\\*\\.{LABEL}(\\.{LABEL})*"),
            &["*.example.com"],
        ));
    }
    out
}

/// `prefix/name`: keys of labels, annotations and the like.
pub(super) fn qualified_name(text: &str) -> Vec<String> {
    const PATTERN: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
    let mut out = Vec::new();
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts.as_slice() {
        [name] => *name,
        [prefix, name] => {
            if prefix.is_empty() {
                out.push("prefix part must be non-empty".to_owned());
            } else {
                // Upstream counts the bytes of a prefix.
                let long = name_too_long(253);
                let messages =
                    dns_subdomain(prefix).into_iter().map(|m| if m == long { too_long(253) } else { m });
                out.extend(messages.map(|m| format!("prefix part {m}")));
            }
            *name
        }
        _ => {
            let text = format!("a qualified name {QUALIFIED_TEXT}");
            let message = regex_error(&text, PATTERN, &["MyName", "my.name", "123-abc"]);
            return vec![format!(
                "{message} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };
    if name.is_empty() {
        out.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        out.push(format!("name part {}", too_long(63)));
    }
    let edge = |c: char| c.is_ascii_alphanumeric();
    if !shaped(name, edge, |c| edge(c) || matches!(c, '-' | '_' | '.')) {
        out.push(format!(
            "name part {}",
            regex_error(QUALIFIED_TEXT, PATTERN, &["MyName", "my.name", "123-abc"])
        ));
    }
    out
}

pub(super) fn label_value(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if text.len() > 63 {
        out.push(too_long(63));
    }
    let edge = |c: char| c.is_ascii_alphanumeric();
    if !text.is_empty() && !shaped(text, edge, |c| edge(c) || matches!(c, '-' | '_' | '.')) {
        out.push(regex_error(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
            &["MyValue", "my_value", "12345"],
        ));
    }
    out
}

/// IANA service names: names of ports.
pub(super) fn port_name(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if text.len() > 15 {
        out.push("must be no more than 15 characters".to_owned());
    }
    if !text.chars().all(|c| lower(c) || c == '-') || text.is_empty() {
        out.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".to_owned());
    }
    if !text.chars().any(|c| c.is_ascii_lowercase()) {
        out.push("must contain at least one letter (a-z)".to_owned());
    }
    if text.contains("--") {
        out.push("must not contain consecutive hyphens".to_owned());
    }
    if text.starts_with('-') || text.ends_with('-') {
        out.push("must not begin or end with a hyphen".to_owned());
    }
    out
}

/// Names of environment variables: printable ASCII without `=`.
pub(super) fn env_name(text: &str) -> Vec<String> {
    if text.is_empty() {
        return vec!["environment variable name must not be empty".to_owned()];
    }
    if text.chars().all(|c| (' '..='~').contains(&c) && c != '=') {
        return Vec::new();
    }
    vec![
        "a valid environment variable name must consist only of printable ASCII characters other than '='"
            .to_owned(),
    ]
}

/// Keys of `ConfigMaps` and Secrets.
pub(super) fn config_key(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    if text.len() > 253 {
        out.push(name_too_long(253));
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if text.is_empty() || !text.chars().all(fits) {
        out.push(regex_error(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    match text {
        "." => out.push("must not be '.'".to_owned()),
        ".." => out.push("must not be '..'".to_owned()),
        _ if text.starts_with("..") => out.push("must not start with '..'".to_owned()),
        _ => {}
    }
    out
}

/// Percentages and counts.
pub(super) fn percent(text: &str) -> Vec<String> {
    let digits = text.strip_suffix('%').unwrap_or_default();
    if !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit()) {
        return Vec::new();
    }
    vec![regex_error(
        "a valid percent string must be a numeric string followed by an ending '%'",
        "[0-9]+%",
        &["1%", "93%"],
    )]
}

/// Names of HTTP headers.
pub(super) fn http_header(text: &str) -> Vec<String> {
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Vec::new();
    }
    vec![regex_error(
        "a valid HTTP header must consist of alphanumeric characters or '-'",
        "[-A-Za-z0-9]+",
        &["X-Header-Name"],
    )]
}

/// Names as paths segments (RBAC objects): messages of `path.IsValidPathSegmentName`.
pub(super) fn path_segment(text: &str) -> Vec<String> {
    if text == "." || text == ".." {
        return vec![format!("may not be '{text}'")];
    }
    ['/', '%'].iter().filter(|c| text.contains(**c)).map(|c| format!("may not contain '{c}'")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_upstreams() {
        assert_eq!(
            dns_label("H_"),
            [
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
            ]
        );
        assert_eq!(dns_label("a.b"), ["must not contain dots"]);
        assert!(qualified_name("a.b/c_d").is_empty());
        assert_eq!(qualified_name("").len(), 2);
        assert!(port_name("http-2").is_empty());
        assert_eq!(port_name("-").len(), 2);
    }
}
