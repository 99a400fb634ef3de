//! `components.schemas`: the definitions that paths refer to, and what they reach.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::write_entries;
use crate::resource::Resource;
use crate::schema::docs::Docs;
use crate::schema::{FieldRef, ListKind, Scalar, Shape, StructRef, TypeRef, builtin};

const META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1";
const KIND: &str = "Kind is a string value representing the REST resource this object represents. Servers may infer this from the endpoint the client submits requests to. Cannot be updated. In CamelCase. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#types-kinds";
const API_VERSION: &str = "APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized schemas to the latest internal value, and may reject unrecognized values. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#resources";

/// Definitions to be written: built-in ones by name, others as they are.
pub(super) struct Schemas<'d> {
    docs: &'d Docs,
    names: BTreeSet<String>,
    own: Map<String, Value>,
}

/// Name of a resource's kind: of custom ones the reversed group, the version and the kind.
pub(super) fn definition_name(resource: &Resource) -> String {
    if resource.custom.is_none()
        && let Some(s) = resource.ty().and_then(TypeRef::as_struct)
    {
        return s.name().to_owned();
    }
    let mut group: Vec<&str> = resource.gvk.group.split('.').collect();
    group.reverse();
    format!("{}.{}.{}", group.join("."), resource.gvk.version, resource.gvk.kind)
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

impl<'d> Schemas<'d> {
    pub(super) fn new(docs: &'d Docs) -> Self {
        Self { docs, names: BTreeSet::new(), own: Map::new() }
    }

    /// A reference to a built-in definition, which will be written; an object of any content where it is unknown.
    pub(super) fn builtin(&mut self, name: &str) -> Value {
        if builtin().definition(name).is_none() && special(name).is_none() {
            return json!({ "type": "object" });
        }
        self.names.insert(name.to_owned());
        reference(name)
    }

    /// A reference to a type of `meta/v1`.
    pub(super) fn meta(&mut self, kind: &str) -> Value {
        self.builtin(&format!("{META}.{kind}"))
    }

    /// A reference to the schema of a resource's kind.
    pub(super) fn kind(&mut self, resource: &Resource) -> Value {
        let name = definition_name(resource);
        let Some(served) = &resource.custom else { return self.builtin(&name) };
        if !self.own.contains_key(&name) {
            let schema = self.custom(resource, &served.schema);
            self.own.insert(name.clone(), schema);
        }
        reference(&name)
    }

    /// A reference to the schema of a resource's lists.
    pub(super) fn list(&mut self, resource: &Resource) -> Value {
        if resource.custom.is_none() {
            let found =
                builtin().kind_of(&resource.api_version(), &resource.list_kind).and_then(TypeRef::as_struct);
            return match found {
                Some(s) => self.builtin(s.name()),
                None => json!({ "type": "object" }),
            };
        }
        let name = format!("{}List", definition_name(resource));
        let items = self.kind(resource);
        let metadata = self.meta("ListMeta");
        let gvk = json!([{"group": resource.gvk.group, "version": resource.gvk.version, "kind": resource.list_kind}]);
        let schema = json!({
            "description": format!("{} is a list of {}", resource.list_kind, resource.gvk.kind),
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": {"description": API_VERSION, "type": "string"},
                "kind": {"description": KIND, "type": "string"},
                "metadata": {"allOf": [metadata], "description": "Standard list metadata."},
                "items": {"description": format!("List of {}.", resource.plural), "type": "array", "items": items},
            },
            "x-kubernetes-group-version-kind": gvk,
        });
        self.own.insert(name.clone(), schema);
        reference(&name)
    }

    fn custom(&mut self, resource: &Resource, schema: &Value) -> Value {
        let mut schema = if schema.is_object() { schema.clone() } else { json!({ "type": "object" }) };
        let metadata = self.meta("ObjectMeta");
        let gvk = json!([{"group": resource.gvk.group, "version": resource.gvk.version, "kind": resource.gvk.kind}]);
        if let Some(map) = schema.as_object_mut() {
            map.insert("x-kubernetes-group-version-kind".to_owned(), gvk);
            map.entry("type").or_insert_with(|| json!("object"));
            let properties = map.entry("properties").or_insert_with(|| json!({}));
            if let Some(properties) = properties.as_object_mut() {
                properties
                    .insert("apiVersion".to_owned(), json!({"description": API_VERSION, "type": "string"}));
                properties.insert("kind".to_owned(), json!({"description": KIND, "type": "string"}));
                let text = "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
                properties.insert("metadata".to_owned(), json!({"allOf": [metadata], "description": text}));
            }
        }
        schema
    }

    /// Writes all definitions, those that they refer to as well.
    pub(super) fn write(mut self, out: &mut Vec<u8>) {
        let mut written: BTreeSet<String> = BTreeSet::new();
        let own = std::mem::take(&mut self.own);
        write_entries(out, own.iter().map(|(k, v)| (k.as_str(), v)));
        let mut first = own.is_empty();
        while let Some(name) = self.names.pop_first() {
            if !written.insert(name.clone()) {
                continue;
            }
            let schema = match special(&name) {
                Some(schema) => schema,
                None => match builtin().definition(&name) {
                    Some(s) => self.definition(s),
                    None => continue,
                },
            };
            if !first {
                out.push(b',');
            }
            first = false;
            write_entries(out, std::iter::once((name.as_str(), &schema)));
        }
    }

    fn definition(&mut self, s: StructRef<'static>) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        self.properties(s, &mut properties, &mut required, 0);
        let mut schema = Map::new();
        let description = self.docs.definition(s);
        if !description.is_empty() {
            schema.insert("description".to_owned(), Value::String(description));
        }
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        if s.atomic() {
            schema.insert("x-kubernetes-map-type".to_owned(), json!("atomic"));
        }
        if let Some(gvk) = s.gvk() {
            let gvk = json!([{"group": gvk.group, "version": gvk.version, "kind": gvk.kind}]);
            schema.insert("x-kubernetes-group-version-kind".to_owned(), gvk);
        }
        Value::Object(schema)
    }

    fn properties(
        &mut self,
        s: StructRef<'static>,
        out: &mut Map<String, Value>,
        required: &mut Vec<String>,
        depth: usize,
    ) {
        let descriptions = self.docs.fields(s);
        for (i, field) in s.own_fields().enumerate() {
            if let Some(inner) = field.ty().as_struct().filter(|_| field.inline() && depth < 8) {
                self.properties(inner, out, required, depth + 1);
                continue;
            }
            let description = match (field.name.as_ref(), s.has_type_meta()) {
                ("kind", true) => KIND,
                ("apiVersion", true) => API_VERSION,
                _ => descriptions.get(i).map_or("", String::as_str),
            };
            out.insert(field.name.to_string(), self.property(field, description));
            if field.required() {
                required.push(field.name.to_string());
            }
        }
    }

    fn property(&mut self, field: FieldRef<'static>, description: &str) -> Value {
        let mut schema = match self.place(field.ty(), &field.get().go_type) {
            // A reference must stand alone.
            Value::Object(map) if map.contains_key("$ref") => json!({ "allOf": [Value::Object(map)] }),
            other => other,
        };
        let Some(map) = schema.as_object_mut() else { return schema };
        if !description.is_empty() {
            map.insert("description".to_owned(), json!(description));
        }
        if let Some(default) = field.default.as_deref().and_then(|d| serde_json::from_str::<Value>(d).ok()) {
            map.insert("default".to_owned(), default);
        } else if !field.pointer() && field.ty().as_struct().is_some() {
            map.insert("default".to_owned(), json!({}));
        }
        if let Some(key) = &field.merge_key {
            map.insert("x-kubernetes-patch-merge-key".to_owned(), json!(key));
        }
        let strategy = field.strategy;
        let named =
            [("merge", strategy.merge), ("retainKeys", strategy.retain_keys), ("replace", strategy.replace)];
        let strategies: Vec<&str> = named.iter().filter(|(_, set)| *set).map(|(name, _)| *name).collect();
        if !strategies.is_empty() {
            map.insert("x-kubernetes-patch-strategy".to_owned(), json!(strategies.join(",")));
        }
        schema
    }

    /// The schema of a place, without what its field adds.
    fn place(&mut self, ty: TypeRef<'static>, go_type: &str) -> Value {
        match ty.shape() {
            Shape::Scalar(scalar) => self.scalar(scalar),
            Shape::Any => match any_name(go_type) {
                Some(name) => self.builtin(&name),
                None => json!({}),
            },
            Shape::Struct(s) => self.builtin(s.name()),
            Shape::Map(elem) => {
                let inner = self.item(elem, go_type.rsplit_once(']').map_or("", |(_, t)| t));
                let mut schema = json!({"type": "object", "additionalProperties": inner});
                if ty.atomic_map() {
                    schema["x-kubernetes-map-type"] = json!("atomic");
                }
                schema
            }
            Shape::List(elem) => {
                let inner = self.item(elem, go_type.trim_start_matches("[]").trim_start_matches('*'));
                let mut schema = json!({"type": "array", "items": inner});
                match ty.list_kind() {
                    ListKind::Set => schema["x-kubernetes-list-type"] = json!("set"),
                    ListKind::Keyed(keys) => {
                        schema["x-kubernetes-list-type"] = json!("map");
                        schema["x-kubernetes-list-map-keys"] = json!(keys);
                    }
                    ListKind::Atomic => schema["x-kubernetes-list-type"] = json!("atomic"),
                }
                schema
            }
        }
    }

    /// Items and values: with the default that Go's zero value is.
    fn item(&mut self, ty: TypeRef<'static>, go_type: &str) -> Value {
        match self.place(ty, go_type) {
            Value::Object(map) if map.contains_key("$ref") => {
                json!({"allOf": [Value::Object(map)], "default": {}})
            }
            other => other,
        }
    }

    fn scalar(&mut self, scalar: Scalar) -> Value {
        match scalar {
            Scalar::String => json!({ "type": "string" }),
            Scalar::Bool => json!({ "type": "boolean" }),
            Scalar::Int32 => json!({"type": "integer", "format": "int32"}),
            Scalar::Int64 => json!({"type": "integer", "format": "int64"}),
            Scalar::Float => json!({"type": "number", "format": "double"}),
            Scalar::Bytes => json!({"type": "string", "format": "byte"}),
            Scalar::Quantity => self.builtin("io.k8s.apimachinery.pkg.api.resource.Quantity"),
            Scalar::IntOrString => self.builtin("io.k8s.apimachinery.pkg.util.intstr.IntOrString"),
            Scalar::Time => self.meta("Time"),
            Scalar::MicroTime => self.meta("MicroTime"),
            Scalar::Duration => self.meta("Duration"),
        }
    }
}

/// OpenAPI name of a Go type with a JSON form of its own.
fn any_name(go_type: &str) -> Option<String> {
    let short = go_type.rsplit('.').next()?;
    let package = match short {
        "RawExtension" => "io.k8s.apimachinery.pkg.runtime",
        "FieldsV1" => META,
        "JSON" | "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrBool" | "JSONSchemaPropsOrStringArray" => {
            "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1"
        }
        _ => return None,
    };
    Some(format!("{package}.{short}"))
}

/// Schemas of types with a JSON form of their own.
fn special(name: &str) -> Option<Value> {
    let short = name.rsplit('.').next()?;
    Some(match short {
        "Quantity" => json!({
            "description": "Quantity is a fixed-point representation of a number. It provides convenient marshaling/unmarshaling in JSON and YAML, in addition to String() and AsInt64() accessors.",
            "oneOf": [{"type": "string"}, {"type": "number"}]}),
        "IntOrString" => json!({
            "description": "IntOrString is a type that can hold an int32 or a string.  When used in JSON or YAML marshalling and unmarshalling, it produces or consumes the inner type.  This allows you to have, for example, a JSON field that can accept a name or number.",
            "format": "int-or-string",
            "oneOf": [{"type": "integer"}, {"type": "string"}]}),
        "Time" => json!({
            "description": "Time is a wrapper around time.Time which supports correct marshaling to YAML and JSON.  Wrappers are provided for many of the factory methods that the time package offers.",
            "format": "date-time",
            "type": "string"}),
        "MicroTime" => json!({
            "description": "MicroTime is version of Time with microsecond level precision.", "format": "date-time", "type": "string"}),
        "Duration" => json!({
            "description": "Duration is a wrapper around time.Duration which supports correct marshaling to YAML and JSON.", "type": "string"}),
        "FieldsV1" | "RawExtension" | "Patch" => json!({ "type": "object" }),
        "JSON" | "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrBool" | "JSONSchemaPropsOrStringArray" => {
            json!({})
        }
        _ => return None,
    })
}
