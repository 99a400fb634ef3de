//! Authentication: from a request's headers to a user.

use std::collections::HashMap;

use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::tokens::{Claims, ISSUER, Signer};
use super::{StaticUser, User};
use crate::store::Store;

/// Knows the static users and checks service account tokens.
pub(crate) struct Authenticator {
    users: HashMap<String, User>,
    pub(crate) signer: Signer,
}

/// Why a token was not accepted, in the words of a `TokenReview`.
pub(crate) enum Refused {
    Invalid,
    Audience(Vec<String>),
}

impl Authenticator {
    pub(crate) fn new(users: &[StaticUser], secret: &[u8]) -> Self {
        let entry = |user: &StaticUser| {
            (user.token.reveal().to_owned(), User::authenticated(&user.name, &user.uid, &user.groups))
        };
        Self { users: users.iter().map(entry).collect(), signer: Signer::new(secret) }
    }

    /// The user of a request; `None`: a bearer token that is not valid. Without one the user is anonymous.
    pub(crate) fn user(&self, headers: &HeaderMap, store: &Store) -> Option<User> {
        let Some(header) = headers.get(AUTHORIZATION) else { return Some(User::anonymous()) };
        let Some(token) = header.to_str().ok().and_then(bearer) else { return Some(User::anonymous()) };
        self.review(token, &[], store).ok().map(|(user, _)| user)
    }

    /// Checks a token for audiences (none: the API server's). Returns the user and the audiences it is good for.
    pub(crate) fn review(
        &self,
        token: &str,
        audiences: &[String],
        store: &Store,
    ) -> Result<(User, Vec<String>), Refused> {
        // A hash lookup leaks no more about a random token than a comparison of hashes would.
        if let Some(user) = self.users.get(token) {
            return Ok((user.clone(), if audiences.is_empty() { Vec::new() } else { audiences.to_vec() }));
        }
        let claims = self.signer.check(token).ok_or(Refused::Invalid)?;
        let now = jiff::Timestamp::now().as_second();
        if claims.expires <= now || !still_there(&claims, store) {
            return Err(Refused::Invalid);
        }
        let own = [ISSUER.to_owned()];
        let wanted = if audiences.is_empty() { &own[..] } else { audiences };
        let good: Vec<String> = wanted.iter().filter(|a| claims.audiences.contains(a)).cloned().collect();
        if good.is_empty() {
            return Err(Refused::Audience(claims.audiences));
        }
        Ok((account(&claims), good))
    }
}

/// The token of an `Authorization: Bearer …` header.
fn bearer(header: &str) -> Option<&str> {
    let mut parts = header.trim().splitn(3, ' ');
    let scheme = parts.next()?;
    let token = parts.next()?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

fn still_there(claims: &Claims, store: &Store) -> bool {
    let is = |bucket: &str, name: &str, uid: &str| {
        store.get(bucket, &claims.namespace, name).is_some_and(|object| *object.uid == *uid)
    };
    is("serviceaccounts", &claims.account, &claims.account_uid)
        && claims.bound.as_ref().is_none_or(|(kind, name, uid)| match kind.as_str() {
            "Pod" => is("pods", name, uid),
            "Secret" => is("secrets", name, uid),
            _ => store.get("nodes", "", name).is_some_and(|node| *node.uid == **uid),
        })
}

fn account(claims: &Claims) -> User {
    let namespace = &claims.namespace;
    let mut user = User {
        name: format!("system:serviceaccount:{namespace}:{}", claims.account),
        uid: claims.account_uid.clone(),
        groups: vec![
            "system:serviceaccounts".to_owned(),
            format!("system:serviceaccounts:{namespace}"),
            "system:authenticated".to_owned(),
        ],
        ..User::default()
    };
    let mut extra = |key: &str, value: String| {
        user.extra.insert(format!("authentication.kubernetes.io/{key}"), vec![value])
    };
    extra("credential-id", format!("JTI={}", claims.id));
    if let Some((kind, name, uid)) = &claims.bound
        && kind == "Pod"
    {
        extra("pod-name", name.clone());
        extra("pod-uid", uid.clone());
    }
    user
}
