//! Requests to vendors' own APIs, paged and bounded like all others.

use http::Method;
use http::header::{HeaderName, HeaderValue};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use crate::transport::{Auth, Call, Reply};
use crate::{Error, OciClient};

/// Largest page of a vendor's answer.
const MAX_PAGE_BYTES: u64 = 8 << 20;
/// Most pages read from a vendor's API: 20,000 repositories at 100 a page.
pub(crate) const MAX_PAGES: usize = 200;

/// Where vendors' APIs are; another address is for tests and mirrors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apis {
    /// Docker Hub's API. Default `https://hub.docker.com`.
    pub docker_hub: String,
    /// GitHub's API. Default `https://api.github.com`.
    pub github: String,
    /// Google Artifact Registry's API. Default `https://artifactregistry.googleapis.com`.
    pub google: String,
    /// GitLab's API for `registry.gitlab.com`. Default `https://gitlab.com`.
    pub gitlab: String,
}

impl Default for Apis {
    fn default() -> Self {
        Self {
            docker_hub: "https://hub.docker.com".into(),
            github: "https://api.github.com".into(),
            google: "https://artifactregistry.googleapis.com".into(),
            gitlab: "https://gitlab.com".into(),
        }
    }
}

/// Builds an API URL from a base and path segments (each encoded) and query pairs.
pub(crate) fn url(base: &str, segments: &[&str], query: &[(&str, &str)]) -> Result<Url, Error> {
    let fail = |reason: String| Error::Url { url: base.to_owned(), reason };
    let mut url = Url::parse(base).map_err(|e| fail(e.to_string()))?;
    url.path_segments_mut()
        .map_err(|()| fail("it cannot hold a path".into()))?
        .pop_if_empty()
        .extend(segments);
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

/// One GET; the answer's headers stay readable for paging.
pub(crate) async fn get(
    client: &OciClient,
    url: Url,
    auth: Auth,
    headers: Vec<(HeaderName, HeaderValue)>,
    what: &str,
    deadline: Instant,
) -> Result<Reply, Error> {
    let mut call = Call::new(Method::GET, url, auth, what, MAX_PAGE_BYTES);
    call.accept = Some("application/json");
    call.headers = headers;
    client.transport.send(&call, deadline).await
}

/// One GET whose answer is JSON.
pub(crate) async fn get_json<T: DeserializeOwned>(
    client: &OciClient,
    url: Url,
    auth: Auth,
    what: &str,
    deadline: Instant,
) -> Result<T, Error> {
    get(client, url, auth, Vec::new(), what, deadline).await?.json(what)
}

/// `https://host` (or `http://`, as the registry itself) for APIs beside the registry.
pub(crate) async fn beside(client: &OciClient, deadline: Instant) -> Result<String, Error> {
    let url = client.api("", deadline).await?;
    Ok(url.origin().ascii_serialization())
}
