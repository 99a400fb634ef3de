//! Reads the generated type table.
//!
//! `schema/types.zz` is raw deflate of tab-separated lines, written by `schema/generate.py`:
//!
//! ```text
//! T <OpenAPI name> <Go name> [hidden] [tm] [mt=atomic] [gvk=group/version/kind]
//! F <JSON name> <type> <flags> <Go type> <wire kind and number> [r] [lt=..] [lk=a+b] [mt=..] [ps=..] [pk=..] [d=JSON|d0]
//! ```
//!
//! A type is a scalar's name, `any`, `@<OpenAPI name>`, `[]type` or `{}type`. Flags: `p` pointer, `e` omitempty,
//! `z` omitzero, `i` inline. The text stays in memory (180 KB) and all names borrow from it.

use super::{
    Cow, Def, Field, Graph, Gvk, INLINE, NodeKind, OMIT_EMPTY, OMIT_ZERO, OnceLock, POINTER, PatchStrategy,
    REQUIRED, Relation, Scalar, ZERO_DEFAULT,
};
use std::io::Read;

static TYPES: &[u8] = include_bytes!("../../schema/types.zz");
/// Bound on the unpacked text; the table is our own, so this only guards against a corrupted build.
const MAX_TEXT: u64 = 8 << 20;

/// Unpacks raw deflate data of this crate.
pub(super) fn inflate(data: &[u8]) -> String {
    let mut text = String::new();
    let read = flate2::read::DeflateDecoder::new(data).take(MAX_TEXT).read_to_string(&mut text);
    read.expect("the committed table is valid deflate, the tests read it");
    text
}

pub(super) fn load() -> Graph {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text: &'static str = TEXT.get_or_init(|| inflate(TYPES));
    let mut graph = Graph::default();
    for line in text.lines().filter(|l| l.starts_with("T\t")) {
        declare(&mut graph, line);
    }
    let mut current = None;
    for line in text.lines() {
        if line.starts_with("T\t") {
            current = Some(current.map_or(0, |c| c + 1));
        } else if let (Some(def), Some(field)) = (current, line.strip_prefix("F\t")) {
            let field = read_field(&mut graph, field);
            let at: &mut Def = &mut graph.defs[def];
            at.fields.push(field);
        }
    }
    let text = shared_scalar(&mut graph, NodeKind::Scalar(Scalar::String), Relation::Default);
    for def in 0..graph.defs.len() {
        if graph.defs[def].type_meta {
            graph.defs[def].fields.extend([meta_field("kind", text), meta_field("apiVersion", text)]);
        }
        graph.defs[def].fields.shrink_to_fit();
        graph.flatten(u32::try_from(def).unwrap_or(u32::MAX));
    }
    graph.nodes.shrink_to_fit();
    graph
}

/// Makes the definition and its own node, which has the definition's number.
fn declare(graph: &mut Graph, line: &'static str) {
    let mut parts = line.split('\t').skip(1);
    let name = parts.next().unwrap_or_default();
    let mut def = Def {
        name: Cow::Borrowed(name),
        go_name: Cow::Borrowed(parts.next().unwrap_or_default()),
        fields: Vec::new(),
        node: 0,
        flat: Vec::new(),
        atomic: false,
        type_meta: false,
        hidden: false,
        gvk: None,
        additional: None,
    };
    for attribute in parts {
        match attribute.split_once('=') {
            None if attribute == "hidden" => def.hidden = true,
            None if attribute == "tm" => def.type_meta = true,
            Some(("mt", value)) => def.atomic = value == "atomic",
            Some(("gvk", value)) => {
                let mut gvk = value.splitn(3, '/');
                let mut next = || Cow::Borrowed(gvk.next().unwrap_or_default());
                def.gvk = Some(Gvk { group: next(), version: next(), kind: next() });
            }
            _ => {}
        }
    }
    let id = u32::try_from(graph.defs.len()).unwrap_or(u32::MAX);
    def.node = graph.add_node(NodeKind::Struct(id), Relation::Default);
    graph.by_name.insert(Cow::Borrowed(name), id);
    if let Some(gvk) = &def.gvk {
        graph.by_gvk.insert(gvk.clone(), id);
    }
    graph.defs.push(def);
}

/// A field of Go's `TypeMeta`.
fn meta_field(name: &'static str, node: u32) -> Field {
    Field {
        name: Cow::Borrowed(name),
        node,
        flags: OMIT_EMPTY,
        go_type: Cow::Borrowed("string"),
        proto: 0,
        strategy: PatchStrategy::default(),
        merge_key: None,
        default: None,
    }
}

fn read_field(graph: &mut Graph, line: &'static str) -> Field {
    let mut parts = line.split('\t');
    let mut next = || parts.next().unwrap_or_default();
    let (name, code, flags, go_type, proto) = (next(), next(), next(), next(), next());
    let mut field = Field {
        name: Cow::Borrowed(name),
        node: 0,
        flags: flags.chars().fold(0, |acc, c| {
            acc | match c {
                'p' => POINTER,
                'e' => OMIT_EMPTY,
                'z' => OMIT_ZERO,
                'i' => INLINE,
                _ => 0,
            }
        }),
        go_type: Cow::Borrowed(go_type),
        proto: proto.get(1..).and_then(|n| n.parse().ok()).unwrap_or(0),
        strategy: PatchStrategy::default(),
        merge_key: None,
        default: None,
    };
    let mut relation = Relation::Default;
    for attribute in parts {
        match attribute.split_once('=') {
            None if attribute == "r" => field.flags |= REQUIRED,
            Some(("lt", "set")) => relation = Relation::Set,
            Some(("lt" | "mt", "atomic")) => relation = Relation::Atomic,
            Some(("mt", _)) => relation = Relation::Granular,
            Some(("lk", keys)) => relation = Relation::Keyed(keys.split('+').map(Cow::Borrowed).collect()),
            Some(("ps", strategies)) => {
                for strategy in strategies.split('+') {
                    field.strategy.merge |= strategy == "merge";
                    field.strategy.retain_keys |= strategy == "retainKeys";
                    field.strategy.replace |= strategy == "replace";
                }
            }
            Some(("pk", key)) => field.merge_key = Some(Cow::Borrowed(key)),
            Some(("d", json)) => field.default = Some(Cow::Borrowed(json)),
            None if attribute == "d0" && field.flags & POINTER == 0 => field.flags |= ZERO_DEFAULT,
            // A declared zero value is set only where Go tells it from an absent one.
            None if attribute == "d0" && field.flags & POINTER != 0 => {
                field.default = match code {
                    "string" => Some(Cow::Borrowed("\"\"")),
                    "bool" => Some(Cow::Borrowed("false")),
                    "int32" | "int64" => Some(Cow::Borrowed("0")),
                    _ => None,
                };
            }
            _ => {}
        }
    }
    field.node = node_of(graph, code, relation);
    field
}

fn node_of(graph: &mut Graph, code: &str, relation: Relation) -> u32 {
    let kind = if let Some(inner) = code.strip_prefix("[]") {
        NodeKind::List(node_of(graph, inner, Relation::Default))
    } else if let Some(inner) = code.strip_prefix("{}") {
        NodeKind::Map(node_of(graph, inner, Relation::Default))
    } else if let Some(name) = code.strip_prefix('@') {
        let def =
            graph.by_name.get(name).copied().expect("the generator writes every definition it refers to");
        if relation == Relation::Default {
            return def;
        }
        NodeKind::Struct(def)
    } else {
        scalar_of(code).map_or(NodeKind::Any, NodeKind::Scalar)
    };
    // Untyped places of built-in kinds are owned as a whole.
    let relation = if kind == NodeKind::Any { Relation::Atomic } else { relation };
    if let NodeKind::Scalar(_) | NodeKind::Any = kind {
        return shared_scalar(graph, kind, relation);
    }
    graph.add_node(kind, relation)
}

/// One node is enough for all plain scalars of a kind.
fn shared_scalar(graph: &mut Graph, kind: NodeKind, relation: Relation) -> u32 {
    let first = graph.defs.len();
    let same = graph.nodes.iter().skip(first).take(64).position(|n| n.kind == kind && n.relation == relation);
    match same {
        Some(i) => u32::try_from(first + i).unwrap_or(u32::MAX),
        None => graph.add_node(kind, relation),
    }
}

pub(super) fn scalar_of(code: &str) -> Option<Scalar> {
    Some(match code {
        "string" => Scalar::String,
        "bool" => Scalar::Bool,
        "int32" => Scalar::Int32,
        "int64" => Scalar::Int64,
        "float" => Scalar::Float,
        "bytes" => Scalar::Bytes,
        "quantity" => Scalar::Quantity,
        "intorstring" => Scalar::IntOrString,
        "time" => Scalar::Time,
        "microtime" => Scalar::MicroTime,
        "duration" => Scalar::Duration,
        _ => return None,
    })
}
