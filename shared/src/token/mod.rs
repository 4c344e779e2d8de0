//! The token: what lets a script or a browser see more than the landing page, and what is made of it.
//!
//! Each launch has its own, and so has each start of a server without a launcher. The token itself is for
//! programs that can read `run/<app>.token`. A browser never gets it. Instead
//! the launcher makes a [ticket](Token::ticket), which stands in the URL that it opens: it holds for
//! one app on one port, for [`TICKET_LIFE`], and once. The server gives a
//! [cookie](Token::cookie) for it, which holds for that app and port as long as the token does.
//!
//! Each is a code (HMAC-SHA-256) under the token, over a text with its purpose, so that none
//! can be taken for another. Whether a ticket was used before is for the server to remember.

use std::{
    fmt, fs,
    io::{self, Write},
    path::Path,
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::{app::AppName, atomic, claim, identity::random, port::Port, regular_file};

/// Where a server shows its console, and the landing page to a browser without a session.
pub const CONSOLE: &str = "/_homeport/";

/// Where a server takes tickets.
pub const ENTER: &str = "/_homeport/enter";

/// How long a ticket holds: a browser that has to be started first, on a slow disk, takes half of it.
pub const TICKET_LIFE: Duration = Duration::from_secs(60);

/// How many random bytes a token has: as many as the secret, more than can ever be guessed.
const BYTES: usize = 32;

/// How many hexadecimal digits make a ticket unique. Version 0.1 takes no other number.
const NONCE_DIGITS: usize = 32;

/// How a nonce begins that goes on with the microseconds of the second in which its ticket was made. Version 0.1
/// makes nonces of random digits alone: one in four thousand million begins like this.
const TIMED_NONCE: &str = "7469636b";

/// How many digits the microseconds have. The rest, 76 bits, is random.
const FRACTION_DIGITS: usize = 5;

/// How many microseconds a second has.
const SECOND_US: i64 = 1_000_000;

/// 64 hexadecimal digits in a file that only this user can read.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Serialize for Token {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(de::Error::custom)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

/// A ticket whose code is right and whose time is not over.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// Makes it unique.
    pub nonce: String,
    /// When its time is over, in seconds since 1970.
    pub expiry: i64,
}

impl Ticket {
    /// The earliest time at which it was made, in microseconds since 1970: that of version 0.1 names only the second.
    pub fn issued(&self) -> i64 {
        (self.expiry - life()) * SECOND_US + fraction(&self.nonce).unwrap_or(0)
    }
}

/// Why a ticket does not let one in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TicketError {
    /// It was not made with this token, or for another app or port.
    #[error("no ticket of this app")]
    Forged,
    /// Its time is over, or by this computer's clock has not come.
    #[error("a ticket whose time is over")]
    Expired,
}

impl Token {
    /// Reads the token of `file`, or makes one, for a server whose launcher has none. A file that holds no
    /// token is replaced: no program can have used it.
    ///
    /// # Errors
    ///
    /// Whatever reading or writing the file fails with.
    pub fn load_or_create(file: &Path) -> io::Result<Self> {
        match Self::load(file) {
            Err(error) if is_absent_or_garbled(&error) => {}
            read => return read,
        }
        let token = Self::random();
        token.publish(file).map(|()| token)
    }

    /// Writes the token into `file`, for this user alone.
    ///
    /// # Errors
    ///
    /// Whatever writing it fails with.
    pub fn publish(&self, file: &Path) -> io::Result<()> {
        atomic::replace(file, |path| -> io::Result<()> {
            writeln!(fs::File::options().write(true).truncate(true).open(path)?, "{}", self.0)
        })
    }

    /// The token itself, for the person who asks for it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Reads the token of `file`, and makes none.
    ///
    /// # Errors
    ///
    /// Whatever reading fails with; [`io::ErrorKind::InvalidData`] if the file holds something else.
    pub fn load(file: &Path) -> io::Result<Self> {
        Self::parse(regular_file::read_credential(file)?.trim())
    }

    fn parse(text: &str) -> io::Result<Self> {
        let is_one = text.len() == 2 * BYTES && text.bytes().all(|b| b.is_ascii_hexdigit());
        if is_one { Ok(Self(text.to_owned())) } else { Err(io::ErrorKind::InvalidData.into()) }
    }

    /// A new token that is kept nowhere.
    pub fn random() -> Self {
        Self(hex::encode(random::<BYTES>()))
    }

    /// Whether `guess` is the token, in constant time.
    pub fn is(&self, guess: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(guess).into()
    }

    /// A new ticket for the server of `app` on `port`.
    pub fn ticket(&self, app: &AppName, port: Port, now: Timestamp) -> String {
        let expiry = now.as_second() + life();
        let nonce = timed_nonce(now);
        let code = self.ticket_code(app, port, expiry, &nonce).finalize().into_bytes();
        format!("{expiry}.{nonce}.{}", hex::encode(code))
    }

    /// The one-time URL of the server of `app` on `port`, for a browser that is about to be opened.
    pub fn one_time_url(&self, app: &AppName, port: Port, now: Timestamp) -> String {
        let path = self.one_time_path(app, port, now);
        format!("{}{path}", claim::url(port).trim_end_matches('/'))
    }

    /// The same without the host, for a browser that is led there under the name that it used.
    pub fn one_time_path(&self, app: &AppName, port: Port, now: Timestamp) -> String {
        format!("{ENTER}?ticket={}", self.ticket(app, port, now))
    }

    /// Checks the contents of a ticket.
    ///
    /// # Errors
    ///
    /// [`TicketError`] if it is not valid, whether it was used before or not.
    pub fn check(
        &self,
        ticket: &str,
        app: &AppName,
        port: Port,
        now: Timestamp,
    ) -> Result<Ticket, TicketError> {
        let (expiry, nonce, code) = parts(ticket).ok_or(TicketError::Forged)?;
        let right = self.ticket_code(app, port, expiry, nonce).verify_slice(&code);
        right.map_err(|_| TicketError::Forged)?;
        // One that holds for longer than any was made to hold comes from before the clock was set
        // back, and would have to be remembered for as long.
        match expiry - now.as_second() {
            left if (1..=life()).contains(&left) => Ok(Ticket { nonce: nonce.to_owned(), expiry }),
            _ => Err(TicketError::Expired),
        }
    }

    /// The value of the cookie for the server of `app` on `port`. It is the same after a restart.
    pub fn cookie(&self, app: &AppName, port: Port) -> String {
        let code = self.code(&format!("homeport cookie 1\n{app}\n{port}"));
        hex::encode(code.finalize().into_bytes())
    }

    fn ticket_code(&self, app: &AppName, port: Port, expiry: i64, nonce: &str) -> Hmac<Sha256> {
        self.code(&format!("homeport ticket 1\n{app}\n{port}\n{expiry}\n{nonce}"))
    }

    fn code(&self, text: &str) -> Hmac<Sha256> {
        let key = Hmac::<Sha256>::new_from_slice(self.0.as_bytes());
        let mut mac = key.expect("HMAC takes a key of any length");
        mac.update(text.as_bytes());
        mac
    }
}

/// The name of the cookie for the server of `app` on `port`. A browser sends the cookies of
/// `127.0.0.1` to all of its ports, so each has its own name.
pub fn cookie_name(app: &AppName, port: Port) -> String {
    format!("homeport-{app}-{port}")
}

fn life() -> i64 {
    TICKET_LIFE.as_secs().cast_signed()
}

fn timed_nonce(now: Timestamp) -> String {
    let time = format!("{TIMED_NONCE}{:0FRACTION_DIGITS$x}", now.subsec_microsecond().max(0));
    let random = hex::encode(random::<{ NONCE_DIGITS / 2 }>());
    format!("{time}{}", &random[time.len()..])
}

/// The microseconds that a nonce names.
fn fraction(nonce: &str) -> Option<i64> {
    let digits = nonce.strip_prefix(TIMED_NONCE)?.get(..FRACTION_DIGITS)?;
    i64::from_str_radix(digits, 16).ok()
}

/// `<expiry>.<nonce>.<code>`. The code covers the nonce as it is spelt, so that a ticket which was
/// used cannot be spelt in another way and used again.
fn parts(ticket: &str) -> Option<(i64, &str, Vec<u8>)> {
    let (expiry, rest) = ticket.split_once('.')?;
    let (nonce, code) = rest.split_once('.')?;
    let is_nonce = nonce.len() == NONCE_DIGITS && nonce.bytes().all(|b| b.is_ascii_hexdigit());
    Some((expiry.parse().ok()?, nonce, hex::decode(code).ok()?)).filter(|_| is_nonce)
}

fn is_absent_or_garbled(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData)
}

#[cfg(test)]
mod test;
