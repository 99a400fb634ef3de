//! Turns a chart archive and values into ordered manifests, hooks and notes, as Helm 4.2.3 does.
//!
//! Everything is a function of its arguments: no network, file system, clock, environment or Kubernetes
//! client. The caller passes bytes, a [`RenderContext`] and gets a [`Rendered`]. A [`Chart`] never changes
//! once loaded, so one chart can be rendered many times and from many threads.
//!
//! ```text
//! archive bytes ─► Chart ─┐  processed dependencies, coalesced values, schema check
//! values (YAML, --set) ───┴─► render ─► templates ─► documents, hooks, notes, CRDs
//! ```
//!
//! Start at [`Chart::load_archive`], [`values`] and [`render`].

mod capabilities;
mod chart;
mod context;
mod engine;
mod error;
mod files_glob;
pub mod functions;
mod limits;
mod manifest;
mod metadata;
mod objects;
mod render;
pub mod semver;
mod template_error;
pub mod values;

pub use capabilities::{Capabilities, DEFAULT_API_VERSIONS, KubeVersion};
pub use chart::{Chart, Crd, File};
pub use context::{Lookup, PostRender, Random, Release, RenderContext, Resolve};
pub use error::{LoadError, RenderError};
pub use limits::{Limits, RenderLimits};
pub use manifest::{
    Hook, HookDeletePolicy, HookEvent, HookOutputLogPolicy, Manifest, install_order, split_documents,
    uninstall_order,
};
pub use metadata::{Dependency, Lock, Maintainer, Metadata};
pub use render::{Rendered, render, template_stdout};
pub use values::{Map, Value, Values};
