use axum::{
    extract::State,
    response::{AppendHeaders, IntoResponse, Response},
};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    app::App,
    auth::{
        guard::{cookie, same_origin},
        session::MAX_AGE,
    },
    extract::Json,
    problem::Problem,
    service::{credentials::Sensitive, identity::Me},
    token::Token,
};

/// How somebody signs in: with a token or with the code of a one-time link.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SignIn {
    /// A token that the cluster accepts.
    #[serde(default)]
    token: Option<Sensitive>,
    /// The code of a one-time link (`/sign-in#code=…`).
    #[serde(default)]
    code: Option<Sensitive>,
}

/// A new session.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Session {
    /// Who signed in.
    #[serde(flatten)]
    me: Me,
}

/// Signs in: checks the token with the cluster and begins a session.
///
/// The session is a cookie that scripts cannot read. Programs send their token with each request instead.
#[utoipa::path(post, path = "/session", tag = "session", request_body = SignIn, responses(
    (status = 201, description = "Signed in; the session's cookie is set.", body = Session),
    (status = 401, description = "The token or code is not accepted.", body = Problem),
    (status = 403, description = "A foreign page asked.", body = Problem),
))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    Json(request): Json<SignIn>,
) -> Result<Response, Problem> {
    // A foreign page must not sign a browser in as somebody else either.
    if headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN) {
        same_origin(&headers, &method, &uri, &app.hosts)?;
    }
    let token = match (&request.token, &request.code) {
        (Some(token), None) => Token::new(token.reveal().trim()).ok_or_else(|| {
            Problem::field("token", "this cannot be a token: letters, digits and punctuation only")
        })?,
        (None, Some(code)) => app.links.redeem(code.reveal().trim()).ok_or_else(|| {
            Problem::unauthenticated("the link was used already or is too old")
                .hint("Ask for a new link, or sign in with a token.")
        })?,
        _ => return Err(Problem::field("token", "send either `token` or `code`")),
    };
    let caller = app.callers.get(&token).await?;
    let started =
        app.sessions.start(&token).ok_or_else(|| Problem::internal("the session could not be sealed"))?;
    tracing::info!(user = caller.identity.user, "signed in");
    let session = Session {
        me: Me {
            user: caller.identity.user.clone(),
            groups: caller.identity.groups.clone(),
            session_ends_at: Some(started.ends_at),
        },
    };
    let cookie = set_cookie(&app, &started.secret, MAX_AGE.as_secs());
    Ok((StatusCode::CREATED, AppendHeaders([(header::SET_COOKIE, cookie)]), axum::Json(session))
        .into_response())
}

fn set_cookie(app: &App, value: &str, max_age: u64) -> String {
    let secure = if app.secure { "; Secure" } else { "" };
    format!("{}={value}; Path=/; Max-Age={max_age}; HttpOnly; SameSite=Strict{secure}", app.cookie_name)
}

/// Signs out: ends the session and forgets its token. Ends well also where there is none.
#[utoipa::path(delete, path = "/session", tag = "session", responses(
    (status = 204, description = "Signed out; the cookie is removed."),
    (status = 403, description = "A foreign page asked.", body = Problem),
))]
pub(crate) async fn sign_out(
    State(app): State<App>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if let Some(secret) = cookie(&headers, &app.cookie_name) {
        same_origin(&headers, &method, &uri, &app.hosts)?;
        if let Some(token) = app.sessions.token(secret) {
            app.callers.forget(token.fingerprint());
        }
        app.sessions.end(secret);
    }
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, set_cookie(&app, "", 0))]))
        .into_response())
}
