//! The post-renderer's round trip, as Helm 4.2.3's `annotateAndMerge` and `splitAndDeannotate`: documents carry
//! the path of their template in an annotation while they are away.

use std::collections::BTreeMap;

use pilothouse_goyaml::{json_to_yaml, to_json};
use serde_json::{Value as Json, json};

use crate::{PostRender, RenderError, split_documents};

const ANNOTATION: &str = "postrenderer.helm.sh/postrender-filename";

pub(super) fn run(
    files: &[(&str, &str)],
    post_render: &dyn PostRender,
) -> Result<BTreeMap<String, String>, RenderError> {
    let fail = |what: &str, error: String| RenderError::Document(format!("{what}: {error}"));
    let stream = annotate(files).map_err(|error| fail("error merging manifests", error))?;
    let changed =
        post_render.run(&stream).map_err(|error| fail("error while running post render on files", error))?;
    separate(&changed).map_err(|error| fail("error while parsing post rendered output", error))
}

fn annotate(files: &[(&str, &str)]) -> Result<String, String> {
    let mut stream = String::new();
    for (path, text) in files {
        if path.rsplit('/').next().unwrap_or(path).starts_with('_') {
            continue;
        }
        for document in split_documents(text) {
            let json = to_json(document.as_bytes()).map_err(|error| format!("parsing {path}: {error}"))?;
            let mut object = match json {
                Json::Null => continue,
                object @ Json::Object(_) => object,
                _ => return Err(format!("annotating {path}: not an object")),
            };
            set_annotation(&mut object, path);
            stream.push_str("---\n");
            stream.push_str(&json_to_yaml(&object).map_err(|error| format!("writing {path}: {error}"))?);
        }
    }
    Ok(stream)
}

fn set_annotation(object: &mut Json, path: &str) {
    for (holder, key) in [("", "metadata"), ("/metadata", "annotations")] {
        if let Some(Json::Object(map)) = object.pointer_mut(holder) {
            let inner = map.entry(key).or_insert_with(|| json!({}));
            if inner.is_null() {
                *inner = json!({});
            }
        }
    }
    if let Some(Json::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
        annotations.insert(ANNOTATION.to_owned(), path.into());
    }
}

fn separate(stream: &str) -> Result<BTreeMap<String, String>, String> {
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (i, document) in split_documents(stream).into_iter().enumerate() {
        let mut object =
            to_json(document.as_bytes()).map_err(|error| format!("error parsing YAML: {error}"))?;
        let path = clear_annotation(&mut object);
        let path = path.unwrap_or_else(|| format!("generated-by-postrender-{i}.yaml"));
        let text = json_to_yaml(&object).map_err(|error| error.to_string())?;
        let file = files.entry(path).or_default();
        if !file.is_empty() {
            file.push_str("---\n");
        }
        file.push_str(&text);
    }
    Ok(files)
}

/// Takes the annotation away, and the mapping it stood in if nothing else is left there.
fn clear_annotation(object: &mut Json) -> Option<String> {
    let annotations = object.pointer_mut("/metadata/annotations")?.as_object_mut()?;
    let path = annotations.remove(ANNOTATION)?.as_str()?.to_owned();
    if annotations.is_empty() {
        object.pointer_mut("/metadata")?.as_object_mut()?.remove("annotations");
    }
    Some(path)
}
