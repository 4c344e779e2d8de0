//! The port ranges that the kernel controls, from `/proc/sys/net/ipv4`.

use std::{fs, ops::RangeInclusive};

use crate::{
    os::interface::PortRanges,
    port::{Port, PortRange},
};

/// The kernel's defaults, for when `/proc` cannot be read.
const DEFAULT_EPHEMERAL: PortRange = PortRange::literal(32768, 60999);
const DEFAULT_UNPRIVILEGED_START: u16 = 1024;

/// The ranges of this network namespace, as they are at this moment.
pub fn port_ranges() -> PortRanges {
    let setting = |name| fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).ok();
    parse(
        setting("ip_local_port_range").as_deref(),
        setting("ip_local_reserved_ports").as_deref(),
        setting("ip_unprivileged_port_start").as_deref(),
    )
}

fn parse(ephemeral: Option<&str>, reserved: Option<&str>, start: Option<&str>) -> PortRanges {
    let ephemeral = ephemeral.and_then(|text| {
        let (first, last) = text.trim().split_once(char::is_whitespace)?;
        range(first, last)
    });
    let start = start.and_then(|text| text.trim().parse().ok());
    PortRanges {
        ephemeral: ephemeral.or(Some(DEFAULT_EPHEMERAL)),
        excluded: reserved.map(list).unwrap_or_default(),
        restricted: Vec::new(),
        unprivileged_start: start.unwrap_or(DEFAULT_UNPRIVILEGED_START),
    }
}

/// `8080,9148-9150`, as `ip_local_reserved_ports` writes it. Explicitly these ports can be had, but
/// the administrator who set them aside meant them for another program.
fn list(text: &str) -> Vec<PortRange> {
    let one = |part: &str| match part.split_once('-') {
        Some((first, last)) => range(first, last),
        None => range(part, part),
    };
    text.split(',').filter_map(one).collect()
}

fn range(first: &str, last: &str) -> Option<PortRange> {
    let numbers: RangeInclusive<u16> = first.trim().parse().ok()?..=last.trim().parse().ok()?;
    let first = Port::new((*numbers.start()).max(1))?;
    PortRange::new(first, Port::new(*numbers.end())?).ok()
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn the_kernels_own_notation_is_read() {
        let ranges = parse(Some("20000\t20003\n"), Some("8080,9148-9150\n"), Some("80\n"));
        assert_eq!(ranges.ephemeral, Some(PortRange::literal(20000, 20003)));
        let expected = [PortRange::literal(8080, 8080), PortRange::literal(9148, 9150)];
        assert_eq!(ranges.excluded, expected);
        assert_eq!(ranges.unprivileged_start, 80);
    }

    #[test]
    fn what_cannot_be_read_is_taken_to_be_as_usual() {
        for text in [None, Some(""), Some("x y"), Some("9 1")] {
            let ranges = parse(text, text, text);
            assert_eq!(ranges.ephemeral, Some(DEFAULT_EPHEMERAL));
            assert_eq!((ranges.excluded, ranges.unprivileged_start), (vec![], 1024));
        }
    }

    #[test]
    fn port_0_is_never_part_of_a_range() {
        assert_eq!(list("0-7"), [PortRange::literal(1, 7)]);
        assert_eq!(list("0"), []);
    }
}
