//! What the API does, apart from HTTP: functions that act with a [`Caller`](crate::Caller)'s rights.
//!
//! Every front (the JSON API, and clients of other products' paths) calls these.

pub mod charts;
pub mod cluster;
pub mod connection;
pub mod credentials;
pub mod dependents;
pub mod diff;
pub mod events;
pub mod identity;
pub mod objects;
pub mod oci_repositories;
pub mod operations;
pub mod preview;
pub mod releases;
pub mod rename;
pub mod repositories;
pub mod resource_tree;
pub mod revisions;
pub mod source_objects;
pub mod sources;
pub mod status;
pub(crate) mod stream;
pub mod updates;
pub mod values;
pub mod workloads;
