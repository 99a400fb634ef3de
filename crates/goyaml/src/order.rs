//! goyaml.v2's order of mapping keys.

use std::cmp::Ordering;

/// Compares two keys as goyaml.v2 sorts a map: numbers inside strings by value (`a9` before `a10`),
/// other characters before letters.
/// Source: goyaml.v2 `keyList.Less`.
pub fn compare_keys(a: &str, b: &str) -> Ordering {
    compare(a, b, false)
}

/// Compares two keys as goyaml.v3 does, for [`crate::Emitter::pretty`]: after a common digit, letters come
/// before other characters.
/// Source: goyaml.v3 `keyList.Less`.
pub fn compare_keys_pretty(a: &str, b: &str) -> Ordering {
    compare(a, b, true)
}

fn compare(a: &str, b: &str, letters_first_after_digit: bool) -> Ordering {
    let same = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    if same == a.len() || same == b.len() {
        return a.len().cmp(&b.len());
    }
    let mut same = same;
    while !a.is_char_boundary(same) {
        same -= 1;
    }
    let (rest_a, rest_b) = (&a[same..], &b[same..]);
    let (Some(x), Some(y)) = (rest_a.chars().next(), rest_b.chars().next()) else {
        return a.len().cmp(&b.len());
    };
    let order = match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => Ordering::Greater,
        (false, true) => Ordering::Less,
        (false, false) => Ordering::Equal,
    };
    if order != Ordering::Equal {
        let after_digit = letters_first_after_digit && a[..same].chars().next_back().is_some_and(is_digit);
        return if after_digit { order.reverse() } else { order };
    }
    // A zero where the strings part counts as a digit of a longer number only if a digit other than zero
    // stands before it.
    let mut start = 0;
    if x == '0' || y == '0' {
        let before = a[..same].chars().rev().take_while(|c| c.is_numeric());
        if before.into_iter().any(|c| c != '0') {
            start = 1;
        }
    }
    let (value_a, length_a) = leading_number(rest_a, start);
    let (value_b, length_b) = leading_number(rest_b, start);
    value_a.cmp(&value_b).then(length_a.cmp(&length_b)).then(x.cmp(&y))
}

fn leading_number(text: &str, start: i64) -> (i64, usize) {
    text.chars().take_while(|c| is_digit(*c)).fold((start, 0), |(value, length), c| {
        let digit = i64::from(u32::from(c)) - i64::from(b'0');
        (value.wrapping_mul(10).wrapping_add(digit), length + 1)
    })
}

/// Go's `unicode.IsDigit`, for ASCII.
fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}
