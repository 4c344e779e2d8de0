//! Files that cannot be written: closed folders, a read-only home, a full disk. A launch serves all the same, is
//! found by every command, and is the only one.

use std::{
    collections::BTreeSet,
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::Command,
};

use e2e::{Home, RunContext, Running, program, quiet_port, skip};
use shared::app::AppName;

use crate::lost_files::serving;

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

/// The home is root's, and the user has no way to change that.
#[test]
fn a_home_that_does_not_let_a_user_in_is_named_by_each_command() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let home = Home::new();
    let folder = home.folders().assignment(&AppName::default());
    let folder = folder.parent().expect("a folder");
    fs::create_dir_all(folder).expect("made");
    fs::write(folder.join("assignment.toml"), "broken").expect("written");
    for (mode, says) in [(0o700, "does not let nobody in"), (0o755, "nobody cannot write in")] {
        fs::set_permissions(home.path(), Permissions::from_mode(mode)).expect("it is ours");
        let doctor = home.command("doctor").at(&nobody).run();
        assert!(doctor.stdout.contains(says), "{doctor:?}");
        for wrong in ["start as usual", "change its owner", "correct the file"] {
            assert!(!doctor.stdout.contains(wrong), "{wrong}: {doctor:?}");
        }
    }
    fs::set_permissions(home.path(), Permissions::from_mode(0o700)).expect("it is ours");
    let out = format!(
        "run this as root, or choose another folder with --home: {}",
        home.path().display()
    );
    for words in ["settings show", "explain 20000", "start"] {
        let told = home.command(words).at(&nobody).run();
        assert!(told.stderr.contains(&out), "{words}: {told:?}");
    }
}

#[test]
fn where_a_folder_is_a_file_the_doctor_advises_no_start_that_would_leave_it() {
    let home = Home::new();
    fs::write(home.path().join("state"), "").expect("written");
    let doctor = home.command("doctor").run();
    assert!(doctor.stdout.contains("a part of this path is a file"), "{doctor:?}");
    assert!(!doctor.stdout.contains("start as usual"), "{doctor:?}");
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
