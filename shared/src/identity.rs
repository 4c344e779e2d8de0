//! Identity: how one of our programs finds out that another is of the same user, without telling a
//! stranger anything.
//!
//! The client sends a challenge; the server computes a code over it (HMAC-SHA-256) under a
//! secret that only this user can read. The code covers app and port too, so that a stranger cannot
//! answer by asking a real server elsewhere. The secret itself never leaves the machine's files, and
//! a stranger is never followed through a redirect nor read without bounds.

use std::{
    fmt,
    io::{self, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use ureq::{
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::{DefaultConnector, NextTimeout},
    },
};
use uuid::Uuid;

use crate::{app::AppName, atomic, claim, message, paths::HomeId, port::Port, regular_file};

/// Where a server answers challenges.
pub const PATH: &str = "/_homeport/identity";

/// How long a stranger may take to answer. A local server of ours needs a millisecond.
pub const PROBE_TIMEOUT: Duration = Duration::from_millis(500);

/// The most that is read of an answer, in bytes; ours has about 300.
const MAX_ANSWER: u64 = 4096;

/// The longest challenge that is answered, in bytes.
pub const MAX_CHALLENGE: usize = 128;

/// What proves that a server is this user's: 32 random bytes in `state/.secret`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

/// A file with another content than a secret, renamed to make room for a new one.
#[derive(Debug)]
pub struct SetAside {
    /// Its new path.
    pub path: PathBuf,
    /// What was wrong with it.
    pub error: io::Error,
}

/// A server's answer to an identity request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The app it serves.
    pub app: AppName,
    /// The version of the program that answered, such as `0.1.0`.
    pub version: String,
    /// The launch it belongs to.
    pub launch_id: Uuid,
    /// Its process. During a restart two servers of one launch answer on the same sockets.
    pub pid: u32,
    /// The launcher that supervises it; absent if there is none, or if it is of version 0.1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launcher_pid: Option<u32>,
    /// Where it leads requests after a move; absent if it serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirects_to: Option<Port>,
    /// Which folders it keeps its files in; absent if it is unknown.
    #[serde(default, skip_serializing_if = "HomeId::is_unknown")]
    pub home_id: HomeId,
    /// The code over the challenge, in hexadecimal digits.
    pub hmac: String,
}

/// Why a port's answer is not that of one of our servers.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Nothing answered in time, or the connection ended without an answer.
    #[error("{}", message!("probe_error.no_answer"))]
    NoAnswer(#[source] Box<ureq::Error>),
    /// It answered with another status than 200.
    #[error("{}", message!("probe_error.status", status = .0))]
    Status(u16),
    /// The response is no HTTP, or its body no identity.
    #[error("{}", message!("probe_error.not_an_identity"))]
    NotAnIdentity,
    /// It answered, but does not know the secret.
    #[error("{}", message!("probe_error.stranger"))]
    Stranger,
}

impl ProbeError {
    /// Whether a connection was made and nothing came.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::NoAnswer(_)) && !self.is_unconnected()
    }

    /// Whether no connection was made: no program listens there, so far.
    pub fn is_unconnected(&self) -> bool {
        match self {
            Self::NoAnswer(error) => match &**error {
                ureq::Error::ConnectionFailed => true,
                ureq::Error::Io(error) => error.kind() == io::ErrorKind::ConnectionRefused,
                _ => false,
            },
            _ => false,
        }
    }
}

/// Bytes from the system's random generator.
///
/// # Panics
///
/// If the system has no source of randomness, which none of ours is without.
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has a source of randomness");
    bytes
}

/// An HTTP client for addresses, not names, that is led nowhere: it follows no redirect and uses no proxy.
pub fn client(timeout: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .proxy(None)
        .build();
    ureq::Agent::with_parts(config, DefaultConnector::default(), AddressResolver)
}

/// Takes the address from the URL. The resolver of ureq starts a thread for that, and panics where the system gives none.
#[derive(Debug)]
struct AddressResolver;

impl Resolver for AddressResolver {
    fn resolve(
        &self,
        url: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let address = url.authority().and_then(|authority| authority.as_str().parse().ok());
        let mut addresses = self.empty();
        addresses.push(address.ok_or(ureq::Error::HostNotFound)?);
        Ok(addresses)
    }
}

impl Secret {
    /// Reads the secret of `file`, or makes one. Two processes that start together agree on one.
    ///
    /// A file that holds something else, or that another user may have written, is set aside, and its new
    /// path comes with the secret.
    ///
    /// # Errors
    ///
    /// Whatever reading or writing the file fails with.
    pub fn load_or_create(file: &Path) -> io::Result<(Self, Option<SetAside>)> {
        match Self::load(file) {
            Ok(secret) => Ok((secret, None)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok((Self::create(file)?, None))
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                let path = atomic::set_aside(file)?;
                Ok((Self::create(file)?, Some(SetAside { path, error })))
            }
            Err(error) => Err(error),
        }
    }

    /// Reads the secret of `file`, and makes none.
    ///
    /// # Errors
    ///
    /// Whatever reading fails with; [`io::ErrorKind::InvalidData`] if the file holds something else.
    pub fn load(file: &Path) -> io::Result<Self> {
        Self::parse(&regular_file::read_credential(file)?)
    }

    /// A new secret that is kept nowhere.
    pub fn random() -> Self {
        Self(random())
    }

    fn parse(text: &str) -> io::Result<Self> {
        let bytes = hex::decode(text.trim()).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
    }

    fn create(file: &Path) -> io::Result<Self> {
        let secret = Self::random();
        match secret.write_new(file) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::load(file),
            written => written.map(|()| secret),
        }
    }

    /// Writes the secret to `file`, where none is.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::AlreadyExists`] if there is one, or whatever writing fails with.
    pub fn write_new(&self, file: &Path) -> io::Result<()> {
        atomic::create(file, format!("{}\n", hex::encode(self.0)).as_bytes())
    }

    fn code(&self, challenge: &str, app: &AppName, port: Port) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(format!("homeport identity 1\n{app}\n{port}\n{challenge}").as_bytes());
        mac
    }

    /// The answer to a challenge, for the server on `port`.
    pub fn answer(&self, challenge: &str, app: &AppName, port: Port) -> String {
        hex::encode(self.code(challenge, app, port).finalize().into_bytes())
    }

    /// Asks the server on `127.0.0.1:port` who it is.
    ///
    /// # Errors
    ///
    /// [`ProbeError`] for anything but one of this user's servers, within `timeout`.
    pub fn probe(&self, port: Port, timeout: Duration) -> Result<Identity, ProbeError> {
        let challenge = hex::encode(random::<16>());
        let url =
            format!("{}{}?challenge={challenge}", claim::url(port), PATH.trim_start_matches('/'));
        let answer = client(timeout).get(&url).call().map_err(|error| match error {
            ureq::Error::Io(_) | ureq::Error::Timeout(_) | ureq::Error::ConnectionFailed => {
                ProbeError::NoAnswer(Box::new(error))
            }
            _ => ProbeError::NotAnIdentity,
        })?;
        if answer.status() != 200 {
            return Err(ProbeError::Status(answer.status().as_u16()));
        }
        let mut text = String::new();
        let mut body = answer.into_body().into_reader().take(MAX_ANSWER);
        body.read_to_string(&mut text).map_err(|_| ProbeError::NotAnIdentity)?;
        let identity: Identity =
            serde_json::from_str(&text).map_err(|_| ProbeError::NotAnIdentity)?;
        let code = hex::decode(&identity.hmac).map_err(|_| ProbeError::NotAnIdentity)?;
        let mac = self.code(&challenge, &identity.app, port);
        mac.verify_slice(&code).map_err(|_| ProbeError::Stranger).map(|()| identity)
    }
}

#[cfg(test)]
mod test {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_first_launch_makes_the_secret_and_the_others_read_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("state").join("secret");
        let secrets: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| Secret::load_or_create(&file))).collect();
            threads.into_iter().map(|t| t.join().expect("no panic").expect("made").0.0).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]));
    }

    #[test]
    fn silence_is_told_apart_from_another_language() {
        for (said, is_silent) in [("", true), ("220 mail.example.com ESMTP\r\n", false)] {
            let claim = claim::any().expect("some port");
            let port = claim.port();
            let listener = claim.into_listeners().remove(0);
            let speak = std::thread::spawn(move || {
                let (mut stream, _) = listener.accept().expect("a connection");
                stream.read(&mut [0; 1024]).and_then(|_| stream.write_all(said.as_bytes()))
            });
            let error =
                Secret::random().probe(port, Duration::from_secs(5)).expect_err("a stranger");
            assert_eq!(matches!(error, ProbeError::NoAnswer(_)), is_silent, "{said:?}: {error:?}");
            speak.join().expect("no panic").expect("said");
        }
    }

    #[test]
    fn an_answer_holds_for_one_challenge_one_app_and_one_port() {
        let (secret, app) = (Secret::random(), AppName::default());
        let (here, there) = (Port::new(17000).expect("not 0"), Port::new(17001).expect("not 0"));
        let answer = secret.answer("n", &app, here);
        assert_ne!(answer, secret.answer("m", &app, here));
        assert_ne!(answer, secret.answer("n", &app, there));
        assert_ne!(answer, Secret::random().answer("n", &app, here));
        assert_eq!(answer, secret.answer("n", &app, here));
    }
}
