//! The embedded Kubernetes API server and the simulated workloads.

pub mod schema;
