//! `CustomResourceDefinitions`: accepting their names, serving them, ending them with their instances.

use serde_json::{Value, json};

use super::engine::{Engine, Key, gone_is_fine};
use super::objects::{
    Condition, condition_is, finalizers, is_deleting, list, name, remove_finalizer, set_condition, stamp,
    text,
};
use crate::client::DeleteOptions;
use crate::crd::{self, CLEANUP};
use crate::status::ApiResult;

const BUCKET: &str = "apiextensions.k8s.io/customresourcedefinitions";

/// Serves all definitions that were established before, so that the server starts with them.
pub(super) fn serve_established(engine: &Engine) {
    for definition in engine.list(BUCKET, "") {
        let value = definition.value();
        if condition_is(&value["status"], "Established", "True") {
            engine.cluster.set_custom_resources(&definition.name, crd::resources(&value));
        }
    }
}

pub(super) async fn reconcile(engine: &mut Engine, key: &Key) -> ApiResult<()> {
    let Some(definition) = engine.get(BUCKET, "", &key.name) else {
        engine.cluster.remove_custom_resources(&key.name);
        return Ok(());
    };
    if is_deleting(&definition) {
        return terminate(engine, &definition).await;
    }
    let others: Vec<Value> =
        engine.list(BUCKET, "").iter().filter(|o| *o.name != *key.name).map(|o| o.value()).collect();
    let mut next = definition.clone();
    accept(&mut next, &others, &stamp(jiff::Timestamp::now()));
    if next["status"] != definition["status"] {
        let resource = engine.resource("apiextensions.k8s.io", "CustomResourceDefinition")?;
        let status = next["status"].clone();
        let change = |live: &mut Value| {
            if live["metadata"]["resourceVersion"] != definition["metadata"]["resourceVersion"] {
                return false;
            }
            live["status"] = status.clone();
            true
        };
        // Changed meanwhile: the change makes a key of its own.
        if engine.server.modify(&resource, "status", "", &key.name, change).await?.is_none() {
            return Ok(());
        }
    }
    if condition_is(&next["status"], "Established", "True") {
        serve(engine, &next);
    }
    Ok(())
}

/// Serves a definition, where what it serves has changed.
fn serve(engine: &mut Engine, definition: &Value) {
    let digest = super::template::hash(
        &json!([
            definition["spec"],
            definition["status"]["acceptedNames"],
            definition["metadata"]["uid"],
            condition_is(&definition["status"], "Terminating", "True")
        ]),
        0,
    );
    if engine.served.get(name(definition)) == Some(&digest) {
        return;
    }
    engine.cluster.set_custom_resources(name(definition), crd::resources(definition));
    engine.served.insert(name(definition).to_owned(), digest);
    let spec = &definition["spec"];
    let bucket: std::sync::Arc<str> =
        format!("{}/{}", text(spec, "group"), text(&spec["names"], "plural")).into();
    for object in engine.list(&bucket, "") {
        engine.owners.learn(&bucket, &object);
    }
}

/// Accepts names that no other definition of the group has, and establishes the definition once all are.
fn accept(definition: &mut Value, others: &[Value], now: &str) {
    let spec = definition["spec"].clone();
    let names = &spec["names"];
    let taken: Vec<&Value> = others
        .iter()
        .filter(|o| text(&o["spec"], "group") == text(&spec, "group"))
        .map(|o| &o["status"]["acceptedNames"])
        .collect();
    let resource_names = |n: &Value| -> Vec<String> {
        let short = list(n, "shortNames").iter().filter_map(Value::as_str).map(str::to_owned);
        [text(n, "plural").to_owned(), text(n, "singular").to_owned()].into_iter().chain(short).collect()
    };
    let used: Vec<String> = taken.iter().flat_map(|n| resource_names(n)).collect();
    let kinds: Vec<&str> = taken.iter().flat_map(|n| [text(n, "kind"), text(n, "listKind")]).collect();
    let mut conflict = None;
    let mut refuse = |reason: &'static str, name: &str| {
        conflict = Some((reason, format!("\"{name}\" is already in use")));
    };
    let mut accepted = definition["status"]["acceptedNames"].clone();
    if !accepted.is_object() {
        accepted = json!({});
    }
    for (key, reason) in [
        ("plural", "PluralConflict"),
        ("singular", "SingularConflict"),
        ("kind", "KindConflict"),
        ("listKind", "ListKindConflict"),
    ] {
        let name = text(names, key);
        let clash = if key.ends_with("ind") { kinds.contains(&name) } else { used.iter().any(|u| u == name) };
        if clash && !name.is_empty() {
            refuse(reason, name);
        } else {
            accepted[key] = json!(name);
        }
    }
    match list(names, "shortNames").iter().filter_map(Value::as_str).find(|s| used.iter().any(|u| u == s)) {
        Some(short) => refuse("ShortNamesConflict", short),
        None => copy(&mut accepted, names, "shortNames"),
    }
    copy(&mut accepted, names, "categories");
    let status = &mut definition["status"];
    status["acceptedNames"] = accepted;
    let (reason, message) = conflict.clone().unwrap_or(("NoConflicts", "no conflicts found".to_owned()));
    let state = if conflict.is_none() { "True" } else { "False" };
    set_condition(
        status,
        Condition { kind: "NamesAccepted", status: state, reason, message: &message },
        false,
        now,
    );
    if condition_is(status, "Established", "True") {
        return;
    }
    let established = if conflict.is_none() {
        Condition {
            kind: "Established",
            status: "True",
            reason: "InitialNamesAccepted",
            message: "the initial names have been accepted",
        }
    } else {
        Condition {
            kind: "Established",
            status: "False",
            reason: "NotAccepted",
            message: "not all names are accepted",
        }
    };
    set_condition(status, established, false, now);
}

fn copy(to: &mut Value, from: &Value, key: &str) {
    match from.get(key) {
        Some(value) => to[key] = value.clone(),
        None => drop(to.as_object_mut().map(|map| map.remove(key))),
    }
}

async fn terminate(engine: &mut Engine, definition: &Value) -> ApiResult<()> {
    if !finalizers(definition).any(|f| f == CLEANUP) {
        return Ok(());
    }
    let resource = engine.resource("apiextensions.k8s.io", "CustomResourceDefinition")?;
    let now = stamp(jiff::Timestamp::now());
    let say = |reason: &'static str, message: &'static str, state: &'static str| {
        let now = now.clone();
        move |live: &mut Value| {
            let before = live["status"].clone();
            let new = Condition { kind: "Terminating", status: state, reason, message };
            set_condition(&mut live["status"], new, false, &now);
            before != live["status"]
        }
    };
    let mut next = definition.clone();
    let progress = ("InstanceDeletionInProgress", "CustomResource deletion is in progress", "True");
    say(progress.0, progress.1, progress.2)(&mut next);
    if condition_is(&next["status"], "Established", "True") {
        serve(engine, &next);
    }
    engine
        .server
        .modify(&resource, "status", "", name(definition), say(progress.0, progress.1, progress.2))
        .await?;
    let served = engine
        .cluster
        .resources()
        .into_iter()
        .find(|r| r.custom.as_ref().is_some_and(|c| c.definition == name(definition)));
    if let Some(served) = served {
        for object in engine.list(&served.bucket, "") {
            if is_deleting(&object.value()) {
                continue;
            }
            let options =
                DeleteOptions { propagation: Some("Background".to_owned()), ..DeleteOptions::default() };
            gone_is_fine(engine.server.delete(&served, &object.namespace, &object.name, &options).await)?;
        }
        if !engine.list(&served.bucket, "").is_empty() {
            return Ok(());
        }
    }
    engine.served.remove(name(definition));
    let change = |live: &mut Value| remove_finalizer(live, CLEANUP);
    engine.server.modify(&resource, "", "", name(definition), change).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(plural: &str, kind: &str) -> Value {
        json!({"spec": {"group": "a.com", "names": {"plural": plural, "singular": plural, "kind": kind, "listKind": format!("{kind}List")}}, "status": {}})
    }

    #[test]
    fn names_of_others_are_not_accepted() {
        let mut first = definition("things", "Thing");
        accept(&mut first, &[], "t");
        assert!(condition_is(&first["status"], "Established", "True"));
        let mut second = definition("others", "Thing");
        accept(&mut second, &[first], "t");
        let names = super::super::objects::condition(&second["status"], "NamesAccepted").unwrap();
        assert_eq!(text(names, "status"), "False");
        assert!(condition_is(&second["status"], "Established", "False"));
    }
}
