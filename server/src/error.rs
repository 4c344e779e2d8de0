//! What a request of ours can fail with, as `application/problem+json` (RFC 9457).

use actix_web::{
    HttpResponse, ResponseError,
    http::{StatusCode, header},
};
use serde_json::json;

/// Why a request was not answered as it wished.
///
/// Each is for the client to mend, and says how; what goes wrong inside is a line of the log.
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
    /// The body is longer than [`MAX_BODY`](crate::routes::MAX_BODY).
    #[error("a request has at most {} bytes", crate::routes::MAX_BODY)]
    BodyTooLarge,
    /// The server is on its way out.
    #[error("the server is stopping")]
    Stopping,
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::NoToken => StatusCode::UNAUTHORIZED,
            Self::BadChallenge => StatusCode::BAD_REQUEST,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::ReadOnly => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        match self {
            Self::NoToken => response.insert_header((header::WWW_AUTHENTICATE, "Bearer")),
            Self::ReadOnly => response.insert_header((header::ALLOW, "GET, HEAD")),
            _ => &mut response,
        };
        response.content_type("application/problem+json").body(
            json!({
                "type": "about:blank",
                "title": status.canonical_reason(),
                "status": status.as_u16(),
                "detail": self.to_string(),
            })
            .to_string(),
        )
    }
}
