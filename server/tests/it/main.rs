//! The application over real sockets. Every test has a server of its own, on a port that the system
//! gave; none waits for time to pass but the one about a client that does.

mod access;
mod api_bad_input;
mod api_events;
mod api_history;
mod api_openapi;
mod api_ports;
mod api_settings;
mod api_support;
mod console;
mod description;
mod enter;
mod identity;
mod landing;
mod limits;
mod log;
mod metrics;
mod redirect;
mod replacement;
mod site;
mod status;
mod stop;
mod support;
