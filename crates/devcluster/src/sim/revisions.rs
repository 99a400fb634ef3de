//! `ControllerRevisions`: the generations of a `StatefulSet`'s or `DaemonSet`'s template.

use serde_json::{Value, json};

use super::engine::Engine;
use super::objects::{controller_reference, int, is_controlled_by, name, namespace, uid};
use super::template;
use crate::status::ApiResult;

/// The revision of the current template: its name (with the hash), and its number. Created where it is new; one that
/// was current before becomes the newest again.
pub(super) async fn current(engine: &mut Engine, kind: &'static str, owner: &Value) -> ApiResult<String> {
    let data = json!({"spec": {"template": owner["spec"]["template"]}});
    let mut all = of_owner(engine, owner);
    all.sort_by_key(|r| int(r, "revision"));
    let newest = all.last().map_or(0, |r| int(r, "revision"));
    let resource = engine.resource("apps", "ControllerRevision")?;
    if let Some(same) = all.iter().find(|r| r["data"]["spec"] == data["spec"]) {
        if int(same, "revision") < newest {
            let change = |live: &mut Value| {
                live["revision"] = json!(newest + 1);
                true
            };
            engine.controllers.modify(&resource, "", namespace(owner), name(same), change).await?;
        }
        return Ok(name(same).to_owned());
    }
    let mut salt = 0;
    let revision_name = loop {
        let candidate = format!("{}-{}", name(owner), template::hash(&data, salt));
        if engine.controllers.get("apps/controllerrevisions", namespace(owner), &candidate).is_none()
            || salt > 100
        {
            break candidate;
        }
        salt += 1;
    };
    let mut labels = owner["spec"]["template"]["metadata"]["labels"].clone();
    if !labels.is_object() {
        labels = json!({});
    }
    labels["controller-revision-hash"] = json!(hash_of(owner, &revision_name, kind));
    let revision = json!({
        "apiVersion": "apps/v1", "kind": "ControllerRevision",
        "metadata": {
            "name": revision_name, "namespace": namespace(owner), "labels": labels,
            "ownerReferences": [controller_reference("apps/v1", kind, owner)],
        },
        "data": data, "revision": newest + 1,
    });
    engine.controllers.create(&resource, namespace(owner), revision).await?;
    clean_up(engine, owner, &all).await?;
    Ok(revision_name)
}

/// The value of the label `controller-revision-hash`: `StatefulSets` use the whole name, `DaemonSets` the hash.
pub(super) fn hash_of(owner: &Value, revision: &str, kind: &str) -> String {
    if kind == "StatefulSet" {
        return revision.to_owned();
    }
    revision.strip_prefix(&format!("{}-", name(owner))).unwrap_or(revision).to_owned()
}

fn of_owner(engine: &Engine, owner: &Value) -> Vec<Value> {
    let all = engine.list("apps/controllerrevisions", namespace(owner));
    all.iter().map(|r| r.value()).filter(|r| is_controlled_by(r, uid(owner))).collect()
}

/// Deletes what is beyond the history that is kept.
async fn clean_up(engine: &mut Engine, owner: &Value, old: &[Value]) -> ApiResult<()> {
    let limit = owner["spec"]["revisionHistoryLimit"].as_u64().unwrap_or(10);
    let surplus = old.len().saturating_sub(usize::try_from(limit).unwrap_or(10));
    for revision in old.iter().take(surplus) {
        engine.delete("apps", "ControllerRevision", revision).await?;
    }
    Ok(())
}
