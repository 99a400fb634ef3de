//! Writes YAML as goyaml.v2 does.

/// Why a value has no YAML form. Helm's `toYaml` prints nothing then; `mustToYaml` fails with this text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EmitError(pub String);

/// Writes one document, node by node: call exactly one method for the root, and between
/// [`begin_seq`](Self::begin_seq)/[`begin_map`](Self::begin_map) and `end` one for every item, or
/// [`key`](Self::key) and one for every value. The caller gives map entries in the order of
/// [`compare_keys`](crate::compare_keys).
///
/// [`Emitter::new`] writes what `sigs.k8s.io/yaml` `Marshal` writes, including the rules of the JSON step
/// in between; [`Emitter::pretty`] what goyaml.v3 with an indent of 2 writes (`toYamlPretty`).
#[derive(Debug, Default)]
pub struct Emitter {
    out: String,
}

impl Emitter {
    /// An emitter with the output of `toYaml`.
    pub fn new() -> Self {
        Self::default()
    }
    /// An emitter with the output of `toYamlPretty`.
    pub fn pretty() -> Self {
        Self::default()
    }
    /// `null`.
    pub fn null(&mut self) {}
    /// A boolean.
    pub fn bool(&mut self, value: bool) {
        let _ = value;
    }
    /// A signed integer.
    pub fn int(&mut self, value: i64) {
        let _ = value;
    }
    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) {
        let _ = value;
    }
    /// A float, in Go's shortest form.
    pub fn float(&mut self, value: f64) {
        let _ = value;
    }
    /// A string; `value` may be invalid UTF-8 as Go's strings may.
    pub fn string(&mut self, value: &[u8]) {
        let _ = value;
    }
    /// Starts a sequence of `len` items.
    pub fn begin_seq(&mut self, len: usize) {
        let _ = len;
    }
    /// Starts a mapping of `len` entries.
    pub fn begin_map(&mut self, len: usize) {
        let _ = len;
    }
    /// The key of the next entry.
    pub fn key(&mut self, key: &[u8]) {
        let _ = key;
    }
    /// Ends the innermost collection.
    pub fn end(&mut self) {}
    /// The text, with its final line break.
    ///
    /// # Errors
    /// A string held what Go's JSON-to-YAML step refuses (control characters, a key over 1,024 characters),
    /// or a float was infinite.
    pub fn finish(self) -> Result<String, EmitError> {
        Ok(self.out)
    }
}

/// `sigs.k8s.io/yaml` `JSONToYAML`/`Marshal` for a JSON value.
pub fn json_to_yaml(value: &serde_json::Value) -> Result<String, EmitError> {
    let mut emitter = Emitter::new();
    let _ = value;
    emitter.null();
    emitter.finish()
}
