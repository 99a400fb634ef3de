//! Descriptions of built-in types and fields, for OpenAPI documents (`kubectl explain`).
//!
//! They are unpacked (580 KB) only while a document is written.

use super::{Graph, StructRef, table};
use std::collections::HashMap;

static DOCS: &[u8] = include_bytes!("../../schema/docs.zz");

/// The unpacked descriptions; drop it when the document is written.
#[derive(Debug)]
pub struct Docs {
    text: String,
    /// Definition name -> byte range of its lines.
    starts: HashMap<&'static str, usize>,
}

impl Docs {
    /// Unpacks the descriptions of the built-in graph.
    pub fn load() -> Self {
        let text = table::inflate(DOCS);
        let mut starts = HashMap::new();
        let mut names = super::builtin().definitions().map(StructRef::name);
        let mut at = 0;
        for line in text.split_inclusive('\n') {
            if line.starts_with('T')
                && let Some(name) = names.next()
            {
                starts.insert(name, at);
            }
            at += line.len();
        }
        Self { text, starts }
    }

    /// Description of a definition; empty where it has none.
    pub fn definition(&self, def: StructRef<'_>) -> String {
        self.lines(def).next().map(unescape).unwrap_or_default()
    }

    /// Descriptions of the fields of a definition as Go declares them (see [`StructRef::own_fields`]).
    pub fn fields(&self, def: StructRef<'_>) -> Vec<String> {
        self.lines(def).skip(1).take_while(|l| l.starts_with('F')).map(unescape).collect()
    }

    fn lines(&self, def: StructRef<'_>) -> impl Iterator<Item = &str> {
        let start = self.starts.get(def.name()).copied().unwrap_or(self.text.len());
        self.text[start..].lines()
    }
}

fn unescape(line: &str) -> String {
    let line = line.get(1..).unwrap_or_default();
    if !line.contains('\\') {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some(other) => out.push(other),
                None => {}
            },
            _ => out.push(c),
        }
    }
    out
}

impl Graph {
    /// Number of definitions.
    pub fn len(&self) -> usize {
        self.defs.len()
    }

    /// Whether there is no definition.
    pub fn is_empty(&self) -> bool {
        self.defs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_belong_to_their_fields() {
        let docs = Docs::load();
        let port = super::super::builtin().definition("io.k8s.api.core.v1.ContainerPort").unwrap();
        assert_eq!(docs.definition(port), "ContainerPort represents a network port in a single container.");
        let fields = docs.fields(port);
        let host_ip = port.own_fields().position(|f| f.name == "hostIP").unwrap();
        assert_eq!(fields[host_ip], "What host IP to bind the external port to.");
    }
}
