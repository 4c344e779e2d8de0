//! The kinds of problems, in one table.

use std::fmt;

use actix_web::http::StatusCode;
use serde::{Serialize, Serializer};

/// The page that describes the kinds.
const DOCS: &str = "/_homeport/docs";

/// The `type` of a problem that is described by its status alone (RFC 9457, section 4.2.1).
const ABOUT_BLANK: &str = "about:blank";

/// Makes [`ProblemKind`] from rows: the text of the docs page, its name here, its status, and
/// `about:blank` or the anchor of its description, which ends its `type`.
macro_rules! kinds {
    ($($(#[doc = $about:literal])+ $kind:ident = $status:ident $anchor:expr;)+) => {
        /// What went wrong; it decides the status and the `type`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ProblemKind {
            $($(#[doc = $about])+ $kind,)+
        }

        impl ProblemKind {
            const ALL: &[Self] = &[$(Self::$kind),+];

            pub(crate) const fn status(self) -> StatusCode {
                match self {
                    $(Self::$kind => StatusCode::$status,)+
                }
            }

            /// The anchor of its description, or `about:blank`.
            pub(crate) const fn anchor(self) -> &'static str {
                match self {
                    $(Self::$kind => $anchor,)+
                }
            }

            /// Its description for people.
            pub(crate) const fn about(self) -> &'static str {
                match self {
                    $(Self::$kind => concat!($($about),+).trim_ascii(),)+
                }
            }
        }
    };
}

kinds! {
    /// A parameter of the URL is unknown, given twice or wrong; `field` names it.
    WrongParameter = BAD_REQUEST "wrong-parameter";

    /// The body is not an object in JSON; `line` and `column` say where, unless it broke off.
    NotJson = BAD_REQUEST "not-json";

    /// A member of the body is unknown or wrong; `field` names it.
    WrongValue = UNPROCESSABLE_ENTITY "wrong-value";

    /// This setting is not changed from a browser; `field` names it.
    ProtectedSetting = FORBIDDEN "protected-setting";

    /// The body is of another kind than `Accept` says.
    WrongMediaType = UNSUPPORTED_MEDIA_TYPE "wrong-media-type";

    /// The body is too long.
    TooLong = PAYLOAD_TOO_LARGE "too-long";

    /// The path takes other methods; `Allow` names them.
    WrongMethod = METHOD_NOT_ALLOWED "wrong-method";

    /// The cursor points into a history that is gone: start again without it.
    CursorGone = GONE "cursor-gone";

    /// Only a launcher can do this; `command` starts one.
    NoLauncher = CONFLICT "no-launcher";

    /// The launcher is stopped, by Ctrl-Z or a debugger; `command` continues it.
    LauncherStopped = SERVICE_UNAVAILABLE "launcher-stopped";

    /// The port cannot be had; `class` and `holder` say why.
    PortUnavailable = CONFLICT "port-unavailable";

    /// The app is on that port already.
    SamePort = CONFLICT "same-port";

    /// The settings file is wrong; `line` and `fault` say where and how. Nothing was changed.
    BrokenSettings = CONFLICT "broken-settings";

    /// The settings are replaced only with `If-Match`.
    IfMatchMissing = PRECONDITION_REQUIRED "if-match-missing";

    /// The settings were changed in the meantime: read them again.
    SettingsChanged = PRECONDITION_FAILED "settings-changed";

    /// Another port is being looked at; `Retry-After` says when to ask again.
    Busy = TOO_MANY_REQUESTS "busy";

    /// As many clients follow the events as may.
    TooManyClients = SERVICE_UNAVAILABLE "too-many-clients";

    /// The server is on its way out.
    Stopping = SERVICE_UNAVAILABLE "stopping";

    /// This application keeps no files, so there is nothing to read or to set.
    NoFiles = NOT_FOUND "no-files";

    /// The system refuses; `detail` is what it says.
    System = INTERNAL_SERVER_ERROR "system";

    /// The `Host` of the request is not a name of this server.
    Misdirected = MISDIRECTED_REQUEST ABOUT_BLANK;

    /// A page of another origin sent a request that may change something.
    ForeignOrigin = FORBIDDEN ABOUT_BLANK;

    /// The token is missing or wrong.
    Unauthorized = UNAUTHORIZED ABOUT_BLANK;

    /// The token is wrong, and so were too many before it.
    TooManyAttempts = TOO_MANY_REQUESTS ABOUT_BLANK;

    /// The challenge of an identity request is missing, too long or not visible ASCII.
    WrongChallenge = BAD_REQUEST ABOUT_BLANK;

    /// There is no such path.
    NotFound = NOT_FOUND ABOUT_BLANK;

    /// A page outside the API takes only GET and HEAD.
    ReadOnly = METHOD_NOT_ALLOWED ABOUT_BLANK;

    /// `Content-Length` exceeds the limit, so the body was not read.
    ContentTooLarge = PAYLOAD_TOO_LARGE ABOUT_BLANK;

    /// The body did not arrive in time.
    Timeout = REQUEST_TIMEOUT ABOUT_BLANK;

    /// The metrics cannot be made; the log has the cause.
    NoMetrics = INTERNAL_SERVER_ERROR ABOUT_BLANK;

    /// A page outside the API is not available while the server stops or after a move.
    Unavailable = SERVICE_UNAVAILABLE ABOUT_BLANK;

    /// The app has moved to another port; `location` is the URL there.
    Moved = CONFLICT ABOUT_BLANK;
}

impl ProblemKind {
    /// The kinds that the docs page describes.
    pub(crate) fn described() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|kind| kind.anchor() != ABOUT_BLANK)
    }

    /// The phrase of its status.
    pub(super) fn title(self) -> &'static str {
        self.status().canonical_reason().unwrap_or_default()
    }
}

/// As the member `type` has it.
impl fmt::Display for ProblemKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.anchor() {
            ABOUT_BLANK => f.write_str(ABOUT_BLANK),
            anchor => write!(f, "{DOCS}#{anchor}"),
        }
    }
}

impl Serialize for ProblemKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

#[cfg(test)]
mod test {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_documentation_says_of_which_statuses_the_type_is_blank() {
        let blank = ProblemKind::ALL.iter().filter(|kind| kind.anchor() == ABOUT_BLANK);
        let statuses: BTreeSet<_> = blank.map(|kind| kind.status().as_u16()).collect();
        let statuses: Vec<_> = statuses.iter().map(u16::to_string).collect();
        let wanted = format!("`about:blank` where the status says all ({})", statuses.join(", "));
        assert!(include_str!("../../../docs/api.md").contains(&wanted), "no: {wanted}");
    }
}
