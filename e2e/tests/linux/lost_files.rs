//! What leads to a running instance is lost: the files of `run/`, the app's lock. All commands give one
//! answer, no second server is started, and the launcher writes its files anew.

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use e2e::{
    Home, RunContext, Running, WatchedProcess, program, quiet_port, quiet_range, skip, wait_for,
    wait_until,
};
use rustix::process::Signal;
use serde_json::Value;
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

/// All at once: who is silent is waited for.
fn for_each_loss(check: fn(&str, LostPaths)) {
    thread::scope(|scope| {
        for (case, lost) in LOSSES {
            scope.spawn(move || check(case, lost));
        }
    });
}

fn serving(home: &Home) -> (Running, String) {
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

/// The lock that could not be taken while the folder was closed could be taken by a second launch.
#[test]
fn a_launch_that_could_take_no_lock_is_found_and_takes_it_when_it_can() {
    let app = AppName::default();
    let closed: [&[&str]; 2] = [&["state"], &["state", "run"]];
    for folders in closed {
        let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
        let home = Home::new();
        let folders: Vec<_> = folders.iter().map(|folder| home.path().join(folder)).collect();
        folders.iter().for_each(|folder| fs::create_dir_all(folder).expect("made"));
        home.give_to_plain_user();
        let set_modes = |mode| {
            let set = |folder| fs::set_permissions(folder, Permissions::from_mode(mode));
            folders.iter().for_each(|folder| set(folder).expect("changed"));
        };
        set_modes(0o000);
        let mut running = home.launcher().at(&plain).port(quiet_port()).start();
        let url = running.ready().url;
        set_modes(0o700);

        let told = home.command("forget").at(&plain).run();
        assert_eq!(told.code, Some(75), "{told:?}");
        let second = home.launcher().at(&plain).run();
        assert_eq!(second.line("instance_found")["url"], url.as_str(), "{second:?}");
        for command in ["status", "where"] {
            let told = home.command(command).at(&plain).run();
            assert!(told.code == Some(0) && told.stdout.contains(&url), "{command}: {told:?}");
        }
        let owner = fs::read_to_string(home.folders().lock(&app)).expect("the lock is taken");
        assert!(owner.contains(&format!("\"pid\":{},", running.pid())), "{owner}");
        assert_eq!(home.command("stop").at(&plain).run().code, Some(0));
        assert_eq!(running.exit().code, Some(0));
        assert_eq!(home.events("server_spawned").len(), 1, "{folders:?}");
    }
}

/// The lock of version 0.1 is left where the memory cannot be written.
#[test]
fn launches_at_once_that_cannot_write_the_memory_are_one() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    let state = home.path().join("state");
    fs::create_dir(&state).expect("made");
    home.give_to_plain_user();
    fs::set_permissions(&state, Permissions::from_mode(0o500)).expect("changed");
    let starts: Vec<_> =
        (0..4).map(|_| home.launcher().arg("--detach").at(&plain).start()).collect();
    for start in starts {
        let told = start.exit();
        assert_eq!(told.code, Some(0), "{told:?}");
    }
    assert_eq!(home.events("server_spawned").len(), 1);
    fs::set_permissions(&state, Permissions::from_mode(0o700)).expect("changed");
    let beside = home.launcher().at(&plain).run();
    assert!(beside.stdout.contains("instance_found"), "{beside:?}");
    assert!(home.folders().secret().exists(), "what proves the server is kept by now");
    assert_eq!(home.command("stop").at(&plain).run().code, Some(0));
    assert_eq!(home.command("stop").at(&plain).run().code, Some(3));
}

/// Neither the lock nor the one of version 0.1 can be made.
#[test]
fn launches_at_once_that_can_write_nothing_are_one() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    for _ in 0..3 {
        let home = Home::new();
        home.may_lose_records();
        home.give_to_plain_user();
        fs::set_permissions(home.path(), Permissions::from_mode(0o500)).expect("changed");
        let starts: Vec<_> =
            (0..3).map(|_| home.launcher().arg("--detach").at(&plain).start()).collect();
        let said: Vec<_> = starts.into_iter().map(Running::exit).collect();
        let ports: BTreeSet<_> = said
            .iter()
            .flat_map(e2e::Ended::lines)
            .filter(|line| line["event"] != "port_conflict")
            .map(|line| line["port"].to_string())
            .collect();
        assert!(said.iter().all(|told| told.code == Some(0)), "{said:?}");
        assert_eq!(ports.len(), 1, "{said:?}");
        assert_eq!(home.command("stop").at(&plain).run().code, Some(0));
        assert_eq!(home.command("stop").at(&plain).run().code, Some(3));
        fs::set_permissions(home.path(), Permissions::from_mode(0o700)).expect("changed");
    }
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

/// A folder that was mounted for a test.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    /// `None`, and the test is skipped, where nothing can be mounted.
    fn on(folder: &'a Path, commands: &[&[&str]]) -> Option<Self> {
        let mount = |words: &&[&str]| {
            let done = Command::new("mount").args(*words).arg(folder).output();
            done.is_ok_and(|done| done.status.success())
        };
        let mounted = commands.iter().all(mount).then_some(Self(folder));
        if mounted.is_none() {
            skip("only root can mount a folder");
        }
        mounted
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0).status();
    }
}

#[test]
fn an_app_whose_home_has_become_read_only_is_still_shown_and_stopped() {
    let home = Home::new();
    let (running, url) = serving(&home);
    let view = tempfile::tempdir().expect("a folder");
    let path = home.path().to_str().expect("text");
    let read_only: [&[&str]; 2] = [&["--bind", path], &["-o", "remount,ro,bind"]];
    let Some(_mounted) = Mounted::on(view.path(), &read_only) else { return };
    let in_view = |command: &str| home.command(command).env("HOMEPORT_HOME", view.path());
    for command in ["where", "status"] {
        let told = in_view(command).run();
        assert_eq!(told.code, Some(0), "{command}: {told:?}");
        assert!(told.stdout.contains(&url), "{command}: {told:?}");
    }
    let doctor = in_view("doctor").run();
    assert_eq!(doctor.code, Some(75), "{doctor:?}");
    assert_eq!(in_view("stop").run().code, Some(0));
    assert_eq!(running.exit().code, Some(0));
}

/// Nothing of what an earlier launch left there can be replaced.
#[test]
fn a_launch_in_a_home_that_is_read_only_is_shown_and_no_token_of_an_earlier_one_is() {
    let home = Home::new();
    home.may_lose_records();
    let disk = home.path().join("disk");
    fs::create_dir(&disk).expect("made");
    let tmpfs: [&[&str]; 1] = [&["-t", "tmpfs", "-o", "mode=700", "tmpfs"]];
    let Some(_mounted) = Mounted::on(&disk, &tmpfs) else { return };
    let launcher = || home.launcher().env("HOMEPORT_HOME", &disk);
    let mut earlier = launcher().port(quiet_port()).start();
    let port = earlier.ready().port;
    earlier.kill_both();
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&disk).status();
    assert!(remounted.expect("it starts").success(), "all files are closed by now");

    let mut running = launcher().start();
    assert_eq!(running.ready().port, port);
    let ask = |words: &str| home.command(words).env("HOMEPORT_HOME", &disk).run();
    let status = ask("status --json").line("status");
    assert!(status["launcher_memory_bytes"].is_u64(), "{status}");
    for command in ["token", "open --print"] {
        let told = ask(command);
        assert_eq!((told.code, told.stdout.as_str()), (Some(75), ""), "{command}: {told:?}");
        for piece in ["server.token", "an earlier launch", "doctor` says what keeps it"] {
            assert!(told.stderr.contains(piece), "{command}: no `{piece}`: {told:?}");
        }
    }
    assert_eq!(ask("stop").code, Some(0));
    assert_eq!(running.exit().code, Some(0));
}

#[test]
fn an_app_whose_disk_is_full_is_still_shown_restarted_and_stopped() {
    let home = Home::new();
    home.may_lose_records();
    let disk = home.path().join("disk");
    fs::create_dir(&disk).expect("made");
    let small: [&[&str]; 1] = [&["-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs"]];
    let Some(_mounted) = Mounted::on(&disk, &small) else { return };
    let launcher = home.launcher().env("HOMEPORT_HOME", &disk).port(quiet_port());
    let mut running = launcher.start();
    let ready = running.ready();
    let url = ready.url.clone();
    let filled = fs::write(disk.join("filler"), vec![b'x'; 16 << 20]);
    assert!(filled.is_err(), "the disk is full");
    let asked = |command: &str| home.command(command).env("HOMEPORT_HOME", &disk);
    let assert_each_leads_to = |url: &str| {
        for command in ["where", "status", "restart"] {
            let told = asked(command).run();
            assert_eq!(told.code, Some(0), "{command}: {told:?}");
            assert!(told.stdout.contains(url), "{command}: {told:?}");
        }
        let second = home.launcher().env("HOMEPORT_HOME", &disk).run();
        assert_eq!(second.line("instance_found")["url"], url, "{second:?}");
    };
    assert_each_leads_to(&url);

    // The old port redirects, so that what the discovery file says of it could be believed.
    let to = quiet_port();
    let moved = asked("move").arg("--json").arg(to.to_string()).run();
    let warning = moved.line("moved")["warning"].to_string();
    let file = disk.join("state/server/assignment.toml");
    for piece in [&to.to_string(), file.to_str().expect("text"), "No space left"] {
        assert!(warning.contains(piece), "no `{piece}`: {moved:?}");
    }
    assert_each_leads_to(&url.replace(&ready.port.to_string(), &to.to_string()));
    fs::remove_file(disk.join("filler")).expect("it was there");
    let restarted = asked("restart").run();
    assert!(!restarted.stdout.contains("assignment.toml"), "{restarted:?}");
    let assignment = fs::read_to_string(&file).expect("it is kept by now");
    assert!(assignment.contains(&format!("port = {to}")), "{assignment}");
    assert_eq!(asked("stop").run().code, Some(0));
    assert_eq!(running.exit().code, Some(0));
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

/// A session's folder comes and goes with the session, and is another for a service.
#[test]
fn the_environment_of_a_session_does_not_decide_where_an_app_is_looked_for() {
    let user = tempfile::tempdir().expect("a folder");
    let session = tempfile::tempdir().expect("a folder");
    let launcher = |arguments: &[&str]| {
        let mut command = Command::new(program("launcher"));
        command.args(arguments).env("HOME", user.path()).env_remove("HOMEPORT_HOME");
        command.env("HOMEPORT_RANGE", quiet_range()).env("HOMEPORT_LOG_DIR", user.path());
        command.env_remove("XDG_RUNTIME_DIR").env_remove("XDG_STATE_HOME");
        command
    };
    let started = launcher(&["--detach", "--no-open", "--json"]).output().expect("started");
    assert!(started.status.success(), "{started:?}");
    let first: Value = serde_json::from_slice(&started.stdout).expect("a line");
    let second = launcher(&["--no-open", "--json"])
        .env("XDG_RUNTIME_DIR", session.path())
        .output()
        .expect("started");
    let stopped = launcher(&["stop"]).env("XDG_RUNTIME_DIR", session.path()).output();
    assert!(second.status.success(), "{second:?}");
    let found: Value = serde_json::from_slice(&second.stdout).expect("a line");
    assert_eq!((&found["event"], &found["url"]), (&"instance_found".into(), &first["url"]));
    assert!(stopped.expect("started").status.success());
}

/// Two containers with one volume: neither the port nor the processes of one are those of the other.
#[test]
fn an_app_that_runs_in_another_container_is_said_to_run_there() {
    let script = "hostname boxa && ip link set lo up && exec \"$@\"";
    let boxa = ["unshare", "--uts", "--net", "sh", "-c", script, "sh"];
    let boxa = RunContext::direct().through(boxa);
    if let Err(refusal) = boxa.try_out() {
        return skip(&format!("unshare: {refusal}"));
    }
    let home = Home::new();
    let mut running = home.launcher().at(&boxa).start();
    running.ready();
    for command in ["where", "status", "stop", "open"] {
        let told = home.command(command).run();
        assert_eq!(told.code, Some(3), "{command}: {told:?}");
        assert!(told.stderr.contains("boxa"), "{command}: {told:?}");
    }
    let began = Instant::now();
    let second = home.launcher().run();
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(second.code, Some(75), "{second:?}");
    assert!(second.line("launch_failed")["error"].to_string().contains("boxa"), "{second:?}");
    assert!(!running.has_ended());
}

/// As on a network file system without a lock manager.
#[test]
fn where_flock_is_refused_the_app_is_locked_all_the_same() {
    let refused = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=flock"];
    let refused = refused.into_iter().chain(["-e", "inject=flock:error=ENOLCK"]);
    let refused = RunContext::direct().through(refused);
    if let Err(refusal) = refused.try_out() {
        return skip(&format!("strace: {refusal}"));
    }
    let home = Home::new();
    let mut running = home.launcher().at(&refused).port(quiet_port()).start();
    let url = running.ready().url;
    let second = home.launcher().at(&refused).run();
    assert_eq!(second.code, Some(0), "{second:?}");
    assert_eq!(second.line("instance_found")["url"], url.as_str());
    assert_eq!(home.command("status").at(&refused).run().code, Some(0));
    assert_eq!(home.command("stop").at(&refused).run().code, Some(0));
    assert!(home.last_good().is_some(), "what is locked is remembered");
}

/// A path that no socket can have: 113 bytes and more.
#[test]
fn a_home_with_a_long_path_can_be_asked_and_stopped() {
    let home = Home::new();
    let long = home.path().join("d".repeat(60)).join("e".repeat(60));
    let of_long = |command: Option<&str>| {
        let launcher = command.map_or_else(|| home.launcher(), |name| home.command(name));
        launcher.arg("--home").arg(&long)
    };
    let mut running = of_long(None).port(quiet_port()).start();
    running.ready();
    for command in ["status", "restart", "stop"] {
        let told = of_long(Some(command)).run();
        assert_eq!(told.code, Some(0), "{command}: {told:?}");
    }
    assert_eq!(running.exit().code, Some(0));
}

/// The server of a launcher that was killed may be there for a moment longer.
#[test]
fn a_start_right_after_a_kill_has_the_last_good_port_again() {
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    let port = running.ready().port;
    for round in 0..rounds() {
        WatchedProcess::of(running.pid()).expect("it runs").signal(Signal::KILL);
        let mut next = home.launcher().start();
        assert_eq!(next.ready().port, port, "round {round}");
        drop(running.exit());
        running = next;
    }
    let folders = home.folders();
    let (app, run) = (AppName::default(), folders.run().to_owned());
    for folder in [run, folders.state().to_owned(), folders.state().join(app.as_str())] {
        let names = fs::read_dir(&folder).expect("there").flatten().map(|entry| entry.file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains(".tmp")).collect();
        assert!(left.is_empty(), "{}: {left:?}", folder.display());
    }
}

/// How often the launcher is killed; a set number makes it longer.
fn rounds() -> u32 {
    let wanted = std::env::var("HOMEPORT_KILLS").ok();
    wanted.map_or(20, |number| number.parse().expect("HOMEPORT_KILLS is a number"))
}
