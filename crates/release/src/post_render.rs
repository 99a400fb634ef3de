//! What is done with rendered documents before they are applied: Kustomize patches and images, common metadata, and
//! labels that name the HelmRelease.

use pilothouse_chart::{PostRender, split_documents};
use pilothouse_resources::{CommonMetadata, PostRenderStrategy, PostRenderer, meta};
use serde_json::Value;

use crate::object::Object;

mod kustomize;
mod selector;

pub(crate) use selector::Matcher;

/// Annotation that makes a document a hook.
const HOOK: &str = "helm.sh/hook";

/// The changes that a HelmRelease makes to every document, in Flux's order: `postRenderers`, `commonMetadata`, origin
/// labels.
#[derive(Debug, Clone, Default)]
pub struct PostRendering {
    /// `spec.postRenderers`.
    pub renderers: Vec<PostRenderer>,
    /// `spec.commonMetadata`.
    pub common_metadata: Option<CommonMetadata>,
    /// `spec.postRenderStrategy`.
    pub strategy: PostRenderStrategy,
    /// Name of the HelmRelease.
    pub name: String,
    /// Namespace of the HelmRelease.
    pub namespace: String,
}

impl PostRendering {
    /// Labels an object with the HelmRelease it was made for.
    pub fn mark_origin(&self, object: &mut Object) {
        if let Some(common) = &self.common_metadata {
            common.labels.iter().flatten().for_each(|(key, value)| object.set_label(key, value));
            common.annotations.iter().flatten().for_each(|(key, value)| object.set_annotation(key, value));
        }
        object.set_label(meta::ORIGIN_NAME, &self.name);
        object.set_label(meta::ORIGIN_NAMESPACE, &self.namespace);
    }

    fn change(&self, objects: &mut Vec<Object>) -> Result<(), String> {
        let hooks_too = self.strategy != PostRenderStrategy::Nohooks;
        for renderer in &self.renderers {
            if let Some(kustomize) = &renderer.kustomize {
                kustomize::apply(kustomize, objects, hooks_too)?;
            }
        }
        for object in objects.iter_mut().filter(|object| hooks_too || !is_hook(object)) {
            self.mark_origin(object);
        }
        Ok(())
    }
}

/// Whether a document is a hook.
fn is_hook(object: &Object) -> bool {
    object.0.pointer("/metadata/annotations").is_some_and(|annotations| annotations.get(HOOK).is_some())
}

impl PostRender for PostRendering {
    fn run(&self, stream: &str) -> Result<String, String> {
        let mut objects = Vec::new();
        for document in split_documents(stream) {
            let json = pilothouse_goyaml::to_json(document.as_bytes()).map_err(|error| error.to_string())?;
            match json {
                Value::Null => {}
                json @ Value::Object(_) => objects.push(Object(json)),
                _ => return Err("a rendered document is no object".to_owned()),
            }
        }
        self.change(&mut objects)?;
        let mut changed = String::with_capacity(stream.len() + 128 * objects.len());
        for object in objects {
            let yaml = pilothouse_goyaml::json_to_yaml(&object.0).map_err(|error| error.to_string())?;
            changed.push_str("---\n");
            changed.push_str(&yaml);
        }
        Ok(changed)
    }
}
