//! The one place where an error becomes an answer: problem details (RFC 9457) in words a person can act on.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kube::core::Status;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// Media type of every error answer (RFC 9457, section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// What is wrong with one field of the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field as the request names it, for example `interval` or `chart.version`.
    #[schema(example = "interval")]
    pub field: String,
    /// What is wrong with it and what would be right.
    #[schema(example = "write minutes and seconds as MM:SS, from 00:01 to 59:59")]
    pub message: String,
}

/// An error answer: problem details with the fields at fault and what to do.
///
/// Never holds a secret: details are built from names, addresses and statuses only.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Problem {
    /// Names the sort of problem for programs: `urn:pilothouse:problem:<code>`.
    #[serde(rename = "type")]
    #[schema(example = "urn:pilothouse:problem:invalid")]
    pub type_: String,
    /// The problem in a few words.
    pub title: String,
    /// HTTP status of the answer.
    #[schema(value_type = u16, example = 422)]
    #[serde(serialize_with = "as_number")]
    pub status: StatusCode,
    /// What was tried, on what, and what came back.
    pub detail: String,
    /// What to do next, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The fields at fault, where the request's body or query is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// More members, by the sort of problem (for example `dependents`).
    #[serde(flatten)]
    #[schema(value_type = Object)]
    pub more: Map<String, Value>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "signature asked by serde")]
fn as_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of the sort `code`.
    pub fn new(status: StatusCode, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            type_: format!("urn:pilothouse:problem:{code}"),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            hint: None,
            errors: Vec::new(),
            more: Map::new(),
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds a member of this sort of problem.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.more.insert(name.to_owned(), value);
        }
        self
    }

    /// The request names fields that are not right (422).
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("`{}`: {}", one.field, one.message),
            many => format!("{} fields are not right", many.len()),
        };
        let mut problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", "The request is not valid", detail);
        problem.errors = errors;
        problem
    }

    /// One field is not right (422).
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError { field: field.to_owned(), message: message.into() }])
    }

    /// The request cannot be read (400).
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request cannot be read", detail)
    }

    /// Nobody is signed in (401).
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthenticated", "Sign in first", detail)
    }

    /// The caller lacks the right (403).
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// There is no such thing (404).
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// The state of an object stands against the request (409).
    pub fn conflict(code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, title, detail)
    }

    /// Something else that was asked did not answer as it should (502).
    pub fn upstream(code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, code, title, detail)
    }

    /// A fault of the server itself (500).
    pub fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The server failed", detail)
    }

    /// Whether the problem says that something does not exist.
    pub fn is_not_found(&self) -> bool {
        self.status == StatusCode::NOT_FOUND
    }

    /// Whether the problem says that the caller lacks a right.
    pub fn is_forbidden(&self) -> bool {
        self.status == StatusCode::FORBIDDEN
    }

    /// Renames fields that the cluster found wrong (`spec.url`) to what the request calls them (`url`).
    #[must_use]
    pub fn at_fields(mut self, names: &[(&str, &str)]) -> Self {
        for error in &mut self.errors {
            let known = names.iter().find(|(object, _)| {
                error.field == *object || error.field.strip_prefix(object).is_some_and(|r| r.starts_with('['))
            });
            if let Some((_, request)) = known {
                (*request).clone_into(&mut error.field);
            } else if let Some(rest) = error.field.strip_prefix("spec.") {
                error.field = rest.to_owned();
            }
        }
        self
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"pilothouse\""));
        }
        if matches!(self.status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<kube::Error> for Problem {
    fn from(error: kube::Error) -> Self {
        match error {
            kube::Error::Api(status) => from_status(&status),
            kube::Error::SerdeError(source) => {
                tracing::warn!(error = %source, "an answer of the cluster cannot be read");
                Self::upstream(
                    "cluster-answer-unreadable",
                    "The cluster's answer cannot be read",
                    format!("the cluster's answer is not of the expected shape: {source}"),
                )
                .hint("Check that the installed CustomResourceDefinitions fit this version.")
            }
            other => {
                tracing::warn!(error = %chain(&other), "the cluster did not answer");
                Self::upstream(
                    "cluster-unreachable",
                    "The cluster did not answer",
                    "the Kubernetes API server could not be asked",
                )
                .hint("The request can be sent again; if this stays, look at the server's log.")
            }
        }
    }
}

fn from_status(status: &Status) -> Problem {
    let what = subject(status);
    match (status.code, status.reason.as_str()) {
        (401, _) => Problem::unauthenticated("the cluster does not accept this sign-in (any more)")
            .hint("Sign in again with a valid token."),
        (403, _) => forbidden(status),
        (404, _) => Problem::not_found(if status.details.as_ref().is_some_and(|d| !d.name.is_empty()) {
            format!("{what} does not exist")
        } else {
            format!("the cluster does not know this resource: {}", status.message)
        }),
        (409, "AlreadyExists") => {
            let mut problem =
                Problem::conflict("already-exists", "The name is taken", format!("{what} exists already"));
            problem.errors = vec![FieldError {
                field: "name".into(),
                message: format!("{what} exists already; choose another name"),
            }];
            problem
        }
        (409, _) => Problem::conflict(
            "changed",
            "Changed in the meantime",
            format!("{what} was changed by somebody else: {}", status.message),
        )
        .hint("Load it again and repeat the change."),
        (422, _) | (400, "Invalid") => rejected(status),
        (429 | 503, _) => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "cluster-busy",
            "The cluster is busy",
            status.message.clone(),
        ),
        (400, _) => Problem::bad_request(format!("the cluster refused the request: {}", status.message)),
        (413, _) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-large",
            "Too large for the cluster",
            status.message.clone(),
        ),
        (code, _) => Problem::upstream(
            "cluster-failed",
            "The cluster failed",
            format!("the Kubernetes API server answered {code}: {}", status.message),
        ),
    }
}

/// `HelmRepository "charts"` in the words of the cluster's answer.
fn subject(status: &Status) -> String {
    match &status.details {
        Some(details) if !details.name.is_empty() => {
            let kind = if details.kind.is_empty() { "object" } else { singular(&details.kind) };
            format!("{kind} `{}`", details.name)
        }
        _ => "the object".to_owned(),
    }
}

/// The kind's name where the cluster says the resource's.
fn singular(resource: &str) -> &str {
    match resource {
        "helmrepositories" => "HelmRepository",
        "ocirepositories" => "OCIRepository",
        "helmreleases" => "HelmRelease",
        "helmcharts" => "HelmChart",
        "secrets" => "Secret",
        "configmaps" => "ConfigMap",
        "namespaces" => "namespace",
        other => other,
    }
}

/// What the caller may not do, as a sentence, from the cluster's fixed wording
/// (`X is forbidden: User "u" cannot VERB resource "r" in API group "g" in the namespace "n"`).
fn forbidden(status: &Status) -> Problem {
    let message = &status.message;
    let quoted = |after: &str| {
        let start = message.find(after)? + after.len();
        let rest = &message[start..];
        rest.find('"').map(|end| rest[..end].to_owned())
    };
    let verb = message
        .find(" cannot ")
        .and_then(|at| message[at + 8..].split(' ').next())
        .unwrap_or_default()
        .to_owned();
    let (Some(user), Some(resource), false) = (quoted("User \""), quoted("resource \""), verb.is_empty())
    else {
        return Problem::forbidden(format!("the cluster refused it: {message}"))
            .hint("Ask an administrator of the cluster for the right to do this.");
    };
    let place = match quoted("in the namespace \"") {
        Some(namespace) => format!("in namespace `{namespace}`"),
        None => "in the whole cluster".to_owned(),
    };
    Problem::forbidden(format!("user `{user}` may not {verb} {resource} {place}"))
        .hint(format!("Ask an administrator for a role that allows `{verb}` on `{resource}` {place}."))
        .with("verb", verb.as_str())
        .with("resource", resource.as_str())
}

fn rejected(status: &Status) -> Problem {
    let causes = status.details.as_ref().map(|details| details.causes.as_slice()).unwrap_or_default();
    let errors: Vec<_> = causes
        .iter()
        .filter(|cause| !cause.field.is_empty() && cause.field != "<nil>")
        .map(|cause| FieldError { field: cause.field.clone(), message: cause.message.clone() })
        .collect();
    if errors.is_empty() {
        return Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid",
            "The request is not valid",
            status.message.clone(),
        );
    }
    let mut problem = Problem::invalid(errors);
    problem.detail.clone_from(&status.message);
    problem
}

/// An error with its causes on one line, for the log.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    for _ in 0..8 {
        let Some(error) = cause else { break };
        let message = error.to_string();
        if !text.contains(&message) {
            text.push_str(": ");
            text.push_str(&message);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16, reason: &str, message: &str) -> Status {
        Status { code, reason: reason.into(), message: message.into(), ..Status::success() }
    }

    #[test]
    fn a_forbidden_answer_is_said_in_words() {
        let problem = from_status(&status(
            403,
            "Forbidden",
            r#"helmrepositories.source.toolkit.fluxcd.io "x" is forbidden: User "viewer" cannot create resource "helmrepositories" in API group "source.toolkit.fluxcd.io" in the namespace "apps""#,
        ));
        assert_eq!(problem.detail, "user `viewer` may not create helmrepositories in namespace `apps`");
        assert!(problem.hint.is_some());
    }

    #[test]
    fn fields_get_the_names_of_the_request() {
        let problem = Problem::invalid(vec![
            FieldError { field: "metadata.name".into(), message: "bad".into() },
            FieldError { field: "spec.url".into(), message: "bad".into() },
        ])
        .at_fields(&[("metadata.name", "name")]);
        let fields: Vec<_> = problem.errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["name", "url"]);
    }
}
