//! Sends requests: authentication, redirects, retries, gates, deadlines and limits in one place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use http::{Method, StatusCode};
use rand::Rng as _;
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use url::Url;

use crate::auth::Proof;
use crate::challenge::{self, Challenge};
use crate::error::{Cause, StatusError, unreachable};
use crate::url_shape::{origin, shown};
use crate::{Access, Credentials, Digest, Error, Pool, Secret, envelope, redirect};

/// Most bytes of an error answer that are looked at.
const MAX_ERROR_BODY: usize = 64 << 10;
/// Answers up to this size must come within the request's timeout; larger ones within the operation's.
const SMALL: u64 = 1 << 20;
/// Longest wait between two attempts; a registry that asks for more gets its answer as an error.
const MAX_WAIT: Duration = Duration::from_secs(20);

/// How a request proves who asks.
#[derive(Debug, Clone)]
pub(crate) enum Auth {
    /// Not at all.
    Nothing,
    /// Basic from the first request on (HTTP chart repositories, token servers, vendors' APIs).
    Basic,
    /// As the registry's challenge says; the scope a token is needed for.
    Registry(String),
    /// With this token.
    Token(Secret),
}

/// One request and what its answer may be.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) auth: Auth,
    pub(crate) accept: Option<&'static str>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<Bytes>,
    /// Most bytes of the answer.
    pub(crate) limit: u64,
    /// What the answer is, for errors.
    pub(crate) what: String,
    /// The digest the answer must have.
    pub(crate) digest: Option<Digest>,
    /// Follow redirects to other hosts.
    pub(crate) follow: bool,
    /// Accept a compressed answer.
    pub(crate) gzip: bool,
}

impl Call {
    pub(crate) fn new(method: Method, url: Url, auth: Auth, what: impl Into<String>, limit: u64) -> Self {
        Self {
            method,
            url,
            auth,
            accept: None,
            headers: Vec::new(),
            body: None,
            limit,
            what: what.into(),
            digest: None,
            follow: true,
            gzip: false,
        }
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    redirected: bool,
    method: Method,
    url: Url,
    /// What was sent as proof, never to be shown where the server repeats it.
    secrets: Vec<Secret>,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn header_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers.get_all(name).iter().filter_map(|v| v.to_str().ok())
    }

    /// The body as JSON; an HTML page (a portal or login page in the way) is named as such.
    pub(crate) fn json<T: DeserializeOwned>(&self, what: &str) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|e| {
            let html = self.header(CONTENT_TYPE.as_str()).is_some_and(|t| t.starts_with("text/html"));
            let reason = if html {
                "the answer is an HTML page".to_owned()
            } else {
                format!("not the expected JSON (line {}, column {})", e.line(), e.column())
            };
            Error::Malformed { what: format!("{what} from {}", shown(&self.url)), reason }
        })
    }

    /// This answer as an error.
    pub(crate) fn error(&self) -> Box<StatusError> {
        let mut entries = envelope::parse(&self.body);
        envelope::hide(&mut entries, &self.secrets);
        Box::new(StatusError {
            method: self.method.to_string(),
            url: shown(&self.url),
            status: self.status.as_u16(),
            text: if entries.is_empty() { self.words() } else { String::new() },
            entries,
        })
    }

    /// What a body says that is not in the registry's error format.
    fn words(&self) -> String {
        let clean = |text: &str| envelope::clip(&envelope::hidden(text, &self.secrets));
        if let Ok(serde_json::Value::Object(map)) = serde_json::from_slice(&self.body) {
            let found = ["message", "error_description", "details", "detail", "error"]
                .iter()
                .find_map(|key| map.get(*key)?.as_str().map(clean));
            return found.unwrap_or_default();
        }
        let plain = self.header(CONTENT_TYPE.as_str()).is_some_and(|t| t.starts_with("text/plain"));
        if plain { clean(&String::from_utf8_lossy(&self.body)) } else { String::new() }
    }

    fn retry_after(&self) -> Option<Duration> {
        let text = self.header(RETRY_AFTER.as_str())?.trim();
        if let Ok(seconds) = text.parse::<u64>() {
            return Some(Duration::from_secs(seconds));
        }
        let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        SystemTime::from(at).duration_since(SystemTime::now()).ok()
    }
}

/// Sends the requests of one repository's client.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    pool: Pool,
    access: Arc<Access>,
    host: String,
    plain: reqwest::Client,
    requests: Arc<AtomicU64>,
}

impl Transport {
    pub(crate) fn new(pool: Pool, host: String, mut access: Access) -> Result<Self, Error> {
        if access.scheme == crate::Scheme::HttpsElsePlain
            && access.tls.ca.is_none()
            && access.tls.client.is_none()
        {
            access.tls.skip_verify = true;
        }
        let plain = pool.client(&access, &host, false)?;
        Ok(Self { pool, access: Arc::new(access), host, plain, requests: Arc::default() })
    }

    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    pub(crate) fn access(&self) -> &Access {
        &self.access
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Requests sent so far by this client and its clones, of any kind.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn deadline(&self) -> Instant {
        Instant::now() + self.access.limits.operation_timeout
    }

    pub(crate) async fn credentials(&self, refresh: bool) -> Result<Credentials, Error> {
        self.access.source.get(&self.host, refresh).await
    }

    /// Sends `call`; a status other than 2xx (or 304) is an error.
    pub(crate) async fn send(&self, call: &Call, deadline: Instant) -> Result<Reply, Error> {
        let reply = self.exchange(call, deadline).await?;
        if reply.status.is_success() || reply.status == StatusCode::NOT_MODIFIED {
            return Ok(reply);
        }
        Err(Error::Status(reply.error()))
    }

    /// Sends `call` until it has an answer that stays: authenticates when challenged, once; waits and asks again
    /// after 429, 500, 502, 503, 504 and broken connections, as often as the limits say and the deadline lets.
    pub(crate) async fn exchange(&self, call: &Call, deadline: Instant) -> Result<Reply, Error> {
        let mut credentials = self.credentials(false).await?;
        let mut renewed = false;
        let mut asked: Option<String> = None;
        let mut attempt = 0;
        loop {
            let proof = self.proof(call, &credentials, asked.as_deref(), deadline).await?;
            let outcome = self.once(call, &proof, deadline).await.map(|mut reply| {
                reply.secrets = secrets(&credentials, &proof);
                reply
            });
            let wait = match outcome {
                Ok(reply) if !renewed && self.is_refused(call, &reply) => {
                    match self.renew(call, &reply, &proof, &mut credentials).await? {
                        Some(scope) => asked = scope,
                        None => return Ok(reply),
                    }
                    renewed = true;
                    continue;
                }
                Ok(reply) if is_transient(reply.status) => match self.pause(&reply, attempt, deadline) {
                    Some(wait) => wait,
                    None if reply.status == StatusCode::TOO_MANY_REQUESTS => {
                        return Err(rate_limited(&reply));
                    }
                    None => return Ok(reply),
                },
                Ok(reply) => return Ok(reply),
                Err(error) => match self.wait_after(&error, attempt, deadline) {
                    Some(wait) => wait,
                    None => return Err(error),
                },
            };
            tracing::debug!(url = %shown(&call.url), attempt, ?wait, "asking again");
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    fn is_refused(&self, call: &Call, reply: &Reply) -> bool {
        if reply.redirected || !matches!(call.auth, Auth::Registry(_) | Auth::Basic) {
            return false;
        }
        // ECR answers 403 for a token that has expired.
        let expired = reply.status == StatusCode::FORBIDDEN
            && self.access.source.is_refreshable()
            && String::from_utf8_lossy(&reply.body).to_ascii_lowercase().contains("expired");
        reply.status == StatusCode::UNAUTHORIZED || expired
    }

    /// Prepares another try after a refusal: `Some` with the scope the server asked for, `None` where nothing new
    /// can be said.
    async fn renew(
        &self,
        call: &Call,
        reply: &Reply,
        sent: &Proof,
        credentials: &mut Credentials,
    ) -> Result<Option<Option<String>>, Error> {
        let refreshed = self.access.source.is_refreshable() && *sent != Proof::Nothing;
        if refreshed {
            *credentials = self.credentials(true).await?;
        }
        if matches!(call.auth, Auth::Basic) {
            return Ok(refreshed.then_some(None));
        }
        let challenges = challenge::parse(reply.header_values("www-authenticate"));
        let challenge = challenge::choose(&challenges).cloned().unwrap_or(Challenge::Basic);
        self.drop_token(call, credentials, sent).await;
        self.pool.learn(&origin(&call.url), challenge.clone());
        match (challenge, &*credentials, sent) {
            (_, Credentials::Bearer(_), Proof::Given(_))
            | (Challenge::Basic, Credentials::Basic { .. }, Proof::Basic(_)) => Ok(refreshed.then_some(None)),
            (Challenge::Bearer { scope, .. }, _, _) => Ok(Some(scope)),
            (Challenge::Basic, Credentials::Anonymous, _) => {
                Err(Error::CredentialsMissing { url: shown(&call.url), answer: reply.error() })
            }
            (Challenge::Basic, Credentials::Basic { .. }, _) => Ok(Some(None)),
            (Challenge::Basic, _, _) => Ok(None),
        }
    }

    /// Notes a host's wish to be left alone, and says how long to wait for the next attempt, if there is one.
    fn pause(&self, reply: &Reply, attempt: u32, deadline: Instant) -> Option<Duration> {
        let asked = reply.retry_after();
        if reply.status == StatusCode::TOO_MANY_REQUESTS
            && let Some(wait) = asked
        {
            self.pool.gate(&origin(&reply.url)).pause(wait);
        }
        self.next_wait(asked, attempt, deadline)
    }

    fn wait_after(&self, error: &Error, attempt: u32, deadline: Instant) -> Option<Duration> {
        let Error::Unreachable { cause: Cause::Broken(_), .. } = error else { return None };
        self.next_wait(None, attempt, deadline)
    }

    fn next_wait(&self, asked: Option<Duration>, attempt: u32, deadline: Instant) -> Option<Duration> {
        if attempt >= self.access.limits.retries {
            return None;
        }
        let step = Duration::from_millis(200) * 2_u32.saturating_pow(attempt.min(6));
        let jittered = step.mul_f64(rand::rng().random_range(0.5..1.5));
        let wait = asked.map_or(jittered, |asked| asked.max(jittered));
        (wait <= MAX_WAIT && Instant::now() + wait < deadline).then_some(wait)
    }

    /// One request with its redirects.
    async fn once(&self, call: &Call, proof: &Proof, deadline: Instant) -> Result<Reply, Error> {
        let gate = self.pool.gate(&origin(&call.url));
        let Some(_permit) = gate.enter(deadline).await else {
            return Err(match gate.paused_for() {
                Some(wait) => Error::RateLimited {
                    method: call.method.to_string(),
                    url: shown(&call.url),
                    retry_after: Some(wait),
                    detail: "not asked, since the registry refused earlier requests".into(),
                },
                None => timed_out(call, &call.url),
            });
        };
        let until = if call.limit > SMALL || call.body.is_some() {
            deadline
        } else {
            deadline.min(Instant::now() + self.access.limits.request_timeout)
        };
        let reply = tokio::time::timeout_at(until, self.follow(call, proof)).await;
        let reply = reply.unwrap_or_else(|_| Err(timed_out(call, &call.url)))?;
        gate.note(&reply.headers);
        Ok(reply)
    }

    async fn follow(&self, call: &Call, proof: &Proof) -> Result<Reply, Error> {
        let client =
            if call.gzip { self.pool.client(&self.access, &self.host, true)? } else { self.plain.clone() };
        let mut url = call.url.clone();
        let mut proof = proof.header();
        let mut redirected = false;
        for _ in 0..=redirect::MAX_HOPS {
            let mut request = client.request(call.method.clone(), url.clone());
            if let Some(accept) = call.accept {
                request = request.header(ACCEPT, accept);
            }
            for (name, value) in &call.headers {
                request = request.header(name, value);
            }
            if let Some(value) = proof {
                request = request.header(AUTHORIZATION, value);
            }
            if let Some(body) = &call.body {
                request = request.body(body.clone());
            }
            self.requests.fetch_add(1, Ordering::Relaxed);
            let response = request.send().await.map_err(|e| unreachable(&call.method, &url, &e))?;
            let may_follow = matches!(call.method, Method::GET | Method::HEAD);
            if !redirect::is_redirect(response.status()) || !may_follow {
                return read(call, response, url, redirected).await;
            }
            let location = response.headers().get(LOCATION).and_then(|v| v.to_str().ok());
            let target = redirect::target(&url, location)?;
            if target.origin() != url.origin() {
                if !call.follow {
                    return Err(Error::Redirect {
                        url: shown(&url),
                        reason: "it leads to another host".into(),
                    });
                }
                proof = None;
                redirected = true;
            }
            url = target;
        }
        Err(Error::Redirect {
            url: shown(&call.url),
            reason: format!("more than {} in a row", redirect::MAX_HOPS),
        })
    }
}

/// Reads an answer: errors up to 64 KiB, content up to the call's limit, its digest checked as it comes.
async fn read(
    call: &Call,
    mut response: reqwest::Response,
    url: Url,
    redirected: bool,
) -> Result<Reply, Error> {
    let (status, headers) = (response.status(), response.headers().clone());
    let too_large = || Error::TooLarge { what: call.what.clone(), limit: call.limit };
    let failed = !status.is_success();
    if !failed && call.method != Method::HEAD && response.content_length().is_some_and(|n| n > call.limit) {
        return Err(too_large());
    }
    let mut hasher = call.digest.as_ref().filter(|_| !failed).map(Digest::hasher);
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| broken(call, &url, &e))? {
        if failed {
            let room = MAX_ERROR_BODY.saturating_sub(body.len());
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if room == 0 {
                break;
            }
            continue;
        }
        if (body.len() + chunk.len()) as u64 > call.limit {
            return Err(too_large());
        }
        if let Some(hasher) = &mut hasher {
            hasher.update(&chunk);
        }
        body.extend_from_slice(&chunk);
    }
    if let (Some(hasher), Some(expected)) = (hasher, &call.digest) {
        let actual = hasher.finish();
        if actual != *expected {
            return Err(Error::DigestMismatch {
                what: call.what.clone(),
                expected: expected.to_string(),
                actual: actual.to_string(),
            });
        }
    }
    Ok(Reply {
        status,
        headers,
        body: body.freeze(),
        redirected,
        method: call.method.clone(),
        url,
        secrets: Vec::new(),
    })
}

/// A body that ends early is a broken connection, whatever the HTTP library calls it.
fn broken(call: &Call, url: &Url, error: &reqwest::Error) -> Error {
    match unreachable(&call.method, url, error) {
        Error::Unreachable { method, url, cause: Cause::Connect { reason, .. } } => {
            Error::Unreachable { method, url, cause: Cause::Broken(reason) }
        }
        other => other,
    }
}

fn timed_out(call: &Call, url: &Url) -> Error {
    Error::Unreachable { method: call.method.to_string(), url: shown(url), cause: Cause::Timeout }
}

/// Texts of a request that no message may repeat. Shorter ones are words that any message may hold.
fn secrets(credentials: &Credentials, proof: &Proof) -> Vec<Secret> {
    let header = proof.header().and_then(|value| value.to_str().ok());
    let sent = header.map(|text| text.split_once(' ').map_or(text, |(_, value)| value));
    let own = match credentials {
        Credentials::Anonymous => None,
        Credentials::Basic { password, .. } => Some(password.expose()),
        Credentials::Bearer(token) | Credentials::Identity(token) => Some(token.expose()),
    };
    sent.into_iter().chain(own).filter(|text| text.len() >= 4).map(Secret::from).collect()
}

fn rate_limited(reply: &Reply) -> Error {
    let error = reply.error();
    let detail = match envelope::describe(&error.entries) {
        text if text.is_empty() => "429 Too Many Requests".to_owned(),
        text => text,
    };
    Error::RateLimited { method: error.method, url: error.url, retry_after: reply.retry_after(), detail }
}

fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 500 | 502 | 503 | 504)
}
