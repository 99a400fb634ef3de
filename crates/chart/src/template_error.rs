//! Helm's form of template errors (`pkg/engine/engine.go` of 4.2.3), and one for people.

use pilothouse_gotemplate::{ExecError, ParseError};

use crate::functions::{MESSAGE_END, MESSAGE_START};
use crate::{RenderError, excerpt};

/// A template of the chart that does not parse.
pub(crate) fn parse_error(error: &ParseError) -> RenderError {
    let text = error.to_string();
    let tokens: Vec<&str> = text.split(": ").collect();
    let message = match tokens.as_slice() {
        [_, location, .., last] => format!("parse error at ({location}): {last}"),
        [_, last] => format!("parse error at ({last}): {last}"),
        _ => format!("parse error in ({}): {text}", error.template),
    };
    RenderError::Template { message, excerpt: Some(excerpt::of_parse_error(error)) }
}

/// A template of the chart that failed to execute.
pub(crate) fn exec_error(error: &ExecError) -> RenderError {
    if let Some(limit) = error.limit() {
        return RenderError::Limit(match error.trace().last() {
            Some(at) => format!("{}:{}:{}: {limit}", at.file, at.line, at.column),
            None => limit.to_string(),
        });
    }
    RenderError::Template { message: helm_text(error), excerpt: excerpt::of_exec_error(error) }
}

/// What Helm prints for a failed execution: one block for each error of the chain, or Go's text where one of
/// them does not have the form of a template error.
fn helm_text(error: &ExecError) -> String {
    let (text, starts) = error.chain();
    let mut tokens = text.splitn(3, ": ");
    let location = tokens.nth(1);
    let (Some(location), Some(rest)) = (location, tokens.next()) else { return text };
    if error.location.is_none() {
        return text;
    }
    if let Some(start) = rest.find(MESSAGE_START) {
        let message = &rest[start + MESSAGE_START.len()..];
        if let Some(end) = message.rfind(MESSAGE_END) {
            return format!("execution error at ({location}): {}", &message[..end]);
        }
    }
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for start in starts {
        let Some(block) = Block::read(&text[start..]) else { return text };
        if blocks.last() != Some(&block) {
            blocks.push(block);
        }
    }
    let printed: String = blocks.iter().map(Block::print).collect();
    printed.trim().to_owned()
}

/// One error of the chain, taken apart (Helm's `TraceableError`).
#[derive(PartialEq, Eq)]
struct Block<'t> {
    location: &'t str,
    executing: &'t str,
    context: &'t str,
    message: &'t str,
}

impl<'t> Block<'t> {
    fn read(text: &'t str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self { location: "", executing: "", context: "", message: text });
        }
        Self::executing(rest).or_else(|| Self::simple(rest))
    }

    fn executing(rest: &'t str) -> Option<Self> {
        let (location, after) = rest.split_once(": executing ")?;
        let (executing, after) = after.strip_prefix('"')?.split_once('"')?;
        let (context, message) = after.strip_prefix(" at <")?.split_once(">: ")?;
        Some(Self { location, executing, context, message: own_message(message) })
    }

    fn simple(rest: &'t str) -> Option<Self> {
        let (location, message) = rest.rsplit_once(": ")?;
        Some(Self { location, executing: "", context: "", message: own_message(message) })
    }

    fn print(&self) -> String {
        let mut out = String::new();
        if !self.location.is_empty() {
            out.push_str(&format!("{}\n  ", self.location));
        }
        if !self.executing.is_empty() || !self.context.is_empty() {
            out.push_str(&format!("executing \"{}\" at <{}>:\n    ", self.executing, self.context));
        }
        if !self.message.is_empty() {
            out.push_str(&format!("{}\n", self.message));
        }
        out
    }
}

/// A message without the error of another template behind it.
fn own_message(message: &str) -> &str {
    message.split(" template:").next().unwrap_or(message)
}
