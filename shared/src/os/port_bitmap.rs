//! Reads a bitmap of ports, as `net.restricted_port.bitmap` of macOS is one: a bit for each port,
//! the lowest of a byte first.

use crate::port::{Port, PortRange};

/// Bytes of a bitmap of all ports.
pub(super) const BYTES: usize = 1 << 13;

/// The ports whose bit is set. Bit 0 is no port.
pub(super) fn ranges(bitmap: &[u8]) -> Vec<PortRange> {
    let is_set = |port: Port| {
        let (byte, bit) = (usize::from(port.get() / 8), port.get() % 8);
        bitmap.get(byte).is_some_and(|byte| byte >> bit & 1 == 1)
    };
    let mut ranges: Vec<PortRange> = Vec::new();
    for port in PortRange::literal(1, u16::MAX).ports().filter(|&port| is_set(port)) {
        let before = ranges.pop_if(|range| range.last().get() + 1 == port.get());
        let first = before.map_or(port, PortRange::first);
        ranges.extend(PortRange::new(first, port));
    }
    ranges
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_bit_is_a_port_and_neighbours_are_a_range() {
        let mut bitmap = [0; BYTES];
        for port in [0, 7, 8, 55555, 65535_u16] {
            bitmap[usize::from(port / 8)] |= 1 << (port % 8);
        }
        let expected = [(7, 8), (55555, 55555), (65535, 65535)];
        assert_eq!(ranges(&bitmap), expected.map(|(a, b)| PortRange::literal(a, b)));
    }

    #[test]
    fn what_is_missing_is_not_set() {
        assert!(ranges(&[]).is_empty());
        assert_eq!(ranges(&[0xFF]), [PortRange::literal(1, 7)]);
        assert_eq!(ranges(&[0xFF; BYTES]), [PortRange::literal(1, 65535)]);
    }
}
