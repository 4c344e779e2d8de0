//! `launcher forget`: what is remembered of an app, until a person wishes otherwise.

use std::{fs, os::unix::fs::MetadataExt};

use e2e::{Home, NOBODY, RunContext, program, quiet_port};
use rustix::process::Signal;

#[test]
fn forgotten_ports_are_told_recorded_and_not_used_again() {
    let (earlier, last) = (quiet_port(), quiet_port());
    let home = Home::remembering(&[earlier, last]);
    let told = home.command("forget").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    for port in [earlier, last] {
        assert!(told.stdout.contains(&format!("port {port}")), "{told:?}");
    }
    let records: Vec<_> =
        home.events("port_forgotten").into_iter().map(|r| r["port"].clone()).collect();
    assert_eq!(records, [last, earlier]);
    assert_eq!((home.last_good(), home.assignment().expect("kept").generation), (None, 3));

    let mut running = home.launcher().start();
    let ready = running.ready();
    assert!(![earlier, last].contains(&ready.port), "{ready:?}");
    assert_eq!(home.last("port_assigned")["generation"], 4);
    assert!(home.events("state_recovered").is_empty());
}

#[test]
fn what_an_app_has_written_goes_with_its_ports_and_without() {
    for ports in [&[quiet_port()][..], &[]] {
        let home = Home::remembering(ports);
        let programs = home.folders().programs();
        for words in [&[][..], &["--json"]] {
            fs::create_dir_all(&programs).expect("made");
            let gone = ["server.jsonl", "server.jsonl.20261122T120159.123456Z", "server.log"];
            for name in gone.into_iter().chain(["notes.jsonl"]) {
                fs::write(programs.join(name), "").expect("written");
            }
            let told = words.iter().fold(home.command("forget"), |forget, word| forget.arg(*word));
            let told = told.run();
            assert_eq!(told.code, Some(0), "{told:?}");
            match words {
                [] => {
                    let said = "Removed: the output of server, 3 files";
                    assert!(told.stdout.contains(said), "{told:?}");
                }
                _ => assert_eq!(told.line("output_removed")["files"], 3),
            }
            assert!(!gone.iter().any(|name| programs.join(name).exists()), "{told:?}");
            assert!(programs.join("notes.jsonl").exists(), "another app's");
        }
    }
}

/// I6 recovers a lost memory from the history, and this one was not lost.
#[test]
fn a_forgotten_port_does_not_come_back_from_the_history() {
    let port = quiet_port();
    let home = Home::remembering(&[port]);
    let told = home.command("forget").arg("--json").run();
    let line = told.line("port_forgotten");
    assert_eq!((&line["port"], &line["generation"]), (&port.into(), &2.into()));
    fs::remove_file(home.assignment_file("server")).expect("it was there");
    assert_ne!(home.launcher().start().ready().port, port);
    assert!(home.events("state_recovered").is_empty());
}

#[test]
fn nothing_is_forgotten_while_the_app_runs() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    let port = running.ready().port;
    let refused = home.command("forget").run();
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(refused.stderr.contains("stop it first"), "{refused:?}");
    assert_eq!(home.last_good(), Some(port));
    assert_eq!(home.command("forget").app("notes").run().code, Some(0), "another app can be");
    assert_eq!(home.last_good(), Some(port));
}

/// It takes no requests: `stop` could not end it.
#[test]
fn beside_a_server_without_a_launcher_its_process_is_named_and_not_a_command_that_fails() {
    let home = Home::remembering(&[quiet_port()]);
    let mut alone = home.server().port(quiet_port()).start();
    alone.ready();
    let refused = home.command("forget").run();
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(refused.stderr.contains(&format!("end process {}", alone.pid())), "{refused:?}");
    assert!(!refused.stderr.contains("stop it first"), "{refused:?}");
    assert_eq!(alone.stop().code, Some(0));
    assert_eq!(home.command("forget").run().code, Some(0));
}

#[test]
fn what_root_has_forgotten_for_a_user_stays_the_users() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    let mut running = home.launcher().at(&nobody).start();
    running.ready();
    assert_eq!(running.stop().code, Some(0));
    let told = home.command("forget").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    let folders = home.folders();
    for file in [home.assignment_file("server"), folders.history(), folders.secret()] {
        let owner = fs::metadata(&file).expect("there").uid();
        assert_eq!(owner, NOBODY, "{}", file.display());
    }
    home.launcher().at(&nobody).start().ready();
    assert!(home.events("state_recovered").is_empty());
}

#[test]
fn where_nothing_is_remembered_there_is_nothing_to_forget() {
    let home = Home::new();
    let told = home.command("forget").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stdout.contains("No port of server is remembered"), "{told:?}");
    assert!(!home.assignment_file("server").exists() && home.history().is_empty());
}

/// What cannot be read is set aside as at a start, and what the history knows is forgotten.
#[test]
fn an_unreadable_memory_is_forgotten_as_the_history_tells_it() {
    let port = quiet_port();
    let home = Home::remembering(&[port]);
    fs::write(home.assignment_file("server"), "nonsense").expect("written");
    let told = home.command("forget").run();
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stderr.contains("The file is kept as"), "{told:?}");
    assert_eq!(home.last("port_forgotten")["port"], port);
    assert_ne!(home.launcher().start().ready().port, port);
}

#[test]
fn what_a_stopped_launcher_runs_is_not_forgotten_and_the_way_out_is_named() {
    let home = Home::new();
    let mut running = home.launcher().start();
    running.ready();
    running.signal(Signal::STOP);
    let told = home.command("forget").run();
    assert_eq!(told.code, Some(75), "{told:?}");
    assert!(told.stderr.contains(&format!("kill -CONT {}", running.pid())), "{told:?}");
    running.signal(Signal::CONT);
    assert_eq!(running.stop().code, Some(0));
}
