//! Finds the charts below a repository URL. No way of listing works everywhere, so the answer says which was used
//! and whether it is complete.

mod catalog_endpoint;
mod docker_hub;
mod github_packages;
mod gitlab;
mod google;
mod harbor;
mod quay;
mod vendor;

use std::collections::{BTreeMap, BTreeSet};

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::envelope;
use crate::error::Kind;
use crate::{Error, Family, OciClient, TagList};

pub use vendor::Apis;

/// How a list of charts was obtained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Method {
    /// The registry's `_catalog`, filtered by the URL's path.
    Catalog,
    /// Docker Hub's API.
    DockerHubApi,
    /// Harbor's API.
    HarborApi,
    /// Quay's API.
    QuayApi,
    /// GitLab's API.
    #[serde(rename = "gitlab-api")]
    GitLabApi,
    /// GitHub's packages API.
    GithubPackagesApi,
    /// Google Artifact Registry's API.
    GoogleApi,
    /// The URL itself is a chart.
    ChartUrl,
    /// The list the user gave.
    ExplicitList,
    /// An HTTP repository's index.
    Index,
}

impl Method {
    /// The name as it stands in a status: `catalog`, `harbor-api`, `chart-url`, ….
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::DockerHubApi => "docker-hub-api",
            Self::HarborApi => "harbor-api",
            Self::QuayApi => "quay-api",
            Self::GitLabApi => "gitlab-api",
            Self::GithubPackagesApi => "github-packages-api",
            Self::GoogleApi => "google-api",
            Self::ChartUrl => "chart-url",
            Self::ExplicitList => "explicit-list",
            Self::Index => "index",
        }
    }
}

/// What to look for, and what is known already.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Charts the user listed (paths below the URL): nothing else is asked then.
    pub charts: Option<Vec<String>>,
    /// How the list was obtained last time: a chart URL is not taken for a prefix again at each sync.
    pub previous: Option<Method>,
    /// Where the vendors' APIs are.
    pub apis: Apis,
}

/// Charts found below a URL.
#[derive(Debug, Clone)]
pub struct Found {
    /// Paths below the URL; empty for the URL itself.
    pub charts: BTreeSet<String>,
    /// How they were found.
    pub method: Method,
    /// Whether these are all.
    pub complete: bool,
    /// What a person should know about the list (why it is not complete, what was tried before).
    pub note: Option<String>,
    /// Tag lists that were read on the way.
    pub(crate) tags: BTreeMap<String, TagList>,
}

/// Repository paths of a whole registry or namespace.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    pub(crate) names: Vec<String>,
    pub(crate) truncated: bool,
}

/// One way of listing repositories.
pub(crate) trait Adapter: Send + Sync {
    /// Its name.
    fn method(&self) -> Method;

    /// Full repository paths (with the URL's own path in front) that may lie below the client's URL.
    fn list<'a>(&'a self, client: &'a OciClient, apis: &'a Apis) -> BoxFuture<'a, Result<Listing, Error>>;
}

fn adapters(family: Family) -> &'static [&'static dyn Adapter] {
    match family {
        Family::DockerHub => &[&docker_hub::DockerHub],
        Family::Ghcr => &[&github_packages::GithubPackages],
        Family::Google => &[&google::Google],
        Family::Quay => &[&quay::Quay, &catalog_endpoint::CatalogEndpoint],
        Family::Harbor => &[&harbor::Harbor, &catalog_endpoint::CatalogEndpoint],
        Family::GitLab => &[&gitlab::GitLab, &catalog_endpoint::CatalogEndpoint],
        // ECR Public's catalog lists only one's own repositories.
        Family::EcrPublic => &[],
        Family::Ecr | Family::Acr | Family::Artifactory | Family::Other => {
            &[&catalog_endpoint::CatalogEndpoint]
        }
    }
}

/// Finds the charts below `client`'s URL: the user's list, else what the registry's family allows, else the URL
/// itself if it has tags.
///
/// # Errors
/// The registry cannot be reached, or no way worked: [`Error::Discovery`] names each with its outcome.
pub async fn discover(client: &OciClient, options: &Options) -> Result<Found, Error> {
    if let Some(charts) = &options.charts {
        return explicit(client, charts);
    }
    if options.previous == Some(Method::ChartUrl)
        && let Some(found) = chart_url(client).await?
    {
        return Ok(found);
    }
    let family = Family::detect(client).await?;
    let mut attempts = Vec::new();
    let mut worst: Option<Kind> = None;
    // Of a listing that wants credentials or fails in the server: said unless the URL itself turns out to be a chart.
    let mut refused: Option<Error> = None;
    for adapter in adapters(family) {
        match adapter.list(client, &options.apis).await {
            Ok(listing) => return below(client, adapter.method(), listing, &attempts).await,
            Err(error) => {
                let of_the_listing = is_of_the_listing(&error, options.previous);
                if is_final(&error) && !of_the_listing {
                    return Err(error);
                }
                worst = worst.or(Some(error.kind()));
                attempts.push(format!("{}: {error}", adapter.method().as_str()));
                refused = refused.or(of_the_listing.then_some(error));
            }
        }
    }
    match (chart_url(client).await, refused) {
        (Ok(Some(mut found)), _) => {
            found.note = (!attempts.is_empty()).then(|| attempts.join("; "));
            Ok(found)
        }
        (Ok(None) | Err(_), Some(refused)) => Err(refused),
        (Ok(None), None) => Err(discovery_error(client, attempts, worst)),
        (Err(error), None) if is_final(&error) => Err(error),
        (Err(error), None) => {
            worst = worst.or(Some(error.kind()));
            attempts.push(format!("chart-url: {error}"));
            Err(discovery_error(client, attempts, worst))
        }
    }
}

/// Errors that another way of asking the same registry would only repeat.
fn is_final(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Dns
            | Kind::Connect
            | Kind::TlsNotTrusted
            | Kind::Tls
            | Kind::Timeout
            | Kind::RateLimited
            | Kind::Server
            | Kind::Configuration
    ) || matches!(error, Error::CredentialsMissing { .. })
}

/// Errors that may concern the listing alone: some registries want credentials for it but not for charts, or fail on
/// it when they hold much. Where a listing worked before, one that fails does not turn the URL into a chart.
fn is_of_the_listing(error: &Error, previous: Option<Method>) -> bool {
    match error {
        Error::CredentialsMissing { .. } => true,
        Error::Status(_) => error.kind() == Kind::Server && matches!(previous, None | Some(Method::ChartUrl)),
        _ => false,
    }
}

fn discovery_error(client: &OciClient, mut attempts: Vec<String>, worst: Option<Kind>) -> Error {
    if attempts.is_empty() {
        attempts.push("this registry offers no list, and the URL itself has no tags".into());
    }
    // Refused credentials are the cause to name; a missing catalog alone only means that listing is not offered.
    let kind = worst.filter(|k| *k == Kind::Authentication).unwrap_or(Kind::Discovery);
    Error::Discovery { url: client.url().to_string(), attempts, kind }
}

fn explicit(client: &OciClient, charts: &[String]) -> Result<Found, Error> {
    let mut found = BTreeSet::new();
    for chart in charts.iter().map(|c| c.trim().trim_matches('/')) {
        client.url().join(chart)?;
        found.insert(chart.to_owned());
    }
    Ok(Found {
        charts: found,
        method: Method::ExplicitList,
        complete: true,
        note: None,
        tags: BTreeMap::new(),
    })
}

/// The URL itself, if it has tags.
async fn chart_url(client: &OciClient) -> Result<Option<Found>, Error> {
    if client.url().path().is_empty() {
        return Ok(None);
    }
    let tags = match client.tags().await {
        Ok(list) => list,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    if tags.tags.is_empty() {
        return Ok(None);
    }
    Ok(Some(Found {
        charts: BTreeSet::from([String::new()]),
        method: Method::ChartUrl,
        complete: true,
        note: None,
        tags: BTreeMap::from([(String::new(), tags)]),
    }))
}

/// The part of a listing that lies below the URL. Where it is empty, the URL itself may still be a chart that the
/// listing does not show.
async fn below(
    client: &OciClient,
    method: Method,
    listing: Listing,
    tried: &[String],
) -> Result<Found, Error> {
    let path = client.url().path();
    let relative = |name: &String| -> Option<String> {
        if path.is_empty() {
            return Some(name.clone());
        }
        let rest = name.strip_prefix(path)?;
        if rest.is_empty() { Some(String::new()) } else { rest.strip_prefix('/').map(str::to_owned) }
    };
    let usable = |chart: &String| client.url().join(chart).is_ok();
    let charts: BTreeSet<String> = listing.names.iter().filter_map(relative).filter(usable).collect();
    if charts.is_empty()
        && let Ok(Some(found)) = chart_url(client).await
    {
        return Ok(found);
    }
    let mut notes = tried.to_vec();
    if charts.is_empty() {
        notes.push(nothing_below(path, &listing.names));
    }
    if listing.truncated {
        notes.push(
            "the registry has more repositories than were read; give a longer URL or list the charts".into(),
        );
    }
    let note = (!notes.is_empty()).then(|| notes.join("; "));
    Ok(Found { charts, method, complete: !listing.truncated, note, tags: BTreeMap::new() })
}

/// Repositories that an empty answer names, so that a mistyped path is seen.
const NAMED: usize = 3;

/// What a person is told where a listing has nothing below the path: registries cannot say whether a path that holds
/// nothing is meant to be there.
fn nothing_below(path: &str, names: &[String]) -> String {
    let nearest = || {
        // The same first segment is the likeliest slip; else whatever comes first.
        let first = path.split('/').next().unwrap_or_default();
        let alike = |name: &&String| name.split('/').next() == Some(first);
        let mut chosen: Vec<&String> = names.iter().filter(alike).take(NAMED).collect();
        if chosen.is_empty() {
            chosen = names.iter().take(NAMED).collect();
        }
        // Names are the registry's texts.
        chosen.into_iter().map(|name| envelope::clip(name)).collect::<Vec<_>>().join(", ")
    };
    match (path.is_empty(), names.len()) {
        (_, 0) => {
            "the registry lists no repositories there; push a chart, or check the path of the URL".to_owned()
        }
        (true, count) => format!("none of the {count} repositories that the registry lists can be used"),
        (false, count) => format!(
            "none of the {count} repositories that the registry lists is below '{path}' (it has {}{}); push a chart \
             there, or correct the URL",
            nearest(),
            if count > NAMED { ", …" } else { "" }
        ),
    }
}
