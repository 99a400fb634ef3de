//! Regular expressions in Go's syntax, executed by the crate `regex`.
//!
//! Both match leftmost-first in linear time; only the syntax differs, so patterns are translated.

mod translate;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use pilothouse_gotemplate::unicode::{decode, is_digit, is_letter};
use pilothouse_gotemplate::{CallError, Context, Function, List, ListKind, Param, Str, Value, quote};
use regex::bytes::{Captures, Match, Regex, RegexBuilder};

use super::{Outcome, int, string, text};

const TWO: &[Param] = &[Param::String, Param::String];
const THREE: &[Param] = &[Param::String, Param::String, Param::String];
const WITH_COUNT: &[Param] = &[Param::String, Param::String, Param::Int];

pub(super) const FUNCTIONS: [Function; 12] = [
    Function::new("regexMatch", TWO, |_, args| {
        Ok(compile(text(&args[0])).is_ok_and(|regex| regex.is_match(text(&args[1]))).into())
    }),
    Function::new("mustRegexMatch", TWO, |_, args| {
        Ok(compile(text(&args[0]))?.is_match(text(&args[1])).into())
    }),
    Function::new("regexFind", TWO, |_, args| Ok(find(&must_compile(text(&args[0]))?, text(&args[1])))),
    Function::new("mustRegexFind", TWO, |_, args| Ok(find(&compile(text(&args[0]))?, text(&args[1])))),
    Function::new("regexFindAll", WITH_COUNT, |context, args| {
        find_all(context, &must_compile(text(&args[0]))?, text(&args[1]), int(&args[2]))
    }),
    Function::new("mustRegexFindAll", WITH_COUNT, |context, args| {
        find_all(context, &compile(text(&args[0]))?, text(&args[1]), int(&args[2]))
    }),
    Function::new("regexReplaceAll", THREE, |context, args| {
        replace(context, &must_compile(text(&args[0]))?, args)
    }),
    Function::new("mustRegexReplaceAll", THREE, |context, args| {
        replace(context, &compile(text(&args[0]))?, args)
    }),
    Function::new("regexReplaceAllLiteral", THREE, |context, args| {
        replace_literal(context, &must_compile(text(&args[0]))?, args)
    }),
    Function::new("mustRegexReplaceAllLiteral", THREE, |context, args| {
        replace_literal(context, &compile(text(&args[0]))?, args)
    }),
    Function::new("regexSplit", WITH_COUNT, |context, args| {
        split(context, &must_compile(text(&args[0]))?, args)
    }),
    Function::new("mustRegexSplit", WITH_COUNT, |context, args| {
        split(context, &compile(text(&args[0]))?, args)
    }),
];

/// Memory of one compiled expression.
const SIZE_LIMIT: usize = 10 << 20;
/// Expressions kept compiled; charts use few, again and again.
const CACHED: usize = 256;

/// Compiles, with Go's error.
fn compile(pattern: &[u8]) -> Result<Arc<Regex>, CallError> {
    static CACHE: LazyLock<Mutex<HashMap<Vec<u8>, Arc<Regex>>>> = LazyLock::new(Mutex::default);
    if let Some(regex) = CACHE.lock().ok().and_then(|cache| cache.get(pattern).cloned()) {
        return Ok(regex);
    }
    let translated = translate::translate(pattern).map_err(|error| CallError::from(error.to_string()))?;
    let built = RegexBuilder::new(&translated)
        .size_limit(SIZE_LIMIT)
        .dfa_size_limit(SIZE_LIMIT)
        .nest_limit(2000)
        .build();
    let regex = Arc::new(built.map_err(|_| CallError::from(translate::Error::large(pattern).to_string()))?);
    if let Ok(mut cache) = CACHE.lock() {
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.insert(pattern.to_vec(), regex.clone());
    }
    Ok(regex)
}

/// Compiles; the error is that of Go's panic.
fn must_compile(pattern: &[u8]) -> Result<Arc<Regex>, CallError> {
    compile(pattern).map_err(|error| {
        let plain = std::str::from_utf8(pattern).is_ok_and(|text| {
            !text.chars().any(|c| c == '`' || c == '\u{feff}' || (c < ' ' && c != '\t') || c == '\x7f')
        });
        let quoted = if plain {
            format!("`{}`", String::from_utf8_lossy(pattern))
        } else {
            String::from_utf8_lossy(&quote::quote(pattern)).into_owned()
        };
        format!("regexp: Compile({quoted}): {error}").into()
    })
}

fn find(regex: &Arc<Regex>, source: &[u8]) -> Value {
    Value::Str(regex.find(source).map_or_else(Str::default, |found| found.as_bytes().into()))
}

fn limit(count: i64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

fn find_all(context: &Context<'_>, regex: &Arc<Regex>, source: &[u8], count: i64) -> Outcome {
    let mut found = Vec::new();
    for part in matches(regex, source).take(limit(count)) {
        context.charge_steps(1)?;
        found.push(Value::Str(part.as_bytes().into()));
    }
    context.charge_string(source.len())?;
    // Go gives a nil slice if nothing matches.
    Ok(if found.is_empty() { List::nil(ListKind::String) } else { List::with_kind(ListKind::String, found) }
        .into())
}

fn replace(context: &Context<'_>, regex: &Arc<Regex>, args: &[Value]) -> Outcome {
    let (source, template) = (text(&args[1]), text(&args[2]));
    check_growth(context, regex, source, template)?;
    if !template.contains(&b'$') {
        return string(context, replace_matches(regex, source, |_, out| out.extend_from_slice(template)));
    }
    let expanded = replace_matches(regex, source, |found, out| {
        if let Some(groups) = regex.captures_at(source, found.start()) {
            expand(&groups, template, out);
        }
    });
    string(context, expanded)
}

fn replace_literal(context: &Context<'_>, regex: &Arc<Regex>, args: &[Value]) -> Outcome {
    let (source, replacement) = (text(&args[1]), text(&args[2]));
    check_growth(context, regex, source, replacement)?;
    string(context, replace_matches(regex, source, |_, out| out.extend_from_slice(replacement)))
}

/// The matches that Go finds: none is empty within a character.
fn matches<'s>(regex: &'s Regex, source: &'s [u8]) -> impl Iterator<Item = Match<'s>> {
    regex.find_iter(source).filter(|found| {
        let inside = source.get(found.start()).is_some_and(|byte| byte & 0xc0 == 0x80);
        !(found.is_empty() && inside && within_rune(source, found.start()))
    })
}

/// Whether the byte at `at` continues a character.
fn within_rune(source: &[u8], at: usize) -> bool {
    (1..=3.min(at)).any(|back| decode(&source[at - back..]).is_some_and(|(_, width)| width > back))
}

fn replace_matches(
    regex: &Regex,
    source: &[u8],
    mut replace: impl FnMut(&Match<'_>, &mut Vec<u8>),
) -> Vec<u8> {
    let mut out = Vec::with_capacity(source.len());
    let mut copied = 0;
    for found in matches(regex, source) {
        out.extend_from_slice(&source[copied..found.start()]);
        replace(&found, &mut out);
        copied = found.end();
    }
    out.extend_from_slice(&source[copied..]);
    out
}

/// Go's `Regexp.Expand`: `$name`, `${name}`, `$1`, `$$`; any other `$` is text.
fn expand(groups: &Captures<'_>, template: &[u8], out: &mut Vec<u8>) {
    let mut rest = template;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        out.extend_from_slice(&rest[..dollar]);
        rest = &rest[dollar + 1..];
        if let Some(after) = rest.strip_prefix(b"$") {
            out.push(b'$');
            rest = after;
            continue;
        }
        let braced = rest.strip_prefix(b"{");
        let name = braced.unwrap_or(rest);
        let mut length = 0;
        while let Some((rune, width)) = decode(&name[length..]) {
            if !(is_letter(rune) || is_digit(rune) || rune == '_') {
                break;
            }
            length += width;
        }
        let closed = braced.is_none() || name.get(length) == Some(&b'}');
        if length == 0 || !closed {
            out.push(b'$');
            continue;
        }
        rest = &name[length + usize::from(braced.is_some())..];
        if let Ok(name) = std::str::from_utf8(&name[..length]) {
            let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
            let group =
                if is_number { name.parse().ok().and_then(|n| groups.get(n)) } else { groups.name(name) };
            out.extend_from_slice(group.map_or(b"", |group| group.as_bytes()));
        }
    }
    out.extend_from_slice(rest);
}

/// Refuses a result that might be too long before it is made.
fn check_growth(
    context: &Context<'_>,
    regex: &Arc<Regex>,
    source: &[u8],
    replacement: &[u8],
) -> Result<(), CallError> {
    let references = memchr::memchr_iter(b'$', replacement).count();
    let growth = replacement.len().saturating_add(references.saturating_mul(source.len()));
    if source.len().saturating_add(1).saturating_mul(growth) as u64 <= context.budget().string_length {
        return Ok(());
    }
    let mut length = source.len();
    for found in matches(regex, source) {
        length = length.saturating_add(replacement.len() + references * found.len());
        if length as u64 > context.budget().string_length {
            context.charge_string(length)?;
        }
    }
    Ok(())
}

/// Go's `Regexp.Split`.
fn split(context: &Context<'_>, regex: &Arc<Regex>, args: &[Value]) -> Outcome {
    let (pattern, source, count) = (text(&args[0]), text(&args[1]), int(&args[2]));
    if count == 0 {
        return Ok(List::nil(ListKind::String).into());
    }
    if !pattern.is_empty() && source.is_empty() {
        return Ok(List::of_strings([""]).into());
    }
    let mut parts = Vec::new();
    let (mut start, mut end) = (0, 0);
    for found in matches(regex, source).take(limit(count)) {
        context.charge_steps(1)?;
        if count > 0 && parts.len() + 1 == limit(count) {
            break;
        }
        end = found.start();
        if found.end() != 0 {
            parts.push(&source[start..end]);
        }
        start = found.end();
    }
    if end != source.len() {
        parts.push(&source[start..]);
    }
    Ok(List::of_strings(parts).into())
}

/// Whether Go's regexp package takes the pattern; the error is its text.
pub(crate) fn check(pattern: &[u8]) -> Result<(), String> {
    translate::translate(pattern).map(|_| ()).map_err(|error| error.to_string())
}
