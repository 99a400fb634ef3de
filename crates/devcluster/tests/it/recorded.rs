//! Scenarios recorded from kube-apiserver 1.37.2 (`tests/recorded/scenarios.jsonl`), one a line, replayed in process.
//! What differs between two runs is replaced by placeholders on both sides, as in the recording.

use std::collections::BTreeMap;

use bytes::Bytes;
use pilothouse_devcluster::DevCluster;
use regex::Regex;
use serde_json::{Map, Value, json};

use crate::client::{Answer, Client, cluster};

/// Kinds whose versions controllers change too.
const TOUCHED: [&str; 8] = [
    "Namespace",
    "Pod",
    "Deployment",
    "Scale",
    "ResourceQuota",
    "APIService",
    "PodDisruptionBudget",
    "HorizontalPodAutoscaler",
];

/// Keys of addresses that a cluster gives out.
const ADDRESSES: [&str; 8] =
    ["clusterIP", "clusterIPs", "addresses", "podIP", "podIPs", "hostIP", "hostIPs", "ip"];

#[tokio::test]
async fn answers_are_those_of_a_real_api_server() {
    let cluster = cluster().await;
    let mut wrong = Vec::new();
    let mut steps = 0;
    for (i, line) in include_str!("../recorded/scenarios.jsonl").lines().enumerate() {
        let scenario: Value = serde_json::from_str(line).unwrap();
        steps += scenario["steps"].as_array().unwrap().len();
        wrong.extend(replay(&cluster, &scenario, &format!("rec-{i:03}x")).await);
    }
    assert!(steps > 300, "only {steps} steps were replayed");
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}

/// Replays a scenario in a namespace of its own; returns what differs.
async fn replay(cluster: &DevCluster, scenario: &Value, namespace: &str) -> Vec<String> {
    let admin = Client::new(cluster, "admin");
    admin.post("/api/v1/namespaces", &json!({ "metadata": { "name": namespace } })).await;
    let mut known = BTreeMap::from([("{ns}".to_owned(), namespace.to_owned())]);
    let mut masks = Masks::new(namespace);
    let mut wrong = Vec::new();
    for (n, step) in scenario["steps"].as_array().unwrap().iter().enumerate() {
        let answer = send(cluster, step, &known).await;
        for (name, pointer) in step["capture"].as_object().into_iter().flatten() {
            let found =
                answer.body.pointer(pointer.as_str().unwrap()).and_then(Value::as_str).unwrap_or_default();
            known.insert(format!("{{{name}}}"), found.to_owned());
        }
        let expect = &step["expect"];
        let label = format!("{}#{n}", scenario["id"].as_str().unwrap());
        if expect["status"] != answer.status {
            wrong.push(format!(
                "{label}: status {} instead of {}: {}",
                answer.status, expect["status"], answer.body
            ));
            continue;
        }
        if step["check"] == "status" {
            masks.body(&answer.body);
            continue;
        }
        let mut got = masks.body(&answer.body);
        for pointer in step["mask"].as_array().into_iter().flatten() {
            if let Some(place) = got.pointer_mut(pointer.as_str().unwrap()) {
                *place = json!("<masked>");
            }
        }
        let want = match expect["body"].get("$text") {
            Some(text) => text.clone(),
            None => expect["body"].clone(),
        };
        let want = if want.is_null() && got == "" { got.clone() } else { want };
        if got != want {
            wrong.push(format!("{label}:\n  want {want}\n  got  {got}"));
        }
        let warnings: Vec<Value> = answer.warnings.iter().map(|w| json!(masks.text(&warning(w)))).collect();
        if json!(warnings) != *expect.get("warnings").unwrap_or(&json!([])) {
            wrong.push(format!("{label}: warnings {warnings:?} instead of {}", expect["warnings"]));
        }
    }
    for step in scenario["cleanup"].as_array().into_iter().flatten() {
        send(cluster, step, &known).await;
    }
    wrong
}

fn warning(header: &str) -> String {
    let text = header.strip_prefix("299 - \"").and_then(|t| t.strip_suffix('"')).unwrap_or(header);
    text.replace("\\\"", "\"").replace("\\\\", "\\")
}

async fn send(cluster: &DevCluster, step: &Value, known: &BTreeMap<String, String>) -> Answer {
    let fill =
        |text: &str| known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value));
    let user = step["as"].as_str().unwrap_or("admin");
    let mut path = fill(step["path"].as_str().unwrap());
    let mut separator = '?';
    for (key, value) in step["query"].as_object().into_iter().flatten() {
        let value = fill(value.as_str().unwrap());
        let encoded = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
        path.push_str(&format!("{separator}{key}={encoded}"));
        separator = '&';
    }
    let body = match (step.get("raw"), step.get("body")) {
        (Some(raw), _) => Bytes::from(fill(raw.as_str().unwrap())),
        (None, Some(body)) => Bytes::from(fill(&body.to_string())),
        (None, None) => Bytes::new(),
    };
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in step["headers"].as_object().into_iter().flatten() {
        headers.push((name.to_lowercase(), fill(value.as_str().unwrap())));
    }
    for (name, value) in [("content-type", "application/json"), ("accept", "application/json")] {
        if !headers.iter().any(|(n, _)| n == name) {
            headers.push((name.to_owned(), value.to_owned()));
        }
    }
    let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let client = Client::new(cluster, if user == "none" { "nobody" } else { user });
    client.send(step["method"].as_str().unwrap(), &path, &headers, body).await
}

/// Replaces what differs between two runs; equal values get equal placeholders within a scenario.
struct Masks {
    namespace: String,
    uids: Vec<String>,
    versions: Vec<String>,
    uuid: Regex,
    time: Regex,
    address: Regex,
    echoed: Regex,
    allocated: Regex,
    parenthesised: Regex,
    digits: Regex,
}

impl Masks {
    fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            uids: Vec::new(),
            versions: Vec::new(),
            uuid: Regex::new("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").unwrap(),
            time: Regex::new(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z").unwrap(),
            address: Regex::new(r"^\d+\.\d+\.\d+\.\d+$").unwrap(),
            echoed: Regex::new(r#"(resourceVersion\\*"?:\s?\\*")\d+"#).unwrap(),
            allocated: Regex::new(r#"(failed to allocate IP: IPAddress\.networking\.k8s\.io ")[\d.]+"#)
                .unwrap(),
            parenthesised: Regex::new(r"\(\d+\)").unwrap(),
            digits: Regex::new(r"\d+").unwrap(),
        }
    }

    fn text(&mut self, text: &str) -> String {
        let text = text.replace(&self.namespace, "{ns}");
        let uuid = self.uuid.clone();
        let text = uuid.replace_all(&text, |found: &regex::Captures<'_>| {
            format!("<uid:{}>", number(&mut self.uids, &found[0]))
        });
        let mut text = self.time.replace_all(&text, "<time>").into_owned();
        text = self.echoed.replace_all(&text, "${1}<rv>").into_owned();
        if text.contains("in the precondition") {
            text = self.parenthesised.replace_all(&text, "(<rv>)").into_owned();
        } else if text.to_lowercase().contains("resource version") {
            text = self.digits.replace_all(&text, "<n>").into_owned();
        }
        if let Some((head, lines)) = text.split_once(": errors:\n") {
            let mut lines: Vec<&str> = lines.split('\n').collect();
            lines.sort_unstable();
            text = format!("{head}: errors:\n{}", lines.join("\n"));
        }
        self.allocated.replace_all(&text, "${1}<ip>").into_owned()
    }

    fn body(&mut self, body: &Value) -> Value {
        let kind = body["kind"].as_str().map(str::to_owned);
        self.value(body, "", kind.as_deref(), false)
    }

    fn value(&mut self, value: &Value, key: &str, kind: Option<&str>, listed: bool) -> Value {
        match value {
            Value::String(text) if ADDRESSES.contains(&key) && self.address.is_match(text) => {
                json!("<ip>")
            }
            Value::String(text) => json!(self.text(text)),
            Value::Array(items) => {
                let mut items: Vec<Value> =
                    items.iter().map(|item| self.value(item, key, kind, listed)).collect();
                if key == "causes" {
                    let conflicts = items.iter().all(|c| c["reason"] == "FieldManagerConflict");
                    if conflicts {
                        items.sort_by_key(|c| [c["message"].to_string(), c["field"].to_string()]);
                    }
                }
                Value::Array(items)
            }
            Value::Object(map) => self.mapping(map, kind, listed),
            Value::Number(n) if matches!(key, "nodePort" | "healthCheckNodePort") => {
                let port = n.as_u64().unwrap_or(0);
                if (30000..=32767).contains(&port) { json!("<port>") } else { value.clone() }
            }
            other => other.clone(),
        }
    }

    fn mapping(&mut self, map: &Map<String, Value>, kind: Option<&str>, listed: bool) -> Value {
        let own = map.get("kind").and_then(Value::as_str).filter(|_| map.contains_key("metadata")).or(kind);
        let is_list = map.contains_key("items") && own.is_some_and(|k| k.ends_with("List"));
        let own = own.map(|k| if is_list { k.trim_end_matches("List") } else { k });
        let mut out = Map::new();
        for (key, value) in map {
            let shown = match (key.as_str(), value) {
                ("metadata", Value::Object(meta)) => self.metadata(meta, own, is_list),
                _ => self.value(value, key, own, listed),
            };
            out.insert(self.text(key), shown);
        }
        Value::Object(out)
    }

    fn metadata(&mut self, meta: &Map<String, Value>, kind: Option<&str>, listed: bool) -> Value {
        let mut out = Map::new();
        for (key, value) in meta {
            let shown = match (key.as_str(), value) {
                ("resourceVersion", Value::String(version)) if !version.is_empty() && version != "0" => {
                    let masked = listed || kind.is_none_or(|k| TOUCHED.contains(&k));
                    json!(if masked {
                        "<rv>".to_owned()
                    } else {
                        format!("<rv:{}>", number(&mut self.versions, version))
                    })
                }
                ("managedFields", Value::Array(fields)) => {
                    let mut fields: Vec<Value> =
                        fields.iter().map(|f| self.value(f, "", kind, false)).collect();
                    fields.sort_by_key(|f| {
                        ["operation", "manager", "apiVersion", "subresource"]
                            .map(|k| f[k].as_str().unwrap_or_default().to_owned())
                    });
                    Value::Array(fields)
                }
                _ => self.value(value, key, kind, false),
            };
            out.insert(key.clone(), shown);
        }
        Value::Object(out)
    }
}

fn number(seen: &mut Vec<String>, value: &str) -> usize {
    match seen.iter().position(|s| s == value) {
        Some(at) => at + 1,
        None => {
            seen.push(value.to_owned());
            seen.len()
        }
    }
}
