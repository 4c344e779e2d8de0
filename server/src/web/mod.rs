//! The HTTP server: the application, what stands in front of every request, and the routes.
//!
//! Each module uses only modules declared below it.

pub mod application;
pub mod routes;
pub mod redirect;
pub mod authorized;
pub mod metrics;
pub mod app_state;
pub mod redirect_target;
pub mod guard;
pub mod body_limit;
pub mod connections;
pub mod access_log;
mod problem_log;
pub mod i18n;
pub mod launcher_requests;
pub mod storage;
pub mod launch_history;
pub mod security_headers;
pub mod limits;
pub mod paths;
