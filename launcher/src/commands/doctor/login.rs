//! The start at login: what is wanted, and what is registered.

use shared::{app::AppName, message, next_command};

use super::check::Check;
use crate::{
    desktop::login::{self, Registered},
    options::{CommandContext, Options},
};

const NAME: &str = "start_at_login";

/// Whether the registration is what the settings wish.
pub(super) fn login(context: &CommandContext, options: &Options) -> Check {
    let registered = login::entry(context).and_then(|entry| login::registered(&entry));
    match registered {
        Ok(registered) => judged(&context.app, options.settings.start_at_login.value, &registered),
        Err(error) => {
            let now = login::repair(&error);
            Check::warning(NAME, message!("doctor.login_unknown", error), now)
        }
    }
}

fn judged(app: &AppName, wanted: bool, registered: &Registered) -> Check {
    let corrected = || message!("doctor.now_next_start");
    let register = || next_command::launcher("settings set start_at_login true", app);
    match (wanted, registered) {
        (false, Registered::Nothing) => Check::ok(NAME, message!("doctor.login_off")),
        (true, Registered::This) => Check::ok(NAME, message!("doctor.login_on")),
        (true, Registered::Nothing) => {
            Check::warning(NAME, message!("doctor.login_missing"), corrected())
        }
        (_, Registered::Gone(program)) => Check::warning(
            NAME,
            message!("doctor.login_gone", program = program.display()),
            corrected(),
        ),
        (true, Registered::Another(Some(program))) => Check::warning(
            NAME,
            message!("doctor.login_other", program = program.display()),
            message!("doctor.now_login_other", command = register()),
        ),
        (true, Registered::Another(None)) => Check::warning(
            NAME,
            message!("doctor.login_empty"),
            message!("doctor.now_login_empty", command = register()),
        ),
        (false, Registered::This | Registered::Another(_)) => {
            Check::warning(NAME, message!("doctor.login_extra"), corrected())
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
            let check = judged(&AppName::default(), wanted, &registered);
            assert_eq!(check.verdict, verdict, "{wanted} {registered:?}");
            assert_eq!(check.advice.is_some(), verdict == CheckVerdict::Warning);
        }
    }
}
