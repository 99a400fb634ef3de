//! Kinds that Kubernetes calls deprecated.

use crate::KubeVersion;

/// Rows of API version, minor releases that deprecate and remove it, replacement and kinds.
const TABLE: &str = include_str!("deprecated_kinds.txt");

/// Whether a kind is still good in a version of Kubernetes; kinds that are not Kubernetes' own are.
///
/// # Errors
/// The warning that the API server gives.
pub(super) fn check(api_version: &str, kind: &str, version: &KubeVersion) -> Result<(), String> {
    if api_version.is_empty() || kind.is_empty() {
        return Ok(());
    }
    let number = |text: &str| {
        text.parse::<i64>().map_err(|_| format!("strconv.Atoi: parsing {text:?}: invalid syntax"))
    };
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    for row in rows {
        let mut cells = row.split(' ');
        let mut cell = || cells.next().unwrap_or_default();
        let (api, deprecated, removed, replacement, kinds) = (cell(), cell(), cell(), cell(), cell());
        if api != api_version || !kinds.split(',').any(|known| known == kind) {
            continue;
        }
        let (major, minor) = (number(&version.major)?, number(&version.minor)?);
        let since = deprecated.parse().unwrap_or(i64::MAX);
        if (major, minor) != (0, 0) && (major, minor) < (1, since) {
            continue;
        }
        let mut text = format!("{api_version} {kind} is deprecated in v1.{deprecated}+");
        if removed != "0" {
            text.push_str(&format!(", unavailable in v1.{removed}+"));
        }
        if replacement != "-" {
            let (api, kind) = replacement.split_once('#').unwrap_or((replacement, kind));
            text.push_str(&format!("; use {api} {kind}"));
        }
        return Err(text);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_deprecated_from_its_release_on() {
        let at = |version: &str| {
            check("batch/v1beta1", "CronJob", &KubeVersion::parse(version).unwrap()).unwrap_err()
        };
        assert_eq!(
            at("1.21"),
            "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob"
        );
        assert!(check("batch/v1beta1", "CronJob", &KubeVersion::parse("1.20").unwrap()).is_ok());
        assert!(check("batch/v1", "CronJob", &KubeVersion::parse("1.36").unwrap()).is_ok());
    }
}
