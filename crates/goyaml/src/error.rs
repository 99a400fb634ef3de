//! What can be wrong with YAML text, in Go's words.

/// Why YAML could not be read. `Display` is the text of goyaml.v2 (`yaml: line 3: did not find expected key`),
/// or of `sigs.k8s.io/yaml` where its conversion to JSON failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is not YAML.
    #[error("yaml: {}{message}", LineOf(*.line))]
    Syntax {
        /// Line as Go reports it (from 1); 0 where Go names none.
        line: usize,
        /// Go's words.
        message: String,
    },
    /// The YAML is well-formed but not a value (unknown anchor, wrong tag, bad merge, map as key).
    #[error("{0}")]
    Value(String),
    /// A limit of [`crate::Limits`] was exceeded; the text names it.
    #[error("yaml: {0}")]
    Limit(String),
    /// The value does not fit the Rust type asked for.
    #[error("{0}")]
    Mismatch(String),
}

struct LineOf(usize);

impl std::fmt::Display for LineOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 > 0 { write!(f, "line {}: ", self.0) } else { Ok(()) }
    }
}
