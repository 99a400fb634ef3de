//! Which redirects are followed, and with what.

use http::StatusCode;
use url::Url;

use crate::Error;
use crate::url_shape::shown;

/// Redirects followed in a row.
pub(crate) const MAX_HOPS: usize = 5;

/// Whether `status` points elsewhere.
pub(crate) fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

/// Where to go from `from`. A step from HTTPS down to HTTP is refused: the content would come unprotected.
pub(crate) fn target(from: &Url, location: Option<&str>) -> Result<Url, Error> {
    let fail = |reason: &str| Error::Redirect { url: shown(from), reason: reason.to_owned() };
    let location = location.ok_or_else(|| fail("it says no location"))?;
    let to = from.join(location).map_err(|_| fail("its location is not a URL"))?;
    match (from.scheme(), to.scheme()) {
        (_, "https") | ("http", "http") => Ok(to),
        ("https", "http") => Err(fail("it leads from HTTPS to plain HTTP")),
        _ => Err(fail("it leads to another scheme than HTTP")),
    }
}
