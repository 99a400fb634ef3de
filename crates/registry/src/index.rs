//! Helm index files: read from YAML or JSON while keeping only what a catalog needs, and written as JSON.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::{Catalog, ChartVersion, Error, index_entry, index_yaml};

/// Most charts of one index.
const MAX_CHARTS: usize = 100_000;
/// Most versions of all charts of one index.
const MAX_VERSIONS: usize = 1_000_000;

/// An index file that was read.
#[derive(Debug, Clone, Default)]
pub struct Parsed {
    /// What it lists.
    pub catalog: Catalog,
    /// Versions left out because they are not valid (Helm leaves them out too).
    pub dropped: usize,
}

/// Gathers entries while a file is read.
#[derive(Default)]
pub(crate) struct Gathered {
    entries: BTreeMap<String, Vec<ChartVersion>>,
    pub(crate) api_version: Option<String>,
    versions: usize,
    dropped: usize,
}

impl Gathered {
    /// Takes one version of `chart`; what Helm would not accept is counted and left out.
    pub(crate) fn take(&mut self, chart: &str, entry: Value) -> Result<(), String> {
        self.versions += 1;
        if self.versions > MAX_VERSIONS {
            return Err(format!("it lists more than {MAX_VERSIONS} versions"));
        }
        if self.entries.len() >= MAX_CHARTS && !self.entries.contains_key(chart) {
            return Err(format!("it lists more than {MAX_CHARTS} charts"));
        }
        match index_entry::read(entry) {
            Some(version) => self.entries.entry(chart.to_owned()).or_default().push(version),
            None => self.dropped += 1,
        }
        Ok(())
    }

    fn finish(self) -> Result<Parsed, Error> {
        if self.api_version.as_deref().unwrap_or_default().is_empty() {
            return Err(malformed("no API version specified"));
        }
        let mut catalog = Catalog { entries: self.entries };
        catalog.sort();
        Ok(Parsed { catalog, dropped: self.dropped })
    }
}

/// Reads an index file. Follows Helm's `loadIndex` (`pkg/repo/v1/index.go`, v4.2): JSON if it is JSON, else YAML;
/// entries that do not validate are left out; `apiVersion` is required.
pub fn parse(bytes: &[u8]) -> Result<Parsed, Error> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(malformed("empty index.yaml file"));
    }
    let mut gathered = Gathered::default();
    if bytes.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b'{') {
        let mut json = serde_json::Deserializer::from_slice(bytes);
        let read = FileSeed(&mut gathered).deserialize(&mut json).and_then(|()| json.end());
        match read {
            Ok(()) => return gathered.finish(),
            // A flow mapping that is YAML but not JSON also begins with a brace.
            Err(error) if error.is_syntax() => gathered = Gathered::default(),
            Err(error) => return Err(malformed(&error.to_string())),
        }
    }
    index_yaml::parse(bytes, &mut gathered).map_err(|reason| malformed(&reason))?;
    gathered.finish()
}

fn malformed(reason: &str) -> Error {
    Error::Malformed { what: "the index".into(), reason: crate::envelope::clip(reason) }
}

/// Writes a catalog as an index file.
pub(crate) fn write(catalog: &Catalog) -> Vec<u8> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct File<'a> {
        api_version: &'static str,
        entries: &'a BTreeMap<String, Vec<ChartVersion>>,
    }
    let file = File { api_version: "v1", entries: &catalog.entries };
    serde_json::to_vec(&file).expect("strings, booleans and maps with string keys always serialise")
}

struct FileSeed<'g>(&'g mut Gathered);

impl<'de> DeserializeSeed<'de> for FileSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for FileSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an index file")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "apiVersion" => self.0.api_version = map.next_value::<Option<String>>()?,
                "entries" => map.next_value_seed(EntriesSeed(self.0))?,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

struct EntriesSeed<'g>(&'g mut Gathered);

impl<'de> DeserializeSeed<'de> for EntriesSeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for EntriesSeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("charts by name")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(chart) = map.next_key::<String>()? {
            map.next_value_seed(VersionsSeed { gathered: self.0, chart: &chart })?;
        }
        Ok(())
    }
}

struct VersionsSeed<'g, 'c> {
    gathered: &'g mut Gathered,
    chart: &'c str,
}

impl<'de> DeserializeSeed<'de> for VersionsSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for VersionsSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of versions")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut versions: A) -> Result<(), A::Error> {
        while let Some(entry) = versions.next_element::<Value>()? {
            self.gathered.take(self.chart, entry).map_err(A::Error::custom)?;
        }
        Ok(())
    }
}

/// Whether `bytes` look like an index at all; used to tell a web page from a broken index.
pub(crate) fn looks_like_html(bytes: &[u8]) -> bool {
    let start = bytes.get(..512).unwrap_or(bytes);
    let text = String::from_utf8_lossy(start).trim_start().to_ascii_lowercase();
    text.starts_with("<!doctype html") || text.starts_with("<html")
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = r#"
apiVersion: v1
generated: "2026-01-01T00:00:00Z"
entries:
  app:
  - apiVersion: v2
    name: app
    version: 1.0.0
    appVersion: 1.10
    description: |
      Two
      lines
    deprecated: true
    keywords: [one, "two"]
    created: 2026-01-01T00:00:00Z
    digest: 0f
    urls: [app-1.0.0.tgz]
    dependencies:
    - {name: db, version: ^1, repository: "https://x.example", tags: [a]}
    annotations: {artifacthub.io/license: MIT}
  - {apiVersion: v2, name: app, version: 1.10.0, urls: [app-1.10.0.tgz]}
  - {apiVersion: v2, name: app, version: 1.2.0, urls: [app-1.2.0.tgz]}
  - {name: app, version: not a version}
  - null
  - {apiVersion: v2, name: ../app, version: 1.0.0}
  empty: []
"#;

    #[test]
    fn yaml_and_json_give_the_same_catalog() {
        let parsed = parse(YAML.as_bytes()).unwrap();
        assert_eq!(parsed.dropped, 3);
        let versions = &parsed.catalog.entries["app"];
        let names: Vec<&str> = versions.iter().map(|v| v.version.as_str()).collect();
        assert_eq!(names, ["1.10.0", "1.2.0", "1.0.0"]);
        let oldest = &versions[2];
        assert_eq!(oldest.app_version, "1.1");
        assert!(oldest.deprecated);
        assert_eq!(oldest.description, "Two\nlines\n");
        assert_eq!(oldest.keywords, ["one", "two"]);
        assert_eq!(oldest.dependencies[0].version, "^1");
        assert_eq!(oldest.annotations["artifacthub.io/license"], "MIT");
        assert_eq!(parsed.catalog.charts(), 1);
        let written = parsed.catalog.to_index();
        assert_eq!(Catalog::from_index(&written).unwrap(), parsed.catalog);
        assert_eq!(Catalog::from_index(&written).unwrap().to_index(), written);
    }

    #[test]
    fn what_is_not_an_index_says_so() {
        for (text, reason) in [
            ("", "empty index.yaml file"),
            ("entries: {}", "no API version specified"),
            ("{\"entries\":{}}", "no API version specified"),
            ("apiVersion: v1\nentries: [1]", "entries"),
            ("apiVersion: v1\nentries: {a: {b: c}}", "`a`"),
            ("{\"apiVersion\":\"v1\",\"entries\":{\"a\":{\"b\":1}}}", "list of versions"),
            ("a: b: c", "mapping values"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn anchors_and_merge_keys_are_followed() {
        let text = "apiVersion: v1\nentries:\n  a:\n  - &x {apiVersion: v2, name: a, version: 1.0.0, urls: [a]}\n  \
                    - <<: *x\n    version: 2.0.0\n";
        let catalog = Catalog::from_index(text.as_bytes()).unwrap();
        assert_eq!(catalog.versions(), 2);
    }
}
