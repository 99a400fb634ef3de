//! The static defaults of the built-in kinds.
//!
//! One walk over object and type: at each struct the rules of its type ([`rules`]), the defaults that the schema
//! declares, and, where fields depend on one another, a function ([`kinds`]). Mirrors Kubernetes' `SetDefaults_*`
//! functions (`pkg/apis/*/v1/defaults.go`), parents before their parts.

mod image;
mod kinds;
mod rules;

use serde_json::{Map, Value};

use crate::fields::quantity::Quantity;
use crate::resource::Gvk;
use crate::schema::{self, FieldRef, Scalar, Shape, StructRef, TypeRef};

/// Bound on nesting.
const MAX_DEPTH: usize = 100;

/// Fills in what Kubernetes' `SetDefaults_*` functions fill in. Idempotent; looks at nothing but the object, which
/// must be in canonical form ([`crate::fields`]).
pub fn apply(gvk: &Gvk, object: &mut Value) {
    let Some(ty) = schema::builtin().kind(gvk) else { return };
    walk(ty, object, 0);
}

fn walk(ty: TypeRef<'_>, value: &mut Value, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match (ty.shape(), value) {
        (Shape::Struct(s), Value::Object(map)) => fill(s, map, depth),
        (Shape::List(elem), Value::Array(items)) if has_parts(elem) => {
            for item in items {
                walk(elem, item, depth + 1);
            }
        }
        (Shape::Map(elem), Value::Object(map)) if has_parts(elem) => {
            for item in map.values_mut() {
                walk(elem, item, depth + 1);
            }
        }
        _ => {}
    }
}

fn has_parts(ty: TypeRef<'_>) -> bool {
    !matches!(ty.shape(), Shape::Scalar(_) | Shape::Any)
}

fn fill(s: StructRef<'_>, map: &mut Map<String, Value>, depth: usize) {
    let name = rules::short_name(s.name());
    for (field, default) in rules::of(name) {
        if let Some(field) = s.field(field)
            && unset(field, map)
            && let Ok(value) = serde_json::from_str(default)
        {
            map.insert(field.name.to_string(), value);
        }
    }
    kinds::fill(name, map);
    for field in s.fields() {
        if let Some(default) = field.default.as_deref()
            && unset(field, map)
            && let Ok(value) = serde_json::from_str(default)
        {
            map.insert(field.name.to_string(), value);
        }
        if !has_parts(field.ty()) {
            continue;
        }
        let Some(value) = map.get_mut(field.name.as_ref()) else { continue };
        if field.go_type == "v1.ResourceList" {
            round_to_milli(value);
        } else {
            walk(field.ty(), value, depth + 1);
        }
    }
}

/// Whether Go has nil or a zero value here.
fn unset(field: FieldRef<'_>, map: &Map<String, Value>) -> bool {
    match map.get(field.name.as_ref()) {
        None | Some(Value::Null) => true,
        Some(_) if field.pointer() => false,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::Number(n)) => {
            !matches!(field.ty().shape(), Shape::Scalar(Scalar::IntOrString)) && n.as_f64() == Some(0.0)
        }
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}

/// Amounts finer than a thousandth are rounded up.
fn round_to_milli(list: &mut Value) {
    for value in list.as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Some(text) = value.as_str()
            && text.ends_with(['n', 'u'])
            && let Ok(quantity) = Quantity::parse(text)
            && let Ok(rounded) = Quantity::parse(&format!("{}m", quantity.milli_value()))
        {
            *value = Value::String(rounded.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn defaulted(api_version: &str, kind: &str, body: Value) -> Value {
        let gvk = Gvk::from_api_version(api_version, kind);
        let ty = schema::builtin().kind(&gvk).unwrap();
        let mut object = crate::fields::decode_value(ty, &body).unwrap().object;
        apply(&gvk, &mut object);
        let once = object.clone();
        apply(&gvk, &mut object);
        assert_eq!(once, object, "defaulting is idempotent");
        object
    }

    #[test]
    fn a_minimal_deployment_is_completed() {
        let body = json!({"spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"spec": {"containers": [
            {"name": "c", "image": "nginx", "livenessProbe": {"httpGet": {"port": 80}}, "ports": [{"containerPort": 80}]}]}}}});
        let object = defaulted("apps/v1", "Deployment", body);
        assert_eq!(object["spec"]["replicas"], 1);
        assert_eq!(
            object["spec"]["strategy"]["rollingUpdate"],
            json!({"maxSurge": "25%", "maxUnavailable": "25%"})
        );
        let spec = &object["spec"]["template"]["spec"];
        assert_eq!(spec["securityContext"], json!({}));
        assert_eq!(spec["terminationGracePeriodSeconds"], 30);
        assert!(spec.get("enableServiceLinks").is_none(), "that is for pods alone");
        let container = &spec["containers"][0];
        assert_eq!(container["imagePullPolicy"], "Always");
        assert_eq!(container["ports"][0]["protocol"], "TCP");
        assert_eq!(container["livenessProbe"]["httpGet"], json!({"path": "/", "port": 80, "scheme": "HTTP"}));
        assert_eq!(container["livenessProbe"]["failureThreshold"], 3);
    }

    #[test]
    fn a_service_follows_its_type() {
        let object =
            defaulted("v1", "Service", json!({"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}}));
        let expected = json!({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": true, "externalTrafficPolicy": "Cluster",
            "internalTrafficPolicy": "Cluster", "sessionAffinity": "None",
            "ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}]});
        assert_eq!(object["spec"], expected);
    }

    #[test]
    fn requests_follow_limits_in_pods() {
        let body = json!({"spec": {"containers": [{"name": "c", "image": "a:1", "resources": {"limits": {"cpu": "0.0001"}}}]}});
        let object = defaulted("v1", "Pod", body);
        assert_eq!(
            object["spec"]["containers"][0]["resources"],
            json!({"limits": {"cpu": "1m"}, "requests": {"cpu": "1m"}})
        );
        assert_eq!(object["spec"]["containers"][0]["imagePullPolicy"], "IfNotPresent");
    }
}
