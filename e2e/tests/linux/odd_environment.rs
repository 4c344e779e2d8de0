//! What a variable of the environment may hold: nothing, a relative path, more than a person reads, bytes that
//! are no text, a line break. A wrong variable of ours is refused by name, and any other changes nothing. The
//! table is held to the sources: a variable that they read and it lacks fails a test.

use std::{
    collections::BTreeSet,
    ffi::OsString,
    fs,
    os::unix::ffi::OsStringExt,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use e2e::{Ended, Home, Invocation, RunContext, get, program, quiet_port, quiet_range, send};

/// What a start may take that is refused; machines are slow.
const LIMIT: Duration = Duration::from_secs(20);

/// The most that is printed about one variable, in bytes: the system passes 128 KiB of it.
const MOST_SAID: usize = 4096;

/// As much as lets all variables be set at once: the system passes 2 MiB in all.
const LONG: usize = 30_000;

/// What comes of a value that is no right one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It is as if the variable were not set.
    Ignored,
    /// The program ends with this code, and names the variable.
    Refused(i32),
}

use Outcome::{Ignored, Refused};

struct Variable {
    name: &'static str,
    launcher: Outcome,
    server: Outcome,
}

const fn variable(name: &'static str, launcher: Outcome, server: Outcome) -> Variable {
    Variable { name, launcher, server }
}

const fn ignored(name: &'static str) -> Variable {
    variable(name, Ignored, Ignored)
}

/// What the programs read on Linux, themselves and through the crates that they use, where `HOMEPORT_HOME` is set.
const VARIABLES: [Variable; 57] = [
    variable("HOMEPORT_APP", Refused(2), Refused(2)),
    variable("HOMEPORT_HOME", Refused(2), Refused(2)),
    variable("HOMEPORT_LOG", Refused(2), Refused(2)),
    variable("HOMEPORT_LOG_DIR", Refused(2), Refused(2)),
    variable("HOMEPORT_ON_CONFLICT", Refused(2), Ignored),
    variable("HOMEPORT_OPEN_BROWSER", Refused(2), Ignored),
    // The server is given --port here.
    variable("HOMEPORT_PORT", Refused(2), Ignored),
    variable("HOMEPORT_RANGE", Refused(2), Ignored),
    variable("HOMEPORT_READY_TIMEOUT", Refused(2), Ignored),
    variable("HOMEPORT_REDIRECT_FOR", Refused(2), Ignored),
    variable("HOMEPORT_RESTART", Refused(2), Ignored),
    variable("HOMEPORT_STOP_TIMEOUT", Refused(2), Ignored),
    // Set by cargo and by the programs themselves; another value than theirs counts as none.
    ignored("HOMEPORT_CHECKOUT"),
    ignored("HOMEPORT_DETACHED"),
    ignored("HOMEPORT_INVOKED_AS"),
    // Of a program that `run` has started.
    ignored("HOMEPORT_RUN"),
    ignored("HOMEPORT_URL"),
    // Of the user, where HOMEPORT_HOME is not set.
    ignored("HOME"),
    ignored("XDG_CACHE_HOME"),
    ignored("XDG_CONFIG_HOME"),
    ignored("XDG_DATA_DIRS"),
    ignored("XDG_DATA_HOME"),
    ignored("XDG_RUNTIME_DIR"),
    ignored("XDG_STATE_HOME"),
    ignored("LOGNAME"),
    ignored("USER"),
    // Of service managers.
    ignored("LISTEN_FDNAMES"),
    ignored("LISTEN_FDS"),
    ignored("LISTEN_FDS_FIRST_FD"),
    ignored("LISTEN_PID"),
    ignored("NOTIFY_SOCKET"),
    // Of the desktop, the terminal and the language.
    ignored("BROWSER"),
    ignored("CLICOLOR"),
    ignored("CLICOLOR_FORCE"),
    ignored("DISPLAY"),
    ignored("FORCE_COLOR"),
    ignored("LANG"),
    ignored("LC_ALL"),
    ignored("NO_COLOR"),
    ignored("PATH"),
    ignored("TERM"),
    ignored("TMPDIR"),
    ignored("TZ"),
    ignored("TZDIR"),
    ignored("WAYLAND_DISPLAY"),
    // Of the standard library and of the HTTP client, which asks this computer alone.
    ignored("RUST_BACKTRACE"),
    ignored("RUST_LIB_BACKTRACE"),
    ignored("RUST_MIN_STACK"),
    ignored("ALL_PROXY"),
    ignored("HTTPS_PROXY"),
    ignored("HTTP_PROXY"),
    ignored("NO_PROXY"),
    ignored("all_proxy"),
    ignored("https_proxy"),
    ignored("http_proxy"),
    ignored("no_proxy"),
    ignored("TOKIO_WORKER_THREADS"),
];

/// What the programs read on other systems alone.
const ELSEWHERE: [&str; 4] = ["COMPUTERNAME", "PATHEXT", "SSH_CONNECTION", "USERNAME"];

/// Values that no variable should have; the empty one counts as none.
fn evils() -> [(&'static str, OsString); 8] {
    [
        ("nothing", OsString::new()),
        ("a relative path", "data/here".into()),
        ("a long text", "x".repeat(LONG).into()),
        ("a long path", format!("/{}", "x".repeat(LONG)).into()),
        ("no text", OsString::from_vec(vec![b'd', 0xff, 0xfe])),
        ("a line break", "a/b\nerror: forged \u{1b}[31m".into()),
        ("an address", "http://127.0.0.1:9/".into()),
        ("control characters", "\u{9b}1m\t/\u{7f}".into()),
    ]
}

/// Fails unless the launch serves and ends with code 0.
#[track_caller]
fn assert_serves(case: &str, invocation: &Invocation) -> Ended {
    let mut running = invocation.start();
    let ready = running.ready();
    let health = get(&format!("{}_homeport/healthz", ready.url));
    assert_eq!(health.expect(case).status, 200, "{case}");
    let ended = running.stop();
    assert_eq!(ended.code, Some(0), "{case}: {ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{case}: {ended:?}");
    ended
}

/// Ends in time with this code and one short message that names the variable.
#[track_caller]
fn assert_refused(case: &str, invocation: &Invocation, code: i32, variable: &str) {
    let began = Instant::now();
    let ended = invocation.run();
    assert!(began.elapsed() < LIMIT, "{case}: {:?}", began.elapsed());
    assert_eq!(ended.code, Some(code), "{case}: {ended:?}");
    let told = format!("{}{}", ended.stdout, ended.stderr);
    assert!(told.contains(variable), "{case}: {ended:?}");
    assert!(told.len() < MOST_SAID, "{case}: {} bytes", told.len());
    assert!(!told.lines().any(|line| line.starts_with("error: forged")), "{case}: {ended:?}");
    assert!(!told.contains(['\u{1b}', '\u{9b}']), "{case}: {ended:?}");
    assert!(!told.contains("panicked"), "{case}: {ended:?}");
}

#[test]
fn a_wrong_variable_of_ours_is_refused_by_name_in_one_short_line() {
    let home = Home::new();
    let launcher = home.launcher().without("--json").home_port(quiet_port());
    let server = home.server().port(quiet_port());
    for (evil, value) in evils().into_iter().filter(|(_, value)| !value.is_empty()) {
        for Variable { name, launcher: of_launcher, server: of_server } in VARIABLES {
            for (program, invocation, outcome) in
                [("launcher", &launcher, of_launcher), ("server", &server, of_server)]
            {
                if let Refused(code) = outcome {
                    let case = format!("{program}: {evil} in {name}");
                    assert_refused(&case, &invocation.clone().env(name, &value), code, name);
                }
            }
        }
    }
    assert!(home.events("port_claimed").is_empty(), "nothing was launched");
}

/// All at once, because each start takes its time.
#[test]
fn any_other_variable_and_one_that_is_empty_changes_nothing() {
    for (evil, value) in evils() {
        let home = Home::new();
        let port = quiet_port();
        let with_evil = |invocation: Invocation, outcome: fn(&Variable) -> Outcome| {
            // The home itself must be somewhere.
            let set = VARIABLES.iter().filter(|variable| variable.name != "HOMEPORT_HOME");
            let is_set = |variable: &&Variable| value.is_empty() || outcome(variable) == Ignored;
            set.filter(is_set)
                .fold(invocation, |invocation, variable| invocation.env(variable.name, &value))
        };
        let launcher = with_evil(home.launcher().home_port(port), |variable| variable.launcher);
        let ended = assert_serves(&format!("launcher: {evil}"), &launcher);
        assert!(
            ended.stdout.contains(&format!("\"port\":{port},\"origin\":\"home\"")),
            "{ended:?}"
        );
        let server = with_evil(home.server().port(port), |variable| variable.server);
        assert_serves(&format!("server: {evil}"), &server);
        let status = with_evil(home.command("status"), |variable| variable.launcher).run();
        assert_eq!(status.code, Some(3), "{evil}: {status:?}");
        assert!(fs::read_dir("/data").is_err(), "{evil}: nothing is made of it");
    }
}

/// Without `HOMEPORT_HOME` the folders of the user count.
#[test]
fn a_home_of_the_user_that_cannot_be_one_is_refused_by_name() {
    let home = Home::new();
    let of_user = |invocation: Invocation| {
        let logs = home.folders().logs().to_owned();
        invocation.env("HOMEPORT_HOME", "").env("HOMEPORT_LOG_DIR", logs)
    };
    let programs = || {
        [
            of_user(home.launcher()),
            of_user(home.server().port(quiet_port())),
            of_user(home.command("where")),
        ]
    };
    let long = format!("/{}", "x".repeat(LONG));
    for (variable, value) in [
        ("HOME", "data/here"),
        ("HOME", "~"),
        ("HOME", "a/b\nerror: forged \u{1b}[31m"),
        ("HOME", long.as_str()),
        ("XDG_CONFIG_HOME", long.as_str()),
        ("XDG_STATE_HOME", long.as_str()),
    ] {
        for invocation in programs() {
            let case = format!("{:.40} in {variable}: {invocation:?}", value.escape_debug());
            assert_refused(&case, &invocation.env(variable, value), 2, variable);
        }
    }
}

/// The rules of the XDG variables: a relative path counts as none.
#[test]
fn a_relative_folder_of_the_system_counts_as_none() {
    let home = Home::new();
    let mut launcher =
        home.launcher().env("HOMEPORT_HOME", "").env("HOMEPORT_RANGE", quiet_range());
    launcher = launcher.env("HOMEPORT_LOG_DIR", home.folders().logs());
    for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"] {
        launcher = launcher.env(variable, "data/here");
    }
    assert_serves("relative folders", &launcher);
    assert!(home.path().join(".local/state/homeport/server/assignment.toml").is_file());
}

/// A name that is odd and possible.
#[test]
fn a_home_with_an_odd_name_serves_and_is_found() {
    for name in ["a\nb", "a b", "\u{202e}a", "a%b", "'\"$(x)"] {
        let home = Home::new();
        assert_serves_in(&home, &home.path().join(name));
    }
    let home = Home::new();
    assert_serves_in(&home, &home.path().join(OsString::from_vec(vec![b'a', 0xff])));
}

#[track_caller]
fn assert_serves_in(home: &Home, odd: &Path) {
    let within = |invocation: Invocation| invocation.env("HOMEPORT_HOME", odd);
    let mut running = within(home.launcher().arg("--port").arg(quiet_port().to_string())).start();
    let ready = running.ready();
    let url = &ready.url;
    for words in ["status", "where", "doctor", "restart"] {
        let told = within(home.command(words)).run();
        assert_eq!(told.code, Some(0), "{odd:?}: {words}: {told:?}");
        assert!(told.stdout.contains(url), "{odd:?}: {words}: {told:?}");
    }
    for words in ["settings path", "logs path", "explain 3030", "token", "doctor"] {
        let told = within(home.command(words).arg("--json")).run();
        assert_eq!(told.code, Some(0), "{odd:?}: {words}: {told:?}");
    }
    let token = within(home.command("token")).run().stdout;
    let request = format!(
        "GET /_homeport/api/v1/settings HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        ready.port,
        token.trim()
    );
    let answer = send(ready.port, &request).expect("an answer");
    assert_eq!(answer.status, 200, "{odd:?}: {answer:?}");
    let stopped = within(home.command("stop")).run();
    assert_eq!(stopped.code, Some(0), "{odd:?}: {stopped:?}");
    assert_eq!(running.exit().code, Some(0), "{odd:?}");
    assert!(odd.join("state/server/assignment.toml").is_file(), "{odd:?}");
}

/// The sources of the programs, but for those of tests.
pub(crate) fn sources() -> Vec<String> {
    fn within(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder of the checkout").flatten();
        let paths = entries.map(|entry| entry.path());
        paths.flat_map(|path| if path.is_dir() { within(&path) } else { vec![path] }).collect()
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("it is in the checkout");
    let folders = ["shared", "launcher", "server", "homeport"].map(|it| root.join(it).join("src"));
    let files = folders.iter().flat_map(|folder| within(folder));
    let is_source = |file: &PathBuf| {
        file.extension().is_some_and(|end| end == "rs") && file.file_stem() != Some("test".as_ref())
    };
    let files = files.filter(is_source);
    files.map(|file| fs::read_to_string(file).expect("text")).collect()
}

/// The literals of a source that look like the name of a variable.
fn names_in(source: &str) -> impl Iterator<Item = &str> {
    let is_name = |text: &&str| {
        text.len() > 1
            && !text.ends_with('_')
            && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    source.split('"').skip(1).step_by(2).filter(is_name)
}

/// The arguments of the calls that read a variable.
fn arguments_in(source: &str) -> impl Iterator<Item = &str> {
    let calls = ["env::var(", "env::var_os(", "is_set("].into_iter();
    calls.flat_map(|call| source.split(call).skip(1)).filter_map(|rest| rest.split(')').next())
}

#[test]
fn every_variable_that_the_sources_read_is_in_the_table() {
    let sources = sources();
    let known: BTreeSet<_> =
        VARIABLES.iter().map(|variable| variable.name).chain(ELSEWHERE).collect();
    let constant = |name: &str| {
        let declaration = format!("const {name}: &str = \"");
        let values = sources.iter().filter_map(|source| source.split(&declaration).nth(1));
        values.filter_map(|rest| rest.split('"').next()).collect::<Vec<_>>()
    };
    let mut read = BTreeSet::new();
    for source in &sources {
        read.extend(names_in(source).filter(|name| name.starts_with("HOMEPORT_")));
        for argument in arguments_in(source) {
            let name = argument.trim().rsplit("::").next().unwrap_or_default();
            if name.starts_with('"') {
                read.extend(names_in(name));
            } else if name.chars().all(|c| c.is_ascii_uppercase() || c == '_') {
                read.extend(constant(name));
            } else {
                // The name is in a variable of the code: whatever looks like one here.
                read.extend(names_in(source));
            }
        }
    }
    assert!(read.contains("NOTIFY_SOCKET") && read.contains("HOMEPORT_DETACHED"), "{read:?}");
    let unknown: Vec<_> = read.difference(&known).collect();
    assert!(unknown.is_empty(), "not in the table: {unknown:?}");
}

/// A pipe without a writer, and a file without an end.
#[test]
fn a_time_zone_that_leads_to_no_file_holds_up_no_command() {
    let home = Home::new();
    home.launcher().start().ready();
    let pipe = home.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("coreutils").success());
    let pipe = pipe.to_str().expect("text");
    let folder = home.path().to_str().expect("text");
    for variables in [
        [("TZ", pipe), ("TZDIR", "")],
        [("TZ", ":/dev/zero"), ("TZDIR", "")],
        [("TZ", "pipe"), ("TZDIR", folder)],
    ] {
        let history = variables
            .iter()
            .fold(home.command("history"), |command, (name, value)| command.env(name, value));
        let told = history.run();
        assert_eq!(told.code, Some(0), "{variables:?}: {told:?}");
        assert!(told.stdout.contains(" UTC "), "{variables:?}: {told:?}");
    }
}

/// What such a umask makes could not be read by its own user, and so hid the app from every command.
#[test]
fn a_umask_that_takes_rights_from_the_owner_hides_no_app() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    for umask in ["0177", "0377", "0777"] {
        let home = Home::new();
        home.give_to_plain_user();
        let masked = format!("umask {umask}; exec \"$@\"");
        let at = plain.clone().through(["sh", "-c", &masked, "sh"]);
        let mut running = home.launcher().at(&at).port(quiet_port()).start();
        let port = running.ready().port;
        let again = home.launcher().at(&at).run();
        assert_eq!(again.line("instance_found")["port"], port, "{umask}: {again:?}");
        let stopped = home.command("stop").at(&plain).run();
        assert_eq!(stopped.code, Some(0), "{umask}: {stopped:?}");
        assert_eq!(running.exit().code, Some(0), "{umask}");
    }
}
