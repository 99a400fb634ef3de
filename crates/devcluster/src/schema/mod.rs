//! Types of the API: built-in ones from a generated table, custom ones from their structural schemas.
//!
//! One [`Graph`] holds definitions (structs) and nodes (a place a value can be at: a scalar, a list, a map or
//! a struct, with its merge behaviour). [`TypeRef`] is a cheap copyable handle to a node; everything that walks
//! objects (apply, patches, decoding, protobuf) takes one and so works for built-in and custom resources alike.
//! Built-in types: [`builtin`]; custom ones: [`Graph::from_structural`].

pub mod docs;
mod structural;
mod table;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

/// A set of types.
#[derive(Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    defs: Vec<Def>,
    by_name: HashMap<Cow<'static, str>, u32>,
    by_gvk: HashMap<Gvk, u32>,
    root: Option<u32>,
}

/// Group, version and kind of an API type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Gvk {
    /// API group; empty for the core group.
    pub group: Cow<'static, str>,
    /// Version in the group, for example `v1`.
    pub version: Cow<'static, str>,
    /// Kind, for example `Pod`.
    pub kind: Cow<'static, str>,
}

impl Gvk {
    /// Builds one from borrowed parts.
    pub fn new(group: &str, version: &str, kind: &str) -> Self {
        Self {
            group: Cow::Owned(group.to_owned()),
            version: Cow::Owned(version.to_owned()),
            kind: Cow::Owned(kind.to_owned()),
        }
    }

    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_string()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Reads `apiVersion` and `kind` values.
    pub fn from_api_version(api_version: &str, kind: &str) -> Self {
        match api_version.split_once('/') {
            Some((group, version)) => Self::new(group, version, kind),
            None => Self::new("", api_version, kind),
        }
    }
}

/// How values are merged and owned by server-side apply.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Relation {
    /// Structs and maps: field by field. Lists: atomic, as upstream has it.
    #[default]
    Default,
    /// Owned as a whole.
    Atomic,
    /// A list of unique scalars.
    Set,
    /// A list of structs, told apart by these fields.
    Keyed(Box<[Cow<'static, str>]>),
    /// Explicitly field by field, although the definition is atomic.
    Granular,
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) relation: Relation,
    /// JSON null stays null in custom resources (`nullable: true`).
    pub(crate) nullable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Scalar(Scalar),
    Any,
    List(u32),
    Map(u32),
    Struct(u32),
    /// A definition of the built-in graph, used from a custom one.
    Builtin(u32),
}

/// JSON forms of values without parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scalar {
    /// Text.
    String,
    /// `true` or `false`.
    Bool,
    /// 32-bit integer.
    Int32,
    /// 64-bit integer.
    Int64,
    /// Floating point number.
    Float,
    /// Bytes, base64 in JSON.
    Bytes,
    /// `resource.Quantity`, a string in canonical form.
    Quantity,
    /// A number or a string.
    IntOrString,
    /// RFC 3339 to the second.
    Time,
    /// RFC 3339 with six digits of a second.
    MicroTime,
    /// Go duration text.
    Duration,
}

/// A struct.
#[derive(Debug)]
pub(crate) struct Def {
    pub(crate) name: Cow<'static, str>,
    pub(crate) go_name: Cow<'static, str>,
    pub(crate) fields: Vec<Field>,
    /// A node that holds this struct.
    pub(crate) node: u32,
    /// Indices into `fields`, by name; inlined structs are flattened into `flat`.
    pub(crate) flat: Vec<(u32, u32)>,
    pub(crate) atomic: bool,
    pub(crate) type_meta: bool,
    pub(crate) hidden: bool,
    pub(crate) gvk: Option<Gvk>,
    /// Node of fields without declaration, where they are allowed (custom resources).
    pub(crate) additional: Option<u32>,
}

/// A field of a struct.
#[derive(Debug, Clone)]
pub struct Field {
    /// JSON name.
    pub name: Cow<'static, str>,
    pub(crate) node: u32,
    flags: u8,
    /// Go type as error texts name it, for example `[]v1.Container`.
    pub go_type: Cow<'static, str>,
    /// Protobuf field number, 0 where it has none.
    pub proto: u16,
    /// Strategic merge patch strategies.
    pub strategy: PatchStrategy,
    /// Strategic merge patch key of list items.
    pub merge_key: Option<Cow<'static, str>>,
    /// Default that the schema declares, as JSON text.
    pub default: Option<Cow<'static, str>>,
}

const POINTER: u8 = 1;
const OMIT_EMPTY: u8 = 2;
const OMIT_ZERO: u8 = 4;
const INLINE: u8 = 8;
const REQUIRED: u8 = 16;
const ZERO_DEFAULT: u8 = 32;

impl Field {
    /// Whether Go has a pointer here, so that a zero value differs from an absent one.
    pub fn pointer(&self) -> bool {
        self.flags & POINTER != 0
    }
    /// Go's `omitempty`.
    pub fn omit_empty(&self) -> bool {
        self.flags & OMIT_EMPTY != 0
    }
    /// Go's `omitzero`.
    pub fn omit_zero(&self) -> bool {
        self.flags & OMIT_ZERO != 0
    }
    /// Whether the fields of the struct stand in the parent's JSON.
    pub fn inline(&self) -> bool {
        self.flags & INLINE != 0
    }
    /// Whether the schema declares the zero value as default, which matters for the keys of lists.
    pub fn zero_default(&self) -> bool {
        self.flags & ZERO_DEFAULT != 0
    }
    /// Whether OpenAPI says it is required.
    pub fn required(&self) -> bool {
        self.flags & REQUIRED != 0
    }
}

/// Go's `patchStrategy` tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PatchStrategy {
    /// Lists are merged by key, or as sets of primitives.
    pub merge: bool,
    /// Maps keep only the keys that `$retainKeys` names.
    pub retain_keys: bool,
    /// Replaced as a whole.
    pub replace: bool,
}

/// A handle to a place a value can be at.
#[derive(Debug, Clone, Copy)]
pub struct TypeRef<'g> {
    graph: &'g Graph,
    node: u32,
}

/// What is at a place.
#[derive(Debug, Clone, Copy)]
pub enum Shape<'g> {
    /// A value without parts.
    Scalar(Scalar),
    /// Any JSON.
    Any,
    /// A list and the type of its items.
    List(TypeRef<'g>),
    /// A map and the type of its values.
    Map(TypeRef<'g>),
    /// A struct.
    Struct(StructRef<'g>),
}

/// How a list is merged by server-side apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind<'g> {
    /// As a whole.
    Atomic,
    /// As a set of scalars.
    Set,
    /// Item by item, told apart by these fields.
    Keyed(&'g [Cow<'static, str>]),
}

/// A handle to a struct.
#[derive(Debug, Clone, Copy)]
pub struct StructRef<'g> {
    graph: &'g Graph,
    def: u32,
}

/// A handle to a field of a struct; its [`Field`] by `Deref`.
#[derive(Debug, Clone, Copy)]
pub struct FieldRef<'g> {
    graph: &'g Graph,
    field: &'g Field,
}

impl std::ops::Deref for FieldRef<'_> {
    type Target = Field;
    fn deref(&self) -> &Field {
        self.field
    }
}

impl<'g> FieldRef<'g> {
    /// Type of the field.
    pub fn ty(self) -> TypeRef<'g> {
        TypeRef { graph: self.graph, node: self.field.node }
    }
    /// The field, with the life of its graph.
    pub fn get(self) -> &'g Field {
        self.field
    }
}

/// The built-in types of Kubernetes 1.37, unpacked when first asked for.
pub fn builtin() -> &'static Graph {
    static GRAPH: OnceLock<Graph> = OnceLock::new();
    GRAPH.get_or_init(table::load)
}

impl Graph {
    /// A built-in or root definition by its OpenAPI name, for example `io.k8s.api.core.v1.Pod`.
    pub fn definition(&self, name: &str) -> Option<StructRef<'_>> {
        self.by_name.get(name).map(|&def| StructRef { graph: self, def })
    }

    /// The type of a kind.
    pub fn kind(&self, gvk: &Gvk) -> Option<TypeRef<'_>> {
        self.by_gvk.get(gvk).map(|&def| StructRef { graph: self, def }.ty()).or_else(|| self.root_of(gvk))
    }

    /// The type of a kind, from its `apiVersion` and `kind`.
    pub fn kind_of(&self, api_version: &str, kind: &str) -> Option<TypeRef<'_>> {
        self.kind(&Gvk::from_api_version(api_version, kind))
    }

    /// All definitions, in the order of their names.
    pub fn definitions(&self) -> impl Iterator<Item = StructRef<'_>> {
        (0..self.defs.len()).map(|i| StructRef { graph: self, def: u32::try_from(i).unwrap_or(u32::MAX) })
    }

    /// The root of a custom resource's graph.
    pub fn root(&self) -> Option<TypeRef<'_>> {
        self.root.map(|node| TypeRef { graph: self, node })
    }

    fn root_of(&self, _gvk: &Gvk) -> Option<TypeRef<'_>> {
        self.root()
    }

    fn add_node(&mut self, kind: NodeKind, relation: Relation) -> u32 {
        self.nodes.push(Node { kind, relation, nullable: false });
        u32::try_from(self.nodes.len() - 1).unwrap_or(u32::MAX)
    }

    /// Completes a definition: the flattened, sorted field list. Inlined definitions must be complete.
    fn flatten(&mut self, def: u32) {
        let mut flat = Vec::new();
        self.collect_flat(def, &mut flat, 0);
        let defs = &self.defs;
        let name = |&(d, f): &(u32, u32)| &defs[d as usize].fields[f as usize].name;
        flat.sort_by(|a, b| name(a).cmp(name(b)));
        flat.dedup_by(|a, b| name(a) == name(b));
        self.defs[def as usize].flat = flat;
    }

    fn collect_flat(&self, def: u32, out: &mut Vec<(u32, u32)>, depth: u8) {
        // Go's embedded structs are two deep at most; the bound stops a broken table.
        if depth > 8 {
            return;
        }
        for (i, field) in self.defs[def as usize].fields.iter().enumerate() {
            match self.nodes[field.node as usize].kind {
                NodeKind::Struct(inner) if field.inline() => self.collect_flat(inner, out, depth + 1),
                _ => out.push((def, u32::try_from(i).unwrap_or(u32::MAX))),
            }
        }
    }
}

impl<'g> TypeRef<'g> {
    fn node(self) -> &'g Node {
        &self.graph.nodes[self.node as usize]
    }

    /// What is here.
    pub fn shape(self) -> Shape<'g> {
        let at = |node| TypeRef { graph: self.graph, node };
        match self.node().kind {
            NodeKind::Scalar(s) => Shape::Scalar(s),
            NodeKind::Any => Shape::Any,
            NodeKind::List(elem) => Shape::List(at(elem)),
            NodeKind::Map(elem) => Shape::Map(at(elem)),
            NodeKind::Struct(def) => Shape::Struct(StructRef { graph: self.graph, def }),
            NodeKind::Builtin(def) => Shape::Struct(StructRef { graph: builtin(), def }),
        }
    }

    /// The struct here, if it is one.
    pub fn as_struct(self) -> Option<StructRef<'g>> {
        match self.shape() {
            Shape::Struct(s) => Some(s),
            _ => None,
        }
    }

    /// The type of a field or map value of that name.
    pub fn field(self, name: &str) -> Option<Self> {
        match self.shape() {
            Shape::Struct(s) => s.field(name).map(FieldRef::ty).or_else(|| s.additional()),
            Shape::Map(elem) => Some(elem),
            _ => None,
        }
    }

    /// The type at the end of a path of field names; list items are passed through.
    pub fn path(self, path: &[&str]) -> Option<Self> {
        path.iter().try_fold(self, |at, name| match at.shape() {
            Shape::List(elem) => elem.field(name),
            _ => at.field(name),
        })
    }

    /// How server-side apply merges a list here.
    pub fn list_kind(self) -> ListKind<'g> {
        match &self.node().relation {
            Relation::Set => ListKind::Set,
            Relation::Keyed(keys) => ListKind::Keyed(keys),
            Relation::Default | Relation::Atomic | Relation::Granular => ListKind::Atomic,
        }
    }

    /// Whether a struct or map here is owned as a whole.
    pub fn atomic_map(self) -> bool {
        match self.node().relation {
            Relation::Atomic => true,
            Relation::Granular => false,
            _ => self.as_struct().is_some_and(StructRef::atomic),
        }
    }

    /// Whether null is a value here (custom resources only).
    pub fn nullable(self) -> bool {
        self.node().nullable
    }
}

impl<'g> StructRef<'g> {
    fn def(self) -> &'g Def {
        &self.graph.defs[self.def as usize]
    }

    /// A place that holds this struct.
    pub fn ty(self) -> TypeRef<'g> {
        TypeRef { graph: self.graph, node: self.def().node }
    }

    /// OpenAPI name.
    pub fn name(self) -> &'g str {
        &self.def().name
    }

    /// Go name as error texts have it, for example `v1.PodSpec`.
    pub fn go_name(self) -> &'g str {
        &self.def().go_name
    }

    /// Go name without its package, for example `PodSpec`.
    pub fn go_type_name(self) -> &'g str {
        let name = self.go_name();
        name.rsplit_once('.').map_or(name, |(_, n)| n)
    }

    /// Group, version, kind where the struct is a kind of its own.
    pub fn gvk(self) -> Option<&'g Gvk> {
        self.def().gvk.as_ref()
    }

    /// Whether Go's `TypeMeta` (kind and apiVersion) is part of it.
    pub fn has_type_meta(self) -> bool {
        self.def().type_meta
    }

    /// Whether OpenAPI does not have it: it is inlined wherever it is used.
    pub fn hidden(self) -> bool {
        self.def().hidden
    }

    /// Whether it is a type of OpenAPI's that stands for any JSON.
    pub fn is_open(self) -> bool {
        self.def().additional.is_some()
    }

    /// Whether server-side apply owns it as a whole.
    pub fn atomic(self) -> bool {
        self.def().atomic
    }

    /// Fields as JSON has them (inlined structs flattened), in the order of their names.
    pub fn fields(self) -> impl Iterator<Item = FieldRef<'g>> {
        let graph = self.graph;
        self.def()
            .flat
            .iter()
            .map(move |&(d, f)| FieldRef { graph, field: &graph.defs[d as usize].fields[f as usize] })
    }

    /// Fields as Go declares them: inlined structs are one field.
    pub fn own_fields(self) -> impl Iterator<Item = FieldRef<'g>> {
        let graph = self.graph;
        self.def().fields.iter().map(move |field| FieldRef { graph, field })
    }

    /// A field by its JSON name.
    pub fn field(self, name: &str) -> Option<FieldRef<'g>> {
        let graph = self.graph;
        let at = |&(d, f): &(u32, u32)| &graph.defs[d as usize].fields[f as usize];
        let flat = &self.def().flat;
        let i = flat.binary_search_by(|entry| at(entry).name.as_ref().cmp(name)).ok()?;
        Some(FieldRef { graph, field: at(&flat[i]) })
    }

    /// A field by its name, without regard to case (Go's typed decoder is exact; YAML readers may need it).
    pub fn field_ignoring_case(self, name: &str) -> Option<FieldRef<'g>> {
        self.field(name).or_else(|| self.fields().find(|f| f.name.eq_ignore_ascii_case(name)))
    }

    /// Type of undeclared fields, where a custom resource allows them.
    pub fn additional(self) -> Option<TypeRef<'g>> {
        self.def().additional.map(|node| TypeRef { graph: self.graph, node })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_knows_the_pod_down_to_its_ports() {
        let pod = builtin().kind_of("v1", "Pod").unwrap();
        let ports = pod.path(&["spec", "containers", "ports"]).unwrap();
        assert_eq!(ports.list_kind(), ListKind::Keyed(&["containerPort".into(), "protocol".into()]));
        let Shape::List(port) = ports.shape() else { panic!("a list") };
        let protocol = port.as_struct().unwrap().field("protocol").unwrap();
        assert_eq!(protocol.default.as_deref(), Some("\"TCP\""));
        assert_eq!(protocol.go_type, "v1.Protocol");
        let container = pod.path(&["spec", "containers"]).unwrap();
        let Shape::List(container) = container.shape() else { panic!("a list") };
        let ports = container.as_struct().unwrap().field("ports").unwrap();
        assert_eq!(ports.merge_key.as_deref(), Some("containerPort"));
        assert_eq!(ports.proto, 6);
    }

    #[test]
    fn inlined_structs_are_flattened() {
        let volume = builtin().definition("io.k8s.api.core.v1.Volume").unwrap();
        assert!(volume.field("configMap").is_some());
        assert!(volume.field("VolumeSource").is_none());
        assert!(volume.own_fields().any(|f| f.name == "VolumeSource" && f.inline()));
    }

    #[test]
    fn selectors_are_atomic() {
        let service = builtin().kind_of("v1", "Service").unwrap();
        assert!(service.path(&["spec", "selector"]).unwrap().atomic_map());
        let deployment = builtin().kind_of("apps/v1", "Deployment").unwrap();
        assert!(deployment.path(&["spec", "selector"]).unwrap().atomic_map());
        assert!(!deployment.path(&["spec", "template"]).unwrap().atomic_map());
    }
}
