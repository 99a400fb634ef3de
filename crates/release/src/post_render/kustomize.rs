//! The part of Kustomize that post renderers use: patches and images.

use json_patch::Patch as JsonPatch;
use pilothouse_resources::{Kustomize, KustomizeImage, KustomizePatch};
use serde_json::{Map, Value};

use super::{Matcher, is_hook};
use crate::object::Object;

/// Changes the objects of a release; hooks too where asked for.
pub(super) fn apply(kustomize: &Kustomize, objects: &mut Vec<Object>, hooks_too: bool) -> Result<(), String> {
    for patch in kustomize.patches.iter().flatten() {
        apply_patch(patch, objects, hooks_too)?;
    }
    for image in kustomize.images.iter().flatten() {
        for object in objects.iter_mut().filter(|object| hooks_too || !is_hook(object)) {
            replace_images(&mut object.0, image, 0);
        }
    }
    Ok(())
}

fn apply_patch(patch: &KustomizePatch, objects: &mut Vec<Object>, hooks_too: bool) -> Result<(), String> {
    let parsed = pilothouse_goyaml::to_json(patch.patch.as_bytes())
        .map_err(|error| format!("post renderer: cannot parse patch: {error}"))?;
    let selector = match (&patch.target, &parsed) {
        (Some(target), _) => Matcher::of(target)?,
        (None, Value::Object(_)) => Matcher::named_by(&Object(parsed.clone())),
        (None, _) => return Err("post renderer: a JSON patch needs a target".to_owned()),
    };
    let mut deleted = Vec::new();
    for (at, object) in objects.iter_mut().enumerate() {
        if (!hooks_too && is_hook(object)) || !selector.matches(object) {
            continue;
        }
        match &parsed {
            Value::Array(_) => {
                let operations: JsonPatch = serde_json::from_value(parsed.clone())
                    .map_err(|error| format!("post renderer: cannot parse JSON patch: {error}"))?;
                json_patch::patch(&mut object.0, &operations)
                    .map_err(|error| format!("post renderer: cannot patch {}: {error}", object.id()))?;
            }
            Value::Object(changes) if changes.get("$patch").and_then(Value::as_str) == Some("delete") => {
                deleted.push(at);
            }
            Value::Object(changes) => {
                let mut changes = changes.clone();
                if patch.target.is_some() {
                    // With a target the names in the patch select nothing and must not rename.
                    if let Some(metadata) = changes.get_mut("metadata").and_then(Value::as_object_mut) {
                        metadata.remove("name");
                        metadata.remove("namespace");
                    }
                    changes.remove("kind");
                    changes.remove("apiVersion");
                }
                merge(&mut object.0, &Value::Object(changes), 0);
            }
            _ => return Err("post renderer: a patch is a map or a list of operations".to_owned()),
        }
    }
    for at in deleted.into_iter().rev() {
        objects.remove(at);
    }
    Ok(())
}

/// Deepest nesting that is merged.
const MAX_DEPTH: usize = 128;

/// Keys that name the items of lists in built-in kinds, the first that both sides carry wins. Kustomize takes them from
/// the OpenAPI document; these are all that occur in the workloads' types.
const MERGE_KEYS: [&str; 10] =
    ["name", "containerPort", "port", "mountPath", "devicePath", "ip", "topologyKey", "uid", "type", "key"];
/// Lists without a merge key, although their items carry one of [`MERGE_KEYS`].
const ATOMIC: [&str; 7] =
    ["tolerations", "args", "command", "matchExpressions", "rules", "items", "subjects"];

fn merge(target: &mut Value, patch: &Value, depth: usize) {
    let (Some(patch), true) = (patch.as_object(), depth < MAX_DEPTH) else {
        *target = patch.clone();
        return;
    };
    if patch.get("$patch").and_then(Value::as_str) == Some("replace") || !target.is_object() {
        *target = Value::Object(without_directives(patch));
        return;
    }
    let Some(map) = target.as_object_mut() else { return };
    for (key, change) in patch.iter().filter(|(key, _)| !key.starts_with('$')) {
        match change {
            Value::Null => {
                map.remove(key);
            }
            Value::Object(inner) if inner.get("$patch").and_then(Value::as_str) == Some("delete") => {
                map.remove(key);
            }
            Value::Array(items) => {
                let list = map.entry(key.clone()).or_insert_with(|| Value::Array(Vec::new()));
                merge_list(key, list, items, depth + 1);
            }
            Value::Object(_) => {
                let inner = map.entry(key.clone()).or_insert_with(|| Value::Object(Map::new()));
                merge(inner, change, depth + 1);
            }
            scalar => {
                map.insert(key.clone(), scalar.clone());
            }
        }
    }
}

fn without_directives(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter()
        .filter(|(key, _)| !key.starts_with('$'))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn merge_list(field: &str, target: &mut Value, items: &[Value], depth: usize) {
    let replaces = items.iter().any(|item| item.get("$patch").and_then(Value::as_str) == Some("replace"));
    let key = merge_key(field, items);
    let (Some(list), Some(key), false) = (target.as_array_mut(), key, replaces) else {
        let kept = items.iter().filter(|item| item.get("$patch").is_none());
        *target = Value::Array(kept.cloned().collect());
        return;
    };
    for item in items {
        let place = list.iter().position(|old| old.get(key).is_some() && old.get(key) == item.get(key));
        let deletes = item.get("$patch").and_then(Value::as_str) == Some("delete");
        match place {
            Some(at) if deletes => {
                list.remove(at);
            }
            Some(at) => merge(&mut list[at], item, depth),
            None if deletes => {}
            None => list.insert(0, item.clone()),
        }
    }
}

fn merge_key(field: &str, items: &[Value]) -> Option<&'static str> {
    if ATOMIC.contains(&field) || items.is_empty() {
        return None;
    }
    MERGE_KEYS.into_iter().find(|key| items.iter().all(|item| item.get(key).is_some()))
}

/// Replaces `image` of every container, wherever lists of containers are.
fn replace_images(value: &mut Value, image: &KustomizeImage, depth: usize) {
    if depth > MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                if matches!(key.as_str(), "containers" | "initContainers" | "ephemeralContainers") {
                    for container in inner.as_array_mut().into_iter().flatten() {
                        if let Some(Value::String(reference)) = container.get_mut("image")
                            && let Some(replaced) = replaced(reference, image)
                        {
                            *reference = replaced;
                        }
                    }
                }
                replace_images(inner, image, depth + 1);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace_images(item, image, depth + 1)),
        _ => {}
    }
}

fn replaced(reference: &str, image: &KustomizeImage) -> Option<String> {
    let (rest, digest) = match reference.split_once('@') {
        Some((rest, digest)) => (rest, Some(digest)),
        None => (reference, None),
    };
    let (name, tag) = match rest.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
        _ => (rest, None),
    };
    if name != image.name {
        return None;
    }
    let name = image.new_name.as_deref().filter(|name| !name.is_empty()).unwrap_or(name);
    Some(match (&image.digest, &image.new_tag) {
        (Some(digest), _) => format!("{name}@{digest}"),
        (None, Some(tag)) => format!("{name}:{tag}"),
        (None, None) => match (tag, digest) {
            (_, Some(digest)) => format!("{name}@{digest}"),
            (Some(tag), None) => format!("{name}:{tag}"),
            (None, None) => name.to_owned(),
        },
    })
}

#[cfg(test)]
mod tests {
    use pilothouse_resources::Selector;
    use serde_json::json;

    use super::*;

    fn deployment() -> Object {
        Object(
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"app": "web"}},
            "spec": {"replicas": 1, "template": {"spec": {"containers": [
                {"name": "a", "image": "docker.io/a:1", "env": [{"name": "X", "value": "1"}]},
                {"name": "b", "image": "b@sha256:00"}]}}}}),
        )
    }

    fn patched(patch: &str, target: Option<Selector>) -> Result<Vec<Object>, String> {
        let mut objects = vec![deployment()];
        apply_patch(&KustomizePatch { patch: patch.to_owned(), target }, &mut objects, true)?;
        Ok(objects)
    }

    #[test]
    fn a_strategic_merge_patch_merges_containers_by_name() {
        let objects = patched(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, labels: {x: z}}\nspec:\n  template:\n    spec:\n      containers:\n      - name: a\n        env: [{name: X, value: '2'}, {name: Y, value: z}]\n",
            None,
        )
        .unwrap();
        let containers = objects[0].0.pointer("/spec/template/spec/containers").unwrap();
        assert_eq!(containers.as_array().unwrap().len(), 2);
        assert_eq!(containers[0]["image"], "docker.io/a:1");
        assert_eq!(containers[0]["env"].as_array().unwrap().len(), 2);
        assert_eq!(objects[0].0["metadata"]["labels"], json!({"app": "web", "x": "z"}));
    }

    #[test]
    fn a_json_patch_needs_a_target_and_follows_its_selector() {
        let patch = "[{op: replace, path: /spec/replicas, value: 3}]";
        assert!(patched(patch, None).is_err());
        let target = |kind: &str, labels: &str| {
            Some(Selector {
                kind: Some(kind.into()),
                label_selector: Some(labels.into()),
                ..Selector::default()
            })
        };
        assert_eq!(
            patched(patch, target("Deploy.*", "app in (web,other)")).unwrap()[0].0["spec"]["replicas"],
            3
        );
        assert_eq!(patched(patch, target("Deploy", "")).unwrap()[0].0["spec"]["replicas"], 1);
        assert_eq!(patched(patch, target("Deployment", "app!=web")).unwrap()[0].0["spec"]["replicas"], 1);
    }

    #[test]
    fn a_patch_can_delete_the_object() {
        let target = Selector { name: Some("web".into()), ..Selector::default() };
        assert!(patched("$patch: delete\nkind: x\n", Some(target)).unwrap().is_empty());
    }

    #[test]
    fn images_are_replaced_by_name() {
        let image = |name: &str, new_name: Option<&str>, new_tag: Option<&str>| KustomizeImage {
            name: name.into(),
            new_name: new_name.map(str::to_owned),
            new_tag: new_tag.map(str::to_owned),
            digest: None,
        };
        assert_eq!(
            replaced("docker.io/a:1", &image("docker.io/a", None, Some("2"))).unwrap(),
            "docker.io/a:2"
        );
        assert_eq!(replaced("host:5000/a", &image("host:5000/a", Some("b"), None)).unwrap(), "b");
        assert_eq!(replaced("b@sha256:00", &image("b", Some("c"), None)).unwrap(), "c@sha256:00");
        assert_eq!(replaced("other:1", &image("a", None, Some("2"))), None);
    }
}
