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
