//! What validations look at and report to.

use serde_json::Value;

use super::format;
use crate::status::{Cause, go_quote};

/// A place in an object: its value (null where absent) and its path as messages name it.
#[derive(Clone)]
pub(super) struct At<'a> {
    pub(super) value: &'a Value,
    pub(super) path: String,
}

static NULL: Value = Value::Null;

impl<'a> At<'a> {
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, path: String::new() }
    }

    /// A field.
    pub(super) fn get(&self, name: &str) -> Self {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        Self { value: self.value.get(name).unwrap_or(&NULL), path }
    }

    /// A field of a field of …
    pub(super) fn at(&self, names: &[&str]) -> Self {
        names.iter().fold(self.clone(), |at, name| at.get(name))
    }

    /// The same value under another path.
    pub(super) fn named(&self, path: String) -> Self {
        Self { value: self.value, path }
    }

    /// Items of a list.
    pub(super) fn items(&self) -> Vec<Self> {
        let path = &self.path;
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().enumerate().map(|(i, value)| Self { value, path: format!("{path}[{i}]") }).collect()
    }

    /// Entries of a map: key and place, the path as `path[key]`.
    pub(super) fn entries(&self) -> Vec<(&'a str, Self)> {
        let path = &self.path;
        let map = self.value.as_object().into_iter().flatten();
        map.map(|(key, value)| (key.as_str(), Self { value, path: format!("{path}[{key}]") })).collect()
    }

    /// Whether there is a value.
    pub(super) fn has(&self) -> bool {
        !self.value.is_null()
    }

    pub(super) fn str(&self) -> &'a str {
        self.value.as_str().unwrap_or_default()
    }

    pub(super) fn int(&self) -> Option<i64> {
        self.value.as_i64()
    }

    pub(super) fn is_true(&self) -> bool {
        self.value.as_bool() == Some(true)
    }

    /// Number of items, entries or characters; 0 where absent.
    pub(super) fn len(&self) -> usize {
        match self.value {
            Value::Array(items) => items.len(),
            Value::Object(map) => map.len(),
            Value::String(text) => text.len(),
            _ => 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Collected causes, in the order in which Kubernetes reports them.
#[derive(Default)]
pub(super) struct Report {
    pub(super) causes: Vec<Cause>,
    /// Those that Kubernetes declares at the types; they come after the others.
    late: Vec<Cause>,
}

impl Report {
    /// All causes in their order.
    pub(super) fn finish(mut self) -> Vec<Cause> {
        self.causes.append(&mut self.late);
        self.causes
    }

    /// Runs checks whose causes come after the others.
    pub(super) fn late(&mut self, checks: impl FnOnce(&mut Self)) {
        let before = std::mem::take(&mut self.causes);
        checks(self);
        let found = std::mem::replace(&mut self.causes, before);
        self.late.extend(found);
    }

    pub(super) fn required(&mut self, at: &At<'_>, detail: &str) {
        self.causes.push(Cause::required(at.path.clone(), detail));
    }

    pub(super) fn invalid(&mut self, at: &At<'_>, detail: impl AsRef<str>) {
        self.causes.push(Cause::invalid(at.path.clone(), at.value, detail.as_ref()));
    }

    /// Invalid, showing another value than the one there.
    pub(super) fn invalid_as(&mut self, at: &At<'_>, shown: &Value, detail: impl AsRef<str>) {
        self.causes.push(Cause::invalid(at.path.clone(), shown, detail.as_ref()));
    }

    /// Invalid, showing the fields of a struct in the order of Go's type.
    pub(super) fn invalid_fields(&mut self, at: &At<'_>, fields: &[&str], detail: &str) {
        if !at.has() {
            return self.invalid(at, detail);
        }
        let parts: Vec<String> =
            fields.iter().filter_map(|f| Some(format!("\"{f}\":{}", at.value.get(*f)?))).collect();
        let tail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
        self.invalid_whole(at, &format!("{{{}}}{tail}", parts.join(",")));
    }

    /// Invalid, without the value.
    pub(super) fn invalid_whole(&mut self, at: &At<'_>, detail: &str) {
        self.causes.push(Cause::new(
            "FieldValueInvalid",
            at.path.clone(),
            format!("Invalid value: {detail}"),
        ));
    }

    pub(super) fn forbidden(&mut self, at: &At<'_>, detail: &str) {
        self.causes.push(Cause::forbidden(at.path.clone(), detail));
    }

    pub(super) fn unsupported(&mut self, at: &At<'_>, supported: &[&str]) {
        let value = if at.has() { at.value.clone() } else { Value::String(String::new()) };
        self.causes.push(Cause::not_supported(at.path.clone(), &value, supported));
    }

    pub(super) fn duplicate(&mut self, at: &At<'_>) {
        self.causes.push(Cause::duplicate(at.path.clone(), at.value));
    }

    pub(super) fn not_found(&mut self, at: &At<'_>) {
        let value = if at.has() { at.value.clone() } else { Value::String(String::new()) };
        let shown = value.as_str().map_or_else(|| value.to_string(), go_quote);
        self.causes.push(Cause::new("FieldValueNotFound", at.path.clone(), format!("Not found: {shown}")));
    }

    pub(super) fn too_long(&mut self, at: &At<'_>, max: usize) {
        self.causes.push(Cause::too_long(at.path.clone(), max));
    }

    /// Each message as an invalid value.
    pub(super) fn all(&mut self, at: &At<'_>, messages: impl IntoIterator<Item = String>) {
        for message in messages {
            self.invalid_text(at, message);
        }
    }

    /// Invalid; an absent text is shown as the empty one that Go has.
    pub(super) fn invalid_text(&mut self, at: &At<'_>, message: impl AsRef<str>) {
        if at.has() {
            self.invalid(at, message);
        } else {
            self.invalid_as(at, &Value::String(String::new()), message);
        }
    }

    /// Required, and one of a list. `supported` is shown in this order.
    pub(super) fn one_of(&mut self, at: &At<'_>, supported: &[&str]) {
        if at.is_empty() {
            self.required(at, "");
        } else {
            self.one_of_if_set(at, supported);
        }
    }

    /// One of a list, where it is there.
    pub(super) fn one_of_if_set(&mut self, at: &At<'_>, supported: &[&str]) {
        if at.has() && !supported.contains(&at.str()) {
            self.unsupported(at, supported);
        }
    }

    pub(super) fn non_negative(&mut self, at: &At<'_>) {
        if at.int().is_some_and(|n| n < 0) {
            self.invalid(at, "must be greater than or equal to 0");
        }
    }

    pub(super) fn positive(&mut self, at: &At<'_>) {
        let n = at.int().unwrap_or(0);
        if n <= 0 {
            self.invalid_as(at, &Value::from(n), "must be greater than 0");
        }
    }

    /// Within both bounds, where it is there.
    pub(super) fn range(&mut self, at: &At<'_>, low: i64, high: i64) {
        if at.int().is_some_and(|n| n < low || n > high) {
            self.invalid(at, format!("must be between {low} and {high}, inclusive"));
        }
    }

    pub(super) fn dns_label(&mut self, at: &At<'_>) {
        self.all(at, format::dns_label(at.str()));
    }

    pub(super) fn dns_subdomain(&mut self, at: &At<'_>) {
        self.all(at, format::dns_subdomain(at.str()));
    }

    pub(super) fn qualified_name(&mut self, at: &At<'_>) {
        self.all(at, format::qualified_name(at.str()));
    }

    /// A label key, shown as itself at the path of the map.
    pub(super) fn label_key(&mut self, at: &At<'_>, key: &str) {
        for message in format::qualified_name(key) {
            self.invalid_as(at, &Value::String(key.to_owned()), message);
        }
    }

    /// A map of labels: keys, then values, in the order of the keys.
    pub(super) fn labels(&mut self, at: &At<'_>) {
        for (key, value) in at.entries() {
            self.label_key(at, key);
            for message in format::label_value(value.str()) {
                self.invalid_as(at, value.value, message);
            }
        }
    }

    /// `25%` or a count, neither negative.
    pub(super) fn count_or_percent(&mut self, at: &At<'_>) {
        match at.value {
            Value::String(text) => self.all(at, format::percent(text)),
            _ => self.non_negative(at),
        }
    }

    /// A percentage of at most 100.
    pub(super) fn at_most_100_percent(&mut self, at: &At<'_>) {
        let percent = at.str().strip_suffix('%').and_then(|n| n.parse::<u64>().ok());
        if percent.is_some_and(|n| n > 100) {
            self.invalid(at, "must not be greater than 100%");
        }
    }

    /// Required unless given; for fields whose absence Kubernetes declares at the type.
    pub(super) fn late_required(&mut self, at: &At<'_>) {
        if at.is_empty() && !at.value.is_number() && !at.value.is_boolean() {
            self.late(|r| r.required(at, ""));
        }
    }

    /// Port numbers.
    pub(super) fn port(&mut self, at: &At<'_>) {
        let n = at.int().unwrap_or(0);
        if !(1..=65535).contains(&n) {
            self.invalid_as(at, &Value::from(n), "must be between 1 and 65535, inclusive");
        }
    }

    /// A port's number or name.
    pub(super) fn port_or_name(&mut self, at: &At<'_>) {
        match at.value {
            Value::String(name) => self.all(at, format::port_name(name)),
            _ => self.port(at),
        }
    }

    pub(super) fn ip(&mut self, at: &At<'_>) {
        if at.str().parse::<std::net::IpAddr>().is_err() {
            self.invalid_text(at, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
        }
    }

    /// A label selector (`metav1.LabelSelector`).
    pub(super) fn selector(&mut self, at: &At<'_>) {
        let labels = at.get("matchLabels");
        self.labels(&labels);
        for expression in at.get("matchExpressions").items() {
            let values = expression.get("values");
            match expression.get("operator").str() {
                "In" | "NotIn" if values.is_empty() => {
                    self.required(&values, "must be specified when `operator` is 'In' or 'NotIn'");
                }
                "Exists" | "DoesNotExist" if !values.is_empty() => {
                    self.forbidden(
                        &values,
                        "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
                    );
                }
                "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
                _ => self.invalid_text(&expression.get("operator"), "not a valid selector operator"),
            }
            self.qualified_name(&expression.get("key"));
            for value in values.items() {
                self.all(&value, format::label_value(value.str()));
            }
        }
    }

    /// A field that may not change.
    pub(super) fn immutable(&mut self, new: &At<'_>, old: &At<'_>) {
        if new.value != old.value {
            self.invalid(new, "field is immutable");
        }
    }
}
