//! HTTP: from requests to verbs, and from results to responses.
//!
//! Flow of a request: [`service`] → authentication → impersonation → [`request`] (what is asked for) → authorization
//! → [`route`] → a function of `verbs` → [`respond`].

pub(crate) mod body;
pub(crate) mod connection;
pub(crate) mod negotiate;
pub(crate) mod request;
pub(crate) mod resource;
pub(crate) mod respond;
pub(crate) mod reviews;
pub(crate) mod route;
pub(crate) mod service;
pub(crate) mod subresources;
pub(crate) mod watching;

pub use service::{ApiService, Body};
