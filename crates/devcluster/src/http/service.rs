//! The service: one function from request to response, and its `tower::Service`.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, USER_AGENT};
use http::{HeaderMap, Method, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;

use super::body;
use super::negotiate::Form;
use super::request::RequestInfo;
use super::{respond, route};
use crate::auth::User;
use crate::auth::impersonate::impersonate;
use crate::cluster::Cluster;
use crate::status::{ApiError, ApiResult};
use crate::verbs::options::Query;

/// How long a request other than a watch may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The body of a response.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// The API server as a service. Authenticates by the `Authorization` header exactly as the socket does.
/// Cheap to clone.
#[derive(Clone)]
pub struct ApiService {
    cluster: Cluster,
}

impl ApiService {
    pub(crate) fn new(cluster: Cluster) -> Self {
        Self { cluster }
    }
}

impl<B> tower::Service<Request<B>> for ApiService
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let cluster = self.cluster.clone();
        Box::pin(async move { Ok(answer(&cluster, request).await) })
    }
}

/// A request that may go on: who, what, and all that the handlers read.
pub(crate) struct Incoming {
    pub(crate) user: User,
    pub(crate) info: RequestInfo,
    pub(crate) method: Method,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Incoming {
    /// A header as text; empty where it is missing.
    pub(crate) fn header(&self, name: http::header::HeaderName) -> &str {
        self.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
    }

    /// The `Accept` header.
    pub(crate) fn accept(&self) -> String {
        let all = self.headers.get_all(ACCEPT).iter().filter_map(|v| v.to_str().ok());
        all.collect::<Vec<_>>().join(",")
    }

    /// The `User-Agent` header.
    pub(crate) fn agent(&self) -> &str {
        self.header(USER_AGENT)
    }
}

async fn answer<B>(cluster: &Cluster, request: Request<B>) -> Response<Body>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let incoming = match tokio::time::timeout(REQUEST_TIMEOUT, admit(cluster, request)).await {
        Ok(Ok(incoming)) => incoming,
        Ok(Err(error)) => return respond::error(Form::default(), &error),
        Err(_) => return respond::error(Form::default(), &timed_out()),
    };
    let head = incoming.method == Method::HEAD;
    let answered = tokio::time::timeout(REQUEST_TIMEOUT, route::route(cluster, incoming)).await;
    let mut response = answered.unwrap_or_else(|_| respond::error(Form::default(), &timed_out()));
    if head {
        *response.body_mut() = respond::empty(200).into_body();
    }
    response
}

fn timed_out() -> ApiError {
    ApiError::new(504, "Timeout", "Timeout: request did not complete within the allotted timeout")
}

/// Authentication, impersonation, authorization; then the body is read.
async fn admit<B>(cluster: &Cluster, request: Request<B>) -> ApiResult<Incoming>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (parts, body) = request.into_parts();
    let query = Query::parse(parts.uri.query().unwrap_or_default());
    let user = cluster
        .authenticator()
        .user(&parts.headers, cluster.store())
        .ok_or_else(|| ApiError::new(401, "Unauthorized", "Unauthorized"))?;
    let info = RequestInfo::new(&parts.method, parts.uri.path(), &query);
    let authorizer = cluster.authorizer();
    let attributes = info.attributes();
    let user = impersonate(&parts.headers, user, &attributes, &authorizer)?;
    authorizer.authorize(&user, &attributes)?;
    let body = body::collect(body).await?;
    Ok(Incoming { user, info, method: parts.method, query, headers: parts.headers, body })
}
