//! Which texts goyaml.v2 takes for a timestamp. They stay strings, but the emitter quotes them.

/// Whether one of goyaml.v2's four layouts fits: a date, or a date and a time after `T`, `t` (with a zone)
/// or a space (without one).
pub(crate) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() < 8 || bytes[4] != b'-' || !bytes[..4].iter().all(u8::is_ascii_digit) {
        return false;
    }
    let year: u32 = bytes[..4].iter().fold(0, |year, b| year * 10 + u32::from(b - b'0'));
    let mut cursor = Cursor { bytes, at: 5 };
    let Some(month) = cursor.number(1, 12) else { return false };
    if !cursor.eat(b'-') {
        return false;
    }
    let Some(day) = cursor.number(1, 31) else { return false };
    if day > days_in(month, year) {
        return false;
    }
    match cursor.next() {
        None => true,
        Some(b'T' | b't') => cursor.time() && cursor.zone() && cursor.next().is_none(),
        Some(b' ') => cursor.time() && cursor.next().is_none(),
        Some(_) => false,
    }
}

fn days_in(month: u32, year: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Cursor<'_> {
    fn next(&mut self) -> Option<u8> {
        let byte = self.bytes.get(self.at).copied();
        self.at += 1;
        byte
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.bytes.get(self.at) == Some(&byte);
        self.at += usize::from(found);
        found
    }

    /// One or two digits within the bounds.
    fn number(&mut self, least: u32, most: u32) -> Option<u32> {
        let mut value = None;
        for _ in 0..2 {
            match self.bytes.get(self.at) {
                Some(digit) if digit.is_ascii_digit() => {
                    value = Some(value.unwrap_or(0) * 10 + u32::from(digit - b'0'));
                    self.at += 1;
                }
                _ => break,
            }
        }
        value.filter(|value| (least..=most).contains(value))
    }

    /// `15:4:5`, with an optional fraction after `.` or `,`.
    fn time(&mut self) -> bool {
        let fits = self.number(0, 23).is_some()
            && self.eat(b':')
            && self.number(0, 59).is_some()
            && self.eat(b':')
            && self.number(0, 59).is_some();
        if fits && (self.bytes.get(self.at) == Some(&b'.') || self.bytes.get(self.at) == Some(&b',')) {
            let digits = self.bytes[self.at + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
            if digits > 0 {
                self.at += 1 + digits;
            }
        }
        fits
    }

    /// `Z` or `+01:00`.
    fn zone(&mut self) -> bool {
        if self.eat(b'Z') {
            return true;
        }
        let rest = self.bytes.get(self.at..self.at + 6);
        self.at += 6;
        match rest {
            Some([b'+' | b'-', a, b, b':', c, d]) => {
                let pair =
                    |high: &u8, low: &u8| (high.wrapping_sub(b'0') * 10).wrapping_add(low.wrapping_sub(b'0'));
                [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()) && pair(a, b) <= 24 && pair(c, d) < 60
            }
            _ => false,
        }
    }
}
