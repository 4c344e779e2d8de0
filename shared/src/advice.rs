//! What a person can do about a conflict: sentences, never done by us.
//!
//! A program that is ended by its number is the usual advice, and for some holders the wrong one:
//! they listen for another program, and start again. They are recognised by name.

use crate::{
    conflict::{Class, Conflict, HTTP_SYS, Holder},
    message,
    messages::Language,
};

/// `WSAEACCES`, which on Windows has causes that more rights do not cure.
const WSAEACCES: i32 = 10013;

/// How the names of programs begin that listen for another one, each with the key of its advice.
const DEPUTIES: [(&str, &str); 7] = [
    (HTTP_SYS, "advice.http_sys"),
    ("ControlCenter", "advice.airplay"),
    ("wslrelay", "advice.wsl"),
    ("wslhost", "advice.wsl"),
    ("com.docker.backend", "advice.docker"),
    ("docker-proxy", "advice.docker"),
    ("svchost", "advice.svchost"),
];

impl Conflict {
    /// What a person can do to get the port, as a sentence without a full stop; `None` if nothing.
    pub fn advice(&self) -> Option<String> {
        let step = self.step()?;
        Some(if self.frees_the_port() { message!("advice.again", step) } else { step })
    }

    /// The advice for an app that serves on another port by now; `command` moves it to this one.
    pub fn way_back(&self, command: &str) -> Option<String> {
        let step = self.step()?;
        let advice = match self.frees_the_port() {
            true => message!("advice.then", step, command),
            false => step,
        };
        Some(self.way_out_by(&advice))
    }

    /// Whether the port can be had after the step, and not another one instead.
    fn frees_the_port(&self) -> bool {
        use Class::{GhostOwner, InUse, LostRace, OtherFamily, SourcePort};
        let is_deputy = self.holder.as_ref().and_then(stands_for).is_some();
        matches!(self.class, InUse | OtherFamily | LostRace | GhostOwner | SourcePort) && !is_deputy
    }

    fn step(&self) -> Option<String> {
        let pid = self.holder.as_ref().and_then(|h| h.pid);
        let deputy = self.holder.as_ref().and_then(stands_for);
        Some(match self.class {
            Class::InUse | Class::OtherFamily | Class::LostRace | Class::GhostOwner => {
                match (deputy, pid) {
                    (Some(elsewhere), _) => elsewhere.to_owned(),
                    (None, Some(pid)) => message!("advice.end_process", pid),
                    (None, None) => message!("advice.find_holder"),
                }
            }
            Class::HiddenOwner => message!("advice.hidden_owner"),
            Class::OwnInstance => message!("advice.own_instance"),
            Class::SourcePort => message!("advice.source_port"),
            Class::ReservedByApp => message!("advice.reserved_by_app"),
            Class::Privileged => message!("advice.privileged"),
            // Hyper-V, WSL and Docker set ports aside, in blocks that move when the computer starts.
            // Their service has to let go before the port can be set aside for us.
            Class::Excluded if self.is_windows_access_denied() => {
                message!("advice.winnat", port = self.port)
            }
            Class::BrowserBlocked | Class::Restricted | Class::Excluded => {
                message!("advice.other_port")
            }
            Class::Ephemeral | Class::Crowded | Class::Unknown | Class::Other => return None,
        })
    }

    /// How to get the port, or to take another, as a sentence for people.
    pub fn way_out(&self) -> Option<String> {
        self.advice().map(|advice| self.way_out_by(&advice))
    }

    fn way_out_by(&self, advice: &str) -> String {
        match self.class {
            Class::Privileged | Class::BrowserBlocked | Class::Restricted | Class::Excluded => {
                message!("conflict.instead", advice)
            }
            _ => message!("conflict.get", port = self.port, advice),
        }
    }

    /// Why the port cannot be had and what to do, in one line for a person at this computer.
    pub fn sentence_with_advice(&self) -> String {
        let why = self.sentence_here();
        match self.advice() {
            Some(advice) => message!("conflict.with_advice", why, advice),
            None => why,
        }
    }

    fn is_windows_access_denied(&self) -> bool {
        self.os_error.as_ref().is_some_and(|error| error.code == Some(WSAEACCES))
    }
}

/// The advice for a holder that listens for other programs, such as `docker-proxy`.
fn stands_for(holder: &Holder) -> Option<&'static str> {
    let name = holder.name.as_deref()?;
    let (_, key) = DEPUTIES.iter().find(|(known, _)| name.starts_with(known))?;
    Some(Language::English.messages().message(key))
}

#[cfg(test)]
mod test {
    use std::time::Duration;

    use super::*;
    use crate::{
        conflict::{Origin, OsError},
        port::Port,
    };

    fn advice(class: Class, holder: Option<&str>, code: i32) -> Option<String> {
        let holder = holder.map(|name| Holder {
            pid: Some(4),
            name: Some(name.to_owned()),
            ..Holder::default()
        });
        let conflict = Conflict {
            port: Port::new(3030).expect("not 0"),
            origin: Origin::LastGood,
            class,
            os_error: Some(OsError { code: Some(code), kind: "PermissionDenied".into() }),
            holder,
            last_good: true,
            elapsed: Duration::ZERO,
        };
        conflict.advice()
    }

    #[test]
    fn a_process_that_listens_for_another_is_never_to_be_ended() {
        for (name, _) in DEPUTIES {
            let advice = advice(Class::InUse, Some(name), 10048).expect("some");
            assert!(!advice.contains("end process"), "{name}: {advice}");
        }
        let ordinary = advice(Class::InUse, Some("node.exe"), 10048).expect("some");
        assert!(ordinary.starts_with("end process 4"), "{ordinary}");
    }

    #[test]
    fn the_way_to_a_port_that_windows_has_set_aside_is_printed_and_names_the_port() {
        let advice = advice(Class::Excluded, None, WSAEACCES).expect("some");
        let commands = [
            "net stop winnat",
            "startport=3030 numberofports=1",
            "net start winnat",
            "netsh int ipv4 set dynamic tcp start=49152 num=16384",
        ];
        assert!(commands.iter().all(|command| advice.contains(command)), "{advice}");
        assert!(advice.starts_with("choose another port"), "{advice}");
    }

    #[test]
    fn access_denied_for_no_known_reason_is_no_question_of_rights() {
        assert_eq!(advice(Class::Unknown, None, WSAEACCES), None);
    }

    #[test]
    fn on_linux_a_port_that_is_set_aside_is_left_alone() {
        let advice = advice(Class::Excluded, None, 13).expect("some");
        assert_eq!(advice, "choose another port, preferably from 15001 to 29999");
    }
}
