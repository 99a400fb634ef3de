//! Quay: its API lists a namespace's public repositories, and private ones for an OAuth token.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::Deserialize;

use super::vendor::{self, MAX_PAGES};
use super::{Adapter, Apis, Listing, Method};
use crate::transport::Auth;
use crate::{Credentials, Error, OciClient};

pub(super) struct Quay;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    repositories: Vec<Repository>,
    #[serde(default)]
    next_page: Option<String>,
}

#[derive(Deserialize)]
struct Repository {
    namespace: String,
    name: String,
}

impl Adapter for Quay {
    fn method(&self) -> Method {
        Method::QuayApi
    }

    fn list<'a>(&'a self, client: &'a OciClient, _: &'a Apis) -> BoxFuture<'a, Result<Listing, Error>> {
        async move {
            let Some(namespace) = client.url().path().split('/').next().filter(|n| !n.is_empty()) else {
                return Err(Error::NotListable {
                    url: client.url().to_string(),
                    reason: "on Quay it must name an organisation or user".into(),
                });
            };
            // Robot accounts are not known to the API: with their password it would only answer 401.
            let auth = match client.transport.credentials(false).await? {
                Credentials::Bearer(token) => Auth::Token(token),
                Credentials::Basic { username, password } if username == "$oauthtoken" => {
                    Auth::Token(password)
                }
                Credentials::Basic { .. } | Credentials::Identity(_) => {
                    return Err(Error::NotListable {
                        url: client.url().to_string(),
                        reason: "Quay's API lists private repositories only for an OAuth token".into(),
                    });
                }
                Credentials::Anonymous => Auth::Nothing,
            };
            let (deadline, what) = (client.transport.deadline(), "Quay's list of repositories");
            let base = vendor::beside(client, deadline).await?;
            let mut listing = Listing::default();
            let mut next = String::new();
            for _ in 0..MAX_PAGES {
                let mut query = vec![("namespace", namespace), ("public", "true")];
                if !next.is_empty() {
                    query.push(("next_page", &next));
                }
                let url = vendor::url(&base, &["api", "v1", "repository"], &query)?;
                let page: Page = vendor::get_json(client, url, auth.clone(), what, deadline).await?;
                listing
                    .names
                    .extend(page.repositories.into_iter().map(|r| format!("{}/{}", r.namespace, r.name)));
                match page.next_page.filter(|p| !p.is_empty()) {
                    Some(page) => next = page,
                    None => return Ok(listing),
                }
            }
            listing.truncated = true;
            Ok(listing)
        }
        .boxed()
    }
}
