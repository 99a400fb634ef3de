use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Names an object in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LocalObjectReference {
    /// Name of the referent.
    pub name: String,
}

impl<T: Into<String>> From<T> for LocalObjectReference {
    fn from(name: T) -> Self {
        Self { name: name.into() }
    }
}

/// Names a key of a Secret in the same namespace.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SecretKeyReference {
    /// Name of the Secret.
    pub name: String,
    /// Key in the Secret; `value` or `value.yaml` where not set.
    pub key: Option<String>,
}

/// How a registry or bucket of a cloud is logged in to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// With the credentials of a Secret, or anonymously.
    #[default]
    Generic,
    /// Amazon Web Services.
    Aws,
    /// Microsoft Azure.
    Azure,
    /// Google Cloud.
    Gcp,
}

/// How a signature is verified.
#[serde_with::skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// Provider specifies the technology used to sign the artifact. Default: cosign.
    #[serde(default)]
    pub provider: VerificationProvider,
    /// SecretRef names the Secret with the trusted public keys.
    pub secret_ref: Option<LocalObjectReference>,
    /// MatchOIDCIdentity specifies the identity matching criteria for keyless signatures; one match suffices.
    #[serde(rename = "matchOIDCIdentity")]
    pub match_oidc_identity: Option<Vec<OidcIdentityMatch>>,
    /// TrustedRootSecretRef names the Secret with a Sigstore `trusted_root.json` (OCIRepository only).
    pub trusted_root_secret_ref: Option<LocalObjectReference>,
}

/// The technology used to sign an artifact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerificationProvider {
    /// Sigstore cosign.
    #[default]
    Cosign,
    /// Notary Project's notation.
    Notation,
}

/// A certificate identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OidcIdentityMatch {
    /// Issuer is a regular expression matched against the OIDC issuer in the certificate.
    pub issuer: String,
    /// Subject is a regular expression matched against the identity subject in the certificate.
    pub subject: String,
}
