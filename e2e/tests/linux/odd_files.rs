//! What may be in the place of a file: a pipe, a device, a folder, a link, or more than fits into memory.
//! Everything is answered or refused within its time, and nothing is lost.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use e2e::{Home, RunContext, quiet_port, skip};
use rustix::process::geteuid;
use shared::{app::AppName, paths::Folders};

/// What a command may take at most. Those that wait for another process wait 5 s; a history of two
/// gigabytes is read through, which takes programs that are not optimized some ten seconds.
const LIMIT: Duration = Duration::from_secs(40);

/// A thing that stands in the place of a file.
struct Evil {
    name: &'static str,
    make: fn(&Path) -> bool,
}

const EVILS: [Evil; 6] = [
    Evil { name: "a pipe", make: |path| succeeds(Command::new("mkfifo").arg(path)) },
    Evil {
        name: "a device",
        // One that reads as empty and takes everything, made here.
        make: |path| succeeds(Command::new("mknod").arg(path).args(["c", "1", "3"])),
    },
    Evil { name: "a folder", make: |path| fs::create_dir(path).is_ok() },
    Evil { name: "a link to itself", make: |path| symlink(path, path).is_ok() },
    Evil {
        name: "two gigabytes",
        make: |path| fs::File::create(path).and_then(|file| file.set_len(2 << 30)).is_ok(),
    },
    Evil { name: "no text", make: |path| fs::write(path, [0xff, 0xfe, 0x00, 0x0a]).is_ok() },
];

fn succeeds(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

impl Evil {
    /// Puts it in the place of `path`; false if it cannot be made here.
    fn replace(&self, path: &Path) -> bool {
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        // A program that runs may make it anew in between.
        (0..100).any(|_| {
            remove(path);
            (self.make)(path)
        })
    }
}

/// Removes whatever is at `path`, if something is.
fn remove(path: &Path) {
    let is_folder = path.symlink_metadata().is_ok_and(|found| found.is_dir());
    let _ = if is_folder { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

type PathOf = fn(&Folders, &AppName) -> PathBuf;

/// What the programs write.
const OURS: [(&str, PathOf); 9] = [
    ("assignment", Folders::assignment),
    ("secret", |folders, _| folders.secret()),
    ("token", Folders::token),
    ("discovery file", Folders::discovery),
    ("lock", Folders::lock),
    ("lock of version 0.1", |folders, app| folders.run().join(format!("{app}.lock"))),
    ("port history", |folders, _| folders.history()),
    ("diagnostics of the launcher", |folders, _| folders.logs().join("launcher.jsonl")),
    ("diagnostics of the server", |folders, _| folders.logs().join("server.jsonl")),
];

const COMMANDS: [&str; 8] =
    ["status", "where", "doctor", "history", "conflicts", "explain 4000", "settings show", "stop"];

fn each_case(mut act: impl FnMut(&str, &Evil, &PathOf)) {
    for (file, path_of) in OURS {
        for evil in &EVILS {
            act(&format!("{} in the place of the {file}", evil.name), evil, &path_of);
        }
    }
}

/// Runs a command, which must end in time and without a panic.
#[track_caller]
fn run(case: &str, home: &Home, words: &str) -> e2e::Ended {
    let began = Instant::now();
    let ended = home.command(words).run();
    assert!(began.elapsed() < LIMIT, "{case}: {words}: {:?}", began.elapsed());
    let code = ended.code.unwrap_or_else(|| panic!("{case}: {words}: {ended:?}"));
    assert!([0, 3, 69, 75, 78].contains(&code), "{case}: {words}: {ended:?}");
    assert!(!ended.stderr.contains("panicked"), "{case}: {words}: {ended:?}");
    ended
}

/// I14: none of them stops a launch.
#[test]
fn whatever_stands_in_the_place_of_our_files_a_launch_serves_and_commands_answer() {
    if !geteuid().is_root() {
        return skip("only root can make a device");
    }
    let app = AppName::default();
    each_case(|case, evil, path_of| {
        let home = Home::new();
        home.may_lose_records();
        let port = quiet_port();
        let mut before = home.launcher().port(port).start();
        before.ready();
        before.stop();
        let path = path_of(home.folders(), &app);
        assert!(evil.replace(&path), "{case}: it can be made");
        for words in COMMANDS {
            run(case, &home, words);
        }
        let began = Instant::now();
        let mut running = home.launcher().port(port).start();
        assert_eq!(running.ready().port, port, "{case}");
        assert!(began.elapsed() < LIMIT, "{case}: {:?}", began.elapsed());
        assert_eq!(running.stop().code, Some(0), "{case}");
        remove(&path);
    });
}

/// The same under a launch that runs: it is found and stopped all the same.
#[test]
fn whatever_takes_the_place_of_our_files_a_running_launch_is_stopped() {
    if !geteuid().is_root() {
        return skip("only root can make a device");
    }
    let app = AppName::default();
    each_case(|case, evil, path_of| {
        let home = Home::new();
        home.may_lose_records();
        let mut running = home.launcher().port(quiet_port()).start();
        running.ready();
        let path = path_of(home.folders(), &app);
        assert!(evil.replace(&path), "{case}: it can be made");
        for words in ["status", "where"] {
            assert_eq!(run(case, &home, words).code, Some(0), "{case}: {words}");
        }
        assert_eq!(run(case, &home, "stop").code, Some(0), "{case}");
        assert_eq!(running.exit().code, Some(0), "{case}");
        remove(&path);
    });
}

/// A link that another program has put there leads to a file of this user.
#[test]
fn nothing_of_ours_is_written_through_a_link() {
    let app = AppName::default();
    for (file, path_of) in OURS {
        let home = Home::new();
        home.may_lose_records();
        let victim = home.path().join("victim");
        fs::write(&victim, "mine").expect("written");
        let path = path_of(home.folders(), &app);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        symlink(&victim, &path).expect("linked");
        let mut running = home.launcher().port(quiet_port()).start();
        running.ready();
        assert_eq!(home.ask("restart").code, Some(0), "{file}");
        assert_eq!(running.stop().code, Some(0), "{file}");
        assert_eq!(fs::read_to_string(&victim).expect("there"), "mine", "{file}");
        remove(&path);
    }
}

/// I14: what a person wrote is never ignored.
#[test]
fn settings_that_are_no_file_of_text_are_refused_by_name() {
    let app = AppName::default();
    for evil in &EVILS {
        let home = Home::new();
        let path = home.folders().settings(&app);
        if !evil.replace(&path) {
            continue;
        }
        let kind = path.symlink_metadata().expect("there").file_type();
        for words in ["start", "settings show", "settings set port 17001"] {
            let ended = run(evil.name, &home, words);
            assert_eq!(ended.code, Some(78), "{}: {words}: {ended:?}", evil.name);
            let told = ended.stderr.contains(&path.display().to_string());
            assert!(told, "{}: {words}: {ended:?}", evil.name);
        }
        let now = path.symlink_metadata().expect("it is still there").file_type();
        assert_eq!(now, kind, "{}: it is as it was", evil.name);
    }
}

/// A settings file without rights, for a user whom they bind.
#[test]
fn settings_that_may_not_be_read_are_refused_by_name() {
    let home = Home::new();
    let Some(plain) = RunContext::as_plain_user(&home.program("launcher")) else { return };
    home.set("server", "port = 17001\n");
    let path = home.folders().settings(&AppName::default());
    home.give_to_plain_user();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o000))
        .expect("closed");
    let refused = home.command("start").at(&plain).run();
    assert_eq!(refused.code, Some(78), "{refused:?}");
    assert!(refused.stderr.contains(&path.display().to_string()), "{refused:?}");
}
