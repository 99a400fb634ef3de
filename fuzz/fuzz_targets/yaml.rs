//! The YAML reader: whatever is read can be written, and reads the same again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pilothouse_goyaml::{JsonBuilder, Limits, events::Parser, json_to_yaml, parse};
use serde_json::Value;

fuzz_target!(|source: &[u8]| {
    let limits = Limits { bytes: 1 << 20, depth: 200, nodes: 20_000, expanded: 20_000 };
    if let Ok(mut parser) = Parser::new(source, &limits) {
        while let Ok(Some(_)) = parser.next_event() {}
    }
    let Ok(documents) = parse(source, &mut JsonBuilder, &limits) else { return };
    for document in documents {
        let Ok(text) = json_to_yaml(&document) else { continue };
        let again = parse(text.as_bytes(), &mut JsonBuilder, &limits);
        let again = again.unwrap_or_else(|error| panic!("{error} in what was written:\n{text}"));
        let again = again.into_iter().next().unwrap_or(Value::Null);
        assert!(alike(&document, &again), "{document} became {again} by\n{text}");
    }
});

/// The same but for what goyaml itself changes: the digits of floats, and next-line characters.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => {
            let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
            a == b || (a - b).abs() <= a.abs() * 1e-6
        }
        (Value::String(a), Value::String(b)) => a == b || a.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{FEFF}', '\r']),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            let odd = |key: &String| key.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{FEFF}', '\r']);
            a.keys().any(odd)
                || (a.len() == b.len() && a.iter().all(|(key, value)| b.get(key).is_some_and(|b| alike(value, b))))
        }
        (a, b) => a == b,
    }
}
