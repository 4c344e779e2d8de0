//! A stranger who takes the port between the reservation and the program (I16, I18).

use std::path::Path;

use e2e::{Invocation, Project, Running, Stranger, WatchedProcess, script, wait_until};

use super::{STOP_TIMEOUT_OPTION, project};

/// A program that runs `listens` once there is a file `go`.
fn late(project: &Project, options: &[&str], listens: &str) -> Invocation {
    let text = format!("while not os.path.exists('go'): time.sleep(0.01)\n{listens}");
    let run = options.iter().fold(project.run(), |run, option| run.arg(*option));
    run.args(STOP_TIMEOUT_OPTION).runs(script(&text))
}

/// The stranger is there before the program listens, on `127.0.0.1`.
fn outrun(project: &Project, run: &Invocation) -> (Running, Stranger) {
    let running = run.start();
    wait_until("it is started", || project.home.count("server_spawned") > 0);
    let port = &project.home.last("port_reserved")["port"];
    (running, Stranger::listening(&format!("127.0.0.1:{port}")))
}

#[track_caller]
fn assert_conflict_is_recorded(project: &Project, stranger: &Stranger) {
    let conflict = project.home.conflict_over(stranger.port);
    assert_eq!(conflict["class"], "lost_race", "{conflict}");
    assert_eq!(conflict["holder"]["pid"], stranger.pid);
    assert!(WatchedProcess::of(stranger.pid).is_some_and(|it| !it.has_ended()), "it is unharmed");
}

#[test]
fn the_next_candidate_is_tried_after_the_holder_is_recorded() {
    let Some(project) = project("outrun") else { return };
    let run = late(&project, &[], "serve(listen())");
    let (mut running, stranger) = outrun(&project, &run);
    project.write("go", "");
    let ready = running.ready();
    assert_ne!(ready.port, stranger.port);
    assert_conflict_is_recorded(&project, &stranger);
    let events: Vec<_> = project.home.history().iter().map(|it| it["event"].clone()).collect();
    let place = |event: &str| events.iter().position(|it| it == event).expect("recorded");
    let again = events.iter().rposition(|it| it == "port_reserved").expect("recorded");
    assert!(place("port_conflict") < again, "{events:?}");
    assert_eq!(running.stop().code, Some(0));
}

#[test]
fn an_explicit_port_that_was_lost_ends_the_launch() {
    let Some(project) = project("outrun") else { return };
    let port = e2e::quiet_port().to_string();
    let run = late(&project, &["--port", &port], "serve(listen())");
    let (running, stranger) = outrun(&project, &run);
    project.write("go", "");
    let ended = running.exit();
    assert_eq!(ended.code, Some(69), "{ended:?}");
    assert_conflict_is_recorded(&project, &stranger);
    assert_eq!(project.home.count("server_ready"), 0);
}

/// A program that is content with `::1` where a stranger has `127.0.0.1` is not served on that port.
#[test]
fn a_program_on_one_loopback_is_not_ready_beside_a_stranger_on_the_other() {
    let Some(project) = project("half") else { return };
    let listens = "
s = socket.socket(socket.AF_INET6)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
s.bind(('::1', port))
s.listen()
serve(s)";
    if !Path::new("/proc/net/if_inet6").exists() {
        return e2e::skip("this machine has no IPv6");
    }
    let run = late(&project, &[], listens);
    let (mut running, stranger) = outrun(&project, &run);
    project.write("go", "");
    let ready = running.ready();
    assert_ne!(ready.port, stranger.port);
    assert_conflict_is_recorded(&project, &stranger);
    assert_eq!(running.stop().code, Some(0));
}
