//! `_catalog` of the distribution specification.

use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::{Adapter, Apis, Listing, Method};
use crate::{Error, OciClient};

pub(super) struct CatalogEndpoint;

impl Adapter for CatalogEndpoint {
    fn method(&self) -> Method {
        Method::Catalog
    }

    fn list<'a>(&'a self, client: &'a OciClient, _: &'a Apis) -> BoxFuture<'a, Result<Listing, Error>> {
        async move {
            let (names, truncated) = client.catalog().await?;
            Ok(Listing { names, truncated })
        }
        .boxed()
    }
}
