//! The token: what lets a script or a browser see more than the landing page.

use std::{
    fs,
    future::{Ready, ready},
    io::{self, Write},
    path::Path,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use shared::{atomic, identity::random};
use subtle::ConstantTimeEq;

use crate::{error::ApiError, facts::Facts};

/// How many random bytes it has: as many as the secret, more than can ever be guessed.
const BYTES: usize = 32;

/// 64 hexadecimal digits in a file that only this user can read.
#[derive(Clone)]
pub struct Token(String);

impl Token {
    /// Reads the token of `file`, or makes one. A file that holds no token is replaced: nobody can
    /// have used it.
    ///
    /// # Errors
    ///
    /// Whatever reading or writing the file fails with.
    pub fn load_or_create(file: &Path) -> io::Result<Self> {
        match fs::read_to_string(file).map(|text| Self::parse(&text)) {
            Ok(Some(token)) => return Ok(token),
            Err(error) if !is_absent_or_garbled(&error) => return Err(error),
            _ => {}
        }
        let token = Self::random();
        atomic::replace(file, |path| -> io::Result<()> {
            writeln!(fs::File::options().write(true).truncate(true).open(path)?, "{}", token.0)
        })?;
        Ok(token)
    }

    /// A new token that is kept nowhere.
    #[must_use]
    pub fn random() -> Self {
        Self(random::<BYTES>().iter().map(|byte| format!("{byte:02x}")).collect())
    }

    fn parse(text: &str) -> Option<Self> {
        let token = text.trim();
        let is_one = token.len() == 2 * BYTES && token.bytes().all(|b| b.is_ascii_hexdigit());
        is_one.then(|| Self(token.to_owned()))
    }

    /// Whether `guess` is the token, in a time that tells nothing about how near it was.
    #[must_use]
    pub fn is(&self, guess: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(guess).into()
    }
}

fn is_absent_or_garbled(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::InvalidData)
}

/// Taken as an argument, it lets a handler run only for whoever has the token.
pub struct Authorized;

impl FromRequest for Authorized {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let is_authorized = request
            .app_data::<Data<Facts>>()
            .is_some_and(|facts| bearer(request).is_some_and(|guess| facts.token.is(guess)));
        ready(if is_authorized { Ok(Self) } else { Err(ApiError::NoToken) })
    }
}

/// What follows `Bearer `, whose case does not matter (RFC 7235).
fn bearer(request: &HttpRequest) -> Option<&[u8]> {
    let value = request.headers().get(header::AUTHORIZATION)?.as_bytes();
    let (scheme, token) = value.split_at_checked(b"Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("run").join("notes.token");
        let token = Token::load_or_create(&file).expect("made");
        assert!(Token::load_or_create(&file).expect("read").is(token.0.as_bytes()));
        assert!(
            !token.is(b"")
                && !token.is(&token.0.as_bytes()[1..])
                && !Token::random().is(token.0.as_bytes())
        );
    }

    #[test]
    fn a_file_that_holds_no_token_is_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("notes.token");
        for garbage in [&b""[..], b"\xff\xfe", b"no token", &[b'a'; 63]] {
            fs::write(&file, garbage).expect("written");
            let token = Token::load_or_create(&file).expect("made");
            assert_eq!(fs::read_to_string(&file).expect("there").trim(), token.0);
        }
    }
}
