//! The part of a document that decides where it goes (Helm's `SimpleHead`), read without keeping the rest.

use std::collections::BTreeMap;

use pilothouse_goyaml::{Build, Limits, format_general_single, parse_first};

/// What is known of a document.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) annotations: BTreeMap<String, String>,
}

impl Head {
    /// Reads a whole document, so that everything wrong with it is found.
    ///
    /// # Errors
    /// The texts of `sigs.k8s.io/yaml` `Unmarshal` into a `SimpleHead`.
    pub(super) fn read(document: &str, limits: &Limits) -> Result<Self, String> {
        let mut arena = Arena::default();
        let root = parse_first(document.as_bytes(), &mut arena, limits)
            .map_err(|error| format!("error converting YAML to JSON: {error}"))?;
        arena.head(root).map_err(|error| {
            format!("error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {error}")
        })
    }
}

/// Text within [`Arena::text`].
#[derive(Debug, Clone, Copy)]
struct Span(usize, usize);

#[derive(Debug, Clone, Copy)]
enum Node {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text(Span),
    List,
    /// First and one past the last of its [`Arena::entries`].
    Map(usize, usize),
}

impl Node {
    fn kind(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => "number",
            Self::Text(_) => "string",
            Self::List => "array",
            Self::Map(..) => "object",
        }
    }
}

/// All texts and entries of a document, one after the other, so that nothing is allocated for each.
#[derive(Default)]
struct Arena {
    text: String,
    entries: Vec<(Span, Node)>,
    /// Emptied vectors for the next mappings.
    spare: Vec<Vec<(Span, Node)>>,
}

impl Arena {
    fn add(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span(start, self.text.len())
    }

    fn str(&self, span: Span) -> &str {
        &self.text[span.0..span.1]
    }

    /// The entries whose keys Go takes for one of `fields`, in the order Go meets them.
    fn fields<'f>(&self, map: (usize, usize), fields: &[&'f str]) -> Vec<(&'f str, Node)> {
        let mut found: Vec<(&str, &'f str, Node)> = Vec::new();
        for (key, node) in &self.entries[map.0..map.1] {
            let key = self.str(*key);
            if let Some(field) = fields.iter().find(|field| field.eq_ignore_ascii_case(key)) {
                found.retain(|(other, ..)| *other != key);
                found.push((key, field, *node));
            }
        }
        found.sort_by_key(|(key, ..)| *key);
        found.into_iter().map(|(_, field, node)| (field, node)).collect()
    }

    fn head(&self, root: Node) -> Result<Head, String> {
        let mut head = Head::default();
        let (start, end) = match root {
            Node::Map(start, end) => (start, end),
            Node::Null => return Ok(head),
            other => return Err(format!("{} into Go value of type util.SimpleHead", other.kind())),
        };
        for (field, node) in self.fields((start, end), &["apiVersion", "kind", "metadata"]) {
            match field {
                "apiVersion" => self.string(node, "SimpleHead.apiVersion", &mut head.api_version)?,
                "kind" => self.string(node, "SimpleHead.kind", &mut head.kind)?,
                _ => self.metadata(node, &mut head)?,
            }
        }
        Ok(head)
    }

    fn metadata(&self, node: Node, head: &mut Head) -> Result<(), String> {
        const TYPE: &str = "struct { Name string \"json:\\\"name\\\"\"; Annotations map[string]string \"json:\\\"annotations\\\"\" }";
        let map = match node {
            Node::Map(start, end) => (start, end),
            Node::Null => return Ok(()),
            other => {
                return Err(format!(
                    "{} into Go struct field SimpleHead.metadata of type {TYPE}",
                    other.kind()
                ));
            }
        };
        for (field, node) in self.fields(map, &["annotations", "name", "namespace"]) {
            match (field, node) {
                ("name", node) => self.string(node, ".metadata.name", &mut head.name)?,
                ("annotations", node) => self.annotations(node, head)?,
                (_, Node::Text(span)) if span.0 < span.1 => {
                    head.namespace = Some(self.str(span).to_owned());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn annotations(&self, node: Node, head: &mut Head) -> Result<(), String> {
        let field = ".metadata.annotations";
        match node {
            Node::Null => head.annotations.clear(),
            Node::Map(start, end) => {
                let entries: BTreeMap<&str, Node> =
                    self.entries[start..end].iter().map(|(key, node)| (self.str(*key), *node)).collect();
                for (key, node) in entries {
                    let mut text = String::new();
                    self.string(node, field, &mut text)?;
                    head.annotations.insert(key.to_owned(), text);
                }
            }
            other => {
                return Err(format!(
                    "{} into Go struct field {field} of type map[string]string",
                    other.kind()
                ));
            }
        }
        Ok(())
    }

    /// A string; numbers and booleans become text where Go wants one.
    fn string(&self, node: Node, field: &str, into: &mut String) -> Result<(), String> {
        *into = match node {
            Node::Null => return Ok(()),
            Node::Bool(value) => value.to_string(),
            Node::Int(value) => value.to_string(),
            Node::Uint(value) => value.to_string(),
            Node::Float(value) => format_general_single(value),
            Node::Text(span) => self.str(span).to_owned(),
            other => return Err(format!("{} into Go struct field {field} of type string", other.kind())),
        };
        Ok(())
    }
}

impl Build for Arena {
    type Value = Node;
    type Map = Vec<(Span, Node)>;

    fn null(&mut self) -> Node {
        Node::Null
    }
    fn bool(&mut self, value: bool) -> Node {
        Node::Bool(value)
    }
    fn int(&mut self, value: i64) -> Node {
        Node::Int(value)
    }
    fn uint(&mut self, value: u64) -> Node {
        Node::Uint(value)
    }
    fn float(&mut self, value: f64) -> Node {
        Node::Float(value)
    }
    fn string(&mut self, value: &str) -> Node {
        Node::Text(self.add(value))
    }
    fn seq(&mut self, _items: Vec<Node>) -> Node {
        Node::List
    }
    fn map(&mut self, _len: usize) -> Self::Map {
        self.spare.pop().unwrap_or_default()
    }
    fn insert(&mut self, map: &mut Self::Map, key: &str, value: Node) {
        let key = self.add(key);
        map.push((key, value));
    }
    fn finish(&mut self, mut map: Self::Map) -> Node {
        let start = self.entries.len();
        self.entries.append(&mut map);
        self.spare.push(map);
        Node::Map(start, self.entries.len())
    }
}
