//! `urlParse` and `urlJoin`, as Go 1.26's `net/url` reads and writes URLs.

use pilothouse_gotemplate::{CallError, Context, Function, Map, Param, Str, Value, quote};

use super::{NIL_DEREFERENCE, Outcome, addresses, string, text};

pub(super) const FUNCTIONS: [Function; 2] = [
    Function::new("urlParse", &[Param::String], url_parse),
    Function::new("urlJoin", &[Param::Map], url_join),
];

/// A URL's parts, unescaped.
#[derive(Debug, Default)]
pub(crate) struct Url {
    pub(crate) scheme: Vec<u8>,
    opaque: Vec<u8>,
    user: Option<User>,
    pub(crate) host: Vec<u8>,
    pub(crate) path: Vec<u8>,
    query: Vec<u8>,
    fragment: Vec<u8>,
}

#[derive(Debug)]
struct User {
    name: Vec<u8>,
    password: Option<Vec<u8>>,
}

/// The part of a URL that is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Path,
    User,
    Host,
    Zone,
    Fragment,
}

fn quoted(text: &[u8]) -> String {
    String::from_utf8_lossy(&quote::quote(text)).into_owned()
}

fn must_escape(byte: u8, part: Part) -> bool {
    if byte.is_ascii_alphanumeric() {
        return false;
    }
    match byte {
        b'-' | b'_' | b'.' | b'~' => false,
        b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' => match part {
            Part::Path => byte == b'?',
            Part::User => matches!(byte, b'@' | b'/' | b'?' | b':'),
            Part::Host | Part::Zone => matches!(byte, b'/' | b'?' | b'@'),
            Part::Fragment => false,
        },
        b'!' | b'(' | b')' | b'*' => !matches!(part, Part::Fragment | Part::Host | Part::Zone),
        b'\'' | b'[' | b']' | b'<' | b'>' | b'"' => !matches!(part, Part::Host | Part::Zone),
        _ => true,
    }
}

fn escape(source: &[u8], part: Part) -> Vec<u8> {
    let mut out = Vec::with_capacity(source.len());
    for &byte in source {
        if must_escape(byte, part) {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            out.push(byte);
        }
    }
    out
}

fn unescape(source: &[u8], part: Part) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(source.len());
    let mut at = 0;
    let is_host = matches!(part, Part::Host | Part::Zone);
    while at < source.len() {
        let byte = source[at];
        if byte == b'%' {
            let escape = &source[at..source.len().min(at + 3)];
            let hex = |index: usize| escape.get(index).and_then(|&byte| char::from(byte).to_digit(16));
            let bad = || format!("invalid URL escape {}", quoted(escape));
            let (Some(high), Some(low)) = (hex(1), hex(2)) else { return Err(bad()) };
            let value = u8::try_from(high * 16 + low).unwrap_or(0);
            let allowed = match part {
                Part::Host => high >= 8 || escape == b"%25",
                Part::Zone => escape == b"%25" || value == b' ' || !must_escape(value, Part::Host),
                _ => true,
            };
            if !allowed {
                return Err(bad());
            }
            out.push(value);
            at += 3;
            continue;
        }
        if is_host && byte < 0x80 && must_escape(byte, part) {
            return Err(format!("invalid character {} in host name", quoted(&[byte])));
        }
        out.push(byte);
        at += 1;
    }
    Ok(out)
}

fn cut(source: &[u8], separator: u8) -> (&[u8], Option<&[u8]>) {
    match source.iter().position(|&byte| byte == separator) {
        Some(at) => (&source[..at], Some(&source[at + 1..])),
        None => (source, None),
    }
}

/// The scheme and what follows its colon.
fn scheme(source: &[u8]) -> Result<(&[u8], &[u8]), String> {
    for (at, &byte) in source.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".into()),
            b':' => return Ok((&source[..at], &source[at + 1..])),
            _ => break,
        }
    }
    Ok((b"", source))
}

impl Url {
    /// Go's `url.Parse`; the error is its text.
    pub(crate) fn parse(source: &[u8]) -> Result<Self, String> {
        let (rest, fragment) = cut(source, b'#');
        let wrap = |text: &[u8], error: String| format!("parse {}: {error}", quoted(text));
        let mut url = Self::parse_reference(rest).map_err(|error| wrap(rest, error))?;
        if let Some(fragment) = fragment {
            url.fragment = unescape(fragment, Part::Fragment).map_err(|error| wrap(source, error))?;
        }
        Ok(url)
    }

    fn parse_reference(source: &[u8]) -> Result<Self, String> {
        if source.iter().any(|&byte| byte < b' ' || byte == 0x7f) {
            return Err("net/url: invalid control character in URL".into());
        }
        let mut url = Self::default();
        if source == b"*" {
            url.path = source.to_vec();
            return Ok(url);
        }
        let (scheme, rest) = scheme(source)?;
        url.scheme = scheme.to_ascii_lowercase();
        let (mut rest, query) = cut(rest, b'?');
        url.query = query.unwrap_or_default().to_vec();
        if !rest.starts_with(b"/") {
            if !url.scheme.is_empty() {
                url.opaque = rest.to_vec();
                return Ok(url);
            }
            if cut(rest, b'/').0.contains(&b':') {
                return Err("first path segment in URL cannot contain colon".into());
            }
        }
        if rest.starts_with(b"//") && (!url.scheme.is_empty() || !rest.starts_with(b"///")) {
            let authority = &rest[2..];
            let end = authority.iter().position(|&byte| byte == b'/').unwrap_or(authority.len());
            rest = &authority[end..];
            url.parse_authority(&authority[..end])?;
        }
        url.path = unescape(rest, Part::Path)?;
        Ok(url)
    }

    fn parse_authority(&mut self, authority: &[u8]) -> Result<(), String> {
        let Some(at) = authority.iter().rposition(|&byte| byte == b'@') else {
            self.host = self.parse_host(authority)?;
            return Ok(());
        };
        self.host = self.parse_host(&authority[at + 1..])?;
        let user = &authority[..at];
        let valid = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(byte);
        if !user.iter().all(valid) {
            return Err("net/url: invalid userinfo".into());
        }
        let (name, password) = cut(user, b':');
        let password = password.map(|password| unescape(password, Part::User)).transpose()?;
        self.user = Some(User { name: unescape(name, Part::User)?, password });
        Ok(())
    }

    fn parse_host(&self, host: &[u8]) -> Result<Vec<u8>, String> {
        let bad_port = |port: &[u8]| format!("invalid port {} after host", quoted(port));
        match host.iter().rposition(|&byte| byte == b'[') {
            Some(0) => {
                let Some(close) = host.iter().rposition(|&byte| byte == b']') else {
                    return Err("missing ']' in host".into());
                };
                let port = &host[close + 1..];
                if !is_optional_port(port) {
                    return Err(bad_port(port));
                }
                let name = &host[1..close];
                let unescaped = match memchr::memmem::find(name, b"%25") {
                    Some(zone) => {
                        [unescape(&name[..zone], Part::Host)?, unescape(&name[zone..], Part::Zone)?].concat()
                    }
                    None => unescape(name, Part::Host)?,
                };
                check_ip_literal(&unescaped)?;
                return Ok([b"[", unescaped.as_slice(), b"]", port].concat());
            }
            Some(_) => return Err("invalid IP-literal".into()),
            None => {}
        }
        if let Some(first) = host.iter().position(|&byte| byte == b':') {
            let last = host.iter().rposition(|&byte| byte == b':').unwrap_or(first);
            let strict = matches!(self.scheme.as_slice(), b"http" | b"https");
            let port = &host[if strict { first } else { last }..];
            if !is_optional_port(port) {
                return Err(bad_port(port));
            }
        }
        unescape(host, Part::Host)
    }

    /// The host without brackets and port.
    pub(crate) fn hostname(&self) -> &[u8] {
        let mut host = self.host.as_slice();
        if let Some(colon) =
            host.iter().rposition(|&byte| byte == b':').filter(|&at| is_optional_port(&host[at..]))
        {
            host = &host[..colon];
        }
        host.strip_prefix(b"[").and_then(|inner| inner.strip_suffix(b"]")).unwrap_or(host)
    }

    fn user_info(&self) -> Vec<u8> {
        let Some(user) = &self.user else { return Vec::new() };
        let mut out = escape(&user.name, Part::User);
        if let Some(password) = &user.password {
            out.push(b':');
            out.extend(escape(password, Part::User));
        }
        out
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if !self.scheme.is_empty() {
            out.extend_from_slice(&self.scheme);
            out.push(b':');
        }
        if self.opaque.is_empty() {
            self.push_hierarchy(&mut out);
        } else {
            out.extend_from_slice(&self.opaque);
        }
        if !self.query.is_empty() {
            out.push(b'?');
            out.extend_from_slice(&self.query);
        }
        if !self.fragment.is_empty() {
            out.push(b'#');
            out.extend(escape(&self.fragment, Part::Fragment));
        }
        out
    }

    fn push_hierarchy(&self, out: &mut Vec<u8>) {
        if !self.scheme.is_empty() || !self.host.is_empty() || self.user.is_some() {
            if !self.host.is_empty() || !self.path.is_empty() || self.user.is_some() {
                out.extend_from_slice(b"//");
            }
            if self.user.is_some() {
                out.extend(self.user_info());
                out.push(b'@');
            }
            out.extend(escape(&self.host, Part::Host));
        }
        let path = if self.path == b"*" { self.path.clone() } else { escape(&self.path, Part::Path) };
        if !path.is_empty() && path[0] != b'/' && !self.host.is_empty() {
            out.push(b'/');
        }
        if out.is_empty() && cut(&path, b'/').0.contains(&b':') {
            out.extend_from_slice(b"./");
        }
        out.extend(path);
    }
}

fn is_optional_port(port: &[u8]) -> bool {
    match port {
        [] => true,
        [b':', digits @ ..] => digits.iter().all(u8::is_ascii_digit),
        _ => false,
    }
}

fn check_ip_literal(text: &[u8]) -> Result<(), String> {
    let has_colon = text.contains(&b':');
    addresses::parse(text).map_err(|error| format!("invalid host: {error}"))?;
    if has_colon { Ok(()) } else { Err("invalid IP-literal".to_owned()) }
}

fn url_parse(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let source = text(&args[0]);
    context.charge_string(source.len().saturating_mul(3))?;
    let url = Url::parse(source).map_err(|error| CallError::from(format!("unable to parse url: {error}")))?;
    let entries: [(&'static str, Vec<u8>); 8] = [
        ("hostname", url.hostname().to_vec()),
        ("userinfo", url.user_info()),
        ("scheme", url.scheme),
        ("host", url.host),
        ("path", url.path),
        ("query", url.query),
        ("opaque", url.opaque),
        ("fragment", url.fragment),
    ];
    Ok(Value::map(entries.map(|(key, value)| (Str::from(key), Value::from(value)))))
}

fn entry(dict: Option<&Map>, key: &'static str) -> Result<Vec<u8>, CallError> {
    match dict.and_then(|dict| dict.get(key.as_bytes())) {
        None => Ok(Vec::new()),
        Some(Value::Str(text)) => Ok(text.to_vec()),
        Some(Value::Nil) => Err(NIL_DEREFERENCE.into()),
        Some(other) => Err(format!(
            "unable to parse {key} key, must be of type string, but {} found",
            other.kind().name()
        )
        .into()),
    }
}

fn url_join(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let dict = args[0].as_map();
    let dict = dict.as_ref();
    let mut url = Url {
        scheme: entry(dict, "scheme")?,
        host: entry(dict, "host")?,
        path: entry(dict, "path")?,
        query: entry(dict, "query")?,
        opaque: entry(dict, "opaque")?,
        fragment: entry(dict, "fragment")?,
        user: None,
    };
    let user = entry(dict, "userinfo")?;
    if !user.is_empty() {
        let probe = [b"proto://", user.as_slice(), b"@host"].concat();
        url.user = Url::parse(&probe)
            .map_err(|error| CallError::from(format!("unable to parse userinfo in dict: {error}")))?
            .user;
    }
    string(context, url.to_bytes())
}
