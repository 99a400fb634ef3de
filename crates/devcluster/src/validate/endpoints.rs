//! Endpoints and `EndpointSlices`.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::report::{At, Report};

/// Addresses that endpoints may not have.
pub(super) fn address(r: &mut Report, at: &At<'_>) {
    let Ok(ip) = at.str().parse::<IpAddr>() else {
        return r.invalid_text(at, "must be a valid IP address");
    };
    let (link_local, link_local_multicast) = match ip {
        IpAddr::V4(v4) => (v4.is_link_local(), v4.octets()[..3] == [224, 0, 0]),
        IpAddr::V6(v6) => (v6.segments()[0] & 0xffc0 == 0xfe80, v6.segments()[0] & 0xff0f == 0xff02),
    };
    if ip.is_unspecified() {
        r.invalid(at, format!("may not be unspecified ({})", at.str()));
    }
    if ip.is_loopback() {
        r.invalid(at, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    }
    if link_local {
        r.invalid(at, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    }
    if link_local_multicast {
        r.invalid(at, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
    }
}

pub(super) fn endpoints(r: &mut Report, at: &At<'_>) {
    for subset in at.get("subsets").items() {
        let (ready, not_ready) = (subset.get("addresses"), subset.get("notReadyAddresses"));
        if ready.is_empty() && not_ready.is_empty() {
            r.required(&subset, "must specify `addresses` or `notReadyAddresses`");
        }
        for one in ready.items().into_iter().chain(not_ready.items()) {
            let ip = one.get("ip");
            r.ip(&ip);
            if !one.get("hostname").is_empty() {
                r.dns_label(&one.get("hostname"));
            }
            if one.get("nodeName").has() {
                r.dns_subdomain(&one.get("nodeName"));
            }
            address(r, &ip);
        }
        let ports = subset.get("ports");
        for port in ports.items() {
            let name = port.get("name");
            if name.is_empty() {
                if ports.len() > 1 {
                    r.required(&name, "");
                }
            } else {
                r.dns_label(&name);
            }
            r.port(&port.get("port"));
            r.one_of(&port.get("protocol"), &["SCTP", "TCP", "UDP"]);
            if port.get("appProtocol").has() {
                r.qualified_name(&port.get("appProtocol"));
            }
        }
    }
}

pub(super) fn slice(r: &mut Report, at: &At<'_>) {
    let kind = at.get("addressType");
    if kind.is_empty() {
        r.late_required(&kind);
    } else {
        r.late(|r| r.one_of_if_set(&kind, &["FQDN", "IPv4", "IPv6"]));
    }
    let mut names = BTreeSet::new();
    for port in at.get("ports").items() {
        let name = port.get("name");
        if !name.is_empty() {
            r.dns_label(&name);
        }
        if !names.insert(name.str().to_owned()) {
            r.duplicate(&name);
        }
        r.one_of(&port.get("protocol"), &["SCTP", "TCP", "UDP"]);
        if port.get("appProtocol").has() {
            r.qualified_name(&port.get("appProtocol"));
        }
    }
    for endpoint in at.get("endpoints").items() {
        let addresses = endpoint.get("addresses");
        if addresses.is_empty() {
            r.late_required(&addresses);
        }
        for one in addresses.items() {
            slice_address(r, &one, kind.str(), &addresses);
        }
        if endpoint.get("nodeName").has() {
            r.dns_subdomain(&endpoint.get("nodeName"));
        }
        r.labels(&endpoint.get("deprecatedTopology"));
        if endpoint.get("hostname").has() {
            r.dns_label(&endpoint.get("hostname"));
        }
    }
}

fn slice_address(r: &mut Report, one: &At<'_>, kind: &str, list: &At<'_>) {
    match kind {
        "IPv4" | "IPv6" => {
            let before = r.causes.len();
            r.ip(one);
            if r.causes.len() > before {
                return;
            }
            if (kind == "IPv6") != one.str().contains(':') {
                r.invalid(&one.named(list.path.clone()), format!("must be an {kind} address"));
            }
            address(r, one);
        }
        "FQDN" => r.dns_subdomain(one),
        _ => {}
    }
}
