//! Server-sent events (WHATWG HTML, section 9.2): how an event is written, and the response that streams them.

use std::{fmt::Display, time::Duration};

use actix_web::{
    Error, HttpResponse,
    http::header::{CACHE_CONTROL, ContentEncoding},
    web::Bytes,
};
use futures_util::{StreamExt, stream};
use shared::printable;
use tokio::{sync::mpsc::Receiver, time::timeout};

/// An event with a name, one line of data and, if given, the id that the client repeats when it reconnects.
pub(super) fn event(name: &str, data: &str, id: Option<impl Display>) -> Bytes {
    debug_assert!(!data.contains(['\r', '\n']), "the data is one line of JSON");
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("{id}event: {name}\ndata: {}\n\n", printable::in_json(data)).into()
}

/// A line that clients skip.
pub(super) fn comment(text: &str) -> Bytes {
    format!(": {text}\n\n").into()
}

/// Streams `events` until the sender drops them. A comment is sent after each `heartbeat` without an
/// event; a client that loses the connection is asked to wait for `retry` before it reconnects.
pub(super) fn response(
    events: Receiver<Bytes>,
    heartbeat: Duration,
    retry: Duration,
) -> HttpResponse {
    let first = Bytes::from(format!("retry: {}\n\n", retry.as_millis()));
    let rest = stream::unfold(events, move |mut events| async move {
        match timeout(heartbeat, events.recv()).await {
            Ok(event) => event.map(|event| (event, events)),
            Err(_) => Some((comment("keep-alive"), events)),
        }
    });
    let stream = stream::iter([first]).chain(rest).map(Ok::<_, Error>);
    HttpResponse::Ok()
        .content_type("text/event-stream")
        // A compressor would hold events back.
        .insert_header(ContentEncoding::Identity)
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(stream)
}

#[cfg(test)]
mod test {
    use actix_web::body::to_bytes;
    use tokio::sync::mpsc::channel;

    use super::*;

    #[test]
    fn events_are_written_as_the_standard_has_them_and_a_silent_stream_is_kept_alive() {
        assert_eq!(event("record", "{}", Some(7)), "id: 7\nevent: record\ndata: {}\n\n");
        let body = actix_rt::System::new().block_on(async {
            let (sender, events) = channel(1);
            let response = response(events, Duration::from_millis(1), Duration::from_secs(1));
            actix_rt::spawn(async move {
                actix_rt::time::sleep(Duration::from_millis(20)).await;
                let _ = sender.send(event("stopping", "{}", None::<u8>)).await;
            });
            to_bytes(response.into_body()).await.expect("a body")
        });
        assert!(body.starts_with(b"retry: 1000\n\n: keep-alive\n\n"), "{body:?}");
        assert!(body.ends_with(b"event: stopping\ndata: {}\n\n"), "{body:?}");
    }
}
