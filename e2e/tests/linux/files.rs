//! What the programs keep: for one user alone, wherever it is, and in whatever state it is found.

use std::{
    ffi::OsString,
    fs,
    os::unix::{ffi::OsStringExt, fs::PermissionsExt},
    path::{Path, PathBuf},
};

use e2e::{Home, RunContext, quiet_port};
use shared::app::AppName;

fn everything_in(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("readable").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| {
            let inner = if path.is_dir() { everything_in(&path) } else { Vec::new() };
            std::iter::once(path).chain(inner).collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn what_is_kept_is_for_its_user_alone() {
    let home = Home::new();
    // With a mask that takes nothing away, only what the programs ask for counts.
    let open = RunContext::direct().through(["sh", "-c", "umask 0; exec \"$@\"", "sh"]);
    let mut running = home.launcher().at(&open).start();
    running.ready();
    let kept = everything_in(home.path());
    assert!(kept.len() > 8, "{kept:?}");
    for path in kept {
        let mode = fs::metadata(&path).expect("it is there").permissions().mode() & 0o777;
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}", path.display());
    }
}

/// A path is bytes, and people put anything into it.
#[test]
fn a_home_may_have_any_name() {
    for name in ["Söhne & Töchter's", "two  spaces", "new\nline", "quote\"quote", "$HOME", "-x"] {
        let home = Home::new();
        let folder = home.path().join(name);
        let mut running = home.launcher().env("HOMEPORT_HOME", &folder).start();
        running.ready();
        assert_eq!(running.stop().code, Some(0));
        assert!(folder.join("state/server/assignment.toml").exists(), "{name}");
        assert!(!home.folders().state().exists(), "{name}");
    }
}

/// A folder that was named is used or refused; files are never written elsewhere.
#[test]
fn a_home_whose_name_is_no_text_is_used_or_refused_but_never_ignored() {
    let home = Home::new();
    let mut name = home.path().as_os_str().to_owned();
    name.push(OsString::from_vec(b"/h\xff".to_vec()));
    let mut running = home.launcher().env("HOMEPORT_HOME", &name).start();
    let is_told = e2e::wait_for(|| {
        (running.has_ended() || running.stdout().contains("server_ready")).then_some(())
    });
    assert!(is_told.is_some());
    let elsewhere = home.path().join(".local");
    assert!(
        !elsewhere.exists(),
        "it went to the user's own folders: {:?}",
        everything_in(&elsewhere)
    );
    assert!(running.has_ended() || Path::new(&name).join("state").exists());
}

/// I14, for everything that is not the assignment: a crash can cut any of them.
#[test]
fn what_the_programs_wrote_stops_no_launch_by_being_unreadable() {
    let home = Home::new();
    let app = AppName::default();
    let folders = home.folders();
    let files =
        [folders.secret(), folders.token(&app), folders.discovery(&app), folders.lock(&app)];
    for content in ["", "nonsense\n", "\u{0}\u{0}\u{0}"] {
        for file in &files {
            fs::create_dir_all(file.parent().expect("a folder")).expect("made");
            fs::write(file, content).expect("written");
            let mut running = home.launcher().start();
            let ready = running.ready();
            // And what depends on it works again.
            let second = home.launcher().arg("--ready-timeout").arg("100ms").run();
            assert_eq!(second.code, Some(0), "{content:?} in {}: {second:?}", file.display());
            assert_eq!(second.line("instance_found")["url"], *ready.url);
            assert_eq!(running.stop().code, Some(0));
        }
    }
}

/// The history is what remains when everything else is gone; a crash may have cut it anywhere.
#[test]
fn the_last_good_port_is_found_in_a_history_that_is_damaged() {
    let (home, port) = (Home::new(), quiet_port());
    home.launcher().port(port).start().ready();
    let file = home.folders().history();
    let good = fs::read(&file).expect("written");
    let damage: &[u8] = b"{\"ts\":\"2026-\xff\xfe\n\0\0\0\0\n[]\n\n{\"event\":\"port_assigned\"}\n";
    let half = &good[..good.len() - 40];
    fs::write(&file, [damage, &good, damage, half].concat()).expect("written");
    fs::remove_file(home.assignment_file("server")).expect("it was there");

    let mut running = home.launcher().start();
    let ready = running.ready();
    assert_eq!((ready.port, ready.origin.as_str()), (port, "last_good"));
    running.stop();
    // The home's own check wants a history of records alone.
    fs::remove_file(&file).expect("it was there");
}

#[test]
fn a_home_that_vanishes_does_not_end_a_launch() {
    let (home, port) = (Home::new(), quiet_port());
    home.may_lose_records();
    let mut running = home.launcher().port(port).start();
    let ready = running.ready();
    for path in everything_in(home.path()).iter().rev() {
        let _ = if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
    }
    let health = format!("{}_homeport/healthz", ready.url);
    assert_eq!(e2e::get(&health).expect("it serves").status, 200);
    assert_eq!(running.stop().code, Some(0));
}
