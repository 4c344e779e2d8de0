//! What a request of ours can fail with, as `application/problem+json` (RFC 9457).

use std::borrow::Cow;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use serde::{Serialize, Serializer};
use shared::{
    conflict::{Class, Holder, OsError},
    port::Port,
};
use utoipa::{ToResponse, ToSchema};

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
    /// The body is longer than [`MAX_BODY`](crate::web::body_limit::MAX_BODY).
    #[error("a request has at most {} bytes", crate::web::body_limit::MAX_BODY)]
    BodyTooLarge,
    /// The body did not come within [`BODY_TIMEOUT`](crate::web::body_limit::BODY_TIMEOUT).
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
        let mut response = Problem::new(status, self).response();
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

/// Why a request was refused (RFC 9457). A member that does not belong to the kind is absent.
#[derive(Debug, Default, Serialize, ToSchema, ToResponse)]
#[response(description = "Why it was not done", content_type = "application/problem+json")]
pub(crate) struct Problem {
    /// The kind: `about:blank`, or where it is described.
    #[schema(example = "/_homeport/docs#wrong-parameter")]
    pub(crate) r#type: Cow<'static, str>,
    /// The status in words.
    #[schema(value_type = String, example = "Bad Request")]
    pub(crate) title: Option<&'static str>,
    /// The status.
    #[serde(serialize_with = "number")]
    #[schema(value_type = u16, minimum = 400, maximum = 599, example = 400)]
    pub(crate) status: StatusCode,
    /// What is wrong, for a person.
    pub(crate) detail: String,
    /// The member, parameter or setting that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) field: Option<Cow<'static, str>>,
    /// The settings file that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file: Option<String>,
    /// The line that is wrong, in the body or in the settings file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<usize>)]
    pub(crate) line: Option<Option<usize>>,
    /// The column that is wrong, in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) column: Option<usize>,
    /// What is wrong with the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fault: Option<String>,
    /// The port that cannot be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<Port>,
    /// What keeps the port from us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) class: Option<Class>,
    /// Who holds the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Holder>)]
    pub(crate) holder: Option<Option<Holder>>,
    /// What the system said of the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OsError>)]
    pub(crate) os_error: Option<Option<OsError>>,
    /// How to get the port, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(crate) advice: Option<Option<String>>,
    /// The command that starts a launcher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) command: Option<String>,
    /// The address to which the app has moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location: Option<String>,
}

fn number<S: Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}

impl Problem {
    /// One of no kind of its own.
    pub(crate) fn new(status: StatusCode, detail: &impl ToString) -> Self {
        Self {
            r#type: "about:blank".into(),
            title: status.canonical_reason(),
            status,
            detail: detail.to_string(),
            ..Self::default()
        }
    }

    /// The answer that says so.
    pub(crate) fn response(&self) -> HttpResponse {
        HttpResponse::build(self.status).content_type("application/problem+json").json(self)
    }
}
