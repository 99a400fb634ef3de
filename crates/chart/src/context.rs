//! What a render needs from the world, as arguments.

use std::time::SystemTime;

use crate::{Capabilities, RenderLimits};

/// Answers the template function `lookup`.
pub trait Lookup: Send + Sync {
    /// The object, or with an empty `name` the list (`{"items": […]}`); an empty object if there is none.
    ///
    /// # Errors
    /// Text of the failure; the render fails with it.
    fn lookup(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<serde_json::Value, String>;
}

/// A source of random bytes for `randAlphaNum`, `genCA` and the like.
pub trait Random: Send + Sync {
    /// Fills `buffer` with unpredictable bytes (or predictable ones, in tests).
    fn fill(&self, buffer: &mut [u8]);
}

/// Answers the template function `getHostByName`.
pub trait Resolve: Send + Sync {
    /// One address of `host`, if it has any.
    fn resolve(&self, host: &str) -> Option<String>;
}

/// Changes the rendered documents before they are sorted (Helm's post-renderer).
pub trait PostRender: Send + Sync {
    /// Gets the whole stream of documents, hooks included, and gives the new one.
    ///
    /// # Errors
    /// Text of the failure.
    fn run(&self, stream: &str) -> Result<String, String>;
}

/// `.Release`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Name of the release.
    pub name: String,
    /// Namespace of the release.
    pub namespace: String,
    /// Revision, from 1.
    pub revision: u32,
    /// An install, as opposed to an upgrade (`.Release.IsInstall`; `.Release.IsUpgrade` is its opposite).
    pub is_install: bool,
}

impl Release {
    /// Revision 1 of an install.
    pub fn install(name: impl Into<String>, namespace: impl Into<String>) -> Self {
        Self { name: name.into(), namespace: namespace.into(), revision: 1, is_install: true }
    }
}

/// Everything a render depends on beside chart and values.
#[derive(Clone)]
#[expect(clippy::struct_excessive_bools, reason = "one for each of Helm's flags")]
pub struct RenderContext<'a> {
    /// `.Release`.
    pub release: Release,
    /// `.Capabilities`.
    pub capabilities: Capabilities,
    /// Answers `lookup`; without one it finds nothing, as in `helm template`.
    pub lookup: Option<&'a dyn Lookup>,
    /// Answers `getHostByName`; without one it gives an empty string, as in Helm without `--enable-dns`.
    pub resolve: Option<&'a dyn Resolve>,
    /// Where random values come from. Without one, functions that need it fail.
    pub random: Option<&'a dyn Random>,
    /// The time `now` gives.
    pub now: SystemTime,
    /// Missing map keys are errors (`missingkey=error`). Default false.
    pub strict: bool,
    /// `required` and `fail` do not fail (`helm lint`). Default false.
    pub lint: bool,
    /// Do not check `values.schema.json`. Default false.
    pub skip_schema: bool,
    /// Notes of subcharts are rendered too (`--render-subchart-notes`). Default false.
    pub subchart_notes: bool,
    /// The joined manifest begins with the charts' CRDs (`--include-crds`). Default false.
    pub include_crds: bool,
    /// Changes the documents before sorting.
    pub post_render: Option<&'a dyn PostRender>,
    /// Bounds on the render.
    pub limits: RenderLimits,
}

impl RenderContext<'_> {
    /// A context with Helm's defaults: no cluster, no DNS, no randomness; the time is the Unix epoch until set.
    pub fn new(release: Release) -> Self {
        Self {
            release,
            capabilities: Capabilities::default(),
            lookup: None,
            resolve: None,
            random: None,
            now: SystemTime::UNIX_EPOCH,
            strict: false,
            lint: false,
            skip_schema: false,
            subchart_notes: false,
            include_crds: false,
            post_render: None,
            limits: RenderLimits::default(),
        }
    }
}

/// Checks a release's name as Helm does: a DNS name of at most 53 bytes.
///
/// # Errors
/// Helm's text, without `release name check failed: `.
pub fn check_release_name(name: &str) -> Result<(), String> {
    let label = |label: &str| {
        let edge = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let bytes = label.as_bytes();
        edge(bytes.first())
            && edge(bytes.last())
            && bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || *b == b'-')
    };
    if name.is_empty() {
        return Err("no name provided".to_owned());
    }
    if name.len() > 53 || !name.split('.').all(label) {
        return Err(format!(
            "release name {name:?}: invalid release name, must match regex \
             ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be \
             longer than 53"
        ));
    }
    Ok(())
}
