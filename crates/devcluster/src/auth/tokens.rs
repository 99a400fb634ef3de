//! Static tokens (kube-apiserver's `--token-auth-file`) and service account tokens.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Value, json};

use super::{StaticUser, Token};

/// The audience of the API server, and the issuer.
pub(crate) const ISSUER: &str = "https://kubernetes.default.svc.cluster.local";

/// A token file larger than this is refused.
const MAX_FILE: u64 = 1 << 20;

/// Why a token file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// Not readable.
    #[error("cannot read token file `{path}`")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// Larger than 1 MiB.
    #[error("token file `{path}` is larger than 1 MiB")]
    TooLarge {
        /// The file.
        path: String,
    },
    /// A line with less than three columns, or an empty token or name.
    #[error("token file `{path}`, line {line}: expected token,user name,user uid[,\"group,group\"]")]
    Line {
        /// The file.
        path: String,
        /// Number of the line, from 1.
        line: usize,
    },
}

/// Reads a file in the format of kube-apiserver's `--token-auth-file`: CSV lines `token,user,uid,"group1,group2"`.
///
/// # Errors
/// See [`TokenFileError`].
pub fn read_token_file(file: &Path) -> Result<Vec<StaticUser>, TokenFileError> {
    let path = file.display().to_string();
    let read = |source| TokenFileError::Read { path: path.clone(), source };
    if std::fs::metadata(file).map_err(read)?.len() > MAX_FILE {
        return Err(TokenFileError::TooLarge { path });
    }
    let text = std::fs::read_to_string(file).map_err(read)?;
    let mut users = Vec::new();
    for (i, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let wrong = || TokenFileError::Line { path: path.clone(), line: i + 1 };
        let columns = csv(line);
        let [token, name, uid, rest @ ..] = columns.as_slice() else { return Err(wrong()) };
        if token.is_empty() || name.is_empty() {
            return Err(wrong());
        }
        let groups = rest
            .first()
            .map(|g| g.split(',').map(|g| g.trim().to_owned()).filter(|g| !g.is_empty()).collect());
        users.push(StaticUser {
            token: Token::new(token.as_str()),
            name: name.clone(),
            uid: uid.clone(),
            groups: groups.unwrap_or_default(),
        });
    }
    Ok(users)
}

fn csv(line: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        let current = out.last_mut().expect("never empty");
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => out.push(String::new()),
            c => current.push(c),
        }
    }
    out.iter().map(|column| column.trim().to_owned()).collect()
}

/// What a service account token is bound to, and for how long.
#[derive(Debug, Clone)]
pub(crate) struct Claims {
    pub(crate) namespace: String,
    pub(crate) account: String,
    pub(crate) account_uid: String,
    pub(crate) audiences: Vec<String>,
    /// Kind, name and UID of the object it is bound to.
    pub(crate) bound: Option<(String, String, String)>,
    /// Seconds since 1970.
    pub(crate) issued: i64,
    pub(crate) expires: i64,
    pub(crate) id: String,
}

/// Signs and checks service account tokens (JWT, HMAC-SHA256).
pub(crate) struct Signer {
    key: ring::hmac::Key,
}

impl Signer {
    pub(crate) fn new(secret: &[u8]) -> Self {
        Self { key: ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret) }
    }

    pub(crate) fn sign(&self, claims: &Claims) -> Token {
        let mut private = json!({
            "namespace": claims.namespace,
            "serviceaccount": { "name": claims.account, "uid": claims.account_uid },
        });
        if let Some((kind, name, uid)) = &claims.bound {
            private[kind.to_lowercase()] = json!({ "name": name, "uid": uid });
        }
        let payload = json!({
            "aud": claims.audiences, "exp": claims.expires, "iat": claims.issued, "iss": ISSUER, "jti": claims.id,
            "kubernetes.io": private, "nbf": claims.issued,
            "sub": format!("system:serviceaccount:{}:{}", claims.namespace, claims.account),
        });
        let head = json!({ "alg": "HS256", "typ": "JWT" });
        let signed = format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(payload.to_string()));
        let signature = ring::hmac::sign(&self.key, signed.as_bytes());
        Token::new(format!("{signed}.{}", BASE64.encode(signature)))
    }

    /// The claims of a token with a good signature.
    pub(crate) fn check(&self, token: &str) -> Option<Claims> {
        if token.len() > 16 << 10 {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = BASE64.decode(signature).ok()?;
        ring::hmac::verify(&self.key, signed.as_bytes(), &signature).ok()?;
        let payload: Value = serde_json::from_slice(&BASE64.decode(signed.split_once('.')?.1).ok()?).ok()?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let private = &payload["kubernetes.io"];
        let bound = ["Pod", "Secret", "Node"].into_iter().find_map(|kind| {
            let object = private.get(kind.to_lowercase())?;
            Some((kind.to_owned(), text(&object["name"]), text(&object["uid"])))
        });
        Some(Claims {
            namespace: text(&private["namespace"]),
            account: text(&private["serviceaccount"]["name"]),
            account_uid: text(&private["serviceaccount"]["uid"]),
            audiences: payload["aud"].as_array()?.iter().map(text).collect(),
            bound,
            issued: payload["iat"].as_i64()?,
            expires: payload["exp"].as_i64()?,
            id: text(&payload["jti"]),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_file_has_quoted_groups() {
        let directory = std::env::temp_dir().join(format!("tokens-{}", uuid::Uuid::new_v4()));
        std::fs::write(&directory, "t1,alice,u1,\"a,b\"\n\nt2,bob,u2\n").unwrap();
        let users = read_token_file(&directory).unwrap();
        std::fs::remove_file(&directory).unwrap();
        assert_eq!(users.len(), 2);
        assert_eq!(users[0].groups, ["a", "b"]);
        assert_eq!(format!("{:?}", users[0].token), "****");
    }

    #[test]
    fn a_signed_token_is_recognised_and_a_changed_one_is_not() {
        let signer = Signer::new(b"secret");
        let claims = Claims {
            namespace: "n".into(),
            account: "a".into(),
            account_uid: "u".into(),
            audiences: vec![ISSUER.into()],
            bound: None,
            issued: 1,
            expires: 2,
            id: "x".into(),
        };
        let token = signer.sign(&claims);
        assert_eq!(signer.check(token.reveal()).unwrap().account, "a");
        assert!(signer.check(&format!("{}x", token.reveal())).is_none());
        assert!(Signer::new(b"other").check(token.reveal()).is_none());
    }
}
