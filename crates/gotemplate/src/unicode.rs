//! Runes as Go sees them: UTF-8 decoding with U+FFFD for invalid bytes, and Go's character classes.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// Decodes the first rune and its width; `(U+FFFD, 1)` for invalid UTF-8, `None` at the end.
pub fn decode(bytes: &[u8]) -> Option<(char, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((char::from(first), 1));
    }
    let width = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((char::REPLACEMENT_CHARACTER, 1)),
    };
    let decoded = bytes.get(..width).and_then(|part| std::str::from_utf8(part).ok());
    Some(
        decoded.and_then(|text| text.chars().next()).map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, width)),
    )
}

/// Width of the last rune; 1 for invalid UTF-8, 0 if empty.
pub(crate) fn last_width(bytes: &[u8]) -> usize {
    for width in 1..=4.min(bytes.len()) {
        let tail = &bytes[bytes.len() - width..];
        if tail[0] & 0xc0 != 0x80 {
            return if decode(tail).is_some_and(|(_, w)| w == width) { width } else { 1 };
        }
    }
    bytes.len().min(1)
}

/// The runes of a Go string.
pub fn runes(bytes: &[u8]) -> Runes<'_> {
    Runes { bytes, position: 0 }
}

/// Iterator over positions and runes, as Go's `range` over a string.
pub struct Runes<'b> {
    bytes: &'b [u8],
    position: usize,
}

impl Iterator for Runes<'_> {
    type Item = (usize, char);
    fn next(&mut self) -> Option<Self::Item> {
        let (rune, width) = decode(&self.bytes[self.position..])?;
        let position = self.position;
        self.position += width;
        Some((position, rune))
    }
}

/// Number of runes.
pub fn rune_count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() { bytes.len() } else { runes(bytes).count() }
}

/// `unicode.IsLetter`.
pub fn is_letter(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_alphabetic();
    }
    rune.general_category_group() == GeneralCategoryGroup::Letter
}

/// `unicode.IsDigit`.
pub fn is_digit(rune: char) -> bool {
    if rune.is_ascii() {
        return rune.is_ascii_digit();
    }
    rune.general_category() == unicode_properties::GeneralCategory::DecimalNumber
}

/// `unicode.IsPrint` and `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_print(rune: char) -> bool {
    if rune.is_ascii() {
        return (' '..='~').contains(&rune);
    }
    matches!(
        rune.general_category_group(),
        GeneralCategoryGroup::Letter
            | GeneralCategoryGroup::Mark
            | GeneralCategoryGroup::Number
            | GeneralCategoryGroup::Punctuation
            | GeneralCategoryGroup::Symbol
    )
}
