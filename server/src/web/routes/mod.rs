//! Our own routes under `/_homeport/`, a file for each page.
//!
//! Each module uses only modules declared below it.

use actix_web::{
    Handler, HttpRequest, HttpResponse, Resource, Responder, guard,
    http::Method,
    middleware::{DefaultHeaders, from_fn},
    web,
};

use crate::{
    problem::{Problem, log_causes},
    web::{
        body_limit::body_limit,
        limits::{BODY_TIMEOUT, MAX_BODY},
        paths::BASE,
        security_headers::HEADERS,
    },
};

pub mod api;
mod console;
mod enter;
mod landing;
mod metrics;
mod identity;
mod health;
mod components;
mod document;
mod assets;
mod messages;

/// Registers all of our routes.
pub fn register(config: &mut web::ServiceConfig) {
    let headers = HEADERS.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add);
    config.service(
        web::scope(BASE)
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .wrap(from_fn(log_causes))
            .wrap(from_fn(|request, next| body_limit(BODY_TIMEOUT, request, next)))
            .wrap(headers)
            .service(page("", || async { landing::see_landing_page() }))
            .service(page("/", console::page))
            .service(page("/enter", enter::enter))
            .service(page("/assets/{version}/{name:.+}", assets::asset))
            .service(page("/healthz", health::healthz))
            .service(page("/readyz", health::readyz))
            .service(page("/identity", identity::identity))
            .service(page("/metrics", metrics::metrics))
            .configure(api::register)
            .default_service(web::to(|| refuse(Problem::not_found()))),
    );
}

/// The answer to a path that neither we nor the app have: `/` redirects to the landing page.
pub async fn nothing_here(request: HttpRequest) -> HttpResponse {
    match (request.path(), request.method()) {
        ("/", &Method::GET | &Method::HEAD) => landing::see_landing_page(),
        _ => not_found().await,
    }
}

/// The plain 404 of a site.
pub async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("Not found\n")
}

async fn refuse(error: Problem) -> Result<HttpResponse, Problem> {
    Err(error)
}

/// A resource that takes `GET` and `HEAD` alone.
fn page<F, Arguments>(path: &str, handler: F) -> Resource
where
    F: Handler<Arguments>,
    Arguments: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let is_reading = guard::Any(guard::Get()).or(guard::Head());
    web::resource(path)
        .route(web::route().guard(is_reading).to(handler))
        .default_service(web::to(|| refuse(Problem::read_only())))
}
