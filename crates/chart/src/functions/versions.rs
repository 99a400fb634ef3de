//! `semver` and `semverCompare`.

use std::any::Any;
use std::borrow::Cow;
use std::rc::Rc;

use pilothouse_gotemplate::{
    CallError, Context, Field, Function, Method, Number, Object, Param, Str, Struct, Value,
};

use super::{Outcome, text};
use crate::semver::{Constraints, Version};

pub(super) const FUNCTIONS: [Function; 2] = [
    Function::new("semver", &[Param::String], semver),
    Function::new("semverCompare", &[Param::String, Param::String], semver_compare),
];

fn parse(arg: &Value) -> Result<Version, CallError> {
    Version::parse(&String::from_utf8_lossy(text(arg))).map_err(|error| error.to_string().into())
}

fn semver(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    Ok(Value::object(SemanticVersion(parse(&args[0])?)))
}

fn semver_compare(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let constraints = Constraints::parse(&String::from_utf8_lossy(text(&args[0])))
        .map_err(|error| CallError::from(error.to_string()))?;
    Ok(constraints.check(&parse(&args[1])?).into())
}

/// Go's `*semver.Version`.
#[derive(Debug)]
struct SemanticVersion(Version);

fn number(value: u64) -> Value {
    Value::Number(Number::Uint64(value))
}

fn string(value: &str) -> Value {
    Value::Str(Str::from(value.as_bytes()))
}

impl SemanticVersion {
    fn of(arg: &Value) -> Option<&Version> {
        match arg {
            Value::Object(object) => object.as_any().downcast_ref::<Self>().map(|version| &version.0),
            _ => None,
        }
    }
}

const OTHER: &[Param] = &[Param::Named("*semver.Version")];

impl Object for SemanticVersion {
    fn type_name(&self) -> Cow<'static, str> {
        "*semver.Version".into()
    }

    fn underlying(&self) -> Value {
        let field = |name, value| Field { name, json: "", omit_empty: false, value };
        let version = &self.0;
        Value::Struct(Rc::new(Struct {
            type_name: "semver.Version",
            pointer: true,
            fields: vec![
                field("major", number(version.major)),
                field("minor", number(version.minor)),
                field("patch", number(version.patch)),
                field("pre", string(&version.prerelease)),
                field("metadata", string(&version.metadata)),
                field("original", string(&version.original)),
            ],
        }))
    }

    fn method(&self, name: &[u8]) -> Option<Method> {
        match name {
            b"Major" | b"Minor" | b"Patch" | b"Prerelease" | b"Metadata" | b"Original" | b"String"
            | b"IncMajor" | b"IncMinor" | b"IncPatch" => Some(Method::new(&[])),
            b"Compare" | b"Equal" | b"LessThan" | b"LessThanEqual" | b"GreaterThan" | b"GreaterThanEqual" => {
                Some(Method::new(OTHER))
            }
            b"SetPrerelease" | b"SetMetadata" => Some(Method::new(&[Param::String])),
            _ => None,
        }
    }

    fn call(&self, name: &[u8], _: &Context<'_>, args: &mut [Value]) -> Result<Value, CallError> {
        let version = &self.0;
        let order = || args.first().and_then(Self::of).map_or(0, |other| version.cmp(other) as i64);
        Ok(match name {
            b"Major" => number(version.major),
            b"Minor" => number(version.minor),
            b"Patch" => number(version.patch),
            b"Prerelease" => string(&version.prerelease),
            b"Metadata" => string(&version.metadata),
            b"Original" => string(&version.original),
            b"Compare" => Value::Int(order()),
            b"Equal" => (order() == 0).into(),
            b"LessThan" => (order() < 0).into(),
            b"LessThanEqual" => (order() <= 0).into(),
            b"GreaterThan" => (order() > 0).into(),
            b"GreaterThanEqual" => (order() >= 0).into(),
            b"IncMajor" | b"IncMinor" | b"IncPatch" => increased(version, name),
            b"SetPrerelease" | b"SetMetadata" => changed(version, name, &args[0])?,
            _ => string(&version.to_string()),
        })
    }

    fn text(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A version made from another keeps its `v`.
fn derived(original: &Version, mut version: Version) -> Value {
    let prefix = if original.original.starts_with('v') { "v" } else { "" };
    version.original = format!("{prefix}{version}");
    Value::object(SemanticVersion(version))
}

fn increased(version: &Version, name: &[u8]) -> Value {
    let mut next = version.clone();
    next.prerelease = String::new();
    next.metadata = String::new();
    match name {
        b"IncMajor" => (next.major, next.minor, next.patch) = (version.major.wrapping_add(1), 0, 0),
        b"IncMinor" => (next.minor, next.patch) = (version.minor.wrapping_add(1), 0),
        // The patch of a prerelease is its release.
        _ if version.prerelease.is_empty() => next.patch = version.patch.wrapping_add(1),
        _ => {}
    }
    derived(version, next)
}

fn changed(version: &Version, name: &[u8], arg: &Value) -> Outcome {
    let suffix = String::from_utf8_lossy(text(arg)).into_owned();
    let mut next = version.clone();
    let probe = if name == b"SetPrerelease" {
        next.prerelease.clone_from(&suffix);
        format!("0.0.0-{suffix}")
    } else {
        next.metadata.clone_from(&suffix);
        format!("0.0.0+{suffix}")
    };
    if !suffix.is_empty() {
        Version::parse_strict(&probe).map_err(|error| CallError::from(error.to_string()))?;
    }
    Ok(derived(version, next))
}
