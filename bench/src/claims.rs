//! Claims of both loopback addresses, beside the bare system calls and two port pickers.

use std::{
    hint::black_box,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    os::fd::OwnedFd,
};

use rustix::net::{AddressFamily, SocketType, bind, listen, socket, sockopt};
use shared::{claim, policy::DEFAULT_RANGE, port::Port};

use crate::stats::{Row, row, take_turns};

/// Enough for a median that two runs agree on.
const ROUNDS: usize = 4000;

pub(crate) fn measure() -> io::Result<Vec<Row>> {
    // Released before the first round: no other program uses it, and every round claims it again.
    let port = claim::any().map_err(io::Error::other)?.port();
    let mut ours = || drop(black_box(claim::port(port)));
    let mut bare = || drop(black_box(system_calls(port)));
    let mut portpicker = || _ = black_box(portpicker::pick_unused_port());
    let range = DEFAULT_RANGE.first().get()..DEFAULT_RANGE.last().get();
    let mut openport = || _ = black_box(openport::pick_unused_port(range.clone()));
    let [ours, bare, portpicker, openport] =
        take_turns(ROUNDS, [&mut ours, &mut bare, &mut portpicker, &mut openport]);
    let what = "claim of both loopbacks, held";
    Ok(vec![
        row(what, ours, "bare system calls", bare),
        row(what, ours, "portpicker, not held", portpicker),
        row(what, ours, "openport, not held", openport),
    ])
}

/// The system calls that every claim needs.
fn system_calls(port: Port) -> io::Result<[OwnedFd; 2]> {
    let bound = |family, address: SocketAddr| {
        let socket = socket(family, SocketType::STREAM, None)?;
        sockopt::set_socket_reuseaddr(&socket, true)?;
        if address.is_ipv6() {
            sockopt::set_ipv6_v6only(&socket, true)?;
        }
        bind(&socket, &address)?;
        io::Result::Ok(socket)
    };
    let v4 = bound(AddressFamily::INET, (Ipv4Addr::LOCALHOST, port.get()).into())?;
    let v6 = bound(AddressFamily::INET6, (Ipv6Addr::LOCALHOST, port.get()).into())?;
    listen(&v4, claim::BACKLOG)?;
    listen(&v6, claim::BACKLOG)?;
    Ok([v4, v6])
}
