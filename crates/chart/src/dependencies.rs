//! Which subcharts are enabled, under which names, and what they export, as Helm 4.2.3's
//! `pkg/chart/v2/util/dependencies.go`. The loaded chart stays as it is; the result is a new one.

use std::sync::Arc;

use pilothouse_gotemplate::{Map as GoMap, Value as Go};
use serde_json::json;

use crate::objects::value_map;
use crate::semver::is_compatible;
use crate::values::coalesce::{coalesce_map, copy_map, merge_tables, merge_values, values_from_go};
use crate::{Chart, Dependency, Values};

/// The chart with its disabled subcharts gone, aliases applied and values imported.
pub(crate) fn process(chart: &Chart, values: &Values) -> Result<Chart, String> {
    let mut chart = chart.clone();
    if has_dependencies(&chart) {
        enable(&mut chart, &value_map(&values.0), "")?;
        import(&mut chart)?;
    }
    Ok(chart)
}

fn has_dependencies(chart: &Chart) -> bool {
    !chart.metadata().dependencies.is_empty() || chart.dependencies().iter().any(has_dependencies)
}

fn enable(chart: &mut Chart, values: &GoMap, path: &str) -> Result<(), String> {
    // A chart that declares no dependencies keeps every subchart, and those are not looked into.
    if chart.metadata().dependencies.is_empty() {
        return Ok(());
    }
    apply_aliases(chart);
    let coalesced = coalesce_map(chart, values)?;
    let mut declared = std::mem::take(&mut chart.contents_mut().metadata.dependencies);
    apply_tags(&mut declared, &coalesced);
    apply_conditions(&mut declared, &coalesced, path);
    let disabled: Vec<String> = declared.iter().filter(|d| !d.enabled).map(|d| d.name.clone()).collect();
    declared.retain(|dependency| !disabled.contains(&dependency.name));
    let mut subcharts = std::mem::take(&mut chart.contents_mut().dependencies);
    subcharts.retain(|subchart| !disabled.iter().any(|name| name == subchart.name()));
    for subchart in &mut subcharts {
        let path = format!("{path}{}.", subchart.name());
        enable(subchart, &coalesced, &path)?;
    }
    let contents = chart.contents_mut();
    contents.metadata.dependencies = declared;
    contents.dependencies = subcharts;
    Ok(())
}

/// Subcharts that are not declared, then the declared ones under their aliases.
fn apply_aliases(chart: &mut Chart) {
    let fits = |subchart: &Chart, declared: &Dependency| {
        subchart.name() == declared.name && is_compatible(&declared.version, subchart.version())
    };
    let contents = chart.contents_mut();
    let subcharts = std::mem::take(&mut contents.dependencies);
    let declared = &mut contents.metadata.dependencies;
    let undeclared = subcharts.iter().filter(|subchart| !declared.iter().any(|d| fits(subchart, d)));
    let mut result: Vec<Chart> = undeclared.cloned().collect();
    for dependency in declared.iter_mut() {
        if let Some(found) = subcharts.iter().find(|subchart| fits(subchart, dependency)) {
            let mut found = found.clone();
            if !dependency.alias.is_empty() {
                found.contents_mut().metadata.name.clone_from(&dependency.alias);
            }
            result.push(found);
        }
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
        dependency.enabled = true;
    }
    contents.dependencies = result;
}

fn apply_tags(declared: &mut [Dependency], values: &GoMap) {
    let Some(Go::Map(tags)) = values.get(b"tags") else { return };
    for dependency in declared {
        let set = |wanted: bool| {
            dependency
                .tags
                .iter()
                .any(|tag| matches!(tags.get(tag.as_bytes()), Some(Go::Bool(value)) if value == wanted))
        };
        dependency.enabled = set(true) || !set(false);
    }
}

fn apply_conditions(declared: &mut [Dependency], values: &GoMap, path: &str) {
    for dependency in declared {
        let conditions = dependency.condition.trim().split(',').filter(|condition| !condition.is_empty());
        let found = conditions.into_iter().find_map(|condition| {
            match path_value(values, &format!("{path}{condition}")) {
                Some(Go::Bool(value)) => Some(value),
                _ => None,
            }
        });
        if let Some(enabled) = found {
            dependency.enabled = enabled;
        }
    }
}

/// The value at a path, tables excluded.
fn path_value(values: &GoMap, path: &str) -> Option<Go> {
    let (tables, key) = path.rsplit_once('.').map_or((None, path), |(tables, key)| (Some(tables), key));
    let table = match tables {
        Some(tables) => table(values, tables)?,
        None => values.clone(),
    };
    table.get(key.as_bytes()).filter(|value| !matches!(value, Go::Map(_)))
}

/// The table at a path (`Values.Table`).
pub(crate) fn table(values: &GoMap, path: &str) -> Option<GoMap> {
    path.split('.').try_fold(values.clone(), |table, key| match table.get(key.as_bytes()) {
        Some(Go::Map(inner)) => Some(inner),
        _ => None,
    })
}

/// Imports values into every chart of the tree, the innermost first.
fn import(chart: &mut Chart) -> Result<(), String> {
    let mut subcharts = std::mem::take(&mut chart.contents_mut().dependencies);
    for subchart in &mut subcharts {
        import(subchart)?;
    }
    chart.contents_mut().dependencies = subcharts;
    if chart.metadata().dependencies.is_empty() {
        return Ok(());
    }
    let values = merge_values(chart)?;
    let mut imported = GoMap::new();
    for dependency in &mut chart.contents_mut().metadata.dependencies {
        let wanted = std::mem::take(&mut dependency.import_values);
        for item in wanted {
            let Some((child, parent)) = child_and_parent(&item) else { continue };
            dependency.import_values.push(json!({ "child": child, "parent": parent }));
            let Some(table) = table(&values, &format!("{}.{child}", dependency.name)) else { continue };
            // Helm keeps the first import in place of an empty map, by reference.
            let placed = place(&parent, table);
            merge_tables(&imported, &placed);
        }
    }
    let result = copy_map(&values);
    merge_tables(&result, &imported);
    imported = result;
    let contents = chart.contents_mut();
    contents.values = Arc::new(values_from_go(&imported));
    contents.has_values = true;
    Ok(())
}

/// An item of `import-values`: a name under `exports`, or a pair of paths.
fn child_and_parent(item: &serde_json::Value) -> Option<(String, String)> {
    match item {
        serde_json::Value::String(name) => Some((format!("exports.{name}"), ".".to_owned())),
        serde_json::Value::Object(pair) => Some((go_text(pair.get("child")), go_text(pair.get("parent")))),
        _ => None,
    }
}

/// Go's `%v`.
fn go_text(value: Option<&serde_json::Value>) -> String {
    match value {
        None | Some(serde_json::Value::Null) => "<nil>".to_owned(),
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// The table at its place in the parent.
fn place(parent: &str, table: GoMap) -> GoMap {
    if parent == "." {
        return table;
    }
    parent.split('.').rev().fold(table, |inner, key| {
        let outer = GoMap::new();
        outer.insert(key.as_bytes(), Go::Map(inner));
        outer
    })
}
