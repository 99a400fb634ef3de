//! The functions Helm gives to templates: Sprig's (v3.3.0, without `env` and `expandenv`) and Helm's own.
//!
//! One file a family; each has its table at the top. Behaviour and error texts are those of Helm 4.2.3 built
//! with Go 1.26. Nothing here reads a clock, the network or the environment: [`Surroundings`] answers.

pub(crate) mod addresses;
mod cast;
mod crypto;
pub(crate) mod dates;
mod decimal;
mod deep;
mod dicts;
mod encoding;
mod flow;
mod json;
mod letters;
mod lists;
mod math;
mod merge;
mod network;
mod paths;
mod reflection;
pub(crate) mod regexps;
mod strings;
mod surroundings;
mod templates;
mod toml;
pub(crate) mod urls;
mod versions;
mod words;
pub(crate) mod yaml;

use std::sync::{Arc, LazyLock};

use pilothouse_gotemplate::{CallError, Context, FunctionTable, Map, Value};

pub(crate) use flow::{MESSAGE_END, MESSAGE_START};
pub use surroundings::Surroundings;
pub(crate) use templates::without_no_value;

/// Name of the template set that Go's messages mention.
pub const SET_NAME: &str = "gotpl";

/// What a function gives.
pub(crate) type Outcome = Result<Value, CallError>;

/// All functions of Helm 4.2.3.
pub fn table() -> Arc<FunctionTable> {
    static TABLE: LazyLock<Arc<FunctionTable>> = LazyLock::new(|| {
        let mut table = FunctionTable::new();
        table.extend(strings::FUNCTIONS);
        table.extend(words::FUNCTIONS);
        table.extend(letters::FUNCTIONS);
        table.extend(lists::FUNCTIONS);
        table.extend(dicts::FUNCTIONS);
        table.extend(math::FUNCTIONS);
        table.extend(decimal::FUNCTIONS);
        table.extend(flow::FUNCTIONS);
        table.extend(reflection::FUNCTIONS);
        table.extend(templates::FUNCTIONS);
        table.extend(json::FUNCTIONS);
        table.extend(yaml::FUNCTIONS);
        table.extend(encoding::FUNCTIONS);
        table.extend(network::FUNCTIONS);
        table.extend(paths::FUNCTIONS);
        table.extend(urls::FUNCTIONS);
        table.extend(regexps::FUNCTIONS);
        table.extend(versions::FUNCTIONS);
        table.extend(dates::FUNCTIONS);
        table.extend(toml::FUNCTIONS);
        table.extend(crypto::FUNCTIONS);
        table.extend(crypto::CERTIFICATES);
        table.extend(crypto::PASSWORDS);
        Arc::new(table)
    });
    TABLE.clone()
}

/// The bytes of a string argument.
fn text(arg: &Value) -> &[u8] {
    arg.as_str().unwrap_or_default()
}

/// An `int` argument.
fn int(arg: &Value) -> i64 {
    match arg {
        Value::Int(number) | Value::Int64(number) => *number,
        _ => 0,
    }
}

/// A `map[string]interface {}` argument; `None` for a nil map.
fn map(arg: &Value) -> Option<Map> {
    arg.as_map()
}

/// A string result, counted.
fn string(context: &Context<'_>, bytes: Vec<u8>) -> Outcome {
    context.charge_string(bytes.len())?;
    Ok(bytes.into())
}

/// Go's panic on a nil pointer, as templates report it.
const NIL_DEREFERENCE: &str = "runtime error: invalid memory address or nil pointer dereference";
