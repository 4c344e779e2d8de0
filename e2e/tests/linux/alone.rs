//! `server --port N`, as a developer runs it: without a launcher.

use e2e::{Home, Stranger};

/// I2: the diagnosis, the holder, two commands that would work, the record, the exit code.
#[test]
fn a_server_whose_port_is_taken_names_the_holder_and_two_commands_that_would_work() {
    let (home, stranger) = (Home::new(), Stranger::listening("127.0.0.1:0"));
    let refused = home.server().without("--json").port(stranger.port).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    let pid = format!("pid {}", stranger.pid);
    for piece in [&stranger.port.to_string(), "stranger", &pid, "server --port ", "launcher"] {
        assert!(refused.stderr.contains(piece), "no `{piece}`: {}", refused.stderr);
    }
    let conflict = home.last("port_conflict");
    assert_eq!((&conflict["class"], &conflict["origin"]), (&"in_use".into(), &"explicit".into()));
    assert_eq!(
        (&conflict["process"], &conflict["os_error"]["code"]),
        (&"server".into(), &98.into())
    );
    assert_eq!(conflict["holder"]["pid"], stranger.pid);
    assert_eq!(home.last("launch_failed")["exit_code"], 69);

    // The command it proposes is as good as its word.
    let proposed = refused.stderr.split("server --port ").nth(1).expect("a command");
    let proposed: String = proposed.chars().take_while(char::is_ascii_digit).collect();
    let mut running = home.server().arg("--port").arg(&proposed).start();
    assert_eq!(running.ready().port.to_string(), proposed);
    running.stop();
}
