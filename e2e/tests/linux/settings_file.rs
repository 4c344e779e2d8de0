//! A person's settings file: whatever stands in its place is named and left alone, and what is changed
//! stays the person's.

use std::{
    fs::{self, File},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::Command,
};

use e2e::{Ended, Home, NOBODY, RunContext, program, quiet_port, skip};
use shared::app::AppName;

fn file(home: &Home) -> PathBuf {
    home.folders().settings(&AppName::default())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").expect("procfs").uid() == 0
}

#[track_caller]
fn make(tool: &str, words: &[&str], path: &Path) {
    let made = Command::new(tool).arg(path).args(words).status();
    assert!(made.is_ok_and(|status| status.success()), "{tool}");
}

/// What a look at the path finds, without opening it.
fn look(path: &Path) -> (u64, u32, u64, i64) {
    let about = path.symlink_metadata().expect("it is there");
    (about.ino(), about.mode(), about.len(), about.mtime_nsec())
}

/// What reads or changes the settings ends with 78 and names the file, which stays what it is.
#[track_caller]
fn assert_named(home: &Home, at: &RunContext, pieces: &[&str]) {
    let (file, before) = (file(home), look(&file(home)));
    for words in
        [&["start", "--no-open"][..], &["settings", "show"], &["settings", "set", "port", "1"]]
    {
        let (first, rest) = words.split_first().expect("a command");
        let asked = rest.iter().fold(home.command(first), |asked, word| asked.arg(*word));
        let refused = asked.at(at).run();
        assert_eq!(refused.code, Some(78), "{words:?}: {refused:?}");
        for piece in [file.to_str().expect("text")].iter().chain(pieces) {
            assert!(refused.stderr.contains(piece), "no `{piece}` of {words:?}: {refused:?}");
        }
        assert_eq!(look(&file), before);
    }
}

#[track_caller]
fn assert_what_stands_there_is_named(put: &dyn Fn(&Path), piece: &str) {
    let home = Home::new();
    let file = file(&home);
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    put(&file);
    assert_named(&home, &RunContext::direct(), &[piece]);
}

#[test]
fn a_pipe_a_socket_a_folder_and_a_link_to_nothing_are_named_at_once() {
    let named = assert_what_stands_there_is_named;
    named(&|file| make("mkfifo", &[], file), "it is a named pipe");
    named(&|file| drop(UnixListener::bind(file).expect("bound")), "it is a socket");
    named(&|file| fs::create_dir(file).expect("made"), "it is a folder");
    let nothing = |file: &Path| symlink("elsewhere.toml", file).expect("made");
    named(&nothing, "it is a link to a file that does not exist");
    named(&|file| symlink(file, file).expect("made"), "Too many levels of symbolic links");
    let pipe_elsewhere = |file: &Path| {
        make("mkfifo", &[], &file.with_extension("pipe"));
        symlink("server.pipe", file).expect("made");
    };
    named(&pipe_elsewhere, "it is a named pipe");
}

#[test]
fn a_device_is_never_opened() {
    let folder = tempfile::tempdir().expect("a folder");
    // One that no driver has, and as open as those that everyone uses.
    let words = ["c", "240", "0", "-m", "666"];
    let made = Command::new("mknod").arg(folder.path().join("device")).args(words).output();
    if !made.is_ok_and(|made| made.status.success()) {
        skip("only root can make a device");
        return;
    }
    assert_what_stands_there_is_named(&|file| make("mknod", &words, file), "it is a device");
    let device = folder.path().join("device");
    assert_what_stands_there_is_named(
        &|file| symlink(&device, file).expect("made"),
        "it is a device",
    );
}

#[test]
fn a_file_without_end_or_without_permission_is_named() {
    assert_what_stands_there_is_named(
        &|file| File::create(file).expect("made").set_len(2 << 30).expect("sparse"),
        "it is larger than 1 MiB",
    );
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    home.set("server", "port = 3030\n");
    home.give_to_plain_user();
    fs::set_permissions(file(&home), fs::Permissions::from_mode(0o000)).expect("ours to change");
    assert_named(&home, &plain, &["Permission denied"]);
}

#[track_caller]
fn set(home: &Home, at: &RunContext) -> Ended {
    let asked = home.command("settings").arg("set").arg("port").arg(quiet_port().to_string());
    asked.at(at).run()
}

/// `sudo launcher settings set`
#[test]
fn what_root_changes_for_a_user_stays_the_users() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    for is_new in [false, true] {
        let home = Home::new();
        if !is_new {
            home.set("server", "log = \"info\"\n");
            fs::set_permissions(file(&home), fs::Permissions::from_mode(0o640)).expect("ours");
        }
        home.give_to_plain_user();
        if !is_new {
            chown(file(&home), None, Some(12_345)).expect("root may");
        }
        let told = set(&home, &RunContext::direct());
        assert_eq!(told.code, Some(0), "{told:?}");
        let about = file(&home).metadata().expect("it is there");
        let (group, mode) = if is_new { (NOBODY, 0o600) } else { (12_345, 0o640) };
        assert_eq!((about.uid(), about.gid(), about.mode() & 0o777), (NOBODY, group, mode));
        let history = home.folders().history().metadata().expect("it is there");
        assert_eq!((history.uid(), history.gid()), (NOBODY, NOBODY), "the record of the change");
        let told = set(&home, &nobody);
        assert_eq!(told.code, Some(0), "the lock beside it is the user's too: {told:?}");
        let mut running = home.launcher().at(&nobody).start();
        running.ready();
        assert_eq!(running.stop().code, Some(0));
    }
}

/// What root keeps for a user is believed, and may be replaced in the user's folder, but not in root's name.
#[test]
fn a_file_that_cannot_stay_its_owners_is_not_replaced() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let home = Home::new();
    home.set("server", "log = \"info\"\n");
    home.give_to_plain_user();
    chown(file(&home), Some(0), None).expect("root may");
    fs::set_permissions(file(&home), fs::Permissions::from_mode(0o644)).expect("ours");
    let before = look(&file(&home));
    let refused = set(&home, &nobody);
    assert_eq!(refused.code, Some(75), "{refused:?}");
    assert!(refused.stderr.contains("it belongs to user root"), "{refused:?}");
    assert_eq!(look(&file(&home)), before);
}

/// Some dotfiles managers give a file a second name in place of a link.
#[test]
fn a_file_with_two_names_keeps_both() {
    let home = Home::new();
    home.set("server", "# mine\r\nlog = \"info\"\r\n");
    let other = home.path().join("dotfiles.toml");
    fs::hard_link(file(&home), &other).expect("linked");
    assert_eq!(set(&home, &RunContext::direct()).code, Some(0));
    let text = fs::read_to_string(&other).expect("text");
    assert!(text.starts_with("# mine\r\nlog = \"info\"\r\nport = "), "{text}");
    assert_eq!(
        other.metadata().expect("there").ino(),
        file(&home).metadata().expect("there").ino()
    );
}

/// As containers get their settings.
#[test]
fn a_file_that_is_mounted_alone_is_changed_where_it_is() {
    let home = Home::new();
    home.set("server", "log = \"info\"\n");
    let source = home.path().join("mounted.toml");
    fs::write(&source, "log = \"debug\"\n").expect("written");
    let script =
        format!("mount --bind {} {} && exec \"$@\"", source.display(), file(&home).display());
    let mounted =
        RunContext::direct().through(["unshare", "--mount", "--", "sh", "-c", &script, "sh"]);
    if !is_root() || mounted.try_out().is_err() {
        skip("only root can mount a file");
        return;
    }
    let told = set(&home, &mounted);
    assert_eq!(told.code, Some(0), "{told:?}");
    let text = fs::read_to_string(&source).expect("text");
    assert!(text.starts_with("log = \"debug\"\nport = "), "{text}");
    assert_eq!(fs::read_to_string(file(&home)).expect("text"), "log = \"info\"\n");
}

/// A person may have put a secret on the wrong place of a command, or into one that fails.
#[test]
fn no_secret_of_a_command_that_fails_stands_in_a_log_or_in_the_memory() {
    for command in [
        "[\"/no/such/server\", \"--token=hunter2\"]",
        "[\"/bin/sh\", \"-c\", \"exit 3\", \"--password\", \"hunter2\"]",
        "[\"/bin/true\", \"API_KEY=hunter2\"]",
        "[\"--token=hunter2\"]",
        "\"/bin/server --token=hunter2\"",
    ] {
        let home = Home::new();
        home.set("server", format!("command = {command}\n"));
        let failed = home.launcher().run();
        assert_ne!(failed.code, Some(0), "{command}: {failed:?}");
        let mut grep = Command::new("grep");
        grep.args(["-r", "hunter2"]).args([home.folders().logs(), home.folders().state()]);
        let found = grep.output().expect("grep is there");
        assert!(found.stdout.is_empty(), "{command}: {found:?}");
    }
}
