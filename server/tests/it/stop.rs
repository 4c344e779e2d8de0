//! The end of a server: what is in flight is finished, the sockets are closed, idle
//! connections are not waited for.

use std::{
    io::{Read, Write},
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use actix_web::web;
use shared::{claim, port::Port};
use tokio::sync::Notify;

use crate::support::{PATIENCE, plain, read, serve, settings};

#[test]
fn a_request_in_flight_is_finished_and_then_the_port_is_free() {
    let (to_test, began) = mpsc::channel();
    let release = Arc::new(Notify::new());
    let held = Arc::clone(&release);
    let mut app = serve(settings(), move |routes| {
        let (to_test, held) = (to_test.clone(), Arc::clone(&held));
        routes.route(
            "/slow",
            web::get().to(move || {
                let (to_test, held) = (to_test.clone(), Arc::clone(&held));
                async move {
                    to_test.send(()).expect("the test waits");
                    held.notified().await;
                    "done"
                }
            }),
        );
    });
    let mut stream = app.connect();
    let request = format!("GET /slow HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", app.port);
    stream.write_all(request.as_bytes()).expect("sent");
    began.recv_timeout(PATIENCE).expect("it began");
    app.ask_to_stop();
    release.notify_one();
    let answer = read(&mut stream);
    assert_eq!((answer.status, answer.body.as_str()), (200, "done"));
    app.wait();
    claim::port(Port::new(app.port).expect("not 0")).expect("the port is free again");
}

#[test]
fn an_idle_connection_does_not_hold_up_the_end() {
    let mut app = plain();
    let mut stream = app.connect();
    let request =
        format!("GET /_homeport/healthz HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", app.port);
    stream.write_all(request.as_bytes()).expect("sent");
    assert!(stream.read(&mut [0; 4096]).expect("an answer") > 0);
    let began = Instant::now();
    app.ask_to_stop();
    app.wait();
    // The connection would be kept for 75 s, and a request in flight for as long as the patience.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}
