//! Helm's release storage: one Secret a revision (Helm 4.2.3 `pkg/storage/driver/secrets.go`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use k8s_openapi::{ByteString, api::core::v1::Secret};
use kube::{
    Api, Client,
    api::{DeleteParams, ListParams, ObjectMeta, PartialObjectMeta, PostParams},
};
use serde::{Deserialize, Serialize};

use crate::{
    api_error,
    record::{self, Record, Status},
};

/// Type of the Secrets.
pub const SECRET_TYPE: &str = "helm.sh/release.v1";
/// Annotation with the [`Marker`] of a revision that Pilothouse made. Helm drops it when it writes the Secret.
pub const MARKER: &str = "pilothouse.dev/action";
/// Label selector of all of Helm's Secrets.
pub const OWNER_SELECTOR: &str = "owner=helm";

/// Labels that the storage itself writes.
const SYSTEM_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

/// Why storage could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The history could not be listed.
    #[error("cannot list revisions of release `{namespace}/{name}`: {}", api_error::text(.source))]
    List {
        /// Storage namespace.
        namespace: String,
        /// Name of the release.
        name: String,
        /// The API's answer.
        source: kube::Error,
    },
    /// A revision could not be read.
    #[error("cannot read release Secret `{namespace}/{secret}`: {}", api_error::text(.source))]
    Read {
        /// Storage namespace.
        namespace: String,
        /// Name of the Secret.
        secret: String,
        /// The API's answer.
        source: kube::Error,
    },
    /// A revision could not be written.
    #[error("cannot write release Secret `{namespace}/{secret}`: {}", api_error::text(.source))]
    Write {
        /// Storage namespace.
        namespace: String,
        /// Name of the Secret.
        secret: String,
        /// The API's answer.
        source: kube::Error,
    },
    /// What a Secret holds is not a release.
    #[error("release Secret `{namespace}/{secret}` is corrupt: {source}")]
    Unpack {
        /// Storage namespace.
        namespace: String,
        /// Name of the Secret.
        secret: String,
        /// What is wrong.
        source: record::Error,
    },
    /// A record does not fit.
    #[error(transparent)]
    Pack(record::Error),
    /// The process is shutting down.
    #[error("packing a release record was cut short")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl Error {
    /// Whether trying again may help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::List { source, .. } | Self::Read { source, .. } | Self::Write { source, .. } => {
                api_error::is_transient(source)
            }
            Self::Interrupted(_) => true,
            Self::Unpack { .. } | Self::Pack(_) => false,
        }
    }

    /// Whether another writer was faster, or the namespace goes away.
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Write { source, .. } if api_error::code(source) == Some(409))
    }
}

/// What Pilothouse notes on a revision's Secret: whose it is and how far the action got, so that a restart resumes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marker {
    /// UID of the HelmRelease that made the revision.
    pub uid: String,
    /// How far the action got; absent once it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

/// How far an action got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Progress {
    /// Hooks before the objects are applied; `usize` of them ended.
    Before(usize),
    /// The objects are being applied, or are waited for.
    Objects,
    /// Hooks after the objects; `usize` of them ended.
    After(usize),
}

/// A revision as its Secret's metadata tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// Name of the release.
    pub name: String,
    /// The revision, from 1.
    pub version: u32,
    /// Its state.
    pub status: Status,
    /// Resource version of the Secret: changes whenever somebody writes it.
    pub resource_version: String,
    /// What Pilothouse noted on it.
    pub marker: Option<Marker>,
    /// When the Secret was created.
    pub created: Option<Timestamp>,
}

impl Revision {
    /// Reads the labels of a Secret of Helm's; anything else is `None`.
    pub fn from_metadata(metadata: &ObjectMeta) -> Option<Self> {
        let labels = metadata.labels.as_ref()?;
        let label = |key: &str| labels.get(key).map(String::as_str);
        if label("owner") != Some("helm") {
            return None;
        }
        let annotation = metadata.annotations.as_ref().and_then(|annotations| annotations.get(MARKER));
        Some(Self {
            name: label("name")?.to_owned(),
            version: label("version")?.parse().ok()?,
            status: Status::parse(label("status")?),
            resource_version: metadata.resource_version.clone().unwrap_or_default(),
            marker: annotation.and_then(|text| serde_json::from_str(text).ok()),
            created: metadata.creation_timestamp.as_ref().map(|time| time.0),
        })
    }
}

/// A record together with what its Secret says beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// The record.
    pub record: Record,
    /// The user's own labels on the release (`helm upgrade --labels`).
    pub labels: BTreeMap<String, String>,
    /// What Pilothouse noted on it.
    pub marker: Option<Marker>,
    /// Resource version of the Secret.
    pub resource_version: String,
}

/// The release storage of one namespace.
#[derive(Clone)]
pub struct Storage {
    secrets: Api<Secret>,
    namespace: String,
}

impl Storage {
    /// The storage in `namespace`.
    pub fn new(client: Client, namespace: &str) -> Self {
        Self { secrets: Api::namespaced(client, namespace), namespace: namespace.to_owned() }
    }

    /// Name of the Secret of a revision.
    pub fn secret_name(name: &str, version: u32) -> String {
        format!("sh.helm.release.v1.{name}.v{version}")
    }

    /// The revisions of a release, newest first, from metadata alone.
    ///
    /// # Errors
    /// [`Error::List`].
    pub async fn history(&self, name: &str) -> Result<Vec<Revision>, Error> {
        let params = ListParams::default().labels(&format!("{OWNER_SELECTOR},name={name}"));
        let list = self.secrets.list_metadata(&params).await.map_err(|source| Error::List {
            namespace: self.namespace.clone(),
            name: name.to_owned(),
            source,
        })?;
        let revision = |secret: PartialObjectMeta<Secret>| Revision::from_metadata(&secret.metadata);
        Ok(newest_first(list.items.into_iter().filter_map(revision).collect()))
    }

    /// Reads a revision; `None` if it does not exist.
    ///
    /// # Errors
    /// [`Error::Read`] and [`Error::Unpack`].
    pub async fn get(&self, name: &str, version: u32) -> Result<Option<Stored>, Error> {
        let secret_name = Self::secret_name(name, version);
        let secret = self.secrets.get_opt(&secret_name).await.map_err(|source| Error::Read {
            namespace: self.namespace.clone(),
            secret: secret_name.clone(),
            source,
        })?;
        let Some(secret) = secret else { return Ok(None) };
        let revision = Revision::from_metadata(&secret.metadata);
        let mut labels = secret.metadata.labels.unwrap_or_default();
        labels.retain(|key, _| !SYSTEM_LABELS.contains(&key.as_str()));
        let packed = secret.data.and_then(|mut data| data.remove("release")).unwrap_or_default().0;
        let record =
            tokio::task::spawn_blocking(move || Record::unpack(&packed)).await.map_err(Error::Interrupted)?;
        let record = record.map_err(|source| Error::Unpack {
            namespace: self.namespace.clone(),
            secret: secret_name,
            source,
        })?;
        let marker = revision.and_then(|revision| revision.marker);
        Ok(Some(Stored {
            record,
            labels,
            marker,
            resource_version: secret.metadata.resource_version.unwrap_or_default(),
        }))
    }

    /// Creates a revision, after making room for it: at most `max_history` revisions stay (0: all), the deployed one
    /// always does.
    ///
    /// # Errors
    /// [`Error::Write`]; [`Error::is_conflict`] if somebody else made this revision meanwhile.
    pub async fn create(
        &self,
        stored: &Stored,
        history: &[Revision],
        max_history: usize,
    ) -> Result<String, Error> {
        for version in surplus(history, max_history) {
            self.delete(&stored.record.name, version).await?;
        }
        let secret = self.secret(stored, "createdAt").await?;
        let name = secret.metadata.name.clone().unwrap_or_default();
        let created = self.secrets.create(&PostParams::default(), &secret).await;
        self.written(name, created)
    }

    /// Replaces a revision.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub async fn update(&self, stored: &Stored) -> Result<String, Error> {
        let secret = self.secret(stored, "modifiedAt").await?;
        let name = secret.metadata.name.clone().unwrap_or_default();
        let updated = self.secrets.replace(&name, &PostParams::default(), &secret).await;
        self.written(name, updated)
    }

    /// Deletes a revision; one that does not exist is no error.
    ///
    /// # Errors
    /// [`Error::Write`].
    pub async fn delete(&self, name: &str, version: u32) -> Result<(), Error> {
        let secret = Self::secret_name(name, version);
        match self.secrets.delete(&secret, &DeleteParams::default()).await {
            Ok(_) => Ok(()),
            Err(error) if api_error::code(&error) == Some(404) => Ok(()),
            Err(source) => Err(Error::Write { namespace: self.namespace.clone(), secret, source }),
        }
    }

    fn written(&self, secret: String, answer: Result<Secret, kube::Error>) -> Result<String, Error> {
        let written =
            answer.map_err(|source| Error::Write { namespace: self.namespace.clone(), secret, source })?;
        Ok(written.metadata.resource_version.unwrap_or_default())
    }

    async fn secret(&self, stored: &Stored, stamp: &str) -> Result<Secret, Error> {
        let record = stored.record.clone();
        let (name, version, status) = (record.name.clone(), record.version, record.info.status);
        let packed = tokio::task::spawn_blocking(move || record.pack()).await.map_err(Error::Interrupted)?;
        let packed = packed.map_err(Error::Pack)?;
        let mut labels = stored.labels.clone();
        labels.insert(stamp.to_owned(), Timestamp::now().as_second().to_string());
        labels.insert("name".to_owned(), name.clone());
        labels.insert("owner".to_owned(), "helm".to_owned());
        labels.insert("status".to_owned(), status.as_str().to_owned());
        labels.insert("version".to_owned(), version.to_string());
        let marker = stored.marker.as_ref().and_then(|marker| serde_json::to_string(marker).ok());
        Ok(Secret {
            metadata: ObjectMeta {
                name: Some(Self::secret_name(&name, version)),
                namespace: Some(self.namespace.clone()),
                labels: Some(labels),
                annotations: marker.map(|text| BTreeMap::from([(MARKER.to_owned(), text)])),
                ..ObjectMeta::default()
            },
            type_: Some(SECRET_TYPE.to_owned()),
            data: Some(BTreeMap::from([("release".to_owned(), ByteString(packed))])),
            ..Secret::default()
        })
    }
}

/// Sorts revisions, the newest first.
pub fn newest_first(mut revisions: Vec<Revision>) -> Vec<Revision> {
    revisions.sort_by_key(|revision| std::cmp::Reverse(revision.version));
    revisions
}

/// The revisions that must go so that one more fits, the oldest first (Helm's `removeLeastRecent`).
fn surplus(history: &[Revision], max_history: usize) -> Vec<u32> {
    if max_history == 0 {
        return Vec::new();
    }
    let deployed = history.iter().filter(|r| r.status == Status::Deployed).map(|r| r.version).max();
    let mut candidates: Vec<u32> =
        history.iter().map(|r| r.version).filter(|v| Some(*v) != deployed).collect();
    candidates.sort_unstable();
    candidates.truncate((history.len() + 1).saturating_sub(max_history));
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(states: &[(u32, Status)]) -> Vec<Revision> {
        states
            .iter()
            .map(|&(version, status)| Revision {
                name: "web".into(),
                version,
                status,
                resource_version: String::new(),
                marker: None,
                created: None,
            })
            .collect()
    }

    #[test]
    fn room_is_made_by_dropping_the_oldest_but_never_the_deployed_one() {
        use Status::{Deployed, Failed, Superseded};
        let kept = history(&[(1, Deployed), (2, Failed), (3, Failed), (4, Superseded), (5, Failed)]);
        assert_eq!(surplus(&kept, 5), [2]);
        assert_eq!(surplus(&kept, 3), [2, 3, 4]);
        assert_eq!(surplus(&kept, 0), [0u32; 0]);
        assert_eq!(surplus(&kept[..3], 5), [0u32; 0]);
    }

    #[test]
    fn a_marker_tells_how_far_an_action_got() {
        let marker = Marker { uid: "u".into(), progress: Some(Progress::After(1)) };
        let text = serde_json::to_string(&marker).unwrap();
        assert_eq!(text, r#"{"uid":"u","progress":{"after":1}}"#);
        assert_eq!(serde_json::from_str::<Marker>(&text).unwrap(), marker);
    }
}
