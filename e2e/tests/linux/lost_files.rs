//! What leads to a running instance is lost: the files of `run/`, the app's lock. All commands give one
//! answer, no second server is started, and the launcher writes its files anew.

use std::{fs, path::PathBuf, process::Command, thread};

use e2e::{Home, RunContext, Running, WatchedProcess, quiet_port, wait_for, wait_until};
use rustix::process::Signal;
use shared::{app::AppName, paths::Folders};

/// What is removed, by the name of the case.
type Loss = (&'static str, LostPaths);

/// The paths that are removed.
type LostPaths = fn(&Folders, &AppName) -> Vec<PathBuf>;

const LOSSES: [Loss; 9] = [
    ("run", |folders, _| vec![folders.run().to_owned()]),
    ("the lock of version 0.1", |folders, app| vec![folders.run().join(format!("{app}.lock"))]),
    ("the lock", |folders, app| vec![folders.lock(app)]),
    ("the discovery file", |folders, app| vec![folders.discovery(app)]),
    ("the control socket", |folders, app| vec![folders.control(app)]),
    ("the token", |folders, app| vec![folders.token(app)]),
    ("everything", |folders, app| vec![folders.run().to_owned(), folders.lock(app)]),
    ("the memory too", |folders, _| vec![folders.run().to_owned(), folders.state().to_owned()]),
    ("the history too", |folders, _| {
        vec![folders.run().to_owned(), folders.state().to_owned(), folders.logs().to_owned()]
    }),
];

/// Removes a file or a folder.
#[track_caller]
pub(crate) fn remove(path: &PathBuf) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}

/// Removes what the case loses; with the history go its records. Returns how many of each event of the first launch
/// are lost.
fn lose(home: &Home, lost: LostPaths) -> usize {
    let paths = lost(home.folders(), &AppName::default());
    let has_history = paths.iter().any(|path| path == home.folders().logs());
    if has_history {
        home.may_lose_records();
    }
    paths.iter().for_each(remove);
    has_history.into()
}

/// Runs the cases at the same time, because a command waits for a silent process.
fn for_each_loss(check: fn(&str, LostPaths)) {
    thread::scope(|scope| {
        for (case, lost) in LOSSES {
            scope.spawn(move || check(case, lost));
        }
    });
}

pub(crate) fn serving(home: &Home) -> (Running, String) {
    let launcher = home.launcher().at(&RunContext::with_default_signals());
    let mut running = launcher.port(quiet_port()).start();
    let url = running.ready().url;
    (running, url)
}

/// I8: one live server, whatever was lost.
#[test]
fn whatever_is_lost_the_instance_is_found_and_there_is_no_second_one() {
    let app = AppName::default();
    for (case, lost) in LOSSES {
        let home = Home::new();
        let (running, url) = serving(&home);
        let lost = lose(&home, lost);

        let second = home.launcher().run();
        assert_eq!(second.code, Some(0), "{case}: {second:?}");
        assert_eq!(second.line("instance_found")["url"], url.as_str(), "{case}");
        for command in ["where", "status", "open", "doctor"] {
            let told = home.command(command).arg("--json").run();
            assert_eq!(told.code, Some(0), "{case}: {command}: {told:?}");
            assert!(told.stdout.contains(&url), "{case}: {command}: {told:?}");
        }
        for file in [home.folders().discovery(&app), home.folders().lock(&app)] {
            assert!(file.exists(), "{case}: {} was written anew", file.display());
        }
        let told = home.command("stop").run();
        assert_eq!(told.code, Some(0), "{case}: {told:?}");
        assert_eq!(running.exit().code, Some(0), "{case}");
        assert_eq!(home.events("server_spawned").len(), 1 - lost, "{case}");
    }
}

/// Nothing leads to it and nothing of it can answer: its history and the tables of the system are left.
#[test]
fn whatever_is_lost_of_an_app_that_is_stopped_there_is_no_second_one() {
    for_each_loss(|case, lost| {
        let home = Home::new();
        let (running, url) = serving(&home);
        let pids = [running.pid(), running.server().pid()];
        let stopped = pids.map(|pid| WatchedProcess::of(pid).expect("it runs"));
        stopped.iter().for_each(|process| process.signal(Signal::STOP));
        wait_until("they are stopped", || stopped.iter().all(WatchedProcess::is_stopped));
        let port = home.last_good();
        let lost = lose(&home, lost);

        let way_out = format!("kill -CONT {}", pids[0]);
        for words in ["start --no-open", "where", "status", "stop", "doctor"] {
            let told = home.command(words).run();
            assert_eq!(told.code, Some(75), "{case}: {told:?}");
            let said = [told.stdout.as_str(), &told.stderr].concat();
            assert!(said.contains(&way_out), "{case}: {told:?}");
        }
        stopped.iter().for_each(|process| process.signal(Signal::CONT));
        let told = home.command("where").run();
        assert!(told.stdout.contains(&url), "{case}: {told:?}");
        // What was removed with the memory is recovered at the next start.
        assert!(home.assignment().is_none() || home.last_good() == port, "{case}");
        assert_eq!(running.stop().code, Some(0), "{case}");
        assert_eq!(home.events("server_spawned").len(), 1 - lost, "{case}");
    });
}

/// A launcher that works is asked, although nothing leads to it but its history.
#[test]
fn whatever_is_lost_of_an_app_whose_server_is_stopped_its_launcher_is_asked() {
    for_each_loss(|case, lost| {
        let home = Home::new();
        let (running, url) = serving(&home);
        let server = WatchedProcess::of(running.server().pid()).expect("it runs");
        server.signal(Signal::STOP);
        wait_until("it is stopped", || server.is_stopped());
        let lost = lose(&home, lost);

        let second = home.launcher().run();
        assert_eq!(second.line("instance_found")["url"], url.as_str(), "{case}: {second:?}");
        let way_out = format!("kill -CONT {}", server.pid());
        assert!(second.stderr.contains(&way_out), "{case}: {second:?}");
        for words in ["where", "open --print", "doctor"] {
            let told = home.command(words).run();
            assert_eq!(told.code, Some(75), "{case}: {told:?}");
            assert!([told.stdout, told.stderr].concat().contains(&way_out), "{case}");
        }
        assert_eq!(home.ask("status").line("status")["server_answers"], false, "{case}");
        assert_eq!(home.command("restart").run().code, Some(0), "{case}");
        let told = home.command("where").run();
        assert!(told.code == Some(0) && told.stdout.contains(&url), "{case}: {told:?}");
        assert_eq!(home.command("stop").run().code, Some(0), "{case}");
        assert_eq!(running.exit().code, Some(0), "{case}");
        assert_eq!(home.events("launch_started").len(), 2 - lost, "{case}");
    });
}

/// What was copied back is a socket on which no process listens.
#[test]
fn a_control_socket_that_was_put_back_is_made_anew() {
    let home = Home::new();
    let (running, _) = serving(&home);
    let (run, copy) = (home.folders().run().to_owned(), home.path().join("copy"));
    let copied = Command::new("cp").arg("-a").args([&run, &copy]).status();
    assert!(copied.is_ok_and(|status| status.success()));
    remove(&run);
    fs::rename(&copy, &run).expect("moved");
    for words in ["status", "restart", "stop"] {
        let told = home.command(words).run();
        assert_eq!(told.code, Some(0), "{told:?}");
    }
    assert_eq!(running.exit().code, Some(0));
}

/// A link to the home is another name for it.
#[test]
fn an_app_whose_whole_home_was_emptied_is_found_by_another_name_of_the_home() {
    let home = Home::new();
    home.may_lose_records();
    let names = tempfile::tempdir().expect("a folder");
    let link = names.path().join("home");
    std::os::unix::fs::symlink(home.path(), &link).expect("linked");
    let launcher = home.launcher().at(&RunContext::with_default_signals());
    let mut running = launcher.port(quiet_port()).env("HOMEPORT_HOME", &link).start();
    let port = running.ready().port;
    for part in [home.folders().state(), home.folders().run(), home.folders().logs()] {
        remove(&part.to_owned());
    }
    let second = home.launcher().run();
    assert_eq!(second.line("instance_found")["port"], port, "{second:?}");
    assert_eq!(home.command("stop").run().code, Some(0));
    assert_eq!(running.exit().code, Some(0));
}

/// Also the commands that need no answer of the launcher.
#[test]
fn each_command_that_finds_the_app_has_the_lost_files_written_anew() {
    let app = AppName::default();
    let home = Home::new();
    let (running, url) = serving(&home);
    for command in ["where", "token", "open --print", "status"] {
        for (case, lost) in LOSSES {
            lose(&home, lost);
            let told = home.command(command).run();
            assert_eq!(told.code, Some(0), "{case}: {command}: {told:?}");
            assert!(command == "token" || told.stdout.contains(&url), "{command}: {told:?}");
            let folders = home.folders();
            let lock_of_version_0_1 = folders.run().join(format!("{app}.lock"));
            let memory = [folders.assignment(&app), folders.lock(&app), lock_of_version_0_1];
            let leads = [folders.discovery(&app), folders.token(&app), folders.control(&app)];
            for file in memory.into_iter().chain(leads) {
                assert!(file.exists(), "{case}: {command}: {}", file.display());
            }
        }
    }
    assert_eq!(running.stop().code, Some(0));
    assert!(home.events("server_spawned").is_empty(), "the last loss has the record of the first");
}

#[test]
fn a_signal_that_log_rotation_sends_has_the_files_written_anew_and_ends_nothing() {
    let app = AppName::default();
    for signal in [Signal::HUP, Signal::USR1, Signal::USR2] {
        let home = Home::new();
        let (mut running, _) = serving(&home);
        fs::remove_dir_all(home.folders().run()).expect("it was there");
        running.signal(signal);
        let anew = [home.folders().discovery(&app), home.folders().control(&app)];
        wait_until("they are there again", || anew.iter().all(|file| file.exists()));
        assert!(!running.has_ended(), "{signal:?}");
    }
}

/// Each new control socket takes the place of one that is lost.
#[test]
fn files_that_are_lost_again_and_again_cost_no_threads_and_no_descriptors() {
    let home = Home::new();
    let (running, _) = serving(&home);
    let count = |what: &str| {
        fs::read_dir(format!("/proc/{}/{what}", running.pid())).expect("it runs").count()
    };
    let restored = || {
        fs::remove_dir_all(home.folders().run()).expect("it was there");
        assert_eq!(home.ask("status").code, Some(0));
        // The threads of the requests have ended, and so has that of the socket that was lost.
        wait_for(|| Some((count("task"), count("fd"))).filter(|(threads, _)| *threads <= 8))
    };
    let after_first = restored();
    for _ in 0..5 {
        assert!(
            restored().is_some_and(|now| after_first.is_some_and(|first| now.1 <= first.1 + 1))
        );
    }
}
