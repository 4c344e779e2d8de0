//! The names that the programs are started by, and where they keep their logs for it.

use std::{env, fs, os::unix::fs::symlink, path::Path, process::Command};

use e2e::{Home, Running, Stranger, copy_program, get, installed, program, quiet_port};
use serde_json::Value;

/// Whether a launcher that is started as `program` prints a help, a version and advice with `name`.
#[track_caller]
fn assert_speaks_of(home: &Home, program: &Path, invoked_as: &str, name: &str) {
    let told = |words: &[&str]| {
        let launch = home.launcher().program(program).without("--no-open").without("--json");
        let launch = launch.env("HOMEPORT_INVOKED_AS", invoked_as);
        let ended = words.iter().fold(launch, |launch, word| launch.arg(*word)).run();
        format!("{}{}", ended.stdout, ended.stderr)
    };
    assert!(told(&["--help"]).contains(&format!("Usage: {name} ")), "{}", told(&["--help"]));
    let advice = told(&["where"]);
    assert!(advice.contains(&format!("start it with `{name}`")), "{advice}");
}

#[test]
fn advice_is_typed_with_the_name_that_the_program_was_started_by() {
    let home = Home::new();
    assert_speaks_of(&home, &program("launcher"), "", "launcher");
    assert_speaks_of(&home, &program("homeport"), "", "homeport");
    assert_speaks_of(&home, &program("homeport"), "cargo start", "cargo start");
    let renamed = home.path().join("porty");
    copy_program("launcher", &renamed);
    assert_speaks_of(&home, &renamed, "", "porty");
    let version = home.launcher().program(program("homeport")).without("--no-open");
    let version = version.without("--json").arg("--version").run().stdout;
    assert_eq!(version, format!("homeport {}\n", env!("CARGO_PKG_VERSION")));
}

/// What is advised reaches the same app and the same files.
#[test]
fn advice_repeats_the_app_and_the_home_that_were_given() {
    let (home, stranger) = (Home::new(), Stranger::listening("127.0.0.1:0"));
    let other = home.path().join("it's here");
    let given = |launch: e2e::Invocation| launch.without("--json").arg("--home").arg(&other);
    let absent = given(home.command("where")).app("notes").run().stderr;
    let quoted = format!("'{}'", other.to_str().expect("text").replace('\'', r"'\''"));
    let wanted = format!("start it with `launcher --app notes --home {quoted}`");
    assert!(absent.contains(&wanted), "no {wanted}: {absent}");

    let site = tempfile::tempdir().expect("a folder");
    let server = given(home.server()).app("notes").port(stranger.port);
    let refused = server.arg("--root").arg(site.path()).run().stderr;
    let root = format!(" --root {} --app notes --home {quoted} ", site.path().display());
    assert!(refused.contains(&root), "no {root}: {refused}");
    let other_way = format!("    launcher --app notes --home {quoted} ");
    assert!(refused.contains(&other_way), "no {other_way}: {refused}");

    // A variable is still there for the next command.
    let absent = home.command("where").env("HOMEPORT_APP", "notes").app("server").run().stderr;
    assert!(absent.contains("start it with `launcher --app server`"), "{absent}");
}

#[test]
fn the_installed_server_advises_the_installed_names() {
    let home = Home::new();
    let server = home.server().without("--json");
    let told = server.clone().program(program("homeport-server")).run();
    assert!(told.stderr.contains("run `homeport` to find a free port"), "{told:?}");
    let told = server.run();
    assert!(told.stderr.contains("run `launcher` to find a free port"), "{told:?}");
}

/// Whatever it is that the server advises to type.
#[test]
fn a_server_that_is_started_by_itself_advises_the_launcher_that_stands_beside_it() {
    let stranger = Stranger::listening("127.0.0.1:0");
    for (server, launcher) in [("homeport-server", "launcher"), ("server", "homeport")] {
        let (home, own) = (Home::new(), Home::new());
        let program = installed(server, own.path());
        installed(launcher, own.path());
        let alone = home.server().without("--json").program(program);
        let help = alone.clone().arg("--help").run().stdout;
        assert!(help.contains(&format!("run `{launcher}`")), "{help}");
        let portless = alone.run().stderr;
        assert!(portless.contains(&format!("run `{launcher}` to find a free port")), "{portless}");
        let refused = alone.clone().port(stranger.port).run().stderr;
        assert!(refused.contains(&format!("    {launcher}    (")), "{refused}");
        assert!(refused.contains(&format!("{server} --port ")), "{refused}");

        let mut running = alone.arg("--json").port(quiet_port()).start();
        let page = get(&format!("{}_homeport/", running.ready().url)).expect("an answer");
        assert!(page.body.contains(&format!("{launcher} open --console")), "{}", page.body);
    }
}

#[test]
fn copies_under_other_names_are_called_by_these_everywhere() {
    let (home, own) = (Home::new(), Home::new());
    let copied = |name: &str, copy: &str| {
        let to = own.path().join(copy);
        copy_program(name, &to);
        to
    };
    let (server, launcher) = (copied("server", "myserve"), copied("launcher", "myapp"));
    copied("homeport-server", "homeport-server");
    let alone = home.server().without("--json").program(server);
    for (word, code) in [("--help", 0), ("--prot", 2)] {
        let told = alone.clone().arg(word).run();
        assert_eq!(told.code, Some(code), "{told:?}");
        assert!(
            [&told.stdout, &told.stderr].iter().any(|it| it.contains("Usage: myserve")),
            "{told:?}"
        );
    }
    let link = own.path().join("qq");
    symlink(&launcher, &link).expect("linked");
    assert_speaks_of(&home, &link, "", "myapp");
    let mut running = home.launcher().program(&launcher).start();
    let page = get(&format!("{}_homeport/", running.ready().url)).expect("an answer");
    assert!(page.body.contains("myapp open --console"), "{}", page.body);
}

/// A page is read where the variables of the server are not known.
#[test]
fn a_page_advises_a_command_that_reaches_the_home_from_any_shell() {
    let by_variable = |home: &Home| home.launcher().start();
    let by_option = |home: &Home| {
        let server = home.server().env("HOMEPORT_HOME", "").arg("--home").arg(home.path());
        server.port(quiet_port()).start()
    };
    let starts: [fn(&Home) -> Running; 2] = [by_variable, by_option];
    for start in starts {
        let home = Home::new();
        let mut running = start(&home);
        let page = get(&format!("{}_homeport/", running.ready().url)).expect("an answer");
        let command = format!("launcher open --console --home {}", home.path().display());
        assert!(page.body.contains(&command), "no `{command}`: {}", page.body);
    }
}

#[test]
fn the_installed_launcher_starts_the_installed_server() {
    let home = Home::new();
    let mut running = home.launcher().program(program("homeport")).start();
    let ready = running.ready();
    let page = home.launcher().program(program("homeport")).without("--no-open");
    let page = page.without("--json").args(["where", "--json"]).run();
    assert_eq!(page.line("where")["url"], *ready.url);
    assert_eq!(running.stop().code, Some(0));
}

/// Where a launcher that is given no folder keeps its logs, and why.
fn logs(program: &Path, user: &Path, variables: &[(&str, &Path)], words: &[&str]) -> Value {
    let mut command = Command::new(program);
    command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).env("HOME", user);
    command.envs(variables.iter().copied()).args(["logs", "path", "--json"]).args(words);
    let told = command.output().expect("it is there");
    assert!(told.status.success(), "{told:?}");
    serde_json::from_slice(&told.stdout).expect("JSON")
}

#[test]
fn a_program_of_a_checkout_keeps_its_logs_there_however_it_is_started() {
    let (root, user) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("one"));
    let (root, user) = (root.path().canonicalize().expect("it is there"), user.path());
    fs::create_dir(root.join("logs")).expect("made");
    for file in ["Cargo.toml", "logs/port-history.schema.json"] {
        fs::write(root.join(file), "").expect("written");
    }
    let built = installed("launcher", &root.join("target/debug"));
    let link = user.join("homeport");
    std::os::unix::fs::symlink(&built, &link).expect("made");
    for program in [&built, &link] {
        let told = logs(program, user, &[], &[]);
        assert_eq!(told["folder"], *root.join("logs").to_str().expect("text"), "{told}");
        assert_eq!((&told["source"], &told["from"]), (&"checkout".into(), &root.to_str().into()));
    }

    let home = user.join("home");
    let variables: [(&str, &Path); 2] = [("HOMEPORT_HOME", &home), ("HOMEPORT_LOG_DIR", user)];
    let told = logs(&built, user, &variables[..1], &[]);
    assert_eq!(told["folder"], *home.join("logs").to_str().expect("text"), "{told}");
    assert_eq!((&told["source"], &told["from"]), (&"variable".into(), &"HOMEPORT_HOME".into()));
    let told = logs(&built, user, &variables, &[]);
    assert_eq!((&told["folder"], &told["from"]), (&user.to_str().into(), &variables[1].0.into()));
    let told = logs(&built, user, &[], &["--home", home.to_str().expect("text")]);
    assert_eq!((&told["source"], &told["from"]), (&"option".into(), &"--home".into()));

    let elsewhere = installed("launcher", &root.join("bin"));
    let told = logs(&elsewhere, user, &[], &[]);
    assert_eq!((&told["source"], &told["from"]), (&"default".into(), &Value::Null));
    assert!(told["folder"].as_str().is_some_and(|f| f.starts_with(user.to_str().expect("text"))));

    // As cargo starts it.
    let cargo = ("HOMEPORT_CHECKOUT", root.as_path());
    let told = logs(&elsewhere, user, &[cargo], &[]);
    assert_eq!((&told["source"], &told["from"]), (&"checkout".into(), &root.to_str().into()));
    let told = logs(&elsewhere, user, &[cargo, variables[0]], &[]);
    assert_eq!((&told["source"], &told["from"]), (&"variable".into(), &"HOMEPORT_HOME".into()));
    let told = logs(&elsewhere, user, &[("HOMEPORT_CHECKOUT", user)], &[]);
    assert_eq!(told["source"], "default", "it is no checkout");
}
