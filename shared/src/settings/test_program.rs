//! What is said of the settings of programs, and what is never said of them.

use std::path::Path;

use serde_json::json;

use super::{edit::EditError, *};

fn settings(text: &str) -> Settings {
    Settings::parse(text).unwrap_or_else(|fault| panic!("{text}: {fault}"))
}

fn problem(text: &str) -> String {
    Settings::parse(text).expect_err(text).of(Path::new("shop.toml")).to_string()
}

#[test]
fn every_setting_of_a_program_can_be_said() {
    let settings = settings(
        r#"
        program = ["npm", "run", "dev", "--", "--port", "{port}"]
        cwd = "/srv/shop"
        path = "/usr/bin:/bin"
        env = { NODE_ENV = "development", EMPTY = "" }
        ready = "log:^ready on port {port}$"
        on_elsewhere = "fail"
        expose = "allow"
        owner = "any"
        shell = false
        stop_signal = "INT"
        ports = ["metrics", "debug.1"]
        output = "none"
        "#,
    );
    let program = settings.program.expect("set");
    assert_eq!((program.program(), program.arguments().len()), ("npm", 5));
    assert_eq!(settings.cwd.expect("set").path(), Path::new("/srv/shop"));
    let env = settings.env.expect("set");
    assert_eq!(env.iter().collect::<Vec<_>>(), [("EMPTY", ""), ("NODE_ENV", "development")]);
    assert_eq!(settings.ready, Some(ReadyProbe::Log("^ready on port {port}$".to_owned())));
    assert_eq!(settings.on_elsewhere, Some(OnElsewhere::Fail));
    assert_eq!((settings.expose, settings.owner), (Some(Expose::Allow), Some(OwnerRule::Any)));
    assert_eq!(settings.stop_signal.map(StopSignal::name), Some("SIGINT"));
    assert_eq!(settings.output, Some(OutputFormat::Nothing));
    let ports: Vec<_> = settings.ports.iter().map(PortName::as_str).collect();
    assert_eq!(ports, ["metrics", "debug.1"]);
}

#[test]
fn a_program_and_a_command_exclude_each_other_with_file_line_and_both_keys() {
    let said = problem("command = [\"/bin/server\"]\nport = 3030\nprogram = [\"npm\"]\n");
    assert!(
        said.starts_with("shop.toml, line 3: `program` and `command` exclude each other"),
        "{said}"
    );
    let both = edit::set("command = [\"/bin/server\"]\n", "program", "[\"npm\"]");
    assert!(matches!(both, Err(EditError::Value { key: "program", .. })), "{both:?}");
}

#[test]
fn a_program_is_found_from_its_folder_or_by_its_whole_path() {
    assert!(problem("program = [\"./serve\"]").contains("write its whole path, or set `cwd`"));
    settings("program = [\"./serve\"]\ncwd = \"/srv\"");
    settings("program = [\"./serve | tee log\"]\nshell = true");
    settings("program = [\"serve\"]");
    assert!(problem("cwd = \"srv\"").contains("write its whole path"));
    let typed = edit::anchored("cwd", "shop", Path::new("/srv"));
    assert_eq!(typed, "/srv/shop");
}

#[test]
fn what_shows_readiness_is_one_of_four_and_its_expression_is_one() {
    for (text, ready) in [
        ("tcp", ReadyProbe::Tcp),
        ("notify", ReadyProbe::Notify),
        ("http:/health?x={port}", ReadyProbe::Http("/health?x={port}".to_owned())),
        ("log:{url}|\\\\p{Lu}+ {3}", ReadyProbe::Log("{url}|\\p{Lu}+ {3}".to_owned())),
    ] {
        assert_eq!(settings(&format!("ready = \"{text}\"")).ready, Some(ready), "{text}");
    }
    for (text, said) in [
        ("log:(", "`(` is no regular expression (unclosed group)"),
        ("log:", "write `tcp`, `http:/PATH`, `log:REGEX` or `notify`"),
        ("http:", "write `ready = \"http:/\"`"),
        ("http://localhost:3000/health", "write `ready = \"http:/health\"`"),
        ("log:x{prot}", "is no regular expression"),
        ("/health", "write `ready = \"http:/health\"`"),
        ("http:health", "write `ready = \"http:/health\"`"),
        ("notfy", "write `ready = \"notify\"`"),
        ("whenever", "`whenever` is not known"),
    ] {
        let problem = problem(&format!("ready = \"{text}\""));
        assert!(problem.contains(said), "{text}: {problem}");
    }
}

#[test]
fn a_wrong_word_is_told_with_the_nearest_one() {
    for (text, said) in [
        ("stop_signal = \"int\"", "write `stop_signal = \"SIGINT\"`"),
        ("stop_signal = \"SIGTREM\"", "write `stop_signal = \"SIGTERM\"`"),
        ("stop_signal = \"SIGSTOP\"", "`SIGSTOP` is not known: write `SIGHUP`"),
        ("stop_signal = 2", "2 is not the name of a signal; an example is \"SIGINT\""),
        ("expose = \"refuze\"", "write `expose = \"refuse\"`"),
        ("on_elsewhere = \"forward\"", "is not `front` or `fail`"),
        ("output = \"jsn\"", "write `output = \"json\"`"),
        ("owner = \"everyone\"", "is not `tree` or `any`"),
        ("ports = \"metrics\"", "write `ports = [\"metrics\"]`"),
        ("ports = [\"a b\"]", "`a b` cannot be the name of a port"),
        ("program = \"npm start\"", "write `program = [\"npm\", \"start\"]`"),
        ("program = []", "write `program = [\"/usr/bin/my-server\"]`"),
        ("shell = yes", "write `shell = true`"),
        ("enw = {}", "did you mean `env`?"),
    ] {
        let problem = problem(text);
        assert!(problem.contains(said), "{text}: {problem}");
    }
}

/// Whatever is wrong, and whatever is done with them.
#[test]
fn the_values_of_variables_are_never_told() {
    const SECRET: &str = "s3cret";
    for text in [
        "env = \"s3cret\"",
        "env = [\"s3cret\"]",
        "env = { A = \"s3cret\", B = 5 }",
        "env = { A = \"s3cret\", \"\" = \"x\" }",
        "env = { A = \"s3cret\\u0000\" }",
        "env = { A = s3cret }",
        "env = { A = \"s3cret\"",
        "env = {\n  A = \"s3cret\",\n  B = s3cret,\n}",
        "env.A = \"s3cret\"",
        "[env]\nA = \"s3cret\"",
        "[[env]]\nA = \"s3cret\"",
    ] {
        let problem = problem(text);
        assert!(!problem.contains(SECRET), "{text}: {problem}");
    }
    assert!(problem("[env]\nA = \"x\"").contains("variables stand in one line: write `env = { "));
    let before = settings("env = { A = \"s3cret\" }");
    let after = settings("env = { A = \"s3cret too\", B = \"s3cret\" }");
    let told = [
        format!("{before:?}"),
        json!(before).to_string(),
        format!("{:?}", before.changes(&after)),
        format!("{:?}", edit::set("", "env", "{ A = s3cret }").expect_err("no TOML")),
        format!("{:?}", edit::set("", "env", "{ A = \"s3cret\", B = 1 }").expect_err("no text")),
    ];
    assert!(told.iter().all(|told| !told.contains(SECRET)), "{told:?}");
}

#[test]
fn variables_that_have_other_values_are_a_change_and_are_written() {
    let text = "env = { A = \"one\" }\n";
    let edited = edit::set(text, "env", "{ A = \"two\" }").expect("right");
    assert_eq!((edited.text.as_str(), edited.is_changed), ("env = { A = \"two\" }\n", true));
    assert_eq!((&edited.from, edited.to.as_deref()), (&edited.to, Some("{ A = \"***\" }")));
    let changes = settings(text).changes(&settings(&edited.text));
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].to.as_deref(), Some("{\"A\":\"***\"}"));
    assert!(!edit::set(text, "env", "{ A = \"one\" }").expect("right").is_changed);
    // As a client sends back what it was shown.
    let wanted = json!({ "env": { "A": "***" }, "port": 3030 });
    let replaced = edit::replace(text, wanted.as_object().expect("an object")).expect("right");
    assert_eq!(replaced, format!("{text}port = 3030\n"));
}

#[test]
fn the_secrets_among_the_arguments_of_a_program_are_masked_and_kept_in_the_file() {
    let text = "program = [\"npm\", \"--token\", \"a1\", \"--api-key=b2\"]\n";
    let shown = json!(settings(text));
    assert_eq!(shown["program"], json!(["npm", "--token", "***", "--api-key=***"]));
    let replaced = edit::replace(text, shown.as_object().expect("an object")).expect("right");
    assert_eq!(replaced, text);
}

#[test]
fn other_times_hold_for_a_program_where_none_are_set() {
    let effective = |text: &str| {
        let file = settings(text);
        let path = Path::new("shop.toml");
        let (flags, variables) = (Settings::default(), Settings::default());
        Layers { flags, variables, file: &file, path }.effective()
    };
    let times = |holds: &Effective| {
        (holds.ready_timeout.value.0.as_millis(), holds.stop_timeout.value.0.as_millis())
    };
    assert_eq!(times(&effective("")), (10_000, 12_000));
    assert_eq!(times(&effective("").for_program()), (30_000, 2_500));
    let set = effective("ready_timeout = \"10s\"\nstop_timeout = \"1m\"").for_program();
    assert_eq!(times(&set), (10_000, 60_000));
}

#[test]
fn a_browser_changes_nothing_that_decides_what_is_run() {
    let protected = TABLE.iter().filter(|setting| setting.decides_what_is_run());
    let protected: Vec<_> = protected.map(|setting| setting.key).collect();
    assert_eq!(protected, ["command", "program", "cwd", "path", "env", "shell"]);
}
