//! Why a request was refused: the one error of the server's handlers and middleware, sent as
//! `application/problem+json` (RFC 9457).
//!
//! `ProblemKind` is the table of kinds; a constructor of [`Problem`] for each takes what its members need.
//! What a client reads and what the log gets are separate: `detail` is for the client, a cause inside
//! the server is the source of the error and written to the log by a middleware alone.

mod members;
mod kind;

use std::{error::Error, fmt, io};

use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use shared::{
    conflict::Conflict,
    history::{Gone, HistoryError},
    identity::MAX_CHALLENGE,
    message,
    port::Port,
    settings::SettingsError,
};
use utoipa::{
    ToResponse,
    openapi::{RefOr, Response},
};

pub(crate) use self::kind::ProblemKind;
use self::members::Members;
use crate::json_body;

/// Why a request was refused.
#[derive(Debug)]
pub struct Problem {
    members: Box<Members>,
    header: Option<(HeaderName, &'static str)>,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.members.detail)
    }
}

impl Error for Problem {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.members.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.members.status);
        if let Some((name, value)) = &self.header {
            response.insert_header((name.clone(), HeaderValue::from_static(value)));
        }
        json_body::respond(response.content_type("application/problem+json"), &self.members)
    }
}

/// The description of every problem.
impl<'r> ToResponse<'r> for Problem {
    fn response() -> (&'r str, RefOr<Response>) {
        ("Problem", Members::response().1)
    }
}

impl Problem {
    fn new(kind: ProblemKind, detail: String) -> Self {
        let members = Box::new(Members::new(kind, detail));
        Self { members, header: None, cause: None }
    }

    fn with(mut self, set: impl FnOnce(&mut Members)) -> Self {
        set(&mut self.members);
        self
    }

    fn with_header(self, name: HeaderName, value: &'static str) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    fn caused_by(self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { cause: Some(cause.into()), ..self }
    }

    #[cfg(test)]
    pub(crate) fn kind(&self) -> ProblemKind {
        self.members.kind
    }

    /// The member, parameter or setting that is wrong.
    #[cfg(test)]
    pub(crate) fn field(&self) -> Option<&str> {
        self.members.field.as_deref()
    }

    /// The line and column of the body where it stops being JSON.
    #[cfg(test)]
    pub(crate) fn place(&self) -> Option<(usize, usize)> {
        self.members.line.flatten().zip(self.members.column)
    }
}

/// Problems outside the API, and of what is checked before a request reaches it.
impl Problem {
    pub(crate) fn misdirected() -> Self {
        Self::new(ProblemKind::Misdirected, message!("problem.misdirected"))
    }

    pub(crate) fn foreign_origin() -> Self {
        Self::new(ProblemKind::ForeignOrigin, message!("problem.foreign_origin"))
    }

    pub(crate) fn unauthorized() -> Self {
        let detail = message!("problem.unauthorized");
        Self::new(ProblemKind::Unauthorized, detail).with_header(header::WWW_AUTHENTICATE, "Bearer")
    }

    pub(crate) fn too_many_attempts() -> Self {
        let detail = message!("problem.too_many_attempts");
        Self::new(ProblemKind::TooManyAttempts, detail).with_header(header::RETRY_AFTER, "1")
    }

    pub(crate) fn wrong_challenge() -> Self {
        let detail = message!("problem.wrong_challenge", most = MAX_CHALLENGE);
        Self::new(ProblemKind::WrongChallenge, detail)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(ProblemKind::NotFound, message!("problem.not_found"))
    }

    pub(crate) fn read_only() -> Self {
        Self::new(ProblemKind::ReadOnly, message!("problem.read_only"))
            .with_header(header::ALLOW, "GET, HEAD")
    }

    /// `limit` is in bytes.
    pub(crate) fn content_too_large(limit: usize) -> Self {
        Self::new(ProblemKind::ContentTooLarge, message!("problem.too_long", limit))
    }

    pub(crate) fn timeout() -> Self {
        Self::new(ProblemKind::Timeout, message!("problem.timeout"))
    }

    pub(crate) fn no_metrics(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let detail = message!("problem.no_metrics");
        Self::new(ProblemKind::NoMetrics, detail).caused_by(cause)
    }

    /// A page is not available while the server stops.
    pub(crate) fn unavailable() -> Self {
        Self::new(ProblemKind::Unavailable, message!("problem.stopping"))
    }

    /// The server is not ready for new clients, because the app has moved.
    pub(crate) fn unavailable_after_move() -> Self {
        Self::new(ProblemKind::Unavailable, message!("problem.moved_away"))
    }

    /// The request was not redirected; `location` is where the client may send it.
    pub(crate) fn moved(location: String) -> Self {
        Self::new(ProblemKind::Moved, message!("problem.moved", location))
            .with(|members| members.location = Some(location))
    }
}

/// Problems of the API.
impl Problem {
    pub(crate) fn wrong_parameter(field: &str, detail: &(impl ToString + ?Sized)) -> Self {
        Self::new(ProblemKind::WrongParameter, detail.to_string())
            .with(|members| members.field = Some(field.to_owned()))
    }

    pub(crate) fn wrong_value(field: &str, detail: &(impl ToString + ?Sized)) -> Self {
        Self::new(ProblemKind::WrongValue, detail.to_string())
            .with(|members| members.field = Some(field.to_owned()))
    }

    /// The body stops being an object in JSON at `line` and `column`.
    pub(crate) fn not_json(detail: String, (line, column): (usize, usize)) -> Self {
        Self::new(ProblemKind::NotJson, detail).with(|members| {
            members.line = Some(Some(line));
            members.column = Some(column);
        })
    }

    pub(crate) fn body_broke_off() -> Self {
        Self::new(ProblemKind::NotJson, message!("problem.body_broke_off"))
    }

    pub(crate) fn protected_setting(key: &str) -> Self {
        let detail = message!("problem.protected_setting", key);
        Self::new(ProblemKind::ProtectedSetting, detail)
            .with(|members| members.field = Some(key.to_owned()))
    }

    pub(crate) fn wrong_media_type(detail: String) -> Self {
        Self::new(ProblemKind::WrongMediaType, detail)
            .with_header(header::ACCEPT, "application/json")
    }

    /// `limit` is in bytes.
    pub(crate) fn too_long(limit: usize) -> Self {
        Self::new(ProblemKind::TooLong, message!("problem.too_long", limit))
    }

    /// `allow` lists the methods that the path takes.
    pub(crate) fn wrong_method(allow: &'static str) -> Self {
        Self::new(ProblemKind::WrongMethod, message!("problem.wrong_method", allow))
            .with_header(header::ALLOW, allow)
    }

    pub(crate) fn cursor_gone() -> Self {
        Self::new(ProblemKind::CursorGone, Gone.to_string())
    }

    /// `command` starts a launcher.
    pub(crate) fn no_launcher(detail: &str, command: String) -> Self {
        Self::new(ProblemKind::NoLauncher, message!("problem.no_launcher", detail, command))
            .with(|members| members.command = Some(command))
    }

    pub(crate) fn launcher_stopped(pid: u32) -> Self {
        let command = format!("kill -CONT {pid}");
        Self::new(ProblemKind::LauncherStopped, message!("problem.launcher_stopped", pid, command))
            .with(|members| members.command = Some(command))
    }

    pub(crate) fn port_unavailable(conflict: Conflict) -> Self {
        Self::new(ProblemKind::PortUnavailable, conflict.sentence()).with(|members| {
            members.field = Some("port".to_owned());
            members.port = Some(conflict.port);
            members.class = Some(conflict.class);
            members.advice = Some(conflict.advice());
            members.holder = Some(conflict.holder);
            members.os_error = Some(conflict.os_error);
        })
    }

    pub(crate) fn same_port(port: Port) -> Self {
        Self::new(ProblemKind::SamePort, message!("operation.same_port", port)).with(|members| {
            members.field = Some("port".to_owned());
            members.port = Some(port);
        })
    }

    pub(crate) fn broken_settings(error: &SettingsError) -> Self {
        Self::new(ProblemKind::BrokenSettings, error.to_string()).with(|members| {
            members.file = Some(error.file.display().to_string());
            members.line = Some(error.line);
            members.fault = Some(error.problem.to_string());
        })
    }

    pub(crate) fn if_match_missing() -> Self {
        let detail = message!("problem.if_match_missing");
        Self::new(ProblemKind::IfMatchMissing, detail)
    }

    pub(crate) fn settings_changed() -> Self {
        let detail = message!("problem.settings_changed");
        Self::new(ProblemKind::SettingsChanged, detail)
    }

    pub(crate) fn busy() -> Self {
        let detail = message!("problem.busy");
        Self::new(ProblemKind::Busy, detail).with_header(header::RETRY_AFTER, "1")
    }

    pub(crate) fn too_many_clients() -> Self {
        let detail = message!("problem.too_many_clients");
        Self::new(ProblemKind::TooManyClients, detail).with_header(header::RETRY_AFTER, "5")
    }

    pub(crate) fn stopping() -> Self {
        Self::new(ProblemKind::Stopping, message!("problem.stopping"))
            .with_header(header::RETRY_AFTER, "5")
    }

    pub(crate) fn no_files() -> Self {
        Self::new(ProblemKind::NoFiles, message!("problem.no_files"))
    }

    /// `detail` is sent, `cause` goes to the log.
    pub(crate) fn system(detail: String, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(ProblemKind::System, detail).caused_by(cause)
    }
}

impl From<HistoryError> for Problem {
    fn from(error: HistoryError) -> Self {
        match error {
            HistoryError::Gone(_) => Self::cursor_gone(),
            HistoryError::Unreadable(ref source) if source.kind() == io::ErrorKind::Interrupted => {
                Self::stopping()
            }
            HistoryError::Unreadable(ref source) => {
                Self::system(format!("{error}: {source}"), error)
            }
        }
    }
}
