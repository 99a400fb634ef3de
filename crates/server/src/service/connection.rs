//! Tests a repository before it is created: who answers, how it authenticates, what it would list.

use std::{collections::BTreeMap, time::Duration};

use pilothouse_chart::semver::{Constraints, Version};
use pilothouse_registry::{
    Access, Error as RegistryError, Family, IndexAnswer, OciClient, RepositoryUrl,
    discovery::{self, Method},
    manifest::Manifest,
};
use pilothouse_resources::OCIRepositorySpec;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    credentials::{CertificateInput, CredentialsInput, CredentialsKind},
    identity::can,
    oci_repositories::{self, OciRepositoryRequest},
    repositories::{self, RateLimitView, RepositoryRequest},
    sources::{Sources, of_oci_repository, of_repository, with_secret},
};
use crate::{Caller, problem::Problem, validate::Checks};

/// Longest time for the whole test.
const TIME: Duration = Duration::from_secs(30);
/// Largest config blob that is read, in bytes.
const MAX_CONFIG: u64 = 1 << 20;
/// Charts named in the report.
const SHOWN: usize = 50;

/// What came back from a test.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionReport {
    /// Whether charts would be found.
    pub success: bool,
    /// In a sentence.
    pub message: String,
    /// What to do, where it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Field of the request that most likely is at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Family of registry that answered, for example `harbor`; `http` for an HTTP repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// How the request authenticated: `anonymous`, `basic`, `bearer`, `dockerConfig`, or `secret`.
    pub authentication: String,
    /// How charts would be listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Whether that list would be complete.
    pub complete: bool,
    /// What is missing, where it would not be complete.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Number of charts.
    pub charts: usize,
    /// Number of versions, where the list has them (HTTP repositories).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<usize>,
    /// The first charts.
    pub names: Vec<String>,
    /// Digest that a tag points to (OCI repositories).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The chart by its config (OCI repositories).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chart: Option<TestedChart>,
    /// Media types of the artifact's layers (OCI repositories).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub media_types: Vec<String>,
    /// How many requests the registry allows, where it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimitView>,
    /// Milliseconds the test took.
    pub milliseconds: u64,
}

/// The chart that a tag or digest holds.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TestedChart {
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
}

impl ConnectionReport {
    fn failed(error: &RegistryError) -> Self {
        use pilothouse_registry::Kind;
        let field = match error.kind() {
            Kind::Authentication => Some("credentials"),
            Kind::TlsNotTrusted => Some("certificate"),
            Kind::Dns
            | Kind::Connect
            | Kind::NotFound
            | Kind::Configuration
            | Kind::Malformed
            | Kind::Tls => Some("url"),
            Kind::Discovery => Some("charts"),
            _ => None,
        };
        Self {
            message: error.to_string(),
            hint: error.hint(),
            field: field.map(str::to_owned),
            ..Default::default()
        }
    }
}

fn authentication(credentials: &CredentialsInput) -> &'static str {
    match credentials.kind {
        CredentialsKind::None => "anonymous",
        CredentialsKind::Basic => "basic",
        CredentialsKind::Bearer => "bearer",
        CredentialsKind::DockerConfig => "dockerConfig",
        CredentialsKind::Secret => "secret",
    }
}

/// The access with the request's own credentials, which are in no Secret yet.
fn with_inputs(
    access: Access,
    credentials: &CredentialsInput,
    certificate: &CertificateInput,
    url: &str,
) -> Result<Access, Problem> {
    let mut data: BTreeMap<String, Vec<u8>> = credentials.plain_data();
    data.extend(certificate.plain_data());
    with_secret(access, &data, url)
}

/// Only who may add a repository may make the server ask an address of their choice.
async fn need_right(caller: &Caller, namespace: &str, resource: &str) -> Result<(), Problem> {
    if can(&caller.client, Some(namespace), "source.toolkit.fluxcd.io", resource, "create").await? {
        return Ok(());
    }
    let user = &caller.identity.user;
    Err(Problem::forbidden(format!("user `{user}` may not create {resource} in namespace `{namespace}`"))
        .hint("Only who may add a repository may test one."))
}

/// Tests a Helm repository.
pub async fn test(
    caller: &Caller,
    sources: &Sources,
    namespace: &str,
    request: &RepositoryRequest,
) -> Result<ConnectionReport, Problem> {
    let mut checks = Checks::default();
    let mut spec = repositories::specification(request, &mut checks);
    let credentials = request.credentials.clone().unwrap_or_default();
    let certificate = request.certificate.clone().unwrap_or_default();
    credentials.check("credentials", &mut checks, false);
    certificate.check("certificate", &mut checks);
    checks.finish()?;
    need_right(caller, namespace, "helmrepositories").await?;
    spec.secret_ref = credentials
        .secret_name
        .clone()
        .filter(|_| credentials.kind == CredentialsKind::Secret)
        .map(Into::into);
    spec.cert_secret_ref = certificate.secret_name.clone().map(Into::into);
    let access = of_repository(caller, namespace, &spec).await?;
    let access = with_inputs(access, &credentials, &certificate, &spec.url)?;
    let started = std::time::Instant::now();
    let tested = async {
        if spec.is_oci() {
            let url: RepositoryUrl = spec.url.parse()?;
            list_oci(&sources.pool().oci(url, access)?, spec.charts.clone()).await
        } else {
            list_http(sources, &spec.url, access).await
        }
    };
    Ok(finish(tested, started, &credentials).await)
}

/// Tests an OCI repository: whether its tag, range or digest is there and is a chart.
pub async fn test_oci(
    caller: &Caller,
    sources: &Sources,
    namespace: &str,
    request: &OciRepositoryRequest,
) -> Result<ConnectionReport, Problem> {
    let mut checks = Checks::default();
    let spec = oci_repositories::specification(request, &mut checks);
    let credentials = request.credentials.clone().unwrap_or_default();
    let certificate = request.certificate.clone().unwrap_or_default();
    credentials.check("credentials", &mut checks, false);
    certificate.check("certificate", &mut checks);
    checks.finish()?;
    need_right(caller, namespace, "ocirepositories").await?;
    let Some(mut spec) = spec else { return Err(Problem::field("interval", "an interval is needed")) };
    spec.secret_ref = credentials
        .secret_name
        .clone()
        .filter(|_| credentials.kind == CredentialsKind::Secret)
        .map(Into::into);
    spec.cert_secret_ref = certificate.secret_name.clone().map(Into::into);
    let access = of_oci_repository(caller, namespace, &spec).await?;
    let access = with_inputs(access, &credentials, &certificate, &spec.url)?;
    let started = std::time::Instant::now();
    let tested = async {
        let url: RepositoryUrl = spec.url.parse()?;
        let client = sources.pool().oci(url, access)?;
        let reference = spec.reference.clone().unwrap_or_default();
        let wanted = match (reference.digest, reference.semver, reference.tag) {
            (Some(digest), _, _) => digest,
            (None, Some(range), _) => match newest_tag(&client, &range).await? {
                Some(tag) => tag,
                None => {
                    return Ok(ConnectionReport {
                        message: format!("the registry answers, but no tag is in the range `{range}`"),
                        field: Some("reference.semver".into()),
                        ..Default::default()
                    });
                }
            },
            (None, None, Some(tag)) => tag,
            (None, None, None) => "latest".to_owned(),
        };
        let (digest, manifest) = match client.manifest(&wanted).await {
            Err(error) if error.is_not_found() => {
                return Ok(without_reference(&client, &spec, &wanted, &error).await);
            }
            other => other?,
        };
        let family = Family::detect(&client).await?;
        let chart = if manifest.is_chart() { config(&client, &manifest).await? } else { None };
        let kind = match &chart {
            Some(chart) => format!("is the chart {} {}", chart.name, chart.version),
            None if manifest.is_chart() => "is a Helm chart".to_owned(),
            None => "is an artifact that is no Helm chart by its config".to_owned(),
        };
        Ok(ConnectionReport {
            success: true,
            message: format!("`{wanted}` is there and {kind}"),
            registry: family_name(family),
            complete: true,
            charts: 1,
            names: vec![client.url().last_segment().to_owned()],
            digest: Some(digest.to_string()),
            chart,
            media_types: manifest.layers.iter().take(SHOWN).map(|layer| layer.media_type.clone()).collect(),
            rate_limit: client.rate_limit().as_ref().map(RateLimitView::of_registry),
            ..Default::default()
        })
    };
    Ok(finish(tested, started, &credentials).await)
}

/// Name and version from the config blob, which Helm writes as `Chart.yaml` in JSON.
async fn config(client: &OciClient, manifest: &Manifest) -> Result<Option<TestedChart>, RegistryError> {
    #[derive(serde::Deserialize)]
    struct Config {
        name: String,
        version: String,
    }
    let blob = client.blob(&manifest.config, MAX_CONFIG, "the chart's config").await?;
    let config: Option<Config> = serde_json::from_slice(&blob).ok();
    Ok(config.map(|config| TestedChart { name: config.name, version: config.version }))
}

/// The report where the repository may be there but the tag or digest is not.
async fn without_reference(
    client: &OciClient,
    spec: &OCIRepositorySpec,
    wanted: &str,
    error: &RegistryError,
) -> ConnectionReport {
    let Ok(list) = client.tags().await else { return ConnectionReport::failed(error) };
    let mut tags = list.tags;
    tags.sort_by_cached_key(|tag| std::cmp::Reverse(Version::parse(&tag.replace('_', "+")).ok()));
    let reference = spec.reference.clone().unwrap_or_default();
    let (what, field) =
        if reference.digest.is_some() { ("digest", "reference.digest") } else { ("tag", "reference.tag") };
    let shown: Vec<&str> = tags.iter().map(String::as_str).take(3).collect();
    ConnectionReport {
        message: format!("the repository is there, but has no {what} `{wanted}`"),
        hint: (!shown.is_empty()).then(|| format!("The newest tags: {}.", shown.join(", "))),
        field: Some(field.into()),
        names: tags.into_iter().take(SHOWN).collect(),
        ..Default::default()
    }
}

async fn finish(
    tested: impl Future<Output = Result<ConnectionReport, RegistryError>>,
    started: std::time::Instant,
    credentials: &CredentialsInput,
) -> ConnectionReport {
    let mut report = match tokio::time::timeout(TIME, tested).await {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => ConnectionReport::failed(&error),
        Err(_) => ConnectionReport {
            message: format!("there was no answer within {} s", TIME.as_secs()),
            field: Some("url".into()),
            ..Default::default()
        },
    };
    authentication(credentials).clone_into(&mut report.authentication);
    report.milliseconds = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    report
}

fn family_name(family: Family) -> Option<String> {
    serde_json::to_value(family).ok().and_then(|value| value.as_str().map(str::to_owned))
}

async fn newest_tag(client: &OciClient, range: &str) -> Result<Option<String>, RegistryError> {
    let Ok(constraints) = Constraints::parse(range) else { return Ok(None) };
    let tags = client.tags().await?.tags;
    let mut matching: Vec<(Version, String)> = tags
        .into_iter()
        .filter_map(|tag| Some((Version::parse(&tag.replace('_', "+")).ok()?, tag)))
        .filter(|(version, _)| constraints.check(version))
        .collect();
    matching.sort_by(|(a, _), (b, _)| b.cmp(a));
    Ok(matching.into_iter().next().map(|(_, tag)| tag))
}

async fn list_oci(
    client: &OciClient,
    charts: Option<Vec<String>>,
) -> Result<ConnectionReport, RegistryError> {
    client.ping().await?;
    let family = Family::detect(client).await?;
    let options = discovery::Options { charts, ..Default::default() };
    let found = discovery::discover(client, &options).await?;
    let count = found.charts.len();
    let own = client.url().last_segment().to_owned();
    let names = found.charts.iter().take(SHOWN);
    let names: Vec<String> =
        names.map(|name| if name.is_empty() { own.clone() } else { name.clone() }).collect();
    // An explicit list says nothing about the registry: its first chart is looked for.
    if found.method == Method::ExplicitList
        && let Some(first) = found.charts.iter().next()
    {
        client.below(first)?.tags().await?;
    }
    Ok(ConnectionReport {
        success: count > 0,
        message: match count {
            0 => "the registry answers, but no chart was found below this URL".to_owned(),
            1 => "the registry answers; 1 chart was found".to_owned(),
            _ => format!("the registry answers; {count} charts were found"),
        },
        field: (count == 0).then(|| "url".to_owned()),
        registry: family_name(family),
        method: Some(found.method.as_str().to_owned()),
        complete: found.complete,
        detail: found.note,
        charts: count,
        names,
        rate_limit: client.rate_limit().as_ref().map(RateLimitView::of_registry),
        ..Default::default()
    })
}

async fn list_http(sources: &Sources, url: &str, access: Access) -> Result<ConnectionReport, RegistryError> {
    let client = sources.pool().http(url, access)?;
    let answer = client.index(None).await?;
    let IndexAnswer::Fetched { parsed, .. } = answer else { return Ok(ConnectionReport::default()) };
    let count = parsed.catalog.charts();
    Ok(ConnectionReport {
        success: true,
        message: format!(
            "the repository answers; its index lists {count} charts with {} versions",
            parsed.catalog.versions()
        ),
        registry: Some("http".to_owned()),
        method: Some(Method::Index.as_str().to_owned()),
        complete: true,
        detail: (parsed.dropped > 0)
            .then(|| format!("{} entries of the index are not valid", parsed.dropped)),
        charts: count,
        versions: Some(parsed.catalog.versions()),
        names: parsed.catalog.entries.keys().take(SHOWN).cloned().collect(),
        ..Default::default()
    })
}
