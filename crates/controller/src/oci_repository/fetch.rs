//! Finds and pulls what an OCIRepository points to.

use std::collections::BTreeMap;

use bytes::Bytes;
use pilothouse_chart::semver::{Constraints, Version};
use pilothouse_registry::manifest::{Descriptor, HELM_CHART_LAYER, Manifest};
use pilothouse_registry::{Digest, Error as RegistryError, Kind, OciClient, RepositoryUrl};
use pilothouse_resources::{LayerOperation, OCIRepository, OCIRepositoryRef};
use regex::Regex;

use super::layer;
use crate::access;
use crate::context::Context;
use crate::source::{Failure, with_hint};

/// Largest layer that is stored.
const MAX_LAYER: u64 = 64 << 20;
/// Longest `semverFilter`, and largest program it may compile to.
const MAX_FILTER: usize = 1024;

/// What was pulled.
pub(super) struct Fetched {
    /// `<tag>@<digest>`, or the digest alone.
    pub(super) revision: String,
    /// Digest of the manifest.
    pub(super) digest: Digest,
    /// What to store.
    pub(super) content: Bytes,
    /// The manifest's annotations.
    pub(super) annotations: BTreeMap<String, String>,
}

fn pull_failed(what: &str, error: &RegistryError) -> Failure {
    // The registry's own words where it answered; a hint where Flux's text would leave a person alone.
    let cause = match error.kind() {
        Kind::NotFound | Kind::Authentication => error.answered(),
        _ => with_hint(error),
    };
    Failure::fetch("OCIArtifactPullFailed", format!("{what}: {cause}")).after(error)
}

/// Pulls what `repository` means; `None` where `stored` is its revision.
pub(super) async fn run(
    context: &Context,
    repository: &OCIRepository,
    stored: Option<&str>,
) -> Result<Option<Fetched>, Failure> {
    let spec = &repository.spec;
    let url: RepositoryUrl = spec.url.parse().map_err(|error: RegistryError| {
        Failure::fetch("URLInvalid", format!("URL validation failed for '{}': {error}", shown(&spec.url)))
            .stalled()
    })?;
    let mut access = access::for_oci_repository(context, repository).await?;
    access.limits.layer = access.limits.layer.max(MAX_LAYER);
    let client = context.options.pool.oci(url, access);
    let client = client.map_err(|error| Failure::fetch("AuthenticationFailed", error.to_string()))?;
    let found = find_and_pull(&client, repository, stored).await;
    context.options.metrics.registry_requests("OCIRepository", client.requests());
    found
}

async fn find_and_pull(
    client: &OciClient,
    repository: &OCIRepository,
    stored: Option<&str>,
) -> Result<Option<Fetched>, Failure> {
    let spec = &repository.spec;
    let reference = spec.reference.clone().unwrap_or_default();
    let (revision, digest) = find(client, repository, &reference).await?;
    if stored == Some(revision.as_str()) {
        return Ok(None);
    }
    let pulling = format!("failed to pull artifact from '{}'", spec.url);
    let (_, manifest) =
        client.manifest(digest.as_str()).await.map_err(|error| pull_failed(&pulling, &error))?;
    let selector = spec.layer_selector.clone().unwrap_or_default();
    let descriptor = layer_of(&manifest, selector.media_type.as_deref()).map_err(|why| {
        Failure::fetch("OCIArtifactLayerOperationFailed", format!("failed to select a layer: {why}"))
    })?;
    let blob = client
        .blob(descriptor, MAX_LAYER, "the layer")
        .await
        .map_err(|error| pull_failed(&pulling, &error))?;
    let content = match selector.operation.unwrap_or_default() {
        LayerOperation::Copy => blob,
        LayerOperation::Extract => {
            let ignore = spec.ignore.clone();
            tokio::task::spawn_blocking(move || layer::repack(&blob, ignore.as_deref()))
                .await
                .unwrap_or_else(|_| Err("unpacking was cut short".into()))
                .map_err(|why| {
                    let message = format!("failed to extract layer contents from artifact: {why}");
                    Failure::fetch("OCIArtifactLayerOperationFailed", message)
                })?
        }
    };
    Ok(Some(Fetched { revision, digest, content, annotations: manifest.annotations }))
}

/// The revision and the manifest digest; precedence digest, range, tag, `latest`.
async fn find(
    client: &OciClient,
    repository: &OCIRepository,
    reference: &OCIRepositoryRef,
) -> Result<(String, Digest), Failure> {
    let url = &repository.spec.url;
    if let Some(digest) = reference.digest.as_deref().filter(|d| !d.is_empty()) {
        let digest: Digest = digest.parse().map_err(|error: RegistryError| {
            Failure::fetch(
                "URLInvalid",
                format!("failed to determine the artifact digest for '{url}': {error}"),
            )
            .stalled()
        })?;
        return Ok((digest.to_string(), digest));
    }
    let is_chart = repository.spec.layer_selector.as_ref().and_then(|s| s.media_type.as_deref())
        == Some(HELM_CHART_LAYER);
    let tag = if let Some(range) = reference.semver.as_deref().filter(|s| !s.is_empty()) {
        let cannot = |why: String| {
            Failure::fetch(
                "ReadOperationFailed",
                format!("failed to determine the artifact tag for '{url}': {why}"),
            )
        };
        let filter = reference.semver_filter.as_deref().filter(|f| !f.is_empty());
        newest(client, range, filter, is_chart).await.map_err(|error| match error {
            Choice::Registry(error) => cannot(error.answered()).after(&error),
            Choice::None(why) => cannot(why),
        })?
    } else {
        let tag = reference.tag.as_deref().filter(|t| !t.is_empty()).unwrap_or("latest");
        if is_chart { tag.replace('+', "_") } else { tag.to_owned() }
    };
    let resolved = client.resolve(&tag).await;
    let resolved = resolved.map_err(|error| pull_failed("failed to determine artifact digest", &error))?;
    Ok((format!("{tag}@{}", resolved.digest), resolved.digest))
}

enum Choice {
    Registry(RegistryError),
    None(String),
}

async fn newest(
    client: &OciClient,
    range: &str,
    filter: Option<&str>,
    is_chart: bool,
) -> Result<String, Choice> {
    let constraint = Constraints::parse(range)
        .map_err(|error| Choice::None(format!("semver '{range}' parse error: {error}")))?;
    let filter = filter.map(compile).transpose().map_err(Choice::None)?;
    let tags = client.tags().await.map_err(Choice::Registry)?;
    choose(&tags.tags, &constraint, filter.as_ref(), is_chart)
        .ok_or_else(|| Choice::None(format!("no match found for semver: {range}")))
}

fn compile(filter: &str) -> Result<Regex, String> {
    if filter.len() > MAX_FILTER {
        return Err(format!("semverFilter is longer than {MAX_FILTER} bytes"));
    }
    regex::RegexBuilder::new(filter)
        .size_limit(1 << 20)
        .build()
        .map_err(|error| format!("semverFilter '{filter}' is not a regular expression: {error}"))
}

/// The tag of the highest version; a `_` in a tag stands for `+` only where the layer is a chart.
fn choose(
    tags: &[String],
    constraint: &Constraints,
    filter: Option<&Regex>,
    is_chart: bool,
) -> Option<String> {
    tags.iter()
        .filter(|tag| filter.is_none_or(|f| f.is_match(tag)))
        .filter_map(|tag| {
            let text = if is_chart { tag.replacen('_', "+", 1) } else { tag.clone() };
            let strict = text.strip_prefix('v').unwrap_or(&text);
            Version::parse_strict(strict).ok().map(|version| (version, tag))
        })
        .filter(|(version, _)| constraint.check(version))
        .max_by(|(a, left), (b, right)| a.cmp(b).then_with(|| left.cmp(right)))
        .map(|(_, tag)| tag.clone())
}

fn layer_of<'m>(manifest: &'m Manifest, media_type: Option<&str>) -> Result<&'m Descriptor, String> {
    if manifest.layers.is_empty() {
        return Err("no layers found in artifact".into());
    }
    let Some(wanted) = media_type.filter(|t| !t.is_empty()) else { return Ok(&manifest.layers[0]) };
    let found = manifest.layers.iter().find(|l| l.media_type == wanted);
    found.ok_or_else(|| format!("failed to find layer with media type '{wanted}' in artifact"))
}

/// A URL that may hold a user, without one.
fn shown(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(scheme), Some(at)) if at > scheme => format!("{}****{}", &url[..scheme + 3], &url[at..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_tag_in_the_range_is_chosen() {
        let tags: Vec<String> =
            ["latest", "1.0.0", "v1.2.0", "1.10.0", "2.0.0-rc.1", "1.10.1_b", "1.10.0-alpine"]
                .map(str::to_owned)
                .into();
        let check = |range: &str, filter: Option<&str>, chart: bool, expected: Option<&str>| {
            let constraint = Constraints::parse(range).unwrap();
            let filter = filter.map(|f| compile(f).unwrap());
            assert_eq!(choose(&tags, &constraint, filter.as_ref(), chart).as_deref(), expected, "{range}");
        };
        check(">=1.0.0", None, false, Some("1.10.0"));
        check(">=1.0.0", None, true, Some("1.10.1_b"));
        check(">=1.0.0-0", Some("alpine$"), false, Some("1.10.0-alpine"));
        check("~1.2", None, false, Some("v1.2.0"));
        check(">=9.0.0", None, false, None);
    }

    #[test]
    fn urls_are_shown_without_a_user() {
        assert_eq!(shown("oci://u:p@host/x"), "oci://****@host/x");
        assert_eq!(shown("oci://host/x"), "oci://host/x");
    }
}
