//! Checks whether a request carries the app's token, or the cookie that a ticket was exchanged for.

use std::{
    cell::LazyCell,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderMap},
};
use jiff::Timestamp;
use shared::{
    app::AppName,
    event::RequestedBy,
    keys,
    launch::LaunchInfo,
    port::Port,
    token::{Ticket, TicketError, Token, cookie_name},
};
use slog::{Logger, warn};
use subtle::ConstantTimeEq;

use crate::auth::{
    masked_path::masked_path,
    rate_limit::{Attempt, TokenBucket},
    tickets::UsedTickets,
};

/// The token of one server, the tickets that were used with it, and the limit on wrong credentials.
/// All workers share it.
pub struct Access {
    token: Token,
    /// Whether browsers are let in: not where pages that are not ours share their origin with the console.
    admits_browsers: bool,
    app: AppName,
    port: Port,
    rate_limit: Mutex<TokenBucket>,
    tickets: Mutex<UsedTickets>,
    logger: Logger,
}

/// The credential of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The token, which programs have, or our cookie, which only the pages of the console send.
    Right(RequestedBy),
    /// A token or a cookie of that name, with a wrong value.
    Wrong,
    /// Neither a token nor a cookie of that name.
    None,
}

/// How a wrong credential is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// With status 401.
    Unauthorized,
    /// With status 429: there were too many wrong credentials in a short time.
    TooManyAttempts,
}

impl Access {
    /// The access to the server of `launch`. Tickets that were used are kept in the folder `tickets`;
    /// `logger` records wrong credentials, and tickets that cannot be kept.
    pub fn new(
        token: Token,
        launch: &LaunchInfo,
        tickets: Option<PathBuf>,
        logger: Logger,
    ) -> Self {
        let rate_limit = Mutex::new(TokenBucket::new(Instant::now()));
        let tickets = Mutex::new(UsedTickets::new(tickets, Timestamp::now(), logger.clone()));
        let (app, port) = (launch.app.clone(), launch.port);
        Self { token, admits_browsers: true, app, port, rate_limit, tickets, logger }
    }

    /// Refuses tickets and cookies, for a server that also serves pages that are not ours.
    #[must_use]
    pub fn without_browsers(self) -> Self {
        Self { admits_browsers: false, ..self }
    }

    /// Whether browsers are let in.
    pub fn admits_browsers(&self) -> bool {
        self.admits_browsers
    }

    /// The credential that a request with these headers carries.
    pub fn credential(&self, headers: &HeaderMap) -> Credential {
        let mut seen = match bearer(headers).map(|guess| self.token.is(guess)) {
            Some(true) => return Credential::Right(RequestedBy::Api),
            Some(false) => Credential::Wrong,
            None => Credential::None,
        };
        if !self.admits_browsers {
            return seen;
        }
        let name = cookie_name(&self.app, self.port);
        let expected = LazyCell::new(|| self.token.cookie(&self.app, self.port));
        for guess in cookies(headers, &name) {
            match guess.ct_eq(expected.as_bytes()).into() {
                true => return Credential::Right(RequestedBy::Console),
                false => seen = Credential::Wrong,
            }
        }
        seen
    }

    /// Counts the wrong credential of `request`, logs it unless there are too many, and returns how
    /// it is answered.
    pub fn reject(&self, request: &HttpRequest) -> Rejection {
        let mut rate_limit = self.rate_limit.lock().unwrap_or_else(PoisonError::into_inner);
        let attempt = rate_limit.take(Instant::now());
        drop(rate_limit);
        let path = masked_path(request.path());
        let from = request.peer_addr().map(|address| address.to_string());
        match attempt {
            Attempt::Allowed => {
                warn!(self.logger, "wrong credential"; keys::REMOTE_ADDR => from, keys::PATH => path);
                Rejection::Unauthorized
            }
            Attempt::Limited { first } => {
                if first {
                    warn!(self.logger, "too many wrong credentials"; keys::REMOTE_ADDR => from, keys::PATH => path);
                }
                Rejection::TooManyAttempts
            }
        }
    }

    /// Checks a ticket and does not use it.
    ///
    /// # Errors
    ///
    /// [`TicketError`] if it was not made with our token for this app and port, or has expired.
    pub fn check_ticket(&self, ticket: &str, now: Timestamp) -> Result<Ticket, TicketError> {
        self.token.check(ticket, &self.app, self.port, now)
    }

    /// Uses a ticket. Returns whether it gives access: it had not been used before, and can be used no more.
    pub fn use_ticket(&self, ticket: Ticket, now: Timestamp) -> bool {
        let mut tickets = self.tickets.lock().unwrap_or_else(PoisonError::into_inner);
        tickets.take(ticket, now)
    }

    /// `NAME=VALUE` of the cookie that a ticket is exchanged for.
    pub fn cookie(&self) -> String {
        let value = self.token.cookie(&self.app, self.port);
        format!("{}={value}", cookie_name(&self.app, self.port))
    }

    /// The path of a one-time URL for the same app on port `to`.
    pub fn one_time_path(&self, to: Port, now: Timestamp) -> String {
        self.token.one_time_path(&self.app, to, now)
    }

    /// A one-time URL for the same app on port `to`.
    pub fn one_time_url(&self, to: Port, now: Timestamp) -> String {
        self.token.one_time_url(&self.app, to, now)
    }
}

/// What follows `Bearer `, whose case does not matter (RFC 7235).
fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let value = headers.get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

/// The values of the cookies of this name. There may be several: every server of this host can set
/// one, and a wrong one must not keep the right one from being accepted.
fn cookies<'a>(headers: &'a HeaderMap, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let pairs = headers
        .get_all(header::COOKIE)
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';').map(<[u8]>::trim_ascii));
    pairs.filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

#[cfg(test)]
mod test {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_by_its_whole_name() {
        let request = TestRequest::default()
            .append_header((header::COOKIE, "a=1; homeport-notes-17000=right;b=2"))
            .append_header((header::COOKIE, "homeport-notes-170001=x; xhomeport-notes-17000=y"))
            .append_header((header::COOKIE, "homeport-notes-17000=; homeport-notes-17000"))
            .to_http_request();
        let found: Vec<_> = cookies(request.headers(), "homeport-notes-17000").collect();
        assert_eq!(found, [&b"right"[..], b""]);
    }
}
