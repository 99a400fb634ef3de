//! Ingresses, `IngressClasses`, `NetworkPolicies`.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::format;
use super::report::{At, Report};

pub(super) fn ingress(r: &mut Report, at: &At<'_>, created: bool) {
    let spec = at.get("spec");
    let (rules, backend_at) = (spec.get("rules"), spec.get("defaultBackend"));
    if rules.is_empty() && !backend_at.has() {
        r.invalid_as(&spec, rules.value, "either `defaultBackend` or `rules` must be specified");
    }
    if backend_at.has() {
        backend(r, &backend_at);
    }
    for rule in rules.items() {
        host(r, &rule.get("host"), true);
        let http = rule.get("http");
        if !http.has() {
            continue;
        }
        let paths = http.get("paths");
        if paths.is_empty() {
            r.required(&paths, "");
        }
        for path in paths.items() {
            http_path(r, &path);
        }
    }
    for tls in spec.get("tls").items() {
        for name in tls.get("hosts").items() {
            host(r, &name, false);
        }
        if !tls.get("secretName").is_empty() {
            r.dns_subdomain(&tls.get("secretName"));
        }
    }
    let class = spec.get("ingressClassName");
    if class.has() {
        r.dns_subdomain(&class);
    }
    let annotation = at.at(&["metadata", "annotations"]).value.get("kubernetes.io/ingress.class");
    if let Some(value) = annotation.filter(|v| created && class.has() && *v != class.value) {
        let path = class.named("annotations.kubernetes.io/ingress.class".to_owned());
        r.invalid_as(&path, value, "must match `ingressClassName` when both are specified");
    }
}

fn host(r: &mut Report, at: &At<'_>, not_ip: bool) {
    let name = at.str();
    if name.is_empty() && not_ip {
        return;
    }
    if not_ip && name.parse::<IpAddr>().is_ok() {
        r.invalid(at, "must be a DNS name, not an IP address");
    }
    if name.contains('*') {
        r.all(at, format::wildcard_subdomain(name));
    } else {
        r.dns_subdomain(at);
    }
}

fn http_path(r: &mut Report, at: &At<'_>) {
    let (kind, path) = (at.get("pathType"), at.get("path"));
    if !kind.has() {
        return r.required(&kind, "pathType must be specified");
    }
    let absolute = path.str().starts_with('/');
    match kind.str() {
        "Exact" | "Prefix" => {
            if !absolute {
                r.invalid_text(&path, "must be an absolute path");
            }
            for bad in ["//", "/./", "/../", "%2f", "%2F"].iter().filter(|b| path.str().contains(**b)) {
                r.invalid(&path, format!("must not contain '{bad}'"));
            }
            for bad in ["/..", "/."].iter().filter(|b| path.str().ends_with(**b)) {
                r.invalid(&path, format!("cannot end with '{bad}'"));
            }
        }
        "ImplementationSpecific" => {
            if !path.is_empty() && !absolute {
                r.invalid(&path, "must be an absolute path");
            }
        }
        _ => r.unsupported(&kind, &["Exact", "ImplementationSpecific", "Prefix"]),
    }
    backend(r, &at.get("backend"));
}

fn backend(r: &mut Report, at: &At<'_>) {
    let (resource, service) = (at.get("resource"), at.get("service"));
    let shown = json!("");
    match (resource.has(), service.has()) {
        (true, true) => r.invalid_as(at, &shown, "cannot set both resource and service backends"),
        (false, false) => r.invalid_as(at, &shown, "resource or service backend is required"),
        (true, false) => {
            for field in ["kind", "name"] {
                let part = resource.get(field);
                if part.is_empty() {
                    r.required(&part, "");
                } else {
                    r.all(&part, format::path_segment(part.str()));
                }
            }
        }
        (false, true) => {
            let name = service.get("name");
            if name.is_empty() {
                r.required(&name, "");
            } else {
                r.dns_label(&name);
            }
            let (port, number) = (service.at(&["port", "name"]), service.at(&["port", "number"]));
            match (!port.is_empty(), number.int().unwrap_or(0) != 0) {
                (true, true) => r.invalid_as(at, &shown, "cannot set both port name & port number"),
                (true, false) => r.all(&port, format::port_name(port.str())),
                (false, true) => r.port(&number),
                (false, false) => r.required(at, "port name or number is required"),
            }
        }
    }
}

/// `acme.io/foo`.
fn domain_path(r: &mut Report, at: &At<'_>) {
    if at.is_empty() {
        return r.required(at, "");
    }
    let Some((domain, path)) = at.str().split_once('/') else {
        return r.invalid(at, "must be a domain-prefixed path (such as \"acme.io/foo\")");
    };
    if domain.is_empty() || path.is_empty() {
        return r.invalid(at, "must be a domain-prefixed path (such as \"acme.io/foo\")");
    }
    for message in format::dns_subdomain(domain) {
        r.invalid_as(at, &Value::String(domain.to_owned()), message);
    }
    let fits = |c: char| c.is_ascii_alphanumeric() || "/:@!$&'()*+,;=-._~%".contains(c);
    if !path.chars().all(fits) {
        let text = "Invalid path";
        r.invalid_as(at, &Value::String(path.to_owned()), text);
    }
}

pub(super) fn ingress_class(r: &mut Report, at: &At<'_>) {
    let controller = at.at(&["spec", "controller"]);
    if controller.len() > 250 {
        r.too_long(&controller, 250);
    }
    domain_path(r, &controller);
    let parameters = at.at(&["spec", "parameters"]);
    if !parameters.has() {
        return;
    }
    if parameters.get("apiGroup").has() {
        r.dns_subdomain(&parameters.get("apiGroup"));
    }
    for field in ["kind", "name"] {
        let part = parameters.get(field);
        if part.is_empty() {
            r.late_required(&part);
        } else {
            r.all(&part, format::path_segment(part.str()));
        }
    }
    let (scope, namespace) = (parameters.get("scope"), parameters.get("namespace"));
    match scope.str() {
        "" if !scope.has() => r.required(&scope, ""),
        "Namespace" if !namespace.has() => r.required(&namespace, "`parameters.scope` is set to 'Namespace'"),
        "Namespace" => r.dns_label(&namespace),
        "Cluster" if namespace.has() => r.forbidden(&namespace, "`parameters.scope` is set to 'Cluster'"),
        "Cluster" => {}
        _ => r.unsupported(&scope, &["Cluster", "Namespace"]),
    }
}

pub(super) fn policy(r: &mut Report, at: &At<'_>) {
    let spec = at.get("spec");
    r.selector(&spec.get("podSelector"));
    for (direction, peers) in [("ingress", "from"), ("egress", "to")] {
        for rule in spec.get(direction).items() {
            for port in rule.get("ports").items() {
                policy_port(r, &port);
            }
            for one in rule.get(peers).items() {
                peer(r, &one);
            }
        }
    }
    let kinds = spec.get("policyTypes");
    if kinds.len() > 2 {
        return r.invalid(&kinds, "may not specify more than two policyTypes");
    }
    for kind in kinds.items() {
        r.one_of_if_set(&kind, &["Ingress", "Egress"]);
    }
}

fn policy_port(r: &mut Report, at: &At<'_>) {
    let (protocol, port, end) = (at.get("protocol"), at.get("port"), at.get("endPort"));
    r.one_of_if_set(&protocol, &["TCP", "UDP", "SCTP"]);
    match (port.value, end.has()) {
        (Value::Null, true) => r.invalid(&end, "may not be specified when `port` is not specified"),
        (Value::Null, false) => {}
        (Value::String(name), has_end) => {
            if has_end {
                r.invalid(&end, "may not be specified when `port` is non-numeric");
            }
            r.all(&port, format::port_name(name));
        }
        (_, has_end) => {
            r.port(&port);
            if has_end {
                if end.int() < port.int() {
                    r.invalid(&end, "must be greater than or equal to `port`");
                }
                r.port(&end);
            }
        }
    }
}

fn peer(r: &mut Report, at: &At<'_>) {
    let (pods, namespaces, block) = (at.get("podSelector"), at.get("namespaceSelector"), at.get("ipBlock"));
    let count = [&pods, &namespaces, &block].iter().filter(|p| p.has()).count();
    r.selector(&pods);
    r.selector(&namespaces);
    if block.has() {
        ip_block(r, &block);
    }
    if count == 0 {
        r.required(at, "must specify a peer");
    } else if count > 1 && block.has() {
        r.forbidden(at, "may not specify both ipBlock and another peer");
    }
}

fn read_cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = text.split_once('/')?;
    let address: IpAddr = address.parse().ok()?;
    let length: u8 = length.parse().ok()?;
    (length <= if address.is_ipv4() { 32 } else { 128 }).then_some((address, length))
}

pub(super) fn cidr(r: &mut Report, at: &At<'_>) {
    if read_cidr(at.str().trim()).is_none() {
        r.invalid(at, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
    }
}

fn contains(net: (IpAddr, u8), address: IpAddr) -> bool {
    let bits = |ip: IpAddr| match ip {
        IpAddr::V4(v4) => (u128::from(u32::from(v4)) << 96, 32),
        IpAddr::V6(v6) => (u128::from(v6), 128),
    };
    let ((a, wa), (b, wb)) = (bits(net.0), bits(address));
    wa == wb && (net.1 == 0 || a >> (128 - u32::from(net.1)) == b >> (128 - u32::from(net.1)))
}

fn ip_block(r: &mut Report, at: &At<'_>) {
    let range = at.get("cidr");
    if range.is_empty() {
        return r.late_required(&range);
    }
    cidr(r, &range);
    let Some(net) = read_cidr(range.str()) else { return };
    for except in at.get("except").items() {
        cidr(r, &except);
        if let Some((address, length)) = read_cidr(except.str())
            && (!contains(net, address) || net.1 >= length)
        {
            r.invalid(&except, "must be a strict subset of `cidr`");
        }
    }
}
