//! `Link: <…>; rel="next"`: where the next page is.

use url::Url;

/// What follows a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Next {
    /// Nothing: this was the last one.
    End,
    /// The page there.
    Page(Url),
    /// A page that is not asked for: it is on another host, or this one again.
    Refused,
}

/// The next page, as the `Link` header values say.
///
/// A link is resolved against `current`, and only its query is used: the request goes where the last one went, so
/// credentials follow no link. One that names another path (Artifactory leaves out its own prefix), scheme or port
/// (a registry behind a proxy does not know its own) of the same host is therefore good; another host is refused.
pub(crate) fn next<'a>(current: &Url, values: impl Iterator<Item = &'a str>) -> Next {
    let Some(target) = values.take(8).find_map(target) else { return Next::End };
    let Ok(resolved) = current.join(&target) else { return Next::Refused };
    if resolved.host() != current.host() {
        return Next::Refused;
    }
    let mut next = current.clone();
    next.set_query(resolved.query());
    if next == *current { Next::Refused } else { Next::Page(next) }
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
        let page = |url: &str| Next::Page(Url::parse(url).unwrap());
        let check = |header: &str, expected: Next| {
            assert_eq!(next(&current, std::iter::once(header)), expected, "{header}");
        };
        check(
            r#"</v2/a/tags/list?last=b&n=2>; rel="next""#,
            page("https://r.example/v2/a/tags/list?last=b&n=2"),
        );
        check(
            "<https://r.example/v2/a/tags/list?last=b>; rel=next",
            page("https://r.example/v2/a/tags/list?last=b"),
        );
        check(
            r#"</a/tags/list?last=b&n=2>; rel="next""#,
            page("https://r.example/v2/a/tags/list?last=b&n=2"),
        );
        check(
            r#"</x?last=a>; rel="prev", </x?last=c>; rel="next""#,
            page("https://r.example/v2/a/tags/list?last=c"),
        );
        check(r#"<https://evil.example/v2/a/tags/list?last=b>; rel="next""#, Next::Refused);
        check(
            r#"<http://r.example:8080/v2/a/tags/list?last=b>; rel="next""#,
            page("https://r.example/v2/a/tags/list?last=b"),
        );
        check(r#"<?n=2>; rel="next""#, Next::Refused);
        check("garbage", Next::End);
    }
}
