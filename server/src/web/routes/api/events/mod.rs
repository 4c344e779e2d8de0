//! `events`: what happens, as it happens, as server-sent events.
//!
//! A client gets the status first, then every record of the app as it is written, `moved` when the app
//! has moved, and `stopping` when the server stops. The `id` of an event is a cursor of the history: a
//! client that reconnects with `Last-Event-ID` gets what it missed, unless that is too much, and then
//! it must read the history.

mod hub;
mod sse;

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::header::HeaderName, web::Data};

pub use self::hub::EventHub;
use super::{blocking::run_blocking, fields::Empty, query::Query};
use crate::{
    problem::Problem,
    web::{app_state::AppState, authorized::Authorized},
};

/// The interval of comments to a client without events: short enough that a proxy or a sleeping laptop
/// is noticed before a person notices.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// The time after which a client should reconnect when the connection is lost. A restart takes less.
const RETRY: Duration = Duration::from_secs(1);

/// `GET /_homeport/api/v1/events`
#[utoipa::path(
    get,
    path = "/_homeport/api/v1/events",
    tag = "reading",
    summary = "What happens, as it happens",
    description = "Server-sent events. `status` comes first, with the answer of `status`; then a \
        `record` for each record of this app that is written; `moved` with `{from, to, url, enter}` \
        when the app has moved, where `enter` lets this browser in on the new port; `stopping` with \
        `{reason}`, `restart` or `stop`, before the stream ends. Their `id` is a cursor of the \
        history. At most 64 clients follow at once.",
    params(("Last-Event-ID" = Option<String>, Header, description = "The last `id` that was received; what was missed is sent, unless it is too much.")),
    responses(
        (status = 200, description = "The stream", body = String, content_type = "text/event-stream"),
        (status = 503, response = Problem),
    ),
)]
pub(super) async fn follow(
    _: Authorized,
    _: Query<Empty>,
    request: HttpRequest,
    state: Data<AppState>,
    hub: Data<EventHub>,
) -> Result<HttpResponse, Problem> {
    let last = request.headers().get(HeaderName::from_static("last-event-id"));
    // One that is not a cursor, or belongs to another file, counts as absent.
    let last = last.and_then(|last| last.to_str().ok()?.parse().ok());
    let events = run_blocking(move || hub.join(&state, last)).await?;
    Ok(sse::response(events, HEARTBEAT, RETRY))
}
