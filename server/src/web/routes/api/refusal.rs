//! Why the API did not do what it was asked for, as `application/problem+json` (RFC 9457).
//!
//! Every kind has a word of its own in `type`, which leads to its description, and further members
//! that a program can act on.

use std::fmt;

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use shared::{conflict::Conflict, history::HistoryError, port::Port, settings::SettingsError};

use crate::web::{error::Problem, routes::MAX_BODY};

/// The page that describes every kind.
const DOCS: &str = "/_homeport/docs";

/// Makes the kinds of refusals: what each is for the page for people, what it says, its status, and
/// the word that ends its `type`.
macro_rules! refusals {
    ($(
        $(#[doc = $about:literal])+
        #[error($($said:tt)+)]
        $kind:ident $(($of:ty))? $({ $($member:ident: $type:ty),+ })? = $status:ident $word:literal;
    )+) => {
        /// Why a request was refused.
        #[derive(Debug, thiserror::Error)]
        pub(super) enum Refusal {
            $(
                $(#[doc = $about])+
                #[error($($said)+)]
                $kind $(($of))? $({ $($member: $type),+ })?,
            )+
        }

        impl Refusal {
            /// Every word that may end a `type`, and what it is about.
            pub(super) const KINDS: &[(&str, &str)] =
                &[$(($word, concat!($($about),+).trim_ascii())),+];

            /// Its status, and the last part of its `type`.
            fn kind(&self) -> (StatusCode, &'static str) {
                match self {
                    $(Self::$kind { .. } => (StatusCode::$status, $word),)+
                }
            }
        }
    };
}

refusals! {
    /// A parameter of the URL is unknown, given twice or wrong; `field` names it.
    #[error("{detail}")]
    Parameter { field: String, detail: String } = BAD_REQUEST "wrong-parameter";

    /// The body is not an object in JSON; `line` and `column` say where, unless it broke off.
    #[error("{detail}{}", Place(*place))]
    Json { place: Option<(usize, usize)>, detail: String } = BAD_REQUEST "not-json";

    /// A member of the body is unknown or wrong; `field` names it.
    #[error("{detail}")]
    Value { field: String, detail: String } = UNPROCESSABLE_ENTITY "wrong-value";

    /// This setting is not changed from a browser; `field` names it.
    #[error(
        "`{0}` cannot be changed here, because a browser must not choose a program: edit the settings file"
    )]
    Protected(&'static str) = FORBIDDEN "protected-setting";

    /// The body is of another kind than `Accept` says.
    #[error("{0}")]
    MediaType(&'static str) = UNSUPPORTED_MEDIA_TYPE "wrong-media-type";

    /// The body is too long.
    #[error("a request has at most {MAX_BODY} bytes")]
    TooLong = PAYLOAD_TOO_LARGE "too-long";

    /// The path takes other methods; `Allow` names them.
    #[error("this takes {0} only")]
    Method(&'static str) = METHOD_NOT_ALLOWED "wrong-method";

    /// The cursor points into a history that was put aside: begin anew without it.
    #[error("the history that this cursor points into is gone: begin anew without one")]
    Gone = GONE "cursor-gone";

    /// Only a launcher can do this; `command` starts one.
    #[error("{detail}: {command}")]
    Unsupervised { detail: &'static str, command: String } = CONFLICT "no-launcher";

    /// The port cannot be had; `class` and `holder` say why.
    #[error("{}", .conflict.sentence())]
    Taken { conflict: Box<Conflict> } = CONFLICT "port-unavailable";

    /// The app is on that port already.
    #[error("it is on port {0} already")]
    SamePort(Port) = CONFLICT "same-port";

    /// The settings file is wrong; `line` and `fault` say where and how. Nothing was changed.
    #[error("{0}")]
    BrokenSettings(SettingsError) = CONFLICT "broken-settings";

    /// The settings are replaced only with `If-Match`.
    #[error("say with `If-Match` which settings these replace: the `ETag` of the last answer")]
    NoMatch = PRECONDITION_REQUIRED "if-match-missing";

    /// The settings were changed in the meantime: read them again.
    #[error("the settings were changed in the meantime: read them again")]
    Stale = PRECONDITION_FAILED "settings-changed";

    /// Another port is being looked at; `Retry-After` says when to ask again.
    #[error("another port is being looked at: ask again in a moment")]
    Busy = TOO_MANY_REQUESTS "busy";

    /// As many clients follow the events as may.
    #[error("as many clients follow the events as may: close one, or come back later")]
    Full = SERVICE_UNAVAILABLE "too-many-clients";

    /// The server is on its way out.
    #[error("the server is stopping")]
    Stopping = SERVICE_UNAVAILABLE "stopping";

    /// This application keeps no files, so there is nothing to read or to set.
    #[error("this application keeps no files")]
    NoFiles = NOT_FOUND "no-files";

    /// The system refuses; `detail` is what it says.
    #[error("{0}")]
    System(String) = INTERNAL_SERVER_ERROR "system";
}

/// Where a text is wrong, if that is known.
struct Place(Option<(usize, usize)>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some((line, column)) => write!(f, ", at line {line}, column {column}"),
            None => Ok(()),
        }
    }
}

impl Refusal {
    /// A parameter of the URL that is wrong.
    pub(super) fn parameter(field: &str, detail: &(impl ToString + ?Sized)) -> Self {
        Self::Parameter { field: field.to_owned(), detail: detail.to_string() }
    }

    /// A member of the body that is wrong.
    pub(super) fn value(field: &str, detail: &(impl ToString + ?Sized)) -> Self {
        Self::Value { field: field.to_owned(), detail: detail.to_string() }
    }

    /// What is sent: the same, with what a program can act on.
    fn problem(&self) -> Problem {
        let (status, word) = self.kind();
        let common =
            Problem { r#type: format!("{DOCS}#{word}").into(), ..Problem::new(status, self) };
        match self {
            Self::Parameter { field, .. } | Self::Value { field, .. } => {
                Problem { field: Some(field.clone().into()), ..common }
            }
            Self::Json { place, .. } => Problem {
                line: place.map(|(line, _)| Some(line)),
                column: place.map(|(_, column)| column),
                ..common
            },
            Self::Protected(field) => Problem { field: Some((*field).into()), ..common },
            Self::Unsupervised { command, .. } => {
                Problem { command: Some(command.clone()), ..common }
            }
            Self::Taken { conflict } => Problem {
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
