//! The listeners of real programs, and what cannot be set up here by made-up tables.

use std::{
    slice, thread,
    time::{Duration, Instant},
};

use super::{snapshot::SocketHolder, *};
use shared::{claim, os::TreeProcess};

use crate::program::script::{Script, has_ipv6, reserved_port};

fn listener(address: &str, port: Port, owner: ListenerOwner) -> ObservedListener {
    let ip = address.parse().expect("an address");
    let address = SocketAddr::new(ip, port.get());
    ObservedListener { address, is_ipv6_only: false, owner }
}

fn of_tree(pid: u32) -> ListenerOwner {
    ListenerOwner::Tree { pid, proof: OwnershipProof::Descriptor }
}

fn of_stranger(pid: u32, is_new: bool) -> ListenerOwner {
    ListenerOwner::Stranger { pid: Some(pid), is_new }
}

#[test]
fn a_grandchild_that_listens_is_seen_wherever_it_listens() {
    let (_reservation, port) = reserved_port();
    let elsewhere = claim::any().expect("some port");
    let observer = Observer::new(port).expect("this system tells");
    let mut program = Script::start(
        port,
        "
if os.fork() == 0:
    if os.fork() == 0:
        held = listen('127.0.0.1'), listen('127.0.0.2', 0)
        tell(os.getpid(), held[1].getsockname()[1])
    wait()
wait()
",
    );
    let [pid, other] = program.numbers()[..] else { panic!("two numbers") };
    let seen = observer.observe(program.root()).expect("it runs");
    let other = Port::new(u16::try_from(other).expect("a port")).expect("not 0");
    let expected =
        [listener("127.0.0.1", port, of_tree(pid)), listener("127.0.0.2", other, of_tree(pid))];
    assert_eq!(seen.listeners, expected);
    drop(elsewhere);
}

#[test]
fn an_orphan_that_a_double_fork_left_is_of_the_tree() {
    let (_reservation, port) = reserved_port();
    let observer = Observer::new(port).expect("this system tells");
    let mut program = Script::start(
        port,
        "
root = os.getpid()
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        while os.getppid() != root: time.sleep(0.001)
        held = listen('0.0.0.0')
        tell(os.getpid())
        wait()
    os._exit(0)
wait()
",
    );
    let pid = program.number();
    let seen = observer.observe(program.root()).expect("it runs");
    assert_eq!(seen.listeners, [listener("0.0.0.0", port, of_tree(pid))]);
}

#[test]
fn a_stranger_beside_the_tree_is_named_and_known_to_be_new_or_not() {
    if !has_ipv6() {
        return;
    }
    let (_reservation, port) = reserved_port();
    let mut stranger = Script::start(
        port,
        "
held = listen('::1')
tell(os.getpid())
wait()
",
    );
    let late = Observer::new(port).expect("this system tells");
    let stranger_pid = stranger.number();
    let before = Observer::new(port).expect("this system tells");
    let mut program = Script::start(
        port,
        "
if os.fork() == 0:
    held = listen('127.0.0.1')
    tell(os.getpid())
    wait()
wait()
",
    );
    let pid = program.number();
    let expected = |is_new| {
        [
            listener("127.0.0.1", port, of_tree(pid)),
            listener("::1", port, of_stranger(stranger_pid, is_new)),
        ]
    };
    // The second time its holder is remembered.
    for _ in 0..2 {
        let seen = before.observe(program.root()).expect("it runs");
        assert_eq!(seen.listeners, expected(false));
    }
    // Python has been starting meanwhile, so that this one was made before the stranger listened.
    for _ in 0..2 {
        assert_eq!(late.observe(program.root()).expect("it runs").listeners, expected(true));
    }
    drop(stranger);
    let seen = before.observe(program.root()).expect("it runs");
    assert_eq!(seen.listeners, expected(false)[..1]);
}

#[test]
fn a_listener_for_every_address_says_whether_it_takes_ipv4() {
    if !has_ipv6() {
        return;
    }
    for is_ipv6_only in [false, true] {
        let (_reservation, port) = reserved_port();
        let observer = Observer::new(port).expect("this system tells");
        let mut program = Script::start(
            port,
            &format!(
                "
if os.fork() == 0:
    held = listen('::', only={})
    tell(os.getpid())
    wait()
wait()
",
                u8::from(is_ipv6_only)
            ),
        );
        let owner = of_tree(program.number());
        let seen = observer.observe(program.root()).expect("it runs");
        let expected = ObservedListener { is_ipv6_only, ..listener("::", port, owner) };
        assert_eq!(expected.distance([127, 0, 0, 1].into()).is_some(), !is_ipv6_only);
        assert_eq!(seen.listeners, [expected]);
    }
}

#[test]
fn what_the_tree_shares_with_a_stranger_is_the_trees_and_its_oldest_process_is_named() {
    let (_reservation, port) = reserved_port();
    let observer = Observer::new(port).expect("this system tells");
    // The script is the stranger, and starts the sitter.
    let mut stranger = Script::start(
        port,
        "
held = listen('127.0.0.1')
sitter = os.fork()
if sitter == 0:
    held_here = held
    main = os.fork()
    if main == 0:
        for _ in range(3):
            if os.fork() == 0: wait()
        tell(os.getppid(), os.getpid())
        wait()
    held.close()
    wait()
wait()
",
    );
    let [sitter, main] = stranger.numbers()[..] else { panic!("two numbers") };
    let seen = observer.observe(sitter).expect("it runs");
    assert_eq!(seen.listeners, [listener("127.0.0.1", port, of_tree(main))]);
}

#[test]
fn what_this_process_or_the_sitter_has_alone_is_left_out() {
    let ours = claim::any().expect("some port");
    let port = ours.port();
    let observer = Observer::new(port).expect("this system tells");
    let mut program = Script::start(
        port,
        "
held = listen('127.0.0.2')
tell(os.getpid())
wait()
",
    );
    program.number();
    let seen = observer.observe(program.root()).expect("it runs");
    assert_eq!(seen, Observation::default());
}

#[test]
fn a_program_that_forks_and_ends_all_the_time_is_never_a_stranger() {
    let (_reservation, port) = reserved_port();
    let observer = Observer::new(port).expect("this system tells");
    let mut program = Script::start(
        port,
        "
if os.fork() == 0:
    held = listen('127.0.0.1')
    tell(os.getpid())
    while True:
        if os.fork(): os._exit(0)
        time.sleep(0.002)
adopt()
",
    );
    program.number();
    let until = Instant::now() + Duration::from_secs(1);
    let mut pids = HashSet::new();
    while Instant::now() < until {
        let seen = observer.observe(program.root()).expect("it runs");
        for listener in seen.listeners {
            let ListenerOwner::Tree { pid, proof: OwnershipProof::Descriptor } = listener.owner
            else {
                panic!("{listener:?}");
            };
            pids.insert(pid);
        }
    }
    assert!(pids.len() > 10, "{pids:?}");
}

#[test]
fn a_listener_that_comes_and_goes_all_the_time_is_never_a_stranger() {
    let (_reservation, port) = reserved_port();
    let observer = Observer::new(port).expect("this system tells");
    let mut program = Script::start(
        port,
        "
if os.fork() == 0:
    tell(os.getpid())
    while True: listen('127.0.0.1').close()
wait()
",
    );
    let pid = program.number();
    let until = Instant::now() + Duration::from_millis(500);
    while Instant::now() < until {
        let seen = observer.observe(program.root()).expect("it runs");
        assert!(seen.listeners.iter().all(|listener| listener.owner == of_tree(pid)), "{seen:?}");
    }
}

#[test]
fn a_program_whose_sitter_is_gone_cannot_be_observed() {
    let (_reservation, port) = reserved_port();
    let observer = Observer::new(port).expect("this system tells");
    let root = Script::start(port, "").root();
    let error = observer.observe(root).expect_err("gone");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

/// A socket that listens on `127.0.0.1`, opened by user 7.
fn entry(port: u16, id: u64) -> SocketEntry {
    SocketEntry {
        local: SocketAddr::from(([127, 0, 0, 1], port)),
        state: os::SocketState::Listen,
        id: Some(id),
        uid: Some(7),
        pid: None,
        waiting: 0,
        is_ipv6_only: None,
    }
}

fn look(listeners: Vec<SocketEntry>, uid: Option<u32>) -> TreeSnapshot {
    let process = TreeProcess { pid: 20, parent: 10, uid, started: Some(1), can_be_read: false };
    TreeSnapshot { root: 10, listeners, tree: vec![SocketHolder { process, sockets: None }] }
}

#[test]
fn a_process_that_cannot_be_read_has_what_is_new_and_its_users_and_no_other_process() {
    let port = Port::new(9).expect("not 0");
    let old = entry(9, 1);
    let observer = Observer {
        port,
        further: BTreeSet::new(),
        baseline: HashSet::from([key(&old)]),
        holders: Mutex::default(),
        of_tree: Mutex::default(),
    };
    let owners = |uid, entry: &SocketEntry, holder| {
        let outsiders = HashMap::from([(2, Outsider::Of(holder)), (1, Outsider::Of(holder))]);
        let snapshot = look(vec![entry.clone()], uid);
        let owners = observer.owners(&snapshot, &outsiders);
        owners.into_iter().map(|(_, owner)| owner).collect::<Vec<_>>()
    };
    let new = entry(9, 2);
    let by_user = ListenerOwner::Tree { pid: 20, proof: OwnershipProof::User };
    let unseen = |is_new| ListenerOwner::Stranger { pid: None, is_new };
    assert_eq!(owners(Some(7), &new, None), [by_user]);
    assert_eq!(owners(Some(7), &entry(10, 2), None), [by_user], "elsewhere too");
    let own = SocketEntry { uid: System::default().own_uid(), ..new.clone() };
    assert_eq!(owners(None, &own, None), [by_user], "/proc hides the process");
    assert_eq!(owners(None, &SocketEntry { uid: Some(8), ..own }, None), [unseen(true)]);
    assert_eq!(owners(Some(7), &old, None), [unseen(false)], "it was there before");
    assert_eq!(owners(Some(8), &new, None), [unseen(true)], "another user's");
    assert_eq!(owners(Some(7), &new, Some(30)), [of_stranger(30, true)], "another process has it");
    assert_eq!(owners(Some(7), &new, Some(20)), [of_tree(20)]);
    assert_eq!(owners(Some(7), &new, Some(10)), [], "the sitter has it");
    assert_eq!(owners(Some(8), &entry(10, 2), Some(30)), [], "neither here nor of the tree");
}

#[test]
fn where_the_system_does_not_tell_a_socket_for_ipv4_shows_that_the_other_is_for_ipv6_alone() {
    let port = Port::new(9).expect("not 0");
    let observer = Observer {
        port,
        further: BTreeSet::new(),
        baseline: HashSet::new(),
        holders: Mutex::default(),
        of_tree: Mutex::default(),
    };
    let observed = |snapshot: &TreeSnapshot| {
        observation(snapshot, &observer.owners(snapshot, &HashMap::new()))
    };
    let wide = SocketEntry { local: "[::]:9".parse().expect("an address"), ..entry(9, 1) };
    let is_ipv6_only = |others: &[SocketEntry]| {
        let listeners = [slice::from_ref(&wide), others].concat();
        let seen = observed(&look(listeners, Some(8)));
        let listener = seen.listeners.iter().find(|listener| listener.address == wide.local);
        listener.expect("it listens").is_ipv6_only
    };
    assert!(!is_ipv6_only(&[]) && !is_ipv6_only(&[entry(10, 2)]));
    assert!(is_ipv6_only(&[entry(9, 2)]));
    let mapped = SocketEntry { local: "[::ffff:127.0.0.1]:9".parse().expect("one"), ..entry(9, 3) };
    assert!(is_ipv6_only(slice::from_ref(&mapped)));
    let seen = observed(&look(vec![mapped], Some(8)));
    let unseen = ListenerOwner::Stranger { pid: None, is_new: true };
    assert_eq!(seen.listeners, [listener("127.0.0.1", port, unseen)]);
}

#[test]
fn one_observer_serves_several_threads() {
    let (_reservation, port) = reserved_port();
    let observer = Observer::new(port).expect("this system tells");
    let root = std::process::id();
    let observe = || observer.observe(root).is_ok();
    thread::scope(|scope| {
        let both = [scope.spawn(observe), scope.spawn(observe)];
        assert!(both.map(|thread| thread.join().expect("no panic")).iter().all(|done| *done));
    });
}

#[test]
fn after_the_end_of_the_program_all_that_listens_on_its_port_is_a_stranger() {
    let (_reservation, port) = reserved_port();
    let observer = Observer::new(port).expect("this system tells");
    let mut program = Script::start(port, "held = listen('127.0.0.1')\ntell(os.getpid())\nwait()");
    let pid = program.number();
    let seen = observer.observe_after_end().expect("this system tells").listeners;
    let owner = ListenerOwner::Stranger { pid: Some(pid), is_new: true };
    assert_eq!(seen, [listener("127.0.0.1", port, owner)]);
}
