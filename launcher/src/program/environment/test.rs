use std::net::Ipv4Addr;

use super::*;

const FACTS: EnvironmentInputs = EnvironmentInputs {
    host: IpAddr::V4(Ipv4Addr::LOCALHOST),
    port: 17342,
    url: "http://localhost:17342/",
    launch_id: Uuid::nil(),
    home: None,
    log_dir: None,
    has_template: false,
    no_port_env: false,
    has_terminal: false,
};

/// The environment after the changes, as `NAME=VALUE`.
fn environment(
    inherited: &[&str],
    facts: &EnvironmentInputs,
    set: &[&str],
    case: VariableCase,
) -> Vec<String> {
    let pair = |text: &&str| {
        let (name, value) = text.split_once('=').expect("a pair");
        (OsString::from(name), OsString::from(value))
    };
    let inherited: Vec<_> = inherited.iter().map(pair).collect();
    let parse = |text: &&str| SetVariable::parse(text.as_ref(), case).expect("right");
    let changes = changes(&inherited, facts, &set.iter().map(parse).collect::<Vec<_>>(), case);
    let mut all: EnvironmentChanges =
        inherited.into_iter().map(|(name, value)| (name, Some(value))).collect();
    for (name, value) in changes {
        let is_other = |other: &OsStr| match case {
            VariableCase::Counts => other != name,
            VariableCase::Ignored => !other.eq_ignore_ascii_case(&name),
        };
        all.retain(|other, _| is_other(other));
        all.insert(name, value);
    }
    let written = |(name, value): (OsString, Option<OsString>)| {
        Some(format!("{}={}", name.display(), value?.display()))
    };
    all.into_iter().filter_map(written).collect()
}

fn on_unix(inherited: &[&str], facts: &EnvironmentInputs, set: &[&str]) -> Vec<String> {
    environment(inherited, facts, set, VariableCase::Counts)
}

const TOLD: [&str; 3] = [
    "HOMEPORT_RUN=00000000-0000-0000-0000-000000000000",
    "HOMEPORT_URL=http://localhost:17342/",
    "PYTHONUNBUFFERED=1",
];

#[test]
fn a_program_is_told_its_port_and_its_host_unless_its_command_line_says_it() {
    let without = |facts: &EnvironmentInputs| on_unix(&[], facts, &[]);
    fn told<'a>(first: &[&'a str], last: &[&'a str]) -> Vec<&'a str> {
        [first, &TOLD[..2], last].concat()
    }
    let port = ["PORT=17342", "PYTHONUNBUFFERED=1"];
    assert_eq!(without(&FACTS), told(&[], &["HOST=127.0.0.1", port[0], port[1]]));
    let has_template = EnvironmentInputs { has_template: true, ..FACTS };
    assert_eq!(without(&has_template), told(&[], &port));
    let no_port_env = EnvironmentInputs { no_port_env: true, ..FACTS };
    assert_eq!(without(&no_port_env), TOLD);
    let inherited = on_unix(&["HOST=pc", "PORT=1"], &no_port_env, &[]);
    assert_eq!(inherited, told(&[], &["HOST=pc", "PORT=1", port[1]]));
}

#[test]
fn i22_no_option_variable_reaches_the_program_but_the_two_folders() {
    let inherited = [
        "HOMEPORT_PORT=1",
        "HOMEPORT_HOME=h",
        "HOMEPORT_LOG_DIR=",
        "HOMEPORT_CHECKOUT=/c",
        "HOMEPORT_RUN=x",
        "HOMEPORT_URL_API=u",
        "HOMEPORT=stays",
        "LISTEN_FDS=2",
        "LISTEN_PID=1",
        "LISTEN=stays",
        "NOTIFY_SOCKET=/s",
        "UMASK=1",
    ];
    let facts = EnvironmentInputs { no_port_env: true, ..FACTS };
    let kept = on_unix(&inherited, &facts, &[]);
    let wanted = ["HOMEPORT=stays", TOLD[0], TOLD[1], "LISTEN=stays", TOLD[2], "UMASK=1"];
    assert_eq!(kept, wanted);
    let (home, log_dir) = (Some(Path::new("/h")), Some(Path::new("/l")));
    let kept = on_unix(&inherited, &EnvironmentInputs { home, log_dir, ..facts }, &[]);
    assert!(kept.contains(&"HOMEPORT_HOME=/h".to_owned()), "{kept:?}");
    assert!(kept.contains(&"HOMEPORT_LOG_DIR=/l".to_owned()), "{kept:?}");
}

#[test]
fn colours_are_forced_on_a_terminal_unless_a_person_says_otherwise() {
    let facts = EnvironmentInputs { has_terminal: true, ..FACTS };
    let forced = |inherited: &[&str], set: &[&str]| {
        let all = on_unix(inherited, &facts, set);
        all.into_iter().filter(|set| set.contains("COLOR_") || set.contains("_COLOR=")).collect()
    };
    let cases: [(&[&str], &[&str], &[&str]); 6] = [
        (&[], &[], &["CLICOLOR_FORCE=1", "FORCE_COLOR=1"]),
        (&["FORCE_COLOR=0"], &[], &["CLICOLOR_FORCE=1", "FORCE_COLOR=0"]),
        (&["NO_COLOR=1"], &[], &["NO_COLOR=1"]),
        (&["NO_COLOR="], &[], &["CLICOLOR_FORCE=1", "FORCE_COLOR=1", "NO_COLOR="]),
        (&[], &["NO_COLOR=1"], &["NO_COLOR=1"]),
        (&[], &["FORCE_COLOR=3"], &["CLICOLOR_FORCE=1", "FORCE_COLOR=3"]),
    ];
    for (inherited, set, wanted) in cases {
        let forced: Vec<String> = forced(inherited, set);
        assert_eq!(forced, wanted, "{inherited:?} {set:?}");
    }
    assert!(!on_unix(&[], &FACTS, &[]).iter().any(|set| set.contains("COLOR")));
}

#[test]
fn what_a_person_sets_wins_and_what_is_set_already_stays() {
    let set = ["PORT=80", "PYTHONUNBUFFERED=", "LISTEN_FDS=1", "A=b=c", "PORT=81"];
    let all = on_unix(&["LISTEN_FDS=2", "PYTHONUNBUFFERED=x"], &FACTS, &set);
    let wanted = ["A=b=c", TOLD[0], TOLD[1], "HOST=127.0.0.1", "LISTEN_FDS=1", "PORT=81"];
    assert_eq!(all, [&wanted[..], &["PYTHONUNBUFFERED="]].concat());
    assert!(on_unix(&["PYTHONUNBUFFERED=x"], &FACTS, &[]).contains(&"PYTHONUNBUFFERED=x".into()));
}

#[test]
fn on_windows_a_name_is_one_however_it_is_written() {
    let facts = EnvironmentInputs { has_terminal: true, ..FACTS };
    let inherited = ["Homeport_Port=1", "notify_socket=s", "Port=1", "Pythonunbuffered=x"];
    let case = VariableCase::Ignored;
    let all = environment(&inherited, &facts, &["no_color=1", "host=h"], case);
    let kept = [TOLD[0], TOLD[1], "PORT=17342", "Pythonunbuffered=x", "host=h", "no_color=1"];
    assert_eq!(all, kept);
    let both = on_unix(&["Port=1", "homeport_port=1"], &facts, &["Host=h"]);
    for set in ["Port=1", "PORT=17342", "homeport_port=1", "Host=h", "HOST=127.0.0.1"] {
        assert!(both.contains(&set.to_owned()), "{set}: {both:?}");
    }
}

#[test]
fn a_variable_needs_a_lawful_name_that_is_none_of_ours() {
    let parse = |text: &str, case| SetVariable::parse(text.as_ref(), case);
    let right = parse("A=b=c", VariableCase::Counts).expect("right");
    assert_eq!((right.name.as_str(), right.value), ("A", OsString::from("b=c")));
    for text in ["", "A", "=b", "A =b", " A=b", "A\0=b", "A\n=b"] {
        let refused = parse(text, VariableCase::Counts);
        assert!(matches!(refused, Err(VariableNameError::Unlawful(_))), "{text:?}");
    }
    let own = |text, case| matches!(parse(text, case), Err(VariableNameError::Own(_)));
    assert!(own("HOMEPORT_HOME=/h", VariableCase::Counts));
    assert!(own("homeport_x=1", VariableCase::Ignored));
    assert!(!own("homeport_x=1", VariableCase::Counts));
    let said = parse("HOMEPORT_PORT=hunter2", VariableCase::Counts).expect_err("ours");
    assert!(said.to_string().contains("HOMEPORT_PORT"), "{said}");
    assert!(!said.to_string().contains("hunter2"), "{said}");
}
