//! Containers: ports, environment, resources, probes, security.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::format;
use super::pod;
use super::report::{At, Report};
use super::volume;
use crate::fields::quantity::Quantity;

/// What a container can refer to.
pub(super) struct Context<'a> {
    /// Valid volumes by name.
    pub(super) volumes: &'a BTreeMap<String, Value>,
    pub(super) host_users: bool,
    /// `terminationGracePeriodSeconds`.
    pub(super) grace: i64,
}

const NOT_POSITIVE: &str = "must be greater than or equal to 0";

pub(super) fn validate(r: &mut Report, at: &At<'_>, context: &Context<'_>) {
    let name = at.get("name");
    if name.is_empty() {
        r.required(&name, "");
    } else {
        r.dns_label(&name);
    }
    if at.get("image").is_empty() {
        r.required(&at.get("image"), "");
    }
    r.one_of(&at.get("terminationMessagePolicy"), &["File", "FallbackToLogsOnError"]);
    ports(r, &at.get("ports"));
    environment(r, &at.get("env"));
    environment_from(r, &at.get("envFrom"));
    volume::mounts(r, at, context.volumes);
    volume::devices(r, at, context.volumes);
    let policy = at.get("imagePullPolicy");
    if policy.is_empty() {
        r.required(&policy, "");
    } else {
        r.one_of_if_set(&policy, &["Always", "IfNotPresent", "Never"]);
    }
    resources(r, &at.get("resources"));
    for policy in at.get("resizePolicy").items() {
        r.one_of(&policy.get("resourceName"), &["cpu", "memory"]);
        r.one_of(&policy.get("restartPolicy"), &["NotRequired", "RestartContainer"]);
    }
    security_context(r, &at.get("securityContext"), context);
}

fn ports(r: &mut Report, at: &At<'_>) {
    let mut names = BTreeSet::new();
    for port in at.items() {
        let name = port.get("name");
        if !name.is_empty() {
            let messages = format::port_name(name.str());
            if messages.is_empty() {
                if !names.insert(name.str().to_owned()) {
                    r.duplicate(&name);
                }
            } else {
                r.all(&name, messages);
            }
        }
        let number = port.get("containerPort");
        if number.int().unwrap_or(0) == 0 {
            r.required(&number, "");
        } else {
            r.port(&number);
        }
        if port.get("hostPort").int().unwrap_or(0) != 0 {
            r.port(&port.get("hostPort"));
        }
        r.one_of(&port.get("protocol"), &["SCTP", "TCP", "UDP"]);
    }
}

fn environment(r: &mut Report, at: &At<'_>) {
    for variable in at.items() {
        let name = variable.get("name");
        if name.is_empty() {
            r.required(&name, "");
        } else {
            r.all(&name, format::env_name(name.str()));
        }
        value_from(r, &variable);
    }
}

fn value_from(r: &mut Report, variable: &At<'_>) {
    let from = variable.get("valueFrom");
    if !from.has() {
        return;
    }
    let mut sources = 0;
    let fields = ["fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef"];
    for field in fields {
        let source = from.get(field);
        if !source.has() {
            continue;
        }
        sources += 1;
        match field {
            "fieldRef" => field_ref(r, &source, ENV_FIELDS),
            "resourceFieldRef" => resource_ref(r, &source, false),
            "configMapKeyRef" | "secretKeyRef" => {
                r.dns_subdomain(&source.get("name"));
                let key = source.get("key");
                if key.is_empty() {
                    r.required(&key, "");
                } else {
                    r.all(&key, format::config_key(key.str()));
                }
            }
            _ => {}
        }
    }
    let shown = json!("");
    if sources == 0 {
        r.invalid_as(
            &from,
            &shown,
            "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
        );
    } else if !variable.get("value").is_empty() {
        r.invalid_as(&from, &shown, "may not be specified when `value` is not empty");
    } else if sources > 1 {
        r.invalid_as(&from, &shown, "may not have more than one field specified at a time");
    }
}

const ENV_FIELDS: &[&str] = &[
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];

/// Fields that a downward API volume can show.
pub(super) const VOLUME_FIELDS: &[&str] =
    &["metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"];

/// All fields that can be converted.
const KNOWN_FIELDS: &[&str] = &[
    "metadata.annotations",
    "metadata.labels",
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.serviceAccountName",
    "spec.schedulerName",
    "status.phase",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
    "spec.host",
];

pub(super) fn field_ref(r: &mut Report, at: &At<'_>, supported: &[&str]) {
    let path = at.get("fieldPath");
    if at.get("apiVersion").is_empty() {
        return r.required(&at.get("apiVersion"), "");
    }
    if path.is_empty() {
        return r.required(&path, "");
    }
    if at.get("apiVersion").str() != "v1" {
        let text =
            format!("error converting fieldPath: unsupported pod version: {}", at.get("apiVersion").str());
        return r.invalid(&path, text);
    }
    let subscript = path.str().strip_suffix("']").and_then(|p| p.split_once("['"));
    if let Some((map, key)) = subscript {
        match map {
            "metadata.annotations" => r.label_key(at, &key.to_lowercase()),
            "metadata.labels" => r.label_key(at, key),
            _ => {
                let text =
                    format!("error converting fieldPath: field label does not support subscript: {map}");
                r.invalid(&path, text);
            }
        }
        return;
    }
    if !KNOWN_FIELDS.contains(&path.str()) {
        let text = format!("error converting fieldPath: field label not supported: {}", path.str());
        return r.invalid(&path, text);
    }
    if !supported.contains(&path.str()) {
        r.unsupported(&path, supported);
    }
}

pub(super) fn resource_ref(r: &mut Report, at: &At<'_>, volume: bool) {
    const SUPPORTED: &[&str] = &[
        "limits.cpu",
        "limits.ephemeral-storage",
        "limits.memory",
        "requests.cpu",
        "requests.ephemeral-storage",
        "requests.memory",
    ];
    let resource = at.get("resource");
    let huge = ["limits.hugepages-", "requests.hugepages-"].iter().any(|p| resource.str().starts_with(p));
    if volume && at.get("containerName").is_empty() {
        r.required(&at.get("containerName"), "");
    } else if resource.is_empty() {
        r.required(&resource, "");
    } else if !SUPPORTED.contains(&resource.str()) && !huge {
        r.unsupported(&resource, SUPPORTED);
    }
    let divisor = at.get("divisor");
    let one_of: &[&str] = match resource.str() {
        "limits.cpu" | "requests.cpu" => &["0", "1", "1m"],
        _ => &["0", "1", "1k", "1M", "1G", "1T", "1P", "1E", "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"],
    };
    if divisor.has() && !one_of.contains(&divisor.str()) {
        let text = if one_of.len() == 3 {
            "only divisor's values 1m and 1 are supported with the cpu resource"
        } else {
            "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the memory resource"
        };
        r.invalid(&divisor, text);
    }
}

fn environment_from(r: &mut Report, at: &At<'_>) {
    let shown = json!("");
    for source in at.items() {
        let prefix = source.get("prefix");
        if !prefix.is_empty() {
            r.all(&prefix, format::env_name(prefix.str()));
        }
        let mut sources = 0;
        for field in ["configMapRef", "secretRef"] {
            let reference = source.get(field);
            if reference.has() {
                sources += 1;
                let name = reference.get("name");
                if name.is_empty() {
                    r.required(&name, "");
                } else {
                    r.dns_subdomain(&name);
                }
            }
        }
        match sources {
            0 => r.invalid_as(at, &shown, "must specify one of: `configMapRef` or `secretRef`"),
            1 => {}
            _ => r.invalid_as(at, &shown, "may not have more than one field specified at a time"),
        }
    }
}

/// Whether a resource is one of Kubernetes' own.
fn is_native(name: &str) -> bool {
    !name.contains('/') || name.contains("kubernetes.io/")
}

fn container_resource_name(r: &mut Report, at: &At<'_>, name: &str) {
    const STANDARD: &[&str] = &["cpu", "memory", "ephemeral-storage"];
    if name.is_empty() {
        return r.required(at, "");
    }
    let shown = Value::String(name.to_owned());
    let before = r.causes.len();
    for message in format::qualified_name(name) {
        r.invalid_as(at, &shown, message);
    }
    if r.causes.len() > before {
        return;
    }
    if !name.contains('/') {
        if !STANDARD.contains(&name) && !name.starts_with("hugepages-") {
            r.invalid_as(at, &shown, "must be a standard resource for containers");
        }
    } else if is_native(name) && !name.starts_with("hugepages-") || name.starts_with("requests.") {
        r.invalid_as(at, &shown, "doesn't follow extended resource name standard");
    }
}

/// An amount of a resource: not negative, whole where the resource is countable.
pub(super) fn resource_amount(r: &mut Report, name: &str, at: &At<'_>) {
    let Ok(amount) = Quantity::parse(at.str()) else { return };
    if amount.is_negative() {
        r.invalid(at, NOT_POSITIVE);
    }
    let countable = !is_native(name)
        || matches!(
            name,
            "pods"
                | "services"
                | "secrets"
                | "configmaps"
                | "persistentvolumeclaims"
                | "replicationcontrollers"
                | "resourcequotas"
                | "services.nodeports"
                | "services.loadbalancers"
        )
        || name.starts_with("count/");
    if countable && !amount.is_whole() {
        r.invalid(at, "must be an integer");
    }
}

/// `ResourceRequirements` of a container.
pub(super) fn resources(r: &mut Report, at: &At<'_>) {
    let (limits, requests) = (at.get("limits"), at.get("requests"));
    let (mut computed, mut huge) = (false, false);
    for list in [&limits, &requests] {
        for (name, amount) in list.entries() {
            container_resource_name(r, &amount, name);
            resource_amount(r, name, &amount);
            huge |= name.starts_with("hugepages-");
            computed |= matches!(name, "cpu" | "memory");
            if list.path == requests.path {
                request_within_limit(r, (&limits, &requests), name, &amount);
            }
        }
    }
    if huge && !computed {
        r.forbidden(at, "HugePages require cpu or memory");
    }
}

fn request_within_limit(r: &mut Report, (limits, requests): (&At<'_>, &At<'_>), name: &str, amount: &At<'_>) {
    let overcommits = is_native(name) && !name.starts_with("hugepages-");
    let limit = limits.value.get(name).and_then(Value::as_str);
    let Some(limit) = limit else {
        if !overcommits {
            r.required(limits, "Limit must be set for non overcommitable resources");
        }
        return;
    };
    let (Ok(wanted), Ok(most)) = (Quantity::parse(amount.str()), Quantity::parse(limit)) else { return };
    if wanted != most && !overcommits {
        r.invalid_as(requests, amount.value, format!("must be equal to {name} limit of {limit}"));
    } else if wanted > most {
        r.invalid_as(
            requests,
            amount.value,
            format!("must be less than or equal to {name} limit of {limit}"),
        );
    }
}

fn security_context(r: &mut Report, at: &At<'_>, context: &Context<'_>) {
    if !at.has() {
        return;
    }
    pod::id(r, &at.get("runAsUser"));
    pod::id(r, &at.get("runAsGroup"));
    let mount = at.get("procMount");
    if mount.has() && !["Default", "Unmasked"].contains(&mount.str()) {
        r.unsupported(&mount, &["Default", "Unmasked"]);
    }
    if context.host_users && mount.str() == "Unmasked" {
        r.invalid(&mount, "`hostUsers` must be false to use `Unmasked`");
    }
    pod::seccomp(r, &at.get("seccompProfile"));
    if at.get("allowPrivilegeEscalation").value == &Value::Bool(false) {
        if at.get("privileged").is_true() {
            let text = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
            go_security_context(r, at, text);
        }
        let adds = at.at(&["capabilities", "add"]);
        if adds.items().iter().any(|c| c.str() == "CAP_SYS_ADMIN") {
            let text = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
            go_security_context(r, at, text);
        }
    }
    pod::app_armor(r, &at.get("appArmorProfile"));
}

/// Shown as Go's internal struct, which has no JSON names.
fn go_security_context(r: &mut Report, at: &At<'_>, text: &str) {
    const FIELDS: [(&str, &str); 12] = [
        ("Capabilities", "capabilities"),
        ("Privileged", "privileged"),
        ("SELinuxOptions", "seLinuxOptions"),
        ("WindowsOptions", "windowsOptions"),
        ("RunAsUser", "runAsUser"),
        ("RunAsGroup", "runAsGroup"),
        ("RunAsNonRoot", "runAsNonRoot"),
        ("ReadOnlyRootFilesystem", "readOnlyRootFilesystem"),
        ("AllowPrivilegeEscalation", "allowPrivilegeEscalation"),
        ("ProcMount", "procMount"),
        ("SeccompProfile", "seccompProfile"),
        ("AppArmorProfile", "appArmorProfile"),
    ];
    let parts = FIELDS.map(|(go, json)| {
        let field = at.get(json);
        let value = match json {
            "capabilities" if field.has() => {
                format!("{{\"Add\":{},\"Drop\":{}}}", field.get("add").value, field.get("drop").value)
            }
            "seccompProfile" | "appArmorProfile" if field.has() => {
                format!(
                    "{{\"Type\":{},\"LocalhostProfile\":{}}}",
                    field.get("type").value,
                    field.get("localhostProfile").value
                )
            }
            _ => field.value.to_string(),
        };
        format!("\"{go}\":{value}")
    });
    let message = format!("Invalid value: {{{}}}: {text}", parts.join(","));
    r.causes.push(crate::status::Cause::new("FieldValueInvalid", at.path.clone(), message));
}

pub(super) fn lifecycle(r: &mut Report, at: &At<'_>, context: &Context<'_>) {
    for hook in ["postStart", "preStop"] {
        if at.get(hook).has() {
            handler(r, &at.get(hook), context);
        }
    }
}

pub(super) fn probes(r: &mut Report, container: &At<'_>, context: &Context<'_>) {
    for name in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let at = container.get(name);
        if !at.has() {
            continue;
        }
        handler(r, &at, context);
        for field in
            ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"]
        {
            r.non_negative(&at.get(field));
        }
        let grace = at.get("terminationGracePeriodSeconds");
        if grace.int().is_some_and(|n| n <= 0) {
            r.invalid(&grace, "must be greater than 0");
        }
        if name == "readinessProbe" {
            if grace.has() {
                r.invalid(&grace, "must not be set for readinessProbes");
            }
        } else if at.get("successThreshold").int() != Some(1) {
            r.invalid(&at.get("successThreshold"), "must be 1");
        }
    }
}

fn handler(r: &mut Report, at: &At<'_>, context: &Context<'_>) {
    let mut count = 0;
    for kind in ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] {
        let action = at.get(kind);
        if !action.has() {
            continue;
        }
        count += 1;
        if count > 1 {
            r.forbidden(&action, "may not specify more than 1 handler type");
            continue;
        }
        match kind {
            "exec" => {
                if action.get("command").is_empty() {
                    r.required(&action.get("command"), "");
                }
            }
            "httpGet" => http_get(r, &action),
            "tcpSocket" => r.port_or_name(&action.get("port")),
            "grpc" => r.port(&action.get("port")),
            _ => sleep(r, &action, context),
        }
    }
    if count == 0 {
        r.required(at, "must specify a handler type");
    }
}

fn http_get(r: &mut Report, at: &At<'_>) {
    if at.get("path").is_empty() {
        r.required(&at.get("path"), "");
    }
    r.port_or_name(&at.get("port"));
    if !["HTTP", "HTTPS"].contains(&at.get("scheme").str()) {
        r.unsupported(&at.get("scheme"), &["HTTP", "HTTPS"]);
    }
    let headers = at.get("httpHeaders");
    for header in headers.items() {
        for message in format::http_header(header.get("name").str()) {
            let name = Value::String(header.get("name").str().to_owned());
            r.invalid_as(&headers, &name, message);
        }
    }
}

fn sleep(r: &mut Report, at: &At<'_>, context: &Context<'_>) {
    let seconds = at.get("seconds").int().unwrap_or(0);
    if seconds < 0 || seconds > context.grace {
        let text =
            format!("must be non-negative and less than terminationGracePeriodSeconds ({})", context.grace);
        r.invalid_as(at, &Value::from(seconds), text);
    }
}

pub(super) fn restart_rules(r: &mut Report, container: &At<'_>) {
    let (policy, rules) = (container.get("restartPolicy"), container.get("restartPolicyRules"));
    if !policy.has() {
        if !rules.is_empty() {
            r.required(&policy, "must specify restartPolicy when restart rules are used");
        }
        return;
    }
    r.one_of_if_set(&policy, &["Always", "Never", "OnFailure"]);
    for rule in rules.items() {
        r.one_of(&rule.get("action"), &["Restart", "RestartAllContainers"]);
        let codes = rule.get("exitCodes");
        if codes.has() {
            r.one_of(&codes.get("operator"), &["In", "NotIn"]);
        } else {
            r.required(&codes, "must be specified");
        }
    }
}
