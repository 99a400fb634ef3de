//! Checks before a handler runs: the addressed host, the same-origin proof, the caller.

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, header, request::Parts};

use super::sealed::name_of;
use crate::{
    app::App,
    clients::Caller,
    problem::Problem,
    token::{Fingerprint, Token},
};

/// Header that every changing request of a browser carries: a foreign page cannot set it without asking first.
pub const REQUEST_HEADER: &str = "x-pilothouse-request";

/// The session behind a request, where a cookie brought the token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SessionName(pub(crate) Fingerprint);

/// Refuses requests that address another host than ours.
pub(crate) async fn check_host(State(app): State<App>, request: Request, next: Next) -> Response {
    if matches!(request.uri().path(), "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    match app.hosts.check(request.headers(), request.uri()) {
        Ok(_) => next.run(request).await,
        Err(reason) => Problem::new(
            StatusCode::MISDIRECTED_REQUEST,
            "unknown-host",
            "Not a name of this server",
            format!("the request was refused: {reason}"),
        )
        .hint("Use the address that the server printed, or start it with this name among its hosts.")
        .into_response(),
    }
}

/// Finds out who calls; requests without a token that the cluster accepts go no further.
pub(crate) async fn authenticate(State(app): State<App>, mut request: Request, next: Next) -> Response {
    match identify(&app, request.headers(), request.method(), request.uri()).await {
        Ok((caller, session)) => {
            if let Some(session) = session {
                request.extensions_mut().insert(SessionName(session));
            }
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    }
}

async fn identify(
    app: &App,
    headers: &HeaderMap,
    method: &Method,
    uri: &http::Uri,
) -> Result<(Caller, Option<Fingerprint>), Problem> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let token = bearer(value).ok_or_else(|| {
            Problem::unauthenticated("the Authorization header is not `Bearer` and a token")
        })?;
        return Ok((app.callers.get(&token).await?, None));
    }
    let secret = cookie(headers, &app.cookie_name)
        .ok_or_else(|| Problem::unauthenticated("the request carries neither a token nor a session"))?;
    same_origin(headers, method, uri, &app.hosts)?;
    let token = app
        .sessions
        .token(secret)
        .ok_or_else(|| Problem::unauthenticated("the session has ended").hint("Sign in again."))?;
    Ok((app.callers.get(&token).await?, Some(name_of(secret))))
}

fn bearer(value: &http::HeaderValue) -> Option<Token> {
    let text = value.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| Token::new(token.trim()))?
}

/// The value of a cookie.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).find_map(|line| {
        line.split(';').find_map(|pair| {
            let (key, value) = pair.trim().split_once('=')?;
            (key == name && !value.is_empty()).then_some(value)
        })
    })
}

/// The proof that a request with a cookie comes from our own page.
///
/// Browsers say so in `Sec-Fetch-Site`; older ones in `Origin`. A changing request must also carry
/// [`REQUEST_HEADER`], which a page of another origin can send only after a preflight that nobody answers.
pub(crate) fn same_origin(
    headers: &HeaderMap,
    method: &Method,
    uri: &http::Uri,
    hosts: &super::hosts::AllowedHosts,
) -> Result<(), Problem> {
    let safe = matches!(*method, Method::GET | Method::HEAD);
    let refuse = |reason: &str| {
        Problem::new(
            StatusCode::FORBIDDEN,
            "foreign-page",
            "Refused to a foreign page",
            format!("the request does not come from this server's own page: {reason}"),
        )
    };
    match headers.get("sec-fetch-site").map(http::HeaderValue::as_bytes) {
        Some(b"same-origin") => {}
        // `none`: the person typed the address.
        Some(b"none") if safe => {}
        Some(_) => return Err(refuse("Sec-Fetch-Site is not `same-origin`")),
        None => match headers.get(header::ORIGIN) {
            Some(origin) => {
                let host = hosts.check(headers, uri).map_err(|reason| refuse(&reason))?;
                let origin = origin.to_str().unwrap_or_default();
                let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
                if authority != Some(host) {
                    return Err(refuse("Origin is another address"));
                }
            }
            None if safe => {}
            None => return Err(refuse("neither Sec-Fetch-Site nor Origin is there")),
        },
    }
    if !safe && !headers.contains_key(REQUEST_HEADER) {
        return Err(refuse("the header `X-Pilothouse-Request` is missing"));
    }
    Ok(())
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::unauthenticated("the request carries neither a token nor a session"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::hosts::AllowedHosts;

    fn check(method: &Method, pairs: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, "localhost:8080".parse().unwrap());
        for (name, value) in pairs {
            headers.insert(*name, value.parse().unwrap());
        }
        let hosts = AllowedHosts::new(None, &[]);
        same_origin(&headers, method, &"/".parse().unwrap(), &hosts).is_ok()
    }

    #[test]
    fn a_changing_request_proves_where_it_comes_from() {
        let ours = ("x-pilothouse-request", "1");
        assert!(check(&Method::POST, &[("sec-fetch-site", "same-origin"), ours]));
        assert!(check(&Method::POST, &[("origin", "http://localhost:8080"), ours]));
        assert!(!check(&Method::POST, &[("sec-fetch-site", "same-origin")]));
        assert!(!check(&Method::POST, &[("sec-fetch-site", "cross-site"), ours]));
        assert!(!check(&Method::POST, &[("sec-fetch-site", "same-site"), ours]));
        assert!(!check(&Method::POST, &[("sec-fetch-site", "none"), ours]));
        assert!(!check(&Method::POST, &[("origin", "http://localhost:9090"), ours]));
        assert!(!check(&Method::POST, &[("origin", "null"), ours]));
        assert!(!check(&Method::POST, &[ours]));
    }

    #[test]
    fn a_foreign_page_reads_nothing_either() {
        assert!(check(&Method::GET, &[]));
        assert!(check(&Method::GET, &[("sec-fetch-site", "none")]));
        assert!(!check(&Method::GET, &[("sec-fetch-site", "cross-site")]));
    }
}
