//! From Go's syntax (`regexp/syntax` with Perl flags) to that of the crate `regex`.

use std::fmt;

use pilothouse_gotemplate::unicode::decode;

/// A pattern that Go refuses. `Display` is Go's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Error {
    code: &'static str,
    expression: Vec<u8>,
}

impl Error {
    fn new(code: &'static str, expression: &[u8]) -> Self {
        Self { code, expression: expression.to_vec() }
    }

    /// The compiled pattern would be too large.
    pub(super) fn large(pattern: &[u8]) -> Self {
        Self::new("expression too large", pattern)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error parsing regexp: {}: `{}`", self.code, String::from_utf8_lossy(&self.expression))
    }
}

const BAD_CLASS_RANGE: &str = "invalid character class range";
const BAD_ESCAPE: &str = "invalid escape sequence";
const BAD_NAME: &str = "invalid named capture";
const BAD_PERL: &str = "invalid or unsupported Perl syntax";
const BAD_REPEAT: &str = "invalid repeat count";
const BAD_UTF8: &str = "invalid UTF-8";
const DOUBLE_REPEAT: &str = "invalid nested repetition operator";
const NO_BRACKET: &str = "missing closing ]";
const NO_PAREN: &str = "missing closing )";
const NO_OPERAND: &str = "missing argument to repetition operator";
const TOO_DEEP: &str = "expression nests too deeply";
const TRAILING: &str = "trailing backslash at end of expression";
const UNEXPECTED_PAREN: &str = "unexpected )";

/// Go's bounds on repetition and nesting.
const MAX_REPEAT: i64 = 1000;
const MAX_DEPTH: usize = 1000;

type Translated<T> = Result<T, Error>;

pub(super) fn translate(pattern: &[u8]) -> Translated<String> {
    let mut translator = Translator {
        whole: pattern,
        rest: pattern,
        out: String::with_capacity(pattern.len() + 16),
        groups: Vec::new(),
        level: Level::default(),
        names: Vec::new(),
    };
    translator.run()?;
    Ok(translator.out)
}

/// The expression between two parentheses, as far as it has been read.
#[derive(Default)]
struct Level {
    /// The least bound on repetitions that everything in it fits.
    repeats: i64,
    /// The same for the operand that a repetition would apply to, if there is one.
    operand: Option<i64>,
}

struct Translator<'p> {
    whole: &'p [u8],
    rest: &'p [u8],
    out: String,
    groups: Vec<Level>,
    level: Level,
    names: Vec<Vec<u8>>,
}

/// The part of `from` that precedes `rest`.
fn consumed<'p>(from: &'p [u8], rest: &[u8]) -> &'p [u8] {
    &from[..from.len() - rest.len()]
}

fn next_rune(text: &[u8]) -> Translated<(char, &[u8])> {
    match decode(text) {
        Some((char::REPLACEMENT_CHARACTER, 1)) => Err(Error::new(BAD_UTF8, text)),
        Some((rune, width)) => Ok((rune, &text[width..])),
        None => Ok((char::REPLACEMENT_CHARACTER, text)),
    }
}

fn check_utf8(text: &[u8]) -> Translated<()> {
    let mut rest = text;
    while !rest.is_empty() {
        (_, rest) = next_rune(rest)?;
    }
    Ok(())
}

impl<'p> Translator<'p> {
    fn operand(&mut self, repeats: i64) {
        self.level.repeats = self.level.repeats.max(repeats);
        self.level.operand = Some(repeats);
    }

    fn literal(&mut self, code: u32) {
        push_code(&mut self.out, code);
        self.operand(0);
    }

    fn emit(&mut self, text: &str, length: usize) {
        self.out.push_str(text);
        self.rest = &self.rest[length..];
        self.operand(0);
    }

    fn run(&mut self) -> Translated<()> {
        let mut last_repeat: Option<&'p [u8]> = None;
        while let Some(&first) = self.rest.first() {
            let before = self.rest;
            let mut repeated = false;
            match first {
                b'(' => self.open()?,
                b'|' => {
                    self.out.push('|');
                    self.rest = &self.rest[1..];
                    self.level.operand = None;
                }
                b')' => self.close()?,
                b'^' | b'$' | b'.' => self.emit(&char::from(first).to_string(), 1),
                b'[' => self.class()?,
                b'*' | b'+' | b'?' => {
                    let operator = char::from(first).to_string();
                    self.repeat(before, &before[1..], last_repeat, &operator, None)?;
                    repeated = true;
                }
                b'{' => match repetition(before) {
                    None => {
                        self.literal(u32::from(b'{'));
                        self.rest = &before[1..];
                    }
                    Some((least, most, after)) => {
                        let text = consumed(before, after);
                        if !(0..=MAX_REPEAT).contains(&least)
                            || most > MAX_REPEAT
                            || (most >= 0 && least > most)
                        {
                            return Err(Error::new(BAD_REPEAT, text));
                        }
                        let operator = match most {
                            -1 => format!("{{{least},}}"),
                            most => format!("{{{least},{most}}}"),
                        };
                        self.repeat(before, after, last_repeat, &operator, Some((least, most)))?;
                        repeated = true;
                    }
                },
                b'\\' => self.backslash()?,
                _ => {
                    let (rune, after) = next_rune(before)?;
                    self.literal(rune as u32);
                    self.rest = after;
                }
            }
            last_repeat = repeated.then_some(before);
        }
        if self.groups.is_empty() { Ok(()) } else { Err(Error::new(NO_PAREN, self.whole)) }
    }

    fn repeat(
        &mut self,
        before: &'p [u8],
        after: &'p [u8],
        last_repeat: Option<&'p [u8]>,
        operator: &str,
        bounds: Option<(i64, i64)>,
    ) -> Translated<()> {
        let mut after = after;
        let lazy = after.first() == Some(&b'?');
        if lazy {
            after = &after[1..];
        }
        if let Some(last) = last_repeat {
            return Err(Error::new(DOUBLE_REPEAT, consumed(last, after)));
        }
        let Some(inner) = self.level.operand else {
            return Err(Error::new(NO_OPERAND, consumed(before, after)));
        };
        let mut repeats = inner;
        if let Some((least, most)) = bounds {
            let count = if most < 0 { least } else { most };
            repeats = count.max(count.saturating_mul(inner));
            if (least >= 2 || most >= 2) && repeats > MAX_REPEAT {
                return Err(Error::new(BAD_REPEAT, consumed(before, after)));
            }
        }
        self.out.push_str(operator);
        if lazy {
            self.out.push('?');
        }
        self.operand(repeats);
        self.rest = after;
        Ok(())
    }

    fn push_level(&mut self) -> Translated<()> {
        if self.groups.len() >= MAX_DEPTH {
            return Err(Error::new(TOO_DEEP, self.whole));
        }
        self.groups.push(std::mem::take(&mut self.level));
        Ok(())
    }

    fn close(&mut self) -> Translated<()> {
        let Some(outer) = self.groups.pop() else { return Err(Error::new(UNEXPECTED_PAREN, self.whole)) };
        let inner = std::mem::replace(&mut self.level, outer);
        self.out.push(')');
        self.rest = &self.rest[1..];
        self.operand(inner.repeats);
        Ok(())
    }

    fn open(&mut self) -> Translated<()> {
        let text = self.rest;
        if text.get(1) != Some(&b'?') {
            self.out.push('(');
            self.rest = &text[1..];
            return self.push_level();
        }
        let name_start = if text.len() > 4 && text[2..].starts_with(b"P<") {
            Some(4)
        } else if text.len() > 3 && text[2] == b'<' {
            Some(3)
        } else {
            None
        };
        match name_start {
            Some(start) => self.named_group(text, start),
            None => self.flags(text),
        }
    }

    fn named_group(&mut self, text: &'p [u8], start: usize) -> Translated<()> {
        let Some(end) = text.iter().position(|&byte| byte == b'>') else {
            check_utf8(text)?;
            return Err(Error::new(BAD_NAME, text));
        };
        let name = text.get(start..end).unwrap_or_default();
        check_utf8(name)?;
        if name.is_empty() || !name.iter().all(|&byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(Error::new(BAD_NAME, &text[..=end]));
        }
        // The crate has no names that begin with a digit, and each only once.
        if name[0].is_ascii_digit() || self.names.iter().any(|known| known == name) {
            self.out.push('(');
        } else {
            self.out.push_str(&format!("(?P<{}>", String::from_utf8_lossy(name)));
            self.names.push(name.to_vec());
        }
        self.rest = &text[end + 1..];
        self.push_level()
    }

    /// `(?flags)` and `(?flags:`.
    fn flags(&mut self, text: &'p [u8]) -> Translated<()> {
        let mut rest = &text[2..];
        let mut negative = false;
        let mut seen = false;
        while !rest.is_empty() {
            let (rune, after) = next_rune(rest)?;
            rest = after;
            match rune {
                'i' | 'm' | 's' | 'U' => seen = true,
                '-' if !negative => {
                    negative = true;
                    seen = false;
                }
                ':' | ')' if !negative || seen => {
                    let flags = String::from_utf8_lossy(consumed(text, rest));
                    self.out.push_str(match flags.as_ref() {
                        "(?)" => "",
                        flags => flags,
                    });
                    self.rest = rest;
                    return if rune == ':' { self.push_level() } else { Ok(()) };
                }
                _ => break,
            }
        }
        Err(Error::new(BAD_PERL, consumed(text, rest)))
    }

    fn backslash(&mut self) -> Translated<()> {
        let text = self.rest;
        match text.get(1) {
            Some(b'A') => self.emit("\\A", 2),
            Some(b'z') => self.emit("\\z", 2),
            Some(b'b') => self.emit("(?-u:\\b)", 2),
            Some(b'B') => self.emit("(?-u:\\B)", 2),
            Some(b'C') => return Err(Error::new(BAD_ESCAPE, &text[..2])),
            Some(b'Q') => {
                let quoted = &text[2..];
                let end = memchr::memmem::find(quoted, b"\\E");
                let mut literal = &quoted[..end.unwrap_or(quoted.len())];
                while !literal.is_empty() {
                    let (rune, after) = next_rune(literal)?;
                    self.literal(rune as u32);
                    literal = after;
                }
                self.rest = end.map_or(b"", |end| &quoted[end + 2..]);
            }
            Some(b'p' | b'P') => {
                let (class, rest) = unicode_class(text)?;
                self.out.push_str(&class);
                self.rest = rest;
                self.operand(0);
            }
            Some(&letter) if perl_class(letter).is_some() => {
                let class = perl_class(letter).unwrap_or_default();
                self.emit(&class, 2);
            }
            _ => {
                let (code, rest) = escape(text)?;
                self.literal(code);
                self.rest = rest;
            }
        }
        Ok(())
    }

    fn class(&mut self) -> Translated<()> {
        let whole = self.rest;
        let mut rest = &whole[1..];
        self.out.push('[');
        let negated = rest.first() == Some(&b'^');
        if negated {
            self.out.push('^');
            rest = &rest[1..];
        }
        // An empty class is an error in the crate; this one matches nothing and is always there.
        let mut is_empty = true;
        let mut first = true;
        while first || rest.first() != Some(&b']') {
            first = false;
            if rest.len() > 2
                && rest.starts_with(b"[:")
                && let Some((class, after)) = posix_class(rest)?
            {
                self.out.push_str(&class);
                is_empty = false;
                rest = after;
                continue;
            }
            if let [b'\\', b'p' | b'P', ..] = rest {
                let (class, after) = unicode_class(rest)?;
                self.out.push_str(&class);
                is_empty = false;
                rest = after;
                continue;
            }
            if let Some(class) = rest.strip_prefix(b"\\").and_then(|after| perl_class(*after.first()?)) {
                self.out.push_str(&class);
                is_empty = false;
                rest = &rest[2..];
                continue;
            }
            let start = rest;
            let (low, after) = class_char(rest, whole)?;
            rest = after;
            let mut high = low;
            if rest.len() >= 2 && rest[0] == b'-' && rest[1] != b']' {
                (high, rest) = class_char(&rest[1..], whole)?;
                if high < low {
                    return Err(Error::new(BAD_CLASS_RANGE, consumed(start, rest)));
                }
            }
            is_empty &= !push_range(&mut self.out, low, high);
        }
        if is_empty {
            self.out.push_str("a&&b");
        }
        self.out.push(']');
        self.rest = &rest[1..];
        self.operand(0);
        Ok(())
    }
}

/// `{least,most}` at the start: bounds (-1 for none, or for a number that is too large) and what follows.
fn repetition(text: &[u8]) -> Option<(i64, i64, &[u8])> {
    let (least, rest) = integer(text.strip_prefix(b"{")?)?;
    if let Some(rest) = rest.strip_prefix(b"}") {
        return Some((least, least, rest));
    }
    let rest = rest.strip_prefix(b",")?;
    if let Some(rest) = rest.strip_prefix(b"}") {
        return Some((least, -1, rest));
    }
    let (most, rest) = integer(rest)?;
    let rest = rest.strip_prefix(b"}")?;
    Some(if most < 0 { (-1, most, rest) } else { (least, most, rest) })
}

fn integer(text: &[u8]) -> Option<(i64, &[u8])> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || (digits > 1 && text[0] == b'0') {
        return None;
    }
    let number = std::str::from_utf8(&text[..digits]).ok()?.parse::<i64>().ok().filter(|&n| n < 100_000_000);
    Some((number.unwrap_or(-1), &text[digits..]))
}

/// One character, by number, so that nothing in it can be taken for syntax.
fn push_code(out: &mut String, code: u32) {
    match char::from_u32(code) {
        Some(rune) if rune.is_ascii_alphanumeric() => out.push(rune),
        Some(_) => out.push_str(&format!("\\x{{{code:X}}}")),
        // A surrogate occurs in no text.
        None => out.push_str("[a&&b]"),
    }
}

/// A range within a class, without surrogates; whether anything is left of it.
fn push_range(out: &mut String, low: u32, high: u32) -> bool {
    let mut any = false;
    for (low, high) in [(low, high.min(0xd7ff)), (low.max(0xe000), high)] {
        if low <= high {
            out.push_str(&format!("\\x{{{low:X}}}-\\x{{{high:X}}}"));
            any = true;
        }
    }
    any
}

fn class_char<'t>(text: &'t [u8], whole: &[u8]) -> Translated<(u32, &'t [u8])> {
    match text.first() {
        None => Err(Error::new(NO_BRACKET, whole)),
        Some(b'\\') => escape(text),
        Some(_) => next_rune(text).map(|(rune, rest)| (rune as u32, rest)),
    }
}

/// `\d` and its kin are ASCII in Go.
fn perl_class(letter: u8) -> Option<String> {
    let ranges = match letter.to_ascii_lowercase() {
        b'd' => "0-9",
        b's' => "\\t\\n\\x0C\\r\\x20",
        b'w' => "0-9A-Za-z_",
        _ => return None,
    };
    Some(format!("[{}{ranges}]", if letter.is_ascii_uppercase() { "^" } else { "" }))
}

/// `[:alpha:]`, `[:^alpha:]`; `None` if it does not end with `:]`.
fn posix_class(text: &[u8]) -> Translated<Option<(String, &[u8])>> {
    let Some(end) = memchr::memmem::find(&text[2..], b":]") else { return Ok(None) };
    let (class, rest) = text.split_at(end + 4);
    let name = &class[2..class.len() - 2];
    let (negated, name) = name.strip_prefix(b"^").map_or((false, name), |name| (true, name));
    let ranges = match name {
        b"alnum" => "0-9A-Za-z",
        b"alpha" => "A-Za-z",
        b"ascii" => "\\x00-\\x7F",
        b"blank" => "\\t\\x20",
        b"cntrl" => "\\x00-\\x1F\\x7F",
        b"digit" => "0-9",
        b"graph" => "\\x21-\\x7E",
        b"lower" => "a-z",
        b"print" => "\\x20-\\x7E",
        b"punct" => "\\x21-\\x2F\\x3A-\\x40\\x5B-\\x60\\x7B-\\x7E",
        b"space" => "\\t\\n\\x0B\\x0C\\r\\x20",
        b"upper" => "A-Z",
        b"word" => "0-9A-Za-z_",
        b"xdigit" => "0-9A-Fa-f",
        _ => return Err(Error::new(BAD_CLASS_RANGE, class)),
    };
    Ok(Some((format!("[{}{ranges}]", if negated { "^" } else { "" }), rest)))
}

/// `\pL`, `\p{Greek}`, `\P{^Lu}`.
fn unicode_class(text: &[u8]) -> Translated<(String, &[u8])> {
    let mut negated = text[1] == b'P';
    let (first, rest) = next_rune(&text[2..])?;
    if text.len() == 2 {
        return Err(Error::new(BAD_CLASS_RANGE, text));
    }
    let (sequence, name, rest) = if first == '{' {
        let Some(end) = text.iter().position(|&byte| byte == b'}') else {
            check_utf8(text)?;
            return Err(Error::new(BAD_CLASS_RANGE, text));
        };
        (&text[..=end], &text[3..end], &text[end + 1..])
    } else {
        (consumed(text, rest), consumed(&text[2..], rest), rest)
    };
    check_utf8(name)?;
    let bare = name.strip_prefix(b"^").unwrap_or(name);
    negated ^= bare.len() < name.len();
    let name = String::from_utf8_lossy(bare);
    let known = ["gc", "sc"].iter().find_map(|property| {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | ' '));
        let class = format!("{property}={name}");
        (plain && !name.is_empty() && regex::Regex::new(&format!("\\p{{{class}}}")).is_ok()).then_some(class)
    });
    let Some(class) = known else { return Err(Error::new(BAD_CLASS_RANGE, sequence)) };
    Ok((format!("\\{}{{{class}}}", if negated { 'P' } else { 'p' }), rest))
}

/// An escape that stands for one character.
fn escape(text: &[u8]) -> Translated<(u32, &[u8])> {
    let after = &text[1..];
    if after.is_empty() {
        return Err(Error::new(TRAILING, b""));
    }
    let (rune, mut rest) = next_rune(after)?;
    let octal = |byte: Option<&u8>| {
        byte.filter(|byte| (b'0'..=b'7').contains(byte)).map(|&byte| u32::from(byte - b'0'))
    };
    let code = match rune {
        '1'..='7' if octal(rest.first()).is_none() => None,
        '0'..='7' => {
            let mut code = rune as u32 - u32::from(b'0');
            for _ in 0..2 {
                let Some(digit) = octal(rest.first()) else { break };
                code = code * 8 + digit;
                rest = &rest[1..];
            }
            Some(code)
        }
        'x' => {
            let (code, after) = hex(rest)?;
            rest = after;
            code
        }
        'a' => Some(7),
        'f' => Some(12),
        'n' => Some(10),
        'r' => Some(13),
        't' => Some(9),
        'v' => Some(11),
        rune if rune.is_ascii() && !rune.is_ascii_alphanumeric() => Some(rune as u32),
        _ => None,
    };
    code.map(|code| (code, rest)).ok_or_else(|| Error::new(BAD_ESCAPE, consumed(text, rest)))
}

/// Behind `\x`: two digits, or any number in braces. `None` where Go refuses, with what it has read by then.
fn hex(text: &[u8]) -> Translated<(Option<u32>, &[u8])> {
    if text.is_empty() {
        return Ok((None, text));
    }
    let (first, mut rest) = next_rune(text)?;
    if first != '{' {
        let (second, rest) = next_rune(rest)?;
        let code = first.to_digit(16).zip(second.to_digit(16)).map(|(high, low)| high * 16 + low);
        return Ok((code, rest));
    }
    let mut code = 0u32;
    let mut digits = 0;
    while !rest.is_empty() {
        let (rune, after) = next_rune(rest)?;
        rest = after;
        if rune == '}' {
            return Ok(((digits > 0).then_some(code), rest));
        }
        let Some(digit) = rune.to_digit(16) else { break };
        code = code * 16 + digit;
        if code > 0x10_ffff {
            break;
        }
        digits += 1;
    }
    Ok((None, rest))
}

#[cfg(test)]
mod tests {
    use super::translate;

    fn refusal(pattern: &str) -> String {
        translate(pattern.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn classes_are_ascii_and_literals_are_escaped() {
        assert_eq!(translate(br"\d{2").unwrap(), "[0-9]\\x{7B}2");
        assert_eq!(translate(b"[&&a]").unwrap(), "[\\x{26}-\\x{26}\\x{26}-\\x{26}\\x{61}-\\x{61}]");
        assert_eq!(translate(br"\Qa.b\E+").unwrap(), "a\\x{2E}b+");
    }

    #[test]
    fn refusals_have_the_words_of_go() {
        assert_eq!(refusal("a**"), "error parsing regexp: invalid nested repetition operator: `**`");
        assert_eq!(refusal("(a{100}){11}"), "error parsing regexp: invalid repeat count: `{11}`");
        assert_eq!(refusal("(?x)a"), "error parsing regexp: invalid or unsupported Perl syntax: `(?x`");
        assert_eq!(refusal("[a"), "error parsing regexp: missing closing ]: `[a`");
        assert_eq!(refusal("(|*)"), "error parsing regexp: missing argument to repetition operator: `*`");
        assert_eq!(refusal(r"\1"), "error parsing regexp: invalid escape sequence: `\\1`");
    }
}
