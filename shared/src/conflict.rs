//! A candidate that could not be claimed: why, and who holds it.
//!
//! Nothing here asks the system anything; [`diagnose`](crate::diagnose) finds the class and the
//! holder. This module is for records ([`Serialize`]); [`sentences`](crate::sentences) are for people.

use std::{fmt, io, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{message, milliseconds, port::Port};

pub use crate::words::{Class, Origin};

/// The name that a [`Holder`] has when the kernel of Windows listens for programs and services.
pub const HTTP_SYS: &str = "Windows HTTP service (http.sys)";

impl Origin {
    /// Whether a person or an earlier launch named the port: it is then tried whatever the policy
    /// thinks of it, and diagnosed in full when it cannot be had.
    pub fn is_remembered(self) -> bool {
        matches!(
            self,
            Self::Explicit | Self::Home | Self::LastGood | Self::EarlierGood | Self::Further
        )
    }
}

impl Class {
    /// Whether a program keeps the port, and not a rule of the system, the settings or the browsers.
    pub fn is_of_program(self) -> bool {
        match self {
            Self::Excluded | Self::Privileged | Self::BrowserBlocked | Self::Restricted => false,
            Self::ReservedByApp | Self::Ephemeral | Self::Crowded => false,
            Self::InUse | Self::OwnInstance | Self::SourcePort | Self::HiddenOwner => true,
            Self::GhostOwner | Self::OtherFamily | Self::LostRace => true,
            Self::Unknown | Self::Other => true,
        }
    }
}

/// The process found on a port. What could not be found out is null.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Holder {
    /// Its process id.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub pid: Option<u32>,
    /// Its short name, such as `docker-proxy`.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub name: Option<String>,
    /// The file it runs.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub exe: Option<String>,
    /// The user it belongs to.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub user: Option<String>,
    /// When it was started.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub started_at: Option<Timestamp>,
}

/// The operating system's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct OsError {
    /// `errno` or the WinSock code, such as 98 or 10048.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub code: Option<i32>,
    /// Rust's name for it, such as `AddrInUse`.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub kind: String,
}

impl From<&io::Error> for OsError {
    fn from(error: &io::Error) -> Self {
        Self { code: error.raw_os_error(), kind: format!("{:?}", error.kind()) }
    }
}

/// A candidate that could not be claimed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Conflict {
    /// The port that was refused.
    pub port: Port,
    /// Why it was a candidate.
    #[serde(default)]
    pub origin: Origin,
    /// What kept it from us.
    #[serde(default)]
    pub class: Class,
    /// What the system said; `None` if the policy refused it before the system was asked.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub os_error: Option<OsError>,
    /// Who holds it, as far as known.
    #[cfg_attr(feature = "schema", schema(required = true))]
    pub holder: Option<Holder>,
    /// Whether the app has lost the port on which it last became ready.
    #[serde(default)]
    pub last_good: bool,
    /// How long the attempt and its diagnosis took.
    #[serde(rename = "elapsed_ms", with = "milliseconds", default)]
    #[cfg_attr(feature = "schema", schema(value_type = f64, minimum = 0))]
    pub elapsed: Duration,
}

impl Conflict {
    /// The conflict of an explicit port without the system's error and without a holder.
    pub fn explicit(port: Port, class: Class, last_good: bool) -> Self {
        Self {
            port,
            origin: Origin::Explicit,
            class,
            os_error: None,
            holder: None,
            last_good,
            elapsed: Duration::ZERO,
        }
    }
}

impl fmt::Display for OsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind.as_str() {
            "AddrInUse" => message!("os_error.in_use"),
            "PermissionDenied" => message!("os_error.denied"),
            "AddrNotAvailable" => message!("os_error.no_address"),
            kind => kind.to_owned(),
        };
        match self.code {
            Some(code) => f.write_str(&message!("os_error.with_code", what, code)),
            None => f.write_str(&what),
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn conflict(class: Class, holder: Option<Holder>) -> Conflict {
        Conflict {
            port: Port::new(3030).expect("not 0"),
            origin: Origin::LastGood,
            class,
            os_error: Some(OsError { code: Some(10013), kind: "PermissionDenied".into() }),
            holder,
            last_good: true,
            elapsed: Duration::ZERO,
        }
    }

    #[test]
    fn a_holder_is_described_by_what_is_known_of_it() {
        let mut holder = Holder { user: Some("root".into()), ..Holder::default() };
        assert_eq!(holder.to_string(), "a process of user root");
        holder = Holder { pid: Some(812), name: Some("docker-proxy".into()), ..holder };
        holder.started_at = "2026-11-22T12:01:59Z".parse().ok();
        assert_eq!(
            holder.to_string(),
            "docker-proxy (pid 812, user root, since 2026-11-22 12:01 UTC)"
        );
    }

    #[test]
    fn permission_denied_without_a_reason_never_sends_anyone_to_the_administrator() {
        let conflict = conflict(Class::Unknown, None);
        assert!(conflict.sentence().contains("10013"));
        assert!(!conflict.sentence().contains("admin") && conflict.advice().is_none());
    }

    #[test]
    fn words_are_those_of_the_records() {
        assert_eq!(Class::BrowserBlocked.to_string(), "browser_blocked");
        assert_eq!(Origin::LastGood.to_string(), "last_good");
    }
}
