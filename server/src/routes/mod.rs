//! What is ours under `/_homeport/`, a file for each page.

use actix_web::{
    Error, Handler, HttpRequest, HttpResponse, Resource, Responder,
    body::{BoxBody, EitherBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    guard,
    http::{Method, header},
    middleware::{DefaultHeaders, Next, from_fn},
    web,
};

use crate::{error::ApiError, seal::HEADERS};

pub mod api;
mod health;
mod identity;
mod landing;

/// Where everything of ours lives, so that an app owns the rest of its URLs.
pub const BASE: &str = "/_homeport";

/// The landing page.
pub const LANDING: &str = "/_homeport/";

/// The longest body that is read, in bytes: a settings file is a tenth of it.
pub const MAX_BODY: usize = 64 * 1024;

/// Registers all of it.
pub fn register(config: &mut web::ServiceConfig) {
    let headers = HEADERS.into_iter().fold(DefaultHeaders::new(), DefaultHeaders::add);
    config.service(
        web::scope(BASE)
            .app_data(web::PayloadConfig::new(MAX_BODY))
            .wrap(from_fn(bounded))
            .wrap(headers)
            .service(page("", || async { to_landing_page() }))
            .service(page("/", landing::page))
            .service(page("/assets/landing.css", landing::style))
            .service(page("/assets/icon.svg", landing::icon))
            .service(page("/healthz", health::healthz))
            .service(page("/readyz", health::readyz))
            .service(page("/identity", identity::identity))
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

/// Refuses a body that says of itself that it is too long, before a byte of it is read. One that
/// does not say meets [`MAX_BODY`] while it is read.
async fn bounded<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let length = request.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.trim().parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY) {
        return Ok(request.error_response(ApiError::BodyTooLarge).map_into_right_body());
    }
    next.call(request).await.map(ServiceResponse::map_into_left_body)
}
