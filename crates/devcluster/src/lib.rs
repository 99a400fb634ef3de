//! The embedded Kubernetes API server and the simulated workloads.

pub mod apply;
mod client;
mod cluster;
pub mod crd;
pub mod decode;
pub mod defaults;
pub mod fields;
pub mod openapi;
pub mod patch;
pub mod protobuf;
pub mod resource;
pub mod schema;
pub mod sim;
pub mod status;
pub mod store;
pub mod validate;

pub use client::{Changes, Client, DeleteOptions};
pub use cluster::Cluster;
