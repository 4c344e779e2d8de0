//! `server --port N`, as a developer runs it: without a launcher.

use std::{
    fs,
    io::Write,
    net::{Ipv4Addr, TcpStream},
    path::PathBuf,
    time::{Duration, Instant},
};

use e2e::{Home, Running, Stranger, get, quiet_port, wait_until};
use rustix::process::Signal;
use shared::{app::AppName, paths::Folders};

use crate::lost_files::remove;

/// In this time a server without the app's lock has looked for it twice.
const LOOKS: Duration = Duration::from_millis(2500);

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

/// One that is started beside another takes its place, so that others are led to what still runs.
#[test]
fn a_server_takes_the_place_of_the_one_that_it_was_started_beside() {
    let kill = |running: &mut Running| running.signal(Signal::KILL);
    let first: [fn(&Home) -> Running; 2] = [
        |home| home.launcher().port(quiet_port()).start(),
        |home| home.server().port(quiet_port()).start(),
    ];
    for start in first {
        for is_killed in [false, true] {
            let home = Home::new();
            let mut first = start(&home);
            let led_to = first.ready().url;
            let mut beside = home.server().port(quiet_port()).start();
            let url = beside.ready().url;
            assert!(home.command("where").run().stdout.contains(&led_to));
            match is_killed {
                true => kill(&mut first),
                false => drop(first.stop()),
            }
            let file = home.folders().discovery(&AppName::default());
            wait_until("it has taken its place", || {
                fs::read_to_string(&file).is_ok_and(|discovery| discovery.contains(&url))
            });
            let told = home.command("where").run();
            assert!(told.stdout.contains(&url), "{told:?}");
            for command in ["status", "stop"] {
                let told = home.command(command).run();
                assert_eq!(told.code, Some(75), "{command}: {told:?}");
                let way_out = format!("process {}", beside.pid());
                assert!(told.stderr.contains(&way_out), "{command}: {told:?}");
            }
            assert_eq!(home.command("forget").run().code, Some(75));
            let second = home.launcher().run();
            assert_eq!(second.line("instance_found")["url"], url.as_str(), "{second:?}");
            fs::remove_dir_all(home.folders().run()).expect("it was there");
            wait_until("its files are there again", || file.exists());
            assert_eq!(beside.stop().code, Some(0));
            assert!(!file.exists());
        }
    }
}

/// While a launcher lives, one that was started beside it stays beside it.
#[test]
fn a_server_takes_no_place_of_a_launcher_that_has_lost_its_files() {
    let app = AppName::default();
    let losses: [fn(&Folders, &AppName) -> [PathBuf; 2]; 2] = [
        |folders, app| [folders.run().to_owned(), folders.lock(app)],
        |folders, app| [folders.run().to_owned(), folders.state().join(app.as_str())],
    ];
    for lost in losses {
        let home = Home::new();
        let mut launch = home.launcher().port(quiet_port()).start();
        let url = launch.ready().url;
        let mut beside = home.server().port(quiet_port()).start();
        beside.ready();
        lost(home.folders(), &app).iter().for_each(remove);
        let since = Instant::now();
        wait_until("it has looked again", || since.elapsed() > LOOKS);
        assert_eq!(home.command("where").run().stdout.trim(), url);
        assert_eq!(home.ask("status").line("status")["url"], url.as_str());
        assert_eq!(home.command("stop").run().code, Some(0));
        assert_eq!(launch.exit().code, Some(0));
    }
}

/// What it proves itself with is written anew, and where another has been made it is known by its lock.
#[test]
fn a_server_whose_secret_is_lost_is_found_all_the_same() {
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    let url = server.ready().url;
    let secret = home.folders().secret();
    fs::remove_file(&secret).expect("it was there");
    wait_until("it is there again", || secret.exists());
    assert_eq!(home.command("where").run().stdout.trim(), url);

    fs::write(&secret, "00".repeat(32)).expect("written");
    assert_eq!(home.command("where").run().stdout.trim(), url);
    assert_eq!(home.launcher().run().line("instance_found")["url"], url.as_str());
    assert_eq!(server.stop().code, Some(0));
    assert_eq!(home.command("where").run().code, Some(3));
}

#[test]
fn a_loopback_address_of_its_own_is_answered_and_printed() {
    let (home, port) = (Home::new(), quiet_port());
    let server = home.server().without("--json").port(port).args(["--bind", "127.0.0.2"]).start();
    let printed = format!("and at 127.0.0.2:{port} too");
    wait_until("the address is printed", || server.stdout().contains(&printed));
    for host in ["127.0.0.1", "127.0.0.2"] {
        let answer = get(&format!("http://{host}:{port}/_homeport/healthz")).expect("an answer");
        assert_eq!(answer.status, 200, "{host}: {answer:?}");
    }
}

/// The moment before it takes the place counts as well.
#[test]
fn a_start_right_after_the_first_server_is_killed_is_led_to_the_one_beside_it() {
    let home = Home::new();
    let mut first = home.server().port(quiet_port()).start();
    first.ready();
    let mut beside = home.server().port(quiet_port()).start();
    let url = beside.ready().url;
    drop(first.kill());
    assert_eq!(home.command("where").run().stdout.trim(), url);
    let second = home.launcher().run();
    assert_eq!(second.line("instance_found")["url"], url.as_str(), "{second:?}");
    assert_eq!(beside.stop().code, Some(0));
}

#[test]
fn a_server_that_has_just_lost_everything_is_said_to_run_without_a_launcher() {
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    server.ready();
    let pid = format!("process {}", server.pid());
    for command in ["status", "move", "forget"] {
        for folder in [home.folders().run(), home.folders().state()] {
            remove(&folder.to_owned());
        }
        let told = home.command(command).run();
        assert_eq!(told.code, Some(75), "{told:?}");
        assert!(told.stderr.contains(&pid) && !told.stderr.contains("kill"), "{told:?}");
        let file = home.folders().discovery(&AppName::default());
        wait_until("its files are there again", || file.exists());
    }
}

#[test]
fn a_server_that_is_ending_is_said_to_and_waited_for_by_a_start() {
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    let port = server.ready().port;
    let token = home.command("token").run().stdout;
    // It finishes what it has begun.
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
    let head = format!(
        "POST /_homeport/api/v1/stop HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 10\r\n\
         Authorization: Bearer {}\r\nContent-Type: application/json\r\n\r\n",
        token.trim()
    );
    client.write_all(head.as_bytes()).expect("sent");
    get(&format!("http://127.0.0.1:{port}/_homeport/healthz")).expect("answered after it");
    server.signal(Signal::TERM);
    wait_until("it takes no more", || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err());
    let told = home.command("where").run();
    assert_eq!(told.code, Some(75), "{told:?}");
    assert!(told.stderr.contains("it is stopping"), "{told:?}");
    let mut next = home.launcher().start();
    drop(client);
    next.ready();
    assert_eq!(server.exit().code, Some(0));
    assert_eq!(next.stop().code, Some(0));
}

#[test]
fn a_conflict_on_another_address_is_not_one_of_localhost() {
    let (home, stranger) = (Home::new(), Stranger::listening("127.0.0.2:0"));
    let refused = home.server().args(["--bind", "127.0.0.2"]).port(stranger.port).run();
    assert_eq!(refused.code, Some(69), "{refused:?}");
    assert_eq!(home.last("port_conflict")["class"], "in_use");
    let mut running = home.launcher().port(stranger.port).start();
    let asked = running.ready().port;
    assert_eq!(running.stop().code, Some(0));
    assert_eq!(asked, stranger.port);
}

#[test]
fn what_to_do_for_another_port_beside_a_server_alone_is_to_end_it() {
    let home = Home::new();
    let mut server = home.server().port(quiet_port()).start();
    server.ready();
    let told = home.launcher().without("--json").port(quiet_port()).run();
    assert!(told.stdout.contains(&format!("end process {}", server.pid())), "{told:?}");
    assert!(!told.stdout.contains("launcher move"), "{told:?}");
}

#[test]
fn the_port_of_a_launch_that_is_starting_is_its_own() {
    let (home, port) = (Home::new(), quiet_port());
    let running = home.launcher().port(port).fake(&["never-ready"]).start();
    wait_until("the server is started", || !home.events("server_spawned").is_empty());
    let explained = home.command("explain").arg(port.to_string()).arg("--json").run();
    assert_eq!(explained.line("explain")["class"], "own_instance", "{explained:?}");
    assert_eq!(home.command("stop").run().code, Some(0));
    running.exit();
}

/// Neither of them can be used or ended before it goes on.
#[test]
fn the_app_s_own_server_that_is_stopped_is_not_said_to_answer() {
    let (home, port) = (Home::new(), quiet_port());
    let mut running = home.launcher().port(port).start();
    running.ready();
    let server = running.servers().remove(0);
    server.signal(Signal::STOP);
    wait_until("it is stopped", || server.is_stopped());
    let told = home.server().without("--json").port(port).run();
    assert_eq!(told.code, Some(69), "{told:?}");
    assert!(told.stderr.contains(&format!("kill -CONT {}", server.pid())), "{told:?}");
    assert!(!told.stderr.contains("It answers"), "{told:?}");
    server.signal(Signal::CONT);
    assert_eq!(running.stop().code, Some(0));
}
