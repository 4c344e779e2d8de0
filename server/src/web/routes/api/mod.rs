//! The API, version 1: `/_homeport/api/v1/`, its description for programs and the page for people.
//!
//! The routes are listed once, here. Each checks who asks, then what is asked, and answers with JSON
//! or with a refusal; what is asked of the disk or of the system is asked on threads that may
//! wait.

mod body;
mod conflicts;
pub mod events;
mod fields;
mod history;
mod openapi;
mod actions;
mod docs_page;
mod ports;
mod query;
mod refusal;
mod settings;
mod status;
mod version;

use actix_web::{HttpResponse, Resource, guard, web};
use utoipa::OpenApi;

use self::refusal::Refusal;
use crate::web::storage::{AppFiles, Storage};

/// Lists the routes: what each path takes, and who answers. The operations are described as well;
/// the documents are what describes them.
macro_rules! routes {
    (
        operations { $($path:literal, $allow:literal:
            $($method:ident => $($handler:ident)::+),+;)+ }
        documents { $($document:literal => $($drawn:ident)::+;)+ }
    ) => {
        /// Every route of the API: its path, and the methods that it takes.
        pub const ROUTES: &[(&str, &str)] = &[
            $((concat!("/_homeport", $path), $allow),)+
            $((concat!("/_homeport", $document), "GET, HEAD"),)+
        ];

        /// Registers all of it.
        pub(super) fn register(config: &mut web::ServiceConfig) {
            $(config.service(
                resource($path, $allow)
                    $(.route(web::route().guard($method()).to($($handler)::+)))+
            );)+
            $(config.service(
                resource($document, "GET, HEAD")
                    .route(web::route().guard(reading()).to($($drawn)::+))
            );)+
        }

        /// The description of every operation.
        #[derive(OpenApi)]
        #[openapi(paths($($($($handler)::+),+),+))]
        struct Operations;
    };
}

routes! {
    operations {
        "/api/v1/status", "GET, HEAD": reading => status::status;
        "/api/v1/version", "GET, HEAD": reading => version::version;
        "/api/v1/history", "GET, HEAD": reading => history::history;
        "/api/v1/conflicts", "GET, HEAD": reading => conflicts::conflicts;
        "/api/v1/ports/{port}", "GET, HEAD": reading => ports::port;
        "/api/v1/settings", "GET, HEAD, PUT": reading => settings::read, putting => settings::replace;
        "/api/v1/move", "POST": posting => actions::relocate;
        "/api/v1/restart", "POST": posting => actions::restart;
        "/api/v1/stop", "POST": posting => actions::stop;
        "/api/v1/events", "GET": getting => events::follow;
    }
    documents {
        "/openapi.json" => openapi::document;
        "/docs" => docs_page::page;
    }
}

/// A resource that refuses the methods that it does not take.
fn resource(path: &str, allow: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || refuse(Refusal::Method(allow))))
}

fn reading() -> impl guard::Guard {
    guard::Any(guard::Get()).or(guard::Head())
}

fn getting() -> impl guard::Guard {
    guard::Get()
}

fn posting() -> impl guard::Guard {
    guard::Post()
}

fn putting() -> impl guard::Guard {
    guard::Put()
}

async fn refuse(refusal: Refusal) -> Result<HttpResponse, Refusal> {
    Err(refusal)
}

/// Does what may have to wait for the disk or the system on a thread that may.
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    // It fails only when the server is on its way out, or when the work has a bug.
    web::block(work).await.map_err(|_| Refusal::Stopping)?
}

/// The app's files, where there are any.
fn files(storage: &Storage) -> Result<&AppFiles, Refusal> {
    storage.files.as_ref().ok_or(Refusal::NoFiles)
}
