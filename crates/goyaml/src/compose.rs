//! One document as a flat list of nodes, anchors followed.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::events::{Event, Parser, ScalarStyle};
use crate::source::Source;
use crate::{Error, Limits};

/// A node; the children of a collection stand directly after it.
#[derive(Debug)]
pub(crate) enum Node<'s> {
    Scalar {
        value: Cow<'s, str>,
        tag: Option<Cow<'s, str>>,
        /// Written plainly (or with the tag `!`), so that it may be something else than a string.
        implicit: bool,
    },
    /// The number of the node after the last child.
    Seq(usize),
    Map(usize),
    Alias {
        name: Cow<'s, str>,
        target: usize,
    },
}

/// The nodes of one document; the first is the root.
#[derive(Debug)]
pub(crate) struct Document<'s> {
    pub(crate) nodes: Vec<Node<'s>>,
}

impl Document<'_> {
    /// The number of the node after `index` and its children.
    pub(crate) fn after(&self, index: usize) -> usize {
        match self.nodes[index] {
            Node::Seq(end) | Node::Map(end) => end,
            _ => index + 1,
        }
    }
}

pub(crate) struct Composer<'s> {
    parser: Parser<'s>,
    nodes_left: usize,
    max_nodes: usize,
}

impl<'s> Composer<'s> {
    pub(crate) fn new(source: &Source<'s>, limits: &Limits) -> Self {
        Self {
            parser: Parser::from_source(source, limits),
            nodes_left: limits.nodes,
            max_nodes: limits.nodes,
        }
    }

    /// The next document, if there is one.
    pub(crate) fn next_document(&mut self) -> Result<Option<Document<'s>>, Error> {
        loop {
            match self.parser.next_event()? {
                None | Some((Event::StreamEnd, _)) => return Ok(None),
                Some((Event::DocumentStart, _)) => return self.document().map(Some),
                Some(_) => {}
            }
        }
    }

    fn document(&mut self) -> Result<Document<'s>, Error> {
        let mut nodes: Vec<Node<'s>> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut anchors: HashMap<Cow<'s, str>, usize> = HashMap::new();
        while let Some((event, _)) = self.parser.next_event()? {
            let index = nodes.len();
            let mut note = |anchor: Option<Cow<'s, str>>| {
                if let Some(name) = anchor {
                    anchors.insert(name, index);
                }
            };
            match event {
                Event::Scalar { value, style, anchor, tag } => {
                    note(anchor);
                    let implicit = match &tag {
                        None => style == ScalarStyle::Plain,
                        Some(tag) => tag == "!",
                    };
                    nodes.push(Node::Scalar { value, tag: tag.filter(|tag| !tag.is_empty()), implicit });
                }
                Event::Alias(name) => {
                    let Some(&target) = anchors.get(&name) else {
                        return Err(Error::Value(format!("yaml: unknown anchor '{name}' referenced")));
                    };
                    nodes.push(Node::Alias { name, target });
                }
                Event::SequenceStart { anchor, .. } => {
                    note(anchor);
                    open.push(index);
                    nodes.push(Node::Seq(0));
                }
                Event::MappingStart { anchor, .. } => {
                    note(anchor);
                    open.push(index);
                    nodes.push(Node::Map(0));
                }
                Event::SequenceEnd | Event::MappingEnd => {
                    if let Some(Node::Seq(end) | Node::Map(end)) = open.pop().and_then(|i| nodes.get_mut(i)) {
                        *end = index;
                    }
                    continue;
                }
                Event::DocumentEnd => break,
                Event::StreamStart | Event::StreamEnd | Event::DocumentStart => continue,
            }
            self.nodes_left = self
                .nodes_left
                .checked_sub(1)
                .ok_or_else(|| Error::Limit(format!("document has more than {} nodes", self.max_nodes)))?;
        }
        Ok(Document { nodes })
    }
}
