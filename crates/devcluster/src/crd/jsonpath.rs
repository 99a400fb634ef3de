//! The simple JSON paths of definitions: field paths of rules and selectable fields, printer columns.

use serde_json::Value;

use super::schema::Schema;

/// Checks that a path names a field of the schema; returns it as field paths are printed, and the field's schema.
///
/// # Errors
/// Go's message.
pub(crate) fn valid_field_path<'s>(
    path: &str,
    schema: &'s Schema,
    brackets: bool,
) -> Result<(String, Option<&'s Schema>), String> {
    let mut found = String::new();
    let mut schema = schema;
    let mut rest = path;
    while !rest.is_empty() {
        let name = if let Some(after) = rest.strip_prefix('.') {
            if after.is_empty() {
                return Err("unexpected end of JSON path".into());
            }
            let end = after.find(['.', '[', ']']).unwrap_or(after.len());
            let end = if end == 0 { 1 } else { end };
            rest = &after[end..];
            after[..end].to_owned()
        } else if let Some(after) = rest.strip_prefix('[') {
            if !brackets {
                return Err("array notation is not allowed".into());
            }
            let (name, after) = quoted(after)?;
            rest = after;
            name
        } else {
            let end = rest.find(['.', '[', ']']).unwrap_or(rest.len()).max(1);
            return Err(format!("expected [ or . but got: {}", &rest[..end]));
        };
        if !schema.properties.is_empty() {
            schema = schema.properties.get(&name).ok_or("does not refer to a valid field")?;
            if !found.is_empty() {
                found.push('.');
            }
            found.push_str(&name);
        } else if let Some(inner) = schema.additional_schema() {
            found.push_str(&format!("[{name}]"));
            schema = inner;
        } else {
            return Err("does not refer to a valid field".into());
        }
    }
    Ok((found, Some(schema)))
}

/// `'name']` and what follows.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let end = |t: &str| t.find(['.', '[', ']']).unwrap_or(t.len());
    let Some(inner) = text.strip_prefix('\'') else {
        if text.is_empty() {
            return Err("unexpected end of JSON path".into());
        }
        return Err(format!(
            "expected single quoted string but got {}",
            &text[..end(text).max(1).min(text.len())]
        ));
    };
    let mut name = String::new();
    let mut chars = inner.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => match chars.next().map(|(_, c)| c) {
                Some('n') => name.push('\n'),
                Some('t') => name.push('\t'),
                Some('r') => name.push('\r'),
                Some(c @ ('\'' | '\\')) => name.push(c),
                Some(c) => return Err(format!("invalid string literal: invalid escape char \\{c}")),
                None => break,
            },
            '\'' => {
                let after = &inner[at + 1..];
                return match after.strip_prefix(']') {
                    Some(after) => Ok((name, after)),
                    None if after.is_empty() => Err("unexpected end of JSON path".into()),
                    None => Err(format!("expected ] but got {}", &after[..end(after).max(1)])),
                };
            }
            c => name.push(c),
        }
    }
    Err("unexpected end of JSON path".into())
}

/// The value at a path of plain names, like `.spec.replicas`.
pub(crate) fn plain<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    path.trim_start_matches('.').split('.').try_fold(value, |v, key| v.get(key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_have_to_name_fields() {
        let schema = Schema::parse(&json!({"type": "object", "properties": {"a": {"type": "object",
            "properties": {"b": {"type": "string"}}}, "m": {"type": "object", "additionalProperties": {"type": "string"}}}}));
        let path = |p: &str| valid_field_path(p, &schema, true).map(|(found, _)| found);
        assert_eq!(path(".a.b").unwrap(), "a.b");
        assert_eq!(path(".m['x.y']").unwrap(), "m[x.y]");
        assert_eq!(path(".a.c").unwrap_err(), "does not refer to a valid field");
        assert_eq!(path("a").unwrap_err(), "expected [ or . but got: a");
        assert_eq!(valid_field_path("['a']", &schema, false).unwrap_err(), "array notation is not allowed");
    }
}
