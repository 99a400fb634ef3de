//! The patterns of `.Files.Glob`: gobwas/glob with `/` as separator.

/// A compiled pattern: `*` and `?` stop at `/`, `**` does not; `[abc]`, `[!a]`, `[a-z]`, `{a,b*}`, `\x`.
#[derive(Debug, Clone)]
pub(crate) struct Glob(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Char(char),
    /// Any character but the separator.
    One,
    /// Any characters but the separator.
    Some,
    /// Any characters.
    All,
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
    Alternatives(Vec<Vec<Self>>),
}

/// Nesting of `{…}`.
const MAX_DEPTH: usize = 16;
/// Comparisons that one match may take; patterns with many stars are quadratic and worse.
const MAX_STEPS: usize = 1_000_000;

impl Glob {
    /// Compiles a pattern; `None` if it is malformed.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        let chars: Vec<char> = pattern.chars().collect();
        let mut at = 0;
        let pieces = sequence(&chars, &mut at, 0)?;
        (at >= chars.len()).then_some(Self(pieces))
    }

    /// Whether the whole path matches.
    pub(crate) fn matches(&self, path: &str) -> bool {
        let path: Vec<char> = path.chars().collect();
        let pieces: Vec<&Piece> = self.0.iter().collect();
        matches_from(&pieces, &path, &mut 0)
    }
}

/// Reads pieces up to the end, or within braces up to `,` or `}`.
fn sequence(chars: &[char], at: &mut usize, depth: usize) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
    while let Some(&c) = chars.get(*at) {
        match c {
            ',' | '}' if depth > 0 => break,
            '*' => {
                let stars = chars[*at..].iter().take_while(|&&c| c == '*').count();
                *at += stars - 1;
                pieces.push(if stars > 1 { Piece::All } else { Piece::Some });
            }
            '?' => pieces.push(Piece::One),
            '\\' => {
                *at += 1;
                pieces.push(Piece::Char(*chars.get(*at)?));
            }
            '[' => pieces.push(class(chars, at)?),
            '{' => {
                if depth >= MAX_DEPTH {
                    return None;
                }
                let mut alternatives = Vec::new();
                // Braces that are not closed end with the pattern.
                while *at < chars.len() && chars[*at] != '}' {
                    *at += 1;
                    alternatives.push(sequence(chars, at, depth + 1)?);
                }
                pieces.push(Piece::Alternatives(alternatives));
            }
            c => pieces.push(Piece::Char(c)),
        }
        *at += 1;
    }
    Some(pieces)
}

/// Reads `[…]`; the cursor stays on `]`.
fn class(chars: &[char], at: &mut usize) -> Option<Piece> {
    *at += 1;
    let negated = chars.get(*at) == Some(&'!');
    if negated {
        *at += 1;
    }
    let mut ranges = Vec::new();
    while *chars.get(*at)? != ']' {
        if chars[*at] == '\\' {
            *at += 1;
        }
        let low = *chars.get(*at)?;
        let mut high = low;
        if chars.get(*at + 1) == Some(&'-') && chars.get(*at + 2).is_some_and(|&c| c != ']') {
            high = chars[*at + 2];
            *at += 2;
        }
        ranges.push((low, high));
        *at += 1;
    }
    (!ranges.is_empty()).then_some(Piece::Class { negated, ranges })
}

fn matches_from(pieces: &[&Piece], path: &[char], steps: &mut usize) -> bool {
    *steps += 1;
    if *steps > MAX_STEPS {
        return false;
    }
    let Some((piece, rest)) = pieces.split_first() else { return path.is_empty() };
    match piece {
        Piece::Char(c) => path.first() == Some(c) && matches_from(rest, &path[1..], steps),
        Piece::One => path.first().is_some_and(|&c| c != '/') && matches_from(rest, &path[1..], steps),
        Piece::Class { negated, ranges } => path.first().is_some_and(|&c| {
            ranges.iter().any(|&(low, high)| (low..=high).contains(&c)) != *negated
                && matches_from(rest, &path[1..], steps)
        }),
        Piece::Some | Piece::All => {
            let crosses = matches!(piece, Piece::All);
            for end in 0..=path.len() {
                if matches_from(rest, &path[end..], steps) {
                    return true;
                }
                if !crosses && path.get(end) == Some(&'/') {
                    return false;
                }
            }
            false
        }
        Piece::Alternatives(alternatives) => alternatives.iter().any(|alternative| {
            let joined: Vec<&Piece> = alternative.iter().chain(rest.iter().copied()).collect();
            matches_from(&joined, path, steps)
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::Glob;

    #[test]
    fn stars_stop_at_slashes_unless_doubled() {
        let matches = |pattern: &str, path: &str| Glob::new(pattern).is_some_and(|glob| glob.matches(path));
        assert!(matches("files/*.txt", "files/a.txt"));
        assert!(!matches("files/*", "files/sub/a"));
        assert!(matches("files/**", "files/sub/a"));
        assert!(matches("{a,b*}.[!x]", "bcd.y"));
        assert!(!matches("", "a"));
        assert!(!matches("files/{a", "files/b"));
    }
}
