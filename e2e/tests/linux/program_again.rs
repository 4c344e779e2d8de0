//! A second `run` of an app that runs.

use e2e::{Home, quiet_port};

use crate::python_programs::{folder, serve, words};

#[test]
fn a_second_run_says_where_the_first_is_and_how_it_differs() {
    let home = Home::new();
    let mut running = serve(&home, "shop", "", &["{port}", "one"]).start();
    let ready = running.ready();
    let again = serve(&home, "shop", "", &["{port}", "one"]).run();
    assert_eq!(again.code, Some(0), "{again:?}");
    assert_eq!(again.line("instance_found")["url"], *ready.url);
    assert!(!again.stderr.contains("another command"), "{again:?}");
    let other = serve(&home, "shop", "", &["{port}", "two"]).run();
    assert_eq!(other.code, Some(0), "{other:?}");
    assert!(other.stderr.contains("run --replace --app shop"), "{other:?}");
    assert!(!running.has_ended());

    let text = serve(&home, "shop", &format!("--port {}", quiet_port()), &["{port}", "one"]);
    let text = text.without("--json").run();
    assert_eq!(text.code, Some(0), "{text:?}");
    assert!(
        text.stderr.contains("is running already") && text.stderr.contains("move "),
        "{text:?}"
    );

    let elsewhere = serve(&home, "other", "--app shop", &["{port}", "one"]).run();
    assert_eq!(elsewhere.code, Some(0), "{elsewhere:?}");
    for folder in [folder(&home, "shop"), folder(&home, "other")] {
        assert!(elsewhere.stderr.contains(&folder), "{elsewhere:?}");
    }
    assert_eq!(home.ask("status --app shop").line("status")["port"], ready.port);
    running.stop();
}

#[test]
fn a_program_that_is_to_replace_another_has_its_port() {
    let home = Home::new();
    let mut first = serve(&home, "shop", "", &["{port}", "one"]).start();
    let port = first.ready().port;
    let mut second = serve(&home, "shop", "--replace", &["{port}", "two"]).start();
    assert_eq!(second.ready().port, port);
    assert_eq!(first.exit().code, Some(0));
    assert_eq!(words(&home, "shop")[1], "two");
    second.stop();
    let mut alone = serve(&home, "shop", "--replace", &["{port}", "three"]).start();
    assert_eq!(alone.ready().port, port);
    alone.stop();
}
