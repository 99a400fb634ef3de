//! What a `CustomResourceDefinition` may say (apiextensions-apiserver `apis/apiextensions/validation`).

use serde_json::{Value, json};

use super::names::{label_problem, subdomain_problem};
use super::schema::{Schema, go_json};
use super::{check, formats, jsonpath};
use crate::status::{Cause, go_quote};

/// A definition's spec as the API server checks it: what all versions have alike is looked at once, under `spec`.
struct Spec<'v> {
    spec: &'v Value,
    versions: Vec<Version<'v>>,
    schema: Option<&'v Value>,
    subresources: Option<&'v Value>,
    columns: Option<&'v Value>,
    selectable: Option<&'v Value>,
}

struct Version<'v> {
    value: &'v Value,
    name: &'v str,
    schema: Option<&'v Value>,
    subresources: Option<&'v Value>,
    columns: Option<&'v Value>,
    selectable: Option<&'v Value>,
}

pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn set<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    value.get(key).filter(|v| !v.is_null() && v.as_array().is_none_or(|a| !a.is_empty()))
}

pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

impl<'v> Spec<'v> {
    fn of(definition: &'v Value) -> Self {
        let spec = definition.get("spec").unwrap_or(&Value::Null);
        let mut this = Self {
            spec,
            versions: list(spec, "versions")
                .iter()
                .map(|value| Version {
                    value,
                    name: text(value, "name"),
                    schema: set(value, "schema"),
                    subresources: set(value, "subresources"),
                    columns: set(value, "additionalPrinterColumns"),
                    selectable: set(value, "selectableFields"),
                })
                .collect(),
            schema: None,
            subresources: None,
            columns: None,
            selectable: None,
        };
        macro_rules! hoist {
            ($($field:ident),*) => {$(
                if let Some(first) = this.versions.first().and_then(|v| v.$field)
                    && this.versions.iter().all(|v| v.$field == Some(first))
                {
                    this.$field = Some(first);
                    this.versions.iter_mut().for_each(|v| v.$field = None);
                }
            )*};
        }
        hoist!(schema, subresources, columns, selectable);
        this
    }

    fn has_status(&self, version: &Version<'_>) -> bool {
        let subresources = version.subresources.or(self.subresources);
        subresources.is_some_and(|s| s.get("status").is_some_and(|v| !v.is_null()))
    }

    /// The versions as error texts print them: the Go structs as JSON, without what `spec` has in common.
    fn shown(&self) -> String {
        let versions = self.versions.iter().map(|v| {
            let warning = v.value.get("deprecationWarning").and_then(Value::as_str);
            format!(
                "{{\"Name\":{},\"Served\":{},\"Storage\":{},\"Deprecated\":{},\"DeprecationWarning\":{},\"Schema\":{},\"Subresources\":{},\"AdditionalPrinterColumns\":{},\"SelectableFields\":{}}}",
                go_json(v.name),
                flag(v.value, "served"),
                flag(v.value, "storage"),
                flag(v.value, "deprecated"),
                warning.map_or("null".to_owned(), go_json),
                shown_or_null(v.schema),
                shown_or_null(v.subresources),
                shown_or_null(v.columns),
                shown_or_null(v.selectable),
            )
        });
        format!("[{}]", versions.collect::<Vec<_>>().join(","))
    }
}

fn shown_or_null(value: Option<&Value>) -> String {
    value.map_or("null".to_owned(), Value::to_string)
}

/// What is wrong with a definition, beyond its metadata. `old`: the definition before an update.
pub(super) fn validate(definition: &Value, old: Option<&Value>) -> Vec<Cause> {
    let mut errors = Vec::new();
    let this = Spec::of(definition);
    let names = this.spec.get("names").unwrap_or(&Value::Null);
    let name = definition.pointer("/metadata/name").unwrap_or(&Value::Null);
    let wanted = format!("{}.{}", text(names, "plural"), text(this.spec, "group"));
    if old.is_none() && name.as_str() != Some(&wanted) {
        errors.push(Cause::invalid("metadata.name", name, "must be spec.names.plural+\".\"+spec.group"));
    }
    spec(&this, old, &mut errors);
    if let Some(old) = old {
        immutable(definition, old, &mut errors);
    }
    if let Some(accepted) = definition.pointer("/status/acceptedNames") {
        name_rules(accepted, "status.acceptedNames", &mut errors);
    }
    stored_versions(definition, &this, &mut errors);
    approval(definition, old, &mut errors);
    let preserved = |d: &Value| d.pointer("/spec/preserveUnknownFields") == Some(&Value::Bool(true));
    if preserved(definition) && !old.is_some_and(preserved) {
        errors.push(Cause::invalid(
            "spec.preserveUnknownFields",
            &json!(true),
            "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead",
        ));
    }
    errors
}

/// What is wrong with a change of the status alone.
pub(super) fn validate_status(definition: &Value) -> Vec<Cause> {
    let mut errors = Vec::new();
    if let Some(accepted) = definition.pointer("/status/acceptedNames") {
        name_rules(accepted, "status.acceptedNames", &mut errors);
    }
    errors
}

fn spec(this: &Spec<'_>, old: Option<&Value>, errors: &mut Vec<Cause>) {
    let group = text(this.spec, "group");
    if group.is_empty() {
        errors.push(Cause::required("spec.group", ""));
    } else if let Some(problem) = subdomain_problem(group) {
        errors.push(Cause::invalid("spec.group", &json!(group), &problem));
    } else if !group.contains('.') {
        errors.push(Cause::invalid("spec.group", &json!(group), "should be a domain with at least one dot"));
    }
    one_of("spec.scope", text(this.spec, "scope"), &["Cluster", "Namespaced"], errors);
    if this.schema.and_then(|s| set(s, "openAPIV3Schema")).is_none() {
        for (i, v) in this.versions.iter().enumerate() {
            if v.schema.and_then(|s| set(s, "openAPIV3Schema")).is_none() {
                errors.push(Cause::required(format!("spec.versions[{i}].schema.openAPIV3Schema"), ""));
            }
        }
    }
    for (i, v) in this.versions.iter().enumerate() {
        let path = format!("spec.versions[{i}]");
        if let Some(problem) = label_problem(v.name) {
            errors.push(Cause::invalid(format!("{path}.name"), &json!(v.name), &problem));
        }
        version(this, v, &path, old, errors);
    }
    let storage = this.versions.iter().filter(|v| flag(v.value, "storage")).count();
    let unique =
        this.versions.iter().enumerate().all(|(i, v)| this.versions[..i].iter().all(|w| w.name != v.name));
    let invalid = |detail: &str| {
        Cause::new("FieldValueInvalid", "spec.versions", format!("Invalid value: {}: {detail}", this.shown()))
    };
    if !unique {
        errors.push(invalid("must contain unique version names"));
    }
    if storage != 1 {
        errors.push(invalid("must have exactly one version marked as storage version"));
    }
    if let Some(first) = this.versions.first().filter(|v| !v.name.is_empty())
        && let Some(problem) = label_problem(first.name)
    {
        errors.push(Cause::invalid("spec.version", &json!(first.name), &problem));
    }
    let names = this.spec.get("names").unwrap_or(&Value::Null);
    for key in ["plural", "singular", "kind", "listKind"] {
        if text(names, key).is_empty() {
            errors.push(Cause::required(format!("spec.names.{key}"), ""));
        }
    }
    name_rules(names, "spec.names", errors);
    common(this, old, errors);
    conversion(this.spec.get("conversion"), errors);
}

/// What all versions have alike.
fn common(this: &Spec<'_>, old: Option<&Value>, errors: &mut Vec<Cause>) {
    if let Some(schema) = this.schema {
        let status = this.has_any_status();
        let name = this.versions.first().map_or("", |v| v.name);
        schema_errors(schema, "spec.validation", status, unchanged(old, name, schema), errors);
    }
    subresources(this.subresources, "spec.subresources", errors);
    columns(this.columns, "spec", errors);
    if let Some(fields) = this.selectable {
        match this.schema.and_then(|s| set(s, "openAPIV3Schema")) {
            None => errors.push(Cause::invalid(
                "spec.selectableFields",
                &json!(""),
                "may only be set when validations.schema is included",
            )),
            Some(schema) => selectable(fields, schema, "spec.selectableFields", errors),
        }
    }
}

impl Spec<'_> {
    fn has_any_status(&self) -> bool {
        self.versions.iter().any(|v| self.has_status(v))
    }
}

/// Whether the version had the same schema before.
fn unchanged(old: Option<&Value>, version: &str, schema: &Value) -> bool {
    old.is_some_and(|old| {
        let versions = old.pointer("/spec/versions").and_then(Value::as_array);
        versions.into_iter().flatten().any(|v| text(v, "name") == version && v.get("schema") == Some(schema))
    })
}

fn schema_errors(schema: &Value, path: &str, status: bool, unchanged: bool, errors: &mut Vec<Cause>) {
    if let Some(schema) = set(schema, "openAPIV3Schema") {
        let path = format!("{path}.openAPIV3Schema");
        errors.extend(check::schema(&path, &Schema::parse(schema), status, unchanged));
    }
}

fn version(this: &Spec<'_>, v: &Version<'_>, path: &str, old: Option<&Value>, errors: &mut Vec<Cause>) {
    if let Some(warning) = v.value.get("deprecationWarning").and_then(Value::as_str) {
        for problem in warning_problems(flag(v.value, "deprecated"), warning) {
            errors.push(Cause::invalid(format!("{path}.deprecationWarning"), &json!(warning), &problem));
        }
    }
    if let Some(schema) = v.schema {
        let unchanged = unchanged(old, v.name, schema);
        schema_errors(schema, &format!("{path}.schema"), this.has_status(v), unchanged, errors);
    }
    subresources(v.subresources, &format!("{path}.subresources"), errors);
    columns(v.columns, path, errors);
    if let Some(fields) = v.selectable {
        match v.schema.or(this.schema).and_then(|s| set(s, "openAPIV3Schema")) {
            None => errors.push(Cause::invalid(
                format!("{path}.selectableFields"),
                &json!(""),
                "may only be set when `version.schema.openAPIV3Schema` is not included",
            )),
            Some(schema) => selectable(fields, schema, &format!("{path}.selectableFields"), errors),
        }
    }
}

fn warning_problems(deprecated: bool, warning: &str) -> Vec<String> {
    if !deprecated {
        return vec!["can only be set for deprecated versions".into()];
    }
    let mut problems = Vec::new();
    if warning.len() > 256 {
        problems.push("must be <= 256 characters long".into());
    }
    if warning.is_empty() {
        problems.push("must not be an empty string".into());
    }
    if let Some((at, _)) = warning.char_indices().find(|(_, c)| c.is_control()) {
        let text = "must only contain printable UTF-8 characters; non-printable character found at index";
        problems.push(format!("{text} {at}"));
    }
    problems
}

fn one_of(path: &str, value: &str, accepted: &[&str], errors: &mut Vec<Cause>) {
    if value.is_empty() {
        errors.push(Cause::required(path, ""));
    } else if !accepted.contains(&value) {
        errors.push(Cause::not_supported(path, &json!(value), accepted));
    }
}

fn name_rules(names: &Value, path: &str, errors: &mut Vec<Cause>) {
    for (key, mixed) in [("plural", false), ("singular", false), ("kind", true), ("listKind", true)] {
        let name = text(names, key);
        let checked = if mixed { name.to_lowercase() } else { name.to_owned() };
        if let (false, Some(problem)) = (name.is_empty(), label_problem(&checked)) {
            let more = if mixed { "may have mixed case, but should otherwise match: " } else { "" };
            errors.push(Cause::invalid(format!("{path}.{key}"), &json!(name), &format!("{more}{problem}")));
        }
    }
    labels(names, "shortNames", path, errors);
    let (kind, list_kind) = (text(names, "kind"), text(names, "listKind"));
    if !kind.is_empty() && kind == list_kind {
        let text = "kind and listKind may not be the same";
        errors.push(Cause::invalid(format!("{path}.listKind"), &json!(list_kind), text));
    }
    labels(names, "categories", path, errors);
}

fn labels(names: &Value, key: &str, path: &str, errors: &mut Vec<Cause>) {
    for (i, name) in list(names, key).iter().enumerate() {
        if let Some(problem) = label_problem(name.as_str().unwrap_or_default()) {
            errors.push(Cause::invalid(format!("{path}.{key}[{i}]"), name, &problem));
        }
    }
}

fn simple_path(path: &str, field: &str) -> Option<Cause> {
    (!path.starts_with('.'))
        .then(|| Cause::invalid(field, &json!(path), "must be a simple json path starting with ."))
}

fn subresources(subresources: Option<&Value>, path: &str, errors: &mut Vec<Cause>) {
    let Some(scale) = subresources.and_then(|s| set(s, "scale")) else { return };
    for (key, under) in [("specReplicasPath", ".spec."), ("statusReplicasPath", ".status.")] {
        let field = format!("{path}.scale.{key}");
        let value = text(scale, key);
        if value.is_empty() {
            errors.push(Cause::required(field, ""));
        } else if let Some(error) = simple_path(value, &field) {
            errors.push(error);
        } else if !value.starts_with(under) {
            let text = format!("should be a json path under {}", under.trim_end_matches('.'));
            errors.push(Cause::invalid(field, &json!(value), &text));
        }
    }
    let value = text(scale, "labelSelectorPath");
    let field = format!("{path}.scale.labelSelectorPath");
    if !value.is_empty() {
        if let Some(error) = simple_path(value, &field) {
            errors.push(error);
        } else if !value.starts_with(".spec.") && !value.starts_with(".status.") {
            errors.push(Cause::invalid(
                field,
                &json!(value),
                "should be a json path under either .spec or .status",
            ));
        }
    }
}

fn columns(columns: Option<&Value>, path: &str, errors: &mut Vec<Cause>) {
    const KINDS: &str = "boolean,date,integer,number,string";
    const FORMATS: &str = "byte,date,date-time,double,float,int32,int64,password";
    for (i, column) in columns.and_then(Value::as_array).into_iter().flatten().enumerate() {
        let field = |key: &str| format!("{path}.additionalPrinterColumns[{i}].{key}");
        if text(column, "name").is_empty() {
            errors.push(Cause::required(field("name"), ""));
        }
        let kind = text(column, "type");
        if kind.is_empty() {
            errors.push(Cause::required(field("type"), &format!("must be one of {KINDS}")));
        } else if !KINDS.split(',').any(|k| k == kind) {
            errors.push(Cause::invalid(field("type"), &json!(kind), &format!("must be one of {KINDS}")));
        }
        let format = text(column, "format");
        if !format.is_empty() && !FORMATS.split(',').any(|f| f == format) {
            errors.push(Cause::invalid(
                field("format"),
                &json!(format),
                &format!("must be one of {FORMATS}"),
            ));
        }
        let path = text(column, "jsonPath");
        if path.is_empty() {
            errors.push(Cause::required(field("JSONPath"), ""));
        } else {
            errors.extend(simple_path(path, &field("JSONPath")));
        }
    }
}

fn selectable(fields: &Value, schema: &Value, path: &str, errors: &mut Vec<Cause>) {
    let schema = Schema::parse(schema);
    let mut seen: Vec<String> = Vec::new();
    for (i, field) in fields.as_array().into_iter().flatten().enumerate() {
        let at = format!("{path}[{i}].jsonPath");
        let json_path = text(field, "jsonPath");
        if json_path.is_empty() {
            errors.push(Cause::required(at, ""));
            continue;
        }
        let (found, ty) = match jsonpath::valid_field_path(json_path, &schema, false) {
            Ok(found) => found,
            Err(problem) => {
                errors.push(Cause::invalid(at, &json!(json_path), &format!("is an invalid path: {problem}")));
                continue;
            }
        };
        if found.split(['.', '[']).next() == Some("metadata") {
            errors.push(Cause::invalid(&at, &json!(json_path), "must not point to fields in metadata"));
        }
        if !ty.is_some_and(|s| matches!(s.kind.as_str(), "string" | "boolean" | "integer")) {
            let text = "must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.";
            errors.push(Cause::invalid(&at, &json!(json_path), text));
        }
        if seen.contains(&found) {
            errors.push(Cause::duplicate(at, &json!(json_path)));
        } else {
            seen.push(found);
        }
    }
    if seen.len() > 8 {
        let message = format!("Too many: {}: must have at most 8 items", seen.len());
        errors.push(Cause::new("FieldValueTooMany", path, message));
    }
}

fn conversion(conversion: Option<&Value>, errors: &mut Vec<Cause>) {
    let Some(conversion) = conversion.filter(|c| !c.is_null()) else { return };
    let strategy = text(conversion, "strategy");
    one_of("spec.conversion.strategy", strategy, &["None", "Webhook"], errors);
    let webhook = set(conversion, "webhook");
    let client = webhook.and_then(|w| set(w, "clientConfig"));
    let versions = webhook.map_or(&[] as &[Value], |w| list(w, "conversionReviewVersions"));
    let path = "spec.conversion.webhookClientConfig";
    if strategy != "Webhook" {
        let text = "should not be set when strategy is not set to Webhook";
        if client.is_some() {
            errors.push(Cause::forbidden(path, text));
        }
        if !versions.is_empty() {
            errors.push(Cause::forbidden("spec.conversion.conversionReviewVersions", text));
        }
        return;
    }
    match client {
        None => errors.push(Cause::required(path, "required when strategy is set to Webhook")),
        Some(client) => match (set(client, "url"), set(client, "service")) {
            (Some(url), None) => {
                webhook_url(url.as_str().unwrap_or_default(), &format!("{path}.url"), errors);
            }
            (None, Some(service)) => {
                for key in ["name", "namespace"] {
                    if text(service, key).is_empty() {
                        errors.push(Cause::required(format!("{path}.service.{key}"), ""));
                    }
                }
            }
            _ => errors.push(Cause::required(path, "exactly one of url or service is required")),
        },
    }
    review_versions(versions, errors);
}

fn review_versions(versions: &[Value], errors: &mut Vec<Cause>) {
    let path = "spec.conversion.conversionReviewVersions";
    if versions.is_empty() {
        errors.push(Cause::required(path, ""));
        return;
    }
    for (i, version) in versions.iter().enumerate() {
        if versions[..i].contains(version) {
            errors.push(Cause::invalid(format!("{path}[{i}]"), version, "duplicate version"));
        } else if let Some(problem) = label_problem(version.as_str().unwrap_or_default()) {
            errors.push(Cause::invalid(format!("{path}[{i}]"), version, &problem));
        }
    }
    if !versions.iter().any(|v| matches!(v.as_str(), Some("v1" | "v1beta1"))) {
        errors.push(Cause::invalid(path, &json!(versions), "must include at least one of v1, v1beta1"));
    }
}

fn webhook_url(url: &str, field: &str, errors: &mut Vec<Cause>) {
    const FORM: &str = "; desired format: https://host[/path]";
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (authority, tail) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(u, h)| (Some(u), h));
    if scheme != "https" {
        errors.push(Cause::invalid(
            field,
            &json!(scheme),
            &format!("'https' is the only allowed URL scheme{FORM}"),
        ));
    }
    if host.is_empty() {
        errors.push(Cause::invalid(field, &json!(host), &format!("host must be specified{FORM}")));
    }
    if let Some(user) = user {
        errors.push(Cause::invalid(field, &json!(user), "user information is not permitted in the URL"));
    }
    let (path, fragment) = tail.split_once('#').unwrap_or((tail, ""));
    if !fragment.is_empty() {
        errors.push(Cause::invalid(field, &json!(fragment), "fragments are not permitted in the URL"));
    }
    if let Some((_, query)) = path.split_once('?').filter(|(_, q)| !q.is_empty()) {
        errors.push(Cause::invalid(field, &json!(query), "query parameters are not permitted in the URL"));
    }
}

fn immutable(definition: &Value, old: &Value, errors: &mut Vec<Cause>) {
    let established = super::condition(old, "Established").is_some_and(|c| text(c, "status") == "True");
    for (pointer, path, always) in [
        ("/spec/scope", "spec.scope", false),
        ("/spec/names/kind", "spec.names.kind", false),
        ("/spec/group", "spec.group", true),
        ("/spec/names/plural", "spec.names.plural", true),
    ] {
        let value = definition.pointer(pointer);
        if (always || established) && value != old.pointer(pointer) {
            errors.push(Cause::invalid(path, value.unwrap_or(&Value::Null), "field is immutable"));
        }
    }
}

fn stored_versions(definition: &Value, this: &Spec<'_>, errors: &mut Vec<Cause>) {
    let path = "status.storedVersions";
    let stored = definition.pointer(&format!("/{}", path.replace('.', "/"))).unwrap_or(&Value::Null);
    let names: Vec<&str> = stored.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if names.is_empty() {
        errors.push(Cause::invalid(path, &Value::Null, "must have at least one stored version"));
        return;
    }
    for v in this.versions.iter().filter(|v| flag(v.value, "storage") && !names.contains(&v.name)) {
        errors.push(Cause::invalid(path, stored, &format!("must have the storage version {}", v.name)));
    }
    for (i, name) in names.iter().enumerate() {
        if this.versions.iter().all(|v| v.name != *name) {
            let text = format!(
                "missing from spec.versions; {name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in {name} and removes {name} from status.storedVersions"
            );
            errors.push(Cause::invalid(format!("{path}[{i}]"), &json!(name), &text));
        }
    }
}

fn approval(definition: &Value, old: Option<&Value>, errors: &mut Vec<Cause>) {
    const KEY: &str = "api-approved.kubernetes.io";
    let group = definition.pointer("/spec/group").and_then(Value::as_str).unwrap_or_default();
    let within = |domain: &str| group == domain || group.ends_with(&format!(".{domain}"));
    if !within("k8s.io") && !within("kubernetes.io") {
        return;
    }
    let state = |d: &Value| {
        let value = d.pointer("/metadata/annotations").and_then(|a| a.get(KEY)).and_then(Value::as_str);
        let value = value.unwrap_or_default().to_owned();
        let approved =
            value.split_once("://").is_some_and(|(_, host)| !host.is_empty() && !host.starts_with('/'));
        (value.is_empty(), approved || value.starts_with("unapproved"), value)
    };
    let (missing, fine, value) = state(definition);
    if fine || old.is_some_and(|old| state(old).0 == missing && !state(old).1) {
        return;
    }
    let see = "see https://github.com/kubernetes/enhancements/pull/1111";
    let field = format!("metadata.annotations[{KEY}]");
    let head = format!("protected groups must have approval annotation {}", go_quote(KEY));
    errors.push(if missing {
        Cause::required(field, &format!("{head}, {see}"))
    } else {
        let text = format!("{head} with either a URL or a reason starting with \"unapproved\", {see}");
        Cause::invalid(field, &json!(value), &text)
    });
}

/// `Warning` texts for a create or update: formats that nothing checks, sets of what is no scalar.
pub(super) fn warnings(definition: &Value, old: Option<&Value>) -> Vec<String> {
    let formats = |d: &Value| {
        let mut found = Vec::new();
        for version in d.pointer("/spec/versions").and_then(Value::as_array).into_iter().flatten() {
            if let Some(schema) = version.pointer("/schema/openAPIV3Schema") {
                unknown_formats(schema, &mut found);
            }
        }
        found.sort();
        found.dedup();
        found
    };
    let before = old.map(&formats).unwrap_or_default();
    let new = formats(definition).into_iter().filter(|f| !before.contains(f));
    new.map(|f| format!("unrecognized format {}", go_quote(&f))).collect()
}

fn unknown_formats(schema: &Value, found: &mut Vec<String>) {
    let format = text(schema, "format");
    let other = matches!(format, "int32" | "int64" | "float" | "double" | "password" | "binary" | "");
    if !other && !formats::known(format) {
        found.push(format.to_owned());
    }
    for key in ["items", "additionalProperties", "not"] {
        schema.get(key).into_iter().for_each(|s| unknown_formats(s, found));
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        list(schema, key).iter().for_each(|s| unknown_formats(s, found));
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    properties.into_iter().flatten().for_each(|(_, s)| unknown_formats(s, found));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(version: &Value) -> Value {
        json!({"metadata": {"name": "things.a.example.com"}, "spec": {"group": "a.example.com", "scope": "Namespaced",
            "names": {"kind": "Thing", "listKind": "ThingList", "plural": "things", "singular": "thing"},
            "versions": [version]}, "status": {"storedVersions": ["v1"]}})
    }

    fn with_schema(schema: &Value) -> Vec<String> {
        let definition = definition(
            &json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": schema}}),
        );
        validate(&definition, None).into_iter().map(|c| format!("{}: {}", c.field, c.message)).collect()
    }

    #[test]
    fn a_plain_definition_is_fine() {
        assert!(with_schema(&json!({"type": "object"})).is_empty());
    }

    #[test]
    fn what_versions_have_alike_is_told_under_the_spec() {
        assert_eq!(
            with_schema(&json!({"type": "object", "properties": {"m": {"type": "string", "default": 5}}})),
            [
                "spec.validation.openAPIV3Schema.properties[m].default: Invalid value: \"integer\":  in body must be of type string: \"integer\""
            ]
        );
        assert_eq!(
            with_schema(
                &json!({"type": "object", "properties": {"m": {"type": "object", "default": {"zzz": 1}, "properties": {"a": {"type": "string"}}}}})
            ),
            [
                "spec.validation.openAPIV3Schema.properties[m].default: Invalid value: {\"zzz\":1}: must not have unknown fields"
            ]
        );
        assert_eq!(
            with_schema(
                &json!({"type": "object", "properties": {"metadata": {"type": "object", "properties": {"labels": {"type": "object"}}}}})
            ),
            [
                "spec.validation.openAPIV3Schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified"
            ]
        );
    }

    #[test]
    fn rules_that_cost_too_much_are_refused() {
        let found = with_schema(
            &json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "array",
            "items": {"type": "array", "items": {"type": "string"}}},
            "x-kubernetes-validations": [{"rule": "self.all(x, x.all(y, y.all(z, self.all(p, p.all(q, q.all(r, r == z))))))"}]}}}),
        );
        assert_eq!(found.len(), 3, "{found:#?}");
        assert!(found[0].contains("estimated rule cost exceeds budget by factor of more than 100x"));
        let found = with_schema(&json!({"type": "object", "properties": {"a": {"type": "array",
            "items": {"type": "string", "x-kubernetes-validations": [{"rule": "self == oldSelf"}]}}}}));
        assert_eq!(found.len(), 4, "{found:#?}");
        assert!(found[1].contains("oldSelf cannot be used on the uncorrelatable portion"));
        let found = with_schema(&json!({"type": "object", "properties": {"n": {"type": "integer"}},
            "x-kubernetes-validations": [{"rule": "self.n > 5", "messageExpression": "'n is ' + string(self.n)"}]}));
        assert_eq!(found.len(), 3, "{found:#?}");
    }
}
