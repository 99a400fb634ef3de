//! The release record: what Helm keeps of one revision, and how it is packed into a Secret.

use std::io::{Read, Write};

use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use jiff::Timestamp;
use pilothouse_chart as chart;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

/// Largest record that is unpacked. A Secret holds at most 1 MiB of it packed; more than this is an attack.
pub const MAX_RECORD_BYTES: u64 = 64 << 20;
/// Largest packed record the Kubernetes API accepts in a Secret (`MaxSecretSize`).
pub const MAX_SECRET_BYTES: usize = 1 << 20;

/// One revision of a release, with the JSON names of Helm 4.2.3 (`pkg/release/v1/release.go`).
///
/// Helm 3 records read the same; they lack `apply_method` and write an empty text where a time is not set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Name of the release.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// What happened to the revision.
    pub info: Info,
    /// The chart as Helm stores it: metadata, templates, values, files.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub chart: Value,
    /// The user's values.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "null_is_none")]
    pub config: Option<Map<String, Value>>,
    /// The documents, joined with `---` and `# Source:` lines.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub manifest: String,
    /// The hooks, in kind order.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
    pub hooks: Vec<RecordHook>,
    /// The revision, from 1.
    #[serde(skip_serializing_if = "is_zero")]
    pub version: u32,
    /// Namespace of the release.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// `ssa` or `csa`; Helm 3 leaves it out and means `csa`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub apply_method: String,
}

/// Name of server-side apply in [`Record::apply_method`].
pub const SERVER_SIDE_APPLY: &str = "ssa";

/// What happened to a revision.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Info {
    /// When revision 1 was deployed.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_time")]
    pub first_deployed: Option<Timestamp>,
    /// When this revision was deployed.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_time")]
    pub last_deployed: Option<Timestamp>,
    /// When the release was uninstalled.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_time")]
    pub deleted: Option<Timestamp>,
    /// One sentence for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// State of the revision.
    pub status: Status,
    /// Rendered `NOTES.txt`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub notes: String,
}

/// State of a revision (Helm 4.2.3 `pkg/release/common/status.go`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// In force.
    Deployed,
    /// Uninstalled, history kept.
    Uninstalled,
    /// Replaced by a later revision.
    Superseded,
    /// Did not succeed.
    Failed,
    /// Being uninstalled.
    Uninstalling,
    /// Being installed.
    PendingInstall,
    /// Being upgraded.
    PendingUpgrade,
    /// Being rolled back to.
    PendingRollback,
    /// Not known, or not known to us.
    #[default]
    #[serde(other)]
    Unknown,
}

impl Status {
    const ALL: [Self; 9] = [
        Self::Unknown,
        Self::Deployed,
        Self::Uninstalled,
        Self::Superseded,
        Self::Failed,
        Self::Uninstalling,
        Self::PendingInstall,
        Self::PendingUpgrade,
        Self::PendingRollback,
    ];

    /// The word Helm writes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Deployed => "deployed",
            Self::Uninstalled => "uninstalled",
            Self::Superseded => "superseded",
            Self::Failed => "failed",
            Self::Uninstalling => "uninstalling",
            Self::PendingInstall => "pending-install",
            Self::PendingUpgrade => "pending-upgrade",
            Self::PendingRollback => "pending-rollback",
        }
    }

    /// Reads Helm's word; unknown words are [`Status::Unknown`].
    pub fn parse(word: &str) -> Self {
        Self::ALL.into_iter().find(|status| status.as_str() == word).unwrap_or_default()
    }

    /// An install, upgrade or rollback has begun and not ended.
    pub fn is_pending(self) -> bool {
        matches!(self, Self::PendingInstall | Self::PendingUpgrade | Self::PendingRollback)
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A hook and its last run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordHook {
    /// The hook.
    #[serde(flatten)]
    pub hook: chart::Hook,
    /// Its last run.
    #[serde(default)]
    pub last_run: HookRun,
}

impl RecordHook {
    /// Whether the hook runs on `event`.
    pub fn runs_on(&self, event: chart::HookEvent) -> bool {
        self.hook.events.contains(&event)
    }
}

/// The last run of a hook.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HookRun {
    /// When it began.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_time")]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "lenient_time")]
    pub completed_at: Option<Timestamp>,
    /// What came of it.
    pub phase: HookPhase,
}

/// What came of a hook's run. Helm writes an empty text for a hook that never ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum HookPhase {
    /// It runs.
    Running,
    /// It succeeded.
    Succeeded,
    /// It failed.
    Failed,
    /// Not known.
    Unknown,
    /// It never ran.
    #[default]
    #[serde(rename = "", other)]
    None,
}

impl HookPhase {
    /// The word Helm writes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Unknown => "Unknown",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

fn is_zero(version: &u32) -> bool {
    *version == 0
}

fn lenient_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    match text.as_deref() {
        None | Some("" | "0001-01-01T00:00:00Z") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}

fn null_is_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Map<String, Value>>, D::Error> {
    Option::deserialize(deserializer)
}

fn null_is_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RecordHook>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Why a record could not be packed or unpacked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text of the Secret is not base64.
    #[error("release record is not base64")]
    DecodeBase64(#[source] base64::DecodeError),
    /// The bytes are not gzip.
    #[error("release record cannot be decompressed")]
    Decompress(#[source] std::io::Error),
    /// It is larger than [`MAX_RECORD_BYTES`].
    #[error("release record is larger than {} MiB when decompressed", MAX_RECORD_BYTES >> 20)]
    TooLargeToRead,
    /// The JSON is not a release.
    #[error("release record is not a Helm release")]
    Parse(#[source] serde_json::Error),
    /// The record cannot be written as JSON.
    #[error("release record cannot be written as JSON")]
    Serialize(#[source] serde_json::Error),
    /// The record cannot be compressed.
    #[error("release record cannot be compressed")]
    Compress(#[source] std::io::Error),
    /// The packed record does not fit into a Secret.
    #[error(
        "release record of `{name}` revision {version} is {size} bytes when compressed, more than the 1 MiB that a \
         Kubernetes Secret may hold: make the chart smaller (files, values.yaml, CRDs outside of templates/)"
    )]
    TooLargeToStore {
        /// Name of the release.
        name: String,
        /// Its revision.
        version: u32,
        /// Packed size.
        size: usize,
    },
}

impl Record {
    /// Packs the record as Helm does: JSON, gzip, base64. Takes tens of milliseconds for a large chart: call it off
    /// the async threads.
    ///
    /// # Errors
    /// [`Error::TooLargeToStore`] when the result is larger than [`MAX_SECRET_BYTES`].
    pub fn pack(&self) -> Result<Vec<u8>, Error> {
        let json = serde_json::to_vec(self).map_err(Error::Serialize)?;
        let mut encoder = GzEncoder::new(Vec::with_capacity(json.len() / 4), Compression::best());
        encoder.write_all(&json).map_err(Error::Compress)?;
        let packed = BASE64.encode(encoder.finish().map_err(Error::Compress)?).into_bytes();
        if packed.len() > MAX_SECRET_BYTES {
            return Err(Error::TooLargeToStore {
                name: self.name.clone(),
                version: self.version,
                size: packed.len(),
            });
        }
        Ok(packed)
    }

    /// Unpacks what Helm or [`pack`](Self::pack) wrote; uncompressed JSON (early Helm 3) reads too.
    ///
    /// # Errors
    /// Any [`Error`] of reading.
    pub fn unpack(packed: &[u8]) -> Result<Self, Error> {
        let bytes = BASE64.decode(packed).map_err(Error::DecodeBase64)?;
        if !bytes.starts_with(&[0x1f, 0x8b, 0x08]) {
            return serde_json::from_slice(&bytes).map_err(Error::Parse);
        }
        let mut json = Vec::new();
        let read = GzDecoder::new(bytes.as_slice()).take(MAX_RECORD_BYTES + 1).read_to_end(&mut json);
        read.map_err(Error::Decompress)?;
        if json.len() as u64 > MAX_RECORD_BYTES {
            return Err(Error::TooLargeToRead);
        }
        serde_json::from_slice(&json).map_err(Error::Parse)
    }

    fn chart_field(&self, name: &str) -> &str {
        self.chart.pointer("/metadata").and_then(|m| m.get(name)).and_then(Value::as_str).unwrap_or_default()
    }

    /// Name of the chart.
    pub fn chart_name(&self) -> &str {
        self.chart_field("name")
    }

    /// Version of the chart.
    pub fn chart_version(&self) -> &str {
        self.chart_field("version")
    }

    /// Version of the application in the chart.
    pub fn app_version(&self) -> &str {
        self.chart_field("appVersion")
    }

    /// `name.vN`, as messages name it, with the namespace in front: `ns/name.vN`.
    pub fn full_name(&self) -> String {
        format!("{}/{}.v{}", self.namespace, self.name, self.version)
    }

    /// The user's values; empty where there are none.
    pub fn config(&self) -> Map<String, Value> {
        self.config.clone().unwrap_or_default()
    }

    /// Whether the revision was applied by server-side apply.
    pub fn is_server_side(&self) -> bool {
        self.apply_method == SERVER_SIDE_APPLY
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_survives_packing() {
        let record: Record = serde_json::from_value(json!({
            "name": "web", "version": 3, "namespace": "apps", "apply_method": "ssa",
            "info": {"first_deployed": "2026-11-23T13:26:38.123456789Z", "status": "pending-upgrade", "description": "x"},
            "chart": {"metadata": {"name": "app", "version": "1.0.0", "appVersion": "2"}},
            "config": {"n": 3}, "manifest": "---\na: b\n",
            "hooks": [{"name": "h", "kind": "Job", "path": "p", "manifest": "m", "events": ["pre-install"],
                       "last_run": {"phase": "Succeeded"}, "weight": -5, "delete_policies": ["before-hook-creation"]}],
        }))
        .unwrap();
        assert_eq!(record.info.status, Status::PendingUpgrade);
        assert_eq!(record.hooks[0].hook.weight, -5);
        assert_eq!(record.hooks[0].last_run.phase, HookPhase::Succeeded);
        assert_eq!(Record::unpack(&record.pack().unwrap()).unwrap(), record);
    }

    #[test]
    fn helm_3_writes_empty_times_and_nulls() {
        let record: Record = serde_json::from_value(json!({
            "name": "old", "info": {"deleted": "", "status": "deployed", "last_deployed": "2023-01-02T03:04:05.6+02:00"},
            "hooks": null, "config": null, "version": 1,
            "chart": {"metadata": {"name": "c"}, "lock": null},
        }))
        .unwrap();
        assert_eq!(record.info.deleted, None);
        assert_eq!(record.info.last_deployed, Some("2023-01-02T01:04:05.6Z".parse().unwrap()));
        assert!(!record.is_server_side());
    }

    #[test]
    fn a_hook_that_never_ran_is_written_with_an_empty_phase() {
        let hook: RecordHook =
            serde_json::from_value(json!({"name": "h", "last_run": {"phase": ""}})).unwrap();
        assert_eq!(serde_json::to_value(&hook).unwrap(), json!({"name": "h", "last_run": {"phase": ""}}));
    }

    #[test]
    fn unknown_words_are_unknown_states() {
        assert_eq!(Status::parse("sleeping"), Status::Unknown);
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), status);
        }
    }

    #[test]
    fn a_record_too_large_for_a_secret_says_so() {
        let noise: String = (0..1_200_000u32)
            .map(|n| char::from(b' ' + (n.wrapping_mul(2_654_435_761) >> 25) as u8 % 90))
            .collect();
        let noise = noise
            + &(0..200_000u64)
                .map(|n| format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
                .collect::<String>();
        let record = Record { name: "big".into(), version: 1, manifest: noise, ..Record::default() };
        let error = record.pack().unwrap_err().to_string();
        assert!(error.contains("more than the 1 MiB"), "{error}");
    }
}
