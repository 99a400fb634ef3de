//! Custom resources: a graph from the structural schema of a CRD version.
//!
//! Mirrors how the API server builds the types of server-side apply from `openAPIV3Schema`
//! (apiextensions-apiserver, `openapi/v2` conversion; kube-openapi `schemaconv`): lists without
//! `x-kubernetes-list-type` are atomic, objects are field by field unless `x-kubernetes-map-type: atomic`,
//! preserved unknown fields and typeless places take any value.

use super::{Cow, Def, Field, Graph, NodeKind, PatchStrategy, REQUIRED, Relation, Scalar, builtin};
use serde_json::{Map, Value};

/// Bound on the nesting of a schema; deeper parts take any value.
const MAX_DEPTH: usize = 64;

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

impl Graph {
    /// Types of a custom resource. `schema` is `openAPIV3Schema` of one version; `None` takes anything.
    /// `kind` is used for names in messages only. The root has `apiVersion`, `kind` and a typed `metadata`.
    pub fn from_structural(kind: &str, schema: Option<&Value>) -> Self {
        let mut graph = Self::default();
        let empty = Value::Object(Map::new());
        let preserve;
        let schema = if let Some(s) = schema {
            s
        } else {
            preserve = serde_json::json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
            &preserve
        };
        let schema = if schema.is_object() { schema } else { &empty };
        let root = graph.structural_object(schema, kind, true, 0);
        graph.root = Some(root);
        graph
    }

    fn structural(&mut self, schema: &Value, name: &str, depth: usize) -> u32 {
        let flag = |key: &str| schema.get(key).and_then(Value::as_bool).unwrap_or(false);
        if depth > MAX_DEPTH {
            return self.add_node(NodeKind::Any, Relation::Default);
        }
        let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
        let node = if flag("x-kubernetes-int-or-string") {
            self.add_node(NodeKind::Scalar(Scalar::IntOrString), Relation::Default)
        } else {
            match kind {
                "object" => {
                    self.structural_object(schema, name, flag("x-kubernetes-embedded-resource"), depth)
                }
                "array" => {
                    let elem = match schema.get("items") {
                        Some(items) => self.structural(items, name, depth + 1),
                        None => self.add_node(NodeKind::Any, Relation::Default),
                    };
                    self.add_node(NodeKind::List(elem), list_relation(schema))
                }
                "string" if schema.get("format").and_then(Value::as_str) == Some("byte") => {
                    self.add_node(NodeKind::Scalar(Scalar::String), Relation::Default)
                }
                "string" => self.add_node(NodeKind::Scalar(Scalar::String), Relation::Default),
                "boolean" => self.add_node(NodeKind::Scalar(Scalar::Bool), Relation::Default),
                "integer" => self.add_node(NodeKind::Scalar(Scalar::Int64), Relation::Default),
                "number" => self.add_node(NodeKind::Scalar(Scalar::Float), Relation::Default),
                _ => self.add_node(NodeKind::Any, Relation::Default),
            }
        };
        self.nodes[node as usize].nullable = flag("nullable");
        node
    }

    fn structural_object(&mut self, schema: &Value, name: &str, resource: bool, depth: usize) -> u32 {
        let atomic = schema.get("x-kubernetes-map-type").and_then(Value::as_str) == Some("atomic");
        let relation = if atomic { Relation::Atomic } else { Relation::Default };
        let preserve =
            schema.get("x-kubernetes-preserve-unknown-fields").and_then(Value::as_bool) == Some(true);
        let properties = schema.get("properties").and_then(Value::as_object);
        let additional = match schema.get("additionalProperties") {
            Some(Value::Bool(true)) => Some(self.add_node(NodeKind::Any, Relation::Default)),
            Some(s @ Value::Object(_)) => Some(self.structural(s, name, depth + 1)),
            _ if preserve => Some(self.add_node(NodeKind::Any, Relation::Default)),
            _ => None,
        };
        if let (None, Some(elem), false) = (properties, additional, resource) {
            return self.add_node(NodeKind::Map(elem), relation);
        }
        let mut fields = Vec::new();
        if resource {
            for meta in ["apiVersion", "kind"] {
                let node = self.add_node(NodeKind::Scalar(Scalar::String), Relation::Default);
                fields.push(plain(meta, node));
            }
            if let Some(&def) = builtin().by_name.get(OBJECT_META) {
                let node = self.add_node(NodeKind::Builtin(def), Relation::Default);
                fields.push(plain("metadata", node));
            }
        }
        let required: Vec<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        for (key, property) in properties.into_iter().flatten() {
            if resource && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
                continue;
            }
            let node = self.structural(property, key, depth + 1);
            let mut field = plain(key, node);
            if required.contains(&key.as_str()) {
                field.flags |= REQUIRED;
            }
            field.default = property.get("default").map(|d| Cow::Owned(d.to_string()));
            fields.push(field);
        }
        self.add_def(name, fields, additional, atomic, resource, relation)
    }

    fn add_def(
        &mut self,
        name: &str,
        fields: Vec<Field>,
        additional: Option<u32>,
        atomic: bool,
        type_meta: bool,
        relation: Relation,
    ) -> u32 {
        let def = u32::try_from(self.defs.len()).unwrap_or(u32::MAX);
        self.defs.push(Def {
            name: Cow::Owned(name.to_owned()),
            go_name: Cow::Owned(name.to_owned()),
            fields,
            node: 0,
            flat: Vec::new(),
            atomic,
            type_meta,
            hidden: true,
            gvk: None,
            additional,
        });
        self.flatten(def);
        let node = self.add_node(NodeKind::Struct(def), relation);
        self.defs[def as usize].node = node;
        node
    }
}

fn plain(name: &str, node: u32) -> Field {
    Field {
        name: Cow::Owned(name.to_owned()),
        node,
        flags: 0,
        go_type: Cow::Borrowed(""),
        proto: 0,
        strategy: PatchStrategy::default(),
        merge_key: None,
        default: None,
    }
}

fn list_relation(schema: &Value) -> Relation {
    match schema.get("x-kubernetes-list-type").and_then(Value::as_str) {
        Some("set") => Relation::Set,
        Some("map") => {
            let keys = schema.get("x-kubernetes-list-map-keys").and_then(Value::as_array);
            let keys = keys.into_iter().flatten().filter_map(Value::as_str);
            Relation::Keyed(keys.map(|k| Cow::Owned(k.to_owned())).collect())
        }
        _ => Relation::Atomic,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ListKind, Shape};
    use super::*;

    #[test]
    fn a_structural_schema_has_list_types_and_typed_metadata() {
        let schema = serde_json::json!({"type": "object", "properties": {
            "spec": {"type": "object", "properties": {
                "items": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                          "items": {"type": "object", "properties": {"name": {"type": "string"}}}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
                "port": {"x-kubernetes-int-or-string": true}}}}});
        let graph = Graph::from_structural("Foo", Some(&schema));
        let root = graph.root().unwrap();
        assert_eq!(root.path(&["spec", "items"]).unwrap().list_kind(), ListKind::Keyed(&["name".into()]));
        assert!(root.path(&["metadata", "labels"]).is_some());
        assert!(root.path(&["spec", "other"]).is_none());
        assert!(matches!(root.path(&["spec", "free", "any"]).unwrap().shape(), Shape::Any));
        assert!(matches!(root.path(&["spec", "port"]).unwrap().shape(), Shape::Scalar(Scalar::IntOrString)));
    }
}
