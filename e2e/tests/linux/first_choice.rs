//! Where an app goes that remembers nothing yet.

use e2e::{Home, Stranger};
use shared::policy::{CROWDED, PREFERRED};
use shared::port::Port;

/// A name of this process alone, so that no other test wants its port.
fn unique(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

#[test]
fn an_app_begins_at_the_same_port_after_everything_was_removed() {
    let first = |app: &str| Home::new().launcher().app(app).start().ready();
    let (one, again, other) =
        (first(&unique("one")), first(&unique("one")), first(&unique("other")));
    assert_eq!((one.origin.as_str(), one.port), ("first_choice", again.port));
    assert_ne!(one.port, other.port);
    let port = Port::new(one.port).expect("a port");
    assert!(PREFERRED.contains(port) && !CROWDED.iter().any(|range| range.contains(port)));
}

/// The policy, with a port that is free: bookmarks of the other app stay valid.
#[test]
fn a_port_that_another_app_remembers_is_not_chosen_although_it_is_free() {
    let newcomer = &unique("newcomer");
    let wanted = Home::new().launcher().app(newcomer).start().ready();
    assert_eq!(wanted.origin, "first_choice");
    let home = Home::new();
    let mut owner = home.launcher().app("owner").port(wanted.port).start();
    owner.ready();
    owner.stop();
    let ready = home.launcher().app(newcomer).start().ready();
    assert_ne!(ready.port, wanted.port);
}

#[test]
fn a_first_choice_that_is_taken_costs_nothing_but_another_try() {
    let late = &unique("late");
    let wanted = Home::new().launcher().app(late).start().ready();
    let _stranger = Stranger::listening(&format!("127.0.0.1:{}", wanted.port));
    let home = Home::new();
    let ready = home.launcher().app(late).start().ready();
    assert_ne!(ready.port, wanted.port);
    let conflict = home.conflict_over(wanted.port);
    assert_eq!(
        (&conflict["origin"], &conflict["class"]),
        (&"first_choice".into(), &"in_use".into())
    );
}
