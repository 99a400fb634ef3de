use serde_json::Value;

/// JSON as Go's encoder writes it: floats without a fraction as integers, some characters escaped.
fn go_json(value: &Value) -> String {
    match value {
        Value::Number(number) if number.is_f64() => pilothouse_goyaml::format_json(number.as_f64().unwrap()),
        Value::Array(items) => format!("[{}]", items.iter().map(go_json).collect::<Vec<_>>().join(",")),
        Value::Object(map) => {
            let entries: Vec<String> =
                map.iter().map(|(k, v)| format!("{}:{}", go_json(&k.as_str().into()), go_json(v))).collect();
            format!("{{{}}}", entries.join(","))
        }
        Value::String(text) => serde_json::to_string(text)
            .unwrap()
            .replace('<', "\\u003c")
            .replace('>', "\\u003e")
            .replace('&', "\\u0026")
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029"),
        other => other.to_string(),
    }
}

#[test]
fn yaml_is_read_as_go_reads_it() {
    for (source, want) in super::fixture(include_str!("../fixtures/read.jsonl")) {
        let source = source.as_str().unwrap();
        let got = match pilothouse_goyaml::to_json(source.as_bytes()) {
            Ok(value) => go_json(&value),
            Err(error) => format!("E:{error}"),
        };
        assert_eq!(got, want, "{source:?}");
    }
}

#[test]
fn bytes_that_are_not_utf8_are_named_as_go_names_them() {
    let cases: [(&[u8], &str); 5] = [
        (b"a: \xFF", "yaml: invalid leading UTF-8 octet"),
        (b"a: \xC3", "yaml: incomplete UTF-8 octet sequence"),
        (b"a: \xC3x", "yaml: invalid trailing UTF-8 octet"),
        (b"a: \xC0\x80", "yaml: invalid length of a UTF-8 sequence"),
        (b"a: \xED\xA0\x80", "yaml: invalid Unicode character"),
    ];
    for (source, want) in cases {
        assert_eq!(pilothouse_goyaml::to_json(source).unwrap_err().to_string(), want);
    }
}

#[test]
fn utf16_with_a_byte_order_mark_is_read() {
    let little: Vec<u8> = "\u{FEFF}é: 1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(pilothouse_goyaml::to_json(&little).unwrap().to_string(), "{\"é\":1}");
}

#[test]
fn only_the_first_document_is_read() {
    assert_eq!(pilothouse_goyaml::to_json(b"a: 1\n---\n[").unwrap().to_string(), "{\"a\":1}");
    assert!(pilothouse_goyaml::to_json(b"").unwrap().is_null());
}
