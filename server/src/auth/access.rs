//! Who is let in: whoever has the token, or the cookie that a ticket was given for.

use std::{
    cell::LazyCell,
    future::{Ready, ready},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use jiff::Timestamp;
use shared::{
    event::RequestedBy,
    keys,
    token::{Ticket, cookie_name},
};
use slog::{Logger, warn};
use subtle::ConstantTimeEq;

pub use shared::token::Token;

use crate::{
    auth::{
        rate_limit::{Attempts, Verdict},
        tickets::UsedTickets,
    },
    web::{app_state::AppState, error::ApiError},
};

/// What all workers remember of who tried to come in.
pub struct Access {
    attempts: Mutex<Attempts>,
    tickets: Mutex<UsedTickets>,
    logger: Logger,
}

impl Access {
    /// Nobody has tried yet.
    pub fn new(logger: Logger) -> Self {
        let attempts = Mutex::new(Attempts::new(Instant::now()));
        let tickets = Mutex::new(UsedTickets::new(Timestamp::now()));
        Self { attempts, tickets, logger }
    }

    /// Uses a ticket. Returns whether it was good for that.
    pub fn take(&self, ticket: Ticket, now: Timestamp) -> bool {
        self.tickets.lock().unwrap_or_else(PoisonError::into_inner).take(ticket, now)
    }

    /// What is answered to a wrong credential. The log is told, as long as it is not too often.
    pub fn wrong(&self, request: &HttpRequest) -> ApiError {
        let mut attempts = self.attempts.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = attempts.wrong(Instant::now());
        drop(attempts);
        let (path, from) = (request.path(), request.peer_addr().map(|address| address.to_string()));
        match verdict {
            Verdict::Refuse => {
                warn!(self.logger, "wrong credential"; keys::REMOTE_ADDR => from, keys::PATH => path);
                ApiError::NoToken
            }
            Verdict::TooMany { first } => {
                if first {
                    warn!(self.logger, "too many wrong credentials"; keys::REMOTE_ADDR => from, keys::PATH => path);
                }
                ApiError::TooManyAttempts
            }
        }
    }
}

/// What a request shows at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// The token, which programs have, or our cookie, which only the pages of the console send.
    Right(RequestedBy),
    /// A token or a cookie of that name, and another value.
    Wrong,
    /// Neither.
    None,
}

impl Credential {
    /// Looks at a request to the server of these state.
    pub fn of(request: &HttpRequest, state: &AppState) -> Self {
        let mut seen = match bearer(request).map(|guess| state.auth.token.is(guess)) {
            Some(true) => return Self::Right(RequestedBy::Api),
            Some(false) => Self::Wrong,
            None => Self::None,
        };
        let name = cookie_name(&state.launch.app, state.launch.port);
        let expected =
            LazyCell::new(|| state.auth.token.cookie(&state.launch.app, state.launch.port));
        for guess in cookies(request, &name) {
            match guess.ct_eq(expected.as_bytes()).into() {
                true => return Self::Right(RequestedBy::Console),
                false => seen = Self::Wrong,
            }
        }
        seen
    }
}

/// Taken as an argument, it lets a handler run only for whoever is let in.
pub struct Authorized {
    /// From where the request comes: the console shows the cookie, programs the token.
    pub by: RequestedBy,
}

impl FromRequest for Authorized {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (state, access) =
            (request.app_data::<Data<AppState>>(), request.app_data::<Data<Access>>());
        let (Some(state), Some(access)) = (state, access) else {
            return ready(Err(ApiError::NoToken));
        };
        ready(match Credential::of(request, state) {
            Credential::Right(by) => Ok(Self { by }),
            Credential::Wrong => Err(access.wrong(request)),
            Credential::None => Err(ApiError::NoToken),
        })
    }
}

/// What follows `Bearer `, whose case does not matter (RFC 7235).
fn bearer(request: &HttpRequest) -> Option<&[u8]> {
    let value = request.headers().get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

/// The values of the cookies of this name. There may be several: every server of this host can set
/// one, and a wrong one must not lock the right one out.
fn cookies<'a>(request: &'a HttpRequest, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
    let pairs = request
        .headers()
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
        let found: Vec<_> = cookies(&request, "homeport-notes-17000").collect();
        assert_eq!(found, [&b"right"[..], b""]);
    }
}
