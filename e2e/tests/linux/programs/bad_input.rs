//! Commands, folders and surroundings that are wrong.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use e2e::{Ended, Home, Project, RunContext, get, script, wait_until};

use super::{STOP_TIMEOUT_OPTION, project};

/// A command that cannot be started, or is wrong, starts no process and is never ready.
#[track_caller]
fn assert_refused(project: &Project, ended: &Ended, code: i32) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert_eq!(project.home.count("server_ready"), 0);
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
}

#[test]
fn a_command_that_cannot_be_started_is_75_with_the_word_why() {
    let project = Project::new("cannot");
    project.write("plain", "no program");
    project.write("script", "#!/nowhere/at/all\n");
    let script = project.folder().join("script");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
    let missing = "os error 2";
    let refused = "os error 13";
    let cases = [
        ("no-such-program-anywhere", missing),
        ("/no/such/program", missing),
        ("/", refused),
        ("./plain", refused),
        ("./script", missing),
    ];
    for (command, why) in cases {
        let ended = project.run().runs([command]).run();
        assert_refused(&project, &ended, 75);
        let error = ended.line("launch_failed")["error"].to_string();
        assert!(error.contains(why), "{command}: {error}");
    }
}

#[test]
fn a_program_that_is_not_found_is_named_with_the_path_that_was_searched() {
    let project = Project::new("cannot");
    let run = project.run().without("--json").env("PATH", "/nowhere:/usr/bin");
    let ended = run.runs(["no-such-program-anywhere"]).run();
    assert_refused(&project, &ended, 75);
    assert!(ended.stderr.contains("no-such-program-anywhere"), "{ended:?}");
    assert!(ended.stderr.contains("/nowhere:/usr/bin"), "{ended:?}");
}

#[test]
fn a_misspelt_template_and_a_missing_command_are_2() {
    let project = Project::new("misspelt");
    for word in ["{prot}", "--port={Port}", "http://localhost:{por}/"] {
        let ended = project.run().runs(["true", word]).run();
        assert_refused(&project, &ended, 2);
        assert!(ended.stderr.contains("{port}"), "{ended:?}");
    }
    let ended = project.run().run();
    assert_refused(&project, &ended, 2);
    assert!(project.home.history().is_empty(), "nothing was begun");
}

#[test]
fn a_folder_that_is_not_there_is_said() {
    let project = Project::new("gone");
    let missing = project.folder().join("missing").display().to_string();
    let ended = project.run().args(["--cwd", &missing]).runs(["true"]).run();
    assert_ne!(ended.code, Some(0));
    assert!(ended.stderr.contains("missing"), "{ended:?}");

    // A shell's own folder may be removed as well.
    let launcher = e2e::program("launcher").display().to_string();
    let here = project.folder().join("here");
    fs::create_dir(&here).expect("made");
    let line = format!("rmdir \"$PWD\"; exec {launcher} run --json -- true");
    let ended = Command::new("sh")
        .args(["-c", &line])
        .current_dir(&here)
        .env("HOMEPORT_HOME", project.home.path())
        .output()
        .expect("sh");
    assert!(!ended.status.success());
    let told = String::from_utf8_lossy(&ended.stderr);
    assert!(!told.contains("panicked") && !told.is_empty(), "{told}");
}

/// Ends with 75 when the time to become ready is over.
#[track_caller]
fn assert_never_ready(name: &str, text: &str) -> Option<Ended> {
    let project = project(name)?;
    let run = project.run().app(name).setting("on_elsewhere = \"fail\"").args(STOP_TIMEOUT_OPTION);
    let ended = run.args(["--ready-timeout", "3s"]).runs(script(text)).run();
    assert_refused(&project, &ended, 75);
    assert_eq!(project.home.count("server_spawned"), 1);
    Some(ended)
}

#[test]
fn a_program_that_never_listens_on_tcp_is_75() {
    let texts = [
        "until_signal()",
        "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('127.0.0.1', port)); until_signal()",
        "s = socket.socket(socket.AF_UNIX); s.bind('here.sock'); s.listen(); until_signal()",
        "s = socket.socket(); s.setsockopt(1, 2, 1); s.bind(('127.0.0.1', port)); until_signal()",
    ];
    std::thread::scope(|scope| {
        for text in texts {
            scope.spawn(move || assert_never_ready("never", text));
        }
    });
}

/// I21.
#[test]
fn a_program_that_takes_another_port_is_never_ready_on_ours() {
    let Some(ended) = assert_never_ready("moves", "serve(listen(port=0))") else { return };
    assert!(ended.line("launch_failed")["error"].as_str().is_some_and(|it| !it.is_empty()));
}

/// I20.
#[test]
fn a_program_that_listens_beyond_loopback_is_said_to() {
    for ip in ["0.0.0.0", "::"] {
        let Some(project) = project("exposed") else { return };
        let text = format!("serve(listen('{ip}'))");
        let mut running = project.run().args(STOP_TIMEOUT_OPTION).runs(script(&text)).start();
        let ready = running.ready();
        assert!(get(&format!("http://127.0.0.1:{}/", ready.port)).is_ok());
        let exposed = project.home.last("program_exposed");
        let address = exposed["addresses"][0].as_str().expect("an address");
        assert!(running.stderr().contains(address), "{}", running.stderr());
        assert_eq!(running.stop().code, Some(0));
    }
}

#[test]
fn a_program_that_must_not_listen_beyond_loopback_is_75() {
    let Some(project) = project("exposed") else { return };
    let run = project.run().app("exposed").setting("expose = \"refuse\"").args(STOP_TIMEOUT_OPTION);
    let ended = run.runs(script("serve(listen('0.0.0.0'))")).run();
    assert_refused(&project, &ended, 75);
}

/// The folder goes while the program runs: it is restarted nowhere, and the launcher says why.
#[test]
fn a_worktree_that_is_removed_under_a_program_ends_its_restarts() {
    let Some(project) = project("worktree") else { return };
    let text =
        "threading.Thread(target=serve, args=(listen(),), daemon=True).start()\nuntil_signal()";
    let mut running = project.run().args(STOP_TIMEOUT_OPTION).runs(script(text)).start();
    running.ready();
    fs::remove_dir_all(project.folder()).expect("ours");
    let pid = project.home.last("server_spawned")["server_pid"].as_u64().expect("an id");
    e2e::WatchedProcess::of(u32::try_from(pid).expect("an id")).expect("it lives").kill();
    let ended = running.exit();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    let folder = project.folder().display().to_string();
    assert!(ended.stderr.contains(&folder), "{ended:?}");
}

#[test]
fn a_full_disk_stops_no_program() {
    let Some(project) = project("full") else { return };
    let Some(disk) = Disk::new() else { return };
    let home = project.home.another("full");
    let logs = disk.0.join("logs");
    let text = "
s = listen()
for n in range(200): print('x' * 8000, flush=True)
serve(s)";
    let run = home.run().cwd(project.folder()).env("HOMEPORT_LOG_DIR", &logs);
    let run = run.env("HOMEPORT_RANGE", e2e::quiet_range()).args(STOP_TIMEOUT_OPTION);
    let mut running = run.runs(script(text)).start();
    let ready = running.ready();
    wait_until("it serves", || get(&ready.url).is_ok());
    assert!(fs::write(disk.0.join("more"), [0; 1 << 18]).is_err(), "the disk is not full");
    assert_eq!(running.stop().code, Some(0));
}

/// A file system of 256 KiB.
struct Disk(PathBuf);

impl Disk {
    fn new() -> Option<Self> {
        let folder =
            tempfile::Builder::new().prefix("homeport-disk-").tempdir().expect("a folder").keep();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "none"])
            .arg(&folder)
            .output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self(folder));
        }
        let _ = fs::remove_dir(&folder);
        e2e::skip("only root can mount a small disk");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        unmount(&self.0);
        let _ = fs::remove_dir(&self.0);
    }
}

fn unmount(folder: &Path) {
    let _ = Command::new("umount").arg("--lazy").arg(folder).status();
}

/// I23: a terminal that is held, as by Ctrl-S, or a reader that has gone.
#[test]
fn a_reader_that_does_not_read_or_is_gone_stops_no_program() {
    let Some(project) = project("unread") else { return };
    let text = "
s = listen()
threading.Thread(target=serve, args=(s,), daemon=True).start()
for n in range(64): os.write(1, (b'x' * 8191 + b'\\n') * 16)
open('written', 'w')
until_signal()";
    for reader in ["sleep 60", "true"] {
        let written = project.folder().join("written");
        let _ = fs::remove_file(&written);
        let launcher = e2e::program("launcher").display().to_string();
        let line = format!("\"$@\" | {reader}");
        let run = project.run().program("sh").without("run").without("--json");
        let run = run.args(["-c", &line, "sh", &launcher, "run"]).args(STOP_TIMEOUT_OPTION);
        let running = run.runs(script(text)).start();
        wait_until("the program has written all", || written.exists());
        let port = project.home.last("server_ready")["port"].to_string();
        wait_until("it serves", || get(&format!("http://127.0.0.1:{port}/")).is_ok());
        let stop = project.home.command("stop").app("unread").run();
        assert_eq!(stop.code, Some(0), "{stop:?}");
        drop(running);
    }
}

/// The user of a plain account finds his own `run` as able as root's.
#[test]
fn a_plain_user_runs_programs() {
    let Some(plain) = RunContext::as_plain_user(&e2e::program("launcher")) else { return };
    let home = Home::new();
    let folder = home.path().join("mine");
    fs::create_dir_all(&folder).expect("made");
    home.give_to_plain_user();
    let run = home.run().cwd(&folder).at(&plain).env("HOMEPORT_RANGE", e2e::quiet_range());
    let mut running = run.args(STOP_TIMEOUT_OPTION).runs(script("serve(listen())")).start();
    let ready = running.ready();
    assert!(get(&ready.url).is_ok());
    assert_eq!(running.stop().code, Some(0));
}
