//! The manifests of the CustomResourceDefinitions.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::CustomResourceExt;
use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

use crate::{
    HelmChart, HelmChartSpec, HelmChartStatus, HelmRelease, HelmReleaseSpec, HelmReleaseStatus,
    HelmRepository, HelmRepositorySpec, HelmRepositoryStatus, OCIRepository, OCIRepositorySpec,
    OCIRepositoryStatus,
};

/// The four CustomResourceDefinitions as JSON objects, in the order of their names.
///
/// What the Rust types cannot say is added here: the CEL rules, the default of `status` and the bounds of conditions.
pub fn all() -> Vec<Value> {
    let mut crds = vec![
        complete::<HelmChartSpec, HelmChartStatus>(&HelmChart::crd()),
        complete::<HelmReleaseSpec, HelmReleaseStatus>(&HelmRelease::crd()),
        complete::<HelmRepositorySpec, HelmRepositoryStatus>(&HelmRepository::crd()),
        complete::<OCIRepositorySpec, OCIRepositoryStatus>(&OCIRepository::crd()),
    ];
    crds.sort_by_key(|crd| crd["metadata"]["name"].as_str().map(str::to_owned));
    crds
}

/// The typed form of [`all`], for a client that applies them.
///
/// # Errors
/// Where a completed manifest is no longer a CustomResourceDefinition.
pub fn typed() -> Result<Vec<CustomResourceDefinition>, serde_json::Error> {
    all().into_iter().map(serde_json::from_value).collect()
}

fn complete<Spec: JsonSchema, Status: JsonSchema>(crd: &CustomResourceDefinition) -> Value {
    let mut crd = json!(crd);
    crd["metadata"]["annotations"] = json!({"kustomize.toolkit.fluxcd.io/substitute": "disabled"});
    let kind = crd["spec"]["names"]["kind"].as_str().unwrap_or_default().to_owned();
    let schema = &mut crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    for (of, path, rules) in rules() {
        if of == kind
            && let Some(at) = schema.pointer_mut(path)
        {
            at["x-kubernetes-validations"] = rules;
        }
    }
    schema["properties"]["status"]["default"] = json!({"observedGeneration": -1});
    if let Some(conditions) = schema.pointer_mut("/properties/status/properties/conditions") {
        *conditions = conditions_schema();
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("required");
        schema.remove("title");
    }
    tidy(schema);
    describe(&mut schema["properties"]["spec"], &json!(schema_for!(Spec)));
    describe(&mut schema["properties"]["status"], &json!(schema_for!(Status)));
    crd
}

/// Gives every property its field's own documentation, where the structural form kept that of the field's type.
fn describe(schema: &mut Value, written: &Value) {
    fn walk(schema: &mut Value, written: &Value, definitions: &Value, depth: usize) {
        let written = resolve(written, definitions);
        // Deeper than any type here; a type that holds itself would go on for ever.
        if depth == 0 {
            return;
        }
        if let Some(items) = schema.get_mut("items") {
            walk(items, &written["items"], definitions, depth - 1);
        }
        let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
        for (name, property) in properties {
            let field = &written["properties"][name];
            if let Some(description) = field.get("description") {
                property["description"] = description.clone();
            }
            walk(property, field, definitions, depth - 1);
        }
    }
    walk(schema, written, &written["$defs"], 32);
}

/// The schema behind a reference or an optional field.
fn resolve<'a>(written: &'a Value, definitions: &'a Value) -> &'a Value {
    let first = written["anyOf"].get(0).unwrap_or(written);
    match first["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/$defs/")) {
        Some(name) => &definitions[name],
        None => first,
    }
}

/// The CEL rules of Flux, each with the kind and the place in its schema.
fn rules() -> Vec<(&'static str, &'static str, Value)> {
    let rule = |rule: &str, message: &str| json!([{"rule": rule, "message": message}]);
    vec![
        (
            "HelmChart",
            "/properties/spec",
            rule(
                "!has(self.verify) || self.sourceRef.kind == 'HelmRepository'",
                "spec.verify is only supported when spec.sourceRef.kind is 'HelmRepository'",
            ),
        ),
        (
            "HelmRelease",
            "/properties/spec",
            rule(
                "(has(self.chart) && !has(self.chartRef)) || (!has(self.chart) && has(self.chartRef))",
                "either chart or chartRef must be set",
            ),
        ),
        (
            "HelmRelease",
            "/properties/spec/properties/install/properties/strategy",
            rule(
                "!has(self.retryInterval) || self.name != 'RemediateOnFailure'",
                ".retryInterval cannot be set when .name is 'RemediateOnFailure'",
            ),
        ),
        (
            "HelmRelease",
            "/properties/spec/properties/upgrade/properties/strategy",
            rule(
                "!has(self.retryInterval) || self.name == 'RetryOnFailure'",
                ".retryInterval can only be set when .name is 'RetryOnFailure'",
            ),
        ),
        (
            "HelmRelease",
            "/properties/spec/properties/kubeConfig",
            rule(
                "has(self.configMapRef) || has(self.secretRef)",
                "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified",
            )
            .as_array()
            .into_iter()
            .flatten()
            .cloned()
            .chain([json!({
                "rule": "!has(self.configMapRef) || !has(self.secretRef)",
                "message": "exactly one of spec.kubeConfig.configMapRef or spec.kubeConfig.secretRef must be specified",
            })])
            .collect(),
        ),
    ]
}

/// The schema of `metav1.Condition` with the bounds of its Go type.
fn conditions_schema() -> Value {
    json!({
        "description": "Conditions holds the conditions of the object.",
        "type": "array",
        "items": {
            "description": "Condition contains details for one aspect of the current state of this API Resource.",
            "type": "object",
            "required": ["lastTransitionTime", "message", "reason", "status", "type"],
            "properties": {
                "lastTransitionTime": {
                    "description": "lastTransitionTime is the last time the condition transitioned from one status to another.",
                    "type": "string",
                    "format": "date-time",
                },
                "message": {
                    "description": "message is a human readable message indicating details about the transition.",
                    "type": "string",
                    "maxLength": crate::condition::MAX_MESSAGE,
                },
                "observedGeneration": {
                    "description": "observedGeneration represents the .metadata.generation that the condition was set based upon.",
                    "type": "integer",
                    "format": "int64",
                    "minimum": 0,
                },
                "reason": {
                    "description": "reason contains a programmatic identifier indicating the reason for the condition's last transition.",
                    "type": "string",
                    "maxLength": 1024,
                    "minLength": 1,
                    "pattern": "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$",
                },
                "status": {
                    "description": "status of the condition, one of True, False, Unknown.",
                    "type": "string",
                    "enum": ["True", "False", "Unknown"],
                },
                "type": {
                    "description": "type of condition in CamelCase or in foo.example.com/CamelCase.",
                    "type": "string",
                    "maxLength": 316,
                    "pattern": r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
                },
            },
        },
    })
}

/// Takes out what says nothing: `nullable` of optional fields (a null is pruned as in Flux) and defaults of null.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove("nullable");
            if fields.get("default").is_some_and(Value::is_null) {
                fields.remove("default");
            }
            if let Some(Value::Array(values)) = fields.get_mut("enum") {
                values.retain(|value| !value.is_null());
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}
