//! Reads and writes YAML exactly as Go's goyaml.v2 does (Helm's YAML).
