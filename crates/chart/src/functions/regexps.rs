//! Regular expressions in Go's syntax, executed by the crate `regex`.
//!
//! Both match leftmost-first in linear time; only the syntax differs, so patterns are translated.

mod translate;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use pilothouse_gotemplate::{CallError, Context, Function, List, ListKind, Param, Str, Value, quote};
use regex::bytes::{NoExpand, Regex, RegexBuilder};

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
    for part in regex.find_iter(source).take(limit(count)) {
        context.charge_steps(1)?;
        found.push(Value::Str(part.as_bytes().into()));
    }
    context.charge_string(source.len())?;
    // Go gives a nil slice if nothing matches.
    Ok(if found.is_empty() { List::nil(ListKind::String) } else { List::with_kind(ListKind::String, found) }
        .into())
}

fn replace(context: &Context<'_>, regex: &Arc<Regex>, args: &[Value]) -> Outcome {
    let (source, replacement) = (text(&args[1]), text(&args[2]));
    check_growth(context, regex, source, replacement)?;
    string(context, regex.replace_all(source, replacement).into_owned())
}

fn replace_literal(context: &Context<'_>, regex: &Arc<Regex>, args: &[Value]) -> Outcome {
    let (source, replacement) = (text(&args[1]), text(&args[2]));
    check_growth(context, regex, source, replacement)?;
    string(context, regex.replace_all(source, NoExpand(replacement)).into_owned())
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
    for found in regex.find_iter(source) {
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
    for found in regex.find_iter(source).take(limit(count)) {
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
