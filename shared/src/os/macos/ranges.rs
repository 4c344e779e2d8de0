//! The port ranges that macOS controls, by `sysctl`.

use std::ffi::CStr;

use super::sysctl::sysctl;
use crate::{
    os::{interface::PortRanges, port_bitmap},
    port::{Port, PortRange},
};

/// `net.inet.ip.portrange.first` and `.last` of an unchanged macOS.
const EPHEMERAL: PortRange = PortRange::literal(49152, 65535);

/// What is restricted if the system does not report it.
const RESTRICTED: PortRange = PortRange::literal(55555, 55555);

/// The ranges as they are at this moment. Low ports need rights on a loopback address.
pub fn port_ranges() -> PortRanges {
    PortRanges {
        ephemeral: ephemeral().or(Some(EPHEMERAL)),
        excluded: Vec::new(),
        restricted: restricted(),
        unprivileged_start: 1024,
    }
}

/// What is kept for programs with an entitlement.
pub(super) fn restricted() -> Vec<PortRange> {
    let mut bitmap = [0_u8; port_bitmap::BYTES];
    match sysctl(c"net.restricted_port.bitmap", &mut bitmap) {
        Some(length) => port_bitmap::ranges(&bitmap[..length]),
        None => vec![RESTRICTED],
    }
}

fn ephemeral() -> Option<PortRange> {
    let first = port(c"net.inet.ip.portrange.first")?;
    let last = port(c"net.inet.ip.portrange.last")?;
    // Written the wrong way round they have the kernel count downwards.
    PortRange::new(first.min(last), first.max(last)).ok()
}

fn port(name: &CStr) -> Option<Port> {
    let mut number = [0_u8; size_of::<i32>()];
    sysctl(name, &mut number).filter(|&length| length == number.len())?;
    Port::try_from(i64::from(i32::from_ne_bytes(number))).ok()
}
