//! Sets of field paths and their `fieldsV1` form.

use super::path::Step;
use crate::schema::{Shape, TypeRef};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Bound on the nesting of `fieldsV1` that a client sends.
const MAX_DEPTH: usize = 128;

/// A set of paths as a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldSet {
    nodes: BTreeMap<Step, Node>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Node {
    /// Whether the path that ends here belongs to the set.
    member: bool,
    children: FieldSet,
}

impl Node {
    fn is_empty(&self) -> bool {
        !self.member && self.children.is_empty()
    }
}

impl FieldSet {
    /// A set of paths of field names.
    pub(crate) fn of(paths: &[&[&str]]) -> Self {
        let mut set = Self::default();
        for path in paths {
            let steps: Vec<Step> = path.iter().map(|s| Step::Field((*s).to_owned())).collect();
            set.insert(&steps);
        }
        set
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub(crate) fn insert(&mut self, path: &[Step]) {
        if let Some((first, rest)) = path.split_first() {
            let node = self.nodes.entry(first.clone()).or_default();
            if rest.is_empty() {
                node.member = true;
            } else {
                node.children.insert(rest);
            }
        }
    }

    pub(crate) fn has(&self, path: &[Step]) -> bool {
        match path.split_first() {
            None => false,
            Some((first, [])) => self.nodes.get(first).is_some_and(|n| n.member),
            Some((first, rest)) => self.nodes.get(first).is_some_and(|n| n.children.has(rest)),
        }
    }

    /// Whether the step alone is a member.
    pub(crate) fn has_step(&self, step: &Step) -> bool {
        self.nodes.get(step).is_some_and(|n| n.member)
    }

    /// What lies below a step, if anything does.
    pub(crate) fn below(&self, step: &Step) -> Option<&Self> {
        self.nodes.get(step).map(|n| &n.children).filter(|c| !c.is_empty())
    }

    pub(crate) fn union(&self, other: &Self) -> Self {
        let mut out = self.clone();
        for (step, node) in &other.nodes {
            match out.nodes.get_mut(step) {
                Some(mine) => {
                    mine.member |= node.member;
                    mine.children = mine.children.union(&node.children);
                }
                None => drop(out.nodes.insert(step.clone(), node.clone())),
            }
        }
        out
    }

    pub(crate) fn intersection(&self, other: &Self) -> Self {
        self.combine(other, |a, b| {
            b.map(|b| Node { member: a.member && b.member, children: a.children.intersection(&b.children) })
        })
    }

    pub(crate) fn difference(&self, other: &Self) -> Self {
        self.combine(other, |a, b| {
            Some(match b {
                Some(b) => {
                    Node { member: a.member && !b.member, children: a.children.difference(&b.children) }
                }
                None => a.clone(),
            })
        })
    }

    /// Difference that takes everything below a member of `other` away, too.
    pub(crate) fn recursive_difference(&self, other: &Self) -> Self {
        self.combine(other, |a, b| match b {
            Some(b) if b.member => None,
            Some(b) => {
                Some(Node { member: a.member, children: a.children.recursive_difference(&b.children) })
            }
            None => Some(a.clone()),
        })
    }

    fn combine(&self, other: &Self, rule: impl Fn(&Node, Option<&Node>) -> Option<Node>) -> Self {
        let mut nodes = BTreeMap::new();
        for (step, node) in &self.nodes {
            if let Some(kept) = rule(node, other.nodes.get(step)).filter(|n| !n.is_empty()) {
                nodes.insert(step.clone(), kept);
            }
        }
        Self { nodes }
    }

    /// Makes declared fields with owned parts members themselves, so that removing all parts removes the field.
    pub(crate) fn with_named_parents(&self, ty: Option<TypeRef<'_>>) -> Self {
        let shape = ty.map(TypeRef::shape);
        let mut nodes = BTreeMap::new();
        for (step, node) in &self.nodes {
            let (declared, child) = match (step, shape) {
                (Step::Field(name), Some(Shape::Struct(s))) => match s.field(name) {
                    Some(field) => (true, Some(field.ty())),
                    None => (false, s.additional()),
                },
                (Step::Field(_), Some(Shape::Map(elem))) | (Step::Key(_), Some(Shape::List(elem))) => {
                    (false, Some(elem))
                }
                _ => (false, None),
            };
            let member = node.member || (declared && !node.children.is_empty());
            nodes.insert(step.clone(), Node { member, children: node.children.with_named_parents(child) });
        }
        Self { nodes }
    }

    /// All paths: at each level the members first, then what is below.
    pub(crate) fn paths(&self) -> Vec<Vec<Step>> {
        let mut out = Vec::new();
        self.collect(&mut Vec::new(), &mut out);
        out
    }

    fn collect(&self, prefix: &mut Vec<Step>, out: &mut Vec<Vec<Step>>) {
        for (step, _) in self.nodes.iter().filter(|(_, n)| n.member) {
            let mut path = prefix.clone();
            path.push(step.clone());
            out.push(path);
        }
        for (step, node) in &self.nodes {
            prefix.push(step.clone());
            node.children.collect(prefix, out);
            prefix.pop();
        }
    }

    /// The `fieldsV1` object.
    pub(crate) fn to_fields_v1(&self) -> Value {
        let mut map = Map::new();
        for (step, node) in &self.nodes {
            let mut value = node.children.to_fields_v1();
            if node.member
                && !node.children.is_empty()
                && let Value::Object(inner) = &mut value
            {
                inner.insert(".".to_owned(), Value::Object(Map::new()));
            }
            map.insert(step.encode(), value);
        }
        Value::Object(map)
    }

    /// Reads a `fieldsV1` object; `None` where it is malformed.
    pub(crate) fn from_fields_v1(value: &Value) -> Option<Self> {
        Self::read(value, 0).map(|(set, _)| set)
    }

    fn read(value: &Value, depth: usize) -> Option<(Self, bool)> {
        let map = value.as_object().filter(|_| depth < MAX_DEPTH)?;
        let mut set = Self::default();
        let mut dot = false;
        for (key, inner) in map {
            if key == "." {
                dot = true;
                continue;
            }
            // Kinds of steps that are not known are skipped, as upstream does.
            let Some(step) = Step::decode(key) else { continue };
            let (children, inner_dot) = Self::read(inner, depth + 1)?;
            let member = inner_dot || children.is_empty();
            set.nodes.insert(step, Node { member, children });
        }
        Some((set, dot))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_v1_round_trips() {
        let fields = json!({"f:spec": {"f:containers": {"k:{\"name\":\"a\"}": {".": {}, "f:image": {}, "f:name": {}}},
            "f:finalizers": {"v:\"kubernetes\"": {}}}, "f:status": {}});
        assert_eq!(FieldSet::from_fields_v1(&fields).unwrap().to_fields_v1(), fields);
    }

    #[test]
    fn differences_keep_parts_unless_recursive() {
        let set = FieldSet::of(&[&["spec"], &["spec", "a"], &["status", "b"]]);
        let spec = FieldSet::of(&[&["spec"]]);
        assert_eq!(set.difference(&spec), FieldSet::of(&[&["spec", "a"], &["status", "b"]]));
        assert_eq!(set.recursive_difference(&spec), FieldSet::of(&[&["status", "b"]]));
    }
}
