//! Tests of the project as a whole that need no server.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod architecture;
