//! The values of a release, from where its spec says they are.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{ConfigMap, Secret};
use kube::{Api, ResourceExt as _};
use pilothouse_chart::Values;
use pilothouse_release::{
    api_error,
    desired::{DEFAULT_KEY, ValuesSource, compose, values_digest},
};
use pilothouse_resources::{ValuesKind, ValuesReference};

use super::{caches::KnownValues, pass::Pass};

/// The composed values, or only their digest where nothing changed since they were composed last.
pub(super) struct Composed {
    pub(super) values: Option<Values>,
    pub(super) digest: String,
}

type Data = BTreeMap<String, Vec<u8>>;

impl Pass<'_> {
    /// Composes the values, unless all that they come from is as it was.
    ///
    /// # Errors
    /// The message of a condition with reason `ValuesError`.
    pub(super) async fn values(&self) -> Result<Composed, String> {
        let read = self.versions_of_values();
        let uid = self.object.uid().unwrap_or_default();
        let generation = self.object.metadata.generation.unwrap_or_default();
        if let Some(known) = self.releases.caches.values(&uid)
            && known.generation == generation
            && known.read == read
        {
            return Ok(Composed { values: None, digest: known.digest });
        }
        let values = self.compose().await?;
        let digest = values_digest(&values.to_json())
            .map_err(|error| format!("values cannot be written as YAML: {error}"))?;
        self.releases.caches.note_values(&uid, KnownValues { generation, read, digest: digest.clone() });
        Ok(Composed { values: Some(values), digest })
    }

    fn versions_of_values(&self) -> Vec<Option<String>> {
        let namespace = self.object.namespace().unwrap_or_default();
        let references = self.object.spec.values_from.iter().flatten();
        references
            .map(|reference| {
                self.releases.metadata.resource_version(reference.kind, &namespace, &reference.name)
            })
            .collect()
    }

    /// Composes the values.
    ///
    /// # Errors
    /// The message of a condition with reason `ValuesError`.
    pub(super) async fn compose(&self) -> Result<Values, String> {
        let namespace = self.object.namespace().unwrap_or_default();
        let references: &[ValuesReference] = self.object.spec.values_from.as_deref().unwrap_or_default();
        let mut fetched: BTreeMap<(ValuesKind, &str), Option<Data>> = BTreeMap::new();
        let mut sources = Vec::with_capacity(references.len());
        for reference in references {
            let key = (reference.kind, reference.name.as_str());
            if let std::collections::btree_map::Entry::Vacant(e) = fetched.entry(key) {
                let data = self.fetch(&namespace, reference).await?;
                e.insert(data);
            }
            let object = fetched.get(&key).and_then(Option::as_ref);
            sources.push(ValuesSource { reference, data: data_of(&namespace, reference, object)? });
        }
        compose(&namespace, &sources, self.object.spec.values.as_ref()).map_err(|error| error.to_string())
    }

    async fn fetch(&self, namespace: &str, reference: &ValuesReference) -> Result<Option<Data>, String> {
        let client = self.releases.context.client.clone();
        let name = &reference.name;
        let fetched = match reference.kind {
            ValuesKind::ConfigMap => Api::<ConfigMap>::namespaced(client, namespace)
                .get_opt(name)
                .await
                .map(|map| map.map(data_of_config_map)),
            ValuesKind::Secret => {
                Api::<Secret>::namespaced(client, namespace).get_opt(name).await.map(|secret| {
                    secret.map(|secret| {
                        secret
                            .data
                            .unwrap_or_default()
                            .into_iter()
                            .map(|(key, value)| (key, value.0))
                            .collect()
                    })
                })
            }
        };
        fetched.map_err(|error| unresolved(namespace, reference, &api_error::text(&error)))
    }
}

fn data_of_config_map(map: ConfigMap) -> Data {
    let mut data: Data =
        map.data.unwrap_or_default().into_iter().map(|(key, value)| (key, value.into_bytes())).collect();
    data.extend(map.binary_data.unwrap_or_default().into_iter().map(|(key, value)| (key, value.0)));
    data
}

fn data_of(
    namespace: &str,
    reference: &ValuesReference,
    object: Option<&Data>,
) -> Result<Option<Vec<u8>>, String> {
    let key = reference.values_key.as_deref().unwrap_or(DEFAULT_KEY);
    let optional = reference.optional.unwrap_or_default();
    match object {
        Some(object) => match object.get(key) {
            Some(data) => Ok(Some(data.clone())),
            None if optional => Ok(None),
            None => Err(unresolved(namespace, reference, &format!("missing key '{key}'"))),
        },
        None if optional => Ok(None),
        None => {
            let plural = match reference.kind {
                ValuesKind::Secret => "secrets",
                ValuesKind::ConfigMap => "configmaps",
            };
            Err(unresolved(namespace, reference, &format!("{plural} \"{}\" not found", reference.name)))
        }
    }
}

fn unresolved(namespace: &str, reference: &ValuesReference, why: &str) -> String {
    format!(
        "could not resolve {} chart values reference '{namespace}/{}' with key '{}': {why}",
        reference.kind.as_str(),
        reference.name,
        reference.values_key.as_deref().unwrap_or(DEFAULT_KEY)
    )
}
