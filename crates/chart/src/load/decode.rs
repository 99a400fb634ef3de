//! JSON into Go structs: the conversions of `sigs.k8s.io/yaml` and the words of `encoding/json`.

use serde_json::Value;

/// Go's name of a JSON kind, as its type errors use it.
fn head_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// Decodes one document; like Go it goes on after a type error and reports the first.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    /// Names of the structs entered, innermost last.
    structs: Vec<&'static str>,
    /// Names of the fields entered.
    path: Vec<&'static str>,
    error: Option<String>,
}

impl Decoder {
    /// The first type error, in Go's words.
    pub(crate) fn finish(self) -> Result<(), String> {
        match self.error {
            Some(error) => Err(format!("error unmarshaling JSON: while decoding JSON: json: {error}")),
            None => Ok(()),
        }
    }

    fn mismatch(&mut self, value: &Value, go_type: &str) {
        let kind = head_kind(value);
        let error = match self.structs.last() {
            Some(name) => {
                let path = self.path.join(".");
                format!("cannot unmarshal {kind} into Go struct field {name}.{path} of type {go_type}")
            }
            None => format!("cannot unmarshal {kind} into Go value of type {go_type}"),
        };
        self.error.get_or_insert(error);
    }

    /// Visits the entries of an object with the field each belongs to; Go matches names without regard to
    /// case. `field` gives the field's own name, or `None` for one the struct does not have.
    pub(crate) fn object(
        &mut self,
        value: &Value,
        go_type: &'static str,
        struct_name: &'static str,
        fields: &[&'static str],
        visit: &mut dyn FnMut(&mut Self, &'static str, &Value),
    ) {
        let Value::Object(map) = value else {
            if !value.is_null() {
                self.mismatch(value, go_type);
            }
            return;
        };
        self.structs.push(struct_name);
        for (key, value) in map {
            let exact = fields.iter().find(|field| *field == key);
            let Some(&field) = exact.or_else(|| fields.iter().find(|field| field.eq_ignore_ascii_case(key)))
            else {
                continue;
            };
            self.path.push(field);
            visit(self, field, value);
            self.path.pop();
        }
        self.structs.pop();
    }

    /// A string; numbers and booleans were converted to text on the way from YAML.
    pub(crate) fn string(&mut self, value: &Value, into: &mut String) {
        match value {
            Value::Null => {}
            Value::String(text) => text.clone_into(into),
            Value::Bool(value) => *into = value.to_string(),
            Value::Number(number) => *into = number_text(number),
            other => self.mismatch(other, "string"),
        }
    }

    pub(crate) fn bool(&mut self, value: &Value, into: &mut bool) {
        match value {
            Value::Null => {}
            Value::Bool(value) => *into = *value,
            other => self.mismatch(other, "bool"),
        }
    }

    pub(crate) fn strings(&mut self, value: &Value, into: &mut Vec<String>) {
        let mut items = Vec::new();
        if self.list(value, "[]string", &mut |decoder, item| {
            let mut text = String::new();
            decoder.string(item, &mut text);
            items.push(text);
        }) {
            *into = items;
        }
    }

    /// Visits the items of a list; false if it is none.
    pub(crate) fn list(
        &mut self,
        value: &Value,
        go_type: &'static str,
        visit: &mut dyn FnMut(&mut Self, &Value),
    ) -> bool {
        match value {
            Value::Null => true,
            Value::Array(items) => {
                for item in items {
                    visit(self, item);
                }
                true
            }
            other => {
                self.mismatch(other, go_type);
                false
            }
        }
    }

    pub(crate) fn string_map(
        &mut self,
        value: &Value,
        into: &mut std::collections::BTreeMap<String, String>,
    ) {
        match value {
            Value::Null => into.clear(),
            Value::Object(map) => {
                for (key, value) in map {
                    let mut text = String::new();
                    self.string(value, &mut text);
                    into.insert(key.clone(), text);
                }
            }
            other => self.mismatch(other, "map[string]string"),
        }
    }
}

/// Go's text of a number where a string is wanted.
pub(crate) fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(value) if number.is_f64() => match pilothouse_goyaml::format_general_single(value).as_str() {
            ".inf" => "+Inf".to_owned(),
            "-.inf" => "-Inf".to_owned(),
            text => text.to_owned(),
        },
        _ => number.to_string(),
    }
}
