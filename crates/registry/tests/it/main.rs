//! The registry clients against real servers in this process and Debian's `docker-registry`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]
#![allow(missing_docs, reason = "tests")]

mod authentication;
mod discovery;
mod distribution;
mod faults;
mod http_repository;
mod pull;
mod sync;
mod test_registry;
mod tls;
mod token_server;
