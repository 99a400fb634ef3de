//! A client of one HTTP chart repository (`index.yaml` and archives).

use bytes::Bytes;
use http::header::{HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH};
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::index::{self, Parsed};
use crate::transport::{Auth, Call, Transport};
use crate::url_shape::{shown, without_user};
use crate::{Access, Digest, Error, Pool};

/// What a server said to recognise an unchanged index by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Validators {
    /// `ETag`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

/// The outcome of asking for the index.
#[derive(Debug)]
pub enum IndexAnswer {
    /// It has the revision the caller knows: by the server's word (304) or by its digest.
    Unchanged {
        /// Validators for the next time.
        validators: Validators,
    },
    /// A new one.
    Fetched {
        /// Digest of the bytes as they came, which Flux uses as revision.
        revision: Digest,
        /// Their number.
        size: u64,
        /// What the index lists, and how many entries were not valid.
        parsed: Parsed,
        /// Validators for the next time.
        validators: Validators,
    },
}

/// Asks an HTTP chart repository. Cheap to clone.
#[derive(Debug, Clone)]
pub struct HttpRepository {
    transport: Transport,
    base: Url,
}

impl HttpRepository {
    pub(crate) fn new(pool: Pool, url: &str, access: Access) -> Result<Self, Error> {
        let fail = |reason: &str| Error::Url { url: without_user(url), reason: reason.to_owned() };
        let mut base = Url::parse(url.trim()).map_err(|e| fail(&e.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(fail("it must begin with `https://` or `http://`"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(fail("it must not hold a user or password; put them into a Secret"));
        }
        base.set_fragment(None);
        let path = format!("{}/", base.path().trim_end_matches('/'));
        base.set_path(&path);
        let host = match (base.host_str(), base.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (Some(host), None) => host.to_owned(),
            (None, _) => return Err(fail("it names no host")),
        };
        Ok(Self { transport: Transport::new(pool, host, access)?, base })
    }

    /// The repository's URL with one slash at its end.
    pub fn url(&self) -> &Url {
        &self.base
    }

    /// Requests sent so far.
    pub fn requests(&self) -> u64 {
        self.transport.requests()
    }

    /// Where the index is.
    pub fn index_url(&self) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}index.yaml", self.base.path()));
        url
    }

    /// The index, unless it still is the one of `known`. Asks conditionally where the server gave validators, reads
    /// at most the limit, and parses off the async threads.
    pub async fn index(&self, known: Option<(&Digest, &Validators)>) -> Result<IndexAnswer, Error> {
        let limit = self.transport.access().limits.index;
        let url = self.index_url();
        let mut call =
            Call::new(Method::GET, url.clone(), Auth::Basic, format!("the index {}", shown(&url)), limit);
        call.gzip = true;
        if let Some((_, validators)) = known {
            let header = |text: &Option<String>| text.as_deref().and_then(|t| HeaderValue::from_str(t).ok());
            call.headers.extend(header(&validators.etag).map(|v| (IF_NONE_MATCH, v)));
            call.headers.extend(header(&validators.last_modified).map(|v| (IF_MODIFIED_SINCE, v)));
        }
        let reply = self.transport.send(&call, self.transport.deadline()).await?;
        if reply.status == StatusCode::NOT_MODIFIED {
            let validators = known.map(|(_, v)| v.clone()).unwrap_or_default();
            return Ok(IndexAnswer::Unchanged { validators });
        }
        let text = |name: &str| reply.header(name).map(str::to_owned).filter(|v| v.len() <= 1024);
        let validators = Validators { etag: text("etag"), last_modified: text("last-modified") };
        let body = reply.body;
        let known = known.map(|(revision, _)| revision.clone());
        let parsed = tokio::task::spawn_blocking(move || read(&body, known.as_ref())).await;
        let parsed = parsed.map_err(|_| Error::Malformed {
            what: format!("the index {}", shown(&url)),
            reason: "reading it was cut short".into(),
        })??;
        Ok(match parsed {
            None => IndexAnswer::Unchanged { validators },
            Some((revision, size, parsed)) => IndexAnswer::Fetched { revision, size, parsed, validators },
        })
    }

    /// Where an entry's archive is: its first URL, resolved as Helm's `ResolveReferenceURL` does (relative to the
    /// repository, whose query goes along).
    pub fn chart_url(&self, url: &str) -> Result<Url, Error> {
        let fail = |reason: String| Error::Url { url: without_user(url), reason };
        if let Ok(absolute) = Url::parse(url) {
            return Ok(absolute);
        }
        let mut resolved = self.base.join(url).map_err(|e| fail(e.to_string()))?;
        if resolved.query().is_none() {
            resolved.set_query(self.base.query());
        }
        Ok(resolved)
    }

    /// The archive at `url` (from [`HttpRepository::chart_url`]). Credentials go along only to the repository's own
    /// scheme, host and port, or everywhere with `pass_credentials`.
    pub async fn download(&self, url: &Url) -> Result<Bytes, Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Url {
                url: shown(url),
                reason: "its scheme is neither `http` nor `https`".into(),
            });
        }
        let access = self.transport.access();
        let own = url.origin() == self.base.origin();
        let auth = if own || access.pass_credentials { Auth::Basic } else { Auth::Nothing };
        let what = format!("the chart {}", shown(url));
        let call = Call::new(Method::GET, url.clone(), auth, what, access.limits.layer);
        Ok(self.transport.send(&call, self.transport.deadline()).await?.body)
    }
}

fn read(body: &[u8], known: Option<&Digest>) -> Result<Option<(Digest, u64, Parsed)>, Error> {
    let revision = Digest::of(body);
    if known == Some(&revision) {
        return Ok(None);
    }
    if index::looks_like_html(body) {
        return Err(Error::Malformed {
            what: "the index".into(),
            reason: "the answer is an HTML page".into(),
        });
    }
    Ok(Some((revision, body.len() as u64, index::parse(body)?)))
}
