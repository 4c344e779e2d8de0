//! What a request of ours can fail with, as `application/problem+json` (RFC 9457).

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use serde_json::{Value, json};

/// Why a request was not answered as it wished.
///
/// Nearly each is for the client to mend, and says how; what goes wrong inside is a line of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The request names a host that this server is not.
    #[error("this server does not answer to that host name: open it under the address it printed")]
    Misdirected,
    /// A page of another origin asks for more than reading.
    #[error("pages of another origin may not do this")]
    ForeignOrigin,
    /// The token is missing or wrong.
    #[error("this needs the app's token: `Authorization: Bearer <token>`")]
    NoToken,
    /// The token is wrong, like too many before it.
    #[error("too many wrong tokens: wait a second, and read the token anew")]
    TooManyAttempts,
    /// The challenge is missing, too long or not plain text.
    #[error(
        "`challenge` must be 1 to {} visible ASCII characters",
        shared::identity::MAX_CHALLENGE
    )]
    BadChallenge,
    /// There is nothing of ours here.
    #[error("there is nothing here")]
    NotFound,
    /// It can only be read.
    #[error("this can only be read")]
    ReadOnly,
    /// The body is longer than [`MAX_BODY`](crate::bounds::MAX_BODY).
    #[error("a request has at most {} bytes", crate::bounds::MAX_BODY)]
    BodyTooLarge,
    /// The body did not come within [`BODY_TIMEOUT`](crate::bounds::BODY_TIMEOUT).
    #[error("the rest of the request did not come")]
    TooSlow,
    /// The port history cannot be read.
    #[error("the port history cannot be counted: the log says why")]
    NoMetrics,
    /// The server is on its way out.
    #[error("the server is stopping")]
    Stopping,
    /// The app is on another port now.
    #[error("the app has moved to another port")]
    Moved,
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::TooManyAttempts => StatusCode::TOO_MANY_REQUESTS,
            Self::BadChallenge => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::ReadOnly => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoMetrics => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Stopping | Self::Moved => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = answer(status, &problem(status, &self.to_string()));
        let further = match self {
            Self::NoToken => Some((header::WWW_AUTHENTICATE, "Bearer")),
            Self::TooManyAttempts => Some((header::RETRY_AFTER, "1")),
            Self::ReadOnly => Some((header::ALLOW, "GET, HEAD")),
            _ => None,
        };
        if let Some((name, value)) = further {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// The members that every problem has.
pub(crate) fn problem(status: StatusCode, detail: &str) -> Value {
    json!({
        "type": "about:blank",
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
    })
}

/// A problem as an answer.
pub(crate) fn answer(status: StatusCode, problem: &Value) -> HttpResponse {
    let media_type = "application/problem+json";
    HttpResponse::build(status).content_type(media_type).body(problem.to_string())
}
