//! Words: case styles, abbreviation, wrapping.

use pilothouse_gotemplate::unicode::{decode, is_digit, is_letter, runes};
use pilothouse_gotemplate::{Context, Function, Param, Value};
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory};

use super::letters::{map_runes, to_lower, to_title, to_upper};
use super::{Outcome, int, string, text};

const STRING: &[Param] = &[Param::String];
const INT_STRING: &[Param] = &[Param::Int, Param::String];

pub(super) const FUNCTIONS: [Function; 12] = [
    Function::new("upper", STRING, |context, args| string(context, map_runes(text(&args[0]), to_upper))),
    Function::new("lower", STRING, |context, args| string(context, map_runes(text(&args[0]), to_lower))),
    Function::new("title", STRING, title),
    Function::new("untitle", STRING, untitle),
    Function::new("swapcase", STRING, swapcase),
    Function::new("camelcase", STRING, |context, args| {
        string(context, camel_case(text(&args[0])).into_bytes())
    }),
    Function::new("snakecase", STRING, |context, args| {
        string(context, lower_case_words(text(&args[0]), '_'))
    }),
    Function::new("kebabcase", STRING, |context, args| {
        string(context, lower_case_words(text(&args[0]), '-'))
    }),
    Function::new("abbrev", INT_STRING, abbrev),
    Function::new("abbrevboth", &[Param::Int, Param::Int, Param::String], abbrev_both),
    Function::new("wrap", INT_STRING, |context, args| {
        wrap(context, int(&args[0]), b"\n", text(&args[1]), false)
    }),
    Function::new("wrapWith", &[Param::Int, Param::String, Param::String], wrap_with),
];

/// `strings.Title`: a letter after anything but a letter, digit or underscore becomes a title letter.
fn title(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut before = ' ';
    let titled: String = runes(text(&args[0]))
        .map(|(_, rune)| {
            let starts = if before.is_ascii() {
                !before.is_ascii_alphanumeric() && before != '_'
            } else {
                !is_letter(before) && !is_digit(before) && before.is_whitespace()
            };
            before = rune;
            if starts { to_title(rune) } else { rune }
        })
        .collect();
    string(context, titled.into_bytes())
}

fn untitle(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut starts = true;
    let lowered: String = runes(text(&args[0]))
        .map(|(_, rune)| {
            if rune.is_whitespace() {
                starts = true;
                return rune;
            }
            if std::mem::take(&mut starts) { to_lower(rune) } else { rune }
        })
        .collect();
    string(context, lowered.into_bytes())
}

fn is_upper(rune: char) -> bool {
    rune.general_category() == GeneralCategory::UppercaseLetter
}

fn is_lower(rune: char) -> bool {
    rune.general_category() == GeneralCategory::LowercaseLetter
}

fn swapcase(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let mut after_space = true;
    let swapped: String = runes(text(&args[0]))
        .map(|(_, rune)| {
            if is_upper(rune) || rune.general_category() == GeneralCategory::TitlecaseLetter {
                after_space = false;
                to_lower(rune)
            } else if is_lower(rune) {
                if std::mem::take(&mut after_space) { to_title(rune) } else { to_upper(rune) }
            } else {
                after_space = rune.is_whitespace();
                rune
            }
        })
        .collect();
    string(context, swapped.into_bytes())
}

fn is_connector(rune: char) -> bool {
    rune == '-' || rune == '_' || rune.is_whitespace()
}

/// Xstrings' `ToPascalCase`: connectors between words go, words start with a capital.
///
/// Leading connectors and all but the last of several in a row... stay, as there.
fn camel_case(text: &[u8]) -> String {
    let mut out = String::new();
    let mut rest = runes(text).map(|(_, rune)| rune);
    let mut pending = None;
    let mut first_was_upper = false;
    let mut last_connector = None;
    for rune in rest.by_ref() {
        if is_connector(rune) {
            out.push(rune);
            last_connector = Some(rune);
            continue;
        }
        first_was_upper = is_upper(rune);
        pending = Some(to_upper(rune));
        break;
    }
    let Some(mut current) = pending else {
        // Nothing but connectors: the last one is written twice.
        out.extend(last_connector);
        return out;
    };
    for rune in rest {
        let before = current;
        current = rune;
        if is_connector(rune) && is_connector(before) {
            out.push(before);
            continue;
        }
        if is_connector(before) {
            first_was_upper = is_upper(rune);
            current = to_upper(rune);
        } else {
            if first_was_upper {
                if is_upper(rune) {
                    current = to_lower(rune);
                } else {
                    first_was_upper = false;
                }
            }
            out.push(before);
        }
    }
    out.push(current);
    out
}

/// What a run of characters consists of, for [`lower_case_words`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Run {
    /// The end, or nothing that is UTF-8.
    Invalid,
    Number,
    /// A capital with the small letters that follow, or several capitals.
    Upper,
    Letters,
    Connector,
    Punctuation,
    Other,
}

fn is_number(rune: char) -> bool {
    rune.general_category_group() == GeneralCategoryGroup::Number
}

fn is_punctuation(rune: char) -> bool {
    rune.general_category_group() == GeneralCategoryGroup::Punctuation
}

/// Letters of alphabets, as opposed to ideographs and the like.
fn is_alphabet(rune: char) -> bool {
    if !is_letter(rune) {
        return false;
    }
    !matches!(rune,
        '\u{4e00}'..='\u{9fa5}' | '\u{3400}'..='\u{4db5}' | '\u{20000}'..='\u{2a6d6}' | '\u{f900}'..='\u{fa2d}'
        | '\u{fa30}'..='\u{fa6d}' | '\u{fa70}'..='\u{fad9}' | '\u{2f800}'..='\u{2fa1d}'
        | '\u{3040}'..='\u{309f}' | '\u{30a0}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ac00}'..='\u{d7af}')
}

fn is_invalid(text: &[u8], at: usize, rune: char) -> bool {
    rune == char::REPLACEMENT_CHARACTER && decode(&text[at..]).is_some_and(|(_, width)| width == 1)
}

/// Splits the first run off.
fn next_run(text: &[u8]) -> (Run, &[u8], &[u8]) {
    // What is not UTF-8 goes with the character before it, or at the start with the one after it.
    let skipped = runes(text).take_while(|&(at, rune)| is_invalid(text, at, rune)).count();
    let Some((first, own)) = decode(&text[skipped..]) else { return (Run::Invalid, text, b"") };
    let width = skipped + own;
    let extent = |from: usize, belongs: &dyn Fn(char) -> bool| {
        let mut end = from;
        while let Some((rune, width)) = decode(&text[end..]) {
            if !belongs(rune) && !is_invalid(text, end, rune) {
                break;
            }
            end += width;
        }
        end
    };
    let small = |rune: char| is_alphabet(rune) && !is_upper(rune);
    let (run, end) = if is_connector(first) {
        (Run::Connector, extent(width, &is_connector))
    } else if is_punctuation(first) {
        (Run::Punctuation, extent(width, &is_punctuation))
    } else if is_upper(first) {
        let capitals = extent(width, &is_upper);
        let follows = decode(&text[capitals..]).map(|(rune, _)| rune);
        if capitals > width {
            // The last of several capitals begins the next word if a small letter follows.
            let last = runes(&text[..capitals]).last().map_or(0, |(at, _)| at);
            (Run::Upper, if follows.is_some_and(is_alphabet) { last } else { capitals })
        } else {
            (Run::Upper, extent(width, &small))
        }
    } else if is_alphabet(first) {
        (Run::Letters, extent(width, &small))
    } else if is_number(first) {
        (Run::Number, extent(width, &is_number))
    } else {
        let other = |rune: char| {
            !is_connector(rune) && !is_alphabet(rune) && !is_number(rune) && !is_punctuation(rune)
        };
        (Run::Other, extent(width, &other))
    };
    (run, &text[..end], &text[end..])
}

/// Writes a run: capitals become small, connectors the wanted one.
fn push_run(out: &mut Vec<u8>, run: Run, word: &[u8], connector: char) {
    if run != Run::Upper && run != Run::Connector {
        out.extend_from_slice(word);
        return;
    }
    for (_, rune) in runes(word) {
        let rune = if is_connector(rune) { connector } else { to_lower(rune) };
        out.extend_from_slice(rune.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// Xstrings' `ToSnakeCase` and `ToKebabCase`: connectors between words; digits stay with the letters
/// that follow them, or, behind letters, with both neighbours.
fn lower_case_words(text: &[u8], connector: char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    let joins = |run: Run| !matches!(run, Run::Connector | Run::Punctuation);
    let push_connector =
        |out: &mut Vec<u8>| out.extend_from_slice(connector.encode_utf8(&mut [0; 4]).as_bytes());
    let (mut run, mut word, mut rest) = next_run(text);
    while !rest.is_empty() {
        if run != Run::Connector {
            push_run(&mut out, run, word, connector);
        }
        let (before, last) = (run, word);
        (run, word, rest) = next_run(rest);
        match before {
            Run::Number => {
                while matches!(run, Run::Letters | Run::Number) {
                    push_run(&mut out, run, word, connector);
                    (run, word, rest) = next_run(rest);
                }
                if run != Run::Invalid && joins(run) {
                    push_connector(&mut out);
                }
            }
            Run::Connector => push_run(&mut out, before, last, connector),
            Run::Punctuation => {}
            _ if run != Run::Number => {
                if joins(run) {
                    push_connector(&mut out);
                }
            }
            _ if rest.is_empty() => {}
            _ => {
                let number = word;
                (run, word, rest) = next_run(rest);
                if run == Run::Letters {
                    push_connector(&mut out);
                    push_run(&mut out, Run::Number, number, connector);
                    while matches!(run, Run::Letters | Run::Number) {
                        push_run(&mut out, run, word, connector);
                        (run, word, rest) = next_run(rest);
                    }
                    if run != Run::Invalid && joins(run) {
                        push_connector(&mut out);
                    }
                } else {
                    push_run(&mut out, Run::Number, number, connector);
                    if joins(run) {
                        push_connector(&mut out);
                    }
                }
            }
        }
    }
    push_run(&mut out, run, word, connector);
    out
}

fn abbrev(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let width = int(&args[0]);
    if width < 4 {
        return Ok(std::mem::take(&mut args[1]));
    }
    string(context, abbreviate(text(&args[1]), 0, width))
}

fn abbrev_both(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let (left, right) = (int(&args[0]), int(&args[1]));
    if right < 4 || left > 0 && right < 7 {
        return Ok(std::mem::take(&mut args[2]));
    }
    string(context, abbreviate(text(&args[2]), left, right))
}

/// Goutils' `AbbreviateFull`, on bytes: at most `width` of them, `...` in place of what is cut.
fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let length = i64::try_from(text.len()).unwrap_or(i64::MAX);
    if length <= width {
        return text.to_vec();
    }
    let at = |position: i64| usize::try_from(position.clamp(0, length)).unwrap_or(0);
    let kept = width - 3;
    let mut offset = offset.min(length);
    if length - offset < kept {
        offset = length - kept;
    }
    if offset <= 4 {
        return [&text[..at(kept)], b"..."].concat();
    }
    if offset + kept < length {
        let middle = &text[at(offset)..];
        // Too narrow for a second mark: Goutils drops the text then.
        let middle = if kept < 4 { Vec::new() } else { abbreviate(middle, 0, kept) };
        return [b"...".to_vec(), middle].concat();
    }
    [b"...", &text[at(length - kept)..]].concat()
}

fn wrap_with(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let separator = text(&args[1]);
    let separator = if separator.is_empty() { b"\n" } else { separator };
    wrap(context, int(&args[0]), separator, text(&args[2]), true)
}

/// Goutils' `WrapCustom`, on bytes: breaks at the last space that fits.
fn wrap(context: &Context<'_>, width: i64, separator: &[u8], text: &[u8], break_words: bool) -> Outcome {
    let width = usize::try_from(width.max(1)).unwrap_or(usize::MAX);
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    let mut breaks = 0;
    while rest.len() > width {
        if rest[0] == b' ' {
            rest = &rest[1..];
            continue;
        }
        let space = rest[..=width].iter().rposition(|&byte| byte == b' ');
        let (line, skipped) = match space {
            Some(space) => (space, 1),
            None if break_words => (width, 0),
            None => match rest[width..].iter().position(|&byte| byte == b' ') {
                Some(space) => (width + space, 1),
                None => break,
            },
        };
        out.extend_from_slice(&rest[..line]);
        out.extend_from_slice(separator);
        rest = &rest[line + skipped..];
        breaks += 1;
        if breaks % 4096 == 0 {
            context.charge_steps(4096)?;
            if out.len() as u64 > context.budget().string_length {
                context.charge_string(out.len())?;
            }
        }
    }
    out.extend_from_slice(rest);
    string(context, out)
}
