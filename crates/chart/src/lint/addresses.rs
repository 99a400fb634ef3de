//! Which texts are addresses, as far as `helm lint` asks.

use url_shape::{authority, has_scheme};

/// A mailbox: a local part without spaces, and a domain with a dot in it.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let quoted = local.len() >= 2 && local.starts_with('"') && local.ends_with('"');
    let atom = |atom: &str| {
        !atom.is_empty()
            && atom
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || c >= '\u{A0}')
    };
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let labels: Vec<&str> = domain.split('.').collect();
    let letter = |c: char| c.is_ascii_alphanumeric() || c >= '\u{A0}';
    let label = |label: &str| {
        label.starts_with(letter)
            && label.ends_with(letter)
            && label.chars().all(|c| letter(c) || matches!(c, '-' | '_' | '~'))
    };
    let top_is_word = labels.last().is_some_and(|top| {
        !top.starts_with(|c: char| c.is_ascii_digit()) && !top.ends_with(|c: char| c.is_ascii_digit())
    });
    (quoted || local.split('.').all(atom)) && labels.len() > 1 && labels.into_iter().all(label) && top_is_word
}

/// A web address, with or without its scheme.
pub(super) fn is_url(text: &str) -> bool {
    const MOST: usize = 2083;
    if text.len() <= 3 || text.chars().count() >= MOST || text.starts_with('.') {
        return false;
    }
    if text.contains(char::is_whitespace) {
        return false;
    }
    let rest = match text.split_once("://") {
        Some((scheme, rest)) => {
            if !matches!(scheme, "ftp" | "tcp" | "udp" | "ws" | "wss" | "http" | "https") {
                return false;
            }
            rest
        }
        None => text,
    };
    let (host, port) = authority(rest);
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') || c >= '\u{A1}';
    let is_name =
        host.starts_with(|c: char| c.is_ascii_alphanumeric() || c >= '\u{A1}') && host.chars().all(inside);
    let is_address = host.starts_with('[') && host.ends_with(']');
    let is_port =
        port.is_none_or(|port| (1..=5).contains(&port.len()) && port.bytes().all(|b| b.is_ascii_digit()));
    (is_name || is_address) && is_port
}

/// An absolute URL that could be requested (Go's `url.ParseRequestURI`, with a scheme).
pub(super) fn is_request_url(text: &str) -> bool {
    let Some(rest) = has_scheme(text) else { return false };
    let control = |c: char| c.is_control();
    if text.contains(control) || bad_escape(rest) {
        return false;
    }
    match rest.strip_prefix("//") {
        Some(after) => {
            let end = after.find(['/', '?']).unwrap_or(after.len());
            !after[..end].contains([' ', '<', '>', '"', '\\', '^', '`', '{', '|', '}'])
        }
        None => rest.starts_with('/') || !rest.is_empty(),
    }
}

fn bad_escape(text: &str) -> bool {
    text.match_indices('%').any(|(at, _)| {
        let digits = text.as_bytes().get(at + 1..at + 3);
        !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

mod url_shape {
    /// What follows the scheme's colon, if there is a scheme.
    pub(super) fn has_scheme(text: &str) -> Option<&str> {
        let (scheme, rest) = text.split_once(':')?;
        let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
        (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(letters)).then_some(rest)
    }

    /// Host and port of what follows `://`.
    pub(super) fn authority(rest: &str) -> (&str, Option<&str>) {
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let authority = rest[..end].rsplit('@').next().unwrap_or_default();
        match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port)),
            _ => (authority, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mailboxes_and_web_addresses_are_told_from_other_texts() {
        for good in ["a@b.io", "first.last+tag@mail.example.com", "\"a b\"@x.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["", "a", "a@b", "a b@c.d", "a@.com", "@c.d", "a..b@c.de"] {
            assert!(!is_email(bad), "{bad}");
        }
        for good in [
            "https://example.com",
            "example.com/x",
            "http://localhost:8080/x?y",
            "ftp://a.b",
            "http://[::1]:80/",
        ] {
            assert!(is_url(good), "{good}");
        }
        for bad in ["", "x", "htp://a.b", "http://a b", "http://", ".example.com", "https://a.b:123456"] {
            assert!(!is_url(bad), "{bad}");
        }
        for good in ["https://example.com/a b", "mailto:x", "oci://ghcr.io/x"] {
            assert!(is_request_url(good), "{good}");
        }
        for bad in ["", "example.com", "/path", "://x", "https://a b/", "https://x/%zz"] {
            assert!(!is_request_url(bad), "{bad}");
        }
    }
}
