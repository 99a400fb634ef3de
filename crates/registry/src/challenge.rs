//! `WWW-Authenticate`: what a registry asks for.

/// One challenge worth answering.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User name and password in each request.
    Basic,
    /// A token from `realm`.
    Bearer { realm: String, service: Option<String>, scope: Option<String> },
}

/// The challenges of all header values, in order. A header may hold several schemes (Forgejo sends Bearer and Basic
/// in one); a Bearer whose realm is no URL cannot be answered and is left out; a Basic realm may be anything.
pub(crate) fn parse<'a>(values: impl Iterator<Item = &'a str>) -> Vec<Challenge> {
    let mut found = Vec::new();
    for value in values.take(8) {
        for (scheme, parameters) in split(value) {
            if scheme.eq_ignore_ascii_case("basic") {
                found.push(Challenge::Basic);
            } else if scheme.eq_ignore_ascii_case("bearer") {
                let get = |name: &str| {
                    parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v.clone())
                };
                let Some(realm) = get("realm").filter(|r| is_http(r)) else { continue };
                found.push(Challenge::Bearer { realm, service: get("service"), scope: get("scope") });
            }
        }
    }
    found
}

/// The challenge to answer: Bearer where there is one, since it can also be answered without credentials.
pub(crate) fn choose(challenges: &[Challenge]) -> Option<&Challenge> {
    challenges.iter().find(|c| matches!(c, Challenge::Bearer { .. })).or_else(|| challenges.first())
}

fn is_http(realm: &str) -> bool {
    url::Url::parse(realm).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.host_str().is_some())
}

type Parameters = Vec<(String, String)>;

/// Splits a header value into schemes with their parameters (RFC 9110, section 11.3), tolerant of odd spacing.
fn split(value: &str) -> Vec<(String, Parameters)> {
    let mut rest = value.get(..8192).unwrap_or(value);
    let mut challenges: Vec<(String, Parameters)> = Vec::new();
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return challenges;
        }
        let (token, after) = take_token(rest);
        if token.is_empty() {
            // Not a token: skip one character, so that hostile text cannot stop the loop.
            let mut letters = rest.chars();
            letters.next();
            rest = letters.as_str();
            continue;
        }
        let spaced = after.trim_start_matches([' ', '\t']);
        if let (Some(text), Some((_, parameters))) = (spaced.strip_prefix('='), challenges.last_mut()) {
            let (value, after) = take_value(text.trim_start_matches([' ', '\t']));
            parameters.push((token.to_owned(), value));
            rest = after;
        } else {
            challenges.push((token.to_owned(), Vec::new()));
            rest = spaced.strip_prefix('=').unwrap_or(spaced);
        }
    }
}

fn take_token(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)));
    text.split_at(end.unwrap_or(text.len()))
}

fn take_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ', '\t']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: &[Challenge]) {
        assert_eq!(parse(std::iter::once(header)), expected, "{header}");
    }

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer {
            realm: realm.into(),
            service: service.map(Into::into),
            scope: scope.map(Into::into),
        }
    }

    #[test]
    fn real_headers_of_registries_are_understood() {
        check(
            r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
            &[bearer(
                "https://auth.docker.io/token",
                Some("registry.docker.io"),
                Some("repository:a/b:pull,push"),
            )],
        );
        check(r#"Basic realm="Artifactory Realm""#, &[Challenge::Basic]);
        check(
            r#"Basic realm="https://1.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com""#,
            &[Challenge::Basic],
        );
        check(
            r#"Bearer realm="https://code.example/v2/token",service="container_registry",scope="*",Basic realm="Gitea""#,
            &[
                bearer("https://code.example/v2/token", Some("container_registry"), Some("*")),
                Challenge::Basic,
            ],
        );
        check(
            r"bearer realm=https://x.example/t , service=s",
            &[bearer("https://x.example/t", Some("s"), None)],
        );
        check(r#"Bearer realm="not a url""#, &[]);
    }

    #[test]
    fn hostile_headers_end() {
        for header in ["", ",,,,", "=\"", "Bearer realm=\"\\", "((((", "Bearer =====", "\u{e4} Basic"] {
            let _ = parse(std::iter::once(header));
        }
        check("\u{e4} Basic", &[Challenge::Basic]);
    }
}
