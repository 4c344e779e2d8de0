//! What a program finds around itself (I22).

use std::collections::BTreeMap;

use e2e::{Invocation, ReadyMessage, script};
use serde_json::Value;

use super::project;

/// Prints what it finds as one line of JSON, and serves.
const TELLS: &str = "
import json
s = listen(port=int(sys.argv[1]) if len(sys.argv) > 1 else port)
found = {
    'environment': dict(os.environ), 'folder': os.getcwd(), 'arguments': sys.argv[1:],
    'files': sorted(int(fd) for fd in os.listdir('/proc/self/fd') if os.path.exists('/proc/self/fd/' + fd)),
    'status': open('/proc/self/status').read(),
}
del found['files'][3:]
found['open'] = [fd for fd in range(3, 64) if os.path.exists('/proc/self/fd/' + str(fd)) and fd != s.fileno()]
open('found.json.part', 'w').write(json.dumps(found))
os.rename('found.json.part', 'found.json')
serve(s)";

/// What a program finds that is started so.
#[track_caller]
fn found(project: &e2e::Project, run: &Invocation) -> (Value, ReadyMessage) {
    let mut running = run.start();
    let ready = running.ready();
    let text = std::fs::read_to_string(project.folder().join("found.json")).expect("written");
    assert_eq!(running.stop().code, Some(0));
    (serde_json::from_str(&text).expect("JSON"), ready)
}

fn variables(found: &Value) -> BTreeMap<String, String> {
    serde_json::from_value(found["environment"].clone()).expect("variables")
}

#[test]
fn a_program_without_a_template_learns_its_port_by_variables_and_no_option_of_ours() {
    let Some(project) = project("told") else { return };
    let run = project
        .run()
        .env("NOTIFY_SOCKET", "/nowhere")
        .env("LISTEN_FDS", "1")
        .env("LISTEN_PID", "1");
    let run = run.env("HOMEPORT_RESTART", "never").env("MINE", "kept").runs(script(TELLS));
    let (found, ready) = found(&project, &run);
    let variables = variables(&found);
    let value = |name: &str| variables.get(name).map(String::as_str);
    assert_eq!(value("PORT"), Some(ready.port.to_string().as_str()));
    assert_eq!(value("HOST"), Some("127.0.0.1"));
    assert_eq!(value("HOMEPORT_RUN"), Some(ready.launch_id.as_str()));
    assert!(value("HOMEPORT_URL").is_some_and(|url| url.contains(&ready.port.to_string())));
    assert_eq!(value("PYTHONUNBUFFERED"), Some("1"));
    assert_eq!(value("MINE"), Some("kept"));
    assert_eq!(value("HOMEPORT_HOME"), project.home.path().to_str());
    let allowed = ["HOMEPORT_HOME", "HOMEPORT_LOG_DIR", "HOMEPORT_RUN", "HOMEPORT_URL"];
    let is_ours =
        |name: &&String| name.starts_with("HOMEPORT_") && !allowed.contains(&name.as_str());
    assert_eq!(variables.keys().find(is_ours), None);
    let is_foreign = |name: &&String| name.starts_with("LISTEN_") || *name == "NOTIFY_SOCKET";
    assert_eq!(variables.keys().find(is_foreign), None);
}

#[test]
fn a_program_inherits_no_file_and_no_signal_that_is_blocked_or_ignored() {
    let Some(project) = project("told") else { return };
    let (found, _) = found(&project, &project.run().runs(script(TELLS)));
    assert_eq!(found["open"], serde_json::json!([]));
    assert_eq!(found["folder"].as_str(), project.folder().to_str());
    let status = found["status"].as_str().expect("text");
    let mask = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("a line");
        u64::from_str_radix(line.trim(), 16).expect("a mask")
    };
    // Those above 31 are the C library's own. Python itself ignores SIGPIPE (13) and SIGXFSZ (25).
    let all = (1 << 31) - 1;
    assert_eq!(mask("SigBlk:") & all, 0);
    assert_eq!(mask("SigIgn:") & all & !(1 << 12 | 1 << 24), 0);
}

#[test]
fn a_template_takes_the_place_of_the_host_variable() {
    let Some(project) = project("told") else { return };
    let words = script(TELLS)
        .into_iter()
        .chain(["{port}", r#"{"a":1}"#, "{{port}}", "{app}"].map(str::to_owned));
    let run = project.run().args(["--env", "MODE=at-{port}"]).runs(words);
    let (found, ready) = found(&project, &run);
    let port = ready.port.to_string();
    let wanted = [port.as_str(), r#"{"a":1}"#, "{port}", "told"];
    assert_eq!(found["arguments"], serde_json::json!(wanted));
    let variables = variables(&found);
    assert_eq!(variables.get("HOST"), None);
    assert_eq!(variables.get("PORT"), Some(&port));
    assert_eq!(variables.get("MODE"), Some(&format!("at-{port}")));
}

#[test]
fn a_program_is_told_its_port_by_no_variable_if_it_shall_not() {
    let Some(project) = project("told") else { return };
    let words = script(TELLS).into_iter().chain(["{port}".to_owned()]);
    let run = project.run().env("PORT", "1").arg("--no-port-env").runs(words);
    let (found, ready) = found(&project, &run);
    let variables = variables(&found);
    assert_ne!(variables.get("PORT"), Some(&ready.port.to_string()));
    assert_eq!(variables.get("HOST"), None);
}

/// `homeport run npm run dev`, where `dev` is `homeport run …` again.
#[test]
fn a_run_within_a_run_becomes_its_command() {
    let Some(project) = project("nested") else { return };
    let launcher = e2e::program("launcher").display().to_string();
    let words = [launcher, "run".to_owned(), "--".to_owned()];
    let run = project.run().runs(words.into_iter().chain(script("serve(listen())")));
    let mut running = run.start();
    let ready = running.ready();
    let tree = e2e::ProgramTree::of(&running, &ready);
    assert_eq!(tree.listening().len(), 1);
    assert_eq!(
        u64::from(tree.listening()[0].pid()),
        project.home.last("server_spawned")["server_pid"]
    );
    assert_eq!(running.stop().code, Some(0));
}
