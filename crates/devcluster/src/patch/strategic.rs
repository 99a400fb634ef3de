//! Strategic merge patches (apimachinery, `util/strategicpatch`).

use serde_json::{Map, Value};

use crate::apply::plain;
use crate::schema::{Field, Shape, TypeRef};
use crate::status::{ApiError, ApiResult};

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList";
const ELEMENT_ORDER: &str = "$setElementOrder";
/// Bound on nesting.
const MAX_DEPTH: usize = 200;

type Object = Map<String, Value>;

pub(super) fn apply(ty: Option<TypeRef<'_>>, document: &Value, patch: &Value) -> ApiResult<Value> {
    let (Value::Object(original), Value::Object(patch)) = (document.clone(), patch.clone()) else {
        return Err(bad("invalid JSON document"));
    };
    merge_map(original, patch, ty, 0).map(Value::Object)
}

/// Errors that the API server tells as a 400; all others are its own fault to it.
fn bad(message: &str) -> ApiError {
    ApiError::bad_request(message)
}

fn internal(message: String) -> ApiError {
    ApiError::plain_internal(message)
}

fn no_merge_key(map: &Object, key: &str) -> ApiError {
    internal(format!(
        "map: {} does not contain declared merge key: {key}",
        plain(&Value::Object(map.clone()))
    ))
}

fn unknown_directive(directive: &Value, map: &Object) -> ApiError {
    let map = plain(&Value::Object(map.clone()));
    internal(format!("unknown patch type: {} in map: {map}", plain(directive)))
}

/// Go's type of a value, as `%s` of `reflect.TypeOf` prints it.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "%!s(<nil>)",
        Value::Bool(_) => "bool",
        Value::Number(n) if n.is_f64() => "float64",
        Value::Number(_) => "int64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}

fn bad_type(expected: &str, actual: &Value) -> ApiError {
    // The reference server passes this kind on as a 400 only where the list itself is missing.
    internal(format!("expected a {expected}, but received a {}", go_type(actual)))
}

/// The declaration of a field, its type and the type of its items.
struct Declared<'g> {
    field: Option<&'g Field>,
    ty: Option<TypeRef<'g>>,
}

impl<'g> Declared<'g> {
    fn of(ty: Option<TypeRef<'g>>, name: &str) -> Self {
        let Some(ty) = ty else { return Self { field: None, ty: None } };
        match ty.shape() {
            Shape::Struct(s) => match s.field(name) {
                Some(field) => Self { field: Some(field.get()), ty: Some(field.ty()) },
                None => Self { field: None, ty: None },
            },
            Shape::Map(elem) => Self { field: None, ty: Some(elem) },
            _ => Self { field: None, ty: None },
        }
    }

    fn elem(&self) -> Option<TypeRef<'g>> {
        match self.ty?.shape() {
            Shape::List(elem) => Some(elem),
            _ => None,
        }
    }

    fn merges(&self) -> bool {
        self.field.is_some_and(|f| f.strategy.merge)
    }

    fn replaces(&self) -> bool {
        self.field.is_some_and(|f| f.strategy.replace)
    }

    fn merge_key(&self) -> &str {
        self.field.and_then(|f| f.merge_key.as_deref()).unwrap_or_default()
    }
}

fn merge_map(original: Object, patch: Object, ty: Option<TypeRef<'_>>, depth: usize) -> ApiResult<Object> {
    let (mut original, mut patch) = (original, patch);
    if depth > MAX_DEPTH {
        return Err(bad("strategic merge patch format is not supported"));
    }
    if let Some(directive) = patch.get(DIRECTIVE).cloned() {
        return match directive.as_str() {
            Some("replace") => {
                patch.remove(DIRECTIVE);
                Ok(patch)
            }
            Some("delete") => Ok(Object::new()),
            _ => Err(unknown_directive(&directive, &patch)),
        };
    }
    retain_keys(&mut original, &mut patch)?;
    set_orders(&mut original, &mut patch, ty, depth)?;
    for (key, value) in patch {
        let deletes = key.strip_prefix(DELETE_FROM);
        let name = match deletes {
            Some(rest) => {
                rest.strip_prefix('/').ok_or_else(|| bad("invalid patch format of primitive list"))?
            }
            None => key.as_str(),
        };
        if value.is_null() {
            original.remove(name);
            continue;
        }
        let Some(old) = original.get(name) else {
            if deletes.is_none() {
                insert_new(&mut original, name, value);
            }
            continue;
        };
        if std::mem::discriminant(old) != std::mem::discriminant(&value) {
            if deletes.is_none() {
                insert_new(&mut original, name, value);
            }
            continue;
        }
        let declared = Declared::of(ty, name);
        let old = original.get_mut(name).map(Value::take).unwrap_or_default();
        let merged = match (old, value) {
            (Value::Object(old), Value::Object(new)) => {
                if declared.replaces() {
                    Value::Object(new)
                } else {
                    Value::Object(merge_map(old, new, declared.ty, depth + 1)?)
                }
            }
            (Value::Array(old), Value::Array(new)) => {
                if deletes.is_some() || declared.merges() {
                    Value::Array(merge_list(old, new, &declared, deletes.is_some(), depth)?)
                } else {
                    Value::Array(new)
                }
            }
            (_, new) => new,
        };
        original.insert(name.to_owned(), merged);
    }
    Ok(original)
}

fn insert_new(original: &mut Object, name: &str, mut value: Value) {
    discard_nulls(&mut value, 0);
    match without_directives(value, 0) {
        Some(value) => drop(original.insert(name.to_owned(), value)),
        None => drop(original.remove(name)),
    }
}

fn discard_nulls(value: &mut Value, depth: usize) {
    match value {
        Value::Object(map) if depth < MAX_DEPTH => {
            map.retain(|_, v| !v.is_null());
            for value in map.values_mut() {
                discard_nulls(value, depth + 1);
            }
        }
        Value::Array(items) if depth < MAX_DEPTH => {
            for value in items {
                discard_nulls(value, depth + 1);
            }
        }
        _ => {}
    }
}

/// A value without the maps that carry `$patch`; `None`: it is one.
fn without_directives(value: Value, depth: usize) -> Option<Value> {
    match value {
        Value::Object(map) if depth < MAX_DEPTH => {
            if map.contains_key(DIRECTIVE) {
                return None;
            }
            let kept = map.into_iter().filter_map(|(k, v)| without_directives(v, depth + 1).map(|v| (k, v)));
            Some(Value::Object(kept.collect()))
        }
        Value::Array(items) if depth < MAX_DEPTH => {
            Some(Value::Array(items.into_iter().filter_map(|v| without_directives(v, depth + 1)).collect()))
        }
        other => Some(other),
    }
}

fn retain_keys(original: &mut Object, patch: &mut Object) -> ApiResult<()> {
    let Some(list) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
    let wrong = || bad("invalid patch format of retainKeys");
    let Value::Array(list) = list else { return Err(wrong()) };
    let keeps = |key: &str| list.iter().any(|v| v.as_str() == Some(key));
    for (key, value) in patch.iter() {
        if !value.is_null() && !key.starts_with(DELETE_FROM) && !key.starts_with(ELEMENT_ORDER) && !keeps(key)
        {
            return Err(wrong());
        }
    }
    original.retain(|key, _| keeps(key));
    Ok(())
}

/// Merges the lists that have a `$setElementOrder` and brings them into that order.
fn set_orders(
    original: &mut Object,
    patch: &mut Object,
    ty: Option<TypeRef<'_>>,
    depth: usize,
) -> ApiResult<()> {
    let orders: Vec<String> = patch.keys().filter(|k| k.starts_with(ELEMENT_ORDER)).cloned().collect();
    for key in orders {
        let order = match patch.remove(&key) {
            Some(Value::Array(order)) => order,
            other => return Err(bad_type("[]interface {}", &other.unwrap_or_default())),
        };
        let wrong = || bad("invalid patch format of setElementOrder list");
        let name = key.strip_prefix(ELEMENT_ORDER).and_then(|k| k.strip_prefix('/')).ok_or_else(wrong)?;
        let list = |value: Option<&Value>| match value {
            None => Ok(None),
            Some(Value::Array(items)) => Ok(Some(items.clone())),
            Some(other) => Err(bad_type("[]interface {}", other)),
        };
        let (old, new) = (list(original.get(name))?, list(patch.get(name))?);
        let declared = Declared::of(ty, name);
        let merge_key = declared.merge_key();
        check_order(new.as_deref().unwrap_or_default(), &order, merge_key)?;
        let merged = match (old.clone(), new) {
            (None, None) => continue,
            (Some(old), None) => old,
            (None, Some(new)) => match without_directives(Value::Array(new), 0) {
                Some(Value::Array(items)) => items,
                _ => continue,
            },
            (Some(old), Some(new)) if declared.merges() => merge_list(old, new, &declared, false, depth)?,
            (Some(_), Some(new)) => new,
        };
        let (mine, others) = partition(merged, &order, merge_key)?;
        let sorted = in_order(mine, others, &order, &old.unwrap_or_default(), merge_key);
        original.insert(name.to_owned(), Value::Array(sorted));
        patch.remove(name);
    }
    Ok(())
}

/// The items of the patch must come in the order that the directive gives.
fn check_order(patch: &[Value], order: &[Value], merge_key: &str) -> ApiResult<()> {
    if patch.is_empty() || order.is_empty() {
        return Ok(());
    }
    let kept: Vec<&Value> =
        patch.iter().filter(|v| v.get(DIRECTIVE).and_then(Value::as_str) != Some("delete")).collect();
    let mut at = 0;
    let mut place = 0;
    while at < kept.len() && place < order.len() {
        if kept[at].get(DIRECTIVE).is_some() {
            at += 1;
            continue;
        }
        if key_equal(kept[at], &order[place], merge_key)? {
            at += 1;
        }
        place += 1;
    }
    if at < kept.len() {
        let (patch, order) = (plain(&Value::Array(patch.to_vec())), plain(&Value::Array(order.to_vec())));
        return Err(internal(format!(
            "The order in patch list:\n{patch}\n doesn't match {ELEMENT_ORDER} list:\n{order}\n"
        )));
    }
    Ok(())
}

fn key_equal(left: &Value, right: &Value, merge_key: &str) -> ApiResult<bool> {
    if merge_key.is_empty() {
        return Ok(left == right);
    }
    Ok(key_of(left, merge_key)? == key_of(right, merge_key)?)
}

fn key_of<'v>(item: &'v Value, merge_key: &str) -> ApiResult<&'v Value> {
    let Value::Object(map) = item else { return Err(bad_type("map[string]interface {}", item)) };
    map.get(merge_key).ok_or_else(|| no_merge_key(map, merge_key))
}

fn merge_list(
    original: Vec<Value>,
    patch: Vec<Value>,
    declared: &Declared<'_>,
    deletes: bool,
    depth: usize,
) -> ApiResult<Vec<Value>> {
    if original.is_empty() && patch.is_empty() {
        return Ok(original);
    }
    let mut kinds = original.iter().chain(&patch).map(go_type);
    let first = kinds.next().unwrap_or_default();
    if first == "[]interface {}" {
        return Err(internal("lists of lists are not supported".to_owned()));
    }
    if kinds.any(|k| k != first) {
        let shown = format!("[{} {}]", plain(&Value::Array(original)), plain(&Value::Array(patch)));
        return Err(internal(format!("list element types are not identical: {shown}")));
    }
    let merge_key = declared.merge_key();
    let merged = if first == "map[string]interface {}" {
        if merge_key.is_empty() {
            let name = declared
                .elem()
                .and_then(TypeRef::as_struct)
                .map(super::super::schema::StructRef::go_type_name)
                .unwrap_or_default();
            return Err(internal(format!("cannot merge lists without merge key for {name}")));
        }
        return merge_keyed(original, patch, declared, depth);
    } else {
        if deletes {
            return Ok(original.into_iter().filter(|v| !patch.contains(v)).collect());
        }
        let mut both = original.clone();
        both.extend(patch.iter().cloned());
        deduplicate(both)
    };
    let (mine, others) = partition(merged, &patch, "")?;
    Ok(in_order(mine, others, &patch, &original, ""))
}

/// Later doubles are dropped as upstream does it: the last item takes their place.
fn deduplicate(mut items: Vec<Value>) -> Vec<Value> {
    let mut i = 0;
    while i < items.len() {
        let mut j = i + 1;
        while j < items.len() {
            if items[i] == items[j] {
                items.swap_remove(j);
            } else {
                j += 1;
            }
        }
        i += 1;
    }
    items
}

fn merge_keyed(
    original: Vec<Value>,
    patch: Vec<Value>,
    declared: &Declared<'_>,
    depth: usize,
) -> ApiResult<Vec<Value>> {
    let merge_key = declared.merge_key();
    let mut original = original;
    let mut additions = Vec::new();
    let mut replace = false;
    for item in patch {
        let Value::Object(map) = &item else { continue };
        match map.get(DIRECTIVE) {
            None => additions.push(item),
            Some(directive) => match directive.as_str() {
                Some("delete") => {
                    let key = map.get(merge_key).ok_or_else(|| no_merge_key(map, merge_key))?;
                    original.retain(|o| o.get(merge_key) != Some(key));
                }
                Some("replace") => replace = true,
                Some("merge") => {
                    return Err(internal("merging lists cannot yet be specified in the patch".to_owned()));
                }
                _ => return Err(unknown_directive(directive, map)),
            },
        }
    }
    if replace {
        let before = original;
        let (mine, others) = partition(additions, &[], merge_key)?;
        return Ok(in_order(mine, others, &[], &before, merge_key));
    }
    let before = original.clone();
    let mut merged = original;
    for item in &additions {
        let key = key_of(item, merge_key)?;
        match merged.iter().position(|o| o.get(merge_key) == Some(key)) {
            Some(i) => {
                if let (Value::Object(old), Value::Object(new)) = (merged[i].take(), item.clone()) {
                    merged[i] = Value::Object(merge_map(old, new, declared.elem(), depth + 1)?);
                }
            }
            None => merged.push(item.clone()),
        }
    }
    let (mine, others) = partition(merged, &additions, merge_key)?;
    Ok(in_order(mine, others, &additions, &before, merge_key))
}

/// Splits a list into what `by` names and the rest.
fn partition(items: Vec<Value>, by: &[Value], merge_key: &str) -> ApiResult<(Vec<Value>, Vec<Value>)> {
    let (mut named, mut rest) = (Vec::new(), Vec::new());
    for item in items {
        let found = if merge_key.is_empty() {
            by.contains(&item)
        } else {
            let key = key_of(&item, merge_key)?;
            by.iter().any(|b| b.get(merge_key) == Some(key))
        };
        if found { named.push(item) } else { rest.push(item) }
    }
    Ok((named, rest))
}

/// Brings both parts together: the patch's items in the order it gives, the server's own where they stood.
fn in_order(
    named: Vec<Value>,
    rest: Vec<Value>,
    order: &[Value],
    live: &[Value],
    merge_key: &str,
) -> Vec<Value> {
    let place = |item: &Value, list: &[Value]| {
        list.iter().position(|l| {
            if merge_key.is_empty() {
                l == item
            } else {
                l.get(merge_key).is_some() && l.get(merge_key) == item.get(merge_key)
            }
        })
    };
    let mut named = named;
    named.sort_by_key(|item| place(item, order).unwrap_or(usize::MAX));
    let mut rest = rest;
    rest.sort_by_key(|item| place(item, live).unwrap_or(usize::MAX));
    let mut out = Vec::with_capacity(named.len() + rest.len());
    let (mut named, mut rest) = (named.into_iter().peekable(), rest.into_iter().peekable());
    loop {
        match (named.peek(), rest.peek()) {
            (None, None) => return out,
            (Some(_), None) => out.extend(named.next()),
            (None, Some(_)) => out.extend(rest.next()),
            (Some(n), Some(r)) => {
                // A server's own item comes first only before one that was in the live list, too.
                let first = !matches!((place(r, live), place(n, live)), (Some(r), Some(n)) if r < n);
                if first { out.extend(named.next()) } else { out.extend(rest.next()) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::builtin;
    use serde_json::json;

    fn pod(patch: &Value) -> ApiResult<Value> {
        let original = json!({"spec": {"containers": [
            {"name": "app", "image": "a", "env": [{"name": "ONE", "value": "1"}, {"name": "TWO", "value": "2"}]},
            {"name": "side", "image": "s"}], "volumes": [{"name": "v", "emptyDir": {}}]}});
        apply(builtin().kind_of("v1", "Pod"), &original, patch)
    }

    #[test]
    fn items_are_merged_by_key_and_deleted_by_directive() {
        let out = pod(&json!({"spec": {"containers": [{"name": "side", "$patch": "delete"},
            {"name": "app", "image": "b", "env": [{"name": "TWO", "$patch": "delete"}, {"name": "NEW", "value": "3"}]}]}}));
        let expected = json!([{"name": "app", "image": "b", "env": [{"name": "NEW", "value": "3"}, {"name": "ONE", "value": "1"}]}]);
        assert_eq!(out.unwrap()["spec"]["containers"], expected);
    }

    #[test]
    fn order_and_retained_keys_are_followed() {
        let out = pod(&json!({"spec": {"$setElementOrder/containers": [{"name": "side"}, {"name": "app"}],
            "volumes": [{"name": "v", "$retainKeys": ["name", "hostPath"], "hostPath": {"path": "/x"}}]}}))
        .unwrap();
        assert_eq!(out["spec"]["containers"][0]["name"], "side");
        assert_eq!(out["spec"]["volumes"], json!([{"name": "v", "hostPath": {"path": "/x"}}]));
    }

    #[test]
    fn errors_have_upstreams_texts() {
        let error = pod(&json!({"spec": {"containers": [{"image": "x"}]}})).unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (500, "map: map[image:x] does not contain declared merge key: name")
        );
        let error =
            pod(&json!({"spec": {"containers": [{"name": "side", "$patch": "explode"}]}})).unwrap_err();
        assert_eq!(error.message, "unknown patch type: explode in map: map[$patch:explode name:side]");
    }
}
