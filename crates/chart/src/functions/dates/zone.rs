//! Time zones: UTC, fixed offsets, and the IANA database bundled with the program.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Go's `*time.Location`.
#[derive(Debug, Clone)]
pub(super) enum Zone {
    /// UTC.
    Utc,
    /// The local zone, which here always is UTC.
    Local,
    /// A fixed offset in seconds; the name may be empty.
    Fixed(String, i32),
    /// A zone of the database.
    Iana(TimeZone),
}

impl Zone {
    /// `time.LoadLocation`; an unknown name gives UTC, as in Sprig.
    pub(super) fn load(name: &str) -> Self {
        static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
        match name {
            "" | "UTC" => Self::Utc,
            "Local" => Self::Local,
            // The database ignores case; Go's files do not.
            name => match DATABASE.get(name) {
                Ok(zone) if zone.iana_name() == Some(name) => Self::Iana(zone),
                _ => Self::Utc,
            },
        }
    }

    /// Abbreviation and offset in seconds at a moment.
    pub(super) fn at(&self, unix: i64) -> (String, i32) {
        match self {
            Self::Utc | Self::Local => ("UTC".into(), 0),
            Self::Fixed(name, offset) => (name.clone(), *offset),
            Self::Iana(zone) => {
                let clamped = unix.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
                let moment = Timestamp::from_second(clamped).unwrap_or(Timestamp::UNIX_EPOCH);
                let info = zone.to_offset_info(moment);
                (info.abbreviation().to_owned(), info.offset().seconds())
            }
        }
    }
}
