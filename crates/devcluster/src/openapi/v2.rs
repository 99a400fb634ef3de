//! The OpenAPI v2 document: what clients fall back to. Kinds without their fields, and the parameters of PATCH.
//!
//! kubectl validates a `kind: List` with it, and asks for it as protobuf only (gnostic's `openapi.v2.Document`).

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{paths, schemas};
use crate::resource::Resource;

/// Media type of the protobuf form: as kubectl asks for it, and as RFC 2045 allows it to be spelled.
pub(crate) const PROTOBUF: [&str; 2] = [
    "application/com.github.proto-openapi.spec.v2@v1.0+protobuf",
    "application/com.github.proto-openapi.spec.v2.v1.0+protobuf",
];

const TITLE: &str = "Kubernetes";
const VERSION: &str = "v1.37.2";
const GVK: &str = "x-kubernetes-group-version-kind";

fn gvk(resource: &Resource) -> Value {
    json!({"group": resource.gvk.group, "version": resource.gvk.version, "kind": resource.gvk.kind})
}

/// As JSON.
pub(crate) fn as_json(resources: &[Arc<Resource>]) -> Bytes {
    let mut definitions = Map::new();
    let mut items = Map::new();
    for resource in resources {
        let name = schemas::definition_name(resource);
        definitions.insert(
            name.clone(),
            json!({"type": "object", GVK: [gvk(resource)], "x-kubernetes-preserve-unknown-fields": true}),
        );
        if resource.has_verb("patch") {
            let response =
                json!({"200": {"description": "OK", "schema": {"$ref": format!("#/definitions/{name}")}}});
            let parameter =
                json!({"name": "fieldValidation", "in": "query", "type": "string", "uniqueItems": true});
            let patch = json!({
                "operationId": format!("patch{}", paths::operation_suffix(resource)), "parameters": [parameter],
                "responses": response, "x-kubernetes-action": "patch", GVK: gvk(resource),
            });
            items.insert(paths::of_object(resource), json!({ "patch": patch }));
        }
    }
    let document = json!({"swagger": "2.0", "info": {"title": TITLE, "version": VERSION},
        "paths": items, "definitions": definitions, "parameters": {},
        "securityDefinitions": {"BearerToken": {
            "type": "apiKey", "name": "authorization", "in": "header", "description": "Bearer Token authentication"}},
        "security": [{"BearerToken": []}]});
    Bytes::from(document.to_string())
}

/// A message of protobuf that is being written; every field here is a text or another message.
#[derive(Default)]
struct Message(Vec<u8>);

impl Message {
    fn bytes(mut self, field: u8, content: &[u8]) -> Self {
        // Wire type 2, length-delimited.
        self.varint(usize::from(field) << 3 | 2);
        self.varint(content.len());
        self.0.extend_from_slice(content);
        self
    }

    fn text(self, field: u8, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    fn message(self, field: u8, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    fn varint(&mut self, mut number: usize) {
        loop {
            let low = u8::try_from(number & 0x7f).unwrap_or(0);
            number >>= 7;
            if number == 0 {
                self.0.push(low);
                return;
            }
            self.0.push(low | 0x80);
        }
    }
}

/// `NamedAny`: an extension, its value as YAML (of which JSON is a part).
fn extension(name: &str, value: &Value) -> Message {
    Message::default().text(1, name).message(2, &Message::default().text(2, &value.to_string()))
}

/// As gnostic's `openapi.v2.Document` (`OpenAPIv2.proto` of gnostic-models 0.7).
pub(crate) fn as_protobuf(resources: &[Arc<Resource>]) -> Bytes {
    let mut definitions = Message::default();
    let mut items = Message::default();
    for resource in resources {
        let object = Message::default().text(1, "object");
        let schema = Message::default()
            .message(22, &object)
            .message(31, &extension(GVK, &json!([gvk(resource)])))
            .message(31, &extension("x-kubernetes-preserve-unknown-fields", &json!(true)));
        let named = Message::default().text(1, &schemas::definition_name(resource)).message(2, &schema);
        definitions = definitions.message(1, &named);
        if resource.has_verb("patch") {
            let named = Message::default().text(1, &paths::of_object(resource)).message(2, &patch(resource));
            items = items.message(2, &named);
        }
    }
    let info = Message::default().text(1, TITLE).text(2, VERSION);
    let document =
        Message::default().text(1, "2.0").message(2, &info).message(8, &items).message(9, &definitions);
    Bytes::from(document.0)
}

/// `PathItem` with the operation PATCH and its parameter `fieldValidation`.
fn patch(resource: &Resource) -> Message {
    let query = Message::default().text(2, "query").text(4, "fieldValidation").text(6, "string");
    // ParametersItem > Parameter > NonBodyParameter > QueryParameterSubSchema.
    let parameter = Message::default().message(2, &Message::default().message(3, &query));
    let parameter = Message::default().message(1, &parameter);
    let operation = Message::default()
        .text(5, &format!("patch{}", paths::operation_suffix(resource)))
        .message(8, &parameter)
        .message(13, &extension("x-kubernetes-action", &json!("patch")))
        .message(13, &extension(GVK, &gvk(resource)));
    Message::default().message(8, &operation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_over_a_byte_are_varints() {
        let written = Message::default().text(1, &"x".repeat(300));
        assert_eq!(written.0[..4], [0x0a, 0xac, 0x02, b'x']);
    }
}
