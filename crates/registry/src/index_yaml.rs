//! Reads an index from YAML events, one version at a time; what a catalog does not need is never built.

use pilothouse_goyaml::Limits;
use pilothouse_goyaml::events::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

use crate::index::Gathered;
use crate::index_entry::FIELDS;

/// Deepest nesting inside an entry that is built.
const MAX_DEPTH: usize = 32;

/// Why events alone do not do.
enum Stop {
    /// The file uses aliases: read it whole.
    Alias,
    /// It is wrong.
    Wrong(String),
}

impl From<pilothouse_goyaml::Error> for Stop {
    fn from(error: pilothouse_goyaml::Error) -> Self {
        Self::Wrong(error.to_string())
    }
}

/// Adds all entries of the YAML text `bytes` to `gathered`.
pub(crate) fn parse(bytes: &[u8], gathered: &mut Gathered) -> Result<(), String> {
    match stream(bytes, gathered) {
        Ok(()) => Ok(()),
        Err(Stop::Wrong(reason)) => Err(reason),
        Err(Stop::Alias) => {
            *gathered = Gathered::default();
            whole(bytes, gathered)
        }
    }
}

/// The general way: the whole document as JSON, with anchors and merge keys resolved.
fn whole(bytes: &[u8], gathered: &mut Gathered) -> Result<(), String> {
    let value = pilothouse_goyaml::to_json(bytes).map_err(|e| e.to_string())?;
    let Value::Object(mut file) = value else { return Err("it is not a mapping".into()) };
    gathered.api_version = file.get("apiVersion").and_then(Value::as_str).map(str::to_owned);
    let Some(Value::Object(entries)) = file.remove("entries") else { return Ok(()) };
    for (chart, versions) in entries {
        let Value::Array(versions) = versions else { continue };
        for version in versions {
            gathered.take(&chart, version)?;
        }
    }
    Ok(())
}

fn stream(bytes: &[u8], gathered: &mut Gathered) -> Result<(), Stop> {
    let mut events = Events(Parser::new(bytes, &Limits::default())?);
    loop {
        match events.next()? {
            Event::StreamStart | Event::DocumentStart => {}
            Event::MappingStart { .. } => break,
            _ => return Err(Stop::Wrong("it is not a mapping".into())),
        }
    }
    while let Some(key) = events.key()? {
        match key.as_str() {
            "apiVersion" => gathered.api_version = events.value(0)?.as_str().map(str::to_owned),
            "entries" => entries(&mut events, gathered)?,
            _ => events.skip()?,
        }
    }
    Ok(())
}

fn entries(events: &mut Events<'_>, gathered: &mut Gathered) -> Result<(), Stop> {
    match events.next()? {
        Event::MappingStart { .. } => {}
        Event::Scalar { value, style: ScalarStyle::Plain, .. } if is_null(&value) => return Ok(()),
        Event::Alias(_) => return Err(Stop::Alias),
        _ => return Err(Stop::Wrong("`entries` is not a mapping".into())),
    }
    while let Some(chart) = events.key()? {
        match events.next()? {
            Event::SequenceStart { .. } => versions(events, gathered, &chart)?,
            Event::Scalar { value, style: ScalarStyle::Plain, .. } if is_null(&value) => {}
            Event::Alias(_) => return Err(Stop::Alias),
            _ => {
                return Err(Stop::Wrong(format!(
                    "the versions of `{}` are not a list",
                    chart.escape_debug()
                )));
            }
        }
    }
    Ok(())
}

fn versions(events: &mut Events<'_>, gathered: &mut Gathered, chart: &str) -> Result<(), Stop> {
    loop {
        let entry = match events.next()? {
            Event::SequenceEnd => return Ok(()),
            Event::Alias(_) => return Err(Stop::Alias),
            Event::MappingStart { .. } => {
                let mut map = Map::new();
                while let Some(key) = events.key()? {
                    if FIELDS.contains(&key.as_str()) {
                        let value = events.value(0)?;
                        map.insert(key, value);
                    } else {
                        events.skip()?;
                    }
                }
                Value::Object(map)
            }
            Event::SequenceStart { .. } => {
                events.skip_open(1)?;
                Value::Null
            }
            _ => Value::Null,
        };
        gathered.take(chart, entry).map_err(Stop::Wrong)?;
    }
}

struct Events<'s>(Parser<'s>);

impl<'s> Events<'s> {
    fn next(&mut self) -> Result<Event<'s>, Stop> {
        self.0.next_event()?.map(|(event, _)| event).ok_or_else(|| Stop::Wrong("it ends early".into()))
    }

    /// The next key of the open mapping; `None` at its end.
    fn key(&mut self) -> Result<Option<String>, Stop> {
        match self.next()? {
            Event::MappingEnd => Ok(None),
            Event::Scalar { value, style: ScalarStyle::Plain, .. } if value == "<<" => Err(Stop::Alias),
            Event::Scalar { value, .. } => Ok(Some(value.into_owned())),
            Event::Alias(_) => Err(Stop::Alias),
            _ => Err(Stop::Wrong("a key is not a scalar".into())),
        }
    }

    /// The next value, built; scalars become text as Helm's string fields take them.
    fn value(&mut self, depth: usize) -> Result<Value, Stop> {
        if depth > MAX_DEPTH {
            return Err(Stop::Wrong(format!("an entry is nested deeper than {MAX_DEPTH}")));
        }
        match self.next()? {
            Event::Alias(_) => Err(Stop::Alias),
            Event::Scalar { value, style: ScalarStyle::Plain, .. } => Ok(plain(&value)),
            Event::Scalar { value, .. } => Ok(Value::String(value.into_owned())),
            Event::MappingStart { .. } => {
                let mut map = Map::new();
                while let Some(key) = self.key()? {
                    let value = self.value(depth + 1)?;
                    map.insert(key, value);
                }
                Ok(Value::Object(map))
            }
            Event::SequenceStart { .. } => self.list(depth),
            _ => Err(Stop::Wrong("a value is missing".into())),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, Stop> {
        let mut list = Vec::new();
        loop {
            match self.next()? {
                Event::SequenceEnd => return Ok(Value::Array(list)),
                Event::Alias(_) => return Err(Stop::Alias),
                Event::Scalar { value, style: ScalarStyle::Plain, .. } => list.push(plain(&value)),
                Event::Scalar { value, .. } => list.push(Value::String(value.into_owned())),
                Event::MappingStart { .. } => {
                    let mut map = Map::new();
                    while let Some(key) = self.key()? {
                        let value = self.value(depth + 1)?;
                        map.insert(key, value);
                    }
                    list.push(Value::Object(map));
                }
                // A list in a list is nothing a catalog keeps (import-values of a dependency).
                _ => self.skip_open(1)?,
            }
        }
    }

    /// Passes over the next value.
    fn skip(&mut self) -> Result<(), Stop> {
        match self.next()? {
            Event::MappingStart { .. } | Event::SequenceStart { .. } => self.skip_open(1),
            _ => Ok(()),
        }
    }

    /// Passes over the rest of `open` collections.
    fn skip_open(&mut self, mut open: usize) -> Result<(), Stop> {
        while open > 0 {
            match self.next()? {
                Event::MappingStart { .. } | Event::SequenceStart { .. } => open += 1,
                Event::MappingEnd | Event::SequenceEnd => open -= 1,
                Event::StreamEnd => return Err(Stop::Wrong("it ends early".into())),
                _ => {}
            }
        }
        Ok(())
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// A plain scalar as a string field of Helm takes it (`sigs.k8s.io/yaml`): numbers are read and written anew, so
/// `1.10` is `1.1`; YAML 1.1 booleans become `true` and `false`.
fn plain(text: &str) -> Value {
    if is_null(text) {
        return Value::Null;
    }
    let text = match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            "true".to_owned()
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            "false".to_owned()
        }
        other => number(other).unwrap_or_else(|| other.to_owned()),
    };
    Value::String(text)
}

fn number(text: &str) -> Option<String> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_digit() || matches!(first, b'+' | b'-' | b'.')) {
        return None;
    }
    let clean = text.replace('_', "");
    let (sign, digits) = match clean.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", clean.strip_prefix('+').unwrap_or(&clean)),
    };
    let radix = |prefix: &str, radix: u32| u64::from_str_radix(digits.strip_prefix(prefix)?, radix).ok();
    let integer = radix("0x", 16).or_else(|| radix("0b", 2)).or_else(|| radix("0o", 8));
    if let Some(integer) = integer {
        return Some(format!("{sign}{integer}"));
    }
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let octal = digits.len() > 1 && digits.starts_with('0');
        let integer = u64::from_str_radix(digits, if octal { 8 } else { 10 });
        return integer.ok().map(|i| format!("{sign}{i}"));
    }
    let shape = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if !shape || !digits.bytes().any(|b| b.is_ascii_digit()) {
        return None;
    }
    let float: f64 = clean.parse().ok()?;
    Some(float.to_string())
}
