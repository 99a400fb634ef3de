//! Tests of the custom resources against what is committed and promised.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod crds;
