//! How a repository may be reached: credentials, TLS, scheme, deadlines and limits.

use std::sync::Arc;
use std::time::Duration;

use crate::credentials::Source;
use crate::{CredentialProvider, Credentials, Secret, TlsOptions};

/// Which scheme the registry API is asked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Scheme {
    /// HTTPS only.
    #[default]
    Https,
    /// Plain HTTP only (a HelmRepository's `insecure: true`).
    PlainHttp,
    /// HTTPS without checking the certificate, else plain HTTP (an OCIRepository's `insecure: true`).
    HttpsElsePlain,
}

/// An HTTP proxy for this repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// `http://host:port` or `https://host:port`.
    pub address: String,
    /// User name, empty for none.
    pub username: String,
    /// Password.
    pub password: Secret,
}

/// Bounds on what one answer may hold, in bytes, and one operation may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// One request, from sending to the last byte. Default 30 s.
    pub request_timeout: Duration,
    /// One operation with its retries (a tag list with all pages, a pull). Default 60 s, as Flux.
    pub operation_timeout: Duration,
    /// A manifest. Default 4 MiB.
    pub manifest: u64,
    /// A chart's config blob. Default 1 MiB.
    pub config: u64,
    /// A chart archive or other layer. Default 10 MiB, Flux's `--helm-chart-max-size`.
    pub layer: u64,
    /// An HTTP repository's index. Default 50 MiB, Flux's `--helm-index-max-size`.
    pub index: u64,
    /// Pages of one listing. Default 200.
    pub pages: usize,
    /// Entries of one listing. Default 100,000.
    pub entries: usize,
    /// Attempts beyond the first after 429, 500, 502, 503, 504 or a broken connection. Default 3.
    pub retries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(60),
            manifest: 4 << 20,
            config: 1 << 20,
            layer: 10 << 20,
            index: 50 << 20,
            pages: 200,
            entries: 100_000,
            retries: 3,
        }
    }
}

/// How one repository may be reached. The default: anonymous, HTTPS, system roots.
#[derive(Debug, Clone, Default)]
pub struct Access {
    pub(crate) source: Source,
    /// TLS settings.
    pub tls: TlsOptions,
    /// Scheme of the registry API (not used for HTTP chart repositories, whose URL says it).
    pub scheme: Scheme,
    /// Proxy; `None` uses the environment's (`HTTPS_PROXY`, `NO_PROXY`).
    pub proxy: Option<Proxy>,
    /// Send credentials also to other hosts than the repository's own (HTTP repositories only).
    pub pass_credentials: bool,
    /// Limits.
    pub limits: Limits,
}

impl Access {
    /// Access with fixed credentials.
    #[must_use]
    pub fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.source = Source::Fixed(credentials);
        self
    }

    /// Access with a provider of credentials that expire.
    #[must_use]
    pub fn with_provider(mut self, provider: Arc<dyn CredentialProvider>) -> Self {
        self.source = Source::provider(provider);
        self
    }

    /// Access over plain HTTP.
    #[must_use]
    pub fn plain_http(mut self) -> Self {
        self.scheme = Scheme::PlainHttp;
        self
    }

    /// Access with `timeout` for each operation, and for each request within it.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.limits.operation_timeout = timeout;
        self.limits.request_timeout = self.limits.request_timeout.min(timeout);
        self
    }
}
