//! Errors of parsing and execution, as data and in Go's words.

use std::fmt;
use std::fmt::Write as _;

use crate::budget::Limit;

/// A template that does not parse. `Display` is Go's text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("template: {template}:{line}: {message}")]
pub struct ParseError {
    /// Name of the template.
    pub template: String,
    /// Line, from 1.
    pub line: u32,
    /// Go's message.
    pub message: String,
    /// The text of the line.
    pub excerpt: String,
}

/// Where in a template an error arose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Name of the file that was parsed (not of a `define` in it).
    pub file: String,
    /// Name of the template that was executing.
    pub template: String,
    /// Line, from 1.
    pub line: u32,
    /// Bytes before the place in its line, as Go counts.
    pub column: u32,
    /// Go's text of the node.
    pub context: String,
    /// The text of the line.
    pub excerpt: String,
}

/// A template that failed to execute. `Display` is Go's text, causes included.
#[derive(Debug, Clone, PartialEq)]
pub struct ExecError {
    /// The place; none if the template could not be started.
    pub location: Option<Location>,
    /// What went wrong there, without the cause.
    pub message: String,
    /// The error of the function that was called there.
    pub cause: Option<CallError>,
}

impl ExecError {
    /// The bound that was exceeded, if that is the reason.
    pub fn limit(&self) -> Option<Limit> {
        self.cause.as_ref().and_then(CallError::limit)
    }

    /// Every place from the outermost template to the innermost.
    pub fn trace(&self) -> Vec<&Location> {
        let mut places = Vec::new();
        let mut next = Some(self);
        while let Some(error) = next {
            places.extend(error.location.as_ref());
            next = error.cause.as_ref().and_then(CallError::exec);
        }
        places
    }

    /// The text of each error of Go's chain (`errors.Unwrap`), outermost first, as positions in the
    /// outermost one's text: each text is the end of the one before.
    pub fn chain(&self) -> (String, Vec<usize>) {
        let mut text = String::new();
        let mut starts = Vec::new();
        write_exec(self, &mut text, &mut starts);
        (text, starts)
    }
}

impl fmt::Display for ExecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chain().0)
    }
}

impl std::error::Error for ExecError {}

/// Why a function failed.
#[derive(Debug, Clone, PartialEq)]
pub struct CallError(Box<Reason>);

#[derive(Debug, Clone, PartialEq)]
enum Reason {
    Message(String),
    Context(String, CallError),
    Exec(ExecError),
    Parse(ParseError),
    Limit(Limit),
}

impl CallError {
    /// An error with Go's text.
    pub fn new(message: impl Into<String>) -> Self {
        Self(Box::new(Reason::Message(message.into())))
    }

    /// This error behind `message` and a colon (`fmt.Errorf("…: %w")`).
    #[must_use]
    pub fn context(self, message: impl Into<String>) -> Self {
        Self(Box::new(Reason::Context(message.into(), self)))
    }

    /// The bound that was exceeded, if that is the reason.
    pub fn limit(&self) -> Option<Limit> {
        let mut error = self;
        loop {
            match &*error.0 {
                Reason::Limit(limit) => return Some(*limit),
                Reason::Context(_, cause) => error = cause,
                Reason::Exec(exec) => error = exec.cause.as_ref()?,
                Reason::Message(_) | Reason::Parse(_) => return None,
            }
        }
    }

    /// The error of a template that the function executed.
    pub fn exec(&self) -> Option<&ExecError> {
        let mut error = self;
        loop {
            match &*error.0 {
                Reason::Context(_, cause) => error = cause,
                Reason::Exec(exec) => return Some(exec),
                _ => return None,
            }
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        write_call(self, &mut text, &mut Vec::new());
        f.write_str(&text)
    }
}

impl std::error::Error for CallError {}

/// Writes iteratively: includes nest a thousand deep.
fn write_exec(error: &ExecError, text: &mut String, starts: &mut Vec<usize>) {
    let mut next = write_exec_head(error, text, starts);
    while let Some(cause) = next {
        next = write_call_head(cause, text, starts);
    }
}

fn write_call(error: &CallError, text: &mut String, starts: &mut Vec<usize>) {
    let mut next = Some(error);
    while let Some(cause) = next {
        next = write_call_head(cause, text, starts);
    }
}

fn write_exec_head<'e>(
    error: &'e ExecError,
    text: &mut String,
    starts: &mut Vec<usize>,
) -> Option<&'e CallError> {
    starts.push(text.len());
    if let Some(at) = &error.location {
        let _ = write!(
            text,
            "template: {}:{}:{}: executing {} at <{}>: ",
            at.file,
            at.line,
            at.column,
            crate::quote::quote_text(&at.template),
            at.context
        );
    }
    text.push_str(&error.message);
    if error.cause.is_some() {
        text.push_str(": ");
    }
    error.cause.as_ref()
}

fn write_call_head<'e>(
    error: &'e CallError,
    text: &mut String,
    starts: &mut Vec<usize>,
) -> Option<&'e CallError> {
    match &*error.0 {
        Reason::Exec(exec) => return write_exec_head(exec, text, starts),
        Reason::Message(message) => {
            starts.push(text.len());
            text.push_str(message);
        }
        Reason::Parse(parse) => {
            starts.push(text.len());
            text.push_str(&parse.to_string());
        }
        Reason::Limit(limit) => {
            starts.push(text.len());
            text.push_str(&limit.to_string());
        }
        Reason::Context(message, cause) => {
            starts.push(text.len());
            text.push_str(message);
            text.push_str(": ");
            return Some(cause);
        }
    }
    None
}

impl From<String> for CallError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}
impl From<&str> for CallError {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}
impl From<Limit> for CallError {
    fn from(limit: Limit) -> Self {
        Self(Box::new(Reason::Limit(limit)))
    }
}
impl From<ExecError> for CallError {
    fn from(error: ExecError) -> Self {
        Self(Box::new(Reason::Exec(error)))
    }
}
impl From<Box<ExecError>> for CallError {
    fn from(error: Box<ExecError>) -> Self {
        Self(Box::new(Reason::Exec(*error)))
    }
}
impl From<ParseError> for CallError {
    fn from(error: ParseError) -> Self {
        Self(Box::new(Reason::Parse(error)))
    }
}
