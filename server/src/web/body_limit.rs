//! The limits on the size of a request body and on the time that it takes to arrive.
//!
//! Heads are limited by actix: 128 KiB, 96 lines and, on a new connection, the timeout that the
//! application sets. Bodies are limited here, for our own routes only: an app may accept long ones.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    Error, HttpMessage, ResponseError,
    body::{BodySize, BoxBody, EitherBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    http::{ConnectionType, header},
    middleware::Next,
    web::Bytes,
};
use futures_util::stream::{self, Stream, StreamExt};
use tokio::time::{Instant, timeout_at};

use crate::{problem::Problem, web::limits::MAX_BODY};

type BoxedPayloadStream = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

/// The middleware. It refuses a body whose `Content-Length` is more than [`MAX_BODY`] before a byte of
/// it is read, and a body that has not arrived after `patience`. The handlers hold a body without a
/// `Content-Length` to [`MAX_BODY`] while they read it.
///
/// # Errors
///
/// Only what the service behind it fails with.
pub async fn body_limit<B: MessageBody + 'static>(
    patience: Duration,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    let length = length.and_then(|value| value.to_str().ok()?.trim().parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY) {
        return Ok(request
            .error_response(Problem::content_too_large(MAX_BODY))
            .map_into_right_body());
    }
    if length.unwrap_or(0) == 0 && !headers.contains_key(header::TRANSFER_ENCODING) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let is_late = Rc::new(Cell::new(false));
    let body = Rc::new(RefCell::new(request.take_payload()));
    let payload = with_deadline(patience, Rc::clone(&body), Rc::clone(&is_late));
    request.set_payload(Payload::Stream { payload });
    let answered = next.call(request).await?;
    if !is_late.get() {
        let holding =
            |answer: B| BoxBody::new(HoldingBody { answer: answer.boxed(), _unread: body });
        return Ok(answered.map_body(|_, answer| holding(answer)).map_into_right_body());
    }
    let mut refusal = Problem::timeout().error_response();
    // The rest of the body, if it arrives later, is not a request.
    refusal.head_mut().set_connection_type(ConnectionType::Close);
    Ok(answered.into_response(refusal).map_into_right_body())
}

/// A response that holds the unread rest of its request's body until it is sent. When the payload of a
/// body in chunks is dropped early, actix reads the rest for as long as the client sends it; while the
/// payload is held, actix reads nothing more, and closes the connection.
struct HoldingBody {
    answer: BoxBody,
    _unread: Rc<RefCell<Payload>>,
}

impl MessageBody for HoldingBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.answer.as_pin_mut().poll_next(context)
    }
}

/// The same body, which fails after `patience` and then sets `is_late`.
fn with_deadline(
    patience: Duration,
    body: Rc<RefCell<Payload>>,
    is_late: Rc<Cell<bool>>,
) -> BoxedPayloadStream {
    let until = Instant::now() + patience;
    Box::pin(stream::unfold(body, move |body| {
        let is_late = Rc::clone(&is_late);
        async move {
            let next = poll_fn(|context| body.borrow_mut().poll_next_unpin(context));
            let chunk = match timeout_at(until, next).await {
                Ok(chunk) => chunk?,
                Err(_) => {
                    is_late.set(true);
                    Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))
                }
            };
            Some((chunk, body))
        }
    }))
}

#[cfg(test)]
mod test {
    use actix_web::{
        App,
        dev::Service,
        http::StatusCode,
        middleware::from_fn,
        test::{TestRequest, init_service},
        web,
    };

    use super::*;

    /// The status of a request whose body never comes.
    fn waited(header: (&str, &str)) -> StatusCode {
        let patience = Duration::from_millis(10);
        actix_rt::System::new().block_on(async {
            let app = App::new()
                .wrap(from_fn(move |request, next| body_limit(patience, request, next)))
                .service(web::resource("/a").to(|body: Bytes| async move { body }));
            let app = init_service(app).await;
            let request = TestRequest::put().uri("/a").insert_header(header).to_request();
            let never: BoxedPayloadStream = Box::pin(stream::pending());
            let never = Payload::Stream { payload: never };
            let answer = app.call(request.replace_payload(never).0).await.expect("an answer");
            answer.status()
        })
    }

    #[test]
    fn a_body_that_never_comes_is_not_waited_for() {
        assert_eq!(waited(("content-length", "3")), StatusCode::REQUEST_TIMEOUT);
        assert_eq!(waited(("transfer-encoding", "chunked")), StatusCode::REQUEST_TIMEOUT);
    }
}
