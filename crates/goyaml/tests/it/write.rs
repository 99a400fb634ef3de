use pilothouse_goyaml::{Emitter, compare_keys_pretty, json_to_yaml};
use serde_json::Value;

#[test]
fn yaml_is_written_as_go_writes_it() {
    for (value, want) in super::fixture(include_str!("../fixtures/write.jsonl")) {
        let got = json_to_yaml(&value).unwrap_or_else(|error| format!("E:{error}"));
        assert_eq!(got, want, "{value}");
    }
}

fn emit(value: &Value, emitter: &mut Emitter) {
    match value {
        Value::Null => emitter.null(),
        Value::Bool(value) => emitter.bool(*value),
        Value::Number(number) => emitter.float(number.as_f64().unwrap()),
        Value::String(text) => emitter.string(text.as_bytes()),
        Value::Array(items) => {
            emitter.begin_seq(items.len());
            items.iter().for_each(|item| emit(item, emitter));
            emitter.end();
        }
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|(a, _), (b, _)| compare_keys_pretty(a, b));
            emitter.begin_map(entries.len());
            for (key, value) in entries {
                emitter.key(key.as_bytes());
                emit(value, emitter);
            }
            emitter.end();
        }
    }
}

#[test]
fn pretty_yaml_is_written_as_goyaml_v3_writes_it() {
    for (value, want) in super::fixture(include_str!("../fixtures/pretty.jsonl")) {
        let mut emitter = Emitter::pretty();
        emit(&value, &mut emitter);
        assert_eq!(emitter.finish().unwrap(), want, "{value}");
    }
}

#[test]
fn bytes_that_are_not_utf8_become_replacement_characters_or_binary() {
    let mut emitter = Emitter::new();
    emitter.string(b"a\xFF\xFEb");
    assert_eq!(emitter.finish().unwrap(), "a\u{FFFD}\u{FFFD}b\n");
    let mut emitter = Emitter::pretty();
    emitter.string(b"a\xFFb");
    assert_eq!(emitter.finish().unwrap(), "!!binary Yf9i\n");
}
