//! `time.Parse` in the local zone (UTC), with Go's errors.

use super::format::{Element, Offset, next_element};
use super::time::{MONTHS, Time, WEEKDAYS, days_from_civil, days_in, is_leap};
use super::zone::Zone;

/// Go's `time.quote`: everything beyond printable ASCII as `\x` bytes.
pub(super) fn quoted(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in text {
        match byte {
            b'"' | b'\\' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            b' '..=b'~' | 0x7f => out.push(char::from(byte)),
            _ => out.push_str(&format!("\\x{byte:02x}")),
        }
    }
    out.push('"');
    out
}

/// What keeps an element from being read.
enum Problem {
    /// The text has the wrong form.
    Form,
    /// This field is out of range.
    Range(&'static str),
}

type Read<T> = Result<T, Problem>;

/// What has been read so far.
#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<u32>,
    day: Option<u32>,
    year_day: Option<u32>,
    hour: u32,
    minute: u32,
    second: u32,
    nanoseconds: u32,
    is_pm: bool,
    is_am: bool,
    is_utc: bool,
    offset: Option<i32>,
    zone_name: Vec<u8>,
}

pub(super) fn parse(layout: &[u8], value: &[u8]) -> Result<Time, String> {
    let mut fields = Fields::default();
    let mut layout_rest = layout;
    let mut rest = value;
    let cannot = |value_part: &[u8], layout_part: &[u8]| {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quoted(value),
            quoted(layout),
            quoted(value_part),
            quoted(layout_part)
        )
    };
    let wrong = |message: &str| format!("parsing time {}: {message}", quoted(value));
    loop {
        let (prefix, element, after) = next_element(layout_rest);
        rest = skip(rest, prefix).map_err(|rest| cannot(rest, prefix))?;
        let Some((element, text)) = element else {
            if rest.is_empty() {
                break;
            }
            return Err(wrong(&format!("extra text: {}", quoted(rest))));
        };
        layout_rest = after;
        let hold = rest;
        match fields.read(element, &mut rest, layout_rest) {
            Ok(()) => {}
            Err(Problem::Form) => return Err(cannot(hold, text)),
            Err(Problem::Range(field)) => return Err(wrong(&format!("{field} out of range"))),
        }
    }
    fields.finish().map_err(wrong)
}

/// Skips `prefix`; spaces match any number of spaces. The error is what is left of the value.
fn skip<'v>(mut value: &'v [u8], mut prefix: &[u8]) -> Result<&'v [u8], &'v [u8]> {
    let without_spaces = |text: &[u8]| text.iter().take_while(|&&byte| byte == b' ').count();
    while let Some(&first) = prefix.first() {
        if first == b' ' {
            if value.first().is_some_and(|&byte| byte != b' ') {
                return Err(value);
            }
            prefix = &prefix[without_spaces(prefix)..];
            value = &value[without_spaces(value)..];
            continue;
        }
        if value.first() != Some(&first) {
            return Err(value);
        }
        prefix = &prefix[1..];
        value = &value[1..];
    }
    Ok(value)
}

fn take<'v>(rest: &mut &'v [u8], count: usize) -> Read<&'v [u8]> {
    if rest.len() < count {
        return Err(Problem::Form);
    }
    let (taken, after) = rest.split_at(count);
    *rest = after;
    Ok(taken)
}

fn number(digits: &[u8]) -> Read<u32> {
    std::str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| text.parse().ok())
        .ok_or(Problem::Form)
}

/// One or two digits; exactly two if `fixed`.
fn two_digits(rest: &mut &[u8], fixed: bool) -> Read<u32> {
    let digits = rest.iter().take(2).take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || (fixed && digits < 2) {
        return Err(Problem::Form);
    }
    number(take(rest, digits)?)
}

/// A name of the list, ignoring case; its index.
fn name(rest: &mut &[u8], names: &[&str], length: Option<usize>) -> Read<u32> {
    for (index, name) in (0u32..).zip(names) {
        let name = &name.as_bytes()[..length.unwrap_or(name.len())];
        if rest.get(..name.len()).is_some_and(|text| text.eq_ignore_ascii_case(name)) {
            *rest = &rest[name.len()..];
            return Ok(index);
        }
    }
    Err(Problem::Form)
}

fn within(value: u32, bound: u32, field: &'static str) -> Read<u32> {
    if value < bound { Ok(value) } else { Err(Problem::Range(field)) }
}

/// `.123` as nanoseconds.
fn nanoseconds(text: &[u8]) -> Read<u32> {
    if !matches!(text.first(), Some(b'.' | b',')) {
        return Err(Problem::Form);
    }
    let digits = &text[1..text.len().min(10)];
    let scale = 10u32.pow(u32::try_from(9 - digits.len()).unwrap_or(0));
    Ok(number(digits)? * scale)
}

impl Fields {
    fn read(&mut self, element: Element, rest: &mut &[u8], layout: &[u8]) -> Read<()> {
        match element {
            Element::Year => {
                let year = i64::from(number(take(rest, 2)?)?);
                self.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Element::LongYear => self.year = i64::from(number(take(rest, 4)?)?),
            Element::Month => self.month = Some(name(rest, &MONTHS, Some(3))? + 1),
            Element::LongMonth => self.month = Some(name(rest, &MONTHS, None)? + 1),
            Element::NumMonth | Element::ZeroMonth => {
                let month = two_digits(rest, element == Element::ZeroMonth)?;
                self.month = Some(month);
                if month == 0 || month > 12 {
                    return Err(Problem::Range("month"));
                }
            }
            Element::Weekday => drop(name(rest, &WEEKDAYS, Some(3))?),
            Element::LongWeekday => drop(name(rest, &WEEKDAYS, None)?),
            Element::Day | Element::UnderDay | Element::ZeroDay => {
                if element == Element::UnderDay {
                    *rest = rest.strip_prefix(b" ").unwrap_or(rest);
                }
                self.day = Some(two_digits(rest, element == Element::ZeroDay)?);
            }
            Element::UnderYearDay | Element::ZeroYearDay => self.read_year_day(element, rest)?,
            Element::Hour => self.hour = within(two_digits(rest, false)?, 24, "hour")?,
            Element::Hour12 | Element::ZeroHour12 => {
                self.hour = within(two_digits(rest, element == Element::ZeroHour12)?, 13, "hour")?;
            }
            Element::Minute | Element::ZeroMinute => {
                self.minute = within(two_digits(rest, element == Element::ZeroMinute)?, 60, "minute")?;
            }
            Element::Second | Element::ZeroSecond => self.read_second(element, rest, layout)?,
            Element::UpperPm | Element::LowerPm => {
                let words: [&[u8]; 2] =
                    if element == Element::UpperPm { [b"PM", b"AM"] } else { [b"pm", b"am"] };
                let word = take(rest, 2)?;
                self.is_pm |= word == words[0];
                self.is_am |= word == words[1];
                if !words.contains(&word) {
                    return Err(Problem::Form);
                }
            }
            Element::ZoneName => self.read_zone_name(rest)?,
            Element::Offset(form) => self.read_offset(form, rest)?,
            Element::Fraction(_, digits, true) => {
                let text = take(rest, digits + 1)?;
                self.nanoseconds = nanoseconds(text)?;
            }
            Element::Fraction(_, _, false) => {
                if let [b'.' | b',', b'0'..=b'9', ..] = rest {
                    self.read_fraction(rest)?;
                }
            }
        }
        Ok(())
    }

    fn read_fraction(&mut self, rest: &mut &[u8]) -> Read<()> {
        let digits = rest[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.nanoseconds = nanoseconds(take(rest, digits + 1)?)?;
        Ok(())
    }

    fn read_year_day(&mut self, element: Element, rest: &mut &[u8]) -> Read<()> {
        if element == Element::UnderYearDay {
            for _ in 0..2 {
                *rest = rest.strip_prefix(b" ").unwrap_or(rest);
            }
        }
        let digits = rest.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || (element == Element::ZeroYearDay && digits != 3) {
            return Err(Problem::Form);
        }
        self.year_day = Some(number(take(rest, digits)?)?);
        Ok(())
    }

    /// A fraction may follow the seconds though the layout has none.
    fn read_second(&mut self, element: Element, rest: &mut &[u8], layout: &[u8]) -> Read<()> {
        self.second = within(two_digits(rest, element == Element::ZeroSecond)?, 60, "second")?;
        let fraction_follows = matches!(rest, [b'.' | b',', b'0'..=b'9', ..]);
        let layout_has_it = matches!(next_element(layout).1, Some((Element::Fraction(..), _)));
        if fraction_follows && !layout_has_it {
            self.read_fraction(rest)?;
        }
        Ok(())
    }

    fn read_offset(&mut self, form: Offset, rest: &mut &[u8]) -> Read<()> {
        if form.iso && rest.first() == Some(&b'Z') {
            *rest = &rest[1..];
            self.is_utc = true;
            return Ok(());
        }
        let colon = usize::from(form.colons);
        let length = 3 + if form.minutes { 2 + colon } else { 0 } + if form.seconds { 2 + colon } else { 0 };
        let text = take(rest, length)?;
        let part = |index: usize| -> Read<u32> {
            let start = 1 + index * (2 + colon);
            if colon == 1 && index > 0 && text[start - 1] != b':' {
                return Err(Problem::Form);
            }
            number(&text[start..start + 2])
        };
        let hours = part(0)?;
        let minutes = if form.minutes { part(1)? } else { 0 };
        let seconds = if form.seconds { part(2)? } else { 0 };
        within(hours, 25, "time zone offset hour")?;
        within(minutes, 61, "time zone offset minute")?;
        within(seconds, 61, "time zone offset second")?;
        let offset = i32::try_from((hours * 60 + minutes) * 60 + seconds).unwrap_or(0);
        self.offset = Some(match text[0] {
            b'+' => offset,
            b'-' => -offset,
            _ => return Err(Problem::Form),
        });
        Ok(())
    }

    fn read_zone_name(&mut self, rest: &mut &[u8]) -> Read<()> {
        if let Some(after) = rest.strip_prefix(b"UTC") {
            *rest = after;
            self.is_utc = true;
            return Ok(());
        }
        let length = zone_name_length(rest).ok_or(Problem::Form)?;
        self.zone_name = take(rest, length)?.to_vec();
        Ok(())
    }

    fn finish(mut self) -> Result<Time, &'static str> {
        if self.is_pm && self.hour < 12 {
            self.hour += 12;
        } else if self.is_am && self.hour == 12 {
            self.hour = 0;
        }
        let (month, day) = self.month_and_day()?;
        if day < 1 || day > days_in(month, self.year) {
            return Err("day out of range");
        }
        let clock = i64::from(self.hour * 3600 + self.minute * 60 + self.second);
        let unix = days_from_civil(self.year, month, day) * 86_400 + clock;
        let zone_name = String::from_utf8_lossy(&self.zone_name).into_owned();
        let (offset, zone) = if self.is_utc {
            (0, Zone::Utc)
        } else if let Some(offset) = self.offset {
            let is_local = offset == 0 && (zone_name.is_empty() || zone_name == "UTC");
            (offset, if is_local { Zone::Local } else { Zone::Fixed(zone_name, offset) })
        } else if zone_name.is_empty() {
            (0, Zone::Local)
        } else {
            // An abbreviation alone says nothing about the offset, except for GMT with a number; and even
            // then Go takes the time of day as UTC.
            let hours =
                zone_name.strip_prefix("GMT").and_then(|hours| hours.parse::<i32>().ok()).unwrap_or(0);
            (0, Zone::Fixed(zone_name, hours * 3600))
        };
        Ok(Time { unix: unix - i64::from(offset), nanoseconds: self.nanoseconds, zone, is_now: false })
    }

    fn month_and_day(&self) -> Result<(u32, u32), &'static str> {
        let Some(year_day) = self.year_day else {
            return Ok((self.month.unwrap_or(1), self.day.unwrap_or(1)));
        };
        if year_day < 1 || year_day > 365 + u32::from(is_leap(self.year)) {
            return Err("day-of-year out of range");
        }
        let (mut month, mut day) = (1, year_day);
        while day > days_in(month, self.year) {
            day -= days_in(month, self.year);
            month += 1;
        }
        if self.month.is_some_and(|given| given != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|given| given != day) {
            return Err("day-of-year does not match day");
        }
        Ok((month, day))
    }
}

/// Length of a time zone abbreviation at the start (Go's `parseTimeZone`).
fn zone_name_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(after) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_offset_length(after));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_offset_length(text)).filter(|&length| length > 0);
    }
    let upper = text.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count();
    match upper {
        5 if text[4] == b'T' => Some(5),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

fn signed_offset_length(text: &[u8]) -> usize {
    if !matches!(text.first(), Some(b'+' | b'-')) {
        return 0;
    }
    let digits = text[1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let hours = std::str::from_utf8(&text[1..=digits]).ok().and_then(|text| text.parse::<u32>().ok());
    if hours.is_some_and(|hours| hours <= 23) { 1 + digits } else { 0 }
}
