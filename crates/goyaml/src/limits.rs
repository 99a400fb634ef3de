//! How much one document may cost.

/// Bounds on reading one YAML stream. Exceeding one is [`crate::Error::Limit`], which names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of input. Default 64 MiB.
    pub bytes: usize,
    /// Nesting of collections. Default 1,000; goyaml.v2 itself stops at 10,000.
    pub depth: usize,
    /// Nodes (scalars, collections, aliases) in the source. Default 8,000,000.
    pub nodes: usize,
    /// Nodes built after aliases are expanded. Default 4,000,000; goyaml.v2's own ratio rule
    /// (`document contains excessive aliasing`) applies as well.
    pub expanded: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 64 << 20, depth: 1_000, nodes: 8_000_000, expanded: 4_000_000 }
    }
}
