//! What another user has written, or could have written, is neither believed nor carried out.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown, lchown, symlink},
        net::UnixListener,
    },
    path::{Path, PathBuf},
    process::Command,
};

use e2e::{Ended, Home, NOBODY, RunContext, program, quiet_port, quiet_range, skip, wait_until};
use rustix::{
    fs::{XattrFlags, setxattr},
    process::Signal,
};
use shared::{app::AppName, os};

use crate::control::{STATUS, say};

/// The user `daemon`, who is on every Linux.
const DAEMON: u32 = 1;

fn settings_file(home: &Home) -> PathBuf {
    home.folders().settings(&AppName::default())
}

fn write(file: &Path, text: &str) {
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    fs::write(file, text).expect("written");
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).expect("it is ours");
}

/// Settings whose server would leave a trace, and where.
fn write_settings_with_trace(home: &Home) -> PathBuf {
    let trace = home.path().join("trace");
    write(&settings_file(home), &format!("command = ['touch', '{}']\n", trace.display()));
    trace
}

fn run(home: &Home, at: &RunContext, words: &[&str]) -> Ended {
    let (first, rest) = words.split_first().expect("a command");
    rest.iter().fold(home.command(first), |asked, word| asked.arg(*word)).at(at).run()
}

#[track_caller]
fn assert_refused(home: &Home, at: &RunContext, commands: &[&[&str]], pieces: &[&str]) {
    for words in commands {
        let refused = run(home, at, words);
        assert_eq!(refused.code, Some(78), "{words:?}: {refused:?}");
        for piece in pieces {
            assert!(refused.stderr.contains(piece), "no `{piece}` of {words:?}: {refused:?}");
        }
    }
}

#[track_caller]
fn assert_doctor_says(home: &Home, at: &RunContext, check: &str, pieces: &[&str]) {
    let told = run(home, at, &["doctor"]);
    let text = told.stdout.split(&format!(": {check}: ")).nth(1).unwrap_or_default();
    let text: String = text.lines().take(2).collect();
    for piece in pieces {
        assert!(text.contains(piece), "no `{piece}`: {told:?}");
    }
    let is_problem = told.stdout.contains(&format!("problem: {check}: "));
    assert!(!is_problem || told.code != Some(0), "{told:?}");
}

const READERS: [&[&str]; 3] =
    [&["start", "--no-open"], &["settings", "show"], &["settings", "set", "port", "4000"]];

#[test]
fn settings_that_another_user_has_written_run_nothing_and_are_named_with_the_way_out() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let home = Home::new();
    let (file, trace) = (settings_file(&home), write_settings_with_trace(&home));
    let name = file.to_str().expect("text").to_owned();
    home.give_to_plain_user();
    chown(&file, Some(DAEMON), Some(DAEMON)).expect("given");
    set_mode(&file, 0o644);
    let now = format!("sudo chown nobody {name}");
    let pieces = [name.as_str(), "belongs to daemon", "0644", &now];
    assert_refused(&home, &nobody, &READERS, &pieces);
    assert_doctor_says(&home, &nobody, "settings", &pieces);
    assert!(!trace.exists());
    assert_eq!(fs::metadata(&file).expect("there").uid(), DAEMON);
}

#[test]
fn settings_and_folders_that_others_may_write_start_nothing_until_they_may_not() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    let file = settings_file(&home);
    write(&file, "open_browser = false\n");
    home.give_to_plain_user();
    set_mode(&file, 0o666);
    let now = format!("chmod go-w {}", file.display());
    assert_refused(&home, &plain, &READERS, &["other users may write", "0666", &now]);
    set_mode(&file, 0o644);

    let folder = file.parent().expect("a folder");
    set_mode(folder, 0o777);
    let now = format!("chmod go-w {}", folder.display());
    let start: &[&[&str]] = &[&["start", "--no-open"]];
    assert_refused(&home, &plain, start, &["other users may write", "0777", &now]);
    let alone = home.server().at(&plain).port(quiet_port()).run();
    assert_eq!(alone.code, Some(78), "{alone:?}");
    assert!(alone.stderr.contains(&now), "{alone:?}");
    assert_doctor_says(&home, &plain, "trust", &["0777", &now]);

    set_mode(folder, 0o755);
    // The home itself does not count: it may be in a folder that is open to all.
    set_mode(home.path(), 0o1777);
    home.launcher().at(&plain).start().ready();
}

/// An access list that lets the user `daemon` write, as `setfacl -m u:daemon:rwx` makes it; false if the file system
/// keeps none.
fn let_daemon_write(path: &Path) -> bool {
    const NOT_NAMED: u32 = u32::MAX;
    // Owner, a named user, group, mask and all others: `linux/posix_acl_xattr.h`.
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 7, NOT_NAMED),
        (0x02, 7, DAEMON),
        (0x04, 5, NOT_NAMED),
        (0x10, 7, NOT_NAMED),
        (0x20, 5, NOT_NAMED),
    ];
    let version = 2_u32.to_le_bytes().to_vec();
    let list = entries.into_iter().fold(version, |mut list, (tag, rights, user)| {
        list.extend(tag.to_le_bytes().into_iter().chain(rights.to_le_bytes()));
        list.extend(user.to_le_bytes());
        list
    });
    setxattr(path, "system.posix_acl_access", &list, XattrFlags::empty()).is_ok()
}

#[test]
fn what_an_access_list_lets_another_user_write_starts_nothing_until_its_mask_forbids_it() {
    if !os::own_account().is_some_and(|account| (account.has_private_group)()) {
        return skip("the group of this user has other members");
    }
    let (home, direct) = (Home::new(), RunContext::direct());
    let file = settings_file(&home);
    write(&file, "open_browser = false\n");
    let folder = file.parent().expect("a folder");
    let start: &[&[&str]] = &[&["start", "--no-open"]];
    for path in [&file, folder] {
        if !let_daemon_write(path) {
            return skip("this file system keeps no access lists");
        }
        let now = format!("chmod go-w {}", path.display());
        assert_refused(&home, &direct, start, &["other users may write", "0775", &now]);
        // Whose check names the file depends on the user.
        if path == folder {
            assert_doctor_says(&home, &direct, "trust", &["0775", &now]);
        }
        let repaired = Command::new("chmod").arg("go-w").arg(path).status();
        assert!(repaired.expect("it starts").success());
    }
    home.launcher().at(&direct).start().ready();
}

#[test]
fn what_root_owns_and_others_may_write_is_named_with_a_command_that_a_user_may_carry_out() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let home = Home::new();
    let file = settings_file(&home);
    write(&file, "open_browser = false\n");
    home.give_to_plain_user();
    let folder = file.parent().expect("a folder");
    for (path, mode, check) in [(&*file, 0o666, "settings"), (folder, 0o777, "trust")] {
        chown(path, Some(0), Some(0)).expect("given");
        set_mode(path, mode);
        let path = path.display();
        let now = format!("`sudo chown nobody {path} && chmod go-w {path}`");
        assert_refused(&home, &nobody, &[&["start", "--no-open"]], &["owner root", &now]);
        assert_doctor_says(&home, &nobody, check, &["owner root", &now]);
        set_mode(&file, 0o644);
    }
}

/// A start would refuse them.
#[track_caller]
fn assert_not_read_again(home: &Home, at: &RunContext, spoil: impl FnOnce(&Path)) {
    let file = settings_file(home);
    let mut running = home.launcher().at(at).port(quiet_port()).start();
    running.ready();
    write(&file, &format!("port = {}\n", quiet_port()));
    spoil(&file);
    running.signal(Signal::HUP);
    let log = home.folders().logs().join("launcher.jsonl");
    wait_until("it has said so", || {
        fs::read_to_string(&log).is_ok_and(|log| log.contains("settings not read again"))
    });
    let status = say(home, STATUS);
    assert!(status["home_port"].is_null(), "{status}");
    assert_eq!(home.events("settings_changed").len(), 0);
}

#[test]
fn settings_that_another_user_could_have_written_are_not_read_again_either() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let home = Home::new();
    write(&settings_file(&home), "open_browser = false\n");
    home.give_to_plain_user();
    assert_not_read_again(&home, &plain, |file| set_mode(file.parent().expect("a folder"), 0o777));

    let Some(_) = RunContext::as_nobody(&program("launcher")) else { return };
    assert_not_read_again(&Home::new(), &RunContext::direct(), |file| {
        chown(file, Some(DAEMON), Some(DAEMON)).expect("given");
    });
}

#[test]
fn settings_may_be_a_link_to_what_root_keeps() {
    let Some(plain) = RunContext::as_plain_user(&program("launcher")) else { return };
    let (home, store) = (Home::new(), tempfile::tempdir().expect("a folder"));
    let kept = store.path().join("server.toml");
    write(&kept, "range = \"20000-20999\"\n");
    set_mode(store.path(), 0o555);
    set_mode(&kept, 0o444);
    let file = settings_file(&home);
    fs::create_dir_all(file.parent().expect("a folder")).expect("made");
    home.give_to_plain_user();
    symlink(&kept, &file).expect("linked");
    let shown = run(&home, &plain, &["settings", "show"]);
    assert!(shown.stdout.contains("20000-20999"), "{shown:?}");
    home.launcher().at(&plain).start().ready();
    set_mode(store.path(), 0o755);
}

/// As where a container is given its settings by a volume.
#[test]
fn what_is_mounted_read_only_is_believed_whatever_its_mode_is() {
    let home = Home::new();
    let file = settings_file(&home);
    write(&file, "range = \"20000-20999\"\n");
    let folder = file.parent().expect("a folder");
    for path in [folder, &file] {
        set_mode(path, 0o777);
    }
    let mount = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
    let folder = folder.to_str().expect("text");
    let mounted =
        RunContext::direct().through(["unshare", "--mount", "--", "sh", "-c", mount, folder]);
    if let Err(error) = mounted.try_out() {
        skip(&format!("nothing can be mounted here: {error}"));
        return;
    }
    let start: &[&[&str]] = &[&["start", "--no-open"]];
    assert_refused(&home, &RunContext::direct(), start, &["other users may write"]);
    home.launcher().at(&mounted).start().ready();
}

/// As on FAT, or on a share of Windows: every file shows what it was mounted with.
#[test]
fn a_file_system_that_keeps_no_modes_is_warned_of_with_what_helps() {
    const MOUNT: &str = "bindfs --perms=a=rwX \"$0\" \"$0\" && exec \"$@\"";
    let home = Home::new();
    let folder = home.path().to_str().expect("text");
    let mounted =
        RunContext::direct().through(["unshare", "--mount", "--", "sh", "-c", MOUNT, folder]);
    if let Err(error) = mounted.try_out() {
        skip(&format!("nothing can be mounted here: {error}"));
        return;
    }
    let keeps_none = "keeps no permissions";
    let mut first = home.launcher().at(&mounted).start();
    first.ready();
    let ended = first.stop();
    assert!(ended.stderr.contains(keeps_none), "{ended:?}");
    for check in ["trust", "secret"] {
        assert_doctor_says(&home, &mounted, check, &["umask=077"]);
    }
    let told = run(&home, &mounted, &["doctor"]);
    assert!(!told.stdout.contains("chmod") && !told.stdout.contains("delete it"), "{told:?}");
}

/// What the program wrote is replaced, and said to be.
#[test]
fn a_secret_a_token_an_assignment_and_a_lock_of_another_user_are_put_aside() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    for mode in [0o666, 0o600] {
        let (home, app) = (Home::new(), AppName::default());
        let planted = "ab".repeat(32);
        home.give_to_plain_user();
        home.launcher().at(&nobody).start().ready();
        let folders = home.folders();
        let assignment = fs::read(folders.assignment(&app)).expect("written");
        for (file, content) in [
            (folders.secret(), planted.as_bytes()),
            (folders.token(&app), planted.as_bytes()),
            (folders.assignment(&app), &assignment),
            (folders.lock(&app), b""),
        ] {
            let _ = fs::remove_file(&file);
            fs::write(&file, content).expect("written");
            chown(&file, Some(DAEMON), Some(DAEMON)).expect("given");
            set_mode(&file, mode);
        }
        assert_doctor_says_nothing_runs(&home, &nobody);
        let mut running = home.launcher().at(&nobody).start();
        running.ready();
        for file in
            [folders.secret(), folders.token(&app), folders.assignment(&app), folders.lock(&app)]
        {
            let about = fs::metadata(&file).expect("there");
            assert_eq!((about.uid(), about.mode() & 0o777), (NOBODY, 0o600), "{}", file.display());
        }
        for file in [folders.secret(), folders.token(&app)] {
            assert_ne!(fs::read_to_string(file).expect("text").trim(), planted);
        }
        assert!(running.stderr().contains("belongs to daemon"), "{}", running.stderr());
        assert_eq!(running.stop().code, Some(0));
    }
}

/// It is read where it is shown, and decides nothing.
#[test]
fn no_port_is_recovered_from_a_history_that_another_user_could_have_written() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let (home, app) = (Home::new(), AppName::default());
    let range = quiet_range();
    let launch = || home.launcher().at(&nobody).env("HOMEPORT_RANGE", &range);
    let history = home.folders().history();
    let folder = home.folders().logs();
    for (path, owner, mode, piece) in [
        (history.as_path(), DAEMON, 0o666, "belongs to daemon"),
        (&history, NOBODY, 0o666, "other users may write"),
        (folder, DAEMON, 0o777, "belongs to daemon"),
        (folder, NOBODY, 0o777, "other users may write"),
    ] {
        home.give_to_plain_user();
        let port = quiet_port();
        home.launcher().at(&nobody).port(port).start().ready();
        assert_eq!(home.last_good(), Some(port));
        chown(path, Some(owner), Some(owner)).expect("given");
        set_mode(path, mode);
        let name = path.to_str().expect("text");
        let now = match owner {
            DAEMON => format!("sudo chown nobody {name}"),
            _ => format!("chmod go-w {name}"),
        };
        let trust = doctor_check(&home, &nobody, "trust");
        for piece in ["\"warning\"", name, piece, &now] {
            assert!(trust.contains(piece), "no `{piece}`: {trust}");
        }

        fs::remove_file(home.folders().assignment(&app)).expect("it was there");
        let mut running = launch().start();
        let ready = running.ready();
        assert_ne!((ready.port, ready.origin.as_str()), (port, "last_good"), "{name} {mode:o}");
        let ended = running.stop();
        for piece in [name, piece, &now] {
            assert!(ended.stderr.contains(piece), "no `{piece}`: {ended:?}");
        }
        set_mode(path, if path == folder { 0o700 } else { 0o600 });
    }
    // The same history, once it is this user's alone.
    home.give_to_plain_user();
    let port = home.last_good();
    fs::remove_file(home.folders().assignment(&app)).expect("it was there");
    assert_eq!(Some(launch().start().ready().port), port);
}

#[track_caller]
fn assert_doctor_says_nothing_runs(home: &Home, at: &RunContext) {
    let told = run(home, at, &["doctor"]);
    assert!(told.stdout.contains("warning: secret: "), "{told:?}");
    assert!(told.stdout.contains("warning: assignment: "), "{told:?}");
    assert!(told.stdout.contains("warning: planted: "), "{told:?}");
    assert_eq!(told.stdout.matches("belongs to daemon").count(), 3, "{told:?}");
}

#[test]
fn no_command_speaks_to_a_control_socket_of_another_user() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let (home, app) = (Home::new(), AppName::default());
    let socket = home.folders().control(&app);
    fs::create_dir_all(socket.parent().expect("a folder")).expect("made");
    let listener = UnixListener::bind(&socket).expect("bound");
    home.give_to_plain_user();
    chown(&socket, Some(DAEMON), Some(DAEMON)).expect("given");
    set_mode(&socket, 0o666);
    for command in ["status", "stop"] {
        let told = run(&home, &nobody, &[command]);
        assert_eq!(told.code, Some(3), "{told:?}");
    }
    listener.set_nonblocking(true).expect("a socket");
    let asked = listener.accept().expect_err("not spoken to");
    assert_eq!(asked.kind(), io::ErrorKind::WouldBlock);
}

#[track_caller]
fn doctor_check(home: &Home, at: &RunContext, name: &str) -> String {
    let told = run(home, at, &["doctor", "--json"]);
    let check = told.lines().into_iter().find(|line| line["check"] == name);
    check.unwrap_or_else(|| panic!("no check of {name}: {told:?}")).to_string()
}

/// What `status` and `stop` cannot use, doctor cannot either.
#[test]
fn a_socket_of_another_user_in_place_of_that_of_a_launch_is_named_and_replaced() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let (home, app) = (Home::new(), AppName::default());
    home.give_to_plain_user();
    let mut running = home.launcher().at(&nobody).start();
    running.ready();
    let socket = home.folders().control(&app);
    fs::remove_file(&socket).expect("it was there");
    let _listener = UnixListener::bind(&socket).expect("bound");
    chown(&socket, Some(DAEMON), Some(DAEMON)).expect("given");
    set_mode(&socket, 0o666);
    let check = doctor_check(&home, &nobody, "instance");
    let now = format!("rm -f {}", socket.display());
    for piece in ["\"problem\"", "belongs to daemon", &now, "launcher status"] {
        assert!(check.contains(piece), "no `{piece}`: {check}");
    }
    // In a folder of its own the launcher replaces it for the first command that misses the launcher.
    for command in ["status", "stop"] {
        assert_eq!(run(&home, &nobody, &[command]).code, Some(0), "{command}");
    }
    assert_eq!(running.exit().code, Some(0));
}

#[test]
fn what_another_user_has_planted_is_not_said_to_be_left_by_a_launch() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let (home, app) = (Home::new(), AppName::default());
    let files = [home.folders().discovery(&app), home.folders().control(&app)];
    write(&files[0], "{}");
    let _listener = UnixListener::bind(&files[1]).expect("bound");
    home.give_to_plain_user();
    for file in &files {
        chown(file, Some(DAEMON), Some(DAEMON)).expect("given");
        set_mode(file, 0o644);
    }
    let told = run(&home, &nobody, &["doctor"]);
    assert!(!told.stdout.contains("was killed"), "{told:?}");
    let check = doctor_check(&home, &nobody, "planted");
    assert_eq!(check.matches("belongs to daemon").count(), 2, "{check}");
    for file in files {
        assert!(check.contains(&format!("rm -f {}", file.display())), "{check}");
    }
    home.launcher().at(&nobody).start().ready();
}

/// A user's links to folders of root's, and how far root follows them.
#[test]
fn root_writes_nothing_through_a_link_of_a_user_to_a_folder_of_root() {
    if RunContext::as_nobody(&program("launcher")).is_none() {
        return;
    }
    let (root, private) = (RunContext::direct(), tempfile::tempdir().expect("a folder"));
    let changes: [&[&str]; 3] =
        [&["settings", "set", "log", "debug"], &["settings", "unset", "log"], &["forget"]];
    for name in ["config", "state", "logs", "run"] {
        let home = Home::new();
        let link = home.path().join(name);
        home.give_to_plain_user();
        symlink(private.path(), &link).expect("linked");
        lchown(&link, Some(NOBODY), Some(NOBODY)).expect("given");
        let now = format!("chown -h root {}", link.display());
        assert_refused(&home, &root, &changes, &["link of nobody", "run this as nobody", &now]);
        assert_doctor_says(&home, &root, "trust", &["link of nobody", &now]);
        assert_eq!(fs::read_dir(private.path()).expect("there").count(), 0, "{name}");
        // Root's own link is followed.
        lchown(&link, Some(0), Some(0)).expect("given");
        assert_eq!(run(&home, &root, changes[0]).code, Some(0), "{name}");
        for entry in fs::read_dir(private.path()).expect("there").flatten() {
            let is_folder = entry.path().is_dir();
            let remove = if is_folder { fs::remove_dir_all } else { fs::remove_file };
            remove(entry.path()).expect("it is ours");
        }
    }
}

#[test]
fn root_follows_a_link_of_a_user_to_a_folder_of_that_user() {
    if RunContext::as_nobody(&program("launcher")).is_none() {
        return;
    }
    let home = Home::new();
    let (link, kept) = (home.path().join("config"), home.path().join("dotfiles"));
    fs::create_dir(&kept).expect("made");
    symlink(&kept, &link).expect("linked");
    home.give_to_plain_user();
    lchown(&link, Some(NOBODY), Some(NOBODY)).expect("given");
    let set = run(&home, &RunContext::direct(), &["settings", "set", "log", "debug"]);
    assert_eq!(set.code, Some(0), "{set:?}");
    assert_eq!(fs::metadata(kept.join("server.toml")).expect("there").uid(), NOBODY);
}

#[test]
fn root_shows_and_changes_the_settings_of_a_user_and_starts_nothing_by_them() {
    if RunContext::as_nobody(&program("launcher")).is_none() {
        return;
    }
    let root = RunContext::direct();
    let home = Home::new();
    let (file, trace) = (settings_file(&home), write_settings_with_trace(&home));
    home.give_to_plain_user();
    for words in [&["settings", "show"][..], &["settings", "set", "log", "debug"]] {
        let told = run(&home, &root, words);
        assert_eq!(told.code, Some(0), "{told:?}");
    }
    assert_eq!(fs::metadata(&file).expect("there").uid(), NOBODY);
    let start: &[&[&str]] = &[&["start", "--no-open"]];
    assert_refused(&home, &root, start, &["belongs to nobody", "start it as nobody"]);
    assert_doctor_says(&home, &root, "trust", &["belongs to nobody"]);
    assert!(!trace.exists());

    // Also where nothing is there yet.
    let empty = Home::new();
    empty.give_to_plain_user();
    assert_refused(&empty, &root, start, &["belongs to nobody"]);
    assert!(!empty.folders().state().exists());
}

/// What another user has written lets that user in too. A server without a launcher writes its token once.
#[test]
fn no_token_is_believed_that_others_may_write_not_even_by_root() {
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    server.ready();
    let file = home.folders().token(&AppName::default());
    let token = || run(&home, &RunContext::direct(), &["token"]);
    wait_until("it is published", || token().code == Some(0));
    let planted = "0f".repeat(32);
    write(&file, &planted);
    set_mode(&file, 0o666);
    if fs::metadata("/proc/self").expect("procfs").uid() == 0 {
        chown(&file, Some(DAEMON), Some(DAEMON)).expect("root may");
    }
    let printed = run(&home, &RunContext::direct(), &["open", "--print", "--console"]);
    for refused in [token(), printed] {
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(75), ""), "{refused:?}");
        assert!(refused.stderr.contains("other users may write"), "{refused:?}");
    }
}

/// `doctor` says that it is set aside, for root as for anyone.
#[test]
fn what_is_our_own_and_others_may_write_is_set_aside_and_made_anew() {
    let home = Home::new();
    let mut running = home.launcher().start();
    running.ready();
    assert_eq!(running.stop().code, Some(0));
    let secret = home.folders().secret();
    let before = fs::read_to_string(&secret).expect("text");
    set_mode(&secret, 0o666);
    set_mode(&home.assignment_file("server"), 0o666);
    let examined = home.command("doctor").run();
    assert!(examined.stdout.contains("it is set aside"), "{examined:?}");
    assert!(!examined.stdout.contains("chmod"), "{examined:?}");
    let mut running = home.launcher().start();
    running.ready();
    assert_ne!(fs::read_to_string(&secret).expect("text"), before);
    assert_eq!(home.events("state_recovered").len(), 1, "the assignment is set aside too");
    assert_eq!(running.stop().code, Some(0));
}
