//! What is ours under `/_homeport/`, a file for each page.

use actix_web::{
    Handler, HttpRequest, HttpResponse, Resource, Responder, guard,
    http::{Method, header},
    middleware::{DefaultHeaders, from_fn},
    web,
};

use crate::web::{
    body_limit::{BODY_TIMEOUT, MAX_BODY, bounded},
    error::ApiError,
    security_headers::HEADERS,
};

pub mod api;
mod assets;
mod console;
mod document;
mod enter;
mod health;
mod identity;
mod landing;
mod metrics;
mod components;
mod messages;

/// Where everything of ours lives, so that an app owns the rest of its URLs.
pub const BASE: &str = "/_homeport";

/// The landing page.
pub const LANDING: &str = shared::token::CONSOLE;

/// Registers all of it.
pub fn register(config: &mut web::ServiceConfig) {
    let headers = HEADERS.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add);
    config.service(
        web::scope(BASE)
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .wrap(from_fn(|request, next| bounded(BODY_TIMEOUT, request, next)))
            .wrap(headers)
            .service(page("", || async { to_landing_page() }))
            .service(page("/", console::page))
            .service(page("/enter", enter::enter))
            .service(page("/assets/{version}/{name:.+}", assets::asset))
            .service(page("/healthz", health::healthz))
            .service(page("/readyz", health::readyz))
            .service(page("/identity", identity::identity))
            .service(page("/metrics", metrics::metrics))
            .configure(api::register)
            .default_service(web::to(|| refuse(ApiError::NotFound))),
    );
}

/// The answer where there is nothing of anybody's: `/` leads to the landing page.
pub async fn nothing_here(request: HttpRequest) -> HttpResponse {
    match (request.path(), request.method()) {
        ("/", &Method::GET | &Method::HEAD) => to_landing_page(),
        _ => not_found().await,
    }
}

/// The plain answer of a site that has no such page.
pub async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/plain; charset=utf-8").body("Not found\n")
}

async fn refuse(error: ApiError) -> Result<HttpResponse, ApiError> {
    Err(error)
}

fn to_landing_page() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, LANDING)).finish()
}

/// A resource that can be read, and nothing else.
fn page<F, Arguments>(path: &str, handler: F) -> Resource
where
    F: Handler<Arguments>,
    Arguments: actix_web::FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let is_reading = guard::Any(guard::Get()).or(guard::Head());
    web::resource(path)
        .route(web::route().guard(is_reading).to(handler))
        .default_service(web::to(|| refuse(ApiError::ReadOnly)))
}
