//! Watches the resources and brings the cluster to the wanted state.
//!
//! ```text
//!  watch (feed) ─► store ─┬► hooks ─► wakers ─► queue (drive) ─► reconcile ─► one status write, events, artifact
//!                         └──────────── read by every reconciler ───┘
//! ```
//!
//! It holds no rendering rules and takes no decisions about releases: it calls `release` and `chart` for those.
//! [`run`] is the entry; `source` is the pass that all sources share, `repository`, `chart` and `oci_repository` what
//! each of them does in it, `artifacts` the store and file server behind them.

mod access;
mod artifacts;
mod catalogs;
mod chart;
mod context;
mod drive;
mod events;
mod feed;
mod hooks;
mod metrics;
mod oci_repository;
mod options;
mod release;
mod repository;
mod run;
mod source;
mod status;

pub use artifacts::Error as ArtifactError;
pub use metrics::Metrics;
pub use options::Options;
pub use run::{Error, run};
