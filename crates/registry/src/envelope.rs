//! The error body of the distribution specification, and how it is written in one line.

use serde::Deserialize;
use serde_json::Value;

use crate::Secret;

/// Longest text taken over from a server's error body.
const MAX_TEXT: usize = 512;

/// One entry of `{"errors": [...]}`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Entry {
    #[serde(default)]
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) detail: Value,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    errors: Vec<Entry>,
}

/// The entries of an error body; empty where the body is something else.
pub(crate) fn parse(body: &[u8]) -> Vec<Entry> {
    let mut entries = serde_json::from_slice::<Envelope>(body).map(|e| e.errors).unwrap_or_default();
    entries.truncate(4);
    entries
}

/// `CODE: message; detail`, as go-containerregistry prints it (details as Go's `%v`).
pub(crate) fn describe(entries: &[Entry]) -> String {
    let one = |entry: &Entry| {
        let mut text = match (entry.code.is_empty(), entry.message.is_empty()) {
            (true, _) => clip(&entry.message),
            (false, true) => clip(&entry.code),
            (false, false) => format!("{}: {}", clip(&entry.code), clip(&entry.message)),
        };
        if !is_empty(&entry.detail) {
            text.push_str("; ");
            text.push_str(&clip(&go_value(&entry.detail, 0)));
        }
        text
    };
    entries.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Puts `****` for each of `secrets` in what a server said: some repeat the request they refuse.
pub(crate) fn hide(entries: &mut [Entry], secrets: &[Secret]) {
    for entry in entries {
        entry.code = hidden(&entry.code, secrets);
        entry.message = hidden(&entry.message, secrets);
        hide_value(&mut entry.detail, secrets);
    }
}

/// `text` with `****` for each of `secrets`.
pub(crate) fn hidden(text: &str, secrets: &[Secret]) -> String {
    secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "****"))
}

fn hide_value(value: &mut Value, secrets: &[Secret]) {
    match value {
        Value::String(text) => *text = hidden(text, secrets),
        Value::Array(list) => list.iter_mut().for_each(|value| hide_value(value, secrets)),
        Value::Object(map) => {
            *map = std::mem::take(map)
                .into_iter()
                .map(|(key, mut value)| {
                    hide_value(&mut value, secrets);
                    (hidden(&key, secrets), value)
                })
                .collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// `text` without control characters, at most 512 bytes of it.
pub(crate) fn clip(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if clean.len() <= MAX_TEXT {
        return clean.trim().to_owned();
    }
    let end = (0..=MAX_TEXT).rev().find(|at| clean.is_char_boundary(*at)).unwrap_or(0);
    format!("{} …", clean[..end].trim())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn go_value(value: &Value, depth: usize) -> String {
    if depth > 8 {
        return "…".into();
    }
    match value {
        Value::Null => "<nil>".into(),
        Value::Bool(b) => b.to_string(),
        Value::Number(n) => n.to_string(),
        Value::String(s) => s.clone(),
        Value::Array(list) => {
            let items: Vec<String> = list.iter().map(|v| go_value(v, depth + 1)).collect();
            format!("[{}]", items.join(" "))
        }
        Value::Object(map) => {
            let items: Vec<String> =
                map.iter().map(|(k, v)| format!("{k}:{}", go_value(v, depth + 1))).collect();
            format!("map[{}]", items.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_reads_as_go_prints_it() {
        let body = br#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"Tag":"9.9.9"}}]}"#;
        assert_eq!(describe(&parse(body)), "MANIFEST_UNKNOWN: manifest unknown; map[Tag:9.9.9]");
        let body = br#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[{"Type":"repository","Class":"","Name":"charts/x","Action":"pull"}]}]}"#;
        assert_eq!(
            describe(&parse(body)),
            "UNAUTHORIZED: authentication required; [map[Action:pull Class: Name:charts/x Type:repository]]"
        );
        assert!(parse(b"<html>").is_empty());
    }
}
