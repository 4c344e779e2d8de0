//! The access log: one line of diagnostics for each response.

use std::{borrow::Cow, rc::Rc, time::Instant};

use actix_web::{
    Error,
    body::{BodySize, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use shared::keys;
use slog::{Drain, Level, Logger, info};

/// Whether `logger` would keep such lines. If not, the middleware is left out altogether.
pub fn is_wanted(logger: &Logger) -> bool {
    logger.is_enabled(Level::Info)
}

/// The middleware. The time is that until the response began; its body may take longer.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub async fn access_log<B: MessageBody + 'static>(
    logger: Rc<Logger>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let began = Instant::now();
    let response = next.call(request).await?;
    let request = response.request();
    let bytes = match response.response().body().size() {
        BodySize::Sized(bytes) => Some(bytes),
        BodySize::None => Some(0),
        BodySize::Stream => None,
    };
    // slog writes them last to first.
    info!(logger, "request";
        keys::REMOTE_ADDR => request.peer_addr().map(|address| address.to_string()),
        keys::ELAPSED_MS => began.elapsed().as_micros() as f64 / 1000.0,
        keys::BYTES => bytes,
        keys::STATUS => response.status().as_u16(),
        keys::PATH => without_ticket(request.path()),
        keys::METHOD => request.method().as_str(),
    );
    Ok(response)
}

/// The path without a ticket that a program has made a part of it, as `enter%3Fticket=T` and `enter;ticket=T` are:
/// what was not used is still good.
fn without_ticket(path: &str) -> Cow<'_, str> {
    match path.to_ascii_lowercase().find("ticket") {
        Some(at) if at + "ticket".len() < path.len() => format!("{}ticket***", &path[..at]).into(),
        _ => path.into(),
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_ticket_in_a_path_stands_in_no_log() {
        for (path, kept) in [
            ("/_homeport/enter", "/_homeport/enter"),
            ("/_homeport/enter%3Fticket=0f3a", "/_homeport/enter%3Fticket***"),
            ("/_homeport/enter;TICKET=0f3a", "/_homeport/enter;ticket***"),
            ("/\u{130}/ticket%3D0f3a", "/\u{130}/ticket***"),
            ("/buy/a/ticket", "/buy/a/ticket"),
        ] {
            assert_eq!(without_ticket(path), kept);
        }
    }
}
