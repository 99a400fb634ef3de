//! Which product a registry is: it decides how its charts can be listed.

use serde::{Deserialize, Serialize};

use crate::url_shape::is_docker_hub;
use crate::{Error, OciClient};

/// A kind of registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Family {
    /// Docker Hub.
    DockerHub,
    /// GitHub Container Registry.
    Ghcr,
    /// Amazon ECR, private.
    Ecr,
    /// Amazon ECR Public.
    EcrPublic,
    /// Azure Container Registry.
    Acr,
    /// Google Artifact Registry (and what is left of Container Registry).
    Google,
    /// Quay, hosted or own.
    Quay,
    /// Harbor.
    Harbor,
    /// GitLab's registry, hosted or own.
    #[serde(rename = "gitlab")]
    GitLab,
    /// `JFrog` Artifactory.
    Artifactory,
    /// Anything else that follows the specification (distribution, zot, …).
    Other,
}

impl Family {
    /// What the host's name alone says.
    pub fn of_host(host: &str) -> Option<Self> {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        let ends = |suffix: &str| name.ends_with(suffix);
        Some(match name {
            _ if is_docker_hub(host) => Self::DockerHub,
            "ghcr.io" => Self::Ghcr,
            "public.ecr.aws" => Self::EcrPublic,
            "quay.io" => Self::Quay,
            "registry.gitlab.com" => Self::GitLab,
            "gcr.io" => Self::Google,
            _ if ends(".pkg.dev") || ends(".gcr.io") => Self::Google,
            _ if name.contains(".dkr.ecr") || name.contains(".dkr-ecr") => Self::Ecr,
            _ if [".azurecr.io", ".azurecr.cn", ".azurecr.us", ".azurecr.de"].iter().any(|s| ends(s)) => {
                Self::Acr
            }
            _ if ends(".jfrog.io") => Self::Artifactory,
            _ => return None,
        })
    }

    /// What the challenge of `GET /v2/` says.
    pub fn of_challenge(header: &str) -> Option<Self> {
        let has = |text: &str| header.contains(text);
        if has("harbor-registry") {
            Some(Self::Harbor)
        } else if has("/jwt/auth") && has("container_registry") {
            Some(Self::GitLab)
        } else if has("/v2/auth") {
            Some(Self::Quay)
        } else if has("Artifactory") || has("/artifactory/") {
            Some(Self::Artifactory)
        } else {
            None
        }
    }

    /// The family of `client`'s registry: by its host, else by one unauthenticated request, remembered by the pool.
    pub async fn detect(client: &OciClient) -> Result<Self, Error> {
        let host = client.url().host();
        if let Some(family) = Self::of_host(host) {
            return Ok(family);
        }
        let pool = client.transport.pool();
        if let Some(family) = pool.family(host) {
            return Ok(family);
        }
        let (_, challenges) = client.probe().await?;
        let family = challenges.iter().find_map(|c| Self::of_challenge(c)).unwrap_or(Self::Other);
        pool.learn_family(host, family);
        Ok(family)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_and_challenges_tell_the_family() {
        for (host, family) in [
            ("docker.io", Family::DockerHub),
            ("1.dkr.ecr.eu-west-1.amazonaws.com", Family::Ecr),
            ("1.dkr-ecr.us-east-1.on.aws", Family::Ecr),
            ("public.ecr.aws", Family::EcrPublic),
            ("me.azurecr.io", Family::Acr),
            ("europe-docker.pkg.dev", Family::Google),
            ("eu.gcr.io", Family::Google),
            ("registry.gitlab.com", Family::GitLab),
        ] {
            assert_eq!(Family::of_host(host), Some(family), "{host}");
        }
        assert_eq!(Family::of_host("127.0.0.1:5000"), None);
        let harbor = r#"Bearer realm="https://h.example/service/token",service="harbor-registry""#;
        assert_eq!(Family::of_challenge(harbor), Some(Family::Harbor));
        let gitlab = r#"Bearer realm="https://g.example/jwt/auth",service="container_registry""#;
        assert_eq!(Family::of_challenge(gitlab), Some(Family::GitLab));
        assert_eq!(Family::of_challenge(r#"Basic realm="x""#), None);
    }
}
