//! Characters to tokens, by the rules and with the words of goyaml.v2's scanner.
//!
//! Kept from it on purpose, because they show in what is accepted and in error texts: simple keys are found
//! by looking ahead at most 1,024 characters on one line; `?` ends plain scalars in flow context; tabs may
//! follow a colon; a key that is an empty flow collection is lost.

use std::borrow::Cow;
use std::collections::VecDeque;

use crate::Error;
use crate::events::{Position, ScalarStyle};

mod block;
mod quoted;
mod tags;

/// Depth at which goyaml.v2 itself gives up.
const MAX_DEPTH: usize = 10_000;
/// Characters a simple key may span.
const SIMPLE_KEY_LENGTH: usize = 1_024;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    StreamStart,
    StreamEnd,
    Version,
    TagDirective,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar,
}

/// What a token carries beside its kind.
#[derive(Debug)]
pub(crate) enum Data<'s> {
    None,
    Version(u8, u8),
    /// Handle and prefix of a `%TAG`, or handle and suffix of a tag.
    Pair(Box<(String, String)>),
    Name(&'s str),
    Scalar(Cow<'s, str>, ScalarStyle),
}

#[derive(Debug)]
pub(crate) struct Token<'s> {
    pub(crate) kind: Kind,
    pub(crate) at: Position,
    pub(crate) data: Data<'s>,
}

#[derive(Debug, Clone, Copy)]
struct SimpleKey {
    possible: bool,
    required: bool,
    /// The token can still be found by its number: a deleted entry is not waited for.
    indexed: bool,
    token: usize,
    at: Position,
}

#[derive(Debug)]
pub(crate) struct Scanner<'s> {
    text: &'s str,
    src: &'s [u8],
    pos: usize,
    line: usize,
    line_start: usize,
    /// Continuation bytes since `line_start`, so that columns count characters.
    wide: usize,
    tokens: VecDeque<Token<'s>>,
    taken: usize,
    available: bool,
    started: bool,
    indent: isize,
    indents: Vec<isize>,
    flow_level: usize,
    simple_key_allowed: bool,
    simple_keys: Vec<SimpleKey>,
    max_depth: usize,
    /// What the reader would have said about the bytes after `text`.
    unreadable: Option<Error>,
}

pub(crate) type Scan<T> = Result<T, Error>;

impl<'s> Scanner<'s> {
    pub(crate) fn new(text: &'s str, unreadable: Option<Error>, max_depth: usize) -> Self {
        Self {
            text,
            src: text.as_bytes(),
            pos: 0,
            line: 0,
            line_start: 0,
            wide: 0,
            tokens: VecDeque::with_capacity(8),
            taken: 0,
            available: false,
            started: false,
            indent: -1,
            indents: Vec::new(),
            flow_level: 0,
            simple_key_allowed: true,
            simple_keys: Vec::new(),
            max_depth,
            unreadable,
        }
    }

    /// Kind and place of the next token.
    pub(crate) fn peek(&mut self) -> Scan<(Kind, Position)> {
        if !self.available {
            self.fetch_more()?;
            self.available = true;
        }
        match self.tokens.front() {
            Some(token) => Ok((token.kind, token.at)),
            None => Ok((Kind::StreamEnd, self.mark())),
        }
    }

    /// Takes the token that was peeked at.
    pub(crate) fn take(&mut self) -> Option<Token<'s>> {
        self.available = false;
        self.taken += 1;
        self.tokens.pop_front()
    }

    /// An error of the parser proper, which Go counts lines for differently.
    pub(crate) fn parser_error(&self, at: Position, message: &str) -> Error {
        if let Some(error) = self.reader_error() {
            return error;
        }
        Error::Syntax { line: at.line - 1, message: message.to_owned() }
    }

    fn reader_error(&self) -> Option<Error> {
        if self.pos >= self.src.len() { self.unreadable.clone() } else { None }
    }

    fn fail<T>(&self, message: &str) -> Scan<T> {
        if let Some(error) = self.reader_error() {
            return Err(error);
        }
        let line = if self.line > 0 { self.line + 1 } else { 0 };
        Err(Error::Syntax { line, message: message.to_owned() })
    }

    #[inline]
    fn byte(&self, ahead: usize) -> u8 {
        self.src.get(self.pos + ahead).copied().unwrap_or(0)
    }

    #[inline]
    fn column(&self) -> usize {
        self.pos - self.line_start - self.wide
    }

    fn mark(&self) -> Position {
        Position { offset: self.pos, line: self.line + 1, column: self.column() + 1 }
    }

    /// Bytes of the line break at `pos + ahead`; 0 if there is none.
    #[inline]
    fn break_width(&self, ahead: usize) -> usize {
        match self.byte(ahead) {
            b'\n' => 1,
            b'\r' => 1 + usize::from(self.byte(ahead + 1) == b'\n'),
            0xC2 if self.byte(ahead + 1) == 0x85 => 2,
            0xE2 if self.byte(ahead + 1) == 0x80 && matches!(self.byte(ahead + 2), 0xA8 | 0xA9) => 3,
            _ => 0,
        }
    }

    #[inline]
    fn is_blank(&self, ahead: usize) -> bool {
        matches!(self.byte(ahead), b' ' | b'\t')
    }

    #[inline]
    fn is_blank_or_end(&self, ahead: usize) -> bool {
        match self.byte(ahead) {
            b' ' | b'\t' | b'\r' | b'\n' | 0 => true,
            0xC2 | 0xE2 => self.break_width(ahead) > 0,
            _ => false,
        }
    }

    #[inline]
    fn is_break_or_end(&self) -> bool {
        self.byte(0) == 0 || self.break_width(0) > 0
    }

    /// Steps over one character.
    #[inline]
    fn skip(&mut self) {
        let width = utf8_width(self.byte(0));
        self.pos += width;
        self.wide += width - 1;
    }

    /// Steps over a line break, if there is one.
    fn skip_line(&mut self) {
        let width = self.break_width(0);
        if width > 0 {
            self.pos += width;
            self.line += 1;
            self.line_start = self.pos;
            self.wide = 0;
        }
    }

    /// Steps over a line break and appends what Go's scanner keeps of it.
    fn read_line(&mut self, into: &mut String) {
        let width = self.break_width(0);
        match width {
            0 => return,
            3 => into.push_str(&self.text[self.pos..self.pos + 3]),
            _ => into.push('\n'),
        }
        self.skip_line();
    }

    fn skip_comment(&mut self) {
        if self.byte(0) == b'#' {
            while !self.is_break_or_end() {
                self.skip();
            }
        }
    }

    fn push(&mut self, kind: Kind, at: Position, data: Data<'s>) {
        self.tokens.push_back(Token { kind, at, data });
    }

    /// Inserts before the token with that number; numbers already taken append.
    fn insert(&mut self, number: usize, kind: Kind, at: Position) {
        let token = Token { kind, at, data: Data::None };
        match number.checked_sub(self.taken) {
            Some(index) if index <= self.tokens.len() => self.tokens.insert(index, token),
            _ => self.tokens.push_back(token),
        }
    }

    fn fetch_more(&mut self) -> Scan<()> {
        loop {
            if !self.tokens.is_empty() {
                let from = self.simple_keys.partition_point(|key| key.token < self.taken);
                let waiting = (from..self.simple_keys.len().min(from + 2))
                    .find(|&i| self.simple_keys[i].indexed && self.simple_keys[i].token == self.taken);
                match waiting {
                    None => return Ok(()),
                    Some(index) => {
                        if !self.is_valid(index)? {
                            return Ok(());
                        }
                    }
                }
            }
            self.fetch_next()?;
        }
    }

    fn fetch_next(&mut self) -> Scan<()> {
        if !self.started {
            self.started = true;
            self.simple_keys.push(SimpleKey {
                possible: false,
                required: false,
                indexed: false,
                token: 0,
                at: self.mark(),
            });
            let at = self.mark();
            self.push(Kind::StreamStart, at, Data::None);
            return Ok(());
        }
        self.skip_to_token();
        self.unroll_indent(self.column().cast_signed());
        let at_line_start = self.column() == 0;
        let flow = self.flow_level > 0;
        match self.byte(0) {
            0 => return self.fetch_stream_end(),
            b'%' if at_line_start => return self.fetch_directive(),
            b'-' if at_line_start && self.is_document_indicator() => {
                return self.fetch_document_indicator(Kind::DocumentStart);
            }
            b'.' if at_line_start && self.is_document_indicator() => {
                return self.fetch_document_indicator(Kind::DocumentEnd);
            }
            b'[' => return self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => return self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => return self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => return self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => return self.fetch_flow_entry(),
            b'-' if self.is_blank_or_end(1) => return self.fetch_block_entry(),
            b'?' if flow || self.is_blank_or_end(1) => return self.fetch_key(),
            b':' if flow || self.is_blank_or_end(1) => return self.fetch_value(),
            b'*' => return self.fetch_anchor(Kind::Alias),
            b'&' => return self.fetch_anchor(Kind::Anchor),
            b'!' => return self.fetch_tag(),
            b'|' if !flow => return self.fetch_block_scalar(ScalarStyle::Literal),
            b'>' if !flow => return self.fetch_block_scalar(ScalarStyle::Folded),
            b'\'' => return self.fetch_quoted(ScalarStyle::SingleQuoted),
            b'"' => return self.fetch_quoted(ScalarStyle::DoubleQuoted),
            b'-' if !self.is_blank(1) => {}
            b'?' | b':' if !flow => {}
            b'-' | b'?' | b':' | b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b' ' | b'\t' => {
                return self.fail("found character that cannot start any token");
            }
            _ => {}
        }
        self.fetch_plain()
    }

    fn skip_to_token(&mut self) {
        loop {
            while self.byte(0) == b' '
                || (self.byte(0) == b'\t' && (self.flow_level > 0 || !self.simple_key_allowed))
            {
                self.pos += 1;
            }
            self.skip_comment();
            if self.break_width(0) == 0 {
                return;
            }
            self.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    fn is_document_indicator(&self) -> bool {
        let first = self.byte(0);
        (first == b'-' || first == b'.')
            && self.byte(1) == first
            && self.byte(2) == first
            && self.is_blank_or_end(3)
    }

    fn is_valid(&mut self, index: usize) -> Scan<bool> {
        let key = self.simple_keys[index];
        if !key.possible {
            return Ok(false);
        }
        let far = self.pos - key.at.offset > SIMPLE_KEY_LENGTH
            && self.text[key.at.offset..self.pos].chars().count() > SIMPLE_KEY_LENGTH;
        if key.at.line < self.line + 1 || far {
            if key.required {
                return self.fail("could not find expected ':'");
            }
            self.simple_keys[index].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn save_simple_key(&mut self) -> Scan<()> {
        if !self.simple_key_allowed {
            return Ok(());
        }
        let required = self.flow_level == 0 && self.indent == self.column().cast_signed();
        let key = SimpleKey {
            possible: true,
            required,
            indexed: true,
            token: self.taken + self.tokens.len(),
            at: self.mark(),
        };
        self.remove_simple_key()?;
        if let Some(last) = self.simple_keys.last_mut() {
            *last = key;
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Scan<()> {
        let Some(last) = self.simple_keys.last_mut() else { return Ok(()) };
        if last.possible {
            if last.required {
                return self.fail("could not find expected ':'");
            }
            last.possible = false;
            let token = last.token;
            self.forget_token(token);
        }
        Ok(())
    }

    /// Deletes the index entry of a token number, which two neighbouring levels can share.
    fn forget_token(&mut self, token: usize) {
        for key in self.simple_keys.iter_mut().rev().take(2) {
            if key.token == token {
                key.indexed = false;
            }
        }
    }

    fn depth_check(&self, depth: usize, what: &str) -> Scan<()> {
        if depth > MAX_DEPTH {
            return self.fail(&format!("exceeded max depth of {MAX_DEPTH}"));
        }
        if depth > self.max_depth {
            return Err(Error::Limit(format!("{what} nested deeper than {} levels", self.max_depth)));
        }
        Ok(())
    }

    fn roll_indent(&mut self, column: usize, number: Option<usize>, kind: Kind, at: Position) -> Scan<()> {
        if self.flow_level > 0 || self.indent >= column.cast_signed() {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column.cast_signed();
        self.depth_check(self.indents.len(), "block collections")?;
        match number {
            Some(number) => self.insert(number, kind, at),
            None => self.push(kind, at, Data::None),
        }
        Ok(())
    }

    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            let at = self.mark();
            self.push(Kind::BlockEnd, at, Data::None);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_stream_end(&mut self) -> Scan<()> {
        if let Some(error) = self.unreadable.clone() {
            return Err(error);
        }
        if self.column() != 0 {
            self.line += 1;
            self.line_start = self.pos;
            self.wide = 0;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let at = self.mark();
        self.push(Kind::StreamEnd, at, Data::None);
        Ok(())
    }

    fn fetch_directive(&mut self) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_directive()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: Kind) -> Scan<()> {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let at = self.mark();
        self.pos += 3;
        self.push(kind, at, Data::None);
        Ok(())
    }

    fn fetch_flow_start(&mut self, kind: Kind) -> Scan<()> {
        self.save_simple_key()?;
        let at = self.mark();
        self.simple_keys.push(SimpleKey {
            possible: false,
            required: false,
            indexed: false,
            token: self.taken + self.tokens.len(),
            at,
        });
        self.flow_level += 1;
        self.depth_check(self.flow_level, "flow collections")?;
        self.simple_key_allowed = true;
        self.pos += 1;
        self.push(kind, at, Data::None);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind) -> Scan<()> {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            if let Some(token) = self.simple_keys.last().map(|key| key.token) {
                self.forget_token(token);
            }
            self.simple_keys.pop();
        }
        self.simple_key_allowed = false;
        let at = self.mark();
        self.pos += 1;
        self.push(kind, at, Data::None);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Scan<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let at = self.mark();
        self.pos += 1;
        self.push(Kind::FlowEntry, at, Data::None);
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Scan<()> {
        let at = self.mark();
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fail("block sequence entries are not allowed in this context");
            }
            self.roll_indent(self.column(), None, Kind::BlockSequenceStart, at)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.pos += 1;
        self.push(Kind::BlockEntry, at, Data::None);
        Ok(())
    }

    fn fetch_key(&mut self) -> Scan<()> {
        let at = self.mark();
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return self.fail("mapping keys are not allowed in this context");
            }
            self.roll_indent(self.column(), None, Kind::BlockMappingStart, at)?;
        }
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.pos += 1;
        self.push(Kind::Key, at, Data::None);
        Ok(())
    }

    fn fetch_value(&mut self) -> Scan<()> {
        let at = self.mark();
        let last = self.simple_keys.len() - 1;
        if self.is_valid(last)? {
            let key = self.simple_keys[last];
            self.insert(key.token, Kind::Key, key.at);
            self.roll_indent(key.at.column - 1, Some(key.token), Kind::BlockMappingStart, key.at)?;
            self.simple_keys[last].possible = false;
            self.forget_token(key.token);
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                if !self.simple_key_allowed {
                    return self.fail("mapping values are not allowed in this context");
                }
                self.roll_indent(self.column(), None, Kind::BlockMappingStart, at)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.pos += 1;
        self.push(Kind::Value, at, Data::None);
        Ok(())
    }

    fn fetch_anchor(&mut self, kind: Kind) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let at = self.mark();
        self.pos += 1;
        let start = self.pos;
        while is_word(self.byte(0)) {
            self.pos += 1;
        }
        let ends = self.is_blank_or_end(0)
            || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if self.pos == start || !ends {
            return self.fail("did not find expected alphabetic or numeric character");
        }
        let name = &self.text[start..self.pos];
        self.push(kind, at, Data::Name(name));
        Ok(())
    }

    fn fetch_tag(&mut self) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let token = self.scan_tag()?;
        self.tokens.push_back(token);
        Ok(())
    }

    fn fetch_block_scalar(&mut self, style: ScalarStyle) -> Scan<()> {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let at = self.mark();
        let value = self.scan_block_scalar(style == ScalarStyle::Literal)?;
        self.push(Kind::Scalar, at, Data::Scalar(Cow::Owned(value), style));
        Ok(())
    }

    fn fetch_quoted(&mut self, style: ScalarStyle) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let at = self.mark();
        let value = self.scan_quoted(style == ScalarStyle::SingleQuoted)?;
        self.push(Kind::Scalar, at, Data::Scalar(value, style));
        Ok(())
    }

    fn fetch_plain(&mut self) -> Scan<()> {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let at = self.mark();
        let value = self.scan_plain()?;
        self.push(Kind::Scalar, at, Data::Scalar(value, ScalarStyle::Plain));
        Ok(())
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// Bytes of the character a byte begins.
#[inline]
fn utf8_width(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}
