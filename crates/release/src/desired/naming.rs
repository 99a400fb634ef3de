//! Names of the release, its namespaces and its HelmChart.

use pilothouse_resources::{HelmChartTemplate, HelmReleaseSpec};
use sha2::{Digest as _, Sha256};

/// Longest name of a release (Helm's limit).
const MAX_RELEASE_NAME: usize = 53;

/// Name and namespaces of a release.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Name of the release.
    pub name: String,
    /// Namespace its objects go to.
    pub namespace: String,
    /// Namespace its records are kept in.
    pub storage_namespace: String,
}

impl Target {
    /// The target of a HelmRelease: `targetNamespace` and `storageNamespace` default to its own namespace.
    pub fn of(namespace: &str, name: &str, spec: &HelmReleaseSpec) -> Self {
        let own = |choice: &Option<String>| choice.clone().unwrap_or_else(|| namespace.to_owned());
        Self {
            name: release_name(name, spec),
            namespace: own(&spec.target_namespace),
            storage_namespace: own(&spec.storage_namespace),
        }
    }
}

/// Name of the release: `spec.releaseName` or `[targetNamespace-]name`, shortened with a hash beyond 53 characters.
pub fn release_name(name: &str, spec: &HelmReleaseSpec) -> String {
    let full = match (&spec.release_name, &spec.target_namespace) {
        (Some(release_name), _) => release_name.clone(),
        (None, Some(namespace)) => format!("{namespace}-{name}"),
        (None, None) => name.to_owned(),
    };
    if full.len() <= MAX_RELEASE_NAME {
        return full;
    }
    let hash = hex::encode(Sha256::digest(full.as_bytes()));
    let start: String = full.chars().take(40).collect();
    format!("{start}-{}", &hash[..12])
}

/// Name of the HelmChart that is made for a HelmRelease, and the namespace it goes to: that of the source.
pub fn helm_chart_name(namespace: &str, name: &str, template: &HelmChartTemplate) -> (String, String) {
    let source_namespace = template.spec.source_ref.namespace.as_deref().unwrap_or(namespace);
    (source_namespace.to_owned(), format!("{namespace}-{name}"))
}

/// The version of a chart from an OCIRepository: the first twelve digits of the digest become build metadata, so
/// that a moved tag is a change.
pub fn chart_version_with_digest(version: &str, digest: &str) -> String {
    let digits = digest.rsplit(':').next().unwrap_or(digest);
    let short: String = digits.chars().take(12).collect();
    match version.split_once('+') {
        Some((bare, _)) => format!("{bare}+{short}"),
        None => format!("{version}+{short}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(release_name: Option<&str>, target: Option<&str>) -> HelmReleaseSpec {
        HelmReleaseSpec {
            release_name: release_name.map(str::to_owned),
            target_namespace: target.map(str::to_owned),
            ..HelmReleaseSpec::default()
        }
    }

    #[test]
    fn the_name_is_composed_and_kept_within_53_characters() {
        assert_eq!(release_name("web", &spec(None, None)), "web");
        assert_eq!(release_name("web", &spec(None, Some("apps"))), "apps-web");
        assert_eq!(release_name("web", &spec(Some("other"), Some("apps"))), "other");
        let long = "a".repeat(60);
        let name = release_name(&long, &spec(None, None));
        assert_eq!(name.len(), MAX_RELEASE_NAME);
        assert_eq!(
            name,
            format!("{}-{}", "a".repeat(40), &hex::encode(Sha256::digest(long.as_bytes()))[..12])
        );
    }

    #[test]
    fn namespaces_default_to_the_resources_own() {
        let target = Target::of("apps", "web", &spec(None, Some("prod")));
        assert_eq!((target.namespace.as_str(), target.storage_namespace.as_str()), ("prod", "apps"));
    }

    #[test]
    fn a_digest_becomes_build_metadata() {
        let digest = "sha256:233fc41ea8e4ae2ee29f283e6867c";
        assert_eq!(chart_version_with_digest("1.0.0", digest), "1.0.0+233fc41ea8e4");
        assert_eq!(chart_version_with_digest("1.0.0+build", digest), "1.0.0+233fc41ea8e4");
    }
}
