//! GitLab: the catalog is for administrators or off; the API lists a group's or project's registry repositories.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use tokio::time::Instant;

use super::vendor::{self, MAX_PAGES};
use super::{Adapter, Apis, Listing, Method};
use crate::challenge::{self, Challenge};
use crate::transport::Auth;
use crate::{Credentials, Error, OciClient};

pub(super) struct GitLab;

/// Deepest project path tried: GitLab nests groups 20 deep at most.
const MAX_LEVELS: usize = 20;

#[derive(Deserialize)]
struct Repository {
    path: String,
}

impl Adapter for GitLab {
    fn method(&self) -> Method {
        Method::GitLabApi
    }

    fn list<'a>(&'a self, client: &'a OciClient, apis: &'a Apis) -> BoxFuture<'a, Result<Listing, Error>> {
        async move {
            let deadline = client.transport.deadline();
            let base = api(client, apis).await?;
            let token = match client.transport.credentials(false).await? {
                Credentials::Basic { password: token, .. } | Credentials::Bearer(token) => {
                    let mut value =
                        HeaderValue::from_str(token.expose()).map_err(|_| Error::Credentials {
                            host: client.url().host().to_owned(),
                            reason: "the token holds characters that cannot be sent in a header".into(),
                        })?;
                    value.set_sensitive(true);
                    Some(value)
                }
                Credentials::Anonymous | Credentials::Identity(_) => None,
            };
            // The URL's path may name a group, a project, or something within a project: the longest that exists.
            let mut path = client.url().path();
            let mut first = None;
            for _ in 0..MAX_LEVELS {
                for kind in ["groups", "projects"] {
                    match repositories(client, &base, kind, path, token.clone(), deadline).await {
                        Err(error) if error.is_not_found() => first = first.or(Some(error)),
                        other => return other,
                    }
                }
                match path.rsplit_once('/') {
                    Some((parent, _)) => path = parent,
                    None => break,
                }
            }
            Err(first.unwrap_or_else(|| Error::NotListable {
                url: client.url().to_string(),
                reason: "on GitLab it must name a group or project".into(),
            }))
        }
        .boxed()
    }
}

async fn repositories(
    client: &OciClient,
    base: &str,
    kind: &str,
    path: &str,
    token: Option<HeaderValue>,
    deadline: Instant,
) -> Result<Listing, Error> {
    let what = "GitLab's list of registry repositories";
    let mut listing = Listing::default();
    for page in 1..=MAX_PAGES {
        let number = page.to_string();
        let query = [("per_page", "100"), ("page", number.as_str())];
        let url = vendor::url(base, &["api", "v4", kind, path, "registry", "repositories"], &query)?;
        let headers = token.iter().map(|t| (HeaderName::from_static("private-token"), t.clone())).collect();
        let reply = vendor::get(client, url, Auth::Nothing, headers, what, deadline).await?;
        let repositories: Vec<Repository> = reply.json(what)?;
        let last = repositories.len() < 100;
        listing.names.extend(repositories.into_iter().map(|r| r.path));
        if last {
            return Ok(listing);
        }
    }
    listing.truncated = true;
    Ok(listing)
}

/// GitLab itself stands where the registry's tokens come from.
async fn api(client: &OciClient, apis: &Apis) -> Result<String, Error> {
    if client.url().host() == "registry.gitlab.com" {
        return Ok(apis.gitlab.clone());
    }
    let (_, headers) = client.probe().await?;
    let challenges = challenge::parse(headers.iter().map(String::as_str));
    let realm = challenges.iter().find_map(|c| match c {
        Challenge::Bearer { realm, .. } => url::Url::parse(realm).ok(),
        Challenge::Basic => None,
    });
    realm.map(|url| url.origin().ascii_serialization()).ok_or_else(|| Error::Malformed {
        what: format!("the challenge of {}", client.url().host()),
        reason: "it does not name GitLab's address".into(),
    })
}
