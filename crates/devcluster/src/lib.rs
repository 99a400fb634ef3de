//! The embedded Kubernetes API server and the simulated workloads.
//!
//! A subset of kube-apiserver 1.37 in one process, for machines without a cluster: `kubectl`, `helm` and `kube::Client`
//! work against it. Workloads are simulated: nothing runs.
//!
//! ```text
//! kubectl, helm ─TLS─┐
//!                    ├─► http ─► auth ─► verbs ─► admission, defaults, validate, apply, patch ─► store ─► SQLite
//! kube::Client ──────┘                                                                             │
//! sim (controllers) ◄──────────────── client ◄─────────────────────────────── changes ◄────────────┘
//! ```
//!
//! It never contains anything that production needs, and no Kubernetes client.
//! Start at [`DevCluster::start`].

mod admission;
pub mod apply;
mod auth;
mod bootstrap;
mod call;
mod client;
mod cluster;
mod convert;
pub mod crd;
mod credentials;
pub mod decode;
pub mod defaults;
mod devcluster;
mod discovery;
pub mod fields;
mod http;
mod kinds;
mod meta;
mod names;
pub mod openapi;
pub mod patch;
pub mod protobuf;
pub mod resource;
pub mod schema;
mod selectors;
pub mod sim;
pub mod status;
pub mod store;
mod table;
pub mod validate;
mod verbs;

pub use auth::{StaticUser, Token, TokenFileError, read_token_file};
pub use client::{Changes, Client, DeleteOptions};
pub use cluster::Cluster;
pub use credentials::CredentialsError;
pub use devcluster::{DevCluster, Options, StartError};
pub use http::{ApiService, Body};
pub use selectors::LabelSelector;
