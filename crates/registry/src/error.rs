//! What can go wrong with a registry or a chart repository, and what to do about it.

use std::fmt;
use std::time::Duration;

use crate::envelope::{self, Entry};

/// A failed attempt. Messages name the request and what came back, never a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no repository URL.
    #[error("`{url}` is not a repository URL: {reason}")]
    Url {
        /// The URL, any user masked.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate, key or proxy setting cannot be used.
    #[error("cannot set up the connection to `{host}`: {reason}")]
    Setup {
        /// The host it was for.
        host: String,
        /// What is wrong.
        reason: String,
    },
    /// Credentials were given that cannot be used.
    #[error("cannot use the credentials for `{host}`: {reason}")]
    Credentials {
        /// The host they were for.
        host: String,
        /// What is wrong, without the credential.
        reason: String,
    },
    /// No answer came.
    #[error("{method} \"{url}\": {cause}", method = title(.method))]
    Unreachable {
        /// HTTP method.
        method: String,
        /// URL without query.
        url: String,
        /// Why.
        cause: Cause,
    },
    /// The answer was an error status.
    #[error("{0}")]
    Status(Box<StatusError>),
    /// The registry wants credentials and none are known for it.
    #[error("GET \"{url}\": basic credential not found")]
    CredentialsMissing {
        /// URL without query.
        url: String,
        /// The answer itself.
        answer: Box<StatusError>,
    },
    /// The registry refuses more requests for now.
    #[error("{method} {url}: {detail}; {}", RetryIn(*.retry_after))]
    RateLimited {
        /// HTTP method.
        method: String,
        /// URL without query.
        url: String,
        /// When to ask again, if the registry said.
        retry_after: Option<Duration>,
        /// The registry's words.
        detail: String,
    },
    /// More bytes than allowed.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What was read.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Content does not have the digest it was asked for by.
    #[error("{what} has digest {actual}, expected {expected}")]
    DigestMismatch {
        /// What was read.
        what: String,
        /// The digest asked for.
        expected: String,
        /// The digest of what came.
        actual: String,
    },
    /// The answer is not what the protocol promises.
    #[error("{what} cannot be read: {reason}")]
    Malformed {
        /// What was read.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The artifact is something else than a Helm chart.
    #[error("`{reference}` is not a Helm chart: the type of its config is `{media_type}`")]
    NotAChart {
        /// The artifact.
        reference: String,
        /// The media type found.
        media_type: String,
    },
    /// A redirect that must not be followed.
    #[error("{url}: refused to follow a redirect: {reason}")]
    Redirect {
        /// URL that redirected, without query.
        url: String,
        /// Why not.
        reason: String,
    },
    /// A vendor's API cannot list with this URL or these credentials.
    #[error("`{url}` cannot be listed: {reason}")]
    NotListable {
        /// The repository.
        url: String,
        /// What is missing.
        reason: String,
    },
    /// No way of listing the charts worked.
    #[error("cannot list the charts of `{url}`: {}", .attempts.join("; "))]
    Discovery {
        /// The repository.
        url: String,
        /// Each way tried, with its outcome.
        attempts: Vec<String>,
        /// What most likely stands in the way.
        kind: Kind,
    },
    /// An artifact file cannot be read.
    #[error("cannot read {what}")]
    Read {
        /// What was read.
        what: String,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// An HTTP error status with the registry's own words.
#[derive(Debug)]
pub struct StatusError {
    pub(crate) method: String,
    pub(crate) url: String,
    pub(crate) status: u16,
    pub(crate) entries: Vec<Entry>,
    pub(crate) text: String,
}

impl StatusError {
    /// The HTTP status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The status' usual phrase (`Not Found`).
    pub fn phrase(&self) -> &'static str {
        http::StatusCode::from_u16(self.status).ok().and_then(|s| s.canonical_reason()).unwrap_or_default()
    }

    /// Codes of the OCI error envelope (`MANIFEST_UNKNOWN`, …).
    pub fn codes(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|e| e.code.as_str())
    }
}

impl fmt::Display for StatusError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.method, self.url)?;
        if !self.entries.is_empty() {
            return f.write_str(&envelope::describe(&self.entries));
        }
        let phrase =
            http::StatusCode::from_u16(self.status).ok().and_then(|s| s.canonical_reason()).unwrap_or("");
        write!(f, "unexpected status code {} {phrase}", self.status)?;
        if !self.text.is_empty() {
            write!(f, ": {}", self.text)?;
        }
        Ok(())
    }
}

/// Why no answer came. `Display` uses the words of Go's `net/http`, which people know from Flux and Helm.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The name has no address.
    Dns(String),
    /// Nothing listens, or no route.
    Connect {
        /// `host:port`.
        host: String,
        /// The operating system's words.
        reason: String,
    },
    /// The certificate is not trusted, or does not fit the name.
    CertificateNotTrusted(String),
    /// The handshake failed otherwise.
    Tls(String),
    /// The deadline passed.
    Timeout,
    /// The connection broke.
    Broken(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(host) => write!(f, "dial tcp: lookup {host}: no such host"),
            Self::Connect { host, reason } => write!(f, "dial tcp {host}: connect: {reason}"),
            Self::CertificateNotTrusted(reason) => write!(f, "tls: failed to verify certificate: {reason}"),
            Self::Tls(reason) => write!(f, "tls: {reason}"),
            Self::Timeout => f.write_str("context deadline exceeded"),
            Self::Broken(reason) => write!(f, "connection broken: {reason}"),
        }
    }
}

struct RetryIn(Option<Duration>);

impl fmt::Display for RetryIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(after) => write!(f, "may be asked again in {} s", after.as_secs().max(1)),
            None => f.write_str("the registry did not say for how long"),
        }
    }
}

fn title(method: &str) -> String {
    let mut letters = method.chars();
    letters.next().map(|first| first.to_string() + &letters.as_str().to_lowercase()).unwrap_or_default()
}

/// What kind of obstacle an error is: for reasons of conditions, metrics and hints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// The settings given are wrong.
    Configuration,
    /// Credentials are missing, wrong, expired or without the right.
    Authentication,
    /// The repository, tag, manifest or blob does not exist (or is hidden).
    NotFound,
    /// Too many requests.
    RateLimited,
    /// The server's certificate is not trusted.
    TlsNotTrusted,
    /// The TLS handshake failed otherwise.
    Tls,
    /// The host name has no address.
    Dns,
    /// Nothing answers there.
    Connect,
    /// Too slow.
    Timeout,
    /// The server failed (5xx) or the connection broke.
    Server,
    /// A limit on bytes or pages.
    TooLarge,
    /// Content and digest differ.
    DigestMismatch,
    /// Not a chart.
    NotAChart,
    /// The answer breaks the protocol.
    Malformed,
    /// Listing is not possible there.
    Discovery,
    /// Anything else the server refused.
    Refused,
}

impl Error {
    /// What kind of obstacle this is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Url { .. } | Self::Setup { .. } | Self::Credentials { .. } => Kind::Configuration,
            Self::Unreachable { cause, .. } => match cause {
                Cause::Dns(_) => Kind::Dns,
                Cause::Connect { .. } => Kind::Connect,
                Cause::CertificateNotTrusted(_) => Kind::TlsNotTrusted,
                Cause::Tls(_) => Kind::Tls,
                Cause::Timeout => Kind::Timeout,
                Cause::Broken(_) => Kind::Server,
            },
            Self::Status(error) => match error.status {
                401 | 403 => Kind::Authentication,
                404 | 410 => Kind::NotFound,
                429 => Kind::RateLimited,
                500.. => Kind::Server,
                _ => Kind::Refused,
            },
            Self::CredentialsMissing { .. } => Kind::Authentication,
            Self::RateLimited { .. } => Kind::RateLimited,
            Self::TooLarge { .. } => Kind::TooLarge,
            Self::DigestMismatch { .. } => Kind::DigestMismatch,
            Self::Malformed { .. } | Self::Redirect { .. } | Self::Read { .. } => Kind::Malformed,
            Self::NotAChart { .. } => Kind::NotAChart,
            Self::NotListable { .. } => Kind::Discovery,
            Self::Discovery { kind, .. } => *kind,
        }
    }

    /// The text with the registry's own words where it answered, also if the client knew why before.
    pub fn answered(&self) -> String {
        match self {
            Self::CredentialsMissing { answer, .. } => answer.to_string(),
            other => other.to_string(),
        }
    }

    /// Whether the thing asked for does not exist.
    pub fn is_not_found(&self) -> bool {
        self.kind() == Kind::NotFound
    }

    /// Whether credentials stand in the way.
    pub fn is_authentication(&self) -> bool {
        self.kind() == Kind::Authentication
    }

    /// Whether asking again later, with nothing changed, may succeed.
    pub fn is_retryable(&self) -> bool {
        !matches!(self.kind(), Kind::Configuration | Kind::NotAChart | Kind::TooLarge)
    }

    /// When the registry said it may be asked again.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What a person can do, in one sentence.
    pub fn hint(&self) -> Option<String> {
        let hint = match self.kind() {
            Kind::Authentication => return Some(self.authentication_hint()),
            Kind::NotFound => {
                "check the URL, the chart's name and the version; some registries answer so for private repositories"
            }
            Kind::RateLimited => {
                "add credentials (registries allow more requests then) or use a longer interval"
            }
            Kind::TlsNotTrusted => {
                "add the certificate authority as `ca.crt` in a Secret and name it in `certSecretRef`"
            }
            Kind::Tls => {
                "check whether the registry speaks TLS on this port; for plain HTTP set `insecure: true`"
            }
            Kind::Dns => "check the host name in the URL",
            Kind::Connect => {
                "check host and port, and whether the registry is running and reachable from here"
            }
            Kind::Timeout => "check the network, or raise `timeout`",
            Kind::NotAChart => {
                "only artifacts with config type application/vnd.cncf.helm.config.v1+json are charts"
            }
            Kind::Discovery => {
                "this registry does not list its contents: give the chart's own URL, or list the charts explicitly"
            }
            Kind::DigestMismatch => {
                "the registry, or something between, changed the content; pull again or re-push it"
            }
            Kind::Configuration | Kind::Server | Kind::TooLarge | Kind::Malformed | Kind::Refused => {
                return None;
            }
        };
        Some(hint.to_owned())
    }

    fn authentication_hint(&self) -> String {
        match self {
            Self::CredentialsMissing { .. } => "add credentials: a Secret named in `secretRef`",
            Self::Status(error) if error.status == 403 => {
                "check that the credentials may read this repository, that they have not expired, and that it exists \
                 (some registries answer 403 for what does not)"
            }
            _ => {
                "check user name, password or token in the Secret named in `secretRef`, and whether they expired; \
                 without a Secret, add one"
            }
        }
        .to_owned()
    }
}

/// Sorts out why `error` happened on the way to `url`.
pub(crate) fn unreachable(method: &http::Method, url: &url::Url, error: &reqwest::Error) -> Error {
    let host = url.host_str().unwrap_or("").to_owned();
    let address = format!("{host}:{}", url.port_or_known_default().unwrap_or(0));
    Error::Unreachable {
        method: method.to_string(),
        url: crate::url_shape::shown(url),
        cause: cause_of(error, host, address),
    }
}

fn cause_of(error: &reqwest::Error, host: String, address: String) -> Cause {
    if error.is_timeout() {
        return Cause::Timeout;
    }
    let mut texts = Vec::new();
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = source {
        if let Some(tls) = tls_cause(current) {
            return tls;
        }
        texts.push(current.to_string());
        source = current.source();
        if texts.len() > 16 {
            break;
        }
    }
    let all = texts.join(": ");
    if all.contains("dns error") || all.contains("failed to lookup") {
        return Cause::Dns(host);
    }
    let last = texts.last().map(|t| envelope::clip(t)).unwrap_or_default();
    let reason = last.split(" (os error").next().unwrap_or("").to_lowercase();
    if error.is_connect() { Cause::Connect { host: address, reason } } else { Cause::Broken(reason) }
}

/// Why a server's certificate is not trusted, in words, where that is why `error` came.
pub fn distrust(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let chain = std::iter::successors(Some(error), |error| error.source()).take(16);
    chain.filter_map(tls_cause).find_map(|cause| match cause {
        Cause::CertificateNotTrusted(why) => Some(why),
        _ => None,
    })
}

fn tls_cause(error: &(dyn std::error::Error + 'static)) -> Option<Cause> {
    let inner = rustls_error(error, 4)?;
    Some(match inner {
        rustls::Error::InvalidCertificate(problem) => {
            use rustls::CertificateError as C;
            Cause::CertificateNotTrusted(match problem {
                C::UnknownIssuer => "x509: certificate signed by unknown authority".into(),
                C::Expired | C::ExpiredContext { .. } => "x509: certificate has expired".into(),
                C::NotValidForName | C::NotValidForNameContext { .. } => {
                    "x509: certificate is not valid for this host name".into()
                }
                C::NotValidYet | C::NotValidYetContext { .. } => "x509: certificate is not valid yet".into(),
                // An authority's certificate as the server's own: what `openssl req -x509` makes.
                C::Other(cause) if cause.to_string().contains("CaUsedAsEndEntity") => {
                    "x509: certificate signed by unknown authority (it is self-signed)".into()
                }
                other => format!("x509: {}", spaced(&other.to_string())),
            })
        }
        rustls::Error::InvalidMessage(_) => {
            Cause::Tls("first record does not look like a TLS handshake".into())
        }
        rustls::Error::AlertReceived(alert) => {
            Cause::Tls(format!("the server answered with alert {alert:?}"))
        }
        other => Cause::Tls(envelope::clip(&other.to_string())),
    })
}

/// A name in `CamelCase`, as the TLS library gives its causes, in words; other text as it is.
fn spaced(text: &str) -> String {
    if text.is_empty() || !text.chars().all(char::is_alphanumeric) {
        return text.to_owned();
    }
    let mut words = String::new();
    for character in text.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

/// The TLS error in `error`: I/O errors wrap it, sometimes each other, and leave it out of their `source`.
fn rustls_error<'e>(error: &'e (dyn std::error::Error + 'static), depth: usize) -> Option<&'e rustls::Error> {
    if let Some(found) = error.downcast_ref::<rustls::Error>() {
        return Some(found);
    }
    let inner = error.downcast_ref::<std::io::Error>()?.get_ref()?;
    if depth == 0 { None } else { rustls_error(inner, depth - 1) }
}
