//! The embedded cluster as a client sees it, in process.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod access;
mod client;
mod definitions;
mod objects;
mod persistence;
mod recorded;
mod wait;
mod watches;
mod workloads;
