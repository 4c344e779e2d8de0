//! `run --save`, and what it is good for.

use std::{ffi::OsString, fs, os::unix::ffi::OsStringExt};

use e2e::Home;
use shared::app::AppName;

use crate::python_programs::{folder, serve, words};

fn settings(home: &Home, app: &str) -> String {
    let app: AppName = app.parse().expect("a name");
    fs::read_to_string(home.folders().settings(&app)).expect("written")
}

#[test]
fn what_is_saved_is_started_by_start() {
    let home = Home::new();
    home.set("shop", "# mine\nredirect_for = \"1m\"\n");
    let options = "--save --env KEY=s3cret --ready http:/ --stop-timeout 4s --ports metrics";
    let mut running = serve(&home, "shop", options, &["{port}", "{port:metrics}"]).start();
    let port = running.ready().port;
    let first = words(&home, "shop");
    let file = home.folders().settings(&"shop".parse().expect("a name"));
    assert!(
        running.stderr().contains(file.to_str().expect("text"))
            || !running.stderr().contains("Saved")
    );
    running.stop();
    let text = settings(&home, "shop");
    assert!(text.starts_with("# mine\nredirect_for = \"1m\"\n"), "{text}");
    for part in [
        "program = [\"python3\"",
        "KEY = \"s3cret\"",
        "ready = \"http:/\"",
        "ports = [\"metrics\"]",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.contains(&format!("cwd = \"{}\"", folder(&home, "shop"))), "{text}");
    let history = format!("{:?}", home.events("settings_changed"));
    assert!(history.contains("program") && !history.contains("s3cret"), "{history}");

    let mut again = home.launcher().arg("--app").arg("shop").start();
    assert_eq!(again.ready().port, port);
    assert_eq!(words(&home, "shop"), first);
    again.stop();

    let autostart = home.path().join("xdg");
    let set = home.command("settings set start_at_login true --app shop");
    assert_eq!(set.env("XDG_CONFIG_HOME", &autostart).run().code, Some(0));
    let mut entries = fs::read_dir(autostart.join("autostart")).expect("made");
    let entry = entries.next().expect("one").expect("there").path();
    let entry = fs::read_to_string(entry).expect("there");
    assert!(entry.contains(" start --app shop --no-open"), "{entry}");
}

#[test]
fn what_cannot_be_saved_is_refused_before_anything_runs() {
    let home = Home::new();
    let word = OsString::from_vec(b"caf\xe9".to_vec());
    let told = serve(&home, "shop", "--save", &["{port}"]).arg(word).run();
    assert_eq!(told.code, Some(2), "{told:?}");
    assert!(told.stderr.contains("is not UTF-8"), "{told:?}");
    let told = serve(&home, "shop", "--save --no-port-env", &["{port}"]).run();
    assert_eq!(told.code, Some(2), "{told:?}");
    home.set("shop", "command = [\"/bin/server\"]\n");
    let told = serve(&home, "shop", "--save", &["{port}"]).run();
    assert_eq!(told.code, Some(78), "{told:?}");
    assert_eq!(settings(&home, "shop"), "command = [\"/bin/server\"]\n");
    assert!(!std::path::Path::new(&folder(&home, "shop")).join("words.json").exists());
}
