//! The custom resources users write, their conditions and the CRD manifests.
//!
//! The four kinds have the schema of the Flux v2 API (`source.toolkit.fluxcd.io/v1` and `helm.toolkit.fluxcd.io/v2`),
//! so that existing manifests, dashboards and tools work. Fields that only Pilothouse has are additive and say so.
//! This crate holds no client and no logic beyond defaults and validation.
//!
//! Start at [`HelmRelease`] and [`HelmRepository`]; [`crds::all`] gives the manifests that are committed in
//! `deploy/crds/`.
//!
//! ```
//! use pilothouse_resources::{HelmRepository, HelmRepositorySpec, RepositoryType};
//!
//! let repository = HelmRepository::new("charts", HelmRepositorySpec {
//!     url: "oci://registry.example/charts".into(),
//!     type_: Some(RepositoryType::Oci),
//!     ..Default::default()
//! });
//! assert!(repository.spec.is_oci());
//! ```
#![allow(
    clippy::doc_markdown,
    reason = "the comments of fields are the descriptions of the CRDs, in Flux's words"
)]

mod artifact;
pub mod condition;
pub mod crds;
mod duration;
mod helm_chart;
mod helm_release;
mod helm_repository;
pub mod meta;
mod oci_repository;
mod reference;

pub use artifact::Artifact;
pub use condition::Condition;
pub use duration::{DurationString, ParseDuration};
pub use helm_chart::*;
pub use helm_release::*;
pub use helm_repository::*;
pub use oci_repository::*;
pub use reference::*;
