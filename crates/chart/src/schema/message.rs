//! One validation error in the words of `santhosh-tekuri/jsonschema` v6.

use boon::ErrorKind;
use serde_json::{Number, Value as Json};

use super::formats;
use crate::functions;

pub(super) fn message(kind: &ErrorKind<'_, '_>) -> String {
    let bound = |name: &str, got: &Number, want: &Number| {
        let number = |n: &Number| grouped(n.as_f64().unwrap_or_default());
        format!("{name}: got {}, want {}", number(got), number(want))
    };
    let size =
        |name: &str, got: &usize, want: &usize| format!("{name}: got {}, want {}", count(*got), count(*want));
    match kind {
        ErrorKind::Group | ErrorKind::Reference { .. } => "validation failed".to_owned(),
        ErrorKind::Schema { url } => format!("jsonschema validation failed with {}", quote(url)),
        ErrorKind::ContentSchema => "'contentSchema' failed".to_owned(),
        ErrorKind::PropertyName { prop } => format!("invalid propertyName {}", quote(prop)),
        ErrorKind::RefCycle { url, kw_loc1, kw_loc2 } => {
            format!("both {kw_loc1} and {kw_loc2} resolve to {url:?} causing reference cycle")
        }
        ErrorKind::FalseSchema => "false schema".to_owned(),
        ErrorKind::Type { got, want } => {
            let want: Vec<String> = want.iter().map(|kind| kind.to_string()).collect();
            format!("got {got}, want {}", want.join(" or "))
        }
        ErrorKind::Enum { want } => one_of(want),
        ErrorKind::Const { want } if is_plain(want) => format!("value must be {}", display(want)),
        ErrorKind::Const { .. } => "'const' failed".to_owned(),
        ErrorKind::Format { got, want: "regex", err } => {
            let pattern = got.as_str().unwrap_or_default();
            let reason = functions::regexps::check(pattern.as_bytes()).err();
            format!("{} is not valid regex: {}", display(got), reason.unwrap_or_else(|| err.to_string()))
        }
        ErrorKind::Format { got, want, err } => {
            format!("{} is not valid {want}: {}", display(got), formats::reworded(want, &err.to_string()))
        }
        ErrorKind::MinProperties { got, want } => size("minProperties", got, want),
        ErrorKind::MaxProperties { got, want } => size("maxProperties", got, want),
        ErrorKind::AdditionalProperties { got } => {
            format!("additional properties {} not allowed", join_quoted(got))
        }
        ErrorKind::Required { want } if want.len() == 1 => format!("missing property {}", join_quoted(want)),
        ErrorKind::Required { want } => format!("missing properties {}", join_quoted(want)),
        ErrorKind::Dependency { prop, missing } | ErrorKind::DependentRequired { prop, missing } => {
            format!("properties {} required, if {} exists", join_quoted(missing), quote(prop))
        }
        ErrorKind::MinItems { got, want } => size("minItems", got, want),
        ErrorKind::MaxItems { got, want } => size("maxItems", got, want),
        ErrorKind::Contains => "no items match contains schema".to_owned(),
        ErrorKind::MinContains { got, want } if got.is_empty() => {
            format!("min {} items required to match contains schema, but none matched", count(*want))
        }
        ErrorKind::MinContains { got, want } => contained("min", *want, got),
        ErrorKind::MaxContains { got, want } => contained("max", *want, got),
        ErrorKind::UniqueItems { got: [first, second] } => {
            format!("items at {} and {} are equal", count(*first), count(*second))
        }
        ErrorKind::AdditionalItems { got } => format!("last {} additionalItem(s) not allowed", count(*got)),
        ErrorKind::MinLength { got, want } => size("minLength", got, want),
        ErrorKind::MaxLength { got, want } => size("maxLength", got, want),
        ErrorKind::Pattern { got, want } => {
            format!("{} does not match pattern {}", quote(got), quote(want))
        }
        ErrorKind::ContentEncoding { want, err } => format!("value is not {} encoded: {err}", quote(want)),
        ErrorKind::ContentMediaType { want, err, .. } => {
            format!("value if not of mediatype {}: {err}", quote(want))
        }
        ErrorKind::Minimum { got, want } => bound("minimum", got, want),
        ErrorKind::Maximum { got, want } => bound("maximum", got, want),
        ErrorKind::ExclusiveMinimum { got, want } => bound("exclusiveMinimum", got, want),
        ErrorKind::ExclusiveMaximum { got, want } => bound("exclusiveMaximum", got, want),
        ErrorKind::MultipleOf { got, want } => bound("multipleOf", got, want),
        ErrorKind::Not => "'not' failed".to_owned(),
        ErrorKind::AllOf => "'allOf' failed".to_owned(),
        ErrorKind::AnyOf => "'anyOf' failed".to_owned(),
        ErrorKind::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
        ErrorKind::OneOf(Some((first, second))) => {
            format!("'oneOf' failed, subschemas {}, {} matched", count(*first), count(*second))
        }
    }
}

fn contained(bound: &str, want: usize, got: &[usize]) -> String {
    let places: Vec<String> = got.iter().map(ToString::to_string).collect();
    format!(
        "{bound} {} items required to match contains schema, but matched {} items at {}",
        count(want),
        count(got.len()),
        places.join(" ")
    )
}

fn one_of(want: &[Json]) -> String {
    if !want.iter().all(is_plain) {
        return "'enum' failed".to_owned();
    }
    match want {
        [only] => format!("value must be {}", display(only)),
        many => {
            let many: Vec<String> = many.iter().map(display).collect();
            format!("value must be one of {}", many.join(", "))
        }
    }
}

fn is_plain(value: &Json) -> bool {
    !value.is_array() && !value.is_object()
}

fn display(value: &Json) -> String {
    match value {
        Json::Null => "<nil>".to_owned(),
        Json::String(text) => quote(text),
        Json::Array(_) | Json::Object(_) => "value".to_owned(),
        other => other.to_string(),
    }
}

fn join_quoted(names: &[impl AsRef<str>]) -> String {
    let names: Vec<String> = names.iter().map(|name| quote(name.as_ref())).collect();
    names.join(", ")
}

/// The library's quoting: Go's, between single quotes.
pub(super) fn quote(text: &str) -> String {
    let quoted = pilothouse_gotemplate::quote::quote(text.as_bytes());
    let quoted = String::from_utf8_lossy(&quoted);
    let inner = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    format!("'{}'", inner.replace("\\\"", "\"").replace('\'', "\\'"))
}

fn count(value: usize) -> String {
    group_digits(&value.to_string())
}

/// A number as Go's `x/text` prints it in English.
fn grouped(value: f64) -> String {
    let text = pilothouse_goyaml::format_general(value);
    if let Some((mantissa, exponent)) = text.split_once('e') {
        let raised = exponent.chars().filter_map(|c| match c {
            '-' => Some('⁻'),
            '+' => None,
            digit => "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(digit.to_digit(10)? as usize),
        });
        return format!("{mantissa}×10{}", raised.collect::<String>());
    }
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |digits| ("-", digits));
    match digits.split_once('.') {
        None => format!("{sign}{}", group_digits(digits)),
        Some((whole, fraction)) => format!("{sign}{}.{fraction}", group_digits(whole)),
    }
}

fn group_digits(digits: &str) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
