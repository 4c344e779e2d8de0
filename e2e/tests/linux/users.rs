//! Two users on one machine. These tests need root, to run programs as another user.

use std::{
    fs::{self, Permissions},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
};

use e2e::{Home, NOBODY, RunContext, Stranger, program, quiet_port};
use shared::app::AppName;

/// Row 22 of the test matrix: the files of another user's process are closed, his name is not.
#[test]
fn a_port_that_another_user_holds_is_said_to_be_his() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let (home, stranger) = (Home::new(), Stranger::listening("127.0.0.1:0"));
    home.give_to_plain_user();
    for launch in [home.launcher(), home.server()] {
        let refused = launch.at(&nobody).port(stranger.port).run();
        assert_eq!(refused.code, Some(69), "{refused:?}");
        let conflict = refused.line("port_conflict");
        assert_eq!(conflict["class"], "hidden_owner");
        assert_eq!(conflict["holder"]["user"], "root");
        assert!(conflict["holder"]["pid"].is_null(), "{conflict}");
        let error = refused.line("launch_failed")["error"].to_string();
        assert!(error.contains("a process of user root"), "{error}");
    }
}

/// Row 12.
#[test]
fn a_port_is_never_shared_with_another_user_who_offers_to_share_it() {
    let Some(nobody) = RunContext::as_nobody(&program("stranger")) else { return };
    let stranger = Stranger::start(&nobody, &["reuseport", "127.0.0.1:0"]);
    let home = Home::new();
    let refused = home.launcher().port(stranger.port).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    // Root sees everything.
    assert_eq!(refused.line("port_conflict")["holder"]["pid"], stranger.pid);
}

#[test]
fn a_plain_user_needs_no_rights_to_launch() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    let mut running = home.launcher().at(&plain).start();
    let ready = running.ready();
    assert_eq!(running.stop().code, Some(0));
    assert_eq!(home.last_good(), Some(ready.port));
}

/// What is carried out as root: `sudo` may not be there.
fn carry_out(advice: &str, user: &RunContext) {
    let command = advice.split('`').nth(1).unwrap_or_else(|| panic!("no command: {advice}"));
    let (words, of_root) = match command.strip_prefix("sudo ") {
        Some(words) => (words, true),
        None => (command, false),
    };
    let shell = |mut shell: Command| shell.arg("-c").arg(words).status();
    let done = shell(if of_root { Command::new("sh") } else { user.command("sh") });
    assert!(done.is_ok_and(|done| done.success()), "{command}");
}

/// Each command that reads or writes it says what to do, and that is enough.
#[test]
fn a_file_that_may_not_be_read_or_written_is_named_with_the_command_that_allows_it() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let (reading, writing) = ("settings show", "settings set port 4001");
    for (words, folder, file, owner, code) in [
        (reading, 0o700, 0o000, NOBODY, 78),
        (reading, 0o000, 0o600, NOBODY, 78),
        (reading, 0o755, 0o600, 0, 78),
        (reading, 0o700, 0o600, 0, 78),
        (writing, 0o500, 0o600, NOBODY, 75),
        (writing, 0o755, 0o644, 0, 75),
    ] {
        let home = Home::new();
        home.set("server", "port = 4000\n");
        home.give_to_plain_user();
        let settings = home.folders().settings(&AppName::default());
        let above: &Path = settings.parent().expect("a folder");
        for (path, mode) in [(&*settings, file), (above, folder)] {
            chown(path, Some(owner), None).expect("root may give");
            fs::set_permissions(path, Permissions::from_mode(mode)).expect("ours to change");
        }
        let case = format!("{words}: {folder:o} {file:o} {owner}");
        // A folder and then its file.
        for _ in 0..2 {
            let told = home.command(words).at(&nobody).run();
            if told.code == Some(0) {
                break;
            }
            assert_eq!(told.code, Some(code), "{case}: {told:?}");
            carry_out(&told.stderr, &nobody);
        }
        let told = home.command(words).at(&nobody).run();
        assert_eq!(told.code, Some(0), "{case}: {told:?}");
    }
}

/// As where the home is to be below `/opt`: to own that is more than a launch needs.
#[test]
fn no_advice_gives_away_a_folder_above_those_of_the_program() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let home = Home::new();
    fs::set_permissions(home.path(), Permissions::from_mode(0o755)).expect("ours to change");
    let below = home.path().join("opt").join("homeport");
    fs::create_dir(home.path().join("opt")).expect("made");
    for words in ["settings set port 4001", "doctor"] {
        let told = home.command(words).arg("--home").arg(&below).at(&nobody).run();
        assert!(told.code != Some(0) && told.stderr.len() + told.stdout.len() > 0, "{told:?}");
        assert!(!format!("{}{}", told.stdout, told.stderr).contains("chown"), "{words}: {told:?}");
    }
}

#[test]
fn a_history_that_may_not_be_read_is_named_with_the_command_that_allows_it() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    let mut running = home.launcher().at(&nobody).port(quiet_port()).start();
    running.ready();
    assert_eq!(running.stop().code, Some(0));
    for words in ["history", "conflicts", "explain 4000", "logs tail"] {
        fs::set_permissions(home.folders().history(), Permissions::from_mode(0o0)).expect("ours");
        let told = home.command(words).at(&nobody).run();
        assert_eq!(told.code, Some(75), "{words}: {told:?}");
        carry_out(&told.stderr, &nobody);
        let told = home.command(words).at(&nobody).run();
        assert_eq!(told.code, Some(0), "{words}: {told:?}");
    }
}

#[test]
fn who_may_not_ask_the_launcher_of_another_user_is_told_whose_it_is() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let home = Home::new();
    let mut running = home.launcher().port(quiet_port()).start();
    running.ready();
    let opened = Command::new("chmod").args(["-R", "a+rX"]).arg(home.path()).status();
    assert!(opened.is_ok_and(|status| status.success()));
    for words in ["status", "stop", "restart", "move", "doctor"] {
        let told = home.command(words).at(&nobody).run();
        assert_eq!(told.code, Some(75), "{told:?}");
        let said = [told.stdout.as_str(), &told.stderr].concat();
        assert!(said.contains("run this command as root"), "{told:?}");
        assert!(!said.contains("`kill"), "{told:?}");
    }
    assert_eq!(running.stop().code, Some(0));
}

/// The discovery file still names the old port, whose server answers there and leads to the new one.
#[test]
fn after_a_move_that_could_not_be_published_every_command_says_the_new_address() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    let mut running = home.launcher().at(&plain).port(quiet_port()).start();
    let before = running.ready().url;
    fs::set_permissions(home.folders().run(), Permissions::from_mode(0o500)).expect("ours");
    let moved = home.command("move").at(&plain).run();
    assert_eq!(moved.code, Some(0), "{moved:?}");
    assert!(moved.stdout.contains("cannot find this server"), "{moved:?}");
    for words in ["where", "status", "open --print", "start --no-open", "doctor"] {
        let told = home.command(words).at(&plain).run();
        assert!(!told.stdout.contains(&before) && told.stdout.contains("http://"), "{told:?}");
    }
    fs::set_permissions(home.folders().run(), Permissions::from_mode(0o700)).expect("ours");
    assert_eq!(running.stop().code, Some(0));
}

/// As in a container with a limit of processes.
#[test]
fn where_no_thread_can_be_started_commands_answer_or_name_the_limit() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    let mut running = home.launcher().at(&nobody).port(quiet_port()).start();
    running.ready();
    let limited = nobody.clone().through(["prlimit", "--nproc=1", "--"]);
    for words in ["where", "token", "doctor", "settings show", "history"] {
        let told = home.command(words).at(&limited).run();
        assert_eq!(told.code, Some(0), "{words}: {told:?}");
    }
    for words in ["status", "stop", "restart", "move"] {
        let told = home.command(words).at(&limited).run();
        assert_eq!(told.code, Some(75), "{words}: {told:?}");
        assert!(told.stderr.contains("ulimit -u"), "{words}: {told:?}");
    }
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_launcher_that_can_start_no_thread_answers_one_command_after_the_other() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let home = Home::new();
    home.give_to_plain_user();
    let mut running = home.launcher().at(&nobody).port(quiet_port()).start();
    running.ready();
    let pid = format!("--pid={}", running.pid());
    let limited = nobody.command("prlimit").args([&pid, "--nproc=1"]).output().expect("started");
    assert!(limited.status.success(), "{limited:?}");
    for words in ["status", "token", "stop"] {
        let told = home.command(words).at(&nobody).run();
        assert_eq!(told.code, Some(0), "{words}: {told:?}");
    }
    assert_eq!(running.exit().code, Some(0));
}

/// The folder of root's in the place of that which a user's control socket is put into where `run/` is closed; it is
/// removed when this is dropped.
struct TakenFolder(PathBuf);

impl TakenFolder {
    /// That of a user who has none, and the id of that user.
    fn make() -> (u32, Self) {
        let folder = |user: u32| PathBuf::from(format!("/tmp/homeport-{user}"));
        let user = (60_000..NOBODY).find(|user| fs::create_dir(folder(*user)).is_ok());
        let user = user.expect("one of them has none");
        (user, Self(folder(user)))
    }
}

impl Drop for TakenFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

#[test]
fn a_folder_of_another_user_in_the_place_of_that_of_the_control_socket_is_named_with_its_owner() {
    if RunContext::as_nobody(&program("launcher")).is_none() {
        return;
    }
    let (id, taken) = TakenFolder::make();
    let Some(user) = RunContext::as_user(id, &program("launcher")) else { return };
    let home = Home::new();
    fs::create_dir(home.folders().run()).expect("made");
    chown(home.path(), Some(id), Some(id)).expect("given");
    let doctor = || home.command("doctor").at(&user).run().stdout;
    let mut running = home.launcher().at(&user).port(quiet_port()).start();
    running.ready();
    let asked = home.command("status").at(&user).run();
    assert_eq!(asked.code, Some(75), "{asked:?}");
    assert!(asked.stderr.contains("could make no control socket"), "{asked:?}");
    assert!(asked.stderr.contains("`launcher doctor`"), "{asked:?}");
    let (told, ended) = (doctor(), running.stop());
    let folder = taken.0.display().to_string();
    for piece in [folder.as_str(), "owner root", home.folders().run().to_str().expect("text")] {
        assert!(ended.stderr.contains(piece), "no `{piece}`: {ended:?}");
    }
    let named = format!("warning: substitute_folder: {folder}: ");
    for piece in [named.as_str(), "owner root", &format!("`sudo rm -rf {folder}`")] {
        assert!(told.contains(piece), "no `{piece}`: {told}");
    }
    drop(taken);
    assert!(!doctor().contains("substitute_folder"));
}
