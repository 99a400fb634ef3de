//! Durations as the API writes them (`5m0s`).

use std::{fmt, str::FromStr, time::Duration};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A duration in Go's notation (`5m0s`, `1h30m`, `750ms`), kept as the user wrote it.
///
/// The text is stored and returned verbatim, since clients that compare texts (Terraform) would else see a change.
/// Pattern in the schema: `^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DurationString(String);

/// A text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a duration like `5m0s` (numbers with the units ms, s, m or h)")]
pub struct ParseDuration {
    text: String,
}

impl DurationString {
    /// The text as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The length of time; texts beyond `u64` milliseconds are capped there.
    ///
    /// # Errors
    /// [`ParseDuration`] where the text does not follow the pattern, which the API server refuses to store.
    pub fn to_duration(&self) -> Result<Duration, ParseDuration> {
        parse(&self.0).ok_or_else(|| ParseDuration { text: self.0.chars().take(80).collect() })
    }
}

fn parse(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut millis = 0f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, length) = [("ms", 1.0), ("s", 1e3), ("m", 60e3), ("h", 3600e3)]
            .into_iter()
            .find(|(unit, _)| rest.starts_with(unit))?;
        millis += number * length;
        rest = &rest[unit.len()..];
    }
    Duration::try_from_secs_f64(millis / 1e3).ok()
}

impl Default for DurationString {
    /// `5m0s`, the interval that forms offer.
    fn default() -> Self {
        Self("5m0s".to_owned())
    }
}

impl FromStr for DurationString {
    type Err = ParseDuration;

    fn from_str(text: &str) -> Result<Self, ParseDuration> {
        let duration = Self(text.to_owned());
        duration.to_duration().map(|_| duration)
    }
}

impl From<Duration> for DurationString {
    /// Go's notation: `5m0s`, `1h0m0s`, `20s`, `1.5s`.
    fn from(duration: Duration) -> Self {
        let seconds = duration.as_secs();
        let (hours, minutes) = (seconds / 3600, seconds % 3600 / 60);
        let rest = match duration.subsec_millis() {
            0 => format!("{}s", seconds % 60),
            millis => format!("{}.{}s", seconds % 60, format!("{millis:03}").trim_end_matches('0')),
        };
        Self(match (hours, minutes) {
            (0, 0) => rest,
            (0, _) => format!("{minutes}m{rest}"),
            _ => format!("{hours}h{minutes}m{rest}"),
        })
    }
}

impl fmt::Display for DurationString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for DurationString {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_notation_is_read_and_kept_verbatim() {
        for (text, millis) in
            [("5m0s", 300_000), ("05m00s", 300_000), ("1h30m", 5_400_000), ("750ms", 750), ("1.5s", 1500)]
        {
            let duration: DurationString = text.parse().unwrap();
            assert_eq!(duration.to_duration().unwrap(), Duration::from_millis(millis), "{text}");
            assert_eq!(duration.as_str(), text);
        }
    }

    #[test]
    fn what_the_pattern_refuses_is_refused() {
        for text in ["", "5", "m", "1d", "5m ", "-1s", "1.2.3s"] {
            assert!(text.parse::<DurationString>().is_err(), "{text}");
        }
    }

    #[test]
    fn lengths_are_written_as_go_writes_them() {
        for (seconds, text) in [(20, "20s"), (300, "5m0s"), (3600, "1h0m0s"), (0, "0s")] {
            assert_eq!(DurationString::from(Duration::from_secs(seconds)).as_str(), text);
        }
    }
}
