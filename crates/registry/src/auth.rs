//! Answers challenges: Basic as it is, Bearer with a token from the token server, kept until it expires.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method};
use serde::Deserialize;
use tokio::time::Instant;
use url::Url;

use crate::challenge::Challenge;
use crate::transport::{Auth, Call, Transport};
use crate::url_shape::{origin, shown};
use crate::{Credentials, Error, Secret};

/// Lifetime of a token whose server names none, in the distribution project's token specification.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(60);
/// A token server's answer is a few kilobytes; some put group lists into their tokens.
const MAX_TOKEN_ANSWER: u64 = 1 << 20;

/// Whose token for what.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TokenKey {
    pub(crate) origin: String,
    pub(crate) credential: [u8; 16],
    pub(crate) scope: String,
}

/// A place for one token; its lock makes concurrent requests share one fetch.
pub(crate) type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

#[derive(Debug, Clone)]
pub(crate) struct Token {
    value: Secret,
    expires: Instant,
}

#[derive(Deserialize)]
struct TokenAnswer {
    #[serde(default)]
    token: Option<String>,
    #[serde(default)]
    access_token: Option<String>,
    /// A number; Azure's older servers write it as a string.
    #[serde(default)]
    expires_in: serde_json::Value,
}

impl TokenAnswer {
    fn value(&mut self) -> Option<String> {
        let filled = |text: Option<String>| text.filter(|t| !t.is_empty());
        filled(self.token.take()).or_else(|| filled(self.access_token.take()))
    }

    fn lifetime(&self) -> Option<f64> {
        self.expires_in.as_f64().or_else(|| self.expires_in.as_str()?.trim().parse().ok())
    }
}

/// What to send, and whether it was a token that can be fetched anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Proof {
    Nothing,
    Basic(HeaderValue),
    /// A token the caller gave.
    Given(HeaderValue),
    /// A token of the token server.
    Fetched(HeaderValue),
}

impl Proof {
    pub(crate) fn header(&self) -> Option<&HeaderValue> {
        match self {
            Self::Nothing => None,
            Self::Basic(value) | Self::Given(value) | Self::Fetched(value) => Some(value),
        }
    }
}

pub(crate) fn basic(username: &str, password: &Secret, host: &str) -> Result<HeaderValue, Error> {
    let text = STANDARD.encode(format!("{username}:{}", password.expose()));
    sensitive(&format!("Basic {text}"), host)
}

pub(crate) fn bearer(token: &Secret, host: &str) -> Result<HeaderValue, Error> {
    sensitive(&format!("Bearer {}", token.expose()), host)
}

fn sensitive(text: &str, host: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(|_| Error::Credentials {
        host: host.to_owned(),
        reason: "they hold characters that cannot be sent in a header".into(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

impl Transport {
    /// What a call to the registry at `call.url` must send, from what its host asked for before.
    pub(crate) async fn proof(
        &self,
        call: &Call,
        credentials: &Credentials,
        asked: Option<&str>,
        deadline: Instant,
    ) -> Result<Proof, Error> {
        let wanted = match &call.auth {
            Auth::Nothing => return Ok(Proof::Nothing),
            Auth::Token(token) => return bearer(token, self.host()).map(Proof::Given),
            Auth::Basic => {
                return match credentials {
                    Credentials::Basic { username, password } => {
                        basic(username, password, self.host()).map(Proof::Basic)
                    }
                    Credentials::Bearer(token) => bearer(token, self.host()).map(Proof::Given),
                    Credentials::Anonymous | Credentials::Identity(_) => Ok(Proof::Nothing),
                };
            }
            Auth::Registry(scope) => scope,
        };
        if let Credentials::Bearer(token) = credentials {
            return bearer(token, self.host()).map(Proof::Given);
        }
        match self.pool().challenge(&origin(&call.url)) {
            None => Ok(Proof::Nothing),
            Some(Challenge::Basic) => match credentials {
                Credentials::Basic { username, password } => {
                    basic(username, password, self.host()).map(Proof::Basic)
                }
                _ => Ok(Proof::Nothing),
            },
            Some(Challenge::Bearer { realm, service, .. }) => {
                let server = TokenServer { realm, service };
                self.token(call, wanted, credentials, &server, asked, deadline).await
            }
        }
    }

    async fn token(
        &self,
        call: &Call,
        wanted: &str,
        credentials: &Credentials,
        server: &TokenServer,
        asked: Option<&str>,
        deadline: Instant,
    ) -> Result<Proof, Error> {
        let slot = self.pool().token_slot(&self.token_key(call, wanted, credentials));
        let mut kept = slot.lock().await;
        if let Some(token) = kept.as_ref().filter(|token| token.expires > Instant::now()) {
            return bearer(&token.value, self.host()).map(Proof::Fetched);
        }
        let scope = choose_scope(wanted, asked);
        let token = self.fetch_token(call, server, &scope, credentials, deadline).await?;
        let header = bearer(&token.value, self.host())?;
        *kept = Some(token);
        Ok(Proof::Fetched(header))
    }

    /// Forgets the token a refused request was sent with, unless another request already replaced it.
    pub(crate) async fn drop_token(&self, call: &Call, credentials: &Credentials, sent: &Proof) {
        let Auth::Registry(scope) = &call.auth else { return };
        let slot = self.pool().token_slot(&self.token_key(call, scope, credentials));
        let mut kept = slot.lock().await;
        let same = kept.as_ref().is_some_and(|token| {
            bearer(&token.value, self.host()).is_ok_and(|header| sent.header() == Some(&header))
        });
        if same {
            *kept = None;
        }
    }

    fn token_key(&self, call: &Call, scope: &str, credentials: &Credentials) -> TokenKey {
        TokenKey {
            origin: origin(&call.url),
            credential: credentials.id(self.pool().salt()),
            scope: scope.to_owned(),
        }
    }

    async fn fetch_token(
        &self,
        call: &Call,
        server: &TokenServer,
        scope: &str,
        credentials: &Credentials,
        deadline: Instant,
    ) -> Result<Token, Error> {
        let realm = server.url(&call.url, credentials)?;
        let request = server.request(realm, scope, credentials);
        let asked_at = Instant::now();
        // Boxed, since sending a request may itself need a token; this one does not.
        let reply = Box::pin(self.send(&request, deadline)).await?;
        let mut answer: TokenAnswer = reply.json("the token server's answer")?;
        let value = answer.value().ok_or_else(|| Error::Malformed {
            what: format!("the answer of the token server {}", shown(&request.url)),
            reason: "it holds neither `token` nor `access_token`".into(),
        })?;
        let lifetime = answer
            .lifetime()
            .filter(|seconds| seconds.is_finite() && *seconds > 0.0)
            .map_or(DEFAULT_LIFETIME, |seconds| Duration::from_secs_f64(seconds.min(86_400.0)));
        // A tenth early, so that a token does not expire between here and the registry.
        Ok(Token { value: value.into(), expires: asked_at + lifetime.mul_f64(0.9) })
    }
}

struct TokenServer {
    realm: String,
    service: Option<String>,
}

impl TokenServer {
    fn url(&self, registry: &Url, credentials: &Credentials) -> Result<Url, Error> {
        let realm = Url::parse(&self.realm).map_err(|e| Error::Malformed {
            what: format!("the challenge of {}", origin(registry)),
            reason: format!("its realm is not a URL: {e}"),
        })?;
        if registry.scheme() == "https" && realm.scheme() == "http" && !credentials.is_anonymous() {
            return Err(Error::Redirect {
                url: shown(registry),
                reason: "its token server is not on HTTPS, so the credentials stay here".into(),
            });
        }
        Ok(realm)
    }

    fn request(&self, mut realm: Url, scope: &str, credentials: &Credentials) -> Call {
        if let Credentials::Identity(token) = credentials {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            form.append_pair("grant_type", "refresh_token").append_pair("refresh_token", token.expose());
            form.append_pair("client_id", "pilothouse").append_pair("scope", scope);
            if let Some(service) = &self.service {
                form.append_pair("service", service);
            }
            let mut call =
                Call::new(Method::POST, realm, Auth::Nothing, "the token server's answer", MAX_TOKEN_ANSWER);
            call.body = Some(Bytes::from(form.finish()));
            call.headers.push((
                http::header::CONTENT_TYPE,
                HeaderValue::from_static("application/x-www-form-urlencoded"),
            ));
            return call;
        }
        {
            let mut query = realm.query_pairs_mut();
            if let Some(service) = &self.service {
                query.append_pair("service", service);
            }
            for one in scope.split(' ').filter(|s| !s.is_empty()) {
                query.append_pair("scope", one);
            }
        }
        Call::new(Method::GET, realm, Auth::Basic, "the token server's answer", MAX_TOKEN_ANSWER)
    }
}

/// The scope to ask for: the server's own, unless ours covers it or it is not about the resource we want
/// (GHCR names `repository:user/image:pull` for anything that is not a repository).
fn choose_scope(wanted: &str, asked: Option<&str>) -> String {
    let Some(asked) = asked.filter(|s| !s.is_empty()) else { return wanted.to_owned() };
    let parts = |scope: &str| -> Option<(String, Vec<String>)> {
        let (resource, actions) = scope.rsplit_once(':')?;
        Some((resource.to_owned(), actions.split(',').map(str::to_owned).collect()))
    };
    match (parts(wanted), parts(asked)) {
        (Some((ours, actions)), Some((theirs, needed))) if ours == theirs => {
            let mut all = actions;
            for action in needed {
                if !all.contains(&action) {
                    all.push(action);
                }
            }
            format!("{ours}:{}", all.join(","))
        }
        (Some(_), Some((theirs, _))) if theirs == "repository:user/image" => wanted.to_owned(),
        _ => asked.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_may_leave_one_token_empty_and_quote_its_lifetime() {
        let read = |text: &str| -> (Option<String>, Option<f64>) {
            let mut answer: TokenAnswer = serde_json::from_str(text).unwrap();
            (answer.value(), answer.lifetime())
        };
        let both = read(r#"{"token":"","access_token":"a","expires_in":"3599"}"#);
        assert_eq!(both, (Some("a".into()), Some(3599.0)));
        assert_eq!(read(r#"{"token":"t","expires_in":null}"#), (Some("t".into()), None));
        assert_eq!(read(r#"{"token":"","expires_in":[]}"#), (None, None));
    }

    #[test]
    fn the_servers_scope_wins_unless_it_is_a_dummy() {
        let check = |wanted, asked, expected: &str| assert_eq!(choose_scope(wanted, asked), expected);
        check("repository:a/b:pull", None, "repository:a/b:pull");
        check("repository:a/b:pull", Some("repository:user/image:pull"), "repository:a/b:pull");
        check("repository:a/b:pull,push", Some("repository:a/b:pull"), "repository:a/b:pull,push");
        check("repository:a/b:pull", Some("repository:a/b:pull,push"), "repository:a/b:pull,push");
        check("repository:a:pull", Some("repository:library/a:pull"), "repository:library/a:pull");
        check("registry:catalog:*", Some("*"), "*");
    }
}
