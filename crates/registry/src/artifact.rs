//! Reads a stored artifact (a chart archive or index that a controller serves) by its URL.

use http::Method;
use url::Url;

use crate::transport::{Auth, Call, Transport};
use crate::{Access, Digest, Error, Pool};

/// The content at `url`, which must have `digest` and at most `limit` bytes.
///
/// Nothing is sent that proves who asks: artifact servers ask for nothing.
pub async fn read(pool: &Pool, url: &str, digest: &Digest, limit: u64) -> Result<bytes::Bytes, Error> {
    let parsed = Url::parse(url).map_err(|e| Error::Url { url: url.to_owned(), reason: e.to_string() })?;
    let host = parsed.host_str().unwrap_or_default().to_owned();
    let transport = Transport::new(pool.clone(), host, Access::default())?;
    let mut call = Call::new(Method::GET, parsed, Auth::Nothing, format!("the artifact {url}"), limit);
    call.digest = Some(digest.clone());
    Ok(transport.send(&call, transport.deadline()).await?.body)
}
