//! How values of charts, subcharts and users combine, as Helm 4.2.3's `pkg/chart/common/util/coalesce.go`.
//!
//! It works on Go's shared maps on purpose: Helm passes globals down by reference, so that a subchart's
//! default for a nested global becomes visible to its parent and its siblings.

use pilothouse_gotemplate::{Map as GoMap, Str, Value as Go};

use super::{Map, Value, Values};
use crate::Chart;
use crate::objects::{value as value_to_go, value_map as to_go};

const GLOBAL: &[u8] = b"global";

/// Values as they stand in a Go map now. Only kinds that values can have occur.
pub(crate) fn values_from_go(map: &GoMap) -> Values {
    Values(map_from_go(map))
}

fn map_from_go(map: &GoMap) -> Map {
    let entries = map.entries();
    entries.iter().map(|(key, value)| (key.to_text().into_owned(), value_from_go(value))).collect()
}

fn value_from_go(value: &Go) -> Value {
    match value {
        Go::Bool(value) => Value::Bool(*value),
        Go::Int(value) | Go::Int64(value) => Value::Int(*value),
        Go::Float(value) => Value::Float(*value),
        Go::Str(text) => Value::String(text.to_text().into_owned()),
        Go::List(list) => Value::Array(list.items().iter().map(value_from_go).collect()),
        Go::Map(map) => Value::Map(map_from_go(map)),
        _ => Value::Null,
    }
}

/// `CoalesceValues`: nulls remove, and are gone afterwards.
pub(crate) fn coalesce_values(chart: &Chart, values: &Values) -> Result<GoMap, String> {
    let map = to_go(&values.0);
    coalesce(chart, &map, false)?;
    Ok(map)
}

/// `CoalesceValues` for values that are a Go map already; `values` is not changed.
pub(crate) fn coalesce_map(chart: &Chart, values: &GoMap) -> Result<GoMap, String> {
    let map = deep_copy(values);
    coalesce(chart, &map, false)?;
    Ok(map)
}

/// `MergeValues`: nulls stay.
pub(crate) fn merge_values(chart: &Chart) -> Result<GoMap, String> {
    let map = GoMap::new();
    coalesce(chart, &map, true)?;
    Ok(map)
}

fn deep_copy(map: &GoMap) -> GoMap {
    map.entries().iter().map(|(key, value)| (key.clone(), deep_copy_value(value))).collect()
}

fn deep_copy_value(value: &Go) -> Go {
    match value {
        Go::Map(map) => Go::Map(deep_copy(map)),
        Go::List(list) => Go::list(list.items().iter().map(deep_copy_value).collect()),
        other => other.clone(),
    }
}

/// `copystructure.Copy` of a whole table.
pub(crate) fn copy_map(map: &GoMap) -> GoMap {
    deep_copy(map)
}

fn coalesce(chart: &Chart, dest: &GoMap, merge: bool) -> Result<(), String> {
    coalesce_defaults(chart, dest, merge);
    for subchart in chart.dependencies() {
        let name = subchart.name().as_bytes();
        let inner = match dest.get(name) {
            None => {
                let inner = GoMap::new();
                dest.insert(name, Go::Map(inner.clone()));
                inner
            }
            Some(Go::Map(inner)) => inner,
            Some(other) => {
                return Err(format!("type mismatch on {}: {}", subchart.name(), go_bool_verb(&other, false)));
            }
        };
        coalesce_globals(&inner, dest);
        coalesce(subchart, &inner, merge)?;
    }
    Ok(())
}

/// Go's `%t` of something that is not a boolean.
fn go_bool_verb(value: &Go, inside: bool) -> String {
    match value {
        Go::Bool(value) => value.to_string(),
        Go::List(list) => {
            let items: Vec<String> = list.items().iter().map(|item| go_bool_verb(item, true)).collect();
            format!("[{}]", items.join(" "))
        }
        Go::Map(map) => {
            let entries = map.entries();
            let text = |bad: &str, text: &Str| format!("%!t({bad}={})", text.to_text());
            let items: Vec<String> = entries
                .iter()
                .map(|(k, v)| format!("{}:{}", text("string", k), go_bool_verb(v, true)))
                .collect();
            format!("map[{}]", items.join(" "))
        }
        Go::Str(text) => format!("%!t(string={})", text.to_text()),
        Go::Float(value) => format!("%!t(float64={})", pilothouse_goyaml::format_general(*value)),
        Go::Int64(value) | Go::Int(value) => format!("%!t(int64={value})"),
        _ if inside => "<nil>".to_owned(),
        _ => "%!t(<nil>)".to_owned(),
    }
}

/// Passes the globals of `src` down into `dest`, whose own win.
fn coalesce_globals(dest: &GoMap, src: &GoMap) {
    let dest_globals = match dest.get(GLOBAL) {
        None => GoMap::new(),
        Some(Go::Map(map)) => map,
        Some(_) => return,
    };
    let globals = match src.get(GLOBAL) {
        None => GoMap::new(),
        Some(Go::Map(map)) => map,
        Some(_) => return,
    };
    for (key, value) in globals.snapshot() {
        let existing = dest_globals.get(&key);
        match (value, existing) {
            (Go::Map(table), None) => dest_globals.insert(key, Go::Map(shallow_copy(&table))),
            (Go::Map(table), Some(Go::Map(own))) => {
                let copy = shallow_copy(&table);
                merge_tables(&copy, &own);
                dest_globals.insert(key, Go::Map(copy));
            }
            (Go::Map(_), Some(_)) | (_, Some(Go::Map(_))) => {}
            (value, _) => dest_globals.insert(key, value),
        }
    }
    dest.insert(GLOBAL, Go::Map(dest_globals));
}

fn shallow_copy(map: &GoMap) -> GoMap {
    map.snapshot().into_iter().collect()
}

/// Puts the chart's own defaults beneath `dest`.
fn coalesce_defaults(chart: &Chart, dest: &GoMap, merge: bool) {
    for (key, default) in &chart.values().0 {
        let key = key.as_bytes();
        match dest.get(key) {
            Some(Go::Nil | Go::Invalid) if !merge => dest.remove(key),
            Some(Go::Map(own)) => {
                let Value::Map(default) = default else { continue };
                let merge = merge || chart.dependencies().iter().any(|sub| sub.name().as_bytes() == key);
                let default = to_go(default);
                if !merge {
                    remove_nulls(&default);
                }
                tables(&own, &default, merge);
            }
            Some(_) => {}
            None => {
                let value = value_to_go(default);
                if !merge {
                    match &value {
                        Go::Nil => continue,
                        Go::Map(map) => remove_nulls(map),
                        _ => {}
                    }
                }
                dest.insert(key, value);
            }
        }
    }
}

/// `CoalesceTables` of top-level tables: what `over` has wins, its nulls remove.
pub(crate) fn coalesce_tables(over: &Values, base: &Values) -> Values {
    let map = to_go(&over.0);
    tables(&map, &to_go(&base.0), false);
    values_from_go(&map)
}

/// `MergeTables`: what `dst` has wins; nulls stay.
pub(crate) fn merge_tables(dst: &GoMap, src: &GoMap) {
    tables(dst, src, true);
}

fn tables(dst: &GoMap, src: &GoMap, merge: bool) {
    if dst.is_same(src) {
        return;
    }
    // Go sets the keys that are null in `dst` to null in `src` too, which shows where `src` is shared.
    let originally = src.snapshot();
    for (key, value) in dst.snapshot() {
        if value.is_nil() {
            src.insert(key, Go::Nil);
        }
    }
    for (key, value) in originally {
        match dst.get(&key) {
            None => dst.insert(key, value),
            Some(own) if own.is_nil() => {
                if !merge && !value.is_nil() {
                    dst.remove(&key);
                }
            }
            Some(Go::Map(own)) => {
                if let Go::Map(value) = value {
                    tables(&own, &value, merge);
                }
            }
            Some(_) => {}
        }
    }
}

fn remove_nulls(map: &GoMap) {
    for (key, value) in map.snapshot() {
        match value {
            Go::Nil => map.remove(&key),
            Go::Map(inner) => remove_nulls(&inner),
            _ => {}
        }
    }
}
