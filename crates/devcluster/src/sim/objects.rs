//! Small readings of Kubernetes objects that all controllers need.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// RFC 3339 with seconds, as Kubernetes writes times.
pub(super) fn stamp(at: Timestamp) -> String {
    Timestamp::from_second(at.as_second()).unwrap_or(at).to_string()
}

/// Reads a time of an object.
pub(super) fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

pub(super) fn name(object: &Value) -> &str {
    text(&object["metadata"], "name")
}

pub(super) fn namespace(object: &Value) -> &str {
    text(&object["metadata"], "namespace")
}

pub(super) fn uid(object: &Value) -> &str {
    text(&object["metadata"], "uid")
}

pub(super) fn is_deleting(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

pub(super) fn generation(object: &Value) -> i64 {
    object["metadata"]["generation"].as_i64().unwrap_or(0)
}

pub(super) fn annotation<'v>(object: &'v Value, key: &str) -> &'v str {
    text(&object["metadata"]["annotations"], key)
}

pub(super) fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(super) fn int(value: &Value, key: &str) -> i64 {
    value.get(key).and_then(Value::as_i64).unwrap_or(0)
}

pub(super) fn finalizers(object: &Value) -> impl Iterator<Item = &str> {
    list(&object["metadata"], "finalizers").iter().filter_map(Value::as_str)
}

/// Takes a finalizer away; whether it was there.
pub(super) fn remove_finalizer(object: &mut Value, finalizer: &str) -> bool {
    let Some(list) = object.pointer_mut("/metadata/finalizers").and_then(Value::as_array_mut) else {
        return false;
    };
    let before = list.len();
    list.retain(|f| f.as_str() != Some(finalizer));
    let (after, empty) = (list.len(), list.is_empty());
    if empty && let Some(meta) = object["metadata"].as_object_mut() {
        meta.remove("finalizers");
    }
    before != after
}

/// The managing owner.
pub(super) fn controller_of(object: &Value) -> Option<&Value> {
    list(&object["metadata"], "ownerReferences").iter().find(|o| o["controller"] == true)
}

/// Whether the owner with this UID manages the object.
pub(super) fn is_controlled_by(object: &Value, uid: &str) -> bool {
    controller_of(object).is_some_and(|owner| text(owner, "uid") == uid)
}

/// A reference to a managing owner.
pub(super) fn controller_reference(api_version: &str, kind: &str, owner: &Value) -> Value {
    json!({
        "apiVersion": api_version, "kind": kind, "name": name(owner), "uid": uid(owner),
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// The condition of a type in a list of conditions.
pub(super) fn condition<'v>(status: &'v Value, kind: &str) -> Option<&'v Value> {
    list(status, "conditions").iter().find(|c| text(c, "type") == kind)
}

pub(super) fn condition_is(status: &Value, kind: &str, wanted: &str) -> bool {
    condition(status, kind).is_some_and(|c| text(c, "status") == wanted)
}

/// What a condition says.
#[derive(Clone, Copy)]
pub(super) struct Condition<'a> {
    pub(super) kind: &'a str,
    pub(super) status: &'a str,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
}

/// Sets a condition. `lastTransitionTime` moves when the status does; `lastUpdateTime`, where the kind has it
/// (`updates`), with every change.
pub(super) fn set_condition(status: &mut Value, new: Condition<'_>, updates: bool, now: &str) {
    if !status["conditions"].is_array() {
        status["conditions"] = json!([]);
    }
    let Some(all) = status["conditions"].as_array_mut() else { return };
    let mut fresh = json!({
        "type": new.kind, "status": new.status, "reason": new.reason, "message": new.message, "lastTransitionTime": now,
    });
    if updates {
        fresh["lastUpdateTime"] = json!(now);
    }
    match all.iter_mut().find(|c| text(c, "type") == new.kind) {
        None => all.push(fresh),
        Some(old) => {
            if text(old, "status") == new.status {
                fresh["lastTransitionTime"] = old["lastTransitionTime"].clone();
                if text(old, "reason") == new.reason && text(old, "message") == new.message {
                    return;
                }
            }
            *old = fresh;
        }
    }
}

pub(super) fn remove_condition(status: &mut Value, kind: &str) {
    if let Some(all) = status.get_mut("conditions").and_then(Value::as_array_mut) {
        all.retain(|c| text(c, "type") != kind);
    }
}

/// Whether a Pod is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    condition_is(&pod["status"], "Ready", "True")
}

/// Whether a Pod has been ready for so many seconds; else how long it still takes, if it is ready.
pub(super) fn is_available(pod: &Value, min_ready_seconds: i64, now: Timestamp) -> Result<(), Option<i64>> {
    if !is_ready(pod) {
        return Err(None);
    }
    let since =
        condition(&pod["status"], "Ready").and_then(|c| time(&c["lastTransitionTime"])).unwrap_or(now);
    let left = min_ready_seconds - (now.as_second() - since.as_second());
    if min_ready_seconds == 0 || left <= 0 { Ok(()) } else { Err(Some(left)) }
}

/// Whether a Pod has neither ended nor is being deleted.
pub(super) fn is_active(pod: &Value) -> bool {
    !matches!(text(&pod["status"], "phase"), "Succeeded" | "Failed") && !is_deleting(pod)
}

/// Labels of an object, for selectors.
pub(super) fn labels(object: &Value) -> Vec<(&str, &str)> {
    let map = object["metadata"]["labels"].as_object();
    map.into_iter().flatten().filter_map(|(k, v)| Some((k.as_str(), v.as_str()?))).collect()
}

/// Whether a `LabelSelector` object selects the labels. An empty one selects everything, null nothing.
pub(super) fn selects(selector: &Value, labels: &[(&str, &str)]) -> bool {
    let Some(selector) = selector.as_object() else { return false };
    let value = |key: &str| labels.iter().find(|(k, _)| *k == key).map(|(_, v)| *v);
    let exact = selector.get("matchLabels").and_then(Value::as_object).is_none_or(|m| matches_map(m, labels));
    let expressions = selector.get("matchExpressions").and_then(Value::as_array);
    exact && expressions.into_iter().flatten().all(|e| requirement(e, value(text(e, "key"))))
}

/// Whether all pairs of a plain selector are among the labels.
pub(super) fn matches_map(map: &Map<String, Value>, labels: &[(&str, &str)]) -> bool {
    map.iter().all(|(key, wanted)| labels.iter().any(|(k, v)| *k == key && Some(*v) == wanted.as_str()))
}

/// One requirement of a selector, of labels or of nodes.
pub(super) fn requirement(requirement: &Value, value: Option<&str>) -> bool {
    let among = || list(requirement, "values").iter().any(|v| v.as_str() == value);
    let number = |v: Option<&str>| v.and_then(|v| v.parse::<i64>().ok());
    let bound = list(requirement, "values").first().and_then(Value::as_str);
    match text(requirement, "operator") {
        "In" => value.is_some() && among(),
        "NotIn" => value.is_none() || !among(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => number(value).zip(number(bound)).is_some_and(|(a, b)| a > b),
        "Lt" => number(value).zip(number(bound)).is_some_and(|(a, b)| a < b),
        _ => false,
    }
}

/// Seconds and parts of a duration in an annotation, as Go writes it (`1m30s`).
pub(super) fn duration(text: &str) -> Option<jiff::SignedDuration> {
    crate::crd::go_duration(text).filter(|n| *n >= 0).map(jiff::SignedDuration::from_nanos)
}

/// An `IntOrString` of a total; percentages are rounded up or down.
pub(super) fn of_total(value: &Value, total: i64, up: bool, default: i64) -> i64 {
    match value {
        Value::Number(n) => n.as_i64().unwrap_or(default),
        Value::String(s) => {
            s.strip_suffix('%').and_then(|p| p.parse::<i64>().ok()).map_or(default, |percent| {
                let scaled = percent * total;
                if up { (scaled + 99) / 100 } else { scaled / 100 }
            })
        }
        _ => default,
    }
}

/// A number in a status, left out when zero.
pub(super) fn count(status: &mut Map<String, Value>, key: &str, n: usize) {
    if n > 0 {
        status.insert(key.to_owned(), json!(n));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_keep_their_times_until_they_change() {
        let mut status = json!({});
        let new = |status, message| Condition { kind: "A", status, reason: "R", message };
        set_condition(&mut status, new("True", "m"), false, "t1");
        set_condition(&mut status, new("True", "m"), false, "t2");
        assert_eq!(status["conditions"][0]["lastTransitionTime"], "t1");
        set_condition(&mut status, new("True", "n"), true, "t3");
        assert_eq!(status["conditions"][0]["lastTransitionTime"], "t1");
        assert_eq!(status["conditions"][0]["lastUpdateTime"], "t3");
        set_condition(&mut status, new("False", "n"), false, "t4");
        assert_eq!(status["conditions"][0]["lastTransitionTime"], "t4");
    }

    #[test]
    fn shares_of_a_total_are_rounded_as_asked() {
        assert_eq!(of_total(&json!("25%"), 2, true, 0), 1);
        assert_eq!(of_total(&json!("25%"), 2, false, 0), 0);
        assert_eq!(of_total(&json!(3), 2, false, 0), 3);
    }

    #[test]
    fn selectors_with_expressions() {
        let labels = [("app", "web"), ("tier", "a")];
        assert!(selects(
            &json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["a"]}]}),
            &labels
        ));
        assert!(!selects(
            &json!({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}),
            &labels
        ));
        assert!(selects(&json!({}), &labels));
        assert!(!selects(&Value::Null, &labels));
    }
}
