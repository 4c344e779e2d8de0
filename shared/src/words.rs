//! The words of the records, once each: values that are one word. The names of the events are made
//! from the table of events in [`event`](crate::event).
//!
//! They are part of the format: programs and `jq` recipes depend on them. A word is never renamed. A
//! new one is added here; the documents, the JSON Schema and the console's script are made from it.
//! No other file spells one.

/// A text that is none of the words that are known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", crate::message!("word_error.unknown", word = .word, nearest = .nearest))]
pub struct UnknownWord {
    /// The text, shortened and without control characters.
    pub word: String,
    /// The known word that is most like it.
    pub nearest: &'static str,
}

impl UnknownWord {
    pub(crate) fn among(known: impl Iterator<Item = &'static str>, text: &str) -> Self {
        let nearest = known.min_by_key(|word| strsim::damerau_levenshtein(text, word));
        let word = text.chars().take(40).flat_map(char::escape_debug).collect();
        Self { word, nearest: nearest.unwrap_or_default() }
    }
}

/// Makes an enum of words. `else` names the variant that a word of a newer version is read as.
macro_rules! words {
    ($(
        $(#[doc = $doc:literal])+
        pub enum $name:ident {
            $($(#[doc = $meaning:literal])+ $variant:ident = $word:expr,)+
        } $(else $other:ident)?
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $meaning])+ $variant,)+
            $(
                /// A word that this version does not know. It is never written.
                $other,
            )?
        }

        impl $name {
            /// Every word that is written.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// As it is written; it is never renamed.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    $(Self::$other => "other",)?
                }
            }

            /// The comment at the word, as the documents quote it.
            pub fn meaning(self) -> String {
                let lines: &[&str] = match self {
                    $(Self::$variant => &[$($meaning),+],)+
                    $(Self::$other => &[],)?
                };
                lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
            }
        }

        $(impl Default for $name {
            /// The word that a record does not have.
            fn default() -> Self {
                Self::$other
            }
        })?

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().find(|known| known.word() == text).copied();
                let words = || Self::ALL.iter().map(|known| known.word());
                found.ok_or_else(|| $crate::words::UnknownWord::among(words(), text))
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.word())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <::std::borrow::Cow::<'de, str> as ::serde::Deserialize>::deserialize(from)?;
                let read = text.parse();
                $(let read = Ok::<_, $crate::words::UnknownWord>(read.unwrap_or(Self::$other));)?
                read.map_err(::serde::de::Error::custom)
            }
        }

        #[cfg(feature = "schema")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::Type::String)
                    .enum_values(Some(Self::ALL.iter().map(|known| known.word())))
                    .description(Some(concat!($($doc),+).trim()))
                    .into()
            }
        }

        #[cfg(feature = "schema")]
        impl utoipa::ToSchema for $name {}
    )+};
}

pub(crate) use words;

words! {
    /// A program of Homeport.
    pub enum Process {
        /// It chose the port and supervises the server.
        Launcher = "launcher",
        /// It serves, on sockets that it was passed or claimed itself.
        Server = "server",
    } else Other

    /// Why a port is on the list of candidates.
    pub enum Origin {
        /// Asked for on the command line or in the environment. Never replaced by another.
        Explicit = "explicit",
        /// The `port` of the settings.
        Home = "home",
        /// The port of the last launch whose server became ready.
        LastGood = "last_good",
        /// A port of an earlier good launch.
        EarlierGood = "earlier_good",
        /// A port that the program of the app is given beside the one that it is served on.
        Further = "further",
        /// Computed from app and user, so that the same app begins at the same port everywhere.
        FirstChoice = "first_choice",
        /// Proposed by portpicker.
        Proposed = "proposed",
        /// The next of the range, in a fixed shuffled order.
        Range = "range",
        /// Whatever the system gave. Never remembered.
        Temporary = "temporary",
        /// A socket that a service manager passed in.
        Inherited = "inherited",
    } else Other

    /// What kind of obstacle keeps a port from us.
    pub enum Class {
        /// Another process listens there, or has bound the port without listening.
        InUse = "in_use",
        /// This app's own running server, or what the running app keeps for its program.
        OwnInstance = "own_instance",
        /// An outgoing connection uses it as its source port; no process listens.
        SourcePort = "source_port",
        /// A process of another user listens there, and only the user can be seen.
        HiddenOwner = "hidden_owner",
        /// The process that opened it is gone; a child still holds the socket and does not answer.
        GhostOwner = "ghost_owner",
        /// It is in a range that the system has set aside.
        Excluded = "excluded",
        /// It is below the first port that an ordinary user may listen on.
        Privileged = "privileged",
        /// It is on the list of ports that browsers refuse to open.
        BrowserBlocked = "browser_blocked",
        /// The system keeps it for programs with an entitlement (macOS).
        Restricted = "restricted",
        /// It is free on one loopback address and held by a stranger on the other.
        OtherFamily = "other_family",
        /// Another app of this user remembers it, serves there, or keeps it for its program.
        ReservedByApp = "reserved_by_app",
        /// It is in the range from which the system takes ports for outgoing connections.
        Ephemeral = "ephemeral",
        /// It is the default of many well-known programs, or `avoid` names it.
        Crowded = "crowded",
        /// A server or a program that binds for itself lost the port to another after all.
        LostRace = "lost_race",
        /// None of the others could be shown.
        Unknown = "unknown",
    } else Other

    /// Why the port of an app changed.
    pub enum MoveReason {
        /// The port it had could not be claimed.
        Conflict = "conflict",
        /// A person asked for it.
        Asked = "asked",
        /// The home port of the settings is free again.
        HomePortFree = "home_port_free",
        /// The settings have another range, and the port it had is not in it.
        OutsideRange = "outside_range",
    } else Other

    /// Why a new server is started in the place of another.
    pub enum RestartReason {
        /// The other failed.
        Failed = "failed",
        /// A person asked for it.
        Asked = "asked",
    } else Other

    /// Why a server that failed is not started again.
    pub enum LastFailureReason {
        /// It failed too often in a short time.
        FailedTooOften = "failed_too_often",
        /// The setting `restart` is `never`.
        NeverRestarted = "never_restarted",
    } else Other

    /// How the version of a running instance relates to the one that found it.
    pub enum Relation {
        /// The same version.
        Same = "same",
        /// The running one is older.
        Older = "older",
        /// The running one is newer.
        Newer = "newer",
    } else Other

    /// From where a stop, a restart or a move was asked for.
    pub enum RequestedBy {
        /// A command on the command line.
        Cli = "cli",
        /// A person at the console.
        Console = "console",
        /// A program, through the API.
        Api = "api",
        /// A signal of the system, such as Ctrl-C.
        Signal = "signal",
        /// The end of the person's session.
        Logout = "logout",
        /// The computer is shut down.
        Shutdown = "shutdown",
    } else Other

    /// Why a launch, or the hold on a port, ended.
    pub enum EndReason {
        /// A person or the system asked for the end; `by` has where from.
        Asked = "asked",
        /// The launcher ended without a word, so its server ended too.
        LauncherGone = "launcher_gone",
        /// The server ended by itself with exit code 0.
        ServerFinished = "server_finished",
        /// It failed in a way that another start would not change.
        ServerFailed = "server_failed",
        /// The server failed, and is not started again.
        GaveUp = "gave_up",
        /// A process of the program does not take our signals, and lives on.
        NotEnded = "not_ended",
        /// The app has moved to another port.
        Moved = "moved",
        /// A move failed, and the port that it had claimed is not needed.
        MoveFailed = "move_failed",
        /// Another program held the home port and has let go of it. The port is not ours.
        HomePortFree = "home_port_free",
        /// The app was running already.
        InstanceFound = "instance_found",
        /// No candidate could be claimed.
        NoPort = "no_port",
        /// A remembered port could not be claimed, and the settings forbid another.
        MustNotMove = "must_not_move",
        /// The port that was asked for could not be claimed.
        PortUnavailable = "port_unavailable",
        /// The computer has no such address to listen on.
        NoSuchAddress = "no_such_address",
        /// The system refused a socket for a reason that has nothing to do with the port.
        ClaimFailed = "claim_failed",
        /// There is no program to start as the server.
        NoServer = "no_server",
        /// The system could not start the server.
        NotStarted = "not_started",
        /// The server exited before it was ready.
        Exited = "exited",
        /// A signal ended the server before it was ready.
        Signalled = "signalled",
        /// The server was not ready in time.
        TimedOut = "timed_out",
        /// Another program answered in the server's place, or the server wrote something else than messages.
        WrongAnswer = "wrong_answer",
        /// The program listens on another port than it was given, and `on_elsewhere` is `fail`.
        Elsewhere = "elsewhere",
        /// Other computers can reach the program, and `expose` is `refuse`.
        Exposed = "exposed",
        /// Another program listens on the port in place of the one that was started.
        LostRace = "lost_race",
        /// The loopback interface of this computer is down.
        NoLoopback = "no_loopback",
        /// The launcher of a running instance does not answer.
        UnresponsiveInstance = "unresponsive_instance",
        /// The server refused its command line.
        Usage = "usage",
        /// The settings or a variable are wrong.
        Settings = "settings",
        /// The system has no folder for this user's files.
        NoHome = "no_home",
    } else Other

    /// Where the content of a lost file was taken from.
    pub enum RecoverySource {
        /// From the records of earlier launches.
        PortHistory = "port_history",
        /// Nowhere: it begins anew.
        Defaults = "defaults",
    } else Other

    /// What can be said of a port by its number alone, and by what is remembered of it.
    pub enum RemarkWord {
        /// It is the home port of the app.
        Home = "home",
        /// It is the last good port of the app.
        LastGood = "last_good",
        /// It is an earlier good port of the app.
        EarlierGood = "earlier_good",
        /// It is a further port of the app's program.
        FurtherPort = "further_port",
        /// Browsers refuse to open it.
        BrowserBlocked = "browser_blocked",
        /// It is below the first port that an ordinary user may listen on.
        Privileged = "privileged",
        /// It is in a range that the system has set aside.
        Excluded = "excluded",
        /// The system keeps it for programs of its own.
        Restricted = "restricted",
        /// It is in the range from which the system takes ports for outgoing connections.
        Ephemeral = "ephemeral",
        /// Another app of this user remembers it.
        ReservedByApp = "reserved_by_app",
        /// It is the default of many well-known programs.
        Crowded = "crowded",
        /// The settings avoid it.
        Avoided = "avoided",
        /// It is outside the range to choose from.
        OutsideRange = "outside_range",
    }

    /// What a launch is doing, as its status says.
    pub enum LaunchPhase {
        /// A server was started that has not proved itself yet.
        Starting = "starting",
        /// A server has proved itself, and takes requests.
        Serving = "serving",
        /// The server has failed, and another is started after a while.
        Waiting = "waiting",
        /// The launch ends as soon as its servers have ended.
        Stopping = "stopping",
    } else Other

    /// What an app is doing, as far as its launcher and its files tell.
    pub enum RunState {
        /// It was ready, and takes requests.
        Serving = "serving",
        /// It was ready, and another start or its listener is waited for.
        Waiting = "waiting",
        /// It was started and is not ready yet.
        Starting = "starting",
        /// It is ending.
        Stopping = "stopping",
        /// It does not run.
        Stopped = "stopped",
        /// It does not run, and its last launch failed.
        Failed = "failed",
        /// It runs on another computer or in another container.
        Elsewhere = "elsewhere",
        /// Its launcher is stopped or does not answer.
        Suspended = "suspended",
    }

    /// How a program gets its port.
    pub enum ProgramMode {
        /// It is given the number and binds by itself, over a reservation where the system lets it.
        Number = "number",
        /// The launcher listens on the port and forwards to the program.
        Front = "front",
        /// It is given listening sockets.
        Sockets = "sockets",
    } else Other

    /// Who had a port at a moment, as far as recorded.
    pub enum Ownership {
        /// Nothing is recorded.
        Unknown = "unknown",
        /// An app held it, and its server was not ready yet.
        Claimed = "claimed",
        /// An app served there.
        Serving = "serving",
        /// An app had let go of it.
        Released = "released",
        /// The server of an app had failed, and its launch was about to end.
        GaveUp = "gave_up",
        /// The launch that held it ended without a record, at the latest when the app started again.
        EndedUnseen = "ended_unseen",
        /// Another program had it.
        Taken = "taken",
        /// Another program had it, and has let go of it.
        Freed = "freed",
        /// The system had set it aside.
        SetAside = "set_aside",
    }

    /// What is wrong with a line of a log.
    pub enum DamageKind {
        /// A byte of it is in no UTF-8 text.
        NotUtf8 = "not_utf8",
        /// It has NUL bytes, as a file system leaves them after a crash.
        Nul = "nul",
        /// It ends in the middle.
        Cut = "cut",
        /// It is longer than any line of ours.
        TooLong = "too_long",
        /// It does not parse as an object.
        NotJson = "not_json",
        /// A key is there twice.
        DuplicateKey = "duplicate_key",
        /// It is JSON, and no line of ours.
        NotOurs = "not_ours",
    }

    /// What a command prints with `--json` that is no record.
    pub enum AnswerName {
        /// One check of `doctor`.
        Check = "check",
        /// The answer of `conflicts`.
        Conflicts = "conflicts",
        /// The answer of `explain`.
        Explain = "explain",
        /// One app of `list`.
        App = "app",
        /// What else listens, one port of `list --all`.
        Listener = "listener",
        /// The answer of `logs path`.
        LogsPath = "logs_path",
        /// The answer of `move`.
        Moved = "moved",
        /// The answer of `open`.
        Open = "open",
        /// The answer of `forget` about the output of the app.
        OutputRemoved = "output_removed",
        /// The answer of `restart`.
        Restarted = "restarted",
        /// One setting of `settings show`.
        Setting = "setting",
        /// The answer of `settings path`.
        SettingsPath = "settings_path",
        /// The answer of `settings set` and `unset` where the file stays as it is, and of a start that has read it again.
        SettingsUnchanged = "settings_unchanged",
        /// The answer of `status`.
        Status = "status",
        /// The answer of `stop`.
        Stopped = "stopped",
        /// The answer of `token`.
        Token = "token",
        /// The answer of `version`.
        Version = "version",
        /// The answer of `where`.
        Where = "where",
    }

    /// Where a line of a program's output comes from.
    pub enum OutputStream {
        /// The program's stdout.
        Stdout = "stdout",
        /// The program's stderr.
        Stderr = "stderr",
        /// The log itself: lines before this one could not be written.
        Log = "log",
    } else Other

    /// An event of the stream that the console follows.
    pub enum StreamEvent {
        /// How the server is.
        Status = "status",
        /// A record that was written.
        Record = "record",
        /// The app has moved.
        Moved = "moved",
        /// The server stops.
        Stopping = "stopping",
    }

    /// Why a server stops, in the event stream.
    pub enum StopKind {
        /// A new server takes its place.
        Restart = "restart",
        /// The launch ends.
        Stop = "stop",
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::event::EventName;

    #[test]
    fn a_word_is_read_as_it_is_written_and_one_of_a_newer_version_is_no_error() {
        for word in EventName::ALL {
            assert_eq!(word.to_string().parse(), Ok(*word));
        }
        let read = |text: &str| serde_json::from_str::<EndReason>(text).expect("a word");
        assert_eq!(read("\"asked\""), EndReason::Asked);
        assert_eq!(read("\"of_next_year\""), EndReason::Other);
        assert!(serde_json::from_str::<EventName>("\"of_next_year\"").is_err());
    }

    #[test]
    fn the_nearest_word_is_named() {
        let error = "port_conflicts\u{1b}".parse::<EventName>().expect_err("no event");
        assert_eq!(error.nearest, "port_conflict");
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
    }

    #[test]
    fn the_words_of_an_enum_differ() {
        let words: std::collections::BTreeSet<_> =
            EventName::ALL.iter().map(|e| e.word()).collect();
        assert_eq!(words.len(), EventName::ALL.len());
    }
}
