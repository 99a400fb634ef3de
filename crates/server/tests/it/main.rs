//! The API called as a tower service, over a small Kubernetes API server in memory.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod charts;
mod cluster;
mod embedded;
mod openapi;
mod portal;
mod releases;
mod rename;
mod repositories;
mod session;
mod stream;
mod web;
