//! Whether the clock of this computer is at a time that records and launches can have: from 1970 to 9999.

use std::time::SystemTime;

use jiff::Timestamp;

use crate::message;

/// The clock is at a time before 1970 or after 9999.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WrongClock(String);

/// Looks at the clock. Nothing that needs the time may be done before, because it would panic.
///
/// # Errors
///
/// [`WrongClock`], which names the time.
pub fn check() -> Result<(), WrongClock> {
    check_time(SystemTime::now())
}

fn check_time(now: SystemTime) -> Result<(), WrongClock> {
    match Timestamp::try_from(now) {
        Ok(at) if at >= Timestamp::UNIX_EPOCH => Ok(()),
        Ok(at) => Err(WrongClock(message!("clock.too_early", at = at.strftime("%FT%TZ")))),
        Err(_) => Err(WrongClock(message!("clock.too_late"))),
    }
}

#[cfg(test)]
mod test {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_clock_before_1970_or_after_9999_is_wrong() {
        let second = Duration::from_secs(1);
        let last = SystemTime::from(Timestamp::MAX);
        assert_eq!(check_time(SystemTime::UNIX_EPOCH), Ok(()));
        assert_eq!(check_time(last), Ok(()));
        for (at, named) in
            [(SystemTime::UNIX_EPOCH - second, "1969-12-31T23:59:59Z"), (last + second, "9999")]
        {
            let wrong = check_time(at).expect_err(named).to_string();
            assert!(wrong.contains(named), "{wrong}");
        }
    }
}
