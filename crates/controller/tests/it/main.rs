//! The controllers on a cluster: the embedded one, or the one that `PILOTHOUSE_TEST_KUBECONFIG` names.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
#![allow(unreachable_pub, reason = "modules of one binary")]

mod release;
mod stage;
