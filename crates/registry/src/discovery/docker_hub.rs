//! Docker Hub: its registry gives an empty catalog to everyone, its own API lists a namespace.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::json;

use super::vendor::{self, MAX_PAGES};
use super::{Adapter, Apis, Listing, Method};
use crate::transport::{Auth, Call};
use crate::{Credentials, Error, OciClient, Secret};

pub(super) struct DockerHub;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    next: Option<String>,
    #[serde(default)]
    results: Vec<Repository>,
}

#[derive(Deserialize)]
struct Repository {
    name: String,
    #[serde(default)]
    content_types: Vec<String>,
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

impl Adapter for DockerHub {
    fn method(&self) -> Method {
        Method::DockerHubApi
    }

    fn list<'a>(&'a self, client: &'a OciClient, apis: &'a Apis) -> BoxFuture<'a, Result<Listing, Error>> {
        async move {
            let deadline = client.transport.deadline();
            let Some(namespace) = client.url().path().split('/').next().filter(|n| !n.is_empty()) else {
                return Err(Error::NotListable {
                    url: client.url().to_string(),
                    reason: "on Docker Hub it must name a namespace".into(),
                });
            };
            let auth = login(client, apis, deadline).await?;
            let what = "Docker Hub's list of repositories";
            let mut listing = Listing::default();
            for page in 1..=MAX_PAGES {
                let number = page.to_string();
                let query = [("page_size", "100"), ("page", number.as_str())];
                let url = vendor::url(&apis.docker_hub, &["v2", "repositories", namespace, ""], &query)?;
                let page: Page = vendor::get_json(client, url, auth.clone(), what, deadline).await?;
                // An empty list of types means that Docker Hub does not know; such a repository may hold a chart.
                let may_hold = |r: &Repository| {
                    r.content_types.is_empty()
                        || r.content_types.iter().any(|t| t == "helm" || t == "unrecognized")
                };
                let names =
                    page.results.into_iter().filter(may_hold).map(|r| format!("{namespace}/{}", r.name));
                listing.names.extend(names);
                if page.next.is_none() {
                    return Ok(listing);
                }
            }
            listing.truncated = true;
            Ok(listing)
        }
        .boxed()
    }
}

/// The API takes a token of its own; without credentials it lists what is public.
async fn login(client: &OciClient, apis: &Apis, deadline: tokio::time::Instant) -> Result<Auth, Error> {
    let Credentials::Basic { username, password } = client.transport.credentials(false).await? else {
        return Ok(Auth::Nothing);
    };
    let url = vendor::url(&apis.docker_hub, &["v2", "users", "login"], &[])?;
    let what = "Docker Hub's answer to the login";
    let mut call = Call::new(http::Method::POST, url, Auth::Nothing, what, 1 << 20);
    let body = json!({"username": username, "password": password.expose()}).to_string();
    call.body = Some(body.into());
    call.headers.push((http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json")));
    let login: Login = client.transport.send(&call, deadline).await?.json(what)?;
    Ok(Auth::Token(Secret::from(login.token)))
}
