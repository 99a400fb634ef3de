//! Reads and writes YAML exactly as Go's goyaml.v2 does (Helm's YAML).
//!
//! Reading follows `sigs.k8s.io/yaml` v1.6.0 (goyaml.v2 2.4.2, then JSON): YAML 1.1 scalars, merge keys,
//! the last of several equal keys wins, every key becomes a string. Writing follows goyaml.v2's emitter
//! ([`Emitter`]) or, for `toYamlPretty`, goyaml.v3's. Error texts are Go's.
//!
//! It deliberately knows no Helm, reads no files and keeps no comments.
//!
//! ```text
//! bytes ─► scanner ─► events ─► compose ─► decode ─► Build (serde_json, or a caller's own values)
//!           (pull: events::Parser)              caller's values ─► Emitter ─► text
//! ```
//!
//! ```
//! let value = pilothouse_goyaml::to_json(b"on: 0777\n").unwrap();
//! assert_eq!(value.to_string(), r#"{"true":511}"#);
//! assert_eq!(pilothouse_goyaml::json_to_yaml(&value).unwrap(), "\"true\": 511\n");
//! ```
//!
//! Start at [`to_json`], [`parse`], [`Emitter`] and [`events::Parser`].

mod build;
mod compose;
mod decode;
mod emitter;
mod error;
pub mod events;
mod limits;
mod number;
mod order;
mod resolve;
mod scanner;
mod source;
mod syntax;
mod timestamp;

pub use build::{Build, JsonBuilder, from_slice, parse, parse_first, to_json};
pub use emitter::{EmitError, Emitter, json_to_yaml};
pub use error::Error;
pub use limits::Limits;
pub use number::{format_general, format_general_single, format_json};
pub use order::{compare_keys, compare_keys_pretty};
