//! The parsed template: an immutable tree that any number of threads can execute.

use std::fmt::Write as _;
use std::sync::Arc;

use crate::quote::quote_lossy;

/// The text that was parsed and the name it was parsed under.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) name: String,
    pub(crate) text: Arc<[u8]>,
}

/// One named template.
#[derive(Debug)]
pub struct Template {
    pub(crate) name: Arc<[u8]>,
    pub(crate) source: Arc<Source>,
    pub(crate) body: Vec<Node>,
    /// Variables a call needs at most, `$` included.
    pub(crate) slots: usize,
}

impl Template {
    /// The template's name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Whether it consists of white space, comments and definitions only.
    pub(crate) fn is_empty(&self) -> bool {
        self.body.iter().all(|node| match node {
            Node::Text { start, end } => {
                self.source.text[*start as usize..*end as usize].trim_ascii().is_empty()
                    && !self.source.text[*start as usize..*end as usize].contains(&0x0b)
            }
            _ => false,
        })
    }
}

/// A piece of a template's body.
#[derive(Debug)]
pub(crate) enum Node {
    /// Bytes of the source.
    Text { start: u32, end: u32 },
    /// `{{pipeline}}`.
    Action(Action),
    /// `{{if}}`.
    If(Box<Branch>),
    /// `{{with}}`.
    With(Box<Branch>),
    /// `{{range}}`.
    Range(Box<Branch>),
    /// `{{template}}`.
    Template(Box<Invocation>),
    /// `{{break}}`.
    Break,
    /// `{{continue}}`.
    Continue,
}

#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) position: u32,
    pub(crate) pipe: Pipe,
}

#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) pipe: Pipe,
    pub(crate) body: Vec<Node>,
    pub(crate) otherwise: Option<Vec<Node>>,
}

#[derive(Debug)]
pub(crate) struct Invocation {
    pub(crate) position: u32,
    pub(crate) name: Arc<[u8]>,
    pub(crate) pipe: Option<Pipe>,
}

/// `$a, $b := command | command`.
#[derive(Debug)]
pub(crate) struct Pipe {
    pub(crate) position: u32,
    pub(crate) assigns: bool,
    pub(crate) variables: Vec<Target>,
    pub(crate) commands: Vec<Command>,
}

impl Pipe {
    /// Whether its value is found where it is kept (a field or a variable), and not made by a function.
    pub(crate) fn ends_in_place(&self) -> bool {
        let kind = self.commands.last().and_then(|command| command.args.first()).map(|operand| &operand.kind);
        !matches!(kind, Some(OperandKind::Function(_) | OperandKind::Pipe(_)))
    }
}

/// A variable that a pipeline sets.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: Box<str>,
    /// None if the variable does not exist when the pipeline is executed.
    pub(crate) slot: Option<u32>,
}

/// An operand with its arguments.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) position: u32,
    /// Never empty.
    pub(crate) args: Vec<Operand>,
}

#[derive(Debug)]
pub(crate) struct Operand {
    pub(crate) position: u32,
    pub(crate) kind: OperandKind,
}

pub(crate) type Name = Arc<[u8]>;

#[derive(Debug)]
pub(crate) enum OperandKind {
    Dot,
    Nil,
    Bool(bool),
    Number(Box<Number>),
    Text(Box<Text>),
    Field(Box<[Name]>),
    Variable(Box<Variable>),
    Function(Box<FunctionName>),
    Chain(Box<Chain>),
    Pipe(Box<Pipe>),
}

#[derive(Debug)]
pub(crate) struct Text {
    pub(crate) quoted: Box<[u8]>,
    pub(crate) value: Arc<[u8]>,
}

#[derive(Debug)]
pub(crate) struct Variable {
    pub(crate) name: Box<str>,
    pub(crate) slot: Option<u32>,
    /// The variable holds an element of a `range`.
    pub(crate) is_element: bool,
    pub(crate) fields: Box<[Name]>,
}

#[derive(Debug)]
pub(crate) struct FunctionName {
    pub(crate) name: Box<str>,
    pub(crate) index: u32,
}

#[derive(Debug)]
pub(crate) struct Chain {
    pub(crate) operand: Operand,
    pub(crate) fields: Box<[Name]>,
}

/// A constant with every reading it allows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Number {
    pub(crate) text: Box<str>,
    pub(crate) int: Option<i64>,
    pub(crate) uint: Option<u64>,
    pub(crate) float: Option<f64>,
    pub(crate) complex: Option<(f64, f64)>,
}

/// The node at which an error is reported.
#[derive(Clone, Copy)]
pub(crate) enum At<'t> {
    Nothing,
    Action(&'t Action),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
    Invocation(&'t Invocation),
}

impl At<'_> {
    pub(crate) fn position(&self) -> u32 {
        match self {
            Self::Nothing => 0,
            Self::Action(node) => node.position,
            Self::Pipe(node) => node.position,
            Self::Command(node) => node.position,
            Self::Operand(node) => node.position,
            Self::Invocation(node) => node.position,
        }
    }

    /// The node as Go prints it.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        match self {
            Self::Nothing => {}
            Self::Action(node) => {
                out.push_str("{{");
                node.pipe.write(&mut out);
                out.push_str("}}");
            }
            Self::Pipe(node) => node.write(&mut out),
            Self::Command(node) => node.write(&mut out),
            Self::Operand(node) => node.write(&mut out),
            Self::Invocation(node) => {
                let _ = write!(out, "{{{{template {}", quote_lossy(&node.name));
                if let Some(pipe) = &node.pipe {
                    out.push(' ');
                    pipe.write(&mut out);
                }
                out.push_str("}}");
            }
        }
        out
    }
}

impl Pipe {
    fn write(&self, out: &mut String) {
        for (index, variable) in self.variables.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            out.push_str(&variable.name);
        }
        if !self.variables.is_empty() {
            out.push_str(if self.assigns { " = " } else { " := " });
        }
        for (index, command) in self.commands.iter().enumerate() {
            if index > 0 {
                out.push_str(" | ");
            }
            command.write(out);
        }
    }
}

impl Command {
    fn write(&self, out: &mut String) {
        for (index, arg) in self.args.iter().enumerate() {
            if index > 0 {
                out.push(' ');
            }
            arg.write_in_parentheses(out);
        }
    }
}

impl Operand {
    /// The operand as Go prints it.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write_in_parentheses(&self, out: &mut String) {
        if matches!(self.kind, OperandKind::Pipe(_)) {
            out.push('(');
            self.write(out);
            out.push(')');
        } else {
            self.write(out);
        }
    }

    fn write(&self, out: &mut String) {
        let fields = |out: &mut String, fields: &[Name]| {
            for field in fields {
                out.push('.');
                out.push_str(&String::from_utf8_lossy(field));
            }
        };
        match &self.kind {
            OperandKind::Dot => out.push('.'),
            OperandKind::Nil => out.push_str("nil"),
            OperandKind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            OperandKind::Number(number) => out.push_str(&number.text),
            OperandKind::Text(text) => out.push_str(&String::from_utf8_lossy(&text.quoted)),
            OperandKind::Field(names) => fields(out, names),
            OperandKind::Variable(variable) => {
                out.push_str(&variable.name);
                fields(out, &variable.fields);
            }
            OperandKind::Function(function) => out.push_str(&function.name),
            OperandKind::Chain(chain) => {
                chain.operand.write_in_parentheses(out);
                fields(out, &chain.fields);
            }
            OperandKind::Pipe(pipe) => pipe.write(out),
        }
    }
}
