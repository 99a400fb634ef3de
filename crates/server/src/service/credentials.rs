//! Credentials of repositories: written to Secrets, never read back.

use std::{collections::BTreeMap, fmt};

use k8s_openapi::{ByteString, api::core::v1::Secret, apimachinery::pkg::apis::meta::v1::ObjectMeta};
use kube::{
    Api, Client, ResourceExt,
    api::{DeleteParams, ListParams, Preconditions},
};
use pilothouse_resources::{HelmRepository, OCIRepository};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    objects::{api, list_map, manager},
    source_objects::SourceObject,
};
use crate::{Caller, problem::Problem, validate::Checks};

/// Label of Secrets that the API made for a repository; they go when nothing uses them any more.
pub const MADE_FOR: &str = "pilothouse.dev/repository";
/// Label of everything the API made by itself.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "pilothouse");
/// Type of Secrets with registry credentials of many hosts.
const DOCKER_CONFIG: &str = "kubernetes.io/dockerconfigjson";

/// A secret text of a request. Prints as `****`.
#[derive(Clone, Deserialize, ToSchema)]
#[schema(value_type = String, format = Password)]
pub struct Sensitive(String);

impl Sensitive {
    fn bytes(&self) -> ByteString {
        ByteString(self.0.clone().into_bytes())
    }

    /// The text, to be stored in a Secret or sent to the registry it is for.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("****")
    }
}

/// What sort of credentials.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum CredentialsKind {
    /// None: anonymous.
    #[default]
    None,
    /// User name and password.
    Basic,
    /// A bearer token.
    Bearer,
    /// Docker's `config.json`, pasted.
    DockerConfig,
    /// An existing Secret, by name.
    Secret,
}

/// Credentials of a request. Only the fields of the kind may be there.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CredentialsInput {
    /// What sort.
    #[serde(default)]
    pub kind: CredentialsKind,
    /// User name (kind `basic`).
    #[serde(default)]
    pub username: Option<String>,
    /// Password (kind `basic`).
    #[serde(default)]
    pub password: Option<Sensitive>,
    /// Token (kind `bearer`).
    #[serde(default)]
    pub token: Option<Sensitive>,
    /// Text of a `config.json` with `auths` (kind `dockerConfig`).
    #[serde(default)]
    pub docker_config: Option<Sensitive>,
    /// Name of a Secret in the same namespace (kind `secret`).
    #[serde(default)]
    pub secret_name: Option<String>,
}

/// TLS material of a request.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateInput {
    /// Certificate authorities to trust beside the system's, as PEM.
    #[serde(default)]
    pub authority: Option<String>,
    /// Client certificate, as PEM.
    #[serde(default)]
    pub client_certificate: Option<String>,
    /// Key of the client certificate, as PEM.
    #[serde(default)]
    pub client_key: Option<Sensitive>,
    /// Name of an existing Secret in the same namespace instead (`ca.crt`, `tls.crt`, `tls.key`).
    #[serde(default)]
    pub secret_name: Option<String>,
}

/// What is said of stored credentials: never their content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialsState {
    /// Whether there are any.
    pub set: bool,
    /// Name of the Secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_name: Option<String>,
    /// `basic`, `bearer`, `dockerConfig`; absent where the caller may not read the Secret, or in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<CredentialsKind>,
    /// Whether a user name is stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_username: Option<bool>,
    /// Whether the named Secret does not exist.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// Whether the Secret was made by Pilothouse for this repository.
    pub managed: bool,
}

/// A Secret that can serve as credentials; names only.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CredentialsView {
    /// Name of the Secret.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// `basic`, `bearer` or `dockerConfig`; absent: certificates only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<CredentialsKind>,
    /// Whether it holds a certificate authority or a client certificate.
    pub certificates: bool,
    /// Registry hosts that it has credentials for (`dockerConfig`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Whether it was made by Pilothouse.
    pub managed: bool,
    /// When it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<jiff::Timestamp>,
}

impl CredentialsInput {
    /// Checks the fields below `field`; `stored` says that a user name or password may be kept from before.
    pub fn check(&self, field: &str, checks: &mut Checks, stored: bool) {
        let mut need = |missing: bool, name: &str, message: &str| {
            if missing {
                checks.add(&format!("{field}.{name}"), message);
            }
        };
        let empty = |text: &Option<String>| text.as_deref().is_none_or(str::is_empty);
        let hidden = |text: &Option<Sensitive>| text.as_ref().is_none_or(|secret| secret.0.is_empty());
        match self.kind {
            CredentialsKind::None => {}
            CredentialsKind::Basic => {
                need(empty(&self.username) && !stored, "username", "a user name is needed");
                need(hidden(&self.password), "password", "a password is needed");
                let colon = self.username.as_deref().is_some_and(|name| name.contains(':'));
                need(colon, "username", "a user name has no `:`");
            }
            CredentialsKind::Bearer => need(hidden(&self.token), "token", "a token is needed"),
            CredentialsKind::DockerConfig => {
                need(hidden(&self.docker_config), "dockerConfig", "paste the text of a config.json");
                if let Some(Err(message)) =
                    self.docker_config.as_ref().map(|text| docker_hosts(text.0.as_bytes()))
                {
                    checks.add(&format!("{field}.dockerConfig"), message);
                }
            }
            CredentialsKind::Secret => need(empty(&self.secret_name), "secretName", "choose a Secret"),
        }
    }

    /// The data that a Secret of these credentials would have, for a test before anything is stored.
    pub(crate) fn plain_data(&self) -> BTreeMap<String, Vec<u8>> {
        let (_, data) = self.content(&BTreeMap::new()).unwrap_or_default();
        data.into_iter().map(|(key, value)| (key, value.0)).collect()
    }

    /// The Secret's content; `None` for kinds that need no new Secret.
    fn content(
        &self,
        stored: &BTreeMap<String, ByteString>,
    ) -> Option<(&'static str, BTreeMap<String, ByteString>)> {
        let mut data = BTreeMap::new();
        let type_ = match self.kind {
            CredentialsKind::None | CredentialsKind::Secret => return None,
            CredentialsKind::Basic => {
                let username = match &self.username {
                    Some(name) if !name.is_empty() => ByteString(name.clone().into_bytes()),
                    _ => stored.get("username").cloned()?,
                };
                data.insert("username".to_owned(), username);
                data.insert("password".to_owned(), self.password.as_ref()?.bytes());
                "Opaque"
            }
            CredentialsKind::Bearer => {
                data.insert("bearerToken".to_owned(), self.token.as_ref()?.bytes());
                "Opaque"
            }
            CredentialsKind::DockerConfig => {
                data.insert(".dockerconfigjson".to_owned(), self.docker_config.as_ref()?.bytes());
                DOCKER_CONFIG
            }
        };
        Some((type_, data))
    }
}

impl CertificateInput {
    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        self.authority.is_none()
            && self.client_certificate.is_none()
            && self.client_key.is_none()
            && self.secret_name.is_none()
    }

    /// Checks the fields below `field`.
    pub fn check(&self, field: &str, checks: &mut Checks) {
        let mut pem = |name: &str, text: Option<&str>, word: &str| {
            if text.is_some_and(|text| !text.contains("-----BEGIN ") || !text.contains(word)) {
                checks
                    .add(&format!("{field}.{name}"), format!("paste PEM text (`-----BEGIN … {word}-----`)"));
            }
        };
        pem("authority", self.authority.as_deref(), "CERTIFICATE");
        pem("clientCertificate", self.client_certificate.as_deref(), "CERTIFICATE");
        pem("clientKey", self.client_key.as_ref().map(Sensitive::reveal), "KEY");
        if self.client_certificate.is_some() != self.client_key.is_some() {
            checks.add(&format!("{field}.clientKey"), "a client certificate and its key come together");
        }
    }

    /// The data that a Secret of these certificates would have.
    pub(crate) fn plain_data(&self) -> BTreeMap<String, Vec<u8>> {
        self.content().into_iter().map(|(key, value)| (key, value.0)).collect()
    }

    fn content(&self) -> BTreeMap<String, ByteString> {
        let mut data = BTreeMap::new();
        let mut put = |key: &str, text: Option<&str>| {
            if let Some(text) = text {
                data.insert(key.to_owned(), ByteString(text.as_bytes().to_vec()));
            }
        };
        put("ca.crt", self.authority.as_deref());
        put("tls.crt", self.client_certificate.as_deref());
        put("tls.key", self.client_key.as_ref().map(Sensitive::reveal));
        data
    }
}

fn secrets(client: &Client, namespace: &str) -> Api<Secret> {
    Api::namespaced(client.clone(), namespace)
}

/// Writes credentials of a request to a Secret of their own and gives its name.
///
/// `previous` is the Secret used before: its user name stays where the request names none.
pub async fn store(
    caller: &Caller,
    namespace: &str,
    repository: &str,
    input: &CredentialsInput,
    previous: Option<&str>,
) -> Result<Option<String>, Problem> {
    match input.kind {
        CredentialsKind::None => return Ok(None),
        CredentialsKind::Secret => return Ok(input.secret_name.clone()),
        _ => {}
    }
    let mut stored = BTreeMap::new();
    if input.kind == CredentialsKind::Basic
        && input.username.as_deref().is_none_or(str::is_empty)
        && let Some(previous) = previous
    {
        let secret = secrets(&caller.client, namespace).get_opt(previous).await?;
        stored = secret.and_then(|secret| secret.data).unwrap_or_default();
    }
    let Some((type_, data)) = input.content(&stored) else {
        return Err(Problem::field("credentials.username", "a user name is needed"));
    };
    write(caller, namespace, repository, "credentials", type_, data).await.map(Some)
}

/// Writes TLS material of a request to a Secret of its own and gives its name.
pub async fn store_certificate(
    caller: &Caller,
    namespace: &str,
    repository: &str,
    input: &CertificateInput,
) -> Result<Option<String>, Problem> {
    if let Some(name) = &input.secret_name {
        return Ok(Some(name.clone()));
    }
    let data = input.content();
    if data.is_empty() {
        return Ok(None);
    }
    write(caller, namespace, repository, "certificate", "Opaque", data).await.map(Some)
}

async fn write(
    caller: &Caller,
    namespace: &str,
    repository: &str,
    purpose: &str,
    type_: &str,
    data: BTreeMap<String, ByteString>,
) -> Result<String, Problem> {
    let api = secrets(&caller.client, namespace);
    let stem: String = repository.chars().take(200).collect();
    let mut name = format!("{stem}-{purpose}");
    for _ in 0..4 {
        let label: String = repository.chars().take(63).collect();
        let label = label.trim_end_matches(['-', '.']).to_owned();
        let secret = Secret {
            metadata: ObjectMeta {
                name: Some(name.clone()),
                labels: Some(BTreeMap::from([
                    (MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned()),
                    (MADE_FOR.to_owned(), label),
                ])),
                ..Default::default()
            },
            type_: Some(type_.to_owned()),
            data: Some(data.clone()),
            ..Default::default()
        };
        match api.create(&manager(), &secret).await {
            Ok(_) => return Ok(name),
            Err(kube::Error::Api(status)) if status.is_already_exists() => {
                name = format!("{stem}-{purpose}-{:05x}", rand::random::<u32>() & 0xf_ffff);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::conflict("already-exists", "No free name", "no free name for the Secret was found"))
}

/// Removes a Secret that the API made and nothing uses any more. Failures only leave it behind.
pub async fn discard(caller: &Caller, namespace: &str, name: &str) {
    let api = secrets(&caller.client, namespace);
    let Ok(Some(secret)) = api.get_metadata_opt(name).await else { return };
    if !is_managed(secret.labels()) {
        return;
    }
    let preconditions = Preconditions { uid: secret.metadata.uid, ..Default::default() };
    let params = DeleteParams { preconditions: Some(preconditions), ..Default::default() };
    if let Err(error) = api.delete(name, &params).await {
        tracing::debug!(namespace, name, error = %crate::problem::chain(&error), "a Secret stays behind");
    }
}

/// Removes a Secret that the API made, unless another repository than `except` uses it, or may use it.
pub async fn discard_if_unused(caller: &Caller, namespace: &str, secret: &str, except: &str) {
    let free = is_free_of::<OCIRepository>(caller, namespace, secret, except).await
        && is_free_of::<HelmRepository>(caller, namespace, secret, except).await;
    if free {
        discard(caller, namespace, secret).await;
    }
}

/// Whether no other object of a kind uses the Secret, as far as the caller can tell.
async fn is_free_of<K: SourceObject>(caller: &Caller, namespace: &str, secret: &str, except: &str) -> bool {
    let objects = api::<K>(&caller.client, Some(namespace));
    let users = list_map(&objects, ListParams::default(), |object| {
        let uses = object.secrets().into_iter().flatten().any(|reference| reference.name == secret);
        (uses && object.name_any() != except).then_some(())
    });
    matches!(users.await, Ok(users) if users.is_empty())
}

fn is_managed(labels: &BTreeMap<String, String>) -> bool {
    labels.get(MANAGED_BY.0).is_some_and(|value| value == MANAGED_BY.1) && labels.contains_key(MADE_FOR)
}

/// What can be said of the credentials in that Secret.
pub async fn state(
    caller: &Caller,
    namespace: &str,
    secret: Option<&str>,
) -> Result<CredentialsState, Problem> {
    let Some(name) = secret else { return Ok(CredentialsState::default()) };
    let mut state = named(Some(name));
    match secrets(&caller.client, namespace).get_opt(name).await.map_err(Problem::from) {
        Ok(Some(secret)) => {
            let data = secret.data.clone().unwrap_or_default();
            state.kind = kind(secret.type_.as_deref(), &data);
            state.has_username = Some(data.contains_key("username"));
            state.managed = is_managed(secret.labels());
        }
        Ok(None) => state.missing = true,
        Err(problem) if problem.is_forbidden() => {}
        Err(problem) => return Err(problem),
    }
    Ok(state)
}

/// What can be said without reading the Secret.
pub fn named(secret: Option<&str>) -> CredentialsState {
    CredentialsState { set: secret.is_some(), secret_name: secret.map(str::to_owned), ..Default::default() }
}

fn kind(type_: Option<&str>, data: &BTreeMap<String, ByteString>) -> Option<CredentialsKind> {
    if type_ == Some(DOCKER_CONFIG) || data.contains_key(".dockerconfigjson") {
        Some(CredentialsKind::DockerConfig)
    } else if data.contains_key("bearerToken") {
        Some(CredentialsKind::Bearer)
    } else if data.contains_key("username") || data.contains_key("password") {
        Some(CredentialsKind::Basic)
    } else {
        None
    }
}

/// Secrets of a namespace that can serve as credentials or certificates.
pub async fn list(caller: &Caller, namespace: &str) -> Result<Vec<CredentialsView>, Problem> {
    let api = secrets(&caller.client, namespace);
    let mut list = list_map(&api, ListParams::default(), |secret| {
        let type_ = secret.type_.as_deref().unwrap_or("Opaque");
        if !matches!(type_, "Opaque" | DOCKER_CONFIG | "kubernetes.io/tls" | "kubernetes.io/basic-auth") {
            return None;
        }
        let data = secret.data.clone().unwrap_or_default();
        let kind = kind(Some(type_), &data);
        let certificates =
            ["ca.crt", "tls.crt", "caFile", "certFile"].iter().any(|key| data.contains_key(*key));
        if kind.is_none() && !certificates {
            return None;
        }
        let hosts =
            data.get(".dockerconfigjson").and_then(|text| docker_hosts(&text.0).ok()).unwrap_or_default();
        Some(CredentialsView {
            name: secret.name_any(),
            namespace: namespace.to_owned(),
            kind,
            certificates,
            hosts,
            managed: is_managed(secret.labels()),
            created_at: secret.creation_timestamp().map(|time| time.0),
        })
    })
    .await?;
    list.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(list)
}

/// Writes credentials under a name of the caller's choice.
pub async fn create(
    caller: &Caller,
    namespace: &str,
    name: &str,
    input: &CredentialsInput,
    certificate: &CertificateInput,
) -> Result<(), Problem> {
    let (type_, mut data) = input.content(&BTreeMap::new()).unwrap_or(("Opaque", BTreeMap::new()));
    data.extend(certificate.content());
    if data.is_empty() {
        return Err(Problem::field("kind", "give credentials or certificates to store"));
    }
    let secret = Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(BTreeMap::from([(MANAGED_BY.0.to_owned(), MANAGED_BY.1.to_owned())])),
            ..Default::default()
        },
        type_: Some(type_.to_owned()),
        data: Some(data),
        ..Default::default()
    };
    secrets(&caller.client, namespace).create(&manager(), &secret).await?;
    Ok(())
}

/// Deletes a Secret with credentials; refuses Secrets that are something else.
pub async fn delete(caller: &Caller, namespace: &str, name: &str) -> Result<(), Problem> {
    let api = secrets(&caller.client, namespace);
    let secret = api.get(name).await?;
    let data = secret.data.clone().unwrap_or_default();
    let certificates = data.contains_key("ca.crt") || data.contains_key("tls.crt");
    if kind(secret.type_.as_deref(), &data).is_none() && !certificates {
        return Err(Problem::conflict(
            "not-credentials",
            "Not credentials",
            format!("Secret `{name}` holds no registry credentials; it is not deleted here"),
        ));
    }
    api.delete(name, &DeleteParams::default()).await?;
    Ok(())
}

/// Hosts named in a Docker `config.json`.
fn docker_hosts(text: &[u8]) -> Result<Vec<String>, String> {
    let value: Value = serde_json::from_slice(text).map_err(|error| {
        // serde's message names the place, never the content.
        format!("this is not the JSON of a config.json: {error}")
    })?;
    match value.get("auths") {
        Some(Value::Object(auths)) if !auths.is_empty() => Ok(auths.keys().cloned().collect()),
        _ => {
            Err("there are no `auths` in it; log in with a tool that writes them, or enter user and password"
                .into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_print_as_stars() {
        let input = CredentialsInput { password: Some(Sensitive("hunter2".into())), ..Default::default() };
        assert!(!format!("{input:?}").contains("hunter2"));
    }

    #[test]
    fn each_kind_needs_its_own_fields() {
        let fields = |input: CredentialsInput| {
            let mut checks = Checks::default();
            input.check("credentials", &mut checks, false);
            checks.finish().err().map(|p| p.errors.into_iter().map(|e| e.field).collect::<Vec<_>>())
        };
        let kind = |kind| CredentialsInput { kind, ..Default::default() };
        assert_eq!(fields(kind(CredentialsKind::None)), None);
        assert_eq!(
            fields(kind(CredentialsKind::Basic)).unwrap(),
            ["credentials.username", "credentials.password"]
        );
        assert_eq!(fields(kind(CredentialsKind::Bearer)).unwrap(), ["credentials.token"]);
        let pasted = CredentialsInput {
            kind: CredentialsKind::DockerConfig,
            docker_config: Some(Sensitive("{}".into())),
            ..Default::default()
        };
        assert_eq!(fields(pasted).unwrap(), ["credentials.dockerConfig"]);
    }
}
