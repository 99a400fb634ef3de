//! Harbor: the catalog is for its administrators; a project's repositories can be listed by its members and robots.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::Deserialize;

use super::vendor::{self, MAX_PAGES};
use super::{Adapter, Apis, Listing, Method};
use crate::transport::Auth;
use crate::{Error, OciClient};

pub(super) struct Harbor;

#[derive(Deserialize)]
struct Repository {
    /// With the project in front.
    name: String,
}

impl Adapter for Harbor {
    fn method(&self) -> Method {
        Method::HarborApi
    }

    fn list<'a>(&'a self, client: &'a OciClient, _: &'a Apis) -> BoxFuture<'a, Result<Listing, Error>> {
        async move {
            let Some(project) = client.url().path().split('/').next().filter(|p| !p.is_empty()) else {
                return Err(Error::NotListable {
                    url: client.url().to_string(),
                    reason: "on Harbor it must name a project".into(),
                });
            };
            let (deadline, what) = (client.transport.deadline(), "Harbor's list of repositories");
            let base = vendor::beside(client, deadline).await?;
            let mut listing = Listing::default();
            for page in 1..=MAX_PAGES {
                let number = page.to_string();
                let query = [("page_size", "100"), ("page", number.as_str())];
                let url = vendor::url(&base, &["api", "v2.0", "projects", project, "repositories"], &query)?;
                let repositories: Vec<Repository> =
                    vendor::get_json(client, url, Auth::Basic, what, deadline).await?;
                let last = repositories.len() < 100;
                listing.names.extend(repositories.into_iter().map(|r| r.name));
                if last {
                    return Ok(listing);
                }
            }
            listing.truncated = true;
            Ok(listing)
        }
        .boxed()
    }
}
