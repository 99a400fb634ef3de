//! Talks to OCI registries and HTTP chart repositories: log in, discover, list, pull, push, verify.
//!
//! It knows media types, tags, digests, credentials and the shape of an index; it deliberately knows neither
//! what a chart means nor Kubernetes.
//!
//! ```text
//!  Access (credentials, TLS, deadlines)          discovery::discover ─► charts + how + complete?
//!      │                                                                     │
//!  Pool ─► OciClient ─► tags, manifests, blobs, push, referrers ─► sync::sync ─► Catalog
//!      └─► HttpRepository ─► index (conditional, bounded) ─────────────────────► Catalog ─► index JSON
//! ```
//!
//! One [`Pool`] serves a whole process: it shares connections, tokens, learned challenges and each host's
//! request gate, and keeps them apart by credential. Start at [`Pool::oci`], [`Pool::http`] and [`sync::sync`].

pub mod access;
pub mod artifact;
mod auth;
pub mod catalog;
mod challenge;
pub mod credentials;
pub mod digest;
pub mod discovery;
pub mod docker_config;
mod envelope;
mod error;
pub mod family;
mod gate;
mod http_repository;
pub mod index;
mod index_entry;
mod index_yaml;
pub mod manifest;
mod oci;
mod paging;
mod pool;
pub mod push;
mod redirect;
mod secret;
pub mod sync;
mod tls;
mod transport;
mod url_shape;
pub mod version;

pub use access::{Access, Scheme};
pub use catalog::{Catalog, ChartVersion};
pub use credentials::{CredentialProvider, Credentials, Provided};
pub use digest::Digest;
pub use error::{Error, Kind, distrust};
pub use family::Family;
pub use gate::RateLimit;
pub use http_repository::{HttpRepository, IndexAnswer, Validators};
pub use oci::{OciClient, PulledChart, Resolved, TagList};
pub use pool::{Pool, PoolOptions};
pub use secret::Secret;
pub use tls::TlsOptions;
pub use url_shape::RepositoryUrl;
