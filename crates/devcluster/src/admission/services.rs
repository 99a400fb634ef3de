//! Services: cluster addresses and node ports.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::meta;
use crate::status::{ApiError, ApiResult, Cause, go_quote};

/// 10.96.0.0/16.
const NETWORK: u32 = 0x0a60_0000;
const MASK: u32 = 0xffff_0000;
/// The first addresses are left to Services that ask for one of their own.
const FIRST_FREE: u32 = 256;
const PRETENDED_PORT: u64 = 32769;
const NODE_PORTS: std::ops::RangeInclusive<u16> = 30000..=32767;

/// What is being given out at the moment, beside what stored Services have.
#[derive(Default)]
pub(crate) struct Allocations {
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    addresses: BTreeMap<u32, usize>,
    ports: BTreeMap<u16, usize>,
    next_address: u32,
    next_port: u16,
}

/// Addresses and ports given to a Service that is not stored yet; free again when dropped.
pub(crate) struct Reserved {
    allocations: Arc<Allocations>,
    addresses: Vec<u32>,
    ports: Vec<u16>,
}

impl Drop for Reserved {
    fn drop(&mut self) {
        let mut held = self.allocations.held.lock();
        for address in &self.addresses {
            release(&mut held.addresses, address);
        }
        for port in &self.ports {
            release(&mut held.ports, port);
        }
    }
}

fn release<K: Ord>(map: &mut BTreeMap<K, usize>, key: &K) {
    if let Some(count) = map.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            map.remove(key);
        }
    }
}

/// Whether Services of this type have a cluster address.
fn has_address(service: &Value) -> bool {
    service["spec"]["type"] != "ExternalName"
}

fn has_node_ports(service: &Value) -> bool {
    match service["spec"]["type"].as_str() {
        Some("NodePort") => true,
        Some("LoadBalancer") => service["spec"]["allocateLoadBalancerNodePorts"] != false,
        _ => false,
    }
}

pub(super) fn allocate(
    cluster: &Cluster,
    object: &mut Value,
    old: Option<&Value>,
    dry_run: bool,
) -> ApiResult<Reserved> {
    let mut reserved =
        Reserved { allocations: cluster.allocations().clone(), addresses: Vec::new(), ports: Vec::new() };
    if let Some(old) = old {
        drop_with_type(object, old);
        keep_allocated(object, old);
    }
    let (used, used_ports) = in_use(cluster, object);
    families(object);
    if has_address(object) {
        address(object, old, &used, &mut reserved, dry_run)?;
    } else if let Some(spec) = object["spec"].as_object_mut() {
        for field in ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] {
            if old.is_some() {
                spec.remove(field);
            }
        }
    }
    if dry_run {
        pretend_node_ports(object);
    }
    node_ports(object, &used_ports, &mut reserved, dry_run)?;
    Ok(reserved)
}

/// Fields that belong to the old type alone go with it, where they are as they were.
fn drop_with_type(object: &mut Value, old: &Value) {
    let balanced = |service: &Value| service["spec"]["type"] == "LoadBalancer";
    let external = |service: &Value| {
        matches!(service["spec"]["type"].as_str(), Some("LoadBalancer" | "NodePort"))
            || service["spec"]["externalIPs"].as_array().is_some_and(|ips| !ips.is_empty())
    };
    let mut gone: Vec<&str> = Vec::new();
    if balanced(old) && !balanced(object) {
        gone.extend(["allocateLoadBalancerNodePorts", "loadBalancerClass"]);
    }
    if wants_health_port(old) && !wants_health_port(object) {
        gone.push("healthCheckNodePort");
    }
    if external(old) && !external(object) {
        gone.push("externalTrafficPolicy");
    }
    if has_address(old) && !has_address(object) {
        gone.extend(["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]);
    }
    if let Some(spec) = object["spec"].as_object_mut() {
        for field in gone {
            if spec.get(field) == old["spec"].get(field) {
                spec.remove(field);
            }
        }
    }
}

/// A new state that leaves out what was allocated keeps it.
fn keep_allocated(object: &mut Value, old: &Value) {
    if has_address(object) && has_address(old) {
        let missing = |value: &Value| value.as_str().is_none_or(str::is_empty);
        if missing(&object["spec"]["clusterIP"])
            && object["spec"]["clusterIPs"].as_array().is_none_or(Vec::is_empty)
        {
            for field in ["clusterIP", "clusterIPs"] {
                copy(object, old, field);
            }
        }
        for field in ["ipFamilies", "ipFamilyPolicy"] {
            if object["spec"][field].is_null() {
                copy(object, old, field);
            }
        }
    }
    if has_node_ports(object) && has_node_ports(old) {
        let old_ports: Vec<Value> = old["spec"]["ports"].as_array().cloned().unwrap_or_default();
        for port in object["spec"]["ports"].as_array_mut().into_iter().flatten() {
            let same = |o: &&Value| o["port"] == port["port"] && o["protocol"] == port["protocol"];
            if port["nodePort"].as_i64().unwrap_or(0) == 0
                && let Some(before) = old_ports.iter().find(same).filter(|o| o["nodePort"].is_number())
            {
                port["nodePort"] = before["nodePort"].clone();
            }
        }
        if object["spec"]["healthCheckNodePort"].is_null() && wants_health_port(object) {
            copy(object, old, "healthCheckNodePort");
        }
    }
    // Ports that are no longer given out are taken away where they are as before.
    if !has_node_ports(object) && has_node_ports(old) && object["spec"]["type"] != "LoadBalancer" {
        let old_ports: Vec<Value> = old["spec"]["ports"].as_array().cloned().unwrap_or_default();
        for (i, port) in object["spec"]["ports"].as_array_mut().into_iter().flatten().enumerate() {
            if let Some(map) = port.as_object_mut()
                && old_ports.get(i).is_some_and(|o| Some(&o["nodePort"]) == map.get("nodePort"))
            {
                map.remove("nodePort");
            }
        }
    }
}

fn copy(object: &mut Value, old: &Value, field: &str) {
    if let Some(value) = old["spec"].get(field) {
        object["spec"][field] = value.clone();
    }
}

fn in_use(cluster: &Cluster, object: &Value) -> (BTreeSet<u32>, BTreeSet<u16>) {
    let (name, namespace) = (meta::text(object, "name"), meta::text(object, "namespace"));
    let mut addresses = BTreeSet::new();
    let mut ports = BTreeSet::new();
    for service in cluster.store().list("services", None).objects {
        if &*service.name == name && &*service.namespace == namespace {
            continue;
        }
        let service = service.value();
        addresses.extend(service["spec"]["clusterIP"].as_str().and_then(parse));
        for port in service["spec"]["ports"].as_array().into_iter().flatten() {
            ports.extend(port["nodePort"].as_u64().and_then(|p| u16::try_from(p).ok()));
        }
        let health = service["spec"]["healthCheckNodePort"].as_u64();
        ports.extend(health.and_then(|p| u16::try_from(p).ok()));
    }
    (addresses, ports)
}

fn parse(text: &str) -> Option<u32> {
    text.parse::<Ipv4Addr>().ok().map(u32::from)
}

/// One family, IPv4: all that this cluster has.
fn families(object: &mut Value) {
    if !has_address(object) {
        return;
    }
    let headless = object["spec"]["clusterIP"] == "None";
    let selected = object["spec"]["selector"].as_object().is_some_and(|s| !s.is_empty());
    let spec = &mut object["spec"];
    if spec["ipFamilyPolicy"].is_null() {
        let policy = if headless && !selected { "RequireDualStack" } else { "SingleStack" };
        spec["ipFamilyPolicy"] = json!(policy);
    }
    if spec["ipFamilies"].as_array().is_none_or(Vec::is_empty) {
        let dual = headless && !selected && spec["ipFamilyPolicy"] == "RequireDualStack";
        spec["ipFamilies"] = if dual { json!(["IPv4", "IPv6"]) } else { json!(["IPv4"]) };
    }
}

fn refused(object: &Value, field: &str, value: &Value, why: &str) -> ApiError {
    ApiError::invalid("", "Service", meta::text(object, "name"), vec![Cause::invalid(field, value, why)])
}

fn address(
    object: &mut Value,
    old: Option<&Value>,
    used: &BTreeSet<u32>,
    reserved: &mut Reserved,
    dry_run: bool,
) -> ApiResult<()> {
    let wanted = object["spec"]["clusterIP"].as_str().unwrap_or_default().to_owned();
    let listed = object["spec"]["clusterIPs"][0].as_str().unwrap_or_default().to_owned();
    if old.is_none() && wanted.is_empty() && !listed.is_empty() {
        let detail = "must be empty when `clusterIP` is not specified";
        return Err(refused(object, "spec.clusterIPs", &object["spec"]["clusterIPs"], detail));
    }
    let single = object["spec"]["ipFamilyPolicy"] != "RequireDualStack";
    if wanted != "None" && single && object["spec"]["ipFamilies"][0] == "IPv6" {
        return Err(refused(object, "spec.ipFamilies[0]", &json!("IPv6"), "not configured on this cluster"));
    }
    let wanted = if wanted.is_empty() { listed } else { wanted };
    if wanted == "None" {
        object["spec"]["clusterIPs"] = json!(["None"]);
        object["spec"]["clusterIP"] = json!("None");
        return Ok(());
    }
    if !wanted.is_empty() && old.is_some_and(|old| old["spec"]["clusterIP"] == wanted.as_str()) {
        object["spec"]["clusterIP"] = json!(wanted);
        if object["spec"]["clusterIPs"].as_array().is_none_or(Vec::is_empty) {
            object["spec"]["clusterIPs"] = json!([wanted]);
        }
        return Ok(());
    }
    let given = json!([wanted]);
    let field = "spec.clusterIPs";
    let refuse = |why: &str| refused(object, field, &given, &format!("failed to allocate IP{why}"));
    let mut held = reserved.allocations.held.lock();
    let number = if wanted.is_empty() {
        let Some(free) = next_address(&mut held, used) else {
            return Err(refuse(": range is full"));
        };
        // A dry run creates no address, which would belong to the Service.
        if let Some(why) = parent_error(object).filter(|_| !dry_run) {
            return Err(refuse(&format!(
                ": IPAddress.networking.k8s.io {} is invalid: spec.parentRef.name: {why}",
                go_quote(&Ipv4Addr::from(free).to_string())
            )));
        }
        free
    } else {
        // What is no address is refused by validation.
        let Some(number) = parse(&wanted) else { return Ok(()) };
        if number & MASK != NETWORK || number == NETWORK || number == NETWORK | !MASK {
            return Err(refuse(&format!(
                " {wanted}: the provided IP ({wanted}) is not in the valid range. The range of valid IPs is 10.96.0.0/16"
            )));
        }
        if used.contains(&number) || held.addresses.contains_key(&number) {
            return Err(refuse(&format!(" {wanted}: provided IP is already allocated")));
        }
        number
    };
    *held.addresses.entry(number).or_insert(0) += 1;
    drop(held);
    reserved.addresses.push(number);
    let text = Ipv4Addr::from(number).to_string();
    object["spec"]["clusterIPs"] = json!([text]);
    object["spec"]["clusterIP"] = json!(text);
    Ok(())
}

/// The allocator writes the Service's name into an `IPAddress`, which has rules of its own.
fn parent_error(object: &Value) -> Option<String> {
    let name = meta::text(object, "name");
    if name.is_empty() {
        return Some("Required value".to_owned());
    }
    let wrong = crate::names::path_segment(name);
    wrong.first().map(|why| format!("Invalid value: {}: {why}", go_quote(name)))
}

fn next_address(held: &mut Held, used: &BTreeSet<u32>) -> Option<u32> {
    let size = !MASK;
    for _ in 0..size {
        held.next_address = if held.next_address < FIRST_FREE || held.next_address + 1 >= size {
            FIRST_FREE + u32::from(rand::random::<u16>()) % (size - FIRST_FREE - 1)
        } else {
            held.next_address + 1
        };
        let number = NETWORK + held.next_address;
        if !used.contains(&number) && !held.addresses.contains_key(&number) {
            return Some(number);
        }
    }
    None
}

fn node_ports(
    object: &mut Value,
    used: &BTreeSet<u16>,
    reserved: &mut Reserved,
    dry_run: bool,
) -> ApiResult<()> {
    if !has_node_ports(object) {
        return Ok(());
    }
    let mut ports: Vec<Value> = object["spec"]["ports"].as_array().cloned().unwrap_or_default();
    let mut own: Vec<(u64, String)> = Vec::new();
    for (i, port) in ports.iter_mut().enumerate() {
        let wanted = port["nodePort"].as_u64().unwrap_or(0);
        let protocol = port["protocol"].as_str().unwrap_or("TCP").to_owned();
        if wanted != 0 && dry_run {
            continue;
        }
        if wanted != 0 {
            let shared = own.iter().any(|(p, other)| *p == wanted && *other != protocol);
            own.push((wanted, protocol));
            if shared {
                continue;
            }
            let field = format!("spec.ports[{i}].nodePort");
            let number = u16::try_from(wanted).ok().filter(|p| NODE_PORTS.contains(p));
            let Some(number) = number else {
                let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
                return Err(refused(object, &field, &json!(wanted), why));
            };
            if used.contains(&number) {
                return Err(refused(object, &field, &json!(wanted), "provided port is already allocated"));
            }
            reserve_port(reserved, number);
            continue;
        }
        // One port serves both protocols where the Service's port is the same.
        let number = next_port(reserved, used)
            .ok_or_else(|| ApiError::internal("failed to allocate a nodePort: range is full"))?;
        own.push((u64::from(number), protocol));
        port["nodePort"] = json!(number);
    }
    if !ports.is_empty() {
        object["spec"]["ports"] = Value::Array(ports);
    }
    if wants_health_port(object) && object["spec"]["healthCheckNodePort"].as_u64().unwrap_or(0) == 0 {
        let number = next_port(reserved, used)
            .ok_or_else(|| ApiError::internal("failed to allocate a nodePort: range is full"))?;
        object["spec"]["healthCheckNodePort"] = json!(number);
    }
    Ok(())
}

/// A dry run takes no port: Kubernetes shows numbers from behind the range.
fn pretend_node_ports(object: &mut Value) {
    if !has_node_ports(object) {
        return;
    }
    let mut next = PRETENDED_PORT;
    for port in object["spec"]["ports"].as_array_mut().into_iter().flatten() {
        if port["nodePort"].as_u64().unwrap_or(0) == 0 {
            port["nodePort"] = json!(next);
            next += 1;
        }
    }
    if wants_health_port(object) && object["spec"]["healthCheckNodePort"].as_u64().unwrap_or(0) == 0 {
        object["spec"]["healthCheckNodePort"] = json!(next);
    }
}

fn wants_health_port(service: &Value) -> bool {
    service["spec"]["type"] == "LoadBalancer" && service["spec"]["externalTrafficPolicy"] == "Local"
}

fn reserve_port(reserved: &mut Reserved, number: u16) {
    *reserved.allocations.held.lock().ports.entry(number).or_insert(0) += 1;
    reserved.ports.push(number);
}

fn next_port(reserved: &mut Reserved, used: &BTreeSet<u16>) -> Option<u16> {
    let number = {
        let mut held = reserved.allocations.held.lock();
        let count = NODE_PORTS.end() - NODE_PORTS.start() + 1;
        if held.next_port == 0 {
            held.next_port = NODE_PORTS.start() + rand::random::<u16>() % count;
        }
        (0..count).find_map(|_| {
            held.next_port =
                if held.next_port >= *NODE_PORTS.end() { *NODE_PORTS.start() } else { held.next_port + 1 };
            let number = held.next_port;
            (!used.contains(&number) && !held.ports.contains_key(&number)).then_some(number)
        })
    }?;
    reserve_port(reserved, number);
    Some(number)
}
