//! What other programs wrote.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod helm_records;
