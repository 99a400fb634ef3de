//! Extractors whose refusals are problems that name the field.

use axum::{
    extract::{FromRequest, FromRequestParts, Request, rejection::BytesRejection},
    http::request::Parts,
};
use bytes::Bytes;
use http::{StatusCode, header};
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// A JSON body.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_json = media_type.is_some_and(|text| {
            let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            essence == "application/json" || essence.ends_with("+json")
        });
        if !is_json {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "Not JSON",
                "the body must be sent as `application/json`",
            ));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|refused| too_large(&refused))?;
        parse(&bytes).map(Self)
    }
}

fn too_large(refused: &BytesRejection) -> Problem {
    if refused.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "The request is too large",
            "the body is larger than this server takes (2 MiB by default)",
        )
    } else {
        Problem::bad_request("the body could not be read to its end")
    }
}

fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.inner();
        if cause.is_data() {
            // serde's own wording ends with the place in the text, which says nothing to a person at a form.
            let text = cause.to_string();
            let message = text.split(" at line ").next().unwrap_or(&text).to_owned();
            let unknown = message
                .strip_prefix("unknown field `")
                .or_else(|| message.strip_prefix("missing field `"))
                .and_then(|rest| rest.split('`').next());
            let field = match (path.as_str(), unknown) {
                ("." | "?", Some(name)) => name.to_owned(),
                (path, Some(name)) if !path.ends_with(name) => format!("{path}.{name}"),
                (path, _) => path.to_owned(),
            };
            Problem::field(&field, message)
        } else {
            Problem::bad_request(format!("the body is not JSON: {cause}"))
        }
    })?;
    deserializer
        .end()
        .map_err(|error| Problem::bad_request(format!("the body has more than one JSON value: {error}")))?;
    Ok(value)
}

/// Parameters after the question mark.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::<T>::from_request_parts(parts, state)
            .await
            .map(|query| Self(query.0))
            .map_err(|refused| Problem::bad_request(refused.body_text()))
    }
}

/// Parts of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|refused| Problem::bad_request(refused.body_text()))
    }
}
