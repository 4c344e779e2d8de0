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
use serde_json::{Map, Value, json};
use shared::{conflict::Conflict, history::HistoryError, settings::SettingsError};

use crate::{error, routes::MAX_BODY};

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
    SamePort(u16),
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

    /// The last part of its `type`.
    fn word(&self) -> &'static str {
        match self {
            Self::Parameter { .. } => "wrong-parameter",
            Self::Json { .. } | Self::BrokenOff => "not-json",
            Self::Value { .. } => "wrong-value",
            Self::Protected(_) => "protected-setting",
            Self::MediaType(_) => "wrong-media-type",
            Self::TooLong => "too-long",
            Self::Method(_) => "wrong-method",
            Self::Gone => "cursor-gone",
            Self::Unsupervised { .. } => "no-launcher",
            Self::Taken(_) => "port-unavailable",
            Self::SamePort(_) => "same-port",
            Self::BrokenSettings(_) => "broken-settings",
            Self::NoMatch => "if-match-missing",
            Self::Stale => "settings-changed",
            Self::Busy => "busy",
            Self::Full => "too-many-clients",
            Self::Stopping => "stopping",
            Self::NoFiles => "no-files",
            Self::System(_) => "system",
        }
    }

    /// What a program can act on, beside the members that every problem has.
    fn members(&self) -> Map<String, Value> {
        let members = match self {
            Self::Parameter { field, .. } | Self::Value { field, .. } => json!({ "field": field }),
            Self::Json { line, column, .. } => json!({ "line": line, "column": column }),
            Self::Protected(field) => json!({ "field": field }),
            Self::Unsupervised { command, .. } => json!({ "command": command }),
            Self::Taken(conflict) => json!({
                "field": "port",
                "port": conflict.port,
                "class": conflict.class,
                "holder": conflict.holder,
                "os_error": conflict.os_error,
                "advice": conflict.advice(),
            }),
            Self::SamePort(port) => json!({ "field": "port", "port": port }),
            Self::BrokenSettings(error) => json!({
                "file": error.file,
                "line": error.line,
                "fault": error.problem.to_string(),
            }),
            _ => Value::Null,
        };
        match members {
            Value::Object(members) => members,
            _ => Map::new(),
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
        match self {
            Self::Parameter { .. } | Self::Json { .. } | Self::BrokenOff => StatusCode::BAD_REQUEST,
            Self::Value { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Protected(_) => StatusCode::FORBIDDEN,
            Self::MediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Gone => StatusCode::GONE,
            Self::Unsupervised { .. } | Self::Taken(_) => StatusCode::CONFLICT,
            Self::SamePort(_) | Self::BrokenSettings(_) => StatusCode::CONFLICT,
            Self::NoMatch => StatusCode::PRECONDITION_REQUIRED,
            Self::Stale => StatusCode::PRECONDITION_FAILED,
            Self::Busy => StatusCode::TOO_MANY_REQUESTS,
            Self::Full | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::NoFiles => StatusCode::NOT_FOUND,
            Self::System(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut problem = error::problem(status, &self.to_string());
        problem["type"] = format!("{DOCS}#{}", self.word()).into();
        if let Value::Object(all) = &mut problem {
            all.extend(self.members());
        }
        let mut response = error::answer(status, &problem);
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
            Refusal::SamePort(1),
            Refusal::NoMatch,
            Refusal::Stale,
            Refusal::Busy,
            Refusal::Full,
            Refusal::Stopping,
            Refusal::NoFiles,
            Refusal::System(String::new()),
        ] {
            assert!(Refusal::KINDS.iter().any(|(word, _)| *word == refusal.word()), "{refusal:?}");
        }
    }
}
