//! Why the API did not do what it was asked for, as `application/problem+json` (RFC 9457).
//!
//! Every kind has a word of its own in `type`, which leads to its description, and further members
//! that a program can act on.

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use shared::{conflict::Conflict, history::HistoryError, port::Port, settings::SettingsError};

use crate::{error::Problem, routes::MAX_BODY};

/// The page that describes every kind.
const DOCS: &str = "/_homeport/docs";

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    /// A parameter of the URL is wrong or unknown.
    #[error("{detail}")]
    Parameter { field: String, detail: String },
    /// The body is not JSON.
    #[error("{detail}, at line {line}, column {column}")]
    Json { line: usize, column: usize, detail: String },
    /// A member of the body is wrong or unknown.
    #[error("{detail}")]
    Value { field: String, detail: String },
    /// A member of the body may not be changed from a browser.
    #[error(
        "`{0}` cannot be changed here, because a browser must not choose a program: edit the settings file"
    )]
    Protected(&'static str),
    /// The body is of another kind.
    #[error("{0}")]
    MediaType(&'static str),
    /// The body is too long.
    #[error("a request has at most {MAX_BODY} bytes")]
    TooLong,
    /// The body broke off.
    #[error("the body could not be read to its end")]
    BrokenOff,
    /// Another method is wanted.
    #[error("this takes {0} only")]
    Method(&'static str),
    /// The history that a cursor points into is gone.
    #[error("the history that this cursor points into is gone: begin anew without one")]
    Gone,
    /// Only a launcher can do this.
    #[error("{detail}: {command}")]
    Unsupervised { detail: &'static str, command: String },
    /// The port cannot be had.
    #[error("{}", .0.sentence())]
    Taken(Box<Conflict>),
    /// It is the port that it has.
    #[error("it is on port {0} already")]
    SamePort(Port),
    /// The settings file is wrong already.
    #[error("{0}")]
    BrokenSettings(SettingsError),
    /// Which state of the settings is to be replaced was not said.
    #[error("say with `If-Match` which settings these replace: the `ETag` of the last answer")]
    NoMatch,
    /// The settings are not what they were.
    #[error("the settings were changed in the meantime: read them again")]
    Stale,
    /// Too much is asked at once.
    #[error("another port is being looked at: ask again in a moment")]
    Busy,
    /// As many listen as may.
    #[error("as many clients follow the events as may: close one, or come back later")]
    Full,
    /// The server is on its way out.
    #[error("the server is stopping")]
    Stopping,
    /// The application was made without files.
    #[error("this application keeps no files")]
    NoFiles,
    /// The system refuses.
    #[error("{0}")]
    System(String),
}

impl Refusal {
    /// Every word that may end a `type`, and what it is about.
    pub(super) const KINDS: [(&'static str, &'static str); 19] = [
        (
            "wrong-parameter",
            "A parameter of the URL is unknown, given twice or wrong; `field` names it.",
        ),
        ("not-json", "The body is not an object in JSON; `line` and `column` say where."),
        ("wrong-value", "A member of the body is unknown or wrong; `field` names it."),
        ("protected-setting", "This setting is not changed from a browser; `field` names it."),
        ("wrong-media-type", "The body is of another kind than `Accept` says."),
        ("too-long", "The body is too long."),
        ("wrong-method", "The path takes other methods; `Allow` names them."),
        (
            "cursor-gone",
            "The cursor points into a history that was put aside: begin anew without it.",
        ),
        ("no-launcher", "Only a launcher can do this; `command` starts one."),
        ("port-unavailable", "The port cannot be had; `class` and `holder` say why."),
        ("same-port", "The app is on that port already."),
        (
            "broken-settings",
            "The settings file is wrong; `line` and `fault` say where and how. Nothing was changed.",
        ),
        ("if-match-missing", "The settings are replaced only with `If-Match`."),
        ("settings-changed", "Somebody has changed the settings in the meantime: read them again."),
        ("busy", "Another port is being looked at; `Retry-After` says when to ask again."),
        ("too-many-clients", "As many clients follow the events as may."),
        ("stopping", "The server is on its way out."),
        ("no-files", "This application keeps no files, so there is nothing to read or to set."),
        ("system", "The system refuses; `detail` is what it says."),
    ];

    /// A parameter of the URL that is wrong.
    pub(super) fn parameter(field: &str, detail: &(impl ToString + ?Sized)) -> Self {
        Self::Parameter { field: field.to_owned(), detail: detail.to_string() }
    }

    /// A member of the body that is wrong.
    pub(super) fn value(field: &str, detail: &(impl ToString + ?Sized)) -> Self {
        Self::Value { field: field.to_owned(), detail: detail.to_string() }
    }

    /// Its status, and the last part of its `type`.
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Parameter { .. } => (StatusCode::BAD_REQUEST, "wrong-parameter"),
            Self::Json { .. } | Self::BrokenOff => (StatusCode::BAD_REQUEST, "not-json"),
            Self::Value { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "wrong-value"),
            Self::Protected(_) => (StatusCode::FORBIDDEN, "protected-setting"),
            Self::MediaType(_) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong-media-type"),
            Self::TooLong => (StatusCode::PAYLOAD_TOO_LARGE, "too-long"),
            Self::Method(_) => (StatusCode::METHOD_NOT_ALLOWED, "wrong-method"),
            Self::Gone => (StatusCode::GONE, "cursor-gone"),
            Self::Unsupervised { .. } => (StatusCode::CONFLICT, "no-launcher"),
            Self::Taken(_) => (StatusCode::CONFLICT, "port-unavailable"),
            Self::SamePort(_) => (StatusCode::CONFLICT, "same-port"),
            Self::BrokenSettings(_) => (StatusCode::CONFLICT, "broken-settings"),
            Self::NoMatch => (StatusCode::PRECONDITION_REQUIRED, "if-match-missing"),
            Self::Stale => (StatusCode::PRECONDITION_FAILED, "settings-changed"),
            Self::Busy => (StatusCode::TOO_MANY_REQUESTS, "busy"),
            Self::Full => (StatusCode::SERVICE_UNAVAILABLE, "too-many-clients"),
            Self::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
            Self::NoFiles => (StatusCode::NOT_FOUND, "no-files"),
            Self::System(_) => (StatusCode::INTERNAL_SERVER_ERROR, "system"),
        }
    }

    /// The same with what a program can act on.
    fn problem(&self) -> Problem {
        let (status, word) = self.kind();
        let common =
            Problem { r#type: format!("{DOCS}#{word}").into(), ..Problem::new(status, self) };
        match self {
            Self::Parameter { field, .. } | Self::Value { field, .. } => {
                Problem { field: Some(field.clone().into()), ..common }
            }
            Self::Json { line, column, .. } => {
                Problem { line: Some(Some(*line)), column: Some(*column), ..common }
            }
            Self::Protected(field) => Problem { field: Some((*field).into()), ..common },
            Self::Unsupervised { command, .. } => {
                Problem { command: Some(command.clone()), ..common }
            }
            Self::Taken(conflict) => Problem {
                field: Some("port".into()),
                port: Some(conflict.port),
                class: Some(conflict.class),
                holder: Some(conflict.holder.clone()),
                os_error: Some(conflict.os_error.clone()),
                advice: Some(conflict.advice()),
                ..common
            },
            Self::SamePort(port) => {
                Problem { field: Some("port".into()), port: Some(*port), ..common }
            }
            Self::BrokenSettings(error) => Problem {
                file: Some(error.file.display().to_string()),
                line: Some(error.line),
                fault: Some(error.problem.to_string()),
                ..common
            },
            _ => common,
        }
    }

    fn header(&self) -> Option<(HeaderName, &'static str)> {
        match self {
            Self::Method(allow) => Some((header::ALLOW, allow)),
            Self::MediaType(_) => Some((header::ACCEPT, "application/json")),
            Self::Busy => Some((header::RETRY_AFTER, "1")),
            Self::Full | Self::Stopping => Some((header::RETRY_AFTER, "5")),
            _ => None,
        }
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        self.kind().0
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = self.problem().response();
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

impl From<HistoryError> for Refusal {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Gone(_) => Self::Gone,
            HistoryError::Unreadable(ref source) => Self::System(format!("{error}: {source}")),
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_kind_is_described() {
        for refusal in [
            Refusal::parameter("a", "b"),
            Refusal::BrokenOff,
            Refusal::value("a", "b"),
            Refusal::Protected("a"),
            Refusal::MediaType("a"),
            Refusal::TooLong,
            Refusal::Method("GET"),
            Refusal::Gone,
            Refusal::Unsupervised { detail: "a", command: String::new() },
            Refusal::SamePort(Port::new(1).expect("not 0")),
            Refusal::NoMatch,
            Refusal::Stale,
            Refusal::Busy,
            Refusal::Full,
            Refusal::Stopping,
            Refusal::NoFiles,
            Refusal::System(String::new()),
        ] {
            assert!(
                Refusal::KINDS.iter().any(|(word, _)| *word == refusal.kind().1),
                "{refusal:?}"
            );
        }
    }
}
