//! Google Artifact Registry: its catalog answers with an empty list; its own API lists packages.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use percent_encoding::percent_decode_str;
use serde::Deserialize;

use super::vendor::{self, MAX_PAGES};
use super::{Adapter, Apis, Listing, Method};
use crate::transport::Auth;
use crate::{Credentials, Error, OciClient};

pub(super) struct Google;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default)]
    packages: Vec<Package>,
    #[serde(default)]
    next_page_token: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

impl Adapter for Google {
    fn method(&self) -> Method {
        Method::GoogleApi
    }

    fn list<'a>(&'a self, client: &'a OciClient, apis: &'a Apis) -> BoxFuture<'a, Result<Listing, Error>> {
        async move {
            let url = client.url();
            let refuse = |reason: &str| Error::NotListable { url: url.to_string(), reason: reason.into() };
            let location = url.host().strip_suffix("-docker.pkg.dev");
            let location =
                location.ok_or_else(|| refuse("only `LOCATION-docker.pkg.dev` has an API to list with"))?;
            let mut segments = url.path().split('/').filter(|s| !s.is_empty());
            let (Some(project), Some(repository)) = (segments.next(), segments.next()) else {
                return Err(refuse("it must name a project and a repository"));
            };
            let auth = match client.transport.credentials(false).await? {
                Credentials::Basic { username, password } if username == "oauth2accesstoken" => {
                    Auth::Token(password)
                }
                Credentials::Bearer(token) => Auth::Token(token),
                _ => return Err(refuse("Google's API lists packages only for an access token")),
            };
            let (deadline, what) = (client.transport.deadline(), "Google's list of packages");
            let path =
                ["v1", "projects", project, "locations", location, "repositories", repository, "packages"];
            let mut listing = Listing::default();
            let mut token = String::new();
            for _ in 0..MAX_PAGES {
                let mut query = vec![("pageSize", "1000")];
                if !token.is_empty() {
                    query.push(("pageToken", &token));
                }
                let address = vendor::url(&apis.google, &path, &query)?;
                let page: Page = vendor::get_json(client, address, auth.clone(), what, deadline).await?;
                listing.names.extend(page.packages.iter().filter_map(|package| {
                    let name = package.name.rsplit('/').next()?;
                    let name = percent_decode_str(name).decode_utf8().ok()?;
                    Some(format!("{project}/{repository}/{name}"))
                }));
                if page.next_page_token.is_empty() {
                    return Ok(listing);
                }
                token = page.next_page_token;
            }
            listing.truncated = true;
            Ok(listing)
        }
        .boxed()
    }
}
