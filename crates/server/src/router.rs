//! All routes, with the layers that guard them, and the OpenAPI document made from them.

use axum::{Router, extract::DefaultBodyLimit, middleware};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer,
        predicate::{DefaultPredicate, NotForContentType, Predicate},
    },
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    ServerOptions, api,
    app::App,
    auth::guard::{authenticate, check_host},
    limits::{enforce, panicked},
    portal,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Pilothouse",
        description = "Helm repositories, charts and releases on Kubernetes. Every request acts with the rights that \
                       the caller's token has in the cluster. Changing requests of a browser session carry the \
                       header `X-Pilothouse-Request`.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
    ),
    modifiers(&Security),
    security(("token" = []), ("session" = [])),
    tags(
        (name = "session", description = "Signing in and out, and who one is."),
        (name = "cluster", description = "The cluster, its namespaces and events."),
        (name = "repositories", description = "Helm repositories: HTTP indexes and OCI registries."),
        (name = "oci-repositories", description = "OCI repositories: one chart each."),
        (name = "charts", description = "What the repositories offer."),
        (name = "releases", description = "Helm releases."),
        (name = "services", description = "Workloads that releases made."),
        (name = "credentials", description = "Credentials in Secrets; written, never read back."),
        (name = "stream", description = "Changes as they happen."),
        (name = "health", description = "For probes and monitoring; without a token."),
    )
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let cookie = ApiKey::Cookie(ApiKeyValue::new("pilothouse"));
        components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
        "v1".clone_into(&mut document.info.version);
        document.info.contact = None;
    }
}

/// Routes that need a caller.
fn guarded() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::me::me))
        .routes(routes!(api::me::permissions))
        .routes(routes!(api::me::namespaces))
        .routes(routes!(api::cluster::show))
        .routes(routes!(api::cluster::version))
        .routes(routes!(api::events::events))
        .routes(routes!(api::services::list))
        .routes(routes!(api::services::show))
        .routes(routes!(api::credentials::list, api::credentials::create))
        .routes(routes!(api::credentials::delete))
        .routes(routes!(api::stream::follow))
        .merge(repositories())
        .merge(oci_repositories())
        .merge(charts())
        .merge(releases())
}

fn repositories() -> OpenApiRouter<App> {
    use api::repositories as handlers;
    OpenApiRouter::new()
        .routes(routes!(handlers::list))
        .routes(routes!(handlers::create))
        .routes(routes!(handlers::test))
        .routes(routes!(handlers::show, handlers::update, handlers::delete))
        .routes(routes!(handlers::rename))
        .routes(routes!(handlers::sync))
        .routes(routes!(handlers::suspend))
        .routes(routes!(handlers::resume))
        .routes(routes!(handlers::dependents))
        .routes(routes!(handlers::syncs))
        .routes(routes!(handlers::events))
        .routes(routes!(handlers::yaml))
}

fn oci_repositories() -> OpenApiRouter<App> {
    use api::oci_repositories as handlers;
    OpenApiRouter::new()
        .routes(routes!(handlers::list))
        .routes(routes!(handlers::create))
        .routes(routes!(handlers::test))
        .routes(routes!(handlers::show, handlers::update, handlers::delete))
        .routes(routes!(handlers::sync))
        .routes(routes!(handlers::suspend))
        .routes(routes!(handlers::resume))
        .routes(routes!(handlers::dependents))
        .routes(routes!(handlers::events))
        .routes(routes!(handlers::yaml))
}

fn charts() -> OpenApiRouter<App> {
    use api::charts as handlers;
    OpenApiRouter::new()
        .routes(routes!(handlers::list_all))
        .routes(routes!(handlers::list))
        .routes(routes!(handlers::versions))
        .routes(routes!(handlers::resolve))
        .routes(routes!(handlers::compare))
        .routes(routes!(handlers::show))
        .routes(routes!(handlers::templates))
        .routes(routes!(handlers::crds))
        .routes(routes!(handlers::signatures))
        .routes(routes!(handlers::of_oci_repository))
        .routes(routes!(handlers::templates_of_oci_repository))
        .routes(routes!(handlers::crds_of_oci_repository))
        .routes(routes!(handlers::signatures_of_oci_repository))
}

fn releases() -> OpenApiRouter<App> {
    use api::{release_history as history, releases as handlers};
    OpenApiRouter::new()
        .routes(routes!(handlers::list))
        .routes(routes!(handlers::create))
        .routes(routes!(handlers::preview_new))
        .routes(routes!(handlers::show, handlers::update, handlers::delete))
        .routes(routes!(handlers::preview_change))
        .routes(routes!(handlers::suspend))
        .routes(routes!(handlers::resume))
        .routes(routes!(handlers::reconcile))
        .routes(routes!(handlers::rollback))
        .routes(routes!(handlers::run_tests))
        .routes(routes!(handlers::tests))
        .routes(routes!(handlers::events))
        .routes(routes!(handlers::yaml))
        .routes(routes!(history::history))
        .routes(routes!(history::revision))
        .routes(routes!(history::diff))
        .routes(routes!(history::notes))
        .routes(routes!(history::resources))
        .routes(routes!(history::values))
}

/// Routes that answer without a token.
fn open() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(api::session::sign_in, api::session::sign_out))
}

fn probes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(api::health::live))
        .routes(routes!(api::health::ready))
        .routes(routes!(api::health::metrics))
}

/// The whole API as an OpenAPI document, as committed in `openapi.json`.
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = OpenApiRouter::with_openapi(Document::openapi())
        .nest("/api/v1", guarded().merge(open()))
        .merge(probes())
        .into_openapi();
    for (path, item) in &mut document.paths.paths {
        name_operations(path, item);
    }
    document
}

/// Gives each operation an identifier of its own, by method and path: handlers of different nouns share names.
fn name_operations(path: &str, item: &mut utoipa::openapi::PathItem) {
    let path = path.trim_start_matches("/api/v1");
    let words: String = path
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect();
    let operations = [
        ("get", &mut item.get),
        ("post", &mut item.post),
        ("put", &mut item.put),
        ("patch", &mut item.patch),
        ("delete", &mut item.delete),
    ];
    for (method, operation) in operations {
        if let Some(operation) = operation {
            operation.operation_id = Some(format!("{method}{words}"));
        }
    }
}

/// The server: API, portal, probes, with all limits and guards.
///
/// Hand it to `axum::serve`, or call it as a tower service in a test.
pub fn router(options: ServerOptions) -> Router {
    let app = App::new(options);
    let (guarded, _) = guarded().split_for_parts();
    let (open, _) = open().split_for_parts();
    let (probes, _) = probes().split_for_parts();
    let guarded = guarded
        .route("/openapi.json", axum::routing::get(document))
        .route_layer(middleware::from_fn_with_state(app.clone(), authenticate));
    // Streams of events must not wait in a compressor's buffer.
    let compressed =
        CompressionLayer::new().compress_when(DefaultPredicate::new().and(NotForContentType::new("font/")));
    Router::new()
        .nest("/api/v1", guarded.merge(open))
        .merge(probes)
        .fallback(portal::serve)
        .method_not_allowed_fallback(wrong_method)
        .layer(compressed)
        .layer(middleware::from_fn_with_state(app.clone(), check_host))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), enforce))
        .layer(DefaultBodyLimit::max(app.limits.body))
        .with_state(app)
}

async fn document() -> axum::Json<utoipa::openapi::OpenApi> {
    axum::Json(openapi())
}

async fn wrong_method(method: http::Method, uri: http::Uri) -> crate::Problem {
    crate::Problem::new(
        http::StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "Not possible here",
        format!("`{method}` is not possible on `{}`", uri.path()),
    )
}
