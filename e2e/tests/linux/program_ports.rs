//! The further ports of programs, and references to other apps.

use std::fs;

use e2e::{Home, Stranger, get, is_free, wait_until};
use serde_json::Value;
use shared::{allotted_ports::AllottedPorts, app::AppName, discovery::Discovery};

use crate::python_programs::{serve, words};

fn name(name: &str) -> AppName {
    name.parse().expect("a name")
}

fn metrics_of(home: &Home, app: &str) -> u16 {
    let ports = AllottedPorts::of(home.folders(), &name(app)).ports;
    ports.get(&name("metrics")).expect("remembered").get()
}

#[test]
fn a_further_port_is_kept_published_and_forgotten() {
    let home = Home::new();
    let start = || serve(&home, "shop", "--ports admin", &["{port}", "{port:metrics}"]).start();
    let mut running = start();
    let ready = running.ready();
    let metrics = metrics_of(&home, "shop");
    assert_eq!(words(&home, "shop"), [ready.port.to_string(), metrics.to_string()]);
    let published = Discovery::read(&home.folders().discovery(&name("shop"))).expect("published");
    let names: Vec<_> = published.ports.keys().cloned().collect();
    assert_eq!(names, ["admin", "metrics"]);
    assert_eq!(published.ports["metrics"].get(), metrics);
    assert!(!is_free(metrics), "it is reserved while the program does not use it");
    let told = home.ask("where --app shop").line("where");
    assert_eq!(told["ports"]["metrics"], metrics);
    let whose = home.ask(&format!("explain {metrics} --app shop")).line("explain");
    assert!(whose["remarks"].as_array().expect("a list").contains(&"further_port".into()));
    let whose = home.ask(&format!("explain {metrics}")).line("explain");
    assert_eq!(whose["reserved_by"], "shop", "{whose}");
    let reserved = home.events("port_reserved");
    let further = reserved.iter().filter(|record| record["origin"] == "further");
    let mut further: Vec<_> = further.map(|record| record["port"].clone()).collect();
    further.sort_by_key(Value::as_u64);
    let mut wanted: Vec<_> = published.ports.values().map(|port| port.get()).collect();
    wanted.sort_unstable();
    assert_eq!(further, wanted);
    assert_eq!(running.stop().code, Some(0));
    assert!(is_free(metrics));

    let mut running = start();
    running.ready();
    assert_eq!(metrics_of(&home, "shop"), metrics);
    assert_eq!(words(&home, "shop")[1], metrics.to_string());
    running.stop();
    let told = home.command("forget --app shop").run();
    assert!(told.stdout.contains(&format!("port {metrics} (metrics)")), "{told:?}");
    assert_eq!(AllottedPorts::of(home.folders(), &name("shop")), AllottedPorts::default());
}

#[test]
fn a_further_port_that_is_taken_is_replaced_and_the_conflict_recorded() {
    let home = Home::new();
    let start = || serve(&home, "shop", "", &["{port}", "{port:metrics}"]);
    let mut running = start().start();
    running.ready();
    running.stop();
    let lost = metrics_of(&home, "shop");
    let stranger = Stranger::listening(&format!("127.0.0.1:{lost}"));
    let fail = serve(&home, "shop", "--on-conflict fail", &["{port}", "{port:metrics}"]).run();
    assert_eq!(fail.code, Some(69), "{fail:?}");
    assert!(fail.stderr.contains(&lost.to_string()), "{fail:?}");
    let mut running = start().start();
    running.ready();
    let metrics = metrics_of(&home, "shop");
    assert_ne!(metrics, lost);
    assert_eq!(words(&home, "shop")[1], metrics.to_string());
    wait_until("it is said", || running.stderr().contains("the further port metrics is"));
    let conflict = home.conflict_over(lost);
    assert_eq!((&conflict["origin"], &conflict["class"]), (&"further".into(), &"in_use".into()));
    assert_eq!(conflict["holder"]["pid"], stranger.pid);
    drop(stranger);
    running.stop();
}

#[test]
fn a_program_on_its_further_port_alone_has_not_moved_there() {
    let home = Home::new();
    let script = "
import socket, sys, time
def listen(port):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(('127.0.0.1', int(port))); s.listen(); return s
first = listen(sys.argv[2]); time.sleep(2.5); second = listen(sys.argv[1]); time.sleep(60)
";
    let folder = crate::python_programs::folder(&home, "slow");
    let launch = home.command("--json run --cwd").arg(folder).args(["--", "python3", "-c", script]);
    let mut running = launch.args(["{port}", "{port:debugger}"]).start();
    running.ready();
    running.stop();
}

#[test]
fn apps_that_refer_to_each_other_agree_whichever_starts_first_or_both_at_once() {
    for at_once in [false, true] {
        let home = Home::new();
        let start = |app: &str, other: &str| {
            let words = ["{port}", &format!("{{port@{other}}}"), &format!("{{url@{other}}}")];
            serve(&home, app, "", &words).start()
        };
        let mut web = start("web", "api");
        if !at_once {
            web.ready();
        }
        let mut api = start("api", "web");
        let ports = [web.ready().port, api.ready().port];
        let wanted = |own: usize, other: usize| {
            let (own, other) = (ports[own], ports[other]);
            (own.to_string(), other.to_string(), format!(":{other}/"))
        };
        for (app, (own, other, url)) in [("web", wanted(0, 1)), ("api", wanted(1, 0))] {
            let words = words(&home, app);
            assert_eq!(words[..2], [own, other], "{app}");
            assert!(words[2].starts_with("http://") && words[2].ends_with(&url), "{words:?}");
        }
        assert!(get(&words(&home, "web")[2]).expect("an answer").body.contains("hello"));
        api.stop();
        web.stop();
    }
}

#[test]
fn the_further_port_of_another_app_and_our_own_server_can_be_referred_to() {
    let home = Home::new();
    let words_of = ["{port}", "{port:metrics@api}", "{port@server}", "{port@web}"];
    let mut web = serve(&home, "web", "", &words_of).start();
    let ready = web.ready();
    let told = words(&home, "web");
    let mut api = serve(&home, "api", "", &["{port}", "{port:metrics}"]).start();
    api.ready();
    assert_eq!(words(&home, "api")[1], told[1]);
    let mut server = home.launcher().start();
    assert_eq!(server.ready().port.to_string(), told[2]);
    assert_eq!(told[3], ready.port.to_string(), "its own");
    for running in [web, api, server] {
        running.stop();
    }
}

#[test]
fn the_folder_of_the_app_is_there_when_the_program_starts() {
    let home = Home::new();
    let mut running = serve(&home, "shop", "", &["{port}", "{dir}"]).start();
    running.ready();
    assert!(fs::metadata(&words(&home, "shop")[1]).expect("there").is_dir());
    running.stop();
}
