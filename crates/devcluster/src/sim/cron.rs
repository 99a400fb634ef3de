//! Schedules of `CronJobs`: five fields, names of months and days, `@daily` and the like.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// How far ahead a schedule is looked for.
const MAX_DAYS: i64 = 366 * 5;

/// A parsed schedule.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    Fields {
        minutes: u64,
        hours: u64,
        days: u64,
        months: u64,
        weekdays: u64,
        any_day: bool,
        any_weekday: bool,
    },
    Every(SignedDuration),
}

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Schedule {
    /// Parses a schedule; `None` where it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(pause) = text.strip_prefix("@every ") {
            return super::objects::duration(pause).filter(|d| d.as_secs() > 0).map(Self::Every);
        }
        let text = match text {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            other => other,
        };
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, days, months, weekdays] = fields.as_slice() else { return None };
        let weekday_bits = field(weekdays, 0, 7, &DAYS)?;
        Some(Self::Fields {
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, &MONTHS)?,
            weekdays: if weekday_bits & (1 << 7) == 0 { weekday_bits } else { weekday_bits | 1 },
            any_day: days.starts_with(['*', '?']),
            any_weekday: weekdays.starts_with(['*', '?']),
        })
    }

    /// The first time after `after`, in a time zone.
    pub(super) fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let (minutes, hours) = match self {
            Self::Every(pause) => return after.checked_add(*pause).ok(),
            Self::Fields { minutes, hours, .. } => (*minutes, *hours),
        };
        let start: Zoned = after.to_zoned(zone.clone());
        let mut date = start.date();
        for _ in 0..MAX_DAYS {
            if self.takes(date) {
                for hour in (0..24i8).filter(|h| hours & (1 << h) != 0) {
                    for minute in (0..60i8).filter(|m| minutes & (1 << m) != 0) {
                        let at = date.at(hour, minute, 0, 0).to_zoned(zone.clone()).ok()?.timestamp();
                        if at > after {
                            return Some(at);
                        }
                    }
                }
            }
            date = date.tomorrow().ok()?;
        }
        None
    }

    fn takes(&self, date: jiff::civil::Date) -> bool {
        let Self::Fields { days, months, weekdays, any_day, any_weekday, .. } = self else { return false };
        let weekday = match date.weekday() {
            Weekday::Sunday => 0,
            other => other.to_monday_one_offset(),
        };
        let day = days & (1 << date.day()) != 0;
        let weekday = weekdays & (1 << weekday) != 0;
        let fits = if *any_day || *any_weekday { day && weekday } else { day || weekday };
        fits && months & (1 << date.month()) != 0
    }
}

/// Bits of a field: lists, ranges, steps, names.
fn field(text: &str, low: u32, high: u32, names: &[&str]) -> Option<u64> {
    let number = |t: &str| -> Option<u32> {
        let first = u32::from(names.len() == 12);
        let named = names.iter().position(|n| n.eq_ignore_ascii_case(t)).and_then(|i| u32::try_from(i).ok());
        named.map(|i| i + first).or_else(|| t.parse().ok()).filter(|n| (low..=high).contains(n))
    };
    let mut bits = 0;
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u32>().ok().filter(|s| *s > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range {
            "*" | "?" => (low, if names.len() == 7 { 6 } else { high }),
            _ => match range.split_once('-') {
                Some((from, to)) => (number(from)?, number(to)?),
                None => (number(range)?, if step.is_some() { high } else { number(range)? }),
            },
        };
        if from > to {
            return None;
        }
        for n in (from..=to).step_by(step.unwrap_or(1) as usize) {
            bits |= 1 << n;
        }
    }
    Some(bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(schedule: &str, after: &str) -> String {
        let after: Timestamp = after.parse().unwrap();
        Schedule::parse(schedule).unwrap().next(after, &TimeZone::UTC).unwrap().to_string()
    }

    #[test]
    fn the_next_time_of_a_schedule() {
        assert_eq!(next("*/5 * * * *", "2026-01-01T00:03:10Z"), "2026-01-01T00:05:00Z");
        assert_eq!(next("0 0 1 1 *", "2026-01-01T00:00:00Z"), "2027-01-01T00:00:00Z");
        assert_eq!(next("30 9 * * mon-fri", "2026-01-02T10:00:00Z"), "2026-01-05T09:30:00Z");
        assert_eq!(next("@hourly", "2026-01-02T10:00:00Z"), "2026-01-02T11:00:00Z");
        assert_eq!(next("0 0 13 * 5", "2026-01-01T00:00:00Z"), "2026-01-02T00:00:00Z");
        assert_eq!(next("0 12 * feb 7", "2026-01-01T00:00:00Z"), "2026-02-01T12:00:00Z");
        assert_eq!(Schedule::parse("61 * * * *"), None);
        assert_eq!(Schedule::parse("* * * *"), None);
    }
}
