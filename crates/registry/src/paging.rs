//! `Link: <…>; rel="next"`: where the next page is.

use url::Url;

/// The next page, as the `Link` header values say.
///
/// A link is resolved against `current`. One to another origin is refused (`None`), since credentials would follow
/// it. One to another path of the same origin gives only its query (Artifactory leaves out its own prefix).
pub(crate) fn next<'a>(current: &Url, values: impl Iterator<Item = &'a str>) -> Option<Url> {
    let target = values.take(8).find_map(target)?;
    let resolved = current.join(&target).ok()?;
    if resolved.origin() != current.origin() {
        return None;
    }
    let mut next = current.clone();
    next.set_query(resolved.query());
    (next != *current).then_some(next)
}

/// The target of the first link of relation `next` in one header value.
fn target(value: &str) -> Option<String> {
    let mut rest = value.get(..8192).unwrap_or(value);
    while let Some(start) = rest.find('<') {
        let after = &rest[start + 1..];
        let end = after.find('>')?;
        let (target, tail) = (&after[..end], &after[end + 1..]);
        let until = tail.find(", <").or_else(|| tail.find(",<")).unwrap_or(tail.len());
        let is_next = tail[..until].split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.trim().eq_ignore_ascii_case("rel")
                && value.trim().trim_matches('"').split(' ').any(|rel| rel.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(target.to_owned());
        }
        rest = &tail[until..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_resolved_within_the_origin() {
        let current = Url::parse("https://r.example/v2/a/tags/list?n=2").unwrap();
        let check = |header: &str, expected: Option<&str>| {
            let got = next(&current, std::iter::once(header)).map(|u| u.to_string());
            assert_eq!(got.as_deref(), expected, "{header}");
        };
        check(
            r#"</v2/a/tags/list?last=b&n=2>; rel="next""#,
            Some("https://r.example/v2/a/tags/list?last=b&n=2"),
        );
        check(
            "<https://r.example/v2/a/tags/list?last=b>; rel=next",
            Some("https://r.example/v2/a/tags/list?last=b"),
        );
        check(
            r#"</a/tags/list?last=b&n=2>; rel="next""#,
            Some("https://r.example/v2/a/tags/list?last=b&n=2"),
        );
        check(
            r#"</x?last=a>; rel="prev", </x?last=c>; rel="next""#,
            Some("https://r.example/v2/a/tags/list?last=c"),
        );
        check(r#"<https://evil.example/v2/a/tags/list?last=b>; rel="next""#, None);
        check(r#"<?n=2>; rel="next""#, None);
        check("garbage", None);
    }
}
