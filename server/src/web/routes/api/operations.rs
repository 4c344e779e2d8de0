//! The table of the operations, which registers and describes each.

use actix_web::web;
use utoipa::OpenApi;

use super::{
    actions, conflicts, events, history,
    methods::{getting, posting, putting, reading, resource},
    ports, settings, status, version,
};

/// Makes [`ROUTES`], [`register`] and [`Operations`] of one table: the path of each operation, its
/// methods as `Allow` lists them, and a handler for each method.
macro_rules! operations {
    ($($path:literal, $allow:literal:
        $($method:ident => $($handler:ident)::+),+;)+) => {
        /// Every operation: its path, and the methods that it takes.
        pub(super) const ROUTES: &[(&str, &str)] = &[$((concat!("/_homeport", $path), $allow)),+];

        pub(super) fn register(config: &mut web::ServiceConfig) {
            $(config.service(
                resource($path, $allow)
                    $(.route(web::route().guard($method()).to($($handler)::+)))+
            );)+
        }

        /// The description of every operation.
        #[derive(OpenApi)]
        #[openapi(paths($($($($handler)::+),+),+))]
        pub(super) struct Operations;
    };
}

operations! {
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
