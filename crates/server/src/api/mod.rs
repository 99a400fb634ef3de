//! The routes of `/api/v1`, one file a noun. Handlers translate between HTTP and [`service`](crate::service).

pub(crate) mod charts;
pub(crate) mod cluster;
pub(crate) mod credentials;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod me;
pub(crate) mod oci_repositories;
pub(crate) mod release_history;
pub(crate) mod releases;
pub(crate) mod repositories;
pub(crate) mod services;
pub(crate) mod session;
mod source_objects;
pub(crate) mod stream;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::problem::Problem;

/// A namespace, in the query.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct InNamespace {
    /// Only in this namespace. Default: in all.
    pub(crate) namespace: Option<String>,
}

impl InNamespace {
    pub(crate) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref().filter(|namespace| !namespace.is_empty())
    }
}

/// Namespace and name of an object, in the path.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct Named {
    /// Namespace.
    pub(crate) namespace: String,
    /// Name.
    pub(crate) name: String,
}

/// The confirmation of a deletion.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Confirm {
    /// The object's name, typed by a person, where releases use it.
    pub(crate) confirm: Option<String>,
}

/// A request that was handed to the controller.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Requested {
    /// Token of the request: `status` shows it as handled when the controller is done.
    pub(crate) requested_at: String,
}

/// Runs a change of several steps to its end, also where the asker goes away or the answer takes too long.
pub(crate) async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(change)
        .await
        .unwrap_or_else(|_| Err(Problem::internal("a fault in the server stopped this change")))
}

/// A YAML text.
pub(crate) struct Yaml(pub(crate) String);

impl IntoResponse for Yaml {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        let media_type = HeaderValue::from_static("application/yaml; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, media_type);
        response
    }
}

/// A JSON answer with an entity tag, and `304` where the asker has it already.
pub(crate) struct Tagged<T> {
    pub(crate) etag: String,
    pub(crate) asked: Option<String>,
    pub(crate) body: T,
}

/// The entity tags that a request brings.
pub(crate) fn asked_etag(headers: &http::HeaderMap) -> Option<String> {
    headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let etag = format!("\"{}\"", self.etag);
        let known = self.asked.as_deref().is_some_and(|tags| crate::portal::matches_etag(tags, &etag));
        let mut response = if known {
            http::StatusCode::NOT_MODIFIED.into_response()
        } else {
            axum::Json(self.body).into_response()
        };
        if let Ok(value) = HeaderValue::from_str(&etag) {
            response.headers_mut().insert(header::ETAG, value);
        }
        // Kept by the browser for this person only, asked again each time.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
        response
    }
}
