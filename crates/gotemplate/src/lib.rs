//! Parses and executes Go's text/template on Go-typed values, within a budget.
//!
//! It deliberately knows no Helm, YAML or Kubernetes, does no I/O and reads no clock: functions are added
//! to a [`FunctionTable`] and reach the outside through the host that the caller passes.
//!
//! ```text
//! text ─► lexer ─► parser ─► TemplateSet (immutable, shared between threads)
//! data (Value, one thread) ──────┴─► Execution ─► output, or ExecError with place and chain
//! ```
//!
//! ```
//! use std::sync::Arc;
//! use pilothouse_gotemplate::{Budget, Execution, FunctionTable, MissingKey, TemplateSet, Value};
//!
//! let mut set = TemplateSet::new(Arc::new(FunctionTable::new()));
//! set.parse("greeting", b"{{ range .names }}{{ printf \"%-4s\" . }}|{{ end }}").unwrap();
//! let names = Value::list(vec!["Ann".into(), "Bob".into()]);
//! let data = Value::map([("names".into(), names)]);
//! let execution = Execution::new(&set, &(), MissingKey::Zero, Budget::default());
//! assert_eq!(execution.execute("greeting", &data).unwrap(), b"Ann |Bob |");
//! ```
//!
//! Start at [`TemplateSet::parse`] and [`Execution::execute`].

mod ast;
mod budget;
mod builtins;
mod collection;
mod error;
mod exec;
pub mod format;
mod function;
mod lexer;
pub mod number;
mod object;
mod parser;
pub mod quote;
mod set;
mod string;
pub mod unicode;
mod value;

pub use budget::{Budget, Limit, MAX_VALUE_DEPTH};
pub use builtins::{equal, less};
pub use collection::{List, ListKind, Map, MapKind};
pub use error::{CallError, ExecError, Location, ParseError};
pub use exec::{Context, Execution, Host};
pub use function::{Function, FunctionTable, Native, Param};
pub use object::{Field, Func, Method, NamedMap, Object, Struct};
pub use set::{MissingKey, TemplateSet};
pub use string::Str;
pub use value::{Basic, Kind, Number, Value};
