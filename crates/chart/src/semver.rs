//! Semantic versions and constraints as Masterminds/semver v3.5.0 reads them, which is what Helm uses: `1.2`
//! and `v1` are versions, constraints know `^`, `~`, `x`, hyphen ranges and `||`, and a constraint without a
//! prerelease never matches one.

use std::cmp::Ordering;
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

/// Bytes a version may have.
const MAX_VERSION: usize = 256;
/// Bytes a constraint may have.
const MAX_CONSTRAINT: usize = 512;
/// Alternatives (`||`) a constraint may have.
const MAX_GROUPS: usize = 32;

/// Why a text is no version or constraint, in Masterminds' words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SemverError(String);

fn error<T>(message: &str) -> Result<T, SemverError> {
    Err(SemverError(message.to_owned()))
}

/// A version. Equality and order ignore build metadata and the original text.
#[derive(Debug, Clone)]
pub struct Version {
    /// First number.
    pub major: u64,
    /// Second number; 0 if absent.
    pub minor: u64,
    /// Third number; 0 if absent.
    pub patch: u64,
    /// After `-`; empty if absent.
    pub prerelease: String,
    /// After `+`; empty if absent.
    pub metadata: String,
    /// The text it was read from.
    pub original: String,
}

impl Version {
    /// Reads a version loosely (`NewVersion`): a leading `v`, missing numbers and leading zeros are fine.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > MAX_VERSION {
            return error(&format!("version string is too long (max {MAX_VERSION} bytes)"));
        }
        let Some(parts) = Parts::split(text.strip_prefix('v').unwrap_or(text)) else {
            return error("invalid semantic version");
        };
        let version = Self {
            major: segment(parts.numbers[0])?,
            minor: segment(parts.numbers[1])?,
            patch: segment(parts.numbers[2])?,
            prerelease: parts.prerelease.to_owned(),
            metadata: parts.metadata.to_owned(),
            original: text.to_owned(),
        };
        check_prerelease(&version.prerelease)?;
        Ok(version)
    }

    /// Reads a version strictly (`StrictNewVersion`): three numbers, no `v`.
    pub fn parse_strict(text: &str) -> Result<Self, SemverError> {
        if text.is_empty() {
            return error("version string empty");
        }
        if text.len() > MAX_VERSION {
            return error(&format!("version string is too long (max {MAX_VERSION} bytes)"));
        }
        let mut parts: Vec<&str> = text.splitn(3, '.').collect();
        if parts.len() != 3 {
            return error("invalid semantic version");
        }
        let (rest, metadata) = parts[2].split_once('+').unwrap_or((parts[2], ""));
        if parts[2].contains('+') && !metadata.split('.').all(is_identifier) {
            return error("invalid metadata string");
        }
        let (patch, prerelease) = rest.split_once('-').unwrap_or((rest, ""));
        if rest.contains('-') {
            if prerelease.is_empty() {
                return error("invalid prerelease string");
            }
            check_prerelease(prerelease)?;
        }
        parts[2] = patch;
        for part in &parts {
            if !part.bytes().all(|b| b.is_ascii_digit()) {
                return error("invalid characters in version");
            }
            if part.len() > 1 && part.starts_with('0') {
                return error("version segment starts with 0");
            }
        }
        let number = |text: &str| parse_uint(text).map_err(SemverError);
        Ok(Self {
            major: number(parts[0])?,
            minor: number(parts[1])?,
            patch: number(parts[2])?,
            prerelease: prerelease.to_owned(),
            metadata: metadata.to_owned(),
            original: text.to_owned(),
        })
    }

    fn numbers(&self) -> (u64, u64, u64) {
        (self.major, self.minor, self.patch)
    }
}

/// `major.minor.patch-prerelease+metadata`.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers().cmp(&other.numbers()).then_with(|| {
            match (self.prerelease.is_empty(), other.prerelease.is_empty()) {
                (true, true) => Ordering::Equal,
                (true, false) => Ordering::Greater,
                (false, true) => Ordering::Less,
                (false, false) => compare_prerelease(&self.prerelease, &other.prerelease),
            }
        })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Version {}

/// A version's text in pieces.
struct Parts<'t> {
    numbers: [&'t str; 3],
    prerelease: &'t str,
    metadata: &'t str,
}

impl<'t> Parts<'t> {
    fn split(text: &'t str) -> Option<Self> {
        let mut rest = text;
        let mut numbers = [""; 3];
        for (i, number) in numbers.iter_mut().enumerate() {
            if i > 0 {
                match rest.strip_prefix('.') {
                    Some(after) => rest = after,
                    None => break,
                }
            }
            let end = rest.bytes().take_while(u8::is_ascii_digit).count();
            if end == 0 {
                return None;
            }
            (*number, rest) = rest.split_at(end);
        }
        let mut prerelease = "";
        if let Some(after) = rest.strip_prefix('-') {
            (prerelease, rest) = after.split_at(after.find('+').unwrap_or(after.len()));
            if !prerelease.split('.').all(is_identifier) {
                return None;
            }
        }
        let mut metadata = "";
        if let Some(after) = rest.strip_prefix('+') {
            (metadata, rest) = (after, "");
            if !metadata.split('.').all(is_identifier) {
                return None;
            }
        }
        rest.is_empty().then_some(Self { numbers, prerelease, metadata })
    }
}

fn is_identifier(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn check_prerelease(prerelease: &str) -> Result<(), SemverError> {
    if prerelease.is_empty() {
        return Ok(());
    }
    for part in prerelease.split('.') {
        if !is_identifier(part) {
            return error("invalid prerelease string");
        }
        if part.len() > 1 && part.starts_with('0') && part.bytes().all(|b| b.is_ascii_digit()) {
            return error("version segment starts with 0");
        }
    }
    Ok(())
}

fn segment(digits: &str) -> Result<u64, SemverError> {
    if digits.is_empty() {
        return Ok(0);
    }
    parse_uint(digits).map_err(|message| SemverError(format!("error parsing version segment: {message}")))
}

fn parse_uint(digits: &str) -> Result<u64, String> {
    digits.parse().map_err(|_| {
        let problem = if digits.is_empty() { "invalid syntax" } else { "value out of range" };
        format!("strconv.ParseUint: parsing {digits:?}: {problem}")
    })
}

/// Compares prereleases piece by piece; numbers come before words, a missing piece first.
fn compare_prerelease(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        let order = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) => compare_piece(a.unwrap_or_default(), b.unwrap_or_default()),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn compare_piece(a: &str, b: &str) -> Ordering {
    if a == b {
        return Ordering::Equal;
    }
    match (a.is_empty(), b.is_empty()) {
        (true, _) => return Ordering::Less,
        (_, true) => return Ordering::Greater,
        _ => {}
    }
    let number = |piece: &str| {
        let digits = piece.bytes().all(|b| b.is_ascii_digit());
        if digits { piece.parse::<u64>().ok() } else { None }
    };
    match (number(a), number(b)) {
        (None, None) => a.cmp(b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (Some(x), Some(y)) if x > y => Ordering::Greater,
        (Some(_), Some(_)) => Ordering::Less,
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    TildeOrEqual,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

#[derive(Debug, Clone)]
struct Comparison {
    operator: Operator,
    version: Version,
    dirty: bool,
    minor_dirty: bool,
    patch_dirty: bool,
}

/// Comparisons that must all hold.
#[derive(Debug, Clone)]
struct Group {
    comparisons: Vec<Comparison>,
    /// One of them names a prerelease, so prereleases can match.
    prerelease: bool,
}

/// A constraint on versions.
#[derive(Debug, Clone)]
pub struct Constraints(Vec<Group>);

const VERSION: &str = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
/// Go's `\s`, which is ASCII and has no vertical tab.
const SPACE: &str = r"[\t\n\f\r ]";

fn pattern(text: &str) -> Regex {
    let text = text.replace("OPS", OPERATORS).replace("VER", VERSION).replace(r"\s", SPACE);
    Regex::new(&text).expect("the constant pattern compiles")
}

static ONE: LazyLock<Regex> = LazyLock::new(|| pattern(r"^\s*(OPS)\s*(VER)\s*$"));
static RANGE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\s*(VER)\s+-\s+(VER)\s*"));
static FIND: LazyLock<Regex> = LazyLock::new(|| pattern(r"(OPS)\s*(VER)"));
static VALID: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^(\s*(OPS)\s*(VER)\s*)((?:\s+|,\s*)(OPS)\s*(VER)\s*)*$"));

impl Constraints {
    /// Reads a constraint such as `>=1.20.0-0 <2 || ^3.1`.
    pub fn parse(text: &str) -> Result<Self, SemverError> {
        if text.len() > MAX_CONSTRAINT {
            return error(&format!("constraint string is too long (max {MAX_CONSTRAINT} bytes)"));
        }
        let text = rewrite_ranges(text);
        let groups: Vec<&str> = text.split("||").collect();
        if groups.len() > MAX_GROUPS {
            return error(&format!("too many constraint groups (max {MAX_GROUPS})"));
        }
        groups.into_iter().map(Group::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Whether `version` satisfies the constraint.
    pub fn check(&self, version: &Version) -> bool {
        self.0.iter().any(|group| {
            (version.prerelease.is_empty() || group.prerelease)
                && group.comparisons.iter().all(|comparison| comparison.holds(version))
        })
    }
}

/// Helm's `IsCompatibleRange`: whether `version` is one and satisfies `constraint`.
pub fn is_compatible(constraint: &str, version: &str) -> bool {
    match (Version::parse(version), Constraints::parse(constraint)) {
        (Ok(version), Ok(constraint)) => constraint.check(&version),
        _ => false,
    }
}

fn rewrite_ranges(text: &str) -> String {
    let mut out = text.to_owned();
    for range in RANGE.captures_iter(text) {
        let whole = range.get(0).map_or("", |m| m.as_str());
        let (low, high) = (&range[1], range.get(11).map_or("", |m| m.as_str()));
        out = out.replacen(whole, &format!(">= {low}, <= {high} "), 1);
    }
    out
}

impl Group {
    fn parse(text: &str) -> Result<Self, SemverError> {
        if !VALID.is_match(text) {
            return error(&format!("improper constraint: {text:?}"));
        }
        let comparisons: Vec<Comparison> =
            FIND.find_iter(text).map(|found| Comparison::parse(found.as_str())).collect::<Result<_, _>>()?;
        let prerelease = comparisons.iter().any(|comparison| !comparison.version.prerelease.is_empty());
        Ok(Self { comparisons, prerelease })
    }
}

impl Comparison {
    fn parse(text: &str) -> Result<Self, SemverError> {
        let Some(found) = ONE.captures(text) else {
            return error(&format!("improper constraint: {text:?}"));
        };
        let part = |i: usize| found.get(i).map_or("", |m| m.as_str());
        let operator = match part(1) {
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::GreaterEqual,
            "<=" | "=<" => Operator::LessEqual,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => Operator::TildeOrEqual,
        };
        let wild = |text: &str| matches!(text.trim_start_matches('.'), "" | "x" | "X" | "*");
        let (major, minor, patch, prerelease) = (part(3), part(4), part(5), part(6));
        let (mut dirty, mut minor_dirty, mut patch_dirty) = (true, false, false);
        let version = if wild(major) {
            format!("0.0.0{prerelease}")
        } else if wild(minor) {
            minor_dirty = true;
            format!("{major}.0.0{prerelease}")
        } else if wild(patch) {
            patch_dirty = true;
            format!("{major}{minor}.0{prerelease}")
        } else {
            dirty = false;
            part(2).to_owned()
        };
        let Ok(version) = Version::parse(&version) else { return error("constraint parser error") };
        Ok(Self { operator, version, dirty, minor_dirty, patch_dirty })
    }

    fn holds(&self, version: &Version) -> bool {
        let wanted = &self.version;
        match self.operator {
            Operator::TildeOrEqual if self.dirty => self.tilde(version),
            Operator::TildeOrEqual => version == wanted,
            Operator::NotEqual => self.not_equal(version),
            Operator::Greater if !self.dirty => version > wanted,
            Operator::Greater => match version.major.cmp(&wanted.major) {
                Ordering::Greater => true,
                Ordering::Less => false,
                Ordering::Equal if self.minor_dirty => false,
                Ordering::Equal if self.patch_dirty => version.minor > wanted.minor,
                Ordering::Equal => version > wanted,
            },
            Operator::Less => version < wanted,
            Operator::GreaterEqual => version >= wanted,
            Operator::LessEqual if !self.dirty => version <= wanted,
            Operator::LessEqual => {
                version.major < wanted.major
                    || (version.major == wanted.major && (version.minor <= wanted.minor || self.minor_dirty))
            }
            Operator::Tilde => self.tilde(version),
            Operator::Caret => self.caret(version),
        }
    }

    fn not_equal(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if self.dirty {
            if version.major != wanted.major || (version.minor != wanted.minor && !self.minor_dirty) {
                return true;
            }
            if self.minor_dirty {
                return false;
            }
            if version.patch != wanted.patch && !self.patch_dirty {
                return true;
            }
            if self.patch_dirty {
                let named = !version.prerelease.is_empty() || !wanted.prerelease.is_empty();
                return named
                    && compare_prerelease(&version.prerelease, &wanted.prerelease) != Ordering::Equal;
            }
        }
        version != wanted
    }

    fn tilde(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version < wanted {
            return false;
        }
        if wanted.numbers() == (0, 0, 0) && !self.minor_dirty && !self.patch_dirty {
            return true;
        }
        version.major == wanted.major && (version.minor == wanted.minor || self.minor_dirty)
    }

    fn caret(&self, version: &Version) -> bool {
        let wanted = &self.version;
        if version < wanted {
            return false;
        }
        if wanted.major > 0 || self.minor_dirty {
            return version.major == wanted.major;
        }
        if version.major > 0 {
            return false;
        }
        if wanted.minor > 0 || self.patch_dirty {
            return version.minor == wanted.minor;
        }
        version.minor == 0 && version.patch == wanted.patch
    }
}

#[cfg(test)]
mod tests {
    use super::{Version, is_compatible};

    /// Results of Masterminds/semver v3.5.0.
    #[test]
    fn constraints_match_as_masterminds_matches() {
        for (constraint, version, want) in [
            (">=1.20.0-0", "1.20.5-gke.100", true),
            (">=1.20", "1.20.5-gke.100", false),
            ("1.2", "1.2.9", true),
            ("1.2", "1.3.0", false),
            ("1.2.3 - 2", "2.9.0", true),
            ("1.2.3 - 2.9", "2.9.0", true),
            ("^0.2", "0.2.9", true),
            ("^0.2", "0.3.0", false),
            ("~1", "1.9.0", true),
            ("!=1.2.x", "1.2.3", false),
            (">1.2", "1.2.9", false),
            ("<2 || >=3", "v3", true),
            ("", "1.0.0", false),
            ("*", "1.0.0", true),
            ("=>1, =<2", "2", true),
            ("x", "0.1.0-alpha", false),
            ("1.x.x", "1.5.0", true),
        ] {
            assert_eq!(is_compatible(constraint, version), want, "{constraint} {version}");
        }
    }

    #[test]
    fn versions_are_read_loosely_and_compared_by_the_rules() {
        let version = |text: &str| Version::parse(text).unwrap();
        assert_eq!(version("v1.2").to_string(), "1.2.0");
        assert!(version("1.0.0-alpha.9") < version("1.0.0-alpha.10"));
        assert!(version("1.0.0-rc.1") < version("1.0.0"));
        assert_eq!(version("1.0.0+a"), version("1.0.0+b"));
        assert_eq!(Version::parse("1.0.0-01").unwrap_err().to_string(), "version segment starts with 0");
        assert_eq!(Version::parse("notsemver").unwrap_err().to_string(), "invalid semantic version");
    }
}
