//! Checks of what a person typed, with messages that say what would be right.
//!
//! [`Checks`] collects the findings of one request, so that a form shows all of them at once.

use std::{collections::BTreeMap, str::FromStr};

use pilothouse_resources::DurationString;
use serde_json::Value;
use url::Url;

use crate::problem::{FieldError, Problem};

/// Largest length of an object's name (Kubernetes: DNS subdomain).
pub const MAX_NAME: usize = 253;
/// Largest length of a HelmRelease's name: it is a label's value on every object of the release.
pub const MAX_RELEASE_OBJECT_NAME: usize = 63;
/// Largest length of a Helm release's name (Helm: 53, as it is part of other names).
pub const MAX_RELEASE_NAME: usize = 53;
/// Largest length of a URL.
pub const MAX_URL: usize = 2048;

/// The findings of one request.
#[derive(Debug, Default)]
pub struct Checks {
    errors: Vec<FieldError>,
}

impl Checks {
    /// Adds a finding.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.errors.push(FieldError { field: field.to_owned(), message: message.into() });
    }

    /// Keeps the value of a check, or its finding.
    pub fn take<T>(&mut self, field: &str, checked: Result<T, String>) -> Option<T> {
        match checked {
            Ok(value) => Some(value),
            Err(message) => {
                self.add(field, message);
                None
            }
        }
    }

    /// All is well, or a problem with every finding.
    pub fn finish(self) -> Result<(), Problem> {
        if self.errors.is_empty() { Ok(()) } else { Err(Problem::invalid(self.errors)) }
    }
}

/// A name of an object: lower-case letters, digits, `-` and `.`, beginning and ending with a letter or digit
/// (RFC 1123), at most `longest` characters.
pub fn name(text: &str, longest: usize) -> Result<(), String> {
    if text.is_empty() {
        return Err("a name is needed".into());
    }
    if text.len() > longest {
        return Err(format!("the name has {} characters; {longest} are possible", text.chars().count()));
    }
    let label = |part: &str| {
        let bytes = part.as_bytes();
        let end = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        end(bytes.first())
            && end(bytes.last())
            && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
    };
    if text.split('.').all(label) {
        Ok(())
    } else {
        Err("use lower-case letters, digits, `-` and `.`, with a letter or digit at both ends".into())
    }
}

/// A namespace's name: a DNS label.
pub fn namespace(text: &str) -> Result<(), String> {
    name(text, 63)?;
    if text.contains('.') { Err("a namespace's name has no `.`".into()) } else { Ok(()) }
}

/// An interval as a person writes it, `MM:SS` from 00:01 to 59:59, or a duration like `5m0s` or `1h`.
pub fn interval(text: &str) -> Result<DurationString, String> {
    const HELP: &str = "write minutes and seconds as MM:SS, from 00:01 to 59:59, or a duration like 5m0s";
    let text = text.trim();
    if let Some((minutes, seconds)) = text.split_once(':') {
        let part = |part: &str| {
            let digits = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse::<u64>().ok()).flatten().filter(|number| *number < 60)
        };
        let (Some(minutes), Some(seconds)) = (part(minutes), part(seconds)) else {
            return Err(HELP.into());
        };
        if minutes == 0 && seconds == 0 {
            return Err("the interval must be at least 00:01".into());
        }
        return DurationString::from_str(&format!("{minutes}m{seconds}s")).map_err(|_| HELP.into());
    }
    let duration = DurationString::from_str(text).map_err(|_| HELP.to_owned())?;
    match duration.to_duration() {
        Ok(length) if length.as_secs() == 0 => Err("the interval must be at least one second".into()),
        Ok(length) if length.as_secs() > 366 * 24 * 3600 => Err("the interval is longer than a year".into()),
        Ok(_) => Ok(duration),
        Err(_) => Err(HELP.into()),
    }
}

/// A timeout: minutes, seconds or milliseconds, as Flux's schema takes it (`ms`, `s`, `m`).
pub fn timeout(text: &str, hours: bool) -> Result<DurationString, String> {
    let duration = interval(text)?;
    if !hours && duration.as_str().contains('h') {
        return Err("write it in minutes and seconds, for example 60s or 5m0s".into());
    }
    Ok(duration)
}

/// The address of a repository of that type (`oci` or not).
pub fn repository_url(text: &str, oci: bool) -> Result<(), String> {
    let wanted = if oci { "oci://" } else { "https://" };
    if text.is_empty() {
        return Err(format!("a URL is needed, for example `{wanted}registry.example/charts`"));
    }
    if text.len() > MAX_URL {
        return Err(format!("the URL is longer than {MAX_URL} characters"));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("the URL contains a space".into());
    }
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err(format!("the URL has no scheme; it begins with `{wanted}`"));
    };
    match (oci, scheme) {
        (true, "oci") | (false, "http" | "https") => {}
        (true, "http" | "https") => {
            return Err(
                "an OCI repository's URL begins with `oci://`; for `http(s)://` choose type Helm Repository"
                    .into(),
            );
        }
        (false, "oci") => return Err("for a URL with `oci://` choose type OCI Repository".into()),
        (_, other) => {
            return Err(format!("scheme `{other}` is not known here; the URL begins with `{wanted}`"));
        }
    }
    // `oci` is no scheme with an authority to the URL standard: parse it as https.
    let parsed =
        Url::parse(&format!("https://{rest}")).map_err(|error| format!("this is no URL: {error}"))?;
    if rest.split(['/', '?', '#']).next().is_some_and(|authority| authority.contains('@')) {
        return Err("credentials do not belong into the URL; enter them as credentials".into());
    }
    if parsed.host_str().is_none_or(str::is_empty) {
        return Err("the URL has no host".into());
    }
    if rest.contains('?') || rest.contains('#') {
        return Err("leave out what follows `?` or `#`".into());
    }
    if oci { oci_path(rest) } else { Ok(()) }
}

fn oci_path(rest: &str) -> Result<(), String> {
    let path = rest.split_once('/').map_or("", |(_, path)| path).trim_end_matches('/');
    if path.contains('@') {
        return Err("leave out the digest: the URL names a repository, not one version".into());
    }
    if path.rsplit('/').next().is_some_and(|last| last.contains(':')) {
        return Err("leave out the tag: the URL names a repository, not one version".into());
    }
    let component = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
    };
    if !path.is_empty() && !path.split('/').all(component) {
        return Err("the path has lower-case letters, digits, `.`, `_`, `-` between its slashes only".into());
    }
    Ok(())
}

/// A tag of an OCI artifact (distribution spec: up to 128 of `[A-Za-z0-9_.-]`).
pub fn tag(text: &str) -> Result<(), String> {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_');
    let rest = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b));
    if first && rest && text.len() <= 128 {
        Ok(())
    } else {
        Err("a tag has up to 128 letters, digits, `_`, `.` and `-`".into())
    }
}

/// A digest `sha256:<64 hex digits>`.
pub fn digest(text: &str) -> Result<(), String> {
    let hex = text.strip_prefix("sha256:").unwrap_or_default();
    if hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)) {
        Ok(())
    } else {
        Err("a digest is `sha256:` and 64 hexadecimal digits".into())
    }
}

/// A chart's name in a repository (Flux: `^([-a-z0-9]+/?\.?)+$`), at most 2048 characters.
pub fn chart_name(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("choose a chart".into());
    }
    let good = text.len() <= 2048
        && !text.starts_with('/')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._/".contains(&b))
        && !text.split('/').any(|part| part.is_empty() || part == "." || part == "..");
    if good { Ok(()) } else { Err("a chart's name has letters, digits, `-`, `.`, `_` and `/` only".into()) }
}

/// Values as a YAML text or an object; anything but a mapping is refused.
pub fn values(given: &Value) -> Result<Option<Value>, String> {
    match given {
        Value::Null => Ok(None),
        Value::Object(_) => Ok(Some(given.clone())),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => {
            let values = pilothouse_chart::Values::from_yaml(text.as_bytes())
                .map_err(|error| format!("this is not YAML: {error}"))?;
            let json = values.to_json();
            if json.is_object() { Ok(Some(json)) } else { Err(not_a_map(&json)) }
        }
        other => Err(not_a_map(other)),
    }
}

fn not_a_map(value: &Value) -> String {
    let what = match value {
        Value::Array(_) => "a list",
        Value::String(_) => "a text",
        Value::Number(_) => "a number",
        Value::Bool(_) => "true or false",
        _ => "something else",
    };
    format!("values are a mapping of `key: value`; this is {what}")
}

/// Something that may be written as YAML text, as JSON.
pub fn yaml_or_json<T: serde::de::DeserializeOwned>(given: &Value) -> Result<Option<T>, String> {
    let value = match given {
        Value::Null => return Ok(None),
        Value::String(text) if text.trim().is_empty() => return Ok(None),
        Value::String(text) => serde_saphyr::from_str::<Value>(text)
            .map_err(|error| format!("this is not YAML: {}", first_line(&error)))?,
        other => other.clone(),
    };
    if value.is_null() {
        return Ok(None);
    }
    serde_path_to_error::deserialize(value).map(Some).map_err(|error| {
        let path = error.path().to_string();
        if path == "." { error.inner().to_string() } else { format!("at `{path}`: {}", error.inner()) }
    })
}

fn first_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Labels, by Kubernetes' rules.
pub fn labels(labels: &BTreeMap<String, String>) -> Result<(), String> {
    for (key, value) in labels {
        let (prefix, key_name) = match key.split_once('/') {
            Some((prefix, name)) => (Some(prefix), name),
            None => (None, key.as_str()),
        };
        if prefix.is_some_and(|prefix| name(prefix, MAX_NAME).is_err()) || !qualified(key_name) {
            return Err(format!("`{key}` cannot be a label's name"));
        }
        if !value.is_empty() && !qualified(value) {
            return Err(format!(
                "`{value}` cannot be the value of label `{key}`: up to 63 letters, digits, `-`, `_` and `.`"
            ));
        }
    }
    Ok(())
}

fn qualified(text: &str) -> bool {
    let end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= 63
        && end(bytes.first())
        && end(bytes.last())
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_minutes_and_seconds_or_durations() {
        for (text, stored) in
            [("05:00", "5m0s"), ("0:30", "0m30s"), ("59:59", "59m59s"), ("1h", "1h"), ("5m0s", "5m0s")]
        {
            assert_eq!(interval(text).unwrap().as_str(), stored, "{text}");
        }
        for text in
            ["", "00:00", "60:00", "5", "05:60", "-1:00", "1:2:3", "0s", "5 m", "1d", "aa:bb", "100000h"]
        {
            assert!(interval(text).is_err(), "{text}");
        }
    }

    #[test]
    fn names_are_dns_names() {
        for text in ["a", "charts", "a-b.c", "1"] {
            assert!(name(text, MAX_NAME).is_ok(), "{text}");
        }
        for text in ["", "A", "-a", "a-", "a..b", "a_b", "ä", &"a".repeat(254)] {
            assert!(name(text, MAX_NAME).is_err(), "{text}");
        }
    }

    #[test]
    fn urls_of_repositories_have_the_scheme_of_their_type_and_nothing_else() {
        assert!(repository_url("oci://ghcr.io/org/charts", true).is_ok());
        assert!(repository_url("oci://localhost:5000", true).is_ok());
        assert!(repository_url("oci://localhost:5000/a/", true).is_ok());
        assert!(repository_url("https://charts.example/stable", false).is_ok());
        let refused = [
            ("https://x.example", true, "oci://"),
            ("oci://x.example", false, "OCI"),
            ("ftp://x", false, "ftp"),
            ("x.example/charts", true, "scheme"),
            ("oci://user:pw@x.example/c", true, "credentials"),
            ("https://user:pw@x.example/c", false, "credentials"),
            ("oci://x.example/c:1.0", true, "tag"),
            ("oci://x.example/c@sha256:00", true, "digest"),
            ("https://x.example/c?a=b", false, "?"),
            ("oci://x.example/Upper", true, "lower-case"),
            ("oci://", true, "URL"),
            ("", false, "needed"),
        ];
        for (url, oci, word) in refused {
            let message = repository_url(url, oci).unwrap_err();
            assert!(message.contains(word), "{url}: {message}");
            assert!(!message.contains("pw"), "{message}");
        }
    }

    #[test]
    fn labels_follow_the_rules_of_kubernetes() {
        let one = |key: &str, value: &str| labels(&BTreeMap::from([(key.to_owned(), value.to_owned())]));
        assert!(one("app.duplocloud.net/app-name", "App1").is_ok());
        assert!(one("a", "").is_ok());
        assert!(one("-a", "b").is_err());
        assert!(one("a", "b c").is_err());
    }

    #[test]
    fn lists_may_be_written_as_yaml() {
        let text = Value::String("- kind: ConfigMap\n  name: x\n".into());
        let list: Vec<BTreeMap<String, String>> = yaml_or_json(&text).unwrap().unwrap();
        assert_eq!(list[0]["name"], "x");
        assert!(yaml_or_json::<Vec<String>>(&Value::String("a: [".into())).unwrap_err().contains("not YAML"));
    }
}
