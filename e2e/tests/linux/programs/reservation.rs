//! What a reservation is for: a port is the app's also while its program does not listen.

use std::process::Command;

use e2e::{Home, Project, RunContext, Running, program, script, wait_until};

use super::{STOP_TIMEOUT_OPTION, project};

/// A program that listens once there is a file `go`.
fn start_late(project: &Project) -> Running {
    let text = "while not os.path.exists('go'): time.sleep(0.01)\nserve(listen())";
    let running = project.run().args(STOP_TIMEOUT_OPTION).runs(script(text)).start();
    wait_until("it is started", || project.home.count("server_spawned") > 0);
    running
}

fn reserved_port(project: &Project) -> u16 {
    let port = project.home.last("port_reserved")["port"].as_u64().expect("a port");
    u16::try_from(port).expect("a port")
}

#[test]
fn another_home_never_gets_a_reserved_port() {
    let Some(project) = project("slow") else { return };
    let mut running = start_late(&project);
    let port = reserved_port(&project);
    let other = Home::new();
    let run = || other.run().app("other").runs(script("serve(listen())"));
    let explicit = other.run().app("other").port(port).runs(script("serve(listen())")).run();
    assert_eq!(explicit.code, Some(69), "{explicit:?}");
    assert_eq!(other.count("server_spawned"), 0);
    let mut moved = run().home_port(port).start();
    assert_ne!(moved.ready().port, port);
    assert_eq!(moved.stop().code, Some(0));
    project.write("go", "");
    assert_eq!(running.ready().port, port);
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn another_user_never_gets_a_reserved_port() {
    let Some(nobody) = RunContext::as_nobody(&program("launcher")) else { return };
    let Some(project) = project("slow") else { return };
    let mut running = start_late(&project);
    let port = reserved_port(&project);
    let other = Home::new();
    other.give_to_plain_user();
    let run = other.run().app("other").at(&nobody).port(port).runs(script("serve(listen())"));
    let refused = run.run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    project.write("go", "");
    assert_eq!(running.ready().port, port);
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn a_program_that_does_not_share_ports_never_gets_a_reserved_one() {
    let Some(project) = project("slow") else { return };
    let mut running = start_late(&project);
    let port = reserved_port(&project);
    for address in ["127.0.0.1", "0.0.0.0"] {
        let refused = Command::new(program("stranger"))
            .args(["bound", &format!("{address}:{port}")])
            .output();
        assert!(refused.is_ok_and(|output| !output.status.success()), "{address}");
    }
    project.write("go", "");
    assert_eq!(running.ready().port, port);
    assert_eq!(running.stop().code, Some(0));
}
