//! Serves the JSON API (`/api/v1`) and the built portal.
//!
//! The server has no rights of its own: every request acts on the Kubernetes API with the token of whoever sent it,
//! so the cluster's RBAC decides. Handlers (`api`) translate; what they do is in `service`, which knows no HTTP.
//!
//! ```text
//!  browser ── cookie ──► session ─┐
//!  CLI, programs ── bearer token ─┴► Callers ──► kube::Client ──► Kubernetes API
//!                                                      (the caller's own rights)
//! ```
//!
//! Start at [`router`]; the OpenAPI document of all of it is [`openapi`], committed as `openapi.json`.

#![allow(clippy::result_large_err, reason = "a problem is made at most once a request, and read there")]

mod api;
mod app;
mod auth;
mod clients;
mod extract;
mod limits;
mod metrics;
mod page;
mod portal;
mod problem;
mod router;
pub mod service;
mod token;
pub mod validate;

pub use app::{ClusterDescription, ServerOptions};
pub use auth::{
    guard::REQUEST_HEADER,
    links::{LINK_LIFE, SignInLinks},
};
pub use clients::{Caller, ClientError, ClientFactory, ClusterClients, Identity};
pub use page::{ListQuery, Page};
pub use portal::{NONCE_PLACEHOLDER, PortalAssets};
pub use problem::{FieldError, MEDIA_TYPE as PROBLEM_MEDIA_TYPE, Problem};
pub use router::{openapi, router};
pub use service::rename::resume as resume_renames;
pub use token::{MAX_TOKEN, Token};
