//! The start at login: a setting, and what it registers with the desktop.

use std::{fs, path::PathBuf};

use e2e::{Ended, Home, Invocation, program};

/// A desktop of the test's own. Each entry of `--home` has a name of its own.
fn autostart(home: &Home) -> PathBuf {
    home.path().join("xdg")
}

fn with_desktop(launch: Invocation, home: &Home) -> Invocation {
    launch.env("XDG_CONFIG_HOME", autostart(home))
}

fn settings(home: &Home, words: &[&str]) -> Ended {
    let launch = with_desktop(home.command("settings"), home);
    words.iter().fold(launch, |launch, word| launch.arg(*word)).run()
}

/// The one file that is registered, if there is one.
fn registered(home: &Home) -> Option<(PathBuf, String)> {
    let files = fs::read_dir(autostart(home).join("autostart")).into_iter().flatten().flatten();
    let mut files: Vec<_> = files.map(|file| file.path()).collect();
    assert!(files.len() <= 1, "{files:?}");
    let file = files.pop()?;
    let text = fs::read_to_string(&file).expect("it is there");
    Some((file, text))
}

fn verdict(home: &Home) -> (String, String) {
    let told = with_desktop(home.command("doctor").arg("--json"), home).run();
    let check = told.lines().into_iter().find(|line| line["check"] == "start_at_login");
    let check = check.expect("it is looked at");
    let word = |key: &str| check[key].as_str().expect("a text").to_owned();
    (word("verdict"), word("text"))
}

fn start_once(home: &Home) {
    let mut running = with_desktop(home.launcher(), home).start();
    running.ready();
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn the_setting_registers_this_launcher_and_takes_it_back() {
    let home = Home::new();
    assert_eq!(verdict(&home).0, "ok");
    let told = settings(&home, &["set", "start_at_login", "true"]);
    assert_eq!(told.code, Some(0), "{told:?}");
    assert!(told.stdout.contains("next login"), "{told:?}");
    let (file, text) = registered(&home).expect("it is registered");
    let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
    assert!(name.starts_with("homeport-server-") && name.ends_with(".desktop"), "{name}");
    let (launcher, folder) = (program("launcher"), home.path());
    let exec = format!(
        "Exec={} start --app server --no-open --home {}\n",
        launcher.display(),
        folder.display()
    );
    assert!(text.contains(&exec), "{text}");
    assert!(text.contains(&format!("TryExec={}\n", launcher.display())), "{text}");
    assert_eq!(verdict(&home), ("ok".to_owned(), "started at login".to_owned()));

    assert_eq!(settings(&home, &["unset", "start_at_login"]).code, Some(0));
    assert_eq!(registered(&home), None);
    // Once more does no harm.
    assert_eq!(settings(&home, &["set", "start_at_login", "false"]).code, Some(0));
    assert_eq!(registered(&home), None);
}

#[test]
fn a_start_mends_what_differs_from_the_setting() {
    let home = Home::new();
    home.set("server", "start_at_login = true\n");
    assert_eq!(verdict(&home).0, "warning");
    start_once(&home);
    let (file, text) = registered(&home).expect("it is registered");
    assert_eq!(verdict(&home).0, "ok");

    // The program was moved.
    let gone = text.replace("TryExec=/", "TryExec=/gone/");
    fs::write(&file, gone).expect("written");
    let (verdict_now, why) = verdict(&home);
    assert!(verdict_now == "warning" && why.contains("does not exist any more: /gone/"), "{why}");
    start_once(&home);
    assert_eq!(registered(&home), Some((file.clone(), text.clone())));

    // What a person has changed stays theirs, as long as it is wished at all.
    let mine = format!("{text}X-GNOME-Autostart-Delay=10\n");
    fs::write(&file, &mine).expect("written");
    assert_eq!(verdict(&home).0, "warning");
    start_once(&home);
    assert_eq!(registered(&home).expect("it is registered").1, mine);
    home.set("server", "");
    start_once(&home);
    assert_eq!(registered(&home), None);
}

/// Without a request for it, no folder of the desktop is created.
#[test]
fn a_start_at_login_that_is_not_set_makes_no_folder() {
    let home = Home::new();
    start_once(&home);
    assert!(!autostart(&home).exists());
}

#[test]
fn what_cannot_be_registered_is_said() {
    let home = Home::new();
    fs::write(autostart(&home), "a file in the way").expect("written");
    let told = settings(&home, &["set", "start_at_login", "true"]);
    assert_eq!(told.code, Some(75), "{told:?}");
    assert!(told.stderr.contains("what is started at login stays as it was"), "{told:?}");
    assert!(told.stderr.contains("the setting is written"), "{told:?}");
    assert!(told.stdout.starts_with("start_at_login = true"), "{told:?}");
    assert!(told.stderr.contains("now: move that file away"), "{told:?}");
    let mut running = with_desktop(home.launcher(), &home).start();
    running.ready();
    let why = format!("{} is a file where a folder is wanted", autostart(&home).display());
    assert!(running.stderr().contains("may not be started at login"), "{}", running.stderr());
    assert!(told.stderr.contains(&why) && running.stderr().contains(&why), "{}", running.stderr());
}
