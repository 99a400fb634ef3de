//! Merging of dictionaries, with the rules of dario.cat/mergo v1.0 that Sprig uses.

use pilothouse_gotemplate::{Context, Kind, Limit, MAX_VALUE_DEPTH, Map, Value};

/// Which side wins where both have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// The target, unless its value is empty (`merge`).
    KeepExisting,
    /// The source, its empty values and nils too (`mergeOverwrite`).
    Overwrite,
}

/// Merges `source` into `target`. Maps that only the source has are shared afterwards, not copied.
pub(super) fn merge_into(
    context: &Context<'_>,
    target: &Map,
    source: &Map,
    mode: Mode,
    depth: u32,
) -> Result<(), Limit> {
    if depth > MAX_VALUE_DEPTH {
        return Err(Limit::ValueDepth(MAX_VALUE_DEPTH));
    }
    let overwrite = mode == Mode::Overwrite;
    for (key, value) in source.snapshot() {
        context.charge_steps(1)?;
        if value.is_nil() {
            if overwrite {
                target.insert(key, value);
            }
            continue;
        }
        let existing = target.get(&key);
        if let (Some(into), Some(from)) = (existing.as_ref().and_then(Value::as_map), value.as_map()) {
            merge_into(context, &into, &from, mode, depth + 1)?;
        }
        let is_list = value.kind() == Kind::Slice;
        if is_list && (overwrite || target.is_empty()) {
            target.insert(key.clone(), value.clone());
        }
        if let Some(existing) = existing.as_ref().filter(|existing| !is_empty(existing)) {
            let both_maps = value.kind() == Kind::Map && existing.kind() == Kind::Map;
            if is_list || both_maps {
                continue;
            }
        }
        if overwrite || existing.as_ref().is_none_or(is_empty) {
            target.insert(key, value);
        }
    }
    Ok(())
}

/// Mergo's notion of empty: zero values, nils and collections without elements.
fn is_empty(value: &Value) -> bool {
    !value.truth()
}
