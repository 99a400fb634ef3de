//! Strings: cutting, joining, quoting, testing.

use pilothouse_gotemplate::unicode::{decode, runes};
use pilothouse_gotemplate::{CallError, Context, Function, Map, MapKind, Param, Str, Value, format, quote};

use super::cast::to_text;
use super::{Outcome, int, string, text};

const STRING: &[Param] = &[Param::String];
const STRINGS: &[Param] = &[Param::String, Param::String];
const INT_STRING: &[Param] = &[Param::Int, Param::String];
const ANY: &[Param] = &[Param::Any];

pub(super) const FUNCTIONS: [Function; 24] = [
    Function::new("trim", STRING, |context, args| string(context, trim(text(&args[0])).to_vec())),
    Function::new("trimAll", STRINGS, trim_all),
    Function::new("trimall", STRINGS, trim_all),
    Function::new("trimPrefix", STRINGS, trim_prefix),
    Function::new("trimSuffix", STRINGS, trim_suffix),
    Function::new("trunc", INT_STRING, trunc),
    Function::new("substr", &[Param::Int, Param::Int, Param::String], substr),
    Function::new("contains", STRINGS, |_, args| Ok(find(text(&args[1]), text(&args[0])).is_some().into())),
    Function::new("hasPrefix", STRINGS, |_, args| Ok(text(&args[1]).starts_with(text(&args[0])).into())),
    Function::new("hasSuffix", STRINGS, |_, args| Ok(text(&args[1]).ends_with(text(&args[0])).into())),
    Function::new("repeat", INT_STRING, repeat),
    Function::new("replace", &[Param::String, Param::String, Param::String], replace),
    Function::new("indent", INT_STRING, |context, args| indent(context, args, b"")),
    Function::new("nindent", INT_STRING, |context, args| indent(context, args, b"\n")),
    Function::variadic("quote", ANY, quote_all),
    Function::variadic("squote", ANY, squote),
    Function::variadic("cat", ANY, cat),
    Function::new("toString", ANY, to_string),
    Function::new("plural", &[Param::String, Param::String, Param::Int], plural),
    Function::new("split", STRINGS, |context, args| {
        split(context, &split_parts(text(&args[0]), text(&args[1]), -1))
    }),
    Function::new("splitn", &[Param::String, Param::Int, Param::String], |context, args| {
        split(context, &split_parts(text(&args[0]), text(&args[2]), int(&args[1])))
    }),
    Function::new("nospace", STRING, nospace),
    Function::new("initials", STRING, initials),
    Function::new("regexQuoteMeta", STRING, regex_quote_meta),
];

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(haystack, needle)
}

/// Go's `strings.TrimSpace`.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    trim_where(text, char::is_whitespace)
}

/// Go's `strings.TrimFunc`; invalid UTF-8 is U+FFFD.
fn trim_where(text: &[u8], unwanted: impl Fn(char) -> bool) -> &[u8] {
    let mut rest = text;
    while let Some((rune, width)) = decode(rest).filter(|&(rune, _)| unwanted(rune)) {
        let _ = rune;
        rest = &rest[width..];
    }
    let mut end = 0;
    for (at, rune) in runes(rest) {
        if !unwanted(rune) {
            end = at + decode(&rest[at..]).map_or(0, |(_, width)| width);
        }
    }
    &rest[..end]
}

fn trim_all(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let cutset: Vec<char> = runes(text(&args[0])).map(|(_, rune)| rune).collect();
    string(context, trim_where(text(&args[1]), |rune| cutset.contains(&rune)).to_vec())
}

fn trim_prefix(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let source = text(&args[1]);
    match source.strip_prefix(text(&args[0])).filter(|rest| rest.len() < source.len()) {
        Some(rest) => Ok(Str::from(rest).into()),
        None => Ok(std::mem::take(&mut args[1])),
    }
}

fn trim_suffix(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let source = text(&args[1]);
    match source.strip_suffix(text(&args[0])).filter(|rest| rest.len() < source.len()) {
        Some(rest) => Ok(Str::from(rest).into()),
        None => Ok(std::mem::take(&mut args[1])),
    }
}

fn trunc(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let source = text(&args[1]);
    let wanted = int(&args[0]);
    let count = usize::try_from(wanted.unsigned_abs()).unwrap_or(usize::MAX);
    if count >= source.len() {
        return Ok(std::mem::take(&mut args[1]));
    }
    let kept = if wanted < 0 { &source[source.len() - count..] } else { &source[..count] };
    Ok(Str::from(kept).into())
}

fn substr(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let (start, end, source) = (int(&args[0]), int(&args[1]), text(&args[2]));
    let length = i64::try_from(source.len()).unwrap_or(i64::MAX);
    let out_of_range =
        |what: String| CallError::from(format!("runtime error: slice bounds out of range {what}"));
    let (low, high) = if start < 0 {
        if end < 0 {
            return Err(out_of_range(format!("[:{end}]")));
        }
        if end > length {
            return Err(out_of_range(format!("[:{end}] with length {length}")));
        }
        (0, end)
    } else if end < 0 || end > length {
        if start > length {
            return Err(out_of_range(format!("[{start}:{length}]")));
        }
        (start, length)
    } else if start > end {
        return Err(out_of_range(format!("[{start}:{end}]")));
    } else {
        (start, end)
    };
    let range = usize::try_from(low).unwrap_or(0)..usize::try_from(high).unwrap_or(0);
    Ok(Str::from(&source[range]).into())
}

fn repeat(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let source = text(&args[1]);
    let Ok(count) = usize::try_from(int(&args[0])) else {
        return Err("strings: negative Repeat count".into());
    };
    let Some(length) = source.len().checked_mul(count).filter(|&length| i64::try_from(length).is_ok()) else {
        return Err("strings: Repeat output length overflow".into());
    };
    context.charge_string(length)?;
    Ok(source.repeat(count).into())
}

fn replace(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let (old, new, source) = (text(&args[0]), text(&args[1]), text(&args[2]));
    if old == new || (!old.is_empty() && find(source, old).is_none()) {
        return Ok(std::mem::take(&mut args[2]));
    }
    let mut parts: Vec<&[u8]> = Vec::new();
    if old.is_empty() {
        // Go puts the new text before every rune and at the end.
        parts.push(b"");
        let mut starts: Vec<usize> = runes(source).map(|(at, _)| at).collect();
        starts.push(source.len());
        parts.extend(starts.windows(2).map(|pair| &source[pair[0]..pair[1]]));
        parts.push(b"");
    } else {
        parts = split_parts(old, source, -1);
    }
    context.charge_string(source.len() + new.len() * parts.len())?;
    Ok(parts.join(new).into())
}

fn indent(context: &Context<'_>, args: &mut [Value], start: &[u8]) -> Outcome {
    let source = text(&args[1]);
    let Ok(spaces) = usize::try_from(int(&args[0])) else {
        return Err("strings: negative Repeat count".into());
    };
    let lines = memchr::memchr_iter(b'\n', source).count() + 1;
    let length = spaces.saturating_mul(lines).saturating_add(source.len() + start.len());
    context.charge_string(length)?;
    let mut out = Vec::with_capacity(length);
    out.extend_from_slice(start);
    for (index, line) in source.split(|&byte| byte == b'\n').enumerate() {
        if index > 0 {
            out.push(b'\n');
        }
        out.resize(out.len() + spaces, b' ');
        out.extend_from_slice(line);
    }
    Ok(out.into())
}

fn quote_all(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut out = Vec::new();
    for arg in args.iter().filter(|arg| !arg.is_nil()) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(&quote::quote(&to_text(arg)?));
    }
    string(context, out)
}

fn squote(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut out = Vec::new();
    for arg in args.iter().filter(|arg| !arg.is_nil()) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.push(b'\'');
        format::print_value(arg, &mut out, context.budget().string_length)?;
        out.push(b'\'');
    }
    string(context, out)
}

fn cat(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut out = Vec::new();
    for (index, arg) in args.iter().filter(|arg| !arg.is_nil()).enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        format::print_value(arg, &mut out, context.budget().string_length)?;
    }
    string(context, out)
}

fn to_string(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    if matches!(args[0], Value::Str(_)) {
        return Ok(std::mem::take(&mut args[0]));
    }
    string(context, to_text(&args[0])?.into_owned())
}

fn plural(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let chosen = usize::from(int(&args[2]) != 1);
    Ok(std::mem::take(&mut args[chosen]))
}

/// Go's `strings.SplitN`: at most `limit` parts, all if negative; an empty separator splits into runes.
pub(super) fn split_parts<'t>(separator: &[u8], source: &'t [u8], limit: i64) -> Vec<&'t [u8]> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut parts = Vec::new();
    if limit == 0 {
        return parts;
    }
    let mut rest = source;
    if separator.is_empty() {
        while !rest.is_empty() {
            let width = decode(rest).map_or(1, |(_, width)| width);
            if parts.len() + 1 == limit {
                parts.push(rest);
                break;
            }
            parts.push(&rest[..width]);
            rest = &rest[width..];
        }
        return parts;
    }
    while parts.len() + 1 < limit {
        let Some(at) = find(rest, separator) else { break };
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    parts
}

/// A dictionary with the keys `_0`, `_1`, …
fn split(context: &Context<'_>, parts: &[&[u8]]) -> Outcome {
    context.charge_list(parts.len() as u64)?;
    let entries =
        parts.iter().enumerate().map(|(index, part)| (format!("_{index}").into(), Str::from(*part).into()));
    Ok(Map::with_kind(MapKind::String, entries.collect()).into())
}

/// Goutils looks at bytes, not runes: each byte above 127 counts as the Latin-1 character.
fn latin1(byte: u8) -> char {
    char::from(byte)
}

fn nospace(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let source = text(&args[0]);
    if !source.iter().any(|&byte| latin1(byte).is_whitespace()) {
        return Ok(std::mem::take(&mut args[0]));
    }
    let kept: String = source.iter().map(|&byte| latin1(byte)).filter(|rune| !rune.is_whitespace()).collect();
    string(context, kept.into_bytes())
}

fn initials(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut out = String::new();
    let mut after_gap = true;
    for rune in text(&args[0]).iter().map(|&byte| latin1(byte)) {
        if rune.is_whitespace() {
            after_gap = true;
        } else if after_gap {
            out.push(rune);
            after_gap = false;
        }
    }
    string(context, out.into_bytes())
}

fn regex_quote_meta(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut out = Vec::new();
    for &byte in text(&args[0]) {
        if br"\.+*?()|[]{}^$".contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    string(context, out)
}
