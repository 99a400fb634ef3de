//! Go's layouts: `2006-01-02 15:04:05`.

use super::time::{MONTHS, Time, WEEKDAYS};

/// What an element of a layout stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    /// An offset from UTC.
    Offset(Offset),
    /// Fractional seconds: separator, digits, whether trailing zeros are kept.
    Fraction(u8, usize, bool),
}

/// The form of an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z` stands for UTC.
    pub(super) iso: bool,
    pub(super) colons: bool,
    pub(super) minutes: bool,
    pub(super) seconds: bool,
}

const fn offset(iso: bool, colons: bool, minutes: bool, seconds: bool) -> Element {
    Element::Offset(Offset { iso, colons, minutes, seconds })
}

/// Elements by their text; where one begins with another, the longer comes first.
const ELEMENTS: &[(&[u8], Element)] = &[
    (b"January", Element::LongMonth),
    (b"Monday", Element::LongWeekday),
    (b"MST", Element::ZoneName),
    (b"01", Element::ZeroMonth),
    (b"02", Element::ZeroDay),
    (b"03", Element::ZeroHour12),
    (b"04", Element::ZeroMinute),
    (b"05", Element::ZeroSecond),
    (b"06", Element::Year),
    (b"002", Element::ZeroYearDay),
    (b"15", Element::Hour),
    (b"1", Element::NumMonth),
    (b"2006", Element::LongYear),
    (b"2", Element::Day),
    (b"_2", Element::UnderDay),
    (b"__2", Element::UnderYearDay),
    (b"3", Element::Hour12),
    (b"4", Element::Minute),
    (b"5", Element::Second),
    (b"PM", Element::UpperPm),
    (b"pm", Element::LowerPm),
    (b"-070000", offset(false, false, true, true)),
    (b"-07:00:00", offset(false, true, true, true)),
    (b"-0700", offset(false, false, true, false)),
    (b"-07:00", offset(false, true, true, false)),
    (b"-07", offset(false, false, false, false)),
    (b"Z070000", offset(true, false, true, true)),
    (b"Z07:00:00", offset(true, true, true, true)),
    (b"Z0700", offset(true, false, true, false)),
    (b"Z07:00", offset(true, true, true, false)),
    (b"Z07", offset(true, false, false, false)),
];

/// The text before the first element, the element with its own text, and the rest.
pub(super) fn next_element(layout: &[u8]) -> (&[u8], Option<(Element, &[u8])>, &[u8]) {
    for at in 0..layout.len() {
        let rest = &layout[at..];
        // In `_2006` the underscore is text.
        let (at, rest) = if rest.starts_with(b"_2006") { (at + 1, &rest[1..]) } else { (at, rest) };
        if let Some((element, length)) = element_at(rest) {
            return (&layout[..at], Some((element, &rest[..length])), &rest[length..]);
        }
    }
    (layout, None, b"")
}

fn element_at(text: &[u8]) -> Option<(Element, usize)> {
    let follows_lower = |length: usize| text.get(length).is_some_and(u8::is_ascii_lowercase);
    if let Some((name, element)) = ELEMENTS.iter().find(|(name, _)| text.starts_with(name)) {
        return Some((*element, name.len()));
    }
    if text.starts_with(b"Jan") && !follows_lower(3) {
        return Some((Element::Month, 3));
    }
    if text.starts_with(b"Mon") && !follows_lower(3) {
        return Some((Element::Weekday, 3));
    }
    let &[separator @ (b'.' | b','), digit @ (b'0' | b'9'), ..] = text else { return None };
    let digits = text[1..].iter().take_while(|&&byte| byte == digit).count();
    if text.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    Some((Element::Fraction(separator, digits, digit == b'0'), 1 + digits))
}

/// `Time.Format`.
pub(super) fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let civil = time.civil();
    let (zone_name, zone_offset) = time.zone.at(time.unix);
    let hour12 = if civil.hour.is_multiple_of(12) { 12 } else { civil.hour % 12 };
    let month = MONTHS.get((civil.month as usize).wrapping_sub(1)).copied().unwrap_or_default();
    let weekday = WEEKDAYS.get(civil.weekday).copied().unwrap_or_default();
    let mut out = Vec::with_capacity(layout.len() + 16);
    let mut rest = layout;
    loop {
        let (prefix, element, after) = next_element(rest);
        out.extend_from_slice(prefix);
        let Some((element, _)) = element else { return out };
        rest = after;
        let text = match element {
            Element::LongMonth => month.to_owned(),
            Element::Month => month[..3].to_owned(),
            Element::NumMonth => civil.month.to_string(),
            Element::ZeroMonth => format!("{:02}", civil.month),
            Element::LongWeekday => weekday.to_owned(),
            Element::Weekday => weekday[..3].to_owned(),
            Element::Day => civil.day.to_string(),
            Element::UnderDay => format!("{:2}", civil.day),
            Element::ZeroDay => format!("{:02}", civil.day),
            Element::UnderYearDay => format!("{:3}", civil.year_day),
            Element::ZeroYearDay => format!("{:03}", civil.year_day),
            Element::Hour => format!("{:02}", civil.hour),
            Element::Hour12 => hour12.to_string(),
            Element::ZeroHour12 => format!("{hour12:02}"),
            Element::Minute => civil.minute.to_string(),
            Element::ZeroMinute => format!("{:02}", civil.minute),
            Element::Second => civil.second.to_string(),
            Element::ZeroSecond => format!("{:02}", civil.second),
            Element::LongYear if civil.year < 0 => format!("-{:04}", civil.year.unsigned_abs()),
            Element::LongYear => format!("{:04}", civil.year),
            Element::Year => format!("{:02}", civil.year.unsigned_abs() % 100),
            Element::UpperPm => if civil.hour >= 12 { "PM" } else { "AM" }.to_owned(),
            Element::LowerPm => if civil.hour >= 12 { "pm" } else { "am" }.to_owned(),
            Element::ZoneName if zone_name.is_empty() => {
                print_offset(zone_offset, Offset { iso: false, colons: false, minutes: true, seconds: false })
            }
            Element::ZoneName => zone_name.clone(),
            Element::Offset(form) => print_offset(zone_offset, form),
            Element::Fraction(separator, digits, keep_zeros) => {
                print_fraction(time.nanoseconds, separator, digits, keep_zeros)
            }
        };
        out.extend_from_slice(text.as_bytes());
    }
}

fn print_offset(offset: i32, form: Offset) -> String {
    if offset == 0 && form.iso {
        return "Z".into();
    }
    let minutes = offset / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let colon = if form.colons { ":" } else { "" };
    let mut out = format!("{sign}{:02}", minutes.abs() / 60);
    if form.minutes {
        out.push_str(&format!("{colon}{:02}", minutes.abs() % 60));
    }
    if form.seconds {
        out.push_str(&format!("{colon}{:02}", offset.abs() % 60));
    }
    out
}

fn print_fraction(nanoseconds: u32, separator: u8, digits: usize, keep_zeros: bool) -> String {
    let all = format!("{nanoseconds:09}");
    let mut shown = if digits > 9 { all + &"0".repeat(digits - 9) } else { all[..digits].to_owned() };
    if !keep_zeros {
        shown.truncate(shown.trim_end_matches('0').len());
        if shown.is_empty() {
            return shown;
        }
    }
    format!("{}{shown}", char::from(separator))
}
