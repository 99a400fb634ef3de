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

pub mod batch;
mod capabilities;
mod chart;
mod context;
mod dependencies;
mod engine;
mod error;
mod excerpt;
mod files_glob;
pub mod functions;
mod glob;
mod limits;
pub mod lint;
mod load;
pub mod lock;
mod manifest;
mod metadata;
mod name_template;
mod objects;
mod package;
mod render;
mod schema;
pub mod semver;
mod show;
mod template_error;
pub mod values;

pub use capabilities::{Capabilities, DEFAULT_API_VERSIONS, KubeVersion};
pub use chart::{Chart, Crd, File};
pub use context::{Lookup, PostRender, Random, Release, RenderContext, Resolve, check_release_name};
pub use error::{LoadError, RenderError};
pub use glob::{BadPattern, Glob};
pub use limits::{Limits, RenderLimits};
pub use manifest::{
    Hook, HookDeletePolicy, HookEvent, HookOutputLogPolicy, Manifest, install_order, split_documents,
    uninstall_order,
};
pub use metadata::{Dependency, Lock, Maintainer, Metadata};
pub use name_template::render_name;
pub use package::{PackageError, check_packable, to_archive};
pub use render::{Rendered, TemplateOptions, render, render_templates, template_output, template_stdout};
pub use show::{Part, show};
pub use values::{Map, Value, Values};
