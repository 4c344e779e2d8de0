//! Forwarders between real sockets.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    },
    thread,
    time::Duration,
};

use shared::claim;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// How long a read may take that is to have an answer.
const PATIENCE: Duration = Duration::from_secs(30);

const MEBIBYTE: usize = 1 << 20;

fn listener() -> TcpListener {
    claim::any().expect("some port").into_listeners().swap_remove(0)
}

fn address(listener: &TcpListener) -> SocketAddr {
    listener.local_addr().expect("it is bound")
}

/// A forwarder to a back end that serves each connection so, and where it listens.
fn forwarding(serve: impl Fn(&TcpStream) + Clone + Send + 'static) -> (Forwarder, SocketAddr) {
    to(back_end(serve))
}

fn to(target: SocketAddr) -> (Forwarder, SocketAddr) {
    let listener = listener();
    let front = address(&listener);
    (Forwarder::start(listener, target).expect("a thread"), front)
}

/// A back end with a thread for each connection, until the test ends.
fn back_end(serve: impl Fn(&TcpStream) + Clone + Send + 'static) -> SocketAddr {
    let listener = listener();
    let target = address(&listener);
    thread::spawn(move || {
        for connection in listener.incoming() {
            let (connection, serve) = (patient(connection.expect("accepted")), serve.clone());
            thread::spawn(move || serve(&connection));
        }
    });
    target
}

fn connect(front: SocketAddr) -> TcpStream {
    patient(TcpStream::connect(front).expect("it listens"))
}

fn patient(connection: TcpStream) -> TcpStream {
    connection.set_read_timeout(Some(PATIENCE)).expect("a limit");
    connection
}

/// What comes until the end.
fn rest(mut connection: &TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    connection.read_to_end(&mut all).expect("an end");
    all
}

/// Gives back what comes, piece by piece.
fn echo(connection: &TcpStream) {
    // One that breaks off wants no more.
    let _ = std::io::copy(&mut &*connection, &mut &*connection);
}

/// Says something and hears it.
fn hears_itself(mut client: &TcpStream, words: &[u8]) -> bool {
    client.write_all(words).expect("it is read");
    let mut heard = vec![0; words.len()];
    client.read_exact(&mut heard).expect("an answer");
    heard == words
}

/// Bytes of every value, in no order.
fn noise(seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        // The generator of Knuth's MMIX.
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(MEBIBYTE).collect()
}

/// How a connection ended: `None` by its end, else with this error.
fn end_of(mut client: &TcpStream) -> Option<ErrorKind> {
    match client.read(&mut [0]) {
        Ok(0) => None,
        Ok(_) => panic!("it says something"),
        Err(error) => Some(error.kind()),
    }
}

#[test]
fn bytes_pass_unchanged_both_ways_at_once() {
    let (there, back) = (noise(1), noise(2));
    let (wanted, answer) = (there.clone(), back.clone());
    let (_forwarder, front) = forwarding(move |mut connection| {
        let (wanted, reading) = (wanted.clone(), connection.try_clone().expect("a descriptor"));
        let reader = thread::spawn(move || assert!(rest(&reading) == wanted));
        connection.write_all(&answer).expect("it is read");
        connection.shutdown(Shutdown::Write).expect("connected");
        reader.join().expect("all came as it was");
    });
    let mut client = connect(front);
    let reading = client.try_clone().expect("a descriptor");
    let reader = thread::spawn(move || rest(&reading));
    client.write_all(&there).expect("it is read");
    client.shutdown(Shutdown::Write).expect("connected");
    assert!(reader.join().expect("no panic") == back);
}

#[test]
fn one_side_may_end_what_it_says_while_the_other_goes_on() {
    let (_forwarder, front) = forwarding(|mut connection| {
        let question = rest(connection);
        connection.write_all(&question).expect("it is read");
    });
    let mut client = connect(front);
    client.write_all(b"who is there?").expect("it is read");
    client.shutdown(Shutdown::Write).expect("connected");
    assert_eq!(rest(&client), b"who is there?");

    let (heard, hears) = channel();
    let (_forwarder, front) = forwarding(move |mut connection| {
        connection.write_all(b"speak").expect("it is read");
        connection.shutdown(Shutdown::Write).expect("connected");
        heard.send(rest(connection)).expect("the test waits");
    });
    let mut client = connect(front);
    assert_eq!(rest(&client), b"speak");
    client.write_all(b"I do").expect("the other direction is open");
    drop(client);
    assert_eq!(hears.recv_timeout(PATIENCE).expect("an end"), b"I do");
}

#[test]
fn two_hundred_connections_are_served_at_the_same_time() {
    const CLIENTS: usize = 200;
    let (_forwarder, front) = forwarding(echo);
    let all = Arc::new(Barrier::new(CLIENTS));
    let clients = (0..CLIENTS).map(|number| {
        let all = Arc::clone(&all);
        thread::spawn(move || {
            let client = connect(front);
            // None goes before all have been heard.
            let words = number.to_string().repeat(100);
            assert!(hears_itself(&client, words.as_bytes()));
            all.wait();
            assert!(hears_itself(&client, words.as_bytes()));
        })
    });
    clients.collect::<Vec<_>>().into_iter().for_each(|client| client.join().expect("served"));
}

#[test]
fn a_connection_beyond_the_limit_waits_until_another_one_ends() {
    const LIMIT: usize = 8;
    let (most, now) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let most_seen = Arc::clone(&most);
    let serve = move |mut connection: net::TcpStream, ()| {
        let (most, now) = (Arc::clone(&most), Arc::clone(&now));
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            connection.write_all(b"!").await.expect("its client reads");
            assert_eq!(connection.read(&mut [0]).await.expect("its client ends"), 0);
            now.fetch_sub(1, Ordering::SeqCst);
        }
    };
    let listener = listener();
    let front = address(&listener);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let listener = adopt(&runtime, listener).expect("a listener");
    let (_is_open, until_closed) = oneshot::channel();
    thread::spawn(move || {
        runtime.block_on(accept_until(until_closed, listener, LIMIT, || Ok(()), serve))
    });

    let connected = std::iter::repeat_with(|| connect(front));
    let mut served: Vec<_> = connected.take(2 * LIMIT).collect();
    let waiting = served.split_off(LIMIT);
    let is_served = |mut client: &TcpStream| client.read_exact(&mut [0]).expect("it is served");
    served.iter().for_each(is_served);
    for (before, client) in served.into_iter().zip(&waiting) {
        drop(before);
        is_served(client);
    }
    assert_eq!(most_seen.load(Ordering::SeqCst), LIMIT);
}

#[test]
fn a_connection_for_which_the_system_has_nothing_left_waits_and_is_not_reset() {
    let (refusals, refused) = channel();
    let is_left = Arc::new(AtomicUsize::new(0));
    let left = Arc::clone(&is_left);
    let prepare = move || {
        let had = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        had.map(drop).map_err(|_| {
            let _ = refusals.send(());
            std::io::Error::from(ErrorKind::Other)
        })
    };
    let serve = |mut connection: net::TcpStream, ()| async move {
        connection.write_all(b"!").await.expect("its client reads");
    };
    let listener = listener();
    let front = address(&listener);
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let listener = adopt(&runtime, listener).expect("a listener");
    let (_is_open, until_closed) = oneshot::channel();
    thread::spawn(move || {
        runtime.block_on(accept_until(until_closed, listener, 9, prepare, serve))
    });
    for _ in 0..3 {
        let client = connect(front);
        refused.try_iter().for_each(drop);
        // It is tried again and again, and nothing is lost by that.
        for _ in 0..2 {
            refused.recv_timeout(PATIENCE).expect("it is tried again");
        }
        is_left.store(1, Ordering::SeqCst);
        assert_eq!(rest(&client), b"!");
    }
}

#[test]
fn the_end_of_one_connection_is_passed_on_and_is_none_of_the_others() {
    let (_forwarder, front) = forwarding(|connection| {
        let mut order = [0];
        (&*connection).read_exact(&mut order).expect("an order");
        match order {
            [b'c'] => {}
            [b'r'] => socket2::SockRef::from(connection)
                .set_linger(Some(Duration::ZERO))
                .expect("it will be reset"),
            _ => echo(connection),
        }
    });
    let witness = connect(front);
    (&witness).write_all(b"e").expect("it is read");
    assert!(hears_itself(&witness, b"before"));
    for (order, end) in [(b"c", None), (b"r", Some(ErrorKind::ConnectionReset))] {
        let mut client = connect(front);
        client.write_all(order).expect("it is read");
        assert_eq!(end_of(&client), end, "{order:?}");
        assert!(hears_itself(&witness, b"still there"), "{order:?}");
    }
}

#[test]
fn a_client_that_breaks_off_is_broken_off_for_the_back_end() {
    let (ended, ends) = channel();
    let (_forwarder, front) = forwarding(move |connection| {
        (&*connection).read_exact(&mut [0]).expect("a byte");
        (&*connection).write_all(b"!").expect("it is read");
        ended.send(end_of(connection)).expect("the test waits");
    });
    let client = connect(front);
    (&client).write_all(b"?").expect("it is read");
    (&client).read_exact(&mut [0]).expect("an answer");
    socket2::SockRef::from(&client).set_linger(Some(Duration::ZERO)).expect("it will be reset");
    drop(client);
    assert_eq!(ends.recv_timeout(PATIENCE), Ok(Some(ErrorKind::ConnectionReset)));
}

#[test]
fn a_connection_that_no_back_end_takes_is_reset_and_the_next_one_tries_anew() {
    let reserved =
        socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).expect("a socket");
    reserved.set_reuse_address(true).expect("to listen later");
    reserved.bind(&"127.0.0.1:0".parse::<SocketAddr>().expect("an address").into()).expect("bound");
    let target = reserved.local_addr().expect("bound").as_socket().expect("an address");
    let (_forwarder, front) = to(target);
    assert_eq!(end_of(&connect(front)), Some(ErrorKind::ConnectionReset));
    reserved.listen(1).expect("bound");
    let client = connect(front);
    let (connection, _) = reserved.accept().expect("the next one");
    drop(client);
    assert_eq!(rest(&connection.into()), b"");
}

#[test]
fn a_back_end_that_never_answers_holds_up_no_other_connection() {
    let (silent, heard): (Sender<_>, _) = channel();
    let (_forwarder, front) = forwarding(move |connection| {
        let mut order = [0];
        (&*connection).read_exact(&mut order).expect("an order");
        match order {
            [b's'] => silent.send(rest(connection)).expect("the test waits"),
            _ => echo(connection),
        }
    });
    let silent: Vec<_> = std::iter::repeat_with(|| connect(front)).take(20).collect();
    silent.iter().for_each(|mut client| client.write_all(b"shello").expect("it is read"));
    let client = connect(front);
    (&client).write_all(b"e").expect("it is read");
    assert!(hears_itself(&client, b"served meanwhile"));
    // Each that gives up is told to the back end.
    drop(silent);
    for _ in 0..20 {
        assert_eq!(heard.recv_timeout(PATIENCE).expect("an end"), b"hello");
    }
}

#[test]
fn what_waits_in_the_queue_at_the_end_is_served_and_nothing_after_it() {
    const WAITING: usize = 20;
    let listener = listener();
    let (front, target) = (address(&listener), back_end(echo));
    let clients: Vec<_> = std::iter::repeat_with(|| connect(front)).take(WAITING).collect();
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let listener = adopt(&runtime, listener).expect("a listener");
    let (is_open, until_closed) = oneshot::channel();
    drop(is_open);
    let prepare = || socket_for(target);
    let serve = |client, socket| forward(client, socket, target);
    let mut connections = runtime.block_on(accept_until(until_closed, listener, 1, prepare, serve));
    assert_eq!(connections.len(), WAITING);
    TcpStream::connect(front).expect_err("it is closed");
    thread::spawn(move || {
        runtime.block_on(async { while connections.join_next().await.is_some() {} });
    });
    for client in &clients {
        assert!(hears_itself(client, b"forwarded"));
    }
}

#[test]
fn a_forwarder_that_is_dropped_listens_no_longer_and_its_connections_go_on() {
    let (forwarder, front) = forwarding(echo);
    let client = connect(front);
    assert!(hears_itself(&client, b"before"));
    drop(forwarder);
    TcpStream::connect(front).expect_err("it is closed");
    assert!(hears_itself(&client, b"after"));
    // The address is free, and may be forwarded anew.
    let again = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
    let again = again.expect("a socket");
    again.set_reuse_address(true).expect("an option");
    again.bind(&front.into()).expect("it is free");
    again.listen(1).expect("nothing else does");
    let _forwarder = Forwarder::start(again.into(), back_end(echo)).expect("a thread");
    assert!(hears_itself(&connect(front), b"again") && hears_itself(&client, b"still"));
}
