//! What the repositories offer.

use pilothouse_chart::semver::Constraints;

/// Whether a text is a version or a range.
pub fn check_range(text: &str) -> Result<(), String> {
    Constraints::parse(text).map(drop).map_err(|_| {
        format!("`{text}` is neither a version nor a range; write for example `1.2.3`, `1.x`, `>=1.2.0 <2.0.0` or `*`")
    })
}
