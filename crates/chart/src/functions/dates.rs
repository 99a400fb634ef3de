//! Dates: Go's `time`. The local time zone is UTC.

mod duration;
mod format;
mod parse;
mod time;
mod zone;

use pilothouse_gotemplate::{CallError, Context, Function, Object, Param, Str, Value};

use super::json::TextForm;
use super::surroundings;
use super::{Outcome, string, text};
use time::Time;
use zone::Zone;

const TIME: Param = Param::Named(time::TYPE_NAME);

pub(super) const FUNCTIONS: [Function; 16] = [
    Function::new("now", &[], |context, _| Ok(Value::object(now(context)))),
    Function::new("date", &[Param::String, Param::Any], |context, args| {
        print(context, text(&args[0]), &args[1], b"Local")
    }),
    Function::new("dateInZone", &[Param::String, Param::Any, Param::String], date_in_zone),
    Function::new("date_in_zone", &[Param::String, Param::Any, Param::String], date_in_zone),
    Function::new("htmlDate", &[Param::Any], |context, args| {
        print(context, b"2006-01-02", &args[0], b"Local")
    }),
    Function::new("htmlDateInZone", &[Param::Any, Param::String], |context, args| {
        print(context, b"2006-01-02", &args[0], text(&args[1]))
    }),
    Function::new("dateModify", &[Param::String, TIME], date_modify),
    Function::new("date_modify", &[Param::String, TIME], date_modify),
    Function::new("mustDateModify", &[Param::String, TIME], must_date_modify),
    Function::new("must_date_modify", &[Param::String, TIME], must_date_modify),
    Function::new("toDate", &[Param::String, Param::String], |_, args| {
        Ok(Value::object(parse::parse(text(&args[0]), text(&args[1])).unwrap_or(Time::ZERO)))
    }),
    Function::new("mustToDate", &[Param::String, Param::String], |_, args| {
        Ok(Value::object(parse::parse(text(&args[0]), text(&args[1]))?))
    }),
    Function::new("unixEpoch", &[TIME], |_, args| Ok(time_of(&args[0])?.unix.to_string().into())),
    Function::new("ago", &[Param::Any], ago),
    Function::new("duration", &[Param::Any], print_duration),
    Function::new("durationRound", &[Param::Any], duration_round),
];

fn now(context: &Context<'_>) -> Time {
    let since = surroundings::now(context).duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Time {
        unix: i64::try_from(since.as_secs()).unwrap_or(i64::MAX),
        nanoseconds: since.subsec_nanos(),
        zone: Zone::Local,
        is_now: true,
    }
}

/// Whether `value` is a time in `layout`.
///
/// # Errors
/// Go's text.
pub(crate) fn check(layout: &[u8], value: &[u8]) -> Result<(), String> {
    parse::parse(layout, value).map(|_| ())
}

fn known_time(arg: &Value) -> Option<&Time> {
    match arg {
        Value::Object(object) => object.as_any().downcast_ref::<Time>(),
        _ => None,
    }
}

fn time_of(arg: &Value) -> Result<&Time, CallError> {
    known_time(arg).ok_or_else(|| "no time".into())
}

/// JSON form of a time.
pub(super) fn json_text(object: &dyn Object) -> TextForm {
    match object.as_any().downcast_ref::<Time>() {
        Some(time) => match time.rfc3339() {
            Ok(text) => TextForm::Text(text),
            Err(error) => TextForm::Error(error),
        },
        None => TextForm::Underlying(object.underlying()),
    }
}

/// What Sprig takes for a time: times, and integers as seconds since 1970. Anything else is now.
fn any_time(context: &Context<'_>, arg: &Value) -> Time {
    match arg {
        Value::Int(seconds) | Value::Int64(seconds) => {
            Time { unix: *seconds, nanoseconds: 0, zone: Zone::Local, is_now: false }
        }
        other => known_time(other).cloned().unwrap_or_else(|| now(context)),
    }
}

fn print(context: &Context<'_>, layout: &[u8], date: &Value, zone: &[u8]) -> Outcome {
    let time = Time { zone: Zone::load(&String::from_utf8_lossy(zone)), ..any_time(context, date) };
    // No element of a layout becomes longer than a few times its own length.
    context.charge_string(layout.len().saturating_mul(8))?;
    string(context, format::format(&time, layout))
}

fn date_in_zone(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    print(context, text(&args[0]), &args[1], text(&args[2]))
}

fn date_modify(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    match duration::parse(text(&args[0])) {
        Ok(duration) => Ok(Value::object(time_of(&args[1])?.plus(duration))),
        Err(_) => Ok(std::mem::take(&mut args[1])),
    }
}

fn must_date_modify(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let duration = duration::parse(text(&args[0]))?;
    Ok(Value::object(time_of(&args[1])?.plus(duration)))
}

fn ago(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let since = now(context).minus(&any_time(context, &args[0]));
    Ok(duration::print(duration::round_to_seconds(since)).into())
}

fn print_duration(_: &Context<'_>, args: &mut [Value]) -> Outcome {
    let seconds = match &args[0] {
        Value::Int64(seconds) => *seconds,
        Value::Str(text) => decimal(text),
        _ => 0,
    };
    Ok(duration::print(seconds.wrapping_mul(1_000_000_000)).into())
}

/// `strconv.ParseInt(text, 10, 64)` without its error: 0 for what is no number, the nearest bound for what is
/// out of range.
fn decimal(text: &Str) -> i64 {
    let digits = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return 0;
    }
    let bound = if text.starts_with(b"-") { i64::MIN } else { i64::MAX };
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(bound)
}

fn duration_round(context: &Context<'_>, args: &mut [Value]) -> Outcome {
    let nanoseconds = match &args[0] {
        Value::Int64(nanoseconds) => *nanoseconds,
        Value::Str(text) => duration::parse(text).unwrap_or(0),
        other => known_time(other).map_or(0, |time| now(context).minus(time)),
    };
    const SECOND: u64 = 1_000_000_000;
    const HOUR: u64 = 3600 * SECOND;
    let units = [
        (HOUR * 24 * 365, "y"),
        (HOUR * 24 * 30, "mo"),
        (HOUR * 24, "d"),
        (HOUR, "h"),
        (60 * SECOND, "m"),
        (SECOND, "s"),
    ];
    let length = nanoseconds.unsigned_abs();
    let fitting = units.iter().find(|(unit, _)| length > *unit);
    Ok(fitting.map_or_else(|| "0s".to_owned(), |(unit, name)| format!("{}{name}", length / unit)).into())
}

/// The form of a time in TOML; local dates and times have no offset.
pub(super) fn toml_text(object: &dyn Object) -> Option<String> {
    let time = object.as_any().downcast_ref::<Time>()?;
    let layout: &[u8] = match &time.zone {
        Zone::Fixed(name, _) if name == LOCAL_DATETIME => b"2006-01-02T15:04:05.999999999",
        Zone::Fixed(name, _) if name == LOCAL_DATE => b"2006-01-02",
        Zone::Fixed(name, _) if name == LOCAL_TIME => b"15:04:05.999999999",
        _ => b"2006-01-02T15:04:05.999999999Z07:00",
    };
    Some(String::from_utf8_lossy(&format::format(time, layout)).into_owned())
}

/// Names of the zones that mark TOML's local forms.
const LOCAL_DATETIME: &str = "datetime-local";
const LOCAL_DATE: &str = "date-local";
const LOCAL_TIME: &str = "time-local";

/// Reads a date or time of TOML.
pub(super) fn toml_time(value: &[u8]) -> Option<Value> {
    let forms: [(&[u8], Option<&str>); 7] = [
        (b"2006-01-02T15:04:05.999999999Z07:00", None),
        (b"2006-01-02T15:04:05.999999999", Some(LOCAL_DATETIME)),
        (b"2006-01-02", Some(LOCAL_DATE)),
        (b"15:04:05.999999999", Some(LOCAL_TIME)),
        (b"2006-01-02T15:04Z07:00", None),
        (b"2006-01-02T15:04", Some(LOCAL_DATETIME)),
        (b"15:04", Some(LOCAL_TIME)),
    ];
    let (layout, zone, mut time) =
        forms.iter().find_map(|(layout, zone)| Some((*layout, *zone, parse::parse(layout, value).ok()?)))?;
    // Go reads hours of one digit; TOML does not have them.
    let separators = layout.iter().take_while(|&&byte| !matches!(byte, b'.' | b'Z')).enumerate();
    for (at, &byte) in separators {
        if !byte.is_ascii_digit() && value.get(at) != Some(&byte) {
            return None;
        }
    }
    if let Some(zone) = zone {
        time.zone = Zone::Fixed(zone.to_owned(), 0);
    }
    Some(Value::object(time))
}
