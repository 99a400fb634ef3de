//! Documents of a rendered file or a CRD file, as Kubernetes' YAML decoder reads them.

use pilothouse_goyaml::{JsonBuilder, Limits, parse_first};

use crate::load::Decoder;

/// The texts of a stream's documents, or what is wrong with a separator.
pub(super) fn split(text: &str) -> Vec<Result<String, String>> {
    let mut documents = Vec::new();
    let mut document = String::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                documents.push(Err(format!("invalid Yaml document separator: {rest}")));
                return documents;
            }
            if !document.is_empty() {
                documents.push(Ok(std::mem::take(&mut document)));
                continue;
            }
        }
        document.push_str(line);
        document.push('\n');
    }
    if !document.is_empty() {
        documents.push(Ok(document));
    }
    documents
}

/// What is wrong with the first document of a stream that begins with a brace is told as JSON's error, if the brace is
/// not followed by a key: an action that was not rendered, most often.
pub(super) fn json_error(stream: &str) -> Option<String> {
    let blank = |text: &str| text.len() - text.trim_start().len();
    let brace = blank(stream);
    let rest = stream[brace..].strip_prefix('{')?;
    let at = brace + 1 + blank(rest);
    let found = stream[at..].chars().next().filter(|c| !matches!(c, '"' | '}'))?;
    Some(format!(
        "json: offset {}: invalid character {found:?} looking for beginning of object key string",
        at + 1
    ))
}

/// What the rules look at.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

impl Head {
    /// Reads a whole document; nothing where it is empty.
    ///
    /// # Errors
    /// The texts of `sigs.k8s.io/yaml`.
    pub(super) fn read(document: &str, limits: &Limits) -> Result<Option<Self>, String> {
        let json = parse_first(document.as_bytes(), &mut JsonBuilder, limits)
            .map_err(|error| format!("error converting YAML to JSON: {error}"))?;
        if json.is_null() {
            return Ok(None);
        }
        let mut head = Self::default();
        let mut decoder = Decoder::default();
        let fields = &["apiVersion", "Kind", "Metadata"];
        decoder.object(&json, "rules.k8sYamlStruct", "k8sYamlStruct", fields, &mut |d, field, value| {
            match field {
                "apiVersion" => d.string(value, &mut head.api_version),
                "Kind" => d.string(value, &mut head.kind),
                _ => {
                    let mut namespace = String::new();
                    let fields = &["Namespace", "Name"];
                    let go_type = "rules.k8sYamlMetadata";
                    d.object(value, go_type, "k8sYamlMetadata", fields, &mut |d, field, value| match field {
                        "Name" => d.string(value, &mut head.name),
                        _ => d.string(value, &mut namespace),
                    });
                }
            }
        });
        decoder.finish()?;
        Ok(Some(head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_that_was_not_rendered_is_jsons_fault() {
        assert_eq!(
            json_error("\n{{ a }}").unwrap(),
            "json: offset 3: invalid character '{' looking for beginning of object key string"
        );
        assert!(json_error("{\"a\": }").is_none() && json_error("a: {{ b").is_none());
    }

    #[test]
    fn a_stream_is_split_at_its_separators() {
        let texts = |text: &str| -> Vec<String> { split(text).into_iter().map(Result::unwrap).collect() };
        assert_eq!(texts("a: 1\n--- # x\nb: 2\n---\n"), ["a: 1\n", "b: 2\n"]);
        assert_eq!(texts("---\na: 1"), ["---\na: 1\n"]);
        assert_eq!(
            split("a: 1\n---b: 2\n").pop().unwrap().unwrap_err(),
            "invalid Yaml document separator: b: 2"
        );
    }
}
