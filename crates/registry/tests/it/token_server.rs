//! The token server of a registry in token mode (distribution specification, token authentication).

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, SigningKey as _};

/// Issues ES256 tokens to one user, with exactly the access that was asked for.
pub(crate) struct TokenServer {
    realm: String,
    certificate: String,
    issuer: Arc<Issuer>,
}

struct Issuer {
    key: KeyPair,
    certificate: Vec<u8>,
    authorization: String,
    issued: AtomicUsize,
}

#[derive(serde::Deserialize)]
struct TokenQuery {
    service: String,
    scope: Option<String>,
}

impl TokenServer {
    /// Starts it on loopback, in the runtime of the caller.
    pub(crate) async fn start(user: &str, password: &str) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let certificate = CertificateParams::new(vec!["test".into()]).unwrap().self_signed(&key).unwrap();
        let issuer = Arc::new(Issuer {
            key,
            certificate: certificate.der().to_vec(),
            authorization: format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))),
            issued: AtomicUsize::new(0),
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let realm = format!("http://{}/token", listener.local_addr().unwrap());
        let app = Router::new().route("/token", get(token)).with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { realm, certificate: certificate.pem(), issuer }
    }

    /// The section `auth` of the registry's configuration; its certificate is written into `folder`.
    pub(crate) fn registry_section(&self, folder: &Path) -> String {
        let file = folder.join("token.pem");
        std::fs::write(&file, &self.certificate).unwrap();
        format!(
            "auth: {{token: {{realm: '{}', service: test-registry, issuer: test, rootcertbundle: '{}'}}}}\n",
            self.realm,
            file.display()
        )
    }

    /// How many tokens were issued.
    pub(crate) fn issued(&self) -> usize {
        self.issuer.issued.load(Ordering::Relaxed)
    }
}

async fn token(
    State(issuer): State<Arc<Issuer>>,
    Query(query): Query<TokenQuery>,
    headers: HeaderMap,
) -> Result<axum::Json<serde_json::Value>, StatusCode> {
    let given = headers.get("authorization").and_then(|v| v.to_str().ok());
    if given != Some(issuer.authorization.as_str()) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    issuer.issued.fetch_add(1, Ordering::Relaxed);
    Ok(axum::Json(serde_json::json!({"token": issuer.sign(&query), "expires_in": 300})))
}

impl Issuer {
    fn sign(&self, query: &TokenQuery) -> String {
        let access = |scope: &str| {
            let (kind, rest) = scope.split_once(':').unwrap();
            let (name, actions) = rest.rsplit_once(':').unwrap();
            let actions: Vec<&str> = actions.split(',').collect();
            serde_json::json!({"type": kind, "name": name, "actions": actions})
        };
        let access: Vec<_> = query.scope.iter().flat_map(|scopes| scopes.split(' ')).map(access).collect();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let header =
            serde_json::json!({"typ": "JWT", "alg": "ES256", "x5c": [STANDARD.encode(&self.certificate)]});
        let claims = serde_json::json!({
            "iss": "test", "sub": "u", "aud": query.service, "exp": now + 300, "nbf": now - 10, "iat": now,
            "jti": format!("{now}"), "access": access,
        });
        let part = |v: &serde_json::Value| URL_SAFE_NO_PAD.encode(v.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = raw_signature(&self.key.sign(signed.as_bytes()).unwrap());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// An ASN.1 ECDSA signature as JWS wants it: r and s, 32 bytes each.
fn raw_signature(der: &[u8]) -> Vec<u8> {
    let mut raw = Vec::new();
    let mut rest = &der[2..];
    for _ in 0..2 {
        let length = usize::from(rest[1]);
        let number = &rest[2..2 + length];
        let number = &number[number.len().saturating_sub(32)..];
        raw.extend(std::iter::repeat_n(0, 32 - number.len()));
        raw.extend_from_slice(number);
        rest = &rest[2 + length..];
    }
    raw
}
