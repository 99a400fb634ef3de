//! The product from outside: the real binary, real registries, the real helm and the real kubectl, on loopback.
//!
//! Without the tools (`make test` installs them) a test says loudly that it is skipped; under `CI=true` it fails.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stderr, clippy::print_stdout, reason = "tests")]

mod bad_input;
mod chart_commands;
mod charts;
mod helm;
mod kubectl;
mod main_job;
mod pilothouse;
mod public_charts;
mod registries;
mod registry;
mod restarts;
mod serving;
#[path = "../../../registry/tests/it/token_server.rs"]
mod token_server;
mod tools;
