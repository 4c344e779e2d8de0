//! The members of a problem, as they are sent.

use actix_web::http::StatusCode;
use serde::{Serialize, Serializer};
use shared::{
    conflict::{Class, Holder, OsError},
    port::Port,
};
use utoipa::{ToResponse, ToSchema};

use super::kind::ProblemKind;

/// Why a request was refused (RFC 9457). A member that does not belong to the kind is absent.
#[derive(Debug, Serialize, ToSchema, ToResponse)]
#[response(description = "Why it was not done", content_type = "application/problem+json")]
pub(super) struct Members {
    /// The kind: `about:blank`, or where it is described.
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "/_homeport/docs#wrong-parameter")]
    pub(super) kind: ProblemKind,
    /// The status in words.
    #[schema(value_type = String, example = "Bad Request")]
    pub(super) title: &'static str,
    #[serde(serialize_with = "number")]
    #[schema(value_type = u16, minimum = 400, maximum = 599, example = 400)]
    pub(super) status: StatusCode,
    /// What is wrong, for a person.
    pub(super) detail: String,
    /// The member, parameter or setting that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) field: Option<String>,
    /// The settings file that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) file: Option<String>,
    /// The line that is wrong, in the body or in the settings file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<usize>)]
    pub(super) line: Option<Option<usize>>,
    /// The column that is wrong, in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) column: Option<usize>,
    /// What is wrong with the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<String>,
    /// The port that cannot be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) port: Option<Port>,
    /// What keeps the port from us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<Class>,
    /// Who holds the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Holder>)]
    pub(super) holder: Option<Option<Holder>>,
    /// What the system said of the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<OsError>)]
    pub(super) os_error: Option<Option<OsError>>,
    /// How to get the port, in English.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub(super) advice: Option<Option<String>>,
    /// The command that starts the launcher, or continues it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) command: Option<String>,
    /// The address to which the app has moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) location: Option<String>,
}

impl Members {
    /// Without the members that only some kinds have.
    pub(super) fn new(kind: ProblemKind, detail: String) -> Self {
        Self {
            kind,
            title: kind.title(),
            status: kind.status(),
            detail,
            field: None,
            file: None,
            line: None,
            column: None,
            fault: None,
            port: None,
            class: None,
            holder: None,
            os_error: None,
            advice: None,
            command: None,
            location: None,
        }
    }
}

fn number<S: Serializer>(status: &StatusCode, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_u16(status.as_u16())
}
