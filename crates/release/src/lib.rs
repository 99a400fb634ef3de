//! Observes a release, decides the one next action, performs it.
//!
//! It knows Helm's storage and actions and the Flux v2 state machine; it knows no repositories and no HTTP API.
//!
//! ```text
//! HelmRelease, chart, values ─► Desired ─┐
//! storage, status, cluster ──► Observed ─┴─► decide ─► Decision ─► Operation::step … ─► Outcome
//! ```
//!
//! [`decide()`](decide::decide) is pure. An [`Operation`](operation::Operation) performs one decision in steps: waiting
//! for readiness is a step's answer, never a blocked task, and what a step needs to go on after a crash is in Helm's
//! own release record.
//!
//! Start at [`decide()`](decide::decide), [`operation::Operation`] and [`storage::Storage`].

pub mod api_error;
pub mod cluster;
pub mod decide;
pub mod desired;
pub mod drift;
mod expression_value;
pub mod health;
pub mod health_expression;
pub mod object;
pub mod observe;
pub mod operation;
pub mod post_render;
pub mod record;
pub mod snapshot;
pub mod storage;

pub use expression_value::expression_value;
pub use record::{Info, Record, Status};
pub use storage::{Revision, Storage, Stored};
