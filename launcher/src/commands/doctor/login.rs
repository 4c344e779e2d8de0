//! The start at login: what is wanted, and what is registered.

use shared::invoked_as;

use super::check::Check;
use crate::{
    desktop::login::{self, Registered},
    options::{Basics, Options},
};

const NAME: &str = "start_at_login";

/// Whether the registration is what the settings wish.
pub(super) fn login(basics: &Basics, options: &Options) -> Check {
    let registered = login::entry(basics).and_then(|entry| login::registered(&entry));
    match registered {
        Ok(registered) => judged(options.settings.start_at_login.value, &registered),
        Err(error) => Check::warning(
            NAME,
            format!("it cannot be told what is started at login ({error})"),
            "look whether this user has a home folder that can be read",
        ),
    }
}

fn judged(wanted: bool, registered: &Registered) -> Check {
    let anew = format!("{} settings set start_at_login true", invoked_as::launcher());
    let mended = "the next start mends it";
    match (wanted, registered) {
        (false, Registered::Nothing) => Check::ok(NAME, "it is not started at login"),
        (true, Registered::This) => Check::ok(NAME, "it is started at login"),
        (true, Registered::Nothing) => {
            Check::warning(NAME, "it is not started at login, and the settings wish it", mended)
        }
        (_, Registered::Gone(program)) => Check::warning(
            NAME,
            format!("what is started at login is gone: {}", program.display()),
            mended,
        ),
        (true, Registered::Another(Some(program))) => Check::warning(
            NAME,
            format!(
                "what is started at login was registered otherwise, with {}",
                program.display()
            ),
            format!("if that is not meant: {anew}"),
        ),
        (true, Registered::Another(None)) => Check::warning(
            NAME,
            "what is registered for the login names no program",
            format!("register it anew: {anew}"),
        ),
        (false, Registered::This | Registered::Another(_)) => {
            Check::warning(NAME, "it is started at login, and the settings do not wish it", mended)
        }
    }
}

#[cfg(test)]
mod test {
    use super::{super::check::CheckVerdict, *};

    #[test]
    fn what_differs_from_the_wish_is_a_warning_with_a_way_out() {
        let gone = Registered::Gone("/gone/launcher".into());
        for (wanted, registered, verdict) in [
            (false, Registered::Nothing, CheckVerdict::Ok),
            (true, Registered::This, CheckVerdict::Ok),
            (true, Registered::Nothing, CheckVerdict::Warning),
            (false, Registered::This, CheckVerdict::Warning),
            (true, gone.clone(), CheckVerdict::Warning),
            (false, gone, CheckVerdict::Warning),
            (true, Registered::Another(None), CheckVerdict::Warning),
        ] {
            let check = judged(wanted, &registered);
            assert_eq!(check.verdict, verdict, "{wanted} {registered:?}");
            assert_eq!(check.advice.is_some(), verdict == CheckVerdict::Warning);
        }
    }
}
