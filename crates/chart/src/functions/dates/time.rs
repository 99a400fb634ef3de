//! `time.Time` as templates see it.

use std::any::Any;
use std::borrow::Cow;
use std::rc::Rc;

use pilothouse_gotemplate::{CallError, Context, Field, Method, Number, Object, Param, Str, Struct, Value};

use super::duration;
use super::format::format;
use super::zone::Zone;

/// Go's name of the type.
pub(super) const TYPE_NAME: &str = "time.Time";

/// Seconds from the first day of year 1, Go's zero time, to 1970.
const ZERO_UNIX: i64 = -62_135_596_800;

/// A moment in a time zone.
#[derive(Debug, Clone)]
pub(super) struct Time {
    /// Seconds since 1970.
    pub(super) unix: i64,
    /// Nanoseconds within the second.
    pub(super) nanoseconds: u32,
    pub(super) zone: Zone,
    /// Made by `now`: prints a reading of the monotonic clock too.
    pub(super) is_now: bool,
}

/// A date and time of day.
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: u32,
    pub(super) day: u32,
    pub(super) year_day: u32,
    /// From Sunday, 0.
    pub(super) weekday: usize,
    pub(super) hour: u32,
    pub(super) minute: u32,
    pub(super) second: u32,
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) fn days_in(month: u32, year: i64) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970 to a date of the proleptic Gregorian calendar.
pub(super) fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    // Years are counted from March, so that the leap day comes last.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let month_from_march = i64::from((month + 9) % 12);
    let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn small(number: i64) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

impl Time {
    /// Go's zero time.
    pub(super) const ZERO: Self = Self { unix: ZERO_UNIX, nanoseconds: 0, zone: Zone::Utc, is_now: false };

    /// Date and time of day in the time's zone.
    pub(super) fn civil(&self) -> Civil {
        let local = self.unix.saturating_add(i64::from(self.zone.at(self.unix).1));
        let days = local.div_euclid(86_400);
        let seconds = local.rem_euclid(86_400);
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Civil {
            year,
            month: small(month),
            day: small(day),
            year_day: small(days - days_from_civil(year, 1, 1) + 1),
            weekday: usize::try_from((days + 4).rem_euclid(7)).unwrap_or(0),
            hour: small(seconds / 3600),
            minute: small(seconds / 60 % 60),
            second: small(seconds % 60),
        }
    }

    /// The time `duration` nanoseconds later.
    pub(super) fn plus(&self, duration: i64) -> Self {
        let nanoseconds = i64::from(self.nanoseconds) + duration % 1_000_000_000;
        Self {
            unix: self
                .unix
                .saturating_add(duration / 1_000_000_000)
                .saturating_add(nanoseconds.div_euclid(1_000_000_000)),
            nanoseconds: small(nanoseconds.rem_euclid(1_000_000_000)),
            zone: self.zone.clone(),
            is_now: self.is_now,
        }
    }

    /// Nanoseconds since `other`, within the range of Go's durations.
    pub(super) fn minus(&self, other: &Self) -> i64 {
        let total = (i128::from(self.unix) - i128::from(other.unix)) * 1_000_000_000
            + i128::from(self.nanoseconds)
            - i128::from(other.nanoseconds);
        i64::try_from(total).unwrap_or(if total < 0 { i64::MIN } else { i64::MAX })
    }

    fn in_zone(&self, zone: Zone) -> Self {
        Self { zone, ..self.clone() }
    }

    fn print(&self) -> String {
        let mut text =
            String::from_utf8_lossy(&format(self, b"2006-01-02 15:04:05.999999999 -0700 MST")).into_owned();
        if self.is_now {
            text.push_str(" m=+0.000000001");
        }
        text
    }

    /// `MarshalJSON`, without quotes.
    pub(super) fn rfc3339(&self) -> Result<String, String> {
        if !(0..=9999).contains(&self.civil().year) {
            return Err("json: error calling MarshalJSON for type time.Time: Time.MarshalJSON: year outside of range [0,9999]".into());
        }
        Ok(String::from_utf8_lossy(&format(self, b"2006-01-02T15:04:05.999999999Z07:00")).into_owned())
    }

    fn add_date(&self, years: i64, months: i64, days: i64) -> Self {
        let civil = self.civil();
        let month = i64::from(civil.month) - 1 + months;
        let year = civil.year + years + month.div_euclid(12);
        let date =
            days_from_civil(year, small(month.rem_euclid(12)) + 1, 1) + i64::from(civil.day) - 1 + days;
        let clock = i64::from(civil.hour * 3600 + civil.minute * 60 + civil.second);
        let local = date.saturating_mul(86_400).saturating_add(clock);
        // The offset is that of the new moment.
        let guess = local.saturating_sub(i64::from(self.zone.at(local).1));
        let unix = local.saturating_sub(i64::from(self.zone.at(guess).1));
        Self { unix, is_now: false, ..self.clone() }
    }
}

const NONE: &[Param] = &[];
const OTHER: &[Param] = &[Param::Named(TYPE_NAME)];

impl Object for Time {
    fn type_name(&self) -> Cow<'static, str> {
        TYPE_NAME.into()
    }

    fn underlying(&self) -> Value {
        let field = |name, value| Field { name, json: "", omit_empty: false, value };
        let zone = Struct {
            type_name: "time.Location",
            pointer: true,
            fields: vec![
                field("name", self.zone.at(self.unix).0.into()),
                field("zone", Value::list(Vec::new())),
                field("tx", Value::list(Vec::new())),
                field("extend", "".into()),
                field("cacheStart", Value::Int64(0)),
                field("cacheEnd", Value::Int64(0)),
                field("cacheZone", Value::Nil),
            ],
        };
        let fields = vec![
            field("wall", Value::Number(Number::Uint64(self.nanoseconds.into()))),
            field("ext", Value::Int64(self.unix.saturating_sub(ZERO_UNIX))),
            field("loc", Value::Struct(Rc::new(zone))),
        ];
        Value::Struct(Rc::new(Struct { type_name: TYPE_NAME, pointer: false, fields }))
    }

    fn method(&self, name: &[u8]) -> Option<Method> {
        Some(Method::new(match name {
            b"Year" | b"Month" | b"Day" | b"Hour" | b"Minute" | b"Second" | b"Nanosecond" | b"Weekday"
            | b"YearDay" | b"Unix" | b"UnixMilli" | b"UnixMicro" | b"UnixNano" | b"IsZero" | b"UTC"
            | b"Local" | b"String" | b"IsDST" => NONE,
            b"Format" => &[Param::String],
            b"AddDate" => &[Param::Int, Param::Int, Param::Int],
            b"Before" | b"After" | b"Equal" | b"Compare" | b"Sub" => OTHER,
            b"Add" | b"Truncate" | b"Round" => &[Param::NamedInt(Span::TYPE_NAME)],
            _ => return None,
        }))
    }

    fn call(&self, name: &[u8], _: &Context<'_>, args: &mut [Value]) -> Result<Value, CallError> {
        let civil = self.civil();
        let int = |number: u32| Value::Int(number.into());
        let order = || {
            let other = args.first().and_then(super::known_time);
            other.map_or(std::cmp::Ordering::Equal, |other| {
                (self.unix, self.nanoseconds).cmp(&(other.unix, other.nanoseconds))
            })
        };
        let span = || args.first().and_then(Span::of).unwrap_or(0);
        let number = |arg: &Value| super::super::int(arg);
        Ok(match name {
            b"Year" => Value::Int(civil.year),
            b"Month" => Value::object(Named::month(civil.month)),
            b"Day" => int(civil.day),
            b"Hour" => int(civil.hour),
            b"Minute" => int(civil.minute),
            b"Second" => int(civil.second),
            b"Nanosecond" => int(self.nanoseconds),
            b"Weekday" => Value::object(Named::weekday(civil.weekday)),
            b"YearDay" => int(civil.year_day),
            b"Unix" => Value::Int64(self.unix),
            b"UnixMilli" => {
                Value::Int64(self.unix.wrapping_mul(1_000) + i64::from(self.nanoseconds / 1_000_000))
            }
            b"UnixMicro" => {
                Value::Int64(self.unix.wrapping_mul(1_000_000) + i64::from(self.nanoseconds / 1_000))
            }
            b"UnixNano" => {
                Value::Int64(self.unix.wrapping_mul(1_000_000_000).wrapping_add(i64::from(self.nanoseconds)))
            }
            b"IsZero" => (self.unix == ZERO_UNIX && self.nanoseconds == 0).into(),
            b"IsDST" => false.into(),
            b"UTC" => Value::object(self.in_zone(Zone::Utc)),
            b"Local" => Value::object(self.in_zone(Zone::Local)),
            b"Format" => format(self, args[0].as_str().unwrap_or_default()).into(),
            b"AddDate" => Value::object(self.add_date(number(&args[0]), number(&args[1]), number(&args[2]))),
            b"Before" => order().is_lt().into(),
            b"After" => order().is_gt().into(),
            b"Equal" => order().is_eq().into(),
            b"Compare" => Value::Int(order() as i64),
            b"Sub" => Value::object(Span(
                args.first().and_then(super::known_time).map_or(0, |other| self.minus(other)),
            )),
            b"Add" => Value::object(self.plus(span())),
            b"Truncate" | b"Round" => {
                let unit = i128::from(span().max(1));
                let since = (i128::from(self.unix) - i128::from(ZERO_UNIX)) * 1_000_000_000
                    + i128::from(self.nanoseconds);
                let rest = since.rem_euclid(unit);
                let up = name == b"Round" && rest * 2 >= unit;
                let change = if up { unit - rest } else { -rest };
                let mut moved = self.plus(i64::try_from(change).unwrap_or(0));
                moved.is_now = false;
                Value::object(moved)
            }
            _ => self.print().into(),
        })
    }

    fn text(&self) -> Option<String> {
        Some(self.print())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// A `time.Month` or `time.Weekday`: an int with a name.
#[derive(Debug)]
struct Named {
    type_name: &'static str,
    number: i64,
    name: &'static str,
}

impl Named {
    fn month(month: u32) -> Self {
        let name = MONTHS.get((month as usize).wrapping_sub(1)).copied().unwrap_or_default();
        Self { type_name: "time.Month", number: month.into(), name }
    }

    fn weekday(weekday: usize) -> Self {
        let name = WEEKDAYS.get(weekday).copied().unwrap_or_default();
        Self { type_name: "time.Weekday", number: i64::try_from(weekday).unwrap_or(0), name }
    }
}

impl Object for Named {
    fn type_name(&self) -> Cow<'static, str> {
        self.type_name.into()
    }
    fn underlying(&self) -> Value {
        Value::Int(self.number)
    }
    fn method(&self, name: &[u8]) -> Option<Method> {
        (name == b"String").then(|| Method::new(NONE))
    }
    fn call(&self, _: &[u8], _: &Context<'_>, _: &mut [Value]) -> Result<Value, CallError> {
        Ok(Value::Str(Str::from_static(self.name)))
    }
    fn text(&self) -> Option<String> {
        Some(self.name.to_owned())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A `time.Duration`.
#[derive(Debug)]
pub(super) struct Span(i64);

impl Span {
    const TYPE_NAME: &'static str = "time.Duration";

    fn of(value: &Value) -> Option<i64> {
        match value {
            Value::Object(object) => object.as_any().downcast_ref::<Self>().map(|span| span.0),
            Value::Int64(nanoseconds) => Some(*nanoseconds),
            _ => None,
        }
    }
}

impl Object for Span {
    fn type_name(&self) -> Cow<'static, str> {
        Self::TYPE_NAME.into()
    }
    fn underlying(&self) -> Value {
        Value::Int64(self.0)
    }
    fn method(&self, name: &[u8]) -> Option<Method> {
        let known: [&[u8]; 8] = [
            b"String",
            b"Hours",
            b"Minutes",
            b"Seconds",
            b"Milliseconds",
            b"Microseconds",
            b"Nanoseconds",
            b"Abs",
        ];
        known.contains(&name).then(|| Method::new(NONE))
    }
    #[expect(clippy::cast_precision_loss, reason = "as in Go")]
    fn call(&self, name: &[u8], _: &Context<'_>, _: &mut [Value]) -> Result<Value, CallError> {
        let parts = |unit: i64| Value::Float((self.0 / unit) as f64 + (self.0 % unit) as f64 / unit as f64);
        Ok(match name {
            b"Hours" => parts(3_600_000_000_000),
            b"Minutes" => parts(60_000_000_000),
            b"Seconds" => parts(1_000_000_000),
            b"Milliseconds" => Value::Int64(self.0 / 1_000_000),
            b"Microseconds" => Value::Int64(self.0 / 1_000),
            b"Nanoseconds" => Value::Int64(self.0),
            b"Abs" => Value::object(Self(self.0.saturating_abs())),
            _ => duration::print(self.0).into(),
        })
    }
    fn text(&self) -> Option<String> {
        Some(duration::print(self.0))
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
}
