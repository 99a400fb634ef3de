//! `ValidatingAdmissionPolicy`: what policies of the cluster say of a write.
//!
//! Not here: audit annotations, `authorizer` in expressions, policies of deletions.

use serde_json::{Value, json};

use crate::call::Call;
use crate::cluster::Cluster;
use crate::crd::cel::{Expression, Outcome, Variables};
use crate::meta;
use crate::selectors::LabelSelector;
use crate::status::{ApiError, ApiResult, Cause};
use crate::store::Object;
use crate::validate::admission_variables;
use crate::verbs::update::Target;

const GROUP: &str = "admissionregistration.k8s.io";
/// Bytes that a message expression may yield.
const MAX_MESSAGE: usize = 5 * 1024;

/// The write that is looked at.
struct Write<'a> {
    cluster: &'a Cluster,
    call: &'a Call,
    target: Target<'a>,
    object: &'a Value,
    old: Option<&'a Value>,
    /// The Namespace of the object.
    namespace: Option<Value>,
}

/// Why a policy refuses a write.
struct Refusal {
    reason: Option<String>,
    message: String,
}

/// Runs all policies that are bound to a write.
///
/// # Errors
/// What the first of them refuses, with its reason.
pub(super) fn check(
    cluster: &Cluster,
    call: &mut Call,
    target: Target<'_>,
    object: &Value,
    old: Option<&Value>,
) -> ApiResult<()> {
    let resource = target.resource;
    if resource.group() == GROUP {
        return Ok(());
    }
    let bindings = list(cluster, "validatingadmissionpolicybindings");
    if bindings.is_empty() {
        return Ok(());
    }
    let namespace = (resource.namespaced && !target.namespace.is_empty())
        .then(|| cluster.store().get("namespaces", "", target.namespace))
        .flatten()
        .map(|found| found.value());
    let mut warnings = Vec::new();
    let mut denied = None;
    {
        let write = Write { cluster, call, target, object, old, namespace };
        for policy in list(cluster, "validatingadmissionpolicies") {
            let value = policy.value();
            let spec = &value["spec"];
            if !write.matches(&spec["matchConstraints"], true) {
                continue;
            }
            for binding in &bindings {
                let bound = binding.value();
                if bound["spec"]["policyName"] != *policy.name
                    || !write.matches(&bound["spec"]["matchResources"], false)
                {
                    continue;
                }
                let acts = |action: &str| {
                    bound["spec"]["validationActions"]
                        .as_array()
                        .is_some_and(|a| a.iter().any(|x| x == action))
                };
                for refusal in write.refusals(spec, &bound["spec"]) {
                    if acts("Deny") && denied.is_none() {
                        let text = format!(
                            "ValidatingAdmissionPolicy '{}' with binding '{}' denied request: {}",
                            policy.name, binding.name, refusal.message
                        );
                        denied = Some((refusal.reason.clone(), text));
                    }
                    if acts("Warn") {
                        warnings.push(format!(
                            "Validation failed for ValidatingAdmissionPolicy '{}' with binding '{}': {}",
                            policy.name, binding.name, refusal.message
                        ));
                    }
                }
            }
        }
    }
    for text in warnings {
        call.warn(text);
    }
    let Some((reason, text)) = denied else { return Ok(()) };
    let mut error =
        ApiError::forbidden(resource.group(), &resource.plural, meta::text(object, "name"), &text);
    (error.code, error.reason) = match reason.as_deref() {
        Some("Forbidden") => (403, "Forbidden"),
        Some("Unauthorized") => (401, "Unauthorized"),
        Some("RequestEntityTooLarge") => (413, "RequestEntityTooLarge"),
        _ => (422, "Invalid"),
    };
    if let Some(details) = &mut error.details {
        details.causes.push(Cause::new("", "", text));
    }
    Err(error)
}

fn list(cluster: &Cluster, plural: &str) -> Vec<std::sync::Arc<Object>> {
    cluster.store().list(&format!("{GROUP}/{plural}"), None).objects
}

fn strings(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

impl Write<'_> {
    fn operation(&self) -> &'static str {
        if self.old.is_some() { "UPDATE" } else { "CREATE" }
    }

    /// Whether `matchConstraints` or `matchResources` mean this write. `required`: there must be a rule.
    fn matches(&self, constraints: &Value, required: bool) -> bool {
        if constraints.is_null() {
            return !required;
        }
        self.in_namespaces(&constraints["namespaceSelector"])
            && self.has_labels(&constraints["objectSelector"])
            && !self.any_rule(&constraints["excludeResourceRules"], constraints)
            && (self.any_rule(&constraints["resourceRules"], constraints)
                || (!required && constraints["resourceRules"].as_array().is_none_or(Vec::is_empty)))
    }

    fn in_namespaces(&self, selector: &Value) -> bool {
        let Some(selector) = LabelSelector::from_object(selector) else { return true };
        if self.target.resource.is("", "Namespace") {
            return selector.matches_json(&self.object["metadata"]["labels"]);
        }
        self.namespace.as_ref().is_none_or(|n| selector.matches_json(&n["metadata"]["labels"]))
    }

    fn has_labels(&self, selector: &Value) -> bool {
        let Some(selector) = LabelSelector::from_object(selector) else { return true };
        [Some(self.object), self.old]
            .into_iter()
            .flatten()
            .any(|object| selector.matches_json(&object["metadata"]["labels"]))
    }

    fn any_rule(&self, rules: &Value, constraints: &Value) -> bool {
        let exact = constraints["matchPolicy"] == "Exact";
        rules.as_array().into_iter().flatten().any(|rule| self.rule(rule, exact))
    }

    fn rule(&self, rule: &Value, exact: bool) -> bool {
        let resource = self.target.resource;
        let has = |field: &str, wanted: &str| strings(&rule[field]).any(|v| v == "*" || v == wanted);
        let names: Vec<&str> = strings(&rule["resourceNames"]).collect();
        let scope = match rule["scope"].as_str() {
            Some("Namespaced") => resource.namespaced,
            Some("Cluster") => !resource.namespaced,
            _ => true,
        };
        scope
            && has("operations", self.operation())
            && has("apiGroups", resource.group())
            && (!exact || has("apiVersions", &resource.gvk.version))
            && strings(&rule["resources"]).any(|wanted| self.is_resource(wanted))
            && (names.is_empty() || names.contains(&meta::text(self.object, "name")))
    }

    /// `pods`, `pods/status`, `pods/*`, `*/scale`, `*`, `*/*`.
    fn is_resource(&self, wanted: &str) -> bool {
        let (plural, sub) = wanted.split_once('/').unwrap_or((wanted, ""));
        let of = plural == "*" || plural == self.target.resource.plural;
        of && (sub == self.target.subresource || sub == "*")
    }

    /// What the validations of a bound policy refuse.
    fn refusals(&self, spec: &Value, binding: &Value) -> Vec<Refusal> {
        let fails = spec["failurePolicy"] != "Ignore";
        let failure = |message: String| {
            if fails { vec![Refusal { reason: None, message }] } else { Vec::new() }
        };
        match self.parameters(&spec["paramKind"], &binding["paramRef"]) {
            Err(why) => failure(format!("failed to configure binding: {why}")),
            Ok(all) => all
                .iter()
                .flat_map(|params| self.judge(spec, params.as_ref()).unwrap_or_else(failure))
                .collect(),
        }
    }

    /// The parameter objects that a binding names; one `None`: no parameters.
    fn parameters(&self, kind: &Value, reference: &Value) -> Result<Vec<Option<Value>>, String> {
        if kind.is_null() || reference.is_null() {
            return Ok(vec![None]);
        }
        let (version, kind) = (kind["apiVersion"].as_str().unwrap_or_default(), kind["kind"].as_str());
        let kind = kind.unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let resource = self.cluster.resource(group, kind).ok_or_else(|| {
            format!("failed to find resource referenced by paramKind: '{version}, Kind={kind}'")
        })?;
        let namespace = match reference["namespace"].as_str() {
            _ if !resource.namespaced => "",
            Some(name) if !name.is_empty() => name,
            _ => self.target.namespace,
        };
        let store = self.cluster.store();
        let found: Vec<Value> = match reference["name"].as_str() {
            Some(name) if !name.is_empty() => {
                store.get(&resource.bucket, namespace, name).map(|o| o.value()).into_iter().collect()
            }
            _ => {
                let selector = LabelSelector::from_object(&reference["selector"]);
                let all = store.list(&resource.bucket, Some(namespace).filter(|n| !n.is_empty())).objects;
                let all = all.iter().map(|o| o.value());
                all.filter(|v| selector.as_ref().is_none_or(|s| s.matches_json(&v["metadata"]["labels"])))
                    .collect()
            }
        };
        if found.is_empty() && reference["parameterNotFoundAction"] != "Allow" {
            return Err("no params found for policy binding with `Deny` parameterNotFoundAction".to_owned());
        }
        Ok(found.into_iter().map(Some).collect())
    }

    /// Evaluates a policy.
    ///
    /// # Errors
    /// What went wrong in it.
    fn judge(&self, spec: &Value, params: Option<&Value>) -> Result<Vec<Refusal>, String> {
        let fails = spec["failurePolicy"] != "Ignore";
        let names = admission_variables(!spec["paramKind"].is_null(), true);
        let mut variables = self.variables(params);
        for condition in spec["matchConditions"].as_array().into_iter().flatten() {
            let source = condition["expression"].as_str().unwrap_or_default();
            match Expression::compile(source, &names)?.run(&variables) {
                Ok(Outcome::Bool(true)) => {}
                Ok(_) => return Ok(Vec::new()),
                Err(error) => return Err(error),
            }
        }
        variables.set("variables", Some(&json!({})));
        for variable in spec["variables"].as_array().into_iter().flatten() {
            let (name, source) = (variable["name"].as_str(), variable["expression"].as_str());
            let expression = Expression::compile(source.unwrap_or_default(), &names)?;
            // A variable that fails is an error only where it is used.
            let _ = expression.run_into(&mut variables, "variables", name.unwrap_or_default());
        }
        let mut refusals = Vec::new();
        for validation in spec["validations"].as_array().into_iter().flatten() {
            let source = validation["expression"].as_str().unwrap_or_default();
            match Expression::compile(source, &names)?.run(&variables) {
                Ok(Outcome::Bool(true)) => {}
                Ok(_) => refusals.push(Refusal {
                    reason: validation["reason"].as_str().map(str::to_owned),
                    message: message(validation, &names, &variables),
                }),
                Err(message) if fails => refusals.push(Refusal { reason: None, message }),
                Err(_) => {}
            }
        }
        Ok(refusals)
    }

    fn variables(&self, params: Option<&Value>) -> Variables {
        let mut variables = Variables::default();
        variables.set("object", Some(self.object));
        variables.set("oldObject", self.old);
        variables.set("params", params);
        variables.set("namespaceObject", self.namespace.as_ref());
        variables.set("request", Some(&self.request()));
        variables
    }

    fn request(&self) -> Value {
        let (resource, user) = (self.target.resource, &self.call.user);
        let kind =
            json!({"group": resource.group(), "version": resource.gvk.version, "kind": resource.kind()});
        let place =
            json!({"group": resource.group(), "version": resource.gvk.version, "resource": resource.plural});
        json!({
            "kind": kind, "resource": place, "subResource": self.target.subresource,
            "requestKind": kind, "requestResource": place, "requestSubResource": self.target.subresource,
            "name": meta::text(self.object, "name"), "namespace": self.target.namespace,
            "operation": self.operation(), "dryRun": self.call.dry_run,
            "userInfo": {"username": user.name, "uid": user.uid, "groups": user.groups, "extra": user.extra},
            "options": {},
        })
    }
}

/// The message of a refusal: its expression's, its own, or one with the expression.
fn message(validation: &Value, names: &[&str], variables: &Variables) -> String {
    let text = |field: &str| validation[field].as_str().unwrap_or_default();
    if !text("messageExpression").is_empty()
        && let Ok(expression) = Expression::compile(text("messageExpression"), names)
        && let Ok(Outcome::Text(found)) = expression.run(variables)
    {
        let found = found.trim();
        if !found.is_empty() && found.len() <= MAX_MESSAGE && !found.contains('\n') {
            return found.to_owned();
        }
    }
    if text("message").is_empty() {
        format!("failed expression: {}", text("expression").trim())
    } else {
        text("message").trim().to_owned()
    }
}
