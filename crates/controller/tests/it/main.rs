//! The controllers against API servers and registries in this process. Modules that use `stage` run on the embedded
//! cluster, or on the one that `PILOTHOUSE_TEST_KUBECONFIG` names.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(unreachable_pub, reason = "modules of one binary")]

mod fake_api;
mod release;
mod sources;
mod stage;
mod surroundings;
