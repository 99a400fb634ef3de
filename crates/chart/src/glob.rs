//! Go's `filepath.Match` patterns.

/// A compiled pattern: `*` and `?` do not match `/`, `[a-z]` and `[^a]` are classes, `\` quotes.
#[derive(Debug, Clone)]
pub struct Glob(Vec<Piece>);

/// The pattern is malformed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

#[derive(Debug, Clone)]
enum Piece {
    Char(char),
    Any,
    Star,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

impl Glob {
    /// Compiles a pattern.
    pub fn new(pattern: &str) -> Result<Self, BadPattern> {
        let mut pieces = Vec::new();
        let mut chars = pattern.chars().peekable();
        while let Some(c) = chars.next() {
            pieces.push(match c {
                '*' => Piece::Star,
                '?' => Piece::Any,
                '\\' => Piece::Char(chars.next().ok_or(BadPattern)?),
                '[' => {
                    let negated = chars.next_if_eq(&'^').is_some();
                    let mut ranges = Vec::new();
                    while ranges.is_empty() || chars.next_if_eq(&']').is_none() {
                        let low = class_char(&mut chars)?;
                        let high =
                            if chars.next_if_eq(&'-').is_some() { class_char(&mut chars)? } else { low };
                        ranges.push((low, high));
                    }
                    Piece::Class { negated, ranges }
                }
                other => Piece::Char(other),
            });
        }
        Ok(Self(pieces))
    }

    /// Whether the whole name matches. Takes time proportional to pattern times name.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut piece, mut at) = (0, 0);
        let mut retry: Option<(usize, usize)> = None;
        loop {
            match self.0.get(piece) {
                Some(Piece::Star) => {
                    retry = Some((piece, at));
                    piece += 1;
                    continue;
                }
                Some(other) if at < name.len() && other.accepts(name[at]) => {
                    piece += 1;
                    at += 1;
                    continue;
                }
                None if at == name.len() => return true,
                _ => {}
            }
            match retry {
                Some((star, from)) if from < name.len() && name[from] != '/' => {
                    retry = Some((star, from + 1));
                    piece = star + 1;
                    at = from + 1;
                }
                _ => return false,
            }
        }
    }
}

fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<char, BadPattern> {
    match chars.next() {
        None | Some('-' | ']') => Err(BadPattern),
        Some('\\') => chars.next().ok_or(BadPattern),
        Some(c) if chars.peek().is_some() => Ok(c),
        Some(_) => Err(BadPattern),
    }
}

impl Piece {
    fn accepts(&self, c: char) -> bool {
        match self {
            Self::Char(wanted) => *wanted == c,
            Self::Any => c != '/',
            Self::Star => false,
            Self::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) != *negated
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn patterns_match_as_gos_filepath_match() {
        for (pattern, name, want) in [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "d/a.yaml", false),
            ("*/*.yaml", "d/a.yaml", true),
            ("a?c", "abc", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            (r"\*", "*", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXbY", false),
            ("", "", true),
        ] {
            assert_eq!(Glob::new(pattern).unwrap().matches(name), want, "{pattern} {name}");
        }
        for bad in ["[", "[a", "[]a]", "a\\", "[-]"] {
            assert!(Glob::new(bad).is_err(), "{bad}");
        }
    }
}
