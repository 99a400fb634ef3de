//! Versions and the tags that carry them.

use semver::Version;

/// The version in a tag: `_` stands for `+` (Helm cannot write `+` into a tag) and is put back **once**, then the
/// text must be a full semantic version. `None` for tags such as `latest` or `sha256-…`.
pub fn from_tag(tag: &str) -> Option<Version> {
    let text = tag.replacen('_', "+", 1);
    Version::parse(&text).ok()
}

/// The tag of a version: each `+` becomes `_`, as Helm does on push.
pub fn to_tag(version: &str) -> String {
    version.replace('+', "_")
}

/// Reads a version as Masterminds/semver's `NewVersion` does: an optional `v`, and missing minor or patch mean 0.
pub fn lenient(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let (numbers, rest) = match text.find(['-', '+']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mut parts: Vec<String> = Vec::with_capacity(3);
    for part in numbers.split('.') {
        if part.is_empty() || part.len() > 20 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let trimmed = part.trim_start_matches('0');
        parts.push(if trimmed.is_empty() { "0".into() } else { trimmed.into() });
    }
    if parts.len() > 3 {
        return None;
    }
    parts.resize(3, "0".into());
    Version::parse(&format!("{}{rest}", parts.join("."))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_gives_its_plus_back_once() {
        assert_eq!(from_tag("1.0.0_build.5").unwrap().to_string(), "1.0.0+build.5");
        assert_eq!(to_tag("1.0.0+build.5"), "1.0.0_build.5");
        for no in ["latest", "v1.0.0", "1.0", "sha256-abc", "1.0.0_a_b"] {
            assert!(from_tag(no).is_none(), "{no}");
        }
    }

    #[test]
    fn a_lenient_version_fills_what_is_missing() {
        assert_eq!(lenient("v1.2").unwrap().to_string(), "1.2.0");
        assert_eq!(lenient("1").unwrap().to_string(), "1.0.0");
        assert_eq!(lenient("01.2.3-rc.1").unwrap().to_string(), "1.2.3-rc.1");
        assert!(lenient("1.2.3.4").is_none() && lenient("").is_none() && lenient("one").is_none());
    }
}
