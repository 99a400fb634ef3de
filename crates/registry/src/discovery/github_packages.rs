//! GitHub Container Registry: it has no listing; GitHub's packages API has, for a token with `read:packages`.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::header::{HeaderName, HeaderValue};
use serde::Deserialize;

use super::vendor::{self, MAX_PAGES};
use super::{Adapter, Apis, Listing, Method};
use crate::transport::Auth;
use crate::{Credentials, Error, OciClient};

pub(super) struct GithubPackages;

#[derive(Deserialize)]
struct Package {
    name: String,
}

impl Adapter for GithubPackages {
    fn method(&self) -> Method {
        Method::GithubPackagesApi
    }

    fn list<'a>(&'a self, client: &'a OciClient, apis: &'a Apis) -> BoxFuture<'a, Result<Listing, Error>> {
        async move {
            let Some(owner) = client.url().path().split('/').next().filter(|n| !n.is_empty()) else {
                return Err(Error::NotListable {
                    url: client.url().to_string(),
                    reason: "on ghcr.io it must name an organisation or user".into(),
                });
            };
            let auth = match client.transport.credentials(false).await? {
                Credentials::Basic { password: token, .. } | Credentials::Bearer(token) => Auth::Token(token),
                Credentials::Anonymous | Credentials::Identity(_) => {
                    return Err(Error::NotListable {
                        url: client.url().to_string(),
                        reason: "GitHub lists packages only for a personal access token with `read:packages`"
                            .into(),
                    });
                }
            };
            match packages(client, apis, "orgs", owner, auth.clone()).await {
                Err(error) if error.is_not_found() => packages(client, apis, "users", owner, auth).await,
                other => other,
            }
        }
        .boxed()
    }
}

async fn packages(
    client: &OciClient,
    apis: &Apis,
    kind: &str,
    owner: &str,
    auth: Auth,
) -> Result<Listing, Error> {
    let (deadline, what) = (client.transport.deadline(), "GitHub's list of packages");
    let version = (HeaderName::from_static("x-github-api-version"), HeaderValue::from_static("2022-11-28"));
    let mut listing = Listing::default();
    for page in 1..=MAX_PAGES {
        let number = page.to_string();
        let query = [("package_type", "container"), ("per_page", "100"), ("page", number.as_str())];
        let url = vendor::url(&apis.github, &[kind, owner, "packages"], &query)?;
        let reply = vendor::get(client, url, auth.clone(), vec![version.clone()], what, deadline).await?;
        let packages: Vec<Package> = reply.json(what)?;
        let last = packages.len() < 100;
        listing.names.extend(packages.into_iter().map(|p| format!("{owner}/{}", p.name)));
        if last {
            return Ok(listing);
        }
    }
    listing.truncated = true;
    Ok(listing)
}
