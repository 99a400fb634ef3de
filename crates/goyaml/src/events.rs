//! A pull parser of YAML events, for streams too large to keep (a registry's `index.yaml`).

use std::borrow::Cow;

use crate::scanner::{Data, Kind, Scanner};
use crate::source::Source;
use crate::{Error, Limits};

/// How a scalar was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes; such a scalar may be a number, a boolean or null.
    Plain,
    /// In single quotes.
    SingleQuoted,
    /// In double quotes.
    DoubleQuoted,
    /// After `|`.
    Literal,
    /// After `>`.
    Folded,
}

/// One step of the document's structure. Texts borrow from the source where they stand there literally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'s> {
    /// The stream begins.
    StreamStart,
    /// The stream ends; nothing follows.
    StreamEnd,
    /// A document begins, explicitly (`---`) or not.
    DocumentStart,
    /// A document ends.
    DocumentEnd,
    /// `*name`.
    Alias(Cow<'s, str>),
    /// A scalar. `tag` is `None` for a node without one; an empty scalar stands for a missing node.
    Scalar {
        /// The text after escapes and folding.
        value: Cow<'s, str>,
        /// How it was written.
        style: ScalarStyle,
        /// `&name`.
        anchor: Option<Cow<'s, str>>,
        /// The resolved tag, `tag:yaml.org,2002:str` or `!own`.
        tag: Option<Cow<'s, str>>,
    },
    /// A sequence begins.
    SequenceStart {
        /// `&name`.
        anchor: Option<Cow<'s, str>>,
        /// The resolved tag.
        tag: Option<Cow<'s, str>>,
    },
    /// The innermost sequence ends.
    SequenceEnd,
    /// A mapping begins; keys and values follow in turn.
    MappingStart {
        /// `&name`.
        anchor: Option<Cow<'s, str>>,
        /// The resolved tag.
        tag: Option<Cow<'s, str>>,
    },
    /// The innermost mapping ends.
    MappingEnd,
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Byte offset from the start of the source.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    StreamStart,
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequence,
    IndentlessSequence,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequence,
    FlowSequenceMappingKey,
    FlowSequenceMappingValue,
    FlowSequenceMappingEnd,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// Pulls events from a source held in memory; keeps nothing but its own stack.
///
/// Anchors are not followed and nothing is resolved: see [`crate::parse`] for values.
#[derive(Debug)]
pub struct Parser<'s> {
    scanner: Scanner<'s>,
    state: State,
    states: Vec<State>,
    /// The collection was just opened, so its start token has to be taken and no separator is due.
    first: bool,
    tag_directives: Vec<(String, String)>,
}

type Step<'s> = Result<(Event<'s>, Position), Error>;

impl<'s> Parser<'s> {
    /// A parser over UTF-8 text; a byte order mark is skipped. Bytes that are not UTF-8 and characters YAML
    /// does not allow are errors of the event after which Go's reader would have met them.
    ///
    /// # Errors
    /// The source is larger than `limits.bytes`, or UTF-16 (which [`crate::parse`] reads).
    pub fn new(source: &'s [u8], limits: &Limits) -> Result<Self, Error> {
        if source.len() > limits.bytes {
            return Err(Error::Limit(format!("document is larger than {} bytes", limits.bytes)));
        }
        Ok(Self::from_source(&Source::new(source)?, limits))
    }

    pub(crate) fn from_source(source: &Source<'s>, limits: &Limits) -> Self {
        Self {
            scanner: Scanner::new(source.text, source.unreadable.clone(), limits.depth),
            state: State::StreamStart,
            states: Vec::new(),
            first: false,
            tag_directives: Vec::new(),
        }
    }

    /// The next event and its position; `None` after [`Event::StreamEnd`].
    ///
    /// # Errors
    /// The text is not YAML; do not go on after an error.
    pub fn next_event(&mut self) -> Result<Option<(Event<'s>, Position)>, Error> {
        let step = match self.state {
            State::End => return Ok(None),
            State::StreamStart => {
                let (_, at) = self.scanner.peek()?;
                self.scanner.take();
                self.state = State::ImplicitDocumentStart;
                Ok((Event::StreamStart, at))
            }
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequence => self.block_sequence(),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingKey => self.block_mapping_key(),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequence => self.flow_sequence(),
            State::FlowSequenceMappingKey => self.flow_sequence_mapping_key(),
            State::FlowSequenceMappingValue => self.flow_sequence_mapping_value(),
            State::FlowSequenceMappingEnd => {
                let (_, at) = self.scanner.peek()?;
                self.state = State::FlowSequence;
                Ok((Event::MappingEnd, at))
            }
            State::FlowMappingKey => self.flow_mapping_key(),
            State::FlowMappingValue => self.flow_mapping_value(),
            State::FlowMappingEmptyValue => {
                let (_, at) = self.scanner.peek()?;
                self.state = State::FlowMappingKey;
                Ok((empty_scalar(), at))
            }
        };
        step.map(Some)
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn fail(&self, at: Position, message: &str) -> Step<'s> {
        Err(self.scanner.parser_error(at, message))
    }

    /// Takes the peeked token, then peeks at the one after it.
    fn advance(&mut self) -> Result<(Kind, Position), Error> {
        self.scanner.take();
        self.scanner.peek()
    }

    fn document_start(&mut self, implicit: bool) -> Step<'s> {
        let (mut kind, mut at) = self.scanner.peek()?;
        while !implicit && kind == Kind::DocumentEnd {
            (kind, at) = self.advance()?;
        }
        if kind == Kind::StreamEnd {
            self.scanner.take();
            self.state = State::End;
            return Ok((Event::StreamEnd, at));
        }
        if implicit && !matches!(kind, Kind::Version | Kind::TagDirective | Kind::DocumentStart) {
            self.directives()?;
            self.states.push(State::DocumentEnd);
            self.state = State::BlockNode;
            return Ok((Event::DocumentStart, at));
        }
        self.directives()?;
        let (kind, start) = self.scanner.peek()?;
        if kind != Kind::DocumentStart {
            return self.fail(start, "did not find expected <document start>");
        }
        self.scanner.take();
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok((Event::DocumentStart, at))
    }

    fn directives(&mut self) -> Result<(), Error> {
        let mut version = false;
        loop {
            let (kind, at) = self.scanner.peek()?;
            if !matches!(kind, Kind::Version | Kind::TagDirective) {
                break;
            }
            let Some(token) = self.scanner.take() else { break };
            match token.data {
                Data::Version(major, minor) => {
                    if version {
                        return Err(self.scanner.parser_error(at, "found duplicate %YAML directive"));
                    }
                    if (major, minor) != (1, 1) {
                        return Err(self.scanner.parser_error(at, "found incompatible YAML document"));
                    }
                    version = true;
                }
                Data::Pair(pair) => {
                    if self.tag_directives.iter().any(|(handle, _)| *handle == pair.0) {
                        return Err(self.scanner.parser_error(at, "found duplicate %TAG directive"));
                    }
                    self.tag_directives.push(*pair);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn document_content(&mut self) -> Step<'s> {
        let (kind, at) = self.scanner.peek()?;
        match kind {
            Kind::Version
            | Kind::TagDirective
            | Kind::DocumentStart
            | Kind::DocumentEnd
            | Kind::StreamEnd => {
                self.pop_state();
                Ok((empty_scalar(), at))
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Step<'s> {
        let (kind, at) = self.scanner.peek()?;
        if kind == Kind::DocumentEnd {
            self.scanner.take();
        }
        self.tag_directives.clear();
        self.state = State::DocumentStart;
        Ok((Event::DocumentEnd, at))
    }

    fn node(&mut self, block: bool, indentless: bool) -> Step<'s> {
        let (mut kind, at) = self.scanner.peek()?;
        if kind == Kind::Alias {
            self.pop_state();
            let name = self.take_name();
            return Ok((Event::Alias(name.unwrap_or_default()), at));
        }
        let mut anchor = None;
        let mut tag = None;
        let mut here = at;
        for _ in 0..2 {
            match kind {
                Kind::Anchor if anchor.is_none() => anchor = self.take_name(),
                Kind::Tag if tag.is_none() => tag = Some(self.take_tag(here)?),
                _ => break,
            }
            (kind, here) = self.scanner.peek()?;
        }
        match kind {
            Kind::BlockEntry if indentless => {
                self.state = State::IndentlessSequence;
                Ok((Event::SequenceStart { anchor, tag }, at))
            }
            Kind::Scalar => {
                self.pop_state();
                match self.scanner.take().map(|token| token.data) {
                    Some(Data::Scalar(value, style)) => Ok((Event::Scalar { value, style, anchor, tag }, at)),
                    _ => Ok((empty_scalar(), at)),
                }
            }
            Kind::FlowSequenceStart => {
                self.open(State::FlowSequence, Event::SequenceStart { anchor, tag }, at)
            }
            Kind::FlowMappingStart => {
                self.open(State::FlowMappingKey, Event::MappingStart { anchor, tag }, at)
            }
            Kind::BlockSequenceStart if block => {
                self.open(State::BlockSequence, Event::SequenceStart { anchor, tag }, at)
            }
            Kind::BlockMappingStart if block => {
                self.open(State::BlockMappingKey, Event::MappingStart { anchor, tag }, at)
            }
            _ if anchor.is_some() || tag.is_some() => {
                self.pop_state();
                Ok((Event::Scalar { value: "".into(), style: ScalarStyle::Plain, anchor, tag }, at))
            }
            _ => self.fail(here, "did not find expected node content"),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "every step returns the same type")]
    fn open(&mut self, state: State, event: Event<'s>, at: Position) -> Step<'s> {
        self.state = state;
        self.first = true;
        Ok((event, at))
    }

    fn take_name(&mut self) -> Option<Cow<'s, str>> {
        match self.scanner.take()?.data {
            Data::Name(name) => Some(Cow::Borrowed(name)),
            _ => None,
        }
    }

    fn take_tag(&mut self, at: Position) -> Result<Cow<'s, str>, Error> {
        let Some(Data::Pair(pair)) = self.scanner.take().map(|token| token.data) else {
            return Ok(Cow::Borrowed(""));
        };
        let (handle, suffix) = *pair;
        if handle.is_empty() {
            return Ok(Cow::Owned(suffix));
        }
        let own = self.tag_directives.iter().find(|(known, _)| *known == handle).map(|(_, p)| p.as_str());
        let prefix = own.or(match handle.as_str() {
            "!" => Some("!"),
            "!!" => Some("tag:yaml.org,2002:"),
            _ => None,
        });
        match prefix {
            Some(prefix) => Ok(Cow::Owned(format!("{prefix}{suffix}"))),
            None => Err(self.scanner.parser_error(at, "found undefined tag handle")),
        }
    }

    /// The node after an indicator, or an empty scalar if one of `ends` follows instead.
    fn node_or_empty(&mut self, ends: &[Kind], next: State, block: bool, indentless: bool) -> Step<'s> {
        let (kind, at) = self.scanner.peek()?;
        if ends.contains(&kind) {
            self.state = next;
            return Ok((empty_scalar(), at));
        }
        self.states.push(next);
        self.node(block, indentless)
    }

    fn block_sequence(&mut self) -> Step<'s> {
        if std::mem::take(&mut self.first) {
            self.scanner.take();
        }
        let (kind, at) = self.scanner.peek()?;
        match kind {
            Kind::BlockEntry => {
                self.scanner.take();
                self.node_or_empty(&[Kind::BlockEntry, Kind::BlockEnd], State::BlockSequence, true, false)
            }
            Kind::BlockEnd => self.close(Event::SequenceEnd, at),
            _ => self.fail(at, "did not find expected '-' indicator"),
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "every step returns the same type")]
    fn close(&mut self, event: Event<'s>, at: Position) -> Step<'s> {
        self.scanner.take();
        self.pop_state();
        Ok((event, at))
    }

    fn indentless_sequence(&mut self) -> Step<'s> {
        let (kind, at) = self.scanner.peek()?;
        if kind == Kind::BlockEntry {
            self.scanner.take();
            let ends = [Kind::BlockEntry, Kind::Key, Kind::Value, Kind::BlockEnd];
            return self.node_or_empty(&ends, State::IndentlessSequence, true, false);
        }
        self.pop_state();
        Ok((Event::SequenceEnd, at))
    }

    fn block_mapping_key(&mut self) -> Step<'s> {
        if std::mem::take(&mut self.first) {
            self.scanner.take();
        }
        let (kind, at) = self.scanner.peek()?;
        match kind {
            Kind::Key => {
                self.scanner.take();
                let ends = [Kind::Key, Kind::Value, Kind::BlockEnd];
                self.node_or_empty(&ends, State::BlockMappingValue, true, true)
            }
            Kind::BlockEnd => self.close(Event::MappingEnd, at),
            _ => self.fail(at, "did not find expected key"),
        }
    }

    fn block_mapping_value(&mut self) -> Step<'s> {
        let (kind, at) = self.scanner.peek()?;
        if kind == Kind::Value {
            self.scanner.take();
            let ends = [Kind::Key, Kind::Value, Kind::BlockEnd];
            return self.node_or_empty(&ends, State::BlockMappingKey, true, true);
        }
        self.state = State::BlockMappingKey;
        Ok((empty_scalar(), at))
    }

    /// Takes the start token or the separator; gives the kind of what follows.
    fn flow_entry(&mut self, end: Kind, message: &str) -> Result<(Kind, Position), Error> {
        if std::mem::take(&mut self.first) {
            return self.advance();
        }
        let (kind, at) = self.scanner.peek()?;
        if kind == end {
            Ok((kind, at))
        } else if kind == Kind::FlowEntry {
            self.advance()
        } else {
            Err(self.scanner.parser_error(at, message))
        }
    }

    fn flow_sequence(&mut self) -> Step<'s> {
        let (kind, at) = self.flow_entry(Kind::FlowSequenceEnd, "did not find expected ',' or ']'")?;
        match kind {
            Kind::FlowSequenceEnd => self.close(Event::SequenceEnd, at),
            Kind::Key => {
                self.scanner.take();
                self.state = State::FlowSequenceMappingKey;
                Ok((Event::MappingStart { anchor: None, tag: None }, at))
            }
            _ => {
                self.states.push(State::FlowSequence);
                self.node(false, false)
            }
        }
    }

    fn flow_sequence_mapping_key(&mut self) -> Step<'s> {
        let (kind, at) = self.scanner.peek()?;
        if matches!(kind, Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd) {
            // goyaml.v2 takes the token here, so that the value after an empty key is lost.
            self.scanner.take();
            self.state = State::FlowSequenceMappingValue;
            return Ok((empty_scalar(), at));
        }
        self.states.push(State::FlowSequenceMappingValue);
        self.node(false, false)
    }

    fn flow_sequence_mapping_value(&mut self) -> Step<'s> {
        let (kind, at) = self.scanner.peek()?;
        if kind == Kind::Value {
            self.scanner.take();
            let ends = [Kind::FlowEntry, Kind::FlowSequenceEnd];
            return self.node_or_empty(&ends, State::FlowSequenceMappingEnd, false, false);
        }
        self.state = State::FlowSequenceMappingEnd;
        Ok((empty_scalar(), at))
    }

    fn flow_mapping_key(&mut self) -> Step<'s> {
        let (kind, at) = self.flow_entry(Kind::FlowMappingEnd, "did not find expected ',' or '}'")?;
        match kind {
            Kind::FlowMappingEnd => self.close(Event::MappingEnd, at),
            Kind::Key => {
                self.scanner.take();
                let ends = [Kind::Value, Kind::FlowEntry, Kind::FlowMappingEnd];
                self.node_or_empty(&ends, State::FlowMappingValue, false, false)
            }
            _ => {
                self.states.push(State::FlowMappingEmptyValue);
                self.node(false, false)
            }
        }
    }

    fn flow_mapping_value(&mut self) -> Step<'s> {
        let (kind, at) = self.scanner.peek()?;
        if kind == Kind::Value {
            self.scanner.take();
            let ends = [Kind::FlowEntry, Kind::FlowMappingEnd];
            return self.node_or_empty(&ends, State::FlowMappingKey, false, false);
        }
        self.state = State::FlowMappingKey;
        Ok((empty_scalar(), at))
    }
}

fn empty_scalar<'s>() -> Event<'s> {
    Event::Scalar { value: Cow::Borrowed(""), style: ScalarStyle::Plain, anchor: None, tag: None }
}
