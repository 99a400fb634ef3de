//! Lists and maps: shared by reference, as in Go.

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::{Str, Value};

/// The static type of a list's elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListKind {
    /// `[]interface {}`.
    Any,
    /// `[]string`.
    String,
    /// `[]int`.
    Int,
    /// `[]int64`.
    Int64,
    /// `[]float64`.
    Float,
    /// `[]bool`.
    Bool,
    /// `[][]interface {}`.
    Lists,
    /// `[]map[string]interface {}`.
    Maps,
}

impl ListKind {
    /// Go's name of the list's type.
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Any => "[]interface {}",
            Self::String => "[]string",
            Self::Int => "[]int",
            Self::Int64 => "[]int64",
            Self::Float => "[]float64",
            Self::Bool => "[]bool",
            Self::Lists => "[][]interface {}",
            Self::Maps => "[]map[string]interface {}",
        }
    }
}

/// The type of a map; keys are strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapKind {
    /// `map[string]interface {}`.
    Any,
    /// `map[string]string`.
    String,
    /// `map[string][]uint8`.
    Bytes,
}

impl MapKind {
    /// Go's name of the map's type.
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Any => "map[string]interface {}",
            Self::String => "map[string]string",
            Self::Bytes => "map[string][]uint8",
        }
    }

    /// What a missing key gives.
    pub fn zero(self) -> Value {
        match self {
            Self::Any => Value::Nil,
            Self::String => Value::Str(Str::default()),
            Self::Bytes => Value::Bytes(Str::default()),
        }
    }
}

/// An immutable list. Cloning shares it.
#[derive(Debug, Clone)]
pub struct List(Rc<ListData>);

#[derive(Debug)]
struct ListData {
    kind: ListKind,
    nil: bool,
    items: Vec<Value>,
}

impl List {
    /// A `[]interface {}`.
    pub fn new(items: Vec<Value>) -> Self {
        Self::with_kind(ListKind::Any, items)
    }
    /// A list of another static type; the items have to be of it.
    pub fn with_kind(kind: ListKind, items: Vec<Value>) -> Self {
        Self(Rc::new(ListData { kind, nil: false, items }))
    }
    /// A nil slice: empty, and `null` in JSON.
    pub fn nil(kind: ListKind) -> Self {
        Self(Rc::new(ListData { kind, nil: true, items: Vec::new() }))
    }
    /// Whether it is a nil slice.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }
    /// A `[]string`.
    pub fn of_strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> Self {
        Self::with_kind(ListKind::String, items.into_iter().map(|s| Value::Str(s.into())).collect())
    }
    /// The static type.
    pub fn kind(&self) -> ListKind {
        self.0.kind
    }
    /// The items.
    pub fn items(&self) -> &[Value] {
        &self.0.items
    }
    /// Whether both are the same list in memory.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
    /// An address for `%p`.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

/// A mutable map with string keys. Cloning shares it: a change is visible through every clone.
#[derive(Debug, Clone)]
pub struct Map(Rc<MapData>);

#[derive(Debug)]
struct MapData {
    kind: MapKind,
    nil: bool,
    entries: RefCell<BTreeMap<Str, Value>>,
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl Map {
    /// An empty `map[string]interface {}`.
    pub fn new() -> Self {
        Self::with_kind(MapKind::Any, BTreeMap::new())
    }
    /// A map of another static type; the values have to be of it.
    pub fn with_kind(kind: MapKind, entries: BTreeMap<Str, Value>) -> Self {
        Self(Rc::new(MapData { kind, nil: false, entries: RefCell::new(entries) }))
    }
    /// A nil map: empty, `null` in JSON, and not to be written to.
    pub fn nil(kind: MapKind) -> Self {
        Self(Rc::new(MapData { kind, nil: true, entries: RefCell::default() }))
    }
    /// Whether it is a nil map.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }
    /// The static type.
    pub fn kind(&self) -> MapKind {
        self.0.kind
    }
    /// The entries, for reading. Do not hold it while templates or functions run.
    pub fn entries(&self) -> Ref<'_, BTreeMap<Str, Value>> {
        self.0.entries.borrow()
    }
    /// The entries, for writing. Do not hold it while templates or functions run.
    pub fn entries_mut(&self) -> RefMut<'_, BTreeMap<Str, Value>> {
        self.0.entries.borrow_mut()
    }
    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        self.entries().get(key).cloned()
    }
    /// Sets a key, visible through every clone.
    pub fn insert(&self, key: impl Into<Str>, value: Value) {
        let old = self.entries_mut().insert(key.into(), value);
        drop(old);
    }
    /// Removes a key, visible through every clone.
    pub fn remove(&self, key: &[u8]) {
        let old = self.entries_mut().remove(key);
        drop(old);
    }
    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries().len()
    }
    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// A copy of the entries, for walking while functions run.
    pub fn snapshot(&self) -> Vec<(Str, Value)> {
        self.entries().iter().map(|(k, v)| (k.clone(), v.clone())).collect()
    }
    /// Whether both are the same map in memory.
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
    /// An address for `%p`.
    pub fn address(&self) -> usize {
        Rc::as_ptr(&self.0).addr()
    }
}

impl FromIterator<(Str, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Str, Value)>>(entries: I) -> Self {
        Self::with_kind(MapKind::Any, entries.into_iter().collect())
    }
}

/// Levels of nested collections dropped by recursion; deeper ones are queued, so that no nesting that a
/// template can build overflows the stack.
const DROP_RECURSION: u32 = 64;

thread_local! {
    static DROP_DEPTH: Cell<u32> = const { Cell::new(0) };
    static DROP_QUEUE: RefCell<Vec<Vec<Value>>> = const { RefCell::new(Vec::new()) };
}

fn drop_values(values: Vec<Value>) {
    let Ok(depth) = DROP_DEPTH.try_with(Cell::get) else { return };
    if depth >= DROP_RECURSION {
        let mut values = Some(values);
        let _ = DROP_QUEUE.try_with(|queue| queue.borrow_mut().extend(values.take()));
        return;
    }
    DROP_DEPTH.set(depth + 1);
    drop(values);
    if depth == 0 {
        while let Some(next) = DROP_QUEUE.try_with(|queue| queue.borrow_mut().pop()).ok().flatten() {
            drop(next);
        }
    }
    DROP_DEPTH.set(depth);
}

impl Drop for ListData {
    fn drop(&mut self) {
        if self.items.iter().any(Value::is_collection) {
            drop_values(std::mem::take(&mut self.items));
        }
    }
}

impl Drop for MapData {
    fn drop(&mut self) {
        let entries = self.entries.get_mut();
        if entries.values().any(Value::is_collection) {
            drop_values(std::mem::take(entries).into_values().collect());
        }
    }
}
