//! One server after the other on the very same sockets: clients do not notice.

use std::{
    io,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
};

use actix_web::{HttpResponse, web};
use shared::claim::{self, Claim};
use tokio::sync::Notify;

use crate::support::{Kept, PATIENCE, Running, serve_on, settings};

/// How many clients keep their connections, and how many of the others there are.
const CLIENTS: usize = 8;

/// How many servers follow each other.
const GENERATIONS: usize = 4;

/// The same sockets once more, as a launcher passes them on.
fn same(sockets: &Claim) -> Claim {
    let again = sockets.listeners().iter().map(std::net::TcpListener::try_clone);
    Claim::adopt(again.collect::<io::Result<_>>().expect("duplicates")).expect("listening")
}

/// A server whose responses identify it.
fn generation(sockets: &Claim, number: usize) -> Running {
    serve_on(same(sockets), settings(), move |routes| {
        routes.route("/", web::get().to(move || async move { number.to_string() }));
    })
}

/// What the clients have seen.
#[derive(Default)]
struct Seen {
    over: AtomicBool,
    count: Mutex<Count>,
    more: Condvar,
}

#[derive(Default)]
struct Count {
    /// The answers of each generation.
    answers: [usize; GENERATIONS],
    last_answers: usize,
    failures: Vec<io::Error>,
}

impl Seen {
    fn change(&self, change: impl FnOnce(&mut Count)) {
        change(&mut self.count.lock().expect("no panic"));
        self.more.notify_all();
    }

    /// Waits until the clients have had so many more answers of this generation, or one has failed.
    fn wait_for(&self, generation: usize, more: usize) {
        let count = self.count.lock().expect("no panic");
        let enough = count.answers[generation] + more;
        let is_waiting =
            |count: &mut Count| count.answers[generation] < enough && count.failures.is_empty();
        let waited = self.more.wait_timeout_while(count, PATIENCE, is_waiting);
        let (mut count, waited) = waited.expect("no panic");
        if waited.timed_out() {
            count.failures.push(io::ErrorKind::TimedOut.into());
        }
    }

    /// Asks without a pause, on one connection for as long as the server keeps it.
    fn ask_on(&self, port: u16) -> io::Result<()> {
        let mut kept = Kept::open(port)?;
        while !self.over.load(Ordering::Relaxed) {
            let answer = kept.ask("GET /")?;
            let generation: usize = answer.body.parse().map_err(io::Error::other)?;
            self.change(|count| {
                count.answers[generation] += 1;
                count.last_answers += usize::from(answer.is_last());
            });
            if answer.is_last() {
                kept.assert_closes();
                kept = Kept::open(port)?;
            }
        }
        Ok(())
    }

    /// Asks without a pause, on a connection for each request.
    fn ask_anew(&self, port: u16) -> io::Result<()> {
        while !self.over.load(Ordering::Relaxed) {
            Kept::open(port)?.ask("GET /")?;
        }
        Ok(())
    }
}

#[test]
fn clients_that_ask_all_the_time_lose_nothing_to_a_succession() {
    let sockets = claim::any().expect("some port");
    let port = sockets.port().get();
    let mut serving = generation(&sockets, 0);
    let seen = Seen::default();
    thread::scope(|scope| {
        for _ in 0..CLIENTS {
            for ask in [Seen::ask_on, Seen::ask_anew] {
                let seen = &seen;
                scope.spawn(move || {
                    if let Err(error) = ask(seen, port) {
                        seen.change(|count| count.failures.push(error));
                    }
                });
            }
        }
        for successor in 1..GENERATIONS {
            seen.wait_for(successor - 1, 20 * CLIENTS);
            let mut old = std::mem::replace(&mut serving, generation(&sockets, successor));
            old.ask_to_stop();
            old.wait();
            seen.wait_for(successor, 20 * CLIENTS);
        }
        seen.over.store(true, Ordering::Relaxed);
    });
    let count = seen.count.into_inner().expect("no panic");
    assert!(count.failures.is_empty(), "{:?}", count.failures);
    assert!(count.last_answers >= CLIENTS, "{}", count.last_answers);
}

#[test]
fn who_comes_between_two_servers_waits_for_the_second() {
    let sockets = claim::any().expect("some port");
    let mut first = generation(&sockets, 0);
    first.ask_to_stop();
    first.wait();
    let mut kept = Kept::open(sockets.port().get()).expect("the sockets are not shut down");
    kept.send("GET /").expect("sent");
    let _second = generation(&sockets, 1);
    assert_eq!(kept.answer().expect("an answer").body, "1");
}

#[test]
fn a_kept_connection_is_told_with_its_next_answer_and_an_idle_one_is_closed() {
    let sockets = claim::any().expect("some port");
    let port = sockets.port().get();
    let (to_test, began) = mpsc::channel();
    let release = Arc::new(Notify::new());
    let held = Arc::clone(&release);
    let mut app = serve_on(same(&sockets), settings(), move |routes| {
        let (to_test, held) = (to_test.clone(), Arc::clone(&held));
        let slow = move || {
            let (to_test, held) = (to_test.clone(), Arc::clone(&held));
            async move {
                to_test.send(()).expect("the test waits");
                held.notified().await;
                HttpResponse::Ok().body("slow")
            }
        };
        routes.route("/slow", web::get().to(slow));
        routes.route("/", web::get().to(|| async { "quick" }));
    });
    let [mut busy, mut kept, mut idle] = [(); 3].map(|()| Kept::open(port).expect("it listens"));
    for connection in [&mut kept, &mut idle] {
        assert!(!connection.ask("GET /").expect("an answer").is_last());
    }
    busy.send("GET /slow").expect("sent");
    began.recv_timeout(PATIENCE).expect("it began");
    app.ask_to_stop();
    // Until the server has heard it, answers are not the last ones.
    let mut answer = kept.ask("GET /").expect("an answer");
    while !answer.is_last() {
        answer = kept.ask("GET /").expect("an answer");
    }
    assert_eq!(answer.body, "quick");
    kept.assert_closes();
    // That ends the time that idle connections are given, and a request in flight outlives it.
    idle.assert_closes();
    release.notify_one();
    let answer = busy.answer().expect("an answer");
    assert_eq!((answer.status, answer.body.as_str(), answer.is_last()), (200, "slow", true));
    busy.assert_closes();
    app.wait();
}
