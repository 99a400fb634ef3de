//! Services.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::endpoints;
use super::report::{At, Report};

fn is_headless(spec: &At<'_>) -> bool {
    spec.get("clusterIPs").items().first().is_some_and(|ip| ip.str() == "None")
        || spec.get("clusterIP").str() == "None"
}

pub(super) fn validate(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    let headless = is_headless(&spec);
    let (kind, ports) = (spec.get("type"), spec.get("ports"));
    if ports.is_empty() && !headless && kind.str() != "ExternalName" {
        r.required(&ports, "");
    }
    kind_rules(r, &spec, headless);
    let mut names = BTreeSet::new();
    let several = ports.len() > 1;
    for port in ports.items() {
        one_port(r, &port, several, &mut names);
    }
    r.labels(&spec.get("selector"));
    r.one_of(&spec.get("sessionAffinity"), &["ClientIP", "None"]);
    affinity(r, &spec);
    cluster_ips(r, &spec);
    for ip in spec.get("externalIPs").items() {
        let before = r.causes.len();
        r.ip(&ip);
        if r.causes.len() == before {
            endpoints::address(r, &ip);
        }
    }
    r.one_of(&kind, &["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"]);
    port_numbers(r, &spec);
    ranges(r, at, &spec);
    load_balancer(r, &spec);
    traffic(r, &spec);
}

fn kind_rules(r: &mut Report, spec: &At<'_>, headless: bool) {
    let ips = spec.get("clusterIPs");
    match spec.get("type").str() {
        kind @ ("LoadBalancer" | "NodePort") if headless => {
            let first = ips.named(format!("{}[0]", ips.path));
            r.invalid_as(&first, &json!("None"), format!("may not be set to 'None' for {kind} services"));
        }
        "ExternalName" => {
            if !ips.is_empty() {
                r.forbidden(&ips, "may not be set for ExternalName services");
            }
            if !spec.get("ipFamilies").is_empty() {
                r.forbidden(&spec.get("ipFamilies"), "may not be set for ExternalName services");
            }
            if spec.get("ipFamilyPolicy").has() {
                r.forbidden(&spec.get("ipFamilyPolicy"), "may not be set for ExternalName services");
            }
            let name = spec.get("externalName");
            let text = name.str().strip_suffix('.').unwrap_or(name.str());
            if text.is_empty() {
                r.required(&name, "");
            } else {
                let shown = Value::String(text.to_owned());
                for message in super::format::dns_subdomain(text) {
                    r.invalid_as(&name, &shown, message);
                }
            }
        }
        _ => {}
    }
}

fn one_port(r: &mut Report, port: &At<'_>, several: bool, names: &mut BTreeSet<String>) {
    let name = port.get("name");
    if name.is_empty() {
        if several {
            r.required(&name, "");
        }
    } else {
        r.dns_label(&name);
        if !names.insert(name.str().to_owned()) {
            r.duplicate(&name);
        }
    }
    r.port(&port.get("port"));
    r.one_of(&port.get("protocol"), &["SCTP", "TCP", "UDP"]);
    r.port_or_name(&port.get("targetPort"));
    if port.get("appProtocol").has() {
        r.qualified_name(&port.get("appProtocol"));
    }
}

fn affinity(r: &mut Report, spec: &At<'_>) {
    let config = spec.get("sessionAffinityConfig");
    match spec.get("sessionAffinity").str() {
        "ClientIP" => {
            let seconds = config.at(&["clientIP", "timeoutSeconds"]);
            if !config.has() {
                r.required(&config, "when session affinity type is ClientIP");
            } else if !config.get("clientIP").has() {
                r.required(&config.get("clientIP"), "when session affinity type is ClientIP");
            } else if !seconds.has() {
                r.required(&seconds, "when session affinity type is ClientIP");
            } else if !(1..=86400).contains(&seconds.int().unwrap_or(0)) {
                r.invalid(&seconds, "must be greater than 0 and less than 86400");
            }
        }
        "None" if config.has() => r.forbidden(&config, "must not be set when session affinity is None"),
        _ => {}
    }
}

fn cluster_ips(r: &mut Report, spec: &At<'_>) {
    if spec.get("type").str() == "ExternalName" {
        return;
    }
    let (one, all, families) = (spec.get("clusterIP"), spec.get("clusterIPs"), spec.get("ipFamilies"));
    if one.is_empty() {
        if !all.is_empty() {
            r.invalid(&all, "must be empty when `clusterIP` is not specified");
        }
    } else if all.is_empty() {
        r.required(&all, "");
    } else if all.items().first().is_some_and(|ip| ip.str() != one.str()) {
        r.invalid(&all, "first value must match `clusterIP`");
    }
    let mut seen = BTreeSet::new();
    for family in families.items() {
        r.one_of_if_set(&family, &["IPv4", "IPv6"]);
        if !seen.insert(family.str().to_owned()) {
            r.duplicate(&family);
        }
    }
    r.one_of_if_set(&spec.get("ipFamilyPolicy"), &["PreferDualStack", "RequireDualStack", "SingleStack"]);
    let mut bad = false;
    for (i, ip) in all.items().iter().enumerate() {
        if i == 0 && ip.str() == "None" {
            if all.len() > 1 {
                bad = true;
                r.invalid(&all, "'None' must be the first and only value");
            }
            continue;
        }
        let before = r.causes.len();
        r.ip(ip);
        bad |= r.causes.len() > before;
    }
    if all.len() > 2 {
        r.invalid(&all, "may only hold up to 2 values");
    }
    let is_v6 = |ip: &At<'_>| ip.str().contains(':');
    if bad {
        return;
    }
    if all.len() == 2 && is_v6(&all.items()[0]) == is_v6(&all.items()[1]) {
        r.invalid(&all, "may specify no more than one IP for each IP family");
    }
    if !is_headless(spec) {
        for (i, (ip, family)) in all.items().iter().zip(families.items()).enumerate() {
            if (family.str() == "IPv6") != is_v6(ip) {
                r.invalid(
                    ip,
                    format!("expected an {} value as indicated by `ipFamilies[{i}]`", family.str()),
                );
            }
        }
    }
}

fn port_numbers(r: &mut Report, spec: &At<'_>) {
    let ports = spec.get("ports").items();
    let number = |port: &At<'_>, field: &str| port.get(field).int().unwrap_or(0);
    if spec.get("type").str() == "ClusterIP" {
        for port in ports.iter().filter(|p| number(p, "nodePort") != 0) {
            r.forbidden(&port.get("nodePort"), "may not be used when `type` is 'ClusterIP'");
        }
    }
    let mut seen = BTreeSet::new();
    for port in ports.iter().filter(|p| number(p, "nodePort") != 0) {
        if !seen.insert((port.get("protocol").str(), number(port, "nodePort"))) {
            r.duplicate(&port.get("nodePort"));
        }
    }
    let mut seen = BTreeSet::new();
    for port in &ports {
        let (protocol, n) = (port.get("protocol").str(), number(port, "port"));
        if !seen.insert((protocol, n)) {
            // Shown as Go's internal struct.
            let text = format!(
                "Duplicate value: {{\"Name\":\"\",\"Protocol\":\"{protocol}\",\"AppProtocol\":null,\"Port\":{n},\"TargetPort\":0,\"NodePort\":0}}"
            );
            r.causes.push(crate::status::Cause::new("FieldValueDuplicate", port.path.clone(), text));
        }
    }
}

fn ranges(r: &mut Report, at: &At<'_>, spec: &At<'_>) {
    const NOT_BALANCED: &str = "may only be used when `type` is 'LoadBalancer'";
    let balanced = spec.get("type").str() == "LoadBalancer";
    // Upstream's path has the capital letter.
    let list = spec.get("loadBalancerSourceRanges").named("spec.LoadBalancerSourceRanges".to_owned());
    if !list.is_empty() {
        if !balanced {
            r.forbidden(&list, NOT_BALANCED);
        }
        for range in list.items() {
            super::networking::cidr(r, &range);
        }
        return;
    }
    for (key, value) in at.at(&["metadata", "annotations"]).entries() {
        if key == "service.beta.kubernetes.io/load-balancer-source-ranges" && !balanced {
            r.forbidden(&value, NOT_BALANCED);
        }
    }
}

fn load_balancer(r: &mut Report, spec: &At<'_>) {
    let balanced = spec.get("type").str() == "LoadBalancer";
    let (allocate, class) = (spec.get("allocateLoadBalancerNodePorts"), spec.get("loadBalancerClass"));
    if allocate.has() && !balanced {
        r.forbidden(&allocate, "may only be used when `type` is 'LoadBalancer'");
    }
    if class.has() {
        if balanced {
            r.qualified_name(&class);
        } else {
            r.forbidden(&class, "may only be used when `type` is 'LoadBalancer'");
        }
    }
}

fn traffic(r: &mut Report, spec: &At<'_>) {
    let kind = spec.get("type").str();
    let (external, port) = (spec.get("externalTrafficPolicy"), spec.get("healthCheckNodePort"));
    let reachable = matches!(kind, "LoadBalancer" | "NodePort")
        || (kind == "ClusterIP" && !spec.get("externalIPs").is_empty());
    if reachable {
        r.one_of(&external, &["Cluster", "Local"]);
    } else if !external.is_empty() {
        r.invalid(&external, "may only be set for externally-accessible services");
    }
    let checked = kind == "LoadBalancer" && external.str() == "Local";
    if !checked && port.int().unwrap_or(0) != 0 {
        r.invalid(
            &port,
            "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
        );
    }
    r.one_of_if_set(&spec.get("internalTrafficPolicy"), &["Cluster", "Local"]);
    r.one_of_if_set(&spec.get("trafficDistribution"), &["PreferClose", "PreferSameZone", "PreferSameNode"]);
}

pub(super) fn update(r: &mut Report, at: &At<'_>, old: &At<'_>) {
    let (spec, was) = (at.get("spec"), old.get("spec"));
    let external = |s: &At<'_>| s.get("type").str() == "ExternalName";
    if !(external(&spec) || external(&was) || (is_headless(&spec) && is_headless(&was))) {
        ips_update(r, &spec, &was);
    }
    let balanced = |s: &At<'_>| s.get("type").str() == "LoadBalancer";
    if balanced(&spec)
        && balanced(&was)
        && spec.get("loadBalancerClass").value != was.get("loadBalancerClass").value
    {
        r.invalid(&spec.get("loadBalancerClass"), "may not change once set");
    }
    let checked = |s: &At<'_>| balanced(s) && s.get("externalTrafficPolicy").str() == "Local";
    let port = |s: &At<'_>| s.get("healthCheckNodePort").int().unwrap_or(0);
    if checked(&spec) && checked(&was) && port(&spec) != port(&was) {
        r.forbidden(&spec.get("healthCheckNodePort"), "field is immutable");
    }
}

fn ips_update(r: &mut Report, spec: &At<'_>, was: &At<'_>) {
    let ips = spec.get("clusterIPs");
    let (now, before) = (ips.items(), was.get("clusterIPs").items());
    let list = if ips.has() { ips.value.clone() } else { Value::Null };
    let changed = |i: usize| now.get(i).zip(before.get(i)).is_some_and(|(a, b)| a.str() != b.str());
    let first = ips.named(format!("{}[0]", ips.path));
    if now.len() == before.len() {
        for i in (0..now.len()).filter(|i| changed(*i)) {
            r.invalid_as(&ips.named(format!("{}[{i}]", ips.path)), &list, "may not change once set");
        }
    } else if before.len() > now.len() {
        if now.is_empty() {
            r.invalid_as(&first, &list, "primary clusterIP can not be unset");
        } else if changed(0) {
            r.invalid_as(&first, &list, "may not change once set");
        }
        if now.len() == 1 && spec.get("ipFamilyPolicy").str() != "SingleStack" {
            let policy = spec.get("ipFamilyPolicy");
            r.invalid(&policy, "must be set to 'SingleStack' when releasing the secondary clusterIP");
        }
    } else if changed(0) {
        r.invalid_as(&first, &list, "may not change once set");
    }
}

pub(super) fn status(r: &mut Report, at: &At<'_>) {
    let ingress = at.at(&["status", "loadBalancer", "ingress"]);
    if !ingress.is_empty() && at.at(&["spec", "type"]).str() != "LoadBalancer" {
        return r.forbidden(&ingress, "may only be used when `spec.type` is 'LoadBalancer'");
    }
    for one in ingress.items() {
        if !one.get("ip").is_empty() {
            r.ip(&one.get("ip"));
        }
        if !one.get("hostname").is_empty() {
            r.dns_subdomain(&one.get("hostname"));
        }
    }
}
