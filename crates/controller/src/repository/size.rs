//! Sizes as Flux's events name them.

/// A size as Go's `units` prints it: four digits, powers of 1000 (`3.25kB`, `1.052kB`, `12.3MB`).
pub(super) fn human_size(bytes: u64) -> String {
    let mut size = bytes as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if size < 1000.0 {
            return format!("{}{unit}", four_digits(size));
        }
        size /= 1000.0;
    }
    format!("{}TB", four_digits(size))
}

/// `%.4g` of Go: four significant digits, no zeros at the end.
fn four_digits(number: f64) -> String {
    let whole = format!("{:.0}", number.trunc()).len();
    let text = format!("{number:.*}", 4_usize.saturating_sub(whole));
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_as_in_fluxs_events() {
        for (bytes, text) in
            [(3250, "3.25kB"), (1052, "1.052kB"), (999, "999B"), (12_345_678, "12.35MB"), (0, "0B")]
        {
            assert_eq!(human_size(bytes), text);
        }
    }
}
