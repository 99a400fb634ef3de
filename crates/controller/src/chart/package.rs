//! Merges values files into a chart archive.

use std::io::{Read as _, Write as _};

use bytes::Bytes;
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use pilothouse_chart::Values;
use serde_json::{Map, Value};

use crate::source::Failure;

/// Most bytes of an archive after unpacking (Helm's `MaxDecompressedChartSize`).
const MAX_UNPACKED: u64 = 100 << 20;
/// Most bytes of one file in it (Helm's `MaxDecompressedFileSize`).
const MAX_FILE: u64 = 5 << 20;
/// Most files in it.
const MAX_FILES: usize = 20_000;
/// Deepest merge of maps.
const MAX_DEPTH: usize = 1_000;

fn failed(why: impl std::fmt::Display) -> Failure {
    Failure::build("ChartPackageError", format!("chart package error: {why}"))
}

fn values_error(why: impl std::fmt::Display) -> Failure {
    Failure::build("ValuesFilesError", format!("values files merge error: {why}")).stalled()
}

/// `version` with `metadata` after its `+` (`1.0.0` and `3` give `1.0.0+3`, `1.0.0+a` gives `1.0.0+a.3`).
pub(super) fn with_metadata(version: &str, metadata: &str) -> String {
    let separator = if version.contains('+') { '.' } else { '+' };
    format!("{version}{separator}{metadata}")
}

/// The archive with its `values.yaml` replaced by the merge of `files`, in their order, and its version by `version`.
/// Also the files that were there.
pub(super) fn merge_values(
    archive: &[u8],
    files: &[String],
    ignore_missing: bool,
    version: &str,
) -> Result<(Bytes, Vec<String>), Failure> {
    let mut entries = unpack(archive)?;
    let root = entries
        .iter()
        .find_map(|(path, _)| path.strip_suffix("/Chart.yaml").filter(|root| !root.contains('/')))
        .ok_or_else(|| failed("the archive holds no Chart.yaml"))?
        .to_owned();
    let mut merged = Map::new();
    let mut found = Vec::new();
    for file in files {
        let path = format!("{root}/{}", file.trim_start_matches("./"));
        let Some((_, content)) = entries.iter().find(|(p, _)| *p == path) else {
            if ignore_missing {
                continue;
            }
            return Err(values_error(format!("no values file found at path '{file}'")));
        };
        let values = Values::from_yaml(content)
            .map_err(|e| values_error(format!("unmarshaling values from '{file}' failed: {e}")))?;
        if let Value::Object(map) = values.to_json() {
            merge(&mut merged, map, 0);
        }
        found.push(file.clone());
    }
    let (chart_path, values_path) = (format!("{root}/Chart.yaml"), format!("{root}/values.yaml"));
    let chart = entries
        .iter()
        .find(|(p, _)| *p == chart_path)
        .map(|(_, content)| content.clone())
        .unwrap_or_default();
    let mut chart = Values::from_yaml(&chart).map_err(failed)?.to_json();
    if let Some(map) = chart.as_object_mut() {
        map.insert("version".into(), Value::String(version.to_owned()));
    }
    entries.retain(|(path, _)| *path != values_path && *path != chart_path);
    // Helm wants Chart.yaml first.
    entries.insert(0, (values_path, json(&Value::Object(merged))));
    entries.insert(0, (chart_path, json(&chart)));
    Ok((pack(&entries).map_err(failed)?, found))
}

/// JSON with indentation, which is YAML as well.
fn json(value: &Value) -> Vec<u8> {
    let mut text = format!("{value:#}").into_bytes();
    text.push(b'\n');
    text
}

/// Maps merge; everything else is replaced (fluxcd/pkg `transform.MergeMaps`).
fn merge(into: &mut Map<String, Value>, from: Map<String, Value>, depth: usize) {
    for (key, value) in from {
        match (into.get_mut(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) if depth < MAX_DEPTH => merge(old, new, depth + 1),
            (_, value) => {
                into.insert(key, value);
            }
        }
    }
}

type Entries = Vec<(String, Vec<u8>)>;

fn unpack(archive: &[u8]) -> Result<Entries, Failure> {
    let mut tar = tar::Archive::new(GzDecoder::new(archive).take(MAX_UNPACKED));
    let mut entries = Vec::new();
    for entry in tar.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = entry.path().map_err(failed)?.to_string_lossy().into_owned();
        if entries.len() >= MAX_FILES {
            return Err(failed(format!("the archive holds more than {MAX_FILES} files")));
        }
        if entry.size() > MAX_FILE {
            return Err(failed(format!("`{path}` is larger than {MAX_FILE} bytes")));
        }
        let mut content = Vec::new();
        entry.take(MAX_FILE).read_to_end(&mut content).map_err(failed)?;
        entries.push((path, content));
    }
    Ok(entries)
}

/// Packs files without owners and times, so that equal files give equal archives.
fn pack(entries: &Entries) -> std::io::Result<Bytes> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::default()));
    for (path, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_mtime(0);
        tar.append_data(&mut header, path, content.as_slice())?;
    }
    let mut encoder = tar.into_inner()?;
    encoder.flush()?;
    Ok(Bytes::from(encoder.finish()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive() -> Bytes {
        let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
        pack(&vec![
            file("app/Chart.yaml", "apiVersion: v2\nname: app\nversion: 1.0.0\n"),
            file("app/values.yaml", "a: 1\nb: {c: 1, d: 2}\n"),
            file("app/values-prod.yaml", "b: {c: 3}\n"),
            file("app/templates/x.yaml", "x: 1\n"),
        ])
        .unwrap()
    }

    #[test]
    fn values_files_replace_values_yaml_in_order() {
        let files = ["values.yaml".to_owned(), "values-prod.yaml".to_owned()];
        let (merged, found) = merge_values(&archive(), &files, false, "1.0.0+2").unwrap();
        assert_eq!(found, files);
        let entries = unpack(&merged).unwrap();
        assert_eq!(entries[0].0, "app/Chart.yaml");
        let text = |path: &str| {
            let (_, content) = entries.iter().find(|(p, _)| p == path).unwrap();
            String::from_utf8(content.clone()).unwrap()
        };
        let read = |path: &str| Values::from_yaml(text(path).as_bytes()).unwrap().to_json();
        assert_eq!(read("app/Chart.yaml")["version"], "1.0.0+2");
        assert_eq!(read("app/values.yaml"), serde_json::json!({"a": 1, "b": {"c": 3, "d": 2}}));
        assert_eq!(text("app/templates/x.yaml"), "x: 1\n");
    }

    #[test]
    fn a_missing_file_stalls_unless_it_may_be_missing() {
        let files = ["none.yaml".to_owned(), "values.yaml".to_owned()];
        let failure = merge_values(&archive(), &files, false, "1.0.0+2").unwrap_err();
        assert!(failure.stalled && failure.message.contains("no values file found at path 'none.yaml'"));
        let (_, found) = merge_values(&archive(), &files, true, "1.0.0+2").unwrap();
        assert_eq!(found, ["values.yaml"]);
    }

    #[test]
    fn metadata_is_added_behind_what_is_there() {
        assert_eq!(with_metadata("1.0.0", "3"), "1.0.0+3");
        assert_eq!(with_metadata("1.0.0+a", "3"), "1.0.0+a.3");
    }
}
