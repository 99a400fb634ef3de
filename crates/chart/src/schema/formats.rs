//! The formats of JSON schema whose rules and messages in `santhosh-tekuri/jsonschema` v6 are Go's, not `boon`'s.

use std::error::Error;

use boon::{Compiler, Format};
use pilothouse_gotemplate::quote;
use serde_json::Value as Json;

use crate::functions::{addresses, dates, urls::Url};

type Verdict = Result<(), String>;

/// Makes one format of a function on text: what is no string has every format.
macro_rules! formats {
    ($($name:literal => $check:path),* $(,)?) => {
        [$(Format { name: $name, func: |value| on_text(value, $check) }),*]
    };
}

/// Puts the formats in place of `boon`'s.
pub(super) fn register(compiler: &mut Compiler) {
    for format in formats! {
        "uuid" => uuid,
        "ipv4" => ipv4,
        "ipv6" => ipv6,
        "date" => date,
        "uri" => uri,
        "iri" => uri,
        "uri-reference" => uri_reference,
        "iri-reference" => uri_reference,
        "uri-template" => uri_template,
        "semver" => semver,
        // The library does not know these two.
        "idn-email" => anything,
        "idn-hostname" => anything,
    } {
        compiler.register_format(format);
    }
}

/// `boon`'s message about one of the formats it still checks, in the library's words.
pub(super) fn reworded(format: &str, message: &str) -> String {
    match format {
        "json-pointer" | "relative-json-pointer" => message
            .trim_start_matches("invalid json-pointer element: ")
            .replace("not starting with slash", "not starting with /"),
        "duration" => {
            let words: Vec<String> = message
                .split(' ')
                .scan("", |before, word| {
                    let unit = *before == "unit" && word.chars().count() == 1;
                    *before = word;
                    Some(if unit { format!("'{word}'") } else { word.to_owned() })
                })
                .collect();
            words.join(" ")
        }
        "email" => message.replace("more than 254", "more than 255"),
        _ => message.to_owned(),
    }
}

fn on_text(value: &Json, check: fn(&str) -> Verdict) -> Result<(), Box<dyn Error>> {
    value.as_str().map_or(Ok(()), |text| check(text).map_err(Into::into))
}

fn anything(_: &str) -> Verdict {
    Ok(())
}

fn uuid(text: &str) -> Verdict {
    let lengths = [8, 4, 4, 4, 12];
    let groups: Vec<&str> = text.split('-').collect();
    if groups.len() != lengths.len() {
        return Err("must have 5 elements".to_owned());
    }
    for (place, (group, length)) in groups.iter().zip(lengths).enumerate() {
        if group.len() != length {
            return Err(format!("element {} must be {length} characters long", place + 1));
        }
        if let Some(wrong) = group.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(format!("non-hex character {wrong:?}"));
        }
    }
    Ok(())
}

fn ipv4(text: &str) -> Verdict {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return Err("expected four decimals".to_owned());
    }
    for group in groups {
        if group.len() > 1 && group.starts_with('0') {
            return Err("leading zeros".to_owned());
        }
        if !(0..=255).contains(&atoi(group)?) {
            return Err("decimal must be between 0 and 255".to_owned());
        }
    }
    Ok(())
}

/// Go's `strconv.Atoi`.
fn atoi(text: &str) -> Result<i64, String> {
    text.parse::<i64>().map_err(|_| {
        let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let why = if is_number { "value out of range" } else { "invalid syntax" };
        let quoted = quote::quote(text.as_bytes());
        format!("strconv.Atoi: parsing {}: {why}", String::from_utf8_lossy(&quoted))
    })
}

fn ipv6(text: &str) -> Verdict {
    if !text.contains(':') {
        return Err("missing colon".to_owned());
    }
    match addresses::parse(text.as_bytes())? {
        Some(_) => Err("zone id is not a part of ipv6 address".to_owned()),
        None => Ok(()),
    }
}

fn date(text: &str) -> Verdict {
    dates::check(b"2006-01-02", text.as_bytes())
}

fn url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text.as_bytes())?;
    let host = String::from_utf8_lossy(url.hostname()).into_owned();
    if host.contains(':') {
        if !url.host.contains(&b'[') || !url.host.contains(&b']') {
            return Err("ipv6 address not enclosed in brackets".to_owned());
        }
        ipv6(&host)?;
    }
    Ok(url)
}

fn uri(text: &str) -> Verdict {
    if url(text)?.scheme.is_empty() { Err("relative url".to_owned()) } else { Ok(()) }
}

fn uri_reference(text: &str) -> Verdict {
    url(text)?;
    if text.contains('\\') { Err("contains \\".to_owned()) } else { Ok(()) }
}

fn uri_template(text: &str) -> Verdict {
    let url = url(text)?;
    for element in url.path.split(|&byte| byte == b'/') {
        let mut open = false;
        for byte in element {
            match (byte, open) {
                (b'{', false) => open = true,
                (b'}', true) => open = false,
                (b'{' | b'}', _) => return Err("nested curly braces".to_owned()),
                _ => {}
            }
        }
        if open {
            return Err("no matching closing brace".to_owned());
        }
    }
    Ok(())
}

fn semver(text: &str) -> Verdict {
    let (text, build) = match text.split_once('+') {
        Some((text, build)) => (text, Some(build)),
        None => (text, None),
    };
    if build == Some("") {
        return Err("build is empty".to_owned());
    }
    for identifier in build.iter().flat_map(|build| build.split('.')) {
        check_identifier(identifier, "build")?;
    }
    let (core, prerelease) = match text.split_once('-') {
        Some((core, prerelease)) => (core, Some(prerelease)),
        None => (text, None),
    };
    for identifier in prerelease.iter().flat_map(|prerelease| prerelease.split('.')) {
        check_identifier(identifier, "pre-release")?;
        let is_number = identifier.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && identifier.len() > 1 && identifier.starts_with('0') {
            return Err("pre-release numeric identifier starts with zero".to_owned());
        }
    }
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return Err("versionCore must have 3 numbers separated by dot".to_owned());
    }
    for (number, name) in numbers.iter().zip(["major", "minor", "patch"]) {
        if number.is_empty() {
            return Err(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return Err(format!("{name} starts with zero"));
        }
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}

fn check_identifier(identifier: &str, part: &str) -> Verdict {
    if identifier.is_empty() {
        return Err(format!("{part} identifier is empty"));
    }
    match identifier.chars().find(|c| !c.is_ascii_alphanumeric() && *c != '-') {
        Some(wrong) => Err(format!("invalid character {wrong:?} in {part} identifier")),
        None => Ok(()),
    }
}
