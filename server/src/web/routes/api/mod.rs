//! The API, version 1: `/_homeport/api/v1/`, its description for programs and the page for people.
//!
//! Each module uses only modules declared below it. `operations` lists the operations; each checks the
//! credential, then the request, and answers with JSON or with a refusal. What waits for the disk or for
//! the system runs on threads that may block.

mod docs_page;
mod openapi;
mod operations;
mod actions;
pub mod events;
mod ports;
mod status;
mod settings;
mod conflicts;
mod history;
mod version;
mod methods;
mod blocking;
mod body;
mod query;
mod fields;

use actix_web::web;

use self::methods::{reading, resource};

/// The documents: their paths, and the methods that they take.
const DOCUMENTS: [(&str, &str); 2] =
    [("/_homeport/openapi.json", "GET, HEAD"), ("/_homeport/docs", "GET, HEAD")];

/// Every route of the API: its path, and the methods that it takes.
pub fn routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    operations::ROUTES.iter().copied().chain(DOCUMENTS)
}

pub(super) fn register(config: &mut web::ServiceConfig) {
    operations::register(config);
    config.service(
        resource("/openapi.json", "GET, HEAD")
            .route(web::route().guard(reading()).to(openapi::document)),
    );
    config.service(
        resource("/docs", "GET, HEAD").route(web::route().guard(reading()).to(docs_page::page)),
    );
}
