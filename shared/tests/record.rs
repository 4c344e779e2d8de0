//! A record is read back as it was written: slog writes it, serde reads it, and what is read is
//! written again as the same bytes.

use std::{net::SocketAddr, time::Duration};

use jiff::Timestamp;
use proptest::{prelude::*, sample::select};
use shared::{
    app::AppName,
    conflict::{Class, Conflict, Holder, Origin, OsError},
    event::{
        EndReason, Ending, Event, EventName, MoveReason, Process, RecoverySource, Relation,
        RequestedBy, RestartReason, SCHEMA, ServerAt, ServerEnd, ServerReady, ServerRestarting,
    },
    history::{Record, RecordLines},
    port::Port,
};
use uuid::Uuid;

fn port() -> impl Strategy<Value = Port> + Clone {
    (1..=u16::MAX).prop_map(|number| Port::new(number).expect("not 0"))
}

/// A time to the microsecond, up to the last that there is.
fn moment() -> impl Strategy<Value = Timestamp> + Clone {
    (0..253_402_207_200_000_000_i64)
        .prop_map(|micros| Timestamp::from_microsecond(micros).expect("within range"))
}

/// Up to a century.
fn time() -> impl Strategy<Value = Duration> + Clone {
    (0..3_155_760_000_000_000_u64).prop_map(Duration::from_micros)
}

/// What must be escaped, what is longer than a byte, and what looks like a part of a record.
fn text() -> impl Strategy<Value = String> + Clone {
    prop_oneof![any::<String>(), "[\"\\\\{}:,\\x00-\\x1f\u{7f}\u{2028}\u{1f4d3}a-z/]{0,20}"]
}

fn addresses() -> impl Strategy<Value = Vec<SocketAddr>> {
    prop::collection::vec(any::<SocketAddr>().prop_map(without_flow), 0..3)
}

/// The flow label is no part of an address as text.
fn without_flow(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(mut v6) => {
            v6.set_flowinfo(0);
            v6.into()
        }
        v4 => v4,
    }
}

fn holder() -> impl Strategy<Value = Holder> {
    let text = || prop::option::of(text());
    (any::<Option<u32>>(), text(), text(), text(), prop::option::of(moment()))
        .prop_map(|(pid, name, exe, user, started_at)| Holder { pid, name, exe, user, started_at })
}

fn conflict() -> impl Strategy<Value = Event> {
    let os_error = (any::<Option<i32>>(), text()).prop_map(|(code, kind)| OsError { code, kind });
    let what = (port(), select(Origin::ALL), select(Class::ALL));
    let found = (prop::option::of(os_error), prop::option::of(holder()), any::<bool>(), time());
    (what, found).prop_map(|((port, origin, class), (os_error, holder, last_good, elapsed))| {
        Event::PortConflict(Conflict { port, origin, class, os_error, holder, last_good, elapsed })
    })
}

fn server_at() -> impl Strategy<Value = ServerAt> + Clone {
    let addresses = addresses().boxed();
    (any::<u32>(), port(), addresses, time()).prop_map(|(server_pid, port, addresses, elapsed)| {
        ServerAt { server_pid, port, addresses, elapsed }
    })
}

fn server_end() -> impl Strategy<Value = ServerEnd> + Clone {
    let codes = (any::<Option<i32>>(), any::<Option<i32>>());
    let times = (prop::option::of(time()), prop::option::of(time()));
    let rest = (any::<u32>(), prop::option::of(port()), any::<Option<u32>>());
    (codes, times, rest).prop_map(
        |((exit_code, signal), (uptime, delay), (attempt, port, server_pid))| ServerEnd {
            exit_code,
            signal,
            uptime,
            attempt,
            delay,
            port,
            server_pid,
        },
    )
}

fn ending() -> impl Strategy<Value = Ending> + Clone {
    let by = prop::option::of(select(RequestedBy::ALL));
    (
        prop::option::of(port()),
        select(EndReason::ALL),
        any::<Option<i32>>(),
        prop::option::of(text()),
        by,
    )
        .prop_map(|(port, reason, exit_code, error, by)| Ending {
            port,
            reason,
            exit_code,
            error,
            by,
        })
}

fn event(name: EventName) -> BoxedStrategy<Event> {
    let option_of_port = || prop::option::of(port());
    match name {
        EventName::LaunchStarted => {
            (prop::collection::vec(text(), 0..4), option_of_port(), option_of_port())
                .prop_map(|(argv, last_good, home_port)| Event::LaunchStarted {
                    argv,
                    last_good,
                    home_port,
                })
                .boxed()
        }
        EventName::PortConflict => conflict().boxed(),
        EventName::PortClaimed => {
            (port(), select(Origin::ALL), addresses(), any::<usize>(), time())
                .prop_map(|(port, origin, addresses, tried, elapsed)| Event::PortClaimed {
                    port,
                    origin,
                    addresses,
                    tried,
                    elapsed,
                })
                .boxed()
        }
        EventName::PortMoved => (port(), port(), select(MoveReason::ALL))
            .prop_map(|(from, to, why)| Event::PortMoved { from, to, why })
            .boxed(),
        EventName::ServerSpawned => server_at().prop_map(Event::ServerSpawned).boxed(),
        EventName::ServerListening => server_at().prop_map(Event::ServerListening).boxed(),
        EventName::ServerReady => (server_at(), prop::option::of(time()))
            .prop_map(|(at, since_spawn)| Event::ServerReady(ServerReady { at, since_spawn }))
            .boxed(),
        EventName::PortAssigned => (port(), any::<u64>(), option_of_port())
            .prop_map(|(port, generation, previous)| Event::PortAssigned {
                port,
                generation,
                previous,
            })
            .boxed(),
        EventName::PortForgotten => (port(), any::<u64>())
            .prop_map(|(port, generation)| Event::PortForgotten { port, generation })
            .boxed(),
        EventName::ServerExited => server_end().prop_map(Event::ServerExited).boxed(),
        EventName::ServerRestarting => {
            let by = prop::option::of(select(RequestedBy::ALL));
            (server_end(), select(RestartReason::ALL), by)
                .prop_map(|(end, why, by)| {
                    Event::ServerRestarting(ServerRestarting { end, why, by })
                })
                .boxed()
        }
        EventName::LaunchGaveUp => server_end().prop_map(Event::LaunchGaveUp).boxed(),
        EventName::InstanceFound => (port(), text(), select(Relation::ALL))
            .prop_map(|(port, url, relation)| Event::InstanceFound { port, url, relation })
            .boxed(),
        EventName::SettingsChanged => (text(), prop::option::of(text()), prop::option::of(text()))
            .prop_map(|(key, from, to)| Event::SettingsChanged { key, from, to })
            .boxed(),
        EventName::StateRecovered => (text(), text(), select(RecoverySource::ALL))
            .prop_map(|(file, problem, source)| Event::StateRecovered { file, problem, source })
            .boxed(),
        EventName::PortReleased => ending().prop_map(Event::PortReleased).boxed(),
        EventName::LaunchStopped => ending().prop_map(Event::LaunchStopped).boxed(),
        EventName::LaunchFailed => ending().prop_map(Event::LaunchFailed).boxed(),
    }
}

fn record(name: EventName) -> impl Strategy<Value = Record> {
    let app = "[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
        .prop_filter_map("a name that the system keeps", |name| name.parse::<AppName>().ok());
    let writer = (select(Process::ALL), any::<u32>(), any::<u128>(), any::<u64>());
    (moment(), app, writer, text(), text(), event(name)).prop_map(
        |(ts, app, (process, pid, id, seq), version, machine, event)| Record {
            ts,
            schema: SCHEMA,
            app,
            process,
            pid,
            launch_id: Uuid::from_u128(id),
            seq,
            version,
            machine,
            event,
        },
    )
}

fn written(record: &Record) -> String {
    let mut lines = RecordLines::new(Vec::new());
    lines.write(record).expect("memory does not refuse");
    String::from_utf8(std::mem::take(lines.get_mut())).expect("UTF-8")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_read_and_written_again_is_the_same_record_and_the_same_bytes(
        records in EventName::ALL.iter().map(|name| record(*name)).collect::<Vec<_>>(),
    ) {
        for record in records {
            let line = written(&record);
            prop_assert_eq!(line.matches('\n').count(), 1, "one line: {}", line);
            let read: Record = line.parse().expect(&line);
            prop_assert_eq!(&read, &record, "{}", line);
            prop_assert_eq!(written(&read), line);
        }
    }
}
