//! Turns what a source names (Secrets, provider, insecure) into access to its registry or repository.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::{Secret, ServiceAccount};
use kube::ResourceExt as _;
use pilothouse_registry::access::Proxy;
use pilothouse_registry::docker_config::DockerConfig;
use pilothouse_registry::{Access, Credentials, RepositoryUrl, Scheme, Secret as Hidden, TlsOptions};
use pilothouse_resources::{HelmRepository, OCIRepository, Provider};

use crate::context::Context;
use crate::source::{DEFAULT_TIMEOUT, Failure, duration};

/// Reason of every failure here.
const REASON: &str = "AuthenticationFailed";

type Data = BTreeMap<String, ByteString>;

/// Access to a HelmRepository and its charts.
pub(crate) async fn for_repository(
    context: &Context,
    repository: &HelmRepository,
) -> Result<Access, Failure> {
    let namespace = repository.namespace().unwrap_or_default();
    let spec = &repository.spec;
    let timeout = duration(spec.timeout.as_ref(), DEFAULT_TIMEOUT);
    let mut access = base(context, timeout);
    access.pass_credentials = spec.pass_credentials.unwrap_or(false);
    if spec.is_oci() && spec.insecure.unwrap_or(false) {
        access.scheme = Scheme::PlainHttp;
    }
    if let Some(reference) = &spec.secret_ref {
        let data = read(context, &namespace, &reference.name).await?;
        let place = format!("{namespace}/{}", reference.name);
        let credentials = if spec.is_oci() {
            oci_credentials(&data, &spec.url, &place)?
        } else {
            http_credentials(&data, &place)?
        };
        access = access.with_credentials(credentials);
        if spec.cert_secret_ref.is_none() {
            access.tls = legacy_tls(&data);
        }
    } else {
        refuse_cloud(spec.provider.unwrap_or_default())?;
    }
    if let Some(reference) = &spec.cert_secret_ref {
        access.tls = tls(
            &read(context, &namespace, &reference.name).await?,
            &format!("{namespace}/{}", reference.name),
        )?;
    }
    Ok(access)
}

/// Access to an OCIRepository: its pull Secret and those of its service account, the first that fits the host.
pub(crate) async fn for_oci_repository(
    context: &Context,
    repository: &OCIRepository,
) -> Result<Access, Failure> {
    let namespace = repository.namespace().unwrap_or_default();
    let spec = &repository.spec;
    let mut access = base(context, duration(spec.timeout.as_ref(), DEFAULT_TIMEOUT));
    if spec.insecure.unwrap_or(false) {
        access.scheme = Scheme::HttpsElsePlain;
    }
    let mut names: Vec<String> = spec.secret_ref.iter().map(|r| r.name.clone()).collect();
    if let Some(account) = &spec.service_account_name {
        names.extend(pull_secrets(context, &namespace, account).await?);
    }
    if names.is_empty() {
        refuse_cloud(spec.provider)?;
    }
    for name in &names {
        let data = read(context, &namespace, name).await?;
        let found = pull_credentials(&data, &spec.url, &format!("{namespace}/{name}"))?;
        if let Some(credentials) = found {
            access = access.with_credentials(credentials);
            break;
        }
    }
    if let Some(reference) = &spec.cert_secret_ref {
        access.tls = tls(
            &read(context, &namespace, &reference.name).await?,
            &format!("{namespace}/{}", reference.name),
        )?;
    }
    if let Some(reference) = &spec.proxy_secret_ref {
        access.proxy = Some(proxy(
            &read(context, &namespace, &reference.name).await?,
            &format!("{namespace}/{}", reference.name),
        )?);
    }
    Ok(access)
}

fn base(context: &Context, timeout: Duration) -> Access {
    let mut access = Access::default();
    access.limits = context.options.registry_limits;
    access.with_timeout(timeout)
}

/// Cloud logins are not built in yet; an anonymous request instead would only be refused with a message that misleads.
fn refuse_cloud(provider: Provider) -> Result<(), Failure> {
    let name = match provider {
        Provider::Generic => return Ok(()),
        Provider::Aws => "aws",
        Provider::Azure => "azure",
        Provider::Gcp => "gcp",
    };
    Err(Failure::fetch(
        REASON,
        format!(
            "failed to get credentials: login of provider '{name}' is not supported yet; use a Secret in secretRef"
        ),
    ))
}

async fn read(context: &Context, namespace: &str, name: &str) -> Result<Data, Failure> {
    let place = format!("{namespace}/{name}");
    let missing = || {
        Failure::fetch(
            REASON,
            format!("failed to get authentication secret '{place}': secrets \"{name}\" not found"),
        )
    };
    match context.api::<Secret>(namespace).get_opt(name).await {
        Ok(Some(secret)) => Ok(secret.data.unwrap_or_default()),
        Ok(None) => Err(missing()),
        Err(error) => {
            Err(Failure::fetch(REASON, format!("failed to get authentication secret '{place}': {error}")))
        }
    }
}

async fn pull_secrets(context: &Context, namespace: &str, account: &str) -> Result<Vec<String>, Failure> {
    let fail = |why: String| {
        Failure::fetch(REASON, format!("failed to get service account '{namespace}/{account}': {why}"))
    };
    match context.api::<ServiceAccount>(namespace).get_opt(account).await {
        Ok(Some(account)) => Ok(account
            .image_pull_secrets
            .unwrap_or_default()
            .into_iter()
            .map(|reference| reference.name)
            .collect()),
        Ok(None) => Err(fail(format!("serviceaccounts \"{account}\" not found"))),
        Err(error) => Err(fail(error.to_string())),
    }
}

fn text(data: &Data, key: &str) -> Option<String> {
    let bytes = data.get(key)?;
    String::from_utf8(bytes.0.clone()).ok().filter(|t| !t.is_empty())
}

fn invalid(place: &str, why: &str) -> Failure {
    Failure::fetch(REASON, format!("invalid '{place}' secret data: {why}"))
}

/// `username` and `password`, both or none; or `bearerToken`.
fn basic(data: &Data, place: &str) -> Result<Credentials, Failure> {
    if let Some(token) = text(data, "bearerToken") {
        return Ok(Credentials::Bearer(Hidden::new(token.trim())));
    }
    match (text(data, "username"), text(data, "password")) {
        (Some(username), Some(password)) => Ok(Credentials::basic(username, password)),
        (None, None) => Ok(Credentials::Anonymous),
        _ => Err(invalid(place, "required fields 'username' and 'password'")),
    }
}

fn http_credentials(data: &Data, place: &str) -> Result<Credentials, Failure> {
    basic(data, place)
}

fn oci_credentials(data: &Data, url: &str, place: &str) -> Result<Credentials, Failure> {
    if !data.contains_key(".dockerconfigjson") {
        return basic(data, place);
    }
    if let Some(credentials) = pull_credentials(data, url, place)? {
        Ok(credentials)
    } else {
        let host = url.strip_prefix("oci://").unwrap_or(url).split('/').next().unwrap_or_default();
        Err(invalid(place, &format!("no auth config for '{host}' in the docker-registry Secret")))
    }
}

/// The entry of a docker config that fits `url`; `username` and `password` are accepted as well.
fn pull_credentials(data: &Data, url: &str, place: &str) -> Result<Option<Credentials>, Failure> {
    let Some(config) = data.get(".dockerconfigjson") else {
        let credentials = basic(data, place)?;
        return Ok((!credentials.is_anonymous()).then_some(credentials));
    };
    let config = DockerConfig::parse(&config.0).map_err(|e| invalid(place, &e.to_string()))?;
    // A URL that cannot be read is reported where it is used.
    Ok(url.parse::<RepositoryUrl>().ok().and_then(|url| config.lookup(&url).cloned()))
}

fn tls(data: &Data, place: &str) -> Result<TlsOptions, Failure> {
    let get = |key: &str| data.get(key).map(|b| b.0.clone()).filter(|b| !b.is_empty());
    let client = match (get("tls.crt"), get("tls.key")) {
        (Some(certificate), Some(key)) => Some((certificate, key)),
        (None, None) => None,
        _ => return Err(invalid(place, "'tls.crt' and 'tls.key' must both be set")),
    };
    let ca = get("ca.crt");
    if ca.is_none() && client.is_none() {
        return Err(invalid(place, "it has neither 'ca.crt' nor 'tls.crt' and 'tls.key'"));
    }
    Ok(TlsOptions { ca, client, skip_verify: false })
}

/// The keys Flux deprecated: TLS beside the credentials.
fn legacy_tls(data: &Data) -> TlsOptions {
    let get = |key: &str, old: &str| data.get(key).or_else(|| data.get(old)).map(|b| b.0.clone());
    let client = get("tls.crt", "certFile").zip(get("tls.key", "keyFile"));
    TlsOptions { ca: get("ca.crt", "caFile"), client, skip_verify: false }
}

fn proxy(data: &Data, place: &str) -> Result<Proxy, Failure> {
    let address = text(data, "address").ok_or_else(|| invalid(place, "required key 'address' not found"))?;
    if address.len() > 2048 {
        return Err(invalid(place, "'address' is longer than 2048 bytes"));
    }
    Ok(Proxy {
        address,
        username: text(data, "username").unwrap_or_default(),
        password: text(data, "password").unwrap_or_default().into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(entries: &[(&str, &str)]) -> Data {
        entries.iter().map(|(k, v)| ((*k).to_owned(), ByteString(v.as_bytes().to_vec()))).collect()
    }

    #[test]
    fn half_a_login_is_refused_without_showing_it() {
        let failure = basic(&data(&[("password", "s3cret")]), "ns/x").unwrap_err();
        assert_eq!(failure.message, "invalid 'ns/x' secret data: required fields 'username' and 'password'");
        assert!(basic(&data(&[]), "ns/x").unwrap().is_anonymous());
        let token = basic(&data(&[("bearerToken", "t\n")]), "ns/x").unwrap();
        assert_eq!(token, Credentials::Bearer(Hidden::new("t")));
    }

    #[test]
    fn a_docker_config_must_know_the_host() {
        let config =
            data(&[(".dockerconfigjson", r#"{"auths":{"a.example":{"username":"u","password":"s3cret"}}}"#)]);
        assert!(oci_credentials(&config, "oci://a.example/charts", "ns/x").is_ok());
        let failure = oci_credentials(&config, "oci://b.example/charts", "ns/x").unwrap_err();
        assert!(failure.message.contains("no auth config for 'b.example'"), "{}", failure.message);
        assert!(!failure.message.contains("s3cret"));
    }

    #[test]
    fn half_a_client_certificate_is_refused() {
        assert!(tls(&data(&[("tls.crt", "x")]), "ns/x").is_err());
        assert!(tls(&data(&[]), "ns/x").is_err());
        assert!(tls(&data(&[("ca.crt", "x")]), "ns/x").is_ok());
    }
}
