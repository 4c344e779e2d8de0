//! The example of an app with routes of its own, kept by the launcher.

use e2e::{Home, get, program, quiet_port};
use serde_json::json;

#[test]
fn the_example_is_served_and_kept_on_its_port() {
    let home = Home::new();
    let notes = program("examples/notes");
    let launch = home.launcher().setting(format!("command = {}", json!([notes])));
    let mut running = launch.port(quiet_port()).start();
    let url = running.ready().url;
    let serves = || {
        let page = get(&url).expect("an answer");
        assert_eq!(page.status, 200);
        for id in ["add", "text", "save", "notes", "count", "console"] {
            assert!(page.body.contains(&format!("id=\"{id}\"")), "{id} in {}", page.body);
        }
        assert!(get(&format!("{url}notes.js")).expect("an answer").body.contains("localStorage"));
        assert_eq!(get(&format!("{url}_homeport/healthz")).expect("an answer").status, 200);
    };
    serves();
    assert_eq!(home.command("restart").run().code, Some(0));
    serves();
    assert_eq!(running.stop().code, Some(0));
}
