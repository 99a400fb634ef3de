//! OCI repositories: one chart each, by tag, range or digest.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use kube::{
    ResourceExt,
    api::{DeleteParams, ListParams},
};
use pilothouse_resources::{
    LayerOperation, OCILayerSelector, OCIRepository, OCIRepositoryRef, OCIRepositorySpec, Provider,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    credentials::{self, CertificateInput, CredentialsInput, CredentialsState},
    dependents::{self, Dependents, SourceKey},
    objects::{api, edit, list_scoped, manager, need_namespace},
    repositories::{DEFAULT_INTERVAL, provider, provider_name},
    status::Status,
};
use crate::{
    Caller,
    page::{Listed, SortKey},
    problem::Problem,
    validate::{self, Checks},
};

/// An OCI repository.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OciRepository {
    /// Namespace.
    pub namespace: String,
    /// Name.
    pub name: String,
    /// Identity of the object.
    pub uid: String,
    /// Version of the object.
    pub resource_version: String,
    /// Address of the artifact, without tag.
    pub url: String,
    /// Which version: tag, range or digest.
    pub reference: Reference,
    /// Which layer, and what is done with it.
    pub layer: Layer,
    /// Interval of the check, as stored.
    pub interval: String,
    /// The same in seconds.
    pub interval_seconds: u64,
    /// Timeout of requests, where set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// Cloud provider that gives credentials.
    pub provider: String,
    /// Whether plain HTTP is allowed.
    pub insecure: bool,
    /// Whether checks are stopped.
    pub suspended: bool,
    /// Credentials: whether and where, never what.
    pub credentials: CredentialsState,
    /// Name of the Secret with certificates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_secret_name: Option<String>,
    /// Service account whose pull secrets are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account_name: Option<String>,
    /// Whether signatures are verified, and how (`cosign`, `notation`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verification: Option<String>,
    /// When it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub created_at: Option<Timestamp>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// State.
    pub status: Status,
    /// What was pulled last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact: Option<ArtifactView>,
    /// Number of releases that use it; absent where the caller may not list releases.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub releases: Option<usize>,
    /// The last request for a check that was handled: the `requestedAt` of its answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_handled_reconcile_at: Option<String>,
}

/// Which version of an artifact; a digest counts before a range, a range before a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Reference {
    /// Tag. Default `latest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Range of versions, for example `>=1.0.0 <2`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// Regular expression that tags must match before the range counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub semver_filter: Option<String>,
    /// Digest `sha256:…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Which layer of an artifact is taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Layer {
    /// Media type of the layer. Default: the first layer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// `extract` or `copy`. Default `extract`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
}

/// What a source produced last.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ArtifactView {
    /// What it is, for people and tools: a version, or a tag with its digest.
    pub revision: String,
    /// Digest of the stored file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<i64>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changed_at: Option<Timestamp>,
    /// Annotations of the artifact's manifest.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
}

impl ArtifactView {
    /// The view of a status' artifact.
    pub fn of(artifact: &pilothouse_resources::Artifact) -> Self {
        Self {
            revision: artifact.revision.clone(),
            digest: artifact.digest.clone(),
            size: artifact.size,
            changed_at: artifact.last_update_time.as_ref().map(|time| time.0),
            metadata: artifact.metadata.clone().unwrap_or_default(),
        }
    }
}

/// An OCI repository to create, or to test.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OciRepositoryRequest {
    /// Name (not needed for a test).
    #[serde(default)]
    pub name: String,
    /// Address of one chart, for example `oci://ghcr.io/my-org/charts/web`.
    #[serde(default)]
    pub url: String,
    /// Which version.
    #[serde(default)]
    pub reference: Reference,
    /// Which layer.
    #[serde(default)]
    pub layer: Layer,
    /// `MM:SS`, or a duration. Default `05:00`.
    #[serde(default)]
    pub interval: Option<String>,
    /// Timeout of requests. Default 60s.
    #[serde(default)]
    pub timeout: Option<String>,
    /// `generic`, `aws`, `azure` or `gcp`.
    #[serde(default)]
    pub provider: Option<String>,
    /// Allow plain HTTP.
    #[serde(default)]
    pub insecure: bool,
    /// Begin suspended.
    #[serde(default)]
    pub suspended: bool,
    /// Service account whose pull secrets are used.
    #[serde(default)]
    pub service_account_name: Option<String>,
    /// Labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Credentials; stored in a Secret.
    #[serde(default)]
    pub credentials: Option<CredentialsInput>,
    /// Certificates; stored in a Secret.
    #[serde(default)]
    pub certificate: Option<CertificateInput>,
}

/// A change of an OCI repository; what is absent stays.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OciRepositoryUpdate {
    /// The version that the caller saw.
    #[serde(default)]
    pub resource_version: Option<String>,
    /// Address.
    #[serde(default)]
    pub url: Option<String>,
    /// Which version; replaces the whole reference.
    #[serde(default)]
    pub reference: Option<Reference>,
    /// Which layer; replaces the whole selection.
    #[serde(default)]
    pub layer: Option<Layer>,
    /// `MM:SS`, or a duration.
    #[serde(default)]
    pub interval: Option<String>,
    /// Timeout; an empty text resets it.
    #[serde(default)]
    pub timeout: Option<String>,
    /// Cloud provider.
    #[serde(default)]
    pub provider: Option<String>,
    /// Service account whose pull secrets are used; an empty text resets it.
    #[serde(default)]
    pub service_account_name: Option<String>,
    /// Allow plain HTTP.
    #[serde(default)]
    pub insecure: Option<bool>,
    /// Stop the checks.
    #[serde(default)]
    pub suspended: Option<bool>,
    /// Labels; replaces those that are there.
    #[serde(default)]
    pub labels: Option<BTreeMap<String, String>>,
    /// New credentials; kind `none` removes them.
    #[serde(default)]
    pub credentials: Option<CredentialsInput>,
    /// New certificates; an empty object removes them.
    #[serde(default)]
    pub certificate: Option<CertificateInput>,
}

impl OciRepository {
    /// The view of an object.
    pub fn of(object: &OCIRepository) -> Self {
        let spec = &object.spec;
        let status = object.status.clone().unwrap_or_default();
        let reference = spec.reference.clone().unwrap_or_default();
        let layer = spec.layer_selector.clone().unwrap_or_default();
        Self {
            namespace: object.namespace().unwrap_or_default(),
            name: object.name_any(),
            uid: object.uid().unwrap_or_default(),
            resource_version: object.resource_version().unwrap_or_default(),
            url: spec.url.clone(),
            reference: Reference {
                tag: reference.tag,
                semver: reference.semver,
                semver_filter: reference.semver_filter,
                digest: reference.digest,
            },
            layer: Layer {
                media_type: layer.media_type,
                operation: layer.operation.map(|operation| {
                    match operation {
                        LayerOperation::Extract => "extract",
                        LayerOperation::Copy => "copy",
                    }
                    .to_owned()
                }),
            },
            interval: spec.interval.to_string(),
            interval_seconds: spec.interval.to_duration().map_or(0, |interval| interval.as_secs()),
            timeout: spec.timeout.as_ref().map(ToString::to_string),
            provider: provider_name(spec.provider).to_owned(),
            insecure: spec.insecure.unwrap_or_default(),
            suspended: spec.suspend.unwrap_or_default(),
            credentials: credentials::named(
                spec.secret_ref.as_ref().map(|reference| reference.name.as_str()),
            ),
            certificate_secret_name: spec.cert_secret_ref.as_ref().map(|reference| reference.name.clone()),
            service_account_name: spec.service_account_name.clone(),
            verification: spec.verify.as_ref().map(|verify| {
                match verify.provider {
                    pilothouse_resources::VerificationProvider::Cosign => "cosign",
                    pilothouse_resources::VerificationProvider::Notation => "notation",
                }
                .to_owned()
            }),
            created_at: object.creation_timestamp().map(|time| time.0),
            labels: object.labels().clone(),
            status: Status::of(
                &object.metadata,
                &status.conditions,
                status.observed_generation,
                spec.suspend.unwrap_or_default(),
            ),
            artifact: status.artifact.as_ref().map(ArtifactView::of),
            releases: None,
            last_handled_reconcile_at: status.last_handled_reconcile_at.clone(),
        }
    }
}

/// How releases refer to an OCIRepository.
pub fn key(namespace: &str, name: &str) -> SourceKey {
    SourceKey { kind: "OCIRepository".into(), namespace: namespace.to_owned(), name: name.to_owned() }
}

impl Listed for OciRepository {
    const SORTS: &'static [&'static str] =
        &["name", "namespace", "url", "interval", "state", "releases", "revision", "createdAt"];

    fn texts<'a>(&'a self, texts: &mut Vec<&'a str>) {
        texts.extend([self.name.as_str(), &self.namespace, &self.url, &self.status.state]);
        texts.extend(self.status.message.as_deref());
        texts.extend(self.artifact.as_ref().map(|artifact| artifact.revision.as_str()));
    }

    fn sort_key(&self, field: &str) -> SortKey {
        match field {
            "namespace" => SortKey::text(&self.namespace),
            "url" => SortKey::text(&self.url),
            "interval" => SortKey::number(i64::try_from(self.interval_seconds).ok()),
            "state" => SortKey::text(&self.status.state),
            "releases" => SortKey::number(self.releases.and_then(|count| i64::try_from(count).ok())),
            "revision" => self.artifact.as_ref().map_or(SortKey::Missing, |a| SortKey::text(&a.revision)),
            "createdAt" => SortKey::number(self.created_at.map(Timestamp::as_second)),
            _ => SortKey::text(&self.name),
        }
    }

    fn state(&self) -> &str {
        &self.status.state
    }
}

/// All OCI repositories of a namespace, or of all.
pub async fn list(caller: &Caller, namespace: Option<&str>) -> Result<Vec<OciRepository>, Problem> {
    let params = ListParams::default();
    let listed = list_scoped(&caller.client, namespace, &params, |object: OCIRepository| {
        Some(OciRepository::of(&object))
    });
    let (listed, uses) = tokio::join!(listed, dependents::uses(caller, namespace));
    let mut listed = listed?;
    if let Ok((uses, _)) = uses {
        let mut counts: HashMap<SourceKey, usize> = HashMap::new();
        for used in uses {
            *counts.entry(used.source).or_default() += 1;
        }
        for repository in &mut listed {
            let count = counts.get(&key(&repository.namespace, &repository.name));
            repository.releases = Some(count.copied().unwrap_or_default());
        }
    }
    Ok(listed)
}

/// One OCI repository.
pub async fn get(caller: &Caller, namespace: &str, name: &str) -> Result<OciRepository, Problem> {
    let object = api::<OCIRepository>(&caller.client, Some(namespace)).get(name).await?;
    let mut view = OciRepository::of(&object);
    let secret = view.credentials.secret_name.clone();
    let key = key(namespace, name);
    let (credentials, dependents) =
        tokio::join!(credentials::state(caller, namespace, secret.as_deref()), dependents::of(caller, &key));
    view.credentials = credentials?;
    view.releases = dependents.ok().map(|dependents| dependents.items.len());
    Ok(view)
}

fn reference(given: &Reference, checks: &mut Checks) -> Option<OCIRepositoryRef> {
    let text = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
    let made = OCIRepositoryRef {
        tag: text(&given.tag),
        semver: text(&given.semver),
        semver_filter: text(&given.semver_filter),
        digest: text(&given.digest),
    };
    if let Some(tag) = &made.tag {
        checks.take("reference.tag", validate::tag(tag));
    }
    if let Some(digest) = &made.digest {
        checks.take("reference.digest", validate::digest(digest));
    }
    if let Some(range) = &made.semver {
        checks.take("reference.semver", super::charts::check_range(range));
    }
    if made.semver_filter.is_some() && made.semver.is_none() {
        checks.add("reference.semverFilter", "a filter narrows a range: give `semver` too");
    }
    (made != OCIRepositoryRef::default()).then_some(made)
}

fn layer(given: &Layer, checks: &mut Checks) -> Option<OCILayerSelector> {
    let operation = match given.operation.as_deref() {
        None | Some("") => None,
        Some("extract") => Some(LayerOperation::Extract),
        Some("copy") => Some(LayerOperation::Copy),
        Some(other) => {
            checks.add("layer.operation", format!("`{other}` is not an operation; use extract or copy"));
            None
        }
    };
    let media_type = given.media_type.clone().filter(|text| !text.is_empty());
    if media_type.as_ref().is_some_and(|text| !text.contains('/') || text.chars().any(char::is_whitespace)) {
        checks.add(
            "layer.mediaType",
            "a media type looks like `application/vnd.cncf.helm.chart.content.v1.tar+gzip`",
        );
    }
    let made = OCILayerSelector { media_type, operation };
    (made != OCILayerSelector::default()).then_some(made)
}

/// The specification that a request asks for, and every finding.
pub fn specification(request: &OciRepositoryRequest, checks: &mut Checks) -> Option<OCIRepositorySpec> {
    let url = request.url.trim();
    checks.take("url", validate::repository_url(url, true));
    let interval = request.interval.as_deref().filter(|text| !text.is_empty()).unwrap_or(DEFAULT_INTERVAL);
    let interval = checks.take("interval", validate::interval(interval));
    let timeout = match request.timeout.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => checks.take("timeout", validate::timeout(text, false)),
        None => "60s".parse().ok(),
    };
    let provider = request.provider.as_deref().and_then(|name| checks.take("provider", provider(name)));
    checks.take("labels", validate::labels(&request.labels));
    let reference = reference(&request.reference, checks);
    let layer_selector = layer(&request.layer, checks);
    Some(OCIRepositorySpec {
        url: url.to_owned(),
        reference,
        layer_selector,
        provider: provider.unwrap_or(Provider::Generic),
        secret_ref: None,
        verify: None,
        service_account_name: request.service_account_name.clone().filter(|name| !name.is_empty()),
        cert_secret_ref: None,
        proxy_secret_ref: None,
        interval: interval?,
        timeout,
        ignore: None,
        insecure: request.insecure.then_some(true),
        suspend: request.suspended.then_some(true),
    })
}

const FIELDS: &[(&str, &str)] = &[
    ("metadata.name", "name"),
    ("metadata.labels", "labels"),
    ("spec.ref.tag", "reference.tag"),
    ("spec.ref.semver", "reference.semver"),
    ("spec.ref.digest", "reference.digest"),
    ("spec.layerSelector.mediaType", "layer.mediaType"),
    ("spec.layerSelector.operation", "layer.operation"),
    ("spec.secretRef", "credentials"),
    ("spec.certSecretRef", "certificate"),
    ("spec.suspend", "suspended"),
];

/// Adds an OCI repository.
pub async fn create(
    caller: &Caller,
    namespace: &str,
    request: &OciRepositoryRequest,
) -> Result<OciRepository, Problem> {
    let mut checks = Checks::default();
    checks.take("name", validate::name(&request.name, validate::MAX_NAME));
    checks.take("namespace", validate::namespace(namespace));
    let spec = specification(request, &mut checks);
    let credentials = request.credentials.clone().unwrap_or_default();
    credentials.check("credentials", &mut checks, false);
    let certificate = request.certificate.clone().unwrap_or_default();
    certificate.check("certificate", &mut checks);
    checks.finish()?;
    let Some(mut spec) = spec else { return Err(Problem::field("interval", "an interval is needed")) };

    need_namespace(&caller.client, namespace).await?;
    let repositories = api::<OCIRepository>(&caller.client, Some(namespace));
    if repositories.get_metadata_opt(&request.name).await?.is_some() {
        let message = format!("an OCI repository named `{}` exists already in this namespace", request.name);
        let mut problem = Problem::conflict("already-exists", "The name is taken", message.clone());
        problem.errors = vec![crate::FieldError { field: "name".into(), message }];
        return Err(problem);
    }
    let secret = credentials::store(caller, namespace, &request.name, &credentials, None).await?;
    let certificates = credentials::store_certificate(caller, namespace, &request.name, &certificate).await?;
    spec.secret_ref = secret.clone().map(Into::into);
    spec.cert_secret_ref = certificates.clone().map(Into::into);
    let mut object = OCIRepository::new(&request.name, spec);
    if !request.labels.is_empty() {
        object.metadata.labels = Some(request.labels.clone());
    }
    match repositories.create(&manager(), &object).await {
        Ok(created) => Ok(OciRepository::of(&created)),
        Err(error) => {
            let made = [
                secret.filter(|_| credentials.secret_name.is_none()),
                certificates.filter(|_| certificate.secret_name.is_none()),
            ];
            for name in made.iter().flatten() {
                credentials::discard(caller, namespace, name).await;
            }
            Err(Problem::from(error).at_fields(FIELDS))
        }
    }
}

/// Changes an OCI repository.
pub async fn update(
    caller: &Caller,
    namespace: &str,
    name: &str,
    request: &OciRepositoryUpdate,
) -> Result<OciRepository, Problem> {
    let repositories = api::<OCIRepository>(&caller.client, Some(namespace));
    let before = repositories.get(name).await?;
    let mut checks = Checks::default();
    let mut spec = changed_specification(&before.spec, request, &mut checks);
    if let Some(credentials) = &request.credentials {
        credentials.check("credentials", &mut checks, before.spec.secret_ref.is_some());
    }
    if let Some(certificate) = &request.certificate {
        certificate.check("certificate", &mut checks);
    }
    if let Some(labels) = &request.labels {
        checks.take("labels", validate::labels(labels));
    }
    checks.finish()?;
    let old_secret = before.spec.secret_ref.as_ref().map(|reference| reference.name.clone());
    if let Some(credentials) = &request.credentials {
        let stored = credentials::store(caller, namespace, name, credentials, old_secret.as_deref()).await?;
        spec.secret_ref = stored.map(Into::into);
    }
    if let Some(certificate) = &request.certificate {
        let stored = credentials::store_certificate(caller, namespace, name, certificate).await?;
        spec.cert_secret_ref = stored.map(Into::into);
    }
    let written =
        edit(&repositories, name, request.resource_version.as_deref(), |object: &mut OCIRepository| {
            object.spec = spec.clone();
            if let Some(labels) = &request.labels {
                object.metadata.labels = Some(labels.clone());
            }
            Ok(())
        })
        .await
        .map_err(|problem| problem.at_fields(FIELDS))?;
    Ok(OciRepository::of(&written))
}

fn changed_specification(
    before: &OCIRepositorySpec,
    request: &OciRepositoryUpdate,
    checks: &mut Checks,
) -> OCIRepositorySpec {
    let mut spec = before.clone();
    if let Some(url) = &request.url {
        url.trim().clone_into(&mut spec.url);
        checks.take("url", validate::repository_url(&spec.url, true));
    }
    if let Some(given) = &request.reference {
        spec.reference = reference(given, checks);
    }
    if let Some(given) = &request.layer {
        spec.layer_selector = layer(given, checks);
    }
    if let Some(text) = &request.interval
        && let Some(interval) = checks.take("interval", validate::interval(text))
    {
        spec.interval = interval;
    }
    if let Some(text) = &request.timeout {
        spec.timeout = if text.is_empty() {
            "60s".parse().ok()
        } else {
            checks.take("timeout", validate::timeout(text, false))
        };
    }
    if let Some(name) = &request.provider {
        spec.provider = checks.take("provider", provider(name)).unwrap_or_default();
    }
    if let Some(name) = &request.service_account_name {
        spec.service_account_name = Some(name.clone()).filter(|name| !name.is_empty());
    }
    if let Some(insecure) = request.insecure {
        spec.insecure = insecure.then_some(true);
    }
    if let Some(suspended) = request.suspended {
        spec.suspend = suspended.then_some(true);
    }
    spec
}

/// Deletes an OCI repository. With releases that use it, its name must be typed as `confirm`.
pub async fn delete(
    caller: &Caller,
    namespace: &str,
    name: &str,
    confirm: Option<&str>,
) -> Result<Dependents, Problem> {
    let repositories = api::<OCIRepository>(&caller.client, Some(namespace));
    let object = repositories.get(name).await?;
    let dependents = dependents::of(caller, &key(namespace, name))
        .await
        .or_else(|problem| if problem.is_forbidden() { Ok(Dependents::default()) } else { Err(problem) })?;
    dependents::need_confirmation("OCI repository", name, &dependents, confirm)?;
    repositories.delete(name, &DeleteParams::default()).await?;
    for reference in [&object.spec.secret_ref, &object.spec.cert_secret_ref].into_iter().flatten() {
        credentials::discard_if_unused(caller, namespace, &reference.name, name).await;
    }
    Ok(dependents)
}

/// The chart in the stored artifact, with the artifact's digest.
pub async fn chart(
    caller: &Caller,
    sources: &super::sources::Sources,
    namespace: &str,
    name: &str,
) -> Result<(pilothouse_chart::Chart, String), Problem> {
    let (_, artifact) = pulled(caller, namespace, name).await?;
    Ok((sources.chart_of_artifact(&artifact).await?, artifact.digest.unwrap_or_default()))
}

/// The repository and what was pulled from it last.
async fn pulled(
    caller: &Caller,
    namespace: &str,
    name: &str,
) -> Result<(OCIRepository, pilothouse_resources::Artifact), Problem> {
    let object = api::<OCIRepository>(&caller.client, Some(namespace)).get(name).await?;
    match object.status.as_ref().and_then(|status| status.artifact.clone()) {
        Some(artifact) => Ok((object, artifact)),
        None => Err(Problem::conflict(
            "not-synced",
            "Not synced yet",
            format!("OCI repository `{name}` has no artifact yet; look at its status"),
        )),
    }
}

/// Signatures and attestations that refer to the artifact pulled last; looked for, not verified.
///
/// # Errors
/// No such repository, none pulled yet, a revision without a digest, or a registry that does not answer.
pub async fn signatures(
    caller: &Caller,
    sources: &super::sources::Sources,
    namespace: &str,
    name: &str,
) -> Result<super::sources::Signatures, Problem> {
    let (object, artifact) = pulled(caller, namespace, name).await?;
    // `TAG@sha256:HEX`, or the digest alone.
    let digest = artifact.revision.rsplit('@').next().unwrap_or_default();
    let digest = digest.parse().map_err(|_| {
        Problem::conflict(
            "no-digest",
            "No digest",
            format!("revision `{}` of OCI repository `{name}` names no digest", artifact.revision),
        )
    })?;
    sources.signatures_of_oci(caller, namespace, &object.spec, &digest).await
}
