//! From tokens to a tree, with Go's messages.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::ast::{
    Action, Branch, Chain, Command, FunctionName, Invocation, Name, Node, Number, Operand, OperandKind, Pipe,
    Source, Target, Template, Text, Variable,
};
use crate::error::ParseError;
use crate::function::FunctionTable;
use crate::lexer::{Lexer, Token, TokenKind};
use crate::quote::{quote_lossy, quote_text, unquote};

/// Nesting of parentheses and of control structures, each; Go allows 10,000 parentheses.
const MAX_NESTING: usize = 1000;

/// Bytes of one template's text; positions are 32 bits.
const MAX_TEXT: usize = 64 << 20;

/// Parses `text` into the template `name` and those it defines.
pub(crate) fn parse(
    name: &[u8],
    text: &[u8],
    functions: &FunctionTable,
) -> Result<Vec<Template>, ParseError> {
    let source = Arc::new(Source { name: String::from_utf8_lossy(name).into_owned(), text: Arc::from(text) });
    if text.len() > MAX_TEXT {
        return Err(ParseError {
            template: source.name.clone(),
            line: 1,
            message: format!("template is larger than {MAX_TEXT} bytes"),
            excerpt: String::new(),
        });
    }
    let mut parser = Parser {
        functions,
        source: source.clone(),
        lexer: Lexer::new(text, !functions.contains("break"), !functions.contains("continue")),
        state: State::new(name),
        done: Vec::new(),
        nesting: 0,
    };
    parser.parse_file().map_err(|failure| {
        let excerpt =
            text.split(|&b| b == b'\n').nth((failure.line as usize).saturating_sub(1)).unwrap_or_default();
        ParseError {
            template: source.name.clone(),
            line: failure.line,
            message: failure.message,
            excerpt: String::from_utf8_lossy(excerpt).trim_end().to_owned(),
        }
    })?;
    Ok(parser.done)
}

struct Failure {
    line: u32,
    message: String,
}

type Parsed<T> = Result<T, Failure>;

/// A variable of the template being parsed.
struct Known {
    name: Box<str>,
    /// None for a name that only an assignment mentions.
    slot: Option<u32>,
    /// Its pipeline has been parsed, so that it exists at run time.
    exists: bool,
    is_element: bool,
}

/// What belongs to one template; `define` and `block` start a new one.
struct State<'s> {
    name: Vec<u8>,
    tokens: [Token<'s>; 3],
    peeked: usize,
    variables: Vec<Known>,
    /// Slot of the next variable.
    next_slot: u32,
    /// The most slots in use at once.
    slots: usize,
    action_line: u32,
    ranges: usize,
    parens: usize,
}

impl State<'_> {
    fn new(name: &[u8]) -> Self {
        let dollar = Known { name: "$".into(), slot: Some(0), exists: true, is_element: false };
        Self {
            name: name.to_vec(),
            tokens: [Token::EMPTY, Token::EMPTY, Token::EMPTY],
            peeked: 0,
            variables: vec![dollar],
            next_slot: 1,
            slots: 1,
            action_line: 0,
            ranges: 0,
            parens: 0,
        }
    }
}

struct Parser<'s, 'f> {
    functions: &'f FunctionTable,
    source: Arc<Source>,
    lexer: Lexer<'s>,
    state: State<'s>,
    done: Vec<Template>,
    nesting: usize,
}

/// What ends a list of nodes.
enum Item {
    Node(Node),
    End,
    Else,
}

impl Item {
    fn describe(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            _ => "{{else}}",
        }
    }
}

impl<'s> Parser<'s, '_> {
    fn next(&mut self) -> Token<'s> {
        if self.state.peeked > 0 {
            self.state.peeked -= 1;
        } else {
            self.state.tokens[0] = self.lexer.next_token();
        }
        self.state.tokens[self.state.peeked].clone()
    }

    fn back_up(&mut self) {
        self.state.peeked += 1;
    }

    fn back_up_2(&mut self, before: Token<'s>) {
        self.state.tokens[1] = before;
        self.state.peeked = 2;
    }

    fn back_up_3(&mut self, first: Token<'s>, second: Token<'s>) {
        self.state.tokens[1] = second;
        self.state.tokens[2] = first;
        self.state.peeked = 3;
    }

    fn peek(&mut self) -> Token<'s> {
        if self.state.peeked > 0 {
            return self.state.tokens[self.state.peeked - 1].clone();
        }
        self.state.peeked = 1;
        self.state.tokens[0] = self.lexer.next_token();
        self.state.tokens[0].clone()
    }

    fn next_non_space(&mut self) -> Token<'s> {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token<'s> {
        let token = self.next_non_space();
        self.back_up();
        token
    }

    fn fail<T>(&self, message: impl Into<String>) -> Parsed<T> {
        Err(Failure { line: self.state.tokens[0].line, message: message.into() })
    }

    fn unexpected<T>(&self, token: &Token<'_>, context: &str) -> Parsed<T> {
        if token.kind != TokenKind::Error {
            return self.fail(format!("unexpected {} in {context}", token.describe()));
        }
        let mut message = token.describe();
        let line = self.state.action_line;
        if line != 0 && line != token.line {
            let action = if message.ends_with(" action") { "" } else { " in action" };
            let _ = write!(message, "{action} started at {}:{line}", self.source.name);
        }
        self.fail(message)
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Parsed<Token<'s>> {
        let token = self.next_non_space();
        if token.kind == kind { Ok(token) } else { self.unexpected(&token, context) }
    }

    fn parse_file(&mut self) -> Parsed<()> {
        let mut body = Vec::new();
        self.peek();
        while self.peek().kind != TokenKind::Eof {
            if self.peek().kind == TokenKind::LeftDelim {
                let delim = self.next();
                if self.next_non_space().kind == TokenKind::Define {
                    self.parse_definition()?;
                    continue;
                }
                self.back_up_2(delim);
            }
            match self.text_or_action()? {
                Item::Node(node) => body.push(node),
                end => return self.fail(format!("unexpected {}", end.describe())),
            }
        }
        self.add(body)
    }

    /// Finishes the current template.
    fn add(&mut self, body: Vec<Node>) -> Parsed<()> {
        let template = Template {
            name: Arc::from(self.state.name.as_slice()),
            source: self.source.clone(),
            body,
            slots: self.state.slots,
        };
        if let Some(index) = self.done.iter().position(|known| known.name == template.name) {
            if self.done[index].is_empty() {
                self.done[index] = template;
            } else if !template.is_empty() {
                let name = quote_lossy(&template.name);
                return self.fail(format!("template: multiple definition of template {name}"));
            }
        } else {
            self.done.push(template);
        }
        Ok(())
    }

    fn parse_definition(&mut self) -> Parsed<()> {
        const CONTEXT: &str = "define clause";
        let outer = std::mem::replace(&mut self.state, State::new(b"definition"));
        let token = self.next_non_space();
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return self.unexpected(&token, CONTEXT);
        }
        let Some(name) = unquote(token.text) else { return self.fail("invalid syntax") };
        self.state.name = name;
        self.expect(TokenKind::RightDelim, CONTEXT)?;
        let (body, end) = self.item_list()?;
        if !matches!(end, Item::End) {
            return self.fail(format!("unexpected {} in {CONTEXT}", end.describe()));
        }
        self.add(body)?;
        self.state = outer;
        Ok(())
    }

    fn item_list(&mut self) -> Parsed<(Vec<Node>, Item)> {
        if self.nesting >= MAX_NESTING {
            return self.fail(format!("actions are nested more than {MAX_NESTING} deep"));
        }
        self.nesting += 1;
        let mut nodes = Vec::new();
        while self.peek_non_space().kind != TokenKind::Eof {
            match self.text_or_action()? {
                Item::Node(node) => nodes.push(node),
                end => {
                    self.nesting -= 1;
                    nodes.shrink_to_fit();
                    return Ok((nodes, end));
                }
            }
        }
        self.fail("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => {
                let end = token.position + u32::try_from(token.text.len()).unwrap_or(0);
                Ok(Item::Node(Node::Text { start: token.position, end }))
            }
            TokenKind::LeftDelim => {
                self.state.action_line = token.line;
                let item = self.action();
                self.state.action_line = 0;
                item
            }
            _ => self.unexpected(&token, "input"),
        }
    }

    fn action(&mut self) -> Parsed<Item> {
        let token = self.next_non_space();
        let node = match token.kind {
            TokenKind::Block => self.block()?,
            TokenKind::Break => self.loop_exit("break", Node::Break)?,
            TokenKind::Continue => self.loop_exit("continue", Node::Continue)?,
            TokenKind::Else => {
                if !matches!(self.peek_non_space().kind, TokenKind::If | TokenKind::With) {
                    self.expect(TokenKind::RightDelim, "else")?;
                }
                return Ok(Item::Else);
            }
            TokenKind::End => {
                self.expect(TokenKind::RightDelim, "end")?;
                return Ok(Item::End);
            }
            TokenKind::If => Node::If(Box::new(self.control("if")?)),
            TokenKind::Range => Node::Range(Box::new(self.control("range")?)),
            TokenKind::With => Node::With(Box::new(self.control("with")?)),
            TokenKind::Template => self.invocation()?,
            _ => {
                self.back_up();
                let position = self.peek().position;
                let pipe = self.pipeline("command", TokenKind::RightDelim)?;
                Node::Action(Action { position, pipe })
            }
        };
        Ok(Item::Node(node))
    }

    fn loop_exit(&mut self, word: &str, node: Node) -> Parsed<Node> {
        let token = self.next_non_space();
        if token.kind != TokenKind::RightDelim {
            return self.unexpected(&token, &format!("{{{{{word}}}}}"));
        }
        if self.state.ranges == 0 {
            return self.fail(format!("{{{{{word}}}}} outside {{{{range}}}}"));
        }
        Ok(node)
    }

    fn control(&mut self, context: &'static str) -> Parsed<Branch> {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.control_here(context))
    }

    fn control_here(&mut self, context: &'static str) -> Parsed<Branch> {
        let (visible, next_slot) = (self.state.variables.len(), self.state.next_slot);
        let pipe = self.pipeline(context, TokenKind::RightDelim)?;
        let is_range = context == "range";
        self.state.ranges += usize::from(is_range);
        let (body, next) = self.item_list()?;
        self.state.ranges -= usize::from(is_range);
        let mut otherwise = None;
        if matches!(next, Item::Else) {
            let chained =
                matches!((context, self.peek().kind), ("if", TokenKind::If) | ("with", TokenKind::With));
            if chained {
                self.next();
                if self.nesting >= MAX_NESTING {
                    return self.fail(format!("actions are nested more than {MAX_NESTING} deep"));
                }
                self.nesting += 1;
                let branch = Box::new(self.control(context)?);
                self.nesting -= 1;
                otherwise = Some(vec![if context == "if" { Node::If(branch) } else { Node::With(branch) }]);
            } else {
                let (list, end) = self.item_list()?;
                if !matches!(end, Item::End) {
                    return self.fail(format!("expected end; found {}", end.describe()));
                }
                otherwise = Some(list);
            }
        }
        self.state.variables.truncate(visible);
        self.state.next_slot = next_slot;
        Ok(Branch { pipe, body, otherwise })
    }

    fn block(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, TokenKind::RightDelim)?;
        let outer = std::mem::replace(&mut self.state, State::new(&name));
        let (body, end) = self.item_list()?;
        if !matches!(end, Item::End) {
            // Go reports this one on the outer tree.
            self.state = outer;
            return self.fail(format!("unexpected {} in {CONTEXT}", end.describe()));
        }
        self.add(body)?;
        self.state = outer;
        Ok(Node::Template(Box::new(Invocation {
            position: token.position,
            name: name.into(),
            pipe: Some(pipe),
        })))
    }

    fn invocation(&mut self) -> Parsed<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(&token, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != TokenKind::RightDelim {
            self.back_up();
            pipe = Some(self.pipeline(CONTEXT, TokenKind::RightDelim)?);
        }
        Ok(Node::Template(Box::new(Invocation { position: token.position, name: name.into(), pipe })))
    }

    fn template_name(&mut self, token: &Token<'_>, context: &str) -> Parsed<Vec<u8>> {
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return self.unexpected(token, context);
        }
        unquote(token.text).map_or_else(|| self.fail("invalid syntax"), Ok)
    }

    fn pipeline(&mut self, context: &'static str, end: TokenKind) -> Parsed<Pipe> {
        let position = self.peek_non_space().position;
        let mut pipe = Pipe { position, assigns: false, variables: Vec::new(), commands: Vec::new() };
        let first_declared = self.state.variables.len();
        self.declarations(context, &mut pipe)?;
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => break,
                TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParen => {
                    self.back_up();
                    let command = self.command()?;
                    pipe.commands.push(command);
                }
                _ => return self.unexpected(&token, context),
            }
        }
        self.check_pipeline(&pipe, context)?;
        self.bind(&mut pipe, first_declared, context == "range");
        pipe.commands.shrink_to_fit();
        Ok(pipe)
    }

    /// `$x :=`, `$x =` and `$x, $y :=` at the start of a pipeline.
    fn declarations(&mut self, context: &str, pipe: &mut Pipe) -> Parsed<()> {
        loop {
            let variable = self.peek_non_space();
            if variable.kind != TokenKind::Variable {
                return Ok(());
            }
            self.next();
            let after = self.peek();
            let next = self.peek_non_space();
            let name = String::from_utf8_lossy(variable.text);
            match next.kind {
                TokenKind::Assign | TokenKind::Declare => {
                    pipe.assigns = next.kind == TokenKind::Assign;
                    self.next_non_space();
                    self.declare(pipe, &name);
                    return Ok(());
                }
                TokenKind::Char if next.text == b"," => {
                    self.next_non_space();
                    self.declare(pipe, &name);
                    if context == "range" && pipe.variables.len() < 2 {
                        match self.peek_non_space().kind {
                            TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen => continue,
                            _ => return self.fail("range can only initialize variables"),
                        }
                    }
                    return self.fail(format!("too many declarations in {context}"));
                }
                _ if after.kind == TokenKind::Space => self.back_up_3(variable, after),
                _ => self.back_up_2(variable),
            }
            return Ok(());
        }
    }

    fn declare(&mut self, pipe: &mut Pipe, name: &str) {
        pipe.variables.push(Target { name: name.into(), slot: None });
        self.state.variables.push(Known { name: name.into(), slot: None, exists: false, is_element: false });
    }

    /// Gives the variables of a finished pipeline their slots.
    fn bind(&mut self, pipe: &mut Pipe, first: usize, is_range: bool) {
        let count = pipe.variables.len();
        for (offset, target) in pipe.variables.iter_mut().enumerate() {
            if pipe.assigns {
                let known = self.state.variables.iter().rev().find(|v| v.exists && v.name == target.name);
                target.slot = known.and_then(|v| v.slot);
                continue;
            }
            let taken = self.state.next_slot;
            self.state.next_slot += 1;
            let known = &mut self.state.variables[first + offset];
            known.slot = Some(taken);
            known.exists = true;
            known.is_element = is_range && offset + 1 == count;
            target.slot = Some(taken);
            self.state.slots = self.state.slots.max(self.state.next_slot as usize);
        }
    }

    fn check_pipeline(&self, pipe: &Pipe, context: &str) -> Parsed<()> {
        if pipe.commands.is_empty() {
            return self.fail(format!("missing value for {context}"));
        }
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            if matches!(
                command.args[0].kind,
                OperandKind::Bool(_)
                    | OperandKind::Dot
                    | OperandKind::Nil
                    | OperandKind::Number(_)
                    | OperandKind::Text(_)
            ) {
                return self.fail(format!("non executable command in pipeline stage {}", index + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Parsed<Command> {
        let position = self.peek_non_space().position;
        let mut args = Vec::new();
        loop {
            self.peek_non_space();
            args.extend(self.operand()?);
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelim | TokenKind::RightParen => self.back_up(),
                TokenKind::Pipe => {}
                _ => return self.unexpected(&token, "operand"),
            }
            break;
        }
        if args.is_empty() {
            return self.fail("empty command");
        }
        args.shrink_to_fit();
        Ok(Command { position, args })
    }

    /// A term and the fields that follow it directly.
    fn operand(&mut self) -> Parsed<Option<Operand>> {
        let Some(term) = self.term()? else { return Ok(None) };
        let first = self.peek();
        if first.kind != TokenKind::Field {
            return Ok(Some(term));
        }
        let mut fields: Vec<Name> = Vec::new();
        while self.peek().kind == TokenKind::Field {
            fields.push(Arc::from(&self.next().text[1..]));
        }
        let position = first.position;
        let kind = match term.kind {
            OperandKind::Field(names) => OperandKind::Field(names.iter().cloned().chain(fields).collect()),
            OperandKind::Variable(variable) => {
                OperandKind::Variable(Box::new(Variable { fields: fields.into(), ..*variable }))
            }
            OperandKind::Bool(_)
            | OperandKind::Text(_)
            | OperandKind::Number(_)
            | OperandKind::Nil
            | OperandKind::Dot => {
                return self.fail(format!("unexpected . after term {}", quote_text(&term.text())));
            }
            kind => {
                let operand = Operand { position: term.position, kind };
                OperandKind::Chain(Box::new(Chain { operand, fields: fields.into() }))
            }
        };
        Ok(Some(Operand { position, kind }))
    }

    fn term(&mut self) -> Parsed<Option<Operand>> {
        let token = self.next_non_space();
        let kind = match token.kind {
            TokenKind::Identifier => {
                let name = String::from_utf8_lossy(token.text);
                let Some(index) = self.functions.find(&name) else {
                    return self.fail(format!("function {} not defined", quote_text(&name)));
                };
                OperandKind::Function(Box::new(FunctionName { name: name.as_ref().into(), index }))
            }
            TokenKind::Dot => OperandKind::Dot,
            TokenKind::Nil => OperandKind::Nil,
            TokenKind::Variable => self.variable(&String::from_utf8_lossy(token.text))?,
            TokenKind::Field => OperandKind::Field(Box::new([Arc::from(&token.text[1..])])),
            TokenKind::Bool => OperandKind::Bool(token.text == b"true"),
            TokenKind::CharConstant | TokenKind::Complex | TokenKind::Number => {
                let number = Number::parse(token.text, token.kind).or_else(|message| self.fail(message))?;
                OperandKind::Number(Box::new(number))
            }
            TokenKind::LeftParen => {
                if self.state.parens >= MAX_NESTING {
                    return self.fail("max expression depth exceeded");
                }
                self.state.parens += 1;
                let pipe = stacker::maybe_grow(64 << 10, 1 << 20, || {
                    self.pipeline("parenthesized pipeline", TokenKind::RightParen)
                })?;
                self.state.parens -= 1;
                let position = pipe.position;
                return Ok(Some(Operand { position, kind: OperandKind::Pipe(Box::new(pipe)) }));
            }
            TokenKind::String | TokenKind::RawString => {
                let Some(value) = unquote(token.text) else { return self.fail("invalid syntax") };
                OperandKind::Text(Box::new(Text { quoted: token.text.into(), value: value.into() }))
            }
            _ => {
                self.back_up();
                return Ok(None);
            }
        };
        Ok(Some(Operand { position: token.position, kind }))
    }

    fn variable(&self, name: &str) -> Parsed<OperandKind> {
        let variables = &self.state.variables;
        if !variables.iter().any(|v| *v.name == *name) {
            return self.fail(format!("undefined variable {}", quote_text(name)));
        }
        let known = variables.iter().rev().find(|v| v.exists && *v.name == *name);
        Ok(OperandKind::Variable(Box::new(Variable {
            name: name.into(),
            slot: known.and_then(|v| v.slot),
            is_element: known.is_some_and(|v| v.is_element),
            fields: Box::default(),
        })))
    }
}
