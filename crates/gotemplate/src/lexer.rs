//! Splits a template into text and the tokens of its actions.

use crate::quote::quote_lossy;
use crate::unicode::{decode, is_digit, is_letter, is_print, last_width};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Error,
    Bool,
    Char,
    CharConstant,
    Complex,
    Assign,
    Declare,
    Eof,
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    Variable,
    // From here on keywords: printed as <word>.
    Block,
    Break,
    Continue,
    Dot,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl TokenKind {
    fn is_keyword(self) -> bool {
        self as u8 >= Self::Block as u8
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Token<'s> {
    pub(crate) kind: TokenKind,
    pub(crate) position: u32,
    pub(crate) text: &'s [u8],
    /// Message of an error token.
    pub(crate) message: String,
    pub(crate) line: u32,
}

impl Token<'_> {
    pub(crate) const EMPTY: Self =
        Token { kind: TokenKind::Error, position: 0, text: b"", message: String::new(), line: 0 };

    /// The token as Go's messages print it.
    pub(crate) fn describe(&self) -> String {
        match self.kind {
            TokenKind::Eof => "EOF".into(),
            TokenKind::Error => self.message.clone(),
            kind if kind.is_keyword() => format!("<{}>", String::from_utf8_lossy(self.text)),
            _ if self.text.len() > 10 => {
                let mut end = 0;
                for _ in 0..10 {
                    end += decode(&self.text[end..]).map_or(0, |(_, width)| width);
                }
                format!("{}...", quote_lossy(&self.text[..end]))
            }
            _ => quote_lossy(self.text),
        }
    }
}

const LEFT: &[u8] = b"{{";
const RIGHT: &[u8] = b"}}";
const LEFT_COMMENT: &[u8] = b"/*";
const RIGHT_COMMENT: &[u8] = b"*/";
const TRIM_MARKER_LEN: usize = 2;

#[expect(clippy::struct_excessive_bools, reason = "each is independent state of Go's lexer")]
pub(crate) struct Lexer<'s> {
    input: &'s [u8],
    position: usize,
    start: usize,
    at_eof: bool,
    parens: i32,
    line: u32,
    start_line: u32,
    inside_action: bool,
    keyword_break: bool,
    keyword_continue: bool,
}

enum Step<'s> {
    Emit(Token<'s>),
    Text,
    LeftDelim,
    Comment,
    RightDelim,
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_alphanumeric(rune: char) -> bool {
    rune == '_' || is_letter(rune) || is_digit(rune)
}

fn has_left_trim_marker(text: &[u8]) -> bool {
    text.len() >= 2 && text[0] == b'-' && is_space(text[1])
}

fn has_right_trim_marker(text: &[u8]) -> bool {
    text.len() >= 2 && is_space(text[0]) && text[1] == b'-'
}

fn count_lines(text: &[u8]) -> u32 {
    u32::try_from(memchr::memchr_iter(b'\n', text).count()).unwrap_or(u32::MAX)
}

fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, needle)
}

impl<'s> Lexer<'s> {
    pub(crate) fn new(input: &'s [u8], keyword_break: bool, keyword_continue: bool) -> Self {
        Self {
            input,
            position: 0,
            start: 0,
            at_eof: false,
            parens: 0,
            line: 1,
            start_line: 1,
            inside_action: false,
            keyword_break,
            keyword_continue,
        }
    }

    fn rest(&self) -> &'s [u8] {
        self.input.get(self.position..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let Some((rune, width)) = decode(self.rest()) else {
            self.at_eof = true;
            return None;
        };
        self.position += width;
        if rune == '\n' {
            self.line += 1;
        }
        Some(rune)
    }

    fn back_up(&mut self) {
        if !self.at_eof && self.position > 0 {
            let before = &self.input[..self.position];
            self.position -= last_width(before);
            if before.last() == Some(&b'\n') {
                self.line -= 1;
            }
        }
    }

    fn peek(&mut self) -> Option<char> {
        let rune = self.next();
        self.back_up();
        rune
    }

    fn take(&mut self, kind: TokenKind) -> Token<'s> {
        let token = Token {
            kind,
            position: u32::try_from(self.start).unwrap_or(u32::MAX),
            text: &self.input[self.start..self.position],
            message: String::new(),
            line: self.start_line,
        };
        self.start = self.position;
        self.start_line = self.line;
        token
    }

    fn emit(&mut self, kind: TokenKind) -> Step<'s> {
        Step::Emit(self.take(kind))
    }

    fn ignore(&mut self) {
        self.line += count_lines(&self.input[self.start..self.position]);
        self.start = self.position;
        self.start_line = self.line;
    }

    fn accept(&mut self, valid: &[u8]) -> bool {
        if self.next().is_some_and(|rune| rune.is_ascii() && valid.contains(&(rune as u8))) {
            return true;
        }
        self.back_up();
        false
    }

    fn accept_run(&mut self, valid: &[u8]) {
        while self.accept(valid) {}
    }

    /// An error ends the input: every later token is `EOF`.
    fn fail(&mut self, message: String) -> Step<'s> {
        let position = u32::try_from(self.start).unwrap_or(u32::MAX);
        let token = Token { kind: TokenKind::Error, position, text: b"", message, line: self.start_line };
        self.start = 0;
        self.position = 0;
        self.input = b"";
        Step::Emit(token)
    }

    pub(crate) fn next_token(&mut self) -> Token<'s> {
        let mut step = if self.inside_action { self.lex_action() } else { Step::Text };
        loop {
            step = match step {
                Step::Emit(token) => return token,
                Step::Text => self.lex_text(),
                Step::LeftDelim => self.lex_left_delim(),
                Step::Comment => self.lex_comment(),
                Step::RightDelim => self.lex_right_delim(),
            };
        }
    }

    fn lex_text(&mut self) -> Step<'s> {
        let Some(distance) = find(self.rest(), LEFT) else {
            self.position = self.input.len();
            if self.position > self.start {
                self.line += count_lines(&self.input[self.start..self.position]);
                return self.emit(TokenKind::Text);
            }
            return self.emit(TokenKind::Eof);
        };
        if distance > 0 {
            self.position += distance;
            let mut trimmed = 0;
            if has_left_trim_marker(&self.input[self.position + LEFT.len()..]) {
                let text = &self.input[self.start..self.position];
                trimmed = text.iter().rev().take_while(|&&byte| is_space(byte)).count();
            }
            self.position -= trimmed;
            self.line += count_lines(&self.input[self.start..self.position]);
            let token = self.take(TokenKind::Text);
            self.position += trimmed;
            self.ignore();
            if !token.text.is_empty() {
                return Step::Emit(token);
            }
        }
        Step::LeftDelim
    }

    /// Whether a right delimiter comes next, and whether it trims.
    fn at_right_delim(&self) -> (bool, bool) {
        let rest = self.rest();
        if has_right_trim_marker(rest) && rest[TRIM_MARKER_LEN..].starts_with(RIGHT) {
            return (true, true);
        }
        (rest.starts_with(RIGHT), false)
    }

    fn lex_left_delim(&mut self) -> Step<'s> {
        self.position += LEFT.len();
        let marker = if has_left_trim_marker(self.rest()) { TRIM_MARKER_LEN } else { 0 };
        if self.rest()[marker..].starts_with(LEFT_COMMENT) {
            self.position += marker;
            self.ignore();
            return Step::Comment;
        }
        let token = self.take(TokenKind::LeftDelim);
        self.inside_action = true;
        self.position += marker;
        self.ignore();
        self.parens = 0;
        Step::Emit(token)
    }

    fn skip_spaces_after_trim(&mut self) {
        self.position += self.rest().iter().take_while(|&&byte| is_space(byte)).count();
    }

    fn lex_comment(&mut self) -> Step<'s> {
        self.position += LEFT_COMMENT.len();
        let Some(distance) = find(self.rest(), RIGHT_COMMENT) else {
            return self.fail("unclosed comment".into());
        };
        self.position += distance + RIGHT_COMMENT.len();
        let (delim, trims) = self.at_right_delim();
        if !delim {
            return self.fail("comment ends before closing delimiter".into());
        }
        self.line += count_lines(&self.input[self.start..self.position]);
        self.start = self.position;
        self.start_line = self.line;
        self.position += RIGHT.len() + if trims { TRIM_MARKER_LEN } else { 0 };
        if trims {
            self.skip_spaces_after_trim();
        }
        self.ignore();
        Step::Text
    }

    fn lex_right_delim(&mut self) -> Step<'s> {
        let (_, trims) = self.at_right_delim();
        if trims {
            self.position += TRIM_MARKER_LEN;
            self.ignore();
        }
        self.position += RIGHT.len();
        let token = self.take(TokenKind::RightDelim);
        if trims {
            self.skip_spaces_after_trim();
            self.ignore();
        }
        self.inside_action = false;
        Step::Emit(token)
    }

    fn lex_action(&mut self) -> Step<'s> {
        if self.at_right_delim().0 {
            if self.parens == 0 {
                return Step::RightDelim;
            }
            return self.fail("unclosed left paren".into());
        }
        let Some(rune) = self.next() else { return self.fail("unclosed action".into()) };
        match rune {
            ' ' | '\t' | '\r' | '\n' => {
                self.back_up();
                self.lex_space()
            }
            '=' => self.emit(TokenKind::Assign),
            ':' => {
                if self.next() == Some('=') {
                    self.emit(TokenKind::Declare)
                } else {
                    self.fail("expected :=".into())
                }
            }
            '|' => self.emit(TokenKind::Pipe),
            '"' => self.lex_quoted('"', TokenKind::String, "unterminated quoted string"),
            '`' => self.lex_raw_string(),
            '$' => self.lex_field_or_variable(TokenKind::Variable),
            '\'' => self.lex_quoted('\'', TokenKind::CharConstant, "unterminated character constant"),
            '.' if self.rest().first().is_some_and(|byte| !byte.is_ascii_digit()) => {
                self.lex_field_or_variable(TokenKind::Field)
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.back_up();
                self.lex_number()
            }
            rune if is_alphanumeric(rune) => {
                self.back_up();
                self.lex_identifier()
            }
            '(' => {
                self.parens += 1;
                self.emit(TokenKind::LeftParen)
            }
            ')' => {
                self.parens -= 1;
                if self.parens < 0 {
                    return self.fail("unexpected right paren".into());
                }
                self.emit(TokenKind::RightParen)
            }
            rune if rune.is_ascii() && is_print(rune) => self.emit(TokenKind::Char),
            rune => self.fail(format!("unrecognized character in action: {}", describe_rune(Some(rune)))),
        }
    }

    fn lex_space(&mut self) -> Step<'s> {
        let mut spaces = 0;
        while self.peek().is_some_and(|rune| rune.is_ascii() && is_space(rune as u8)) {
            self.next();
            spaces += 1;
        }
        let last = &self.input[self.position - 1..];
        if has_right_trim_marker(last) && last[TRIM_MARKER_LEN..].starts_with(RIGHT) {
            // At the end of input `peek` has set `at_eof`, but then no delimiter follows either.
            self.back_up();
            if spaces == 1 {
                return Step::RightDelim;
            }
        }
        self.emit(TokenKind::Space)
    }

    fn lex_identifier(&mut self) -> Step<'s> {
        let rune = loop {
            let rune = self.next();
            if !rune.is_some_and(is_alphanumeric) {
                self.back_up();
                break rune;
            }
        };
        if !self.at_terminator() {
            return self.fail(format!("bad character {}", describe_rune(rune)));
        }
        let kind = match &self.input[self.start..self.position] {
            b"block" => TokenKind::Block,
            b"break" if self.keyword_break => TokenKind::Break,
            b"continue" if self.keyword_continue => TokenKind::Continue,
            b"define" => TokenKind::Define,
            b"else" => TokenKind::Else,
            b"end" => TokenKind::End,
            b"if" => TokenKind::If,
            b"range" => TokenKind::Range,
            b"nil" => TokenKind::Nil,
            b"template" => TokenKind::Template,
            b"with" => TokenKind::With,
            b"true" | b"false" => TokenKind::Bool,
            _ => TokenKind::Identifier,
        };
        self.emit(kind)
    }

    fn lex_field_or_variable(&mut self, kind: TokenKind) -> Step<'s> {
        if self.at_terminator() {
            return self.emit(if kind == TokenKind::Variable { kind } else { TokenKind::Dot });
        }
        let rune = loop {
            let rune = self.next();
            if !rune.is_some_and(is_alphanumeric) {
                self.back_up();
                break rune;
            }
        };
        if !self.at_terminator() {
            return self.fail(format!("bad character {}", describe_rune(rune)));
        }
        self.emit(kind)
    }

    fn at_terminator(&mut self) -> bool {
        match self.peek() {
            None | Some(' ' | '\t' | '\r' | '\n' | '.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(_) => self.rest().starts_with(RIGHT),
        }
    }

    fn lex_quoted(&mut self, quote: char, kind: TokenKind, unterminated: &str) -> Step<'s> {
        loop {
            match self.next() {
                Some('\\') => {
                    if matches!(self.next(), None | Some('\n')) {
                        return self.fail(unterminated.into());
                    }
                }
                None | Some('\n') => return self.fail(unterminated.into()),
                Some(rune) if rune == quote => return self.emit(kind),
                Some(_) => {}
            }
        }
    }

    fn lex_raw_string(&mut self) -> Step<'s> {
        loop {
            match self.next() {
                None => return self.fail("unterminated raw quoted string".into()),
                Some('`') => return self.emit(TokenKind::RawString),
                Some(_) => {}
            }
        }
    }

    fn lex_number(&mut self) -> Step<'s> {
        if !self.scan_number() {
            return self.fail_number();
        }
        if matches!(self.peek(), Some('+' | '-')) {
            if !self.scan_number() || self.input[self.position - 1] != b'i' {
                return self.fail_number();
            }
            return self.emit(TokenKind::Complex);
        }
        self.emit(TokenKind::Number)
    }

    fn fail_number(&mut self) -> Step<'s> {
        let text = quote_lossy(&self.input[self.start..self.position]);
        self.fail(format!("bad number syntax: {text}"))
    }

    fn scan_number(&mut self) -> bool {
        self.accept(b"+-");
        let mut digits: &[u8] = b"0123456789_";
        let mut exponent: &[u8] = b"eE";
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = b"0123456789abcdefABCDEF_";
                exponent = b"pP";
            } else if self.accept(b"oO") {
                digits = b"01234567_";
                exponent = b"";
            } else if self.accept(b"bB") {
                digits = b"01_";
                exponent = b"";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if self.accept(exponent) {
            self.accept(b"+-");
            self.accept_run(b"0123456789_");
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.next();
            return false;
        }
        true
    }
}

/// Go's `%#U`; the end of input is the rune -1.
pub(crate) fn describe_rune(rune: Option<char>) -> String {
    match rune {
        None => "U+FFFFFFFFFFFFFFFF".into(),
        Some(rune) if is_print(rune) => format!("U+{:04X} '{rune}'", rune as u32),
        Some(rune) => format!("U+{:04X}", rune as u32),
    }
}
