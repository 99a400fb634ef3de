//! What the cluster can do, as templates see it (`.Capabilities`).

/// A Kubernetes version (`.Capabilities.KubeVersion`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeVersion {
    /// The full text with a leading `v`: `v1.33.4-gke.1245000`.
    pub version: String,
    /// `v1.33.4`: without suffixes, for constraints.
    pub normalized: String,
    /// `1`.
    pub major: String,
    /// `33`.
    pub minor: String,
}

impl KubeVersion {
    /// Reads `1.34`, `v1.34.0`, `v1.33.4-gke.1245000` (Helm's `ParseKubeVersion`, Kubernetes' `ParseGeneric`):
    /// two or more numbers, then anything.
    ///
    /// # Errors
    /// Go's text: `could not parse "x" as version`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("could not parse {text:?} as version");
        let trimmed = text.trim();
        let bare = trimmed.strip_prefix('v').unwrap_or(trimmed);
        let mut numbers = Vec::new();
        let mut rest = bare;
        loop {
            let end = rest.bytes().take_while(u8::is_ascii_digit).count();
            if end == 0 {
                break;
            }
            numbers.push(&rest[..end]);
            match rest[end..].strip_prefix('.') {
                Some(after) => rest = after,
                None => break,
            }
        }
        match numbers.len() {
            0 => return Err(bad()),
            1 => return Err(format!("illegal version string {text:?}")),
            _ => {}
        }
        if numbers[0].len() > 1 && numbers[0].starts_with('0') {
            return Err(format!("illegal zero-prefixed version component {:?} in {text:?}", numbers[0]));
        }
        let numbers: Vec<u64> =
            numbers.iter().map(|number| number.parse().map_err(|_| bad())).collect::<Result<_, _>>()?;
        let joined: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        Ok(Self {
            version: if text.starts_with('v') { text.to_owned() } else { format!("v{text}") },
            normalized: format!("v{}", joined.join(".")),
            major: joined[0].clone(),
            minor: joined[1].clone(),
        })
    }
}

/// `.Capabilities`: the Kubernetes version, the API versions (and kinds, `apps/v1/Deployment`, when they come
/// from a cluster), in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capabilities {
    /// The cluster's version. Default v1.36.0.
    pub kube_version: KubeVersion,
    /// What `.Capabilities.APIVersions.Has` knows. Default [`DEFAULT_API_VERSIONS`].
    pub api_versions: Vec<String>,
    /// `.Capabilities.HelmVersion.Version`. Default `v4.2.3`.
    pub helm_version: String,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            kube_version: KubeVersion {
                version: "v1.36.0".into(),
                normalized: "v1.36.0".into(),
                major: "1".into(),
                minor: "36".into(),
            },
            api_versions: DEFAULT_API_VERSIONS.iter().map(|&v| v.to_owned()).collect(),
            helm_version: "v4.2.3".into(),
        }
    }
}

/// The API versions Helm 4.2.3 assumes without a cluster, in its order: those of client-go 0.36.
pub const DEFAULT_API_VERSIONS: &[&str] = &[
    "v1",
    "admissionregistration.k8s.io/v1",
    "admissionregistration.k8s.io/v1alpha1",
    "admissionregistration.k8s.io/v1beta1",
    "internal.apiserver.k8s.io/v1alpha1",
    "apps/v1",
    "apps/v1beta1",
    "apps/v1beta2",
    "authentication.k8s.io/v1",
    "authentication.k8s.io/v1alpha1",
    "authentication.k8s.io/v1beta1",
    "authorization.k8s.io/v1",
    "authorization.k8s.io/v1beta1",
    "autoscaling/v1",
    "autoscaling/v2",
    "batch/v1",
    "batch/v1beta1",
    "certificates.k8s.io/v1",
    "certificates.k8s.io/v1beta1",
    "certificates.k8s.io/v1alpha1",
    "coordination.k8s.io/v1alpha2",
    "coordination.k8s.io/v1beta1",
    "coordination.k8s.io/v1",
    "discovery.k8s.io/v1",
    "discovery.k8s.io/v1beta1",
    "events.k8s.io/v1",
    "events.k8s.io/v1beta1",
    "extensions/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1",
    "flowcontrol.apiserver.k8s.io/v1beta1",
    "flowcontrol.apiserver.k8s.io/v1beta2",
    "flowcontrol.apiserver.k8s.io/v1beta3",
    "networking.k8s.io/v1",
    "networking.k8s.io/v1beta1",
    "node.k8s.io/v1",
    "node.k8s.io/v1alpha1",
    "node.k8s.io/v1beta1",
    "policy/v1",
    "policy/v1beta1",
    "rbac.authorization.k8s.io/v1",
    "rbac.authorization.k8s.io/v1beta1",
    "rbac.authorization.k8s.io/v1alpha1",
    "resource.k8s.io/v1",
    "resource.k8s.io/v1beta2",
    "resource.k8s.io/v1beta1",
    "resource.k8s.io/v1alpha3",
    "scheduling.k8s.io/v1alpha2",
    "scheduling.k8s.io/v1beta1",
    "scheduling.k8s.io/v1",
    "storage.k8s.io/v1beta1",
    "storage.k8s.io/v1",
    "storage.k8s.io/v1alpha1",
    "storagemigration.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1beta1",
    "apiextensions.k8s.io/v1",
];
