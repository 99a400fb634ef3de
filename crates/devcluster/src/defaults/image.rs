//! Image references (distribution's `reference` package, as far as the tag needs it).

use regex::Regex;
use std::sync::OnceLock;

/// Name, tag and digest; the domain's rules are those of distribution.
fn pattern() -> &'static Regex {
    static PATTERN: OnceLock<Regex> = OnceLock::new();
    PATTERN.get_or_init(|| {
        let label = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
        let path = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*";
        let domain = format!(r"(?:{label}(?:\.{label})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?");
        let name = format!(r"(?:(?:{domain})/)?{path}(?:/{path})*");
        let digest = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
        let whole = format!(r"^({name})(?::(\w[\w.-]{{0,127}}))?(?:@({digest}))?$");
        Regex::new(&whole).expect("the pattern is fixed and tested")
    })
}

/// The tag of an image: `latest` where it has neither tag nor digest, empty where it is no reference.
pub(crate) fn tag_of(image: &str) -> String {
    if image.len() == 64 && image.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f')) {
        return String::new();
    }
    let Some(parts) = pattern().captures(image) else { return String::new() };
    match (parts.get(2), parts.get(3)) {
        (Some(tag), _) => tag.as_str().to_owned(),
        (None, None) => "latest".to_owned(),
        (None, Some(_)) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_found() {
        let digest = format!("nginx@sha256:{}", "a".repeat(64));
        for (image, tag) in [
            ("nginx", "latest"),
            ("nginx:1.27", "1.27"),
            ("localhost:5000/a/b", "latest"),
            ("registry.example.com:5000/a/b:v1", "v1"),
            ("UPPER/case", "latest"),
            ("Nginx", ""),
            ("", ""),
            (" nginx ", ""),
            (digest.as_str(), ""),
        ] {
            assert_eq!(tag_of(image), tag, "{image}");
        }
    }
}
