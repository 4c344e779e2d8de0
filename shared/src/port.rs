//! Port numbers and ranges of them, each with one door.
//!
//! A [`Port`] is never 0 and a [`PortRange`] is never empty or backwards, so code that holds one
//! has to check again. Port 0, "whatever the system gives", is not a port but a wish, and is spelt
//! as such where it is meant (see [`claim::any`](crate::claim::any)).

use std::{fmt, num::NonZeroU16, ops::RangeInclusive, str::FromStr};

use crate::message;

use serde::{Deserialize, Serialize, de};

/// A TCP port, 1 to 65535.
///
/// # Examples
///
/// ```
/// use shared::port::Port;
///
/// assert_eq!("3030".parse::<Port>()?.get(), 3030);
/// assert!("0".parse::<Port>().is_err());
/// assert!("70000".parse::<Port>().is_err());
/// # Ok::<(), shared::port::PortError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(description = "A TCP port.", example = 17342))]
#[cfg_attr(feature = "schema", schema(value_type = u16, minimum = 1, maximum = 65535))]
pub struct Port(NonZeroU16);

impl Port {
    /// The port with this number, or `None` for 0.
    pub const fn new(number: u16) -> Option<Self> {
        match NonZeroU16::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number, 1 to 65535.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

/// Why a text or a number is not a port or a range of ports.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PortError {
    /// Port 0 was given.
    #[error("{}", message!("port_error.zero"))]
    Zero,
    /// A number that is no TCP port.
    #[error("{}", message!("port_error.out_of_range", number = .0))]
    OutOfRange(i64),
    /// Not a number at all.
    #[error("{}", message!("port_error.not_a_number", text = .0))]
    NotANumber(String),
    /// A range that is not written `A-B`.
    #[error("{}", message!("port_error.not_a_range", text = .0))]
    NotARange(String),
    /// A range whose end comes before its start.
    #[error("{}", message!("port_error.backwards", first = .first, last = .last))]
    Backwards {
        /// The first port as written.
        first: Port,
        /// The last port as written.
        last: Port,
    },
}

impl TryFrom<i64> for Port {
    type Error = PortError;

    fn try_from(number: i64) -> Result<Self, PortError> {
        match u16::try_from(number) {
            Ok(number) => Self::new(number).ok_or(PortError::Zero),
            Err(_) => Err(PortError::OutOfRange(number)),
        }
    }
}

impl FromStr for Port {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        let number = text.trim().parse::<i64>();
        number.map_err(|_| PortError::NotANumber(text.to_owned())).and_then(Self::try_from)
    }
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::try_from(i64::deserialize(from)?).map_err(de::Error::custom)
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Port({})", self.0)
    }
}

/// Ports from a first to a last, both included. Written `15001-29999`; never empty.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct PortRange {
    first: Port,
    last: Port,
}

impl PortRange {
    /// The range from `first` to `last`, both included.
    ///
    /// # Errors
    ///
    /// [`PortError::Backwards`] if `last` comes before `first`.
    pub fn new(first: Port, last: Port) -> Result<Self, PortError> {
        if first <= last {
            Ok(Self { first, last })
        } else {
            Err(PortError::Backwards { first, last })
        }
    }

    /// The same from two literals, checked when the program is compiled.
    pub const fn literal(first: u16, last: u16) -> Self {
        match (Port::new(first), Port::new(last)) {
            (Some(a), Some(b)) if first <= last => Self { first: a, last: b },
            _ => panic!("an empty range, or one that holds port 0"),
        }
    }

    /// The lowest port.
    pub const fn first(self) -> Port {
        self.first
    }

    /// The highest port.
    pub const fn last(self) -> Port {
        self.last
    }

    /// How many ports it holds, 1 to 65535.
    pub fn count(self) -> usize {
        self.numbers().len()
    }

    /// Both ends belong to it.
    pub fn contains(self, port: Port) -> bool {
        self.first <= port && port <= self.last
    }

    /// The ports that both ranges hold, or `None` if they do not meet.
    pub fn intersection(self, other: Self) -> Option<Self> {
        Self::new(self.first.max(other.first), self.last.min(other.last)).ok()
    }

    /// Every port, lowest first.
    pub fn ports(self) -> impl Iterator<Item = Port> {
        self.numbers().filter_map(Port::new)
    }

    fn numbers(self) -> RangeInclusive<u16> {
        self.first.get()..=self.last.get()
    }
}

impl From<Port> for PortRange {
    fn from(port: Port) -> Self {
        Self { first: port, last: port }
    }
}

impl FromStr for PortRange {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, PortError> {
        let (first, last) =
            text.trim().split_once('-').ok_or_else(|| PortError::NotARange(text.to_owned()))?;
        if first.trim().is_empty() || last.trim().is_empty() {
            return Err(PortError::NotARange(text.to_owned()));
        }
        Self::new(first.parse()?, last.parse()?)
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl Serialize for PortRange {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PortRange {
    fn deserialize<D: de::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_not_a_port_is_refused_with_the_reason() {
        assert_eq!("0".parse::<Port>(), Err(PortError::Zero));
        assert_eq!("70000".parse::<Port>(), Err(PortError::OutOfRange(70000)));
        assert_eq!("-1".parse::<Port>(), Err(PortError::OutOfRange(-1)));
        assert_eq!("abc".parse::<Port>(), Err(PortError::NotANumber("abc".into())));
    }

    #[test]
    fn an_empty_or_backwards_range_is_refused_with_the_reason() {
        for text in ["", "-", "3000", "3000-", "-3000"] {
            assert_eq!(text.parse::<PortRange>(), Err(PortError::NotARange(text.into())));
        }
        let message = "3010-3000".parse::<PortRange>().expect_err("backwards").to_string();
        assert_eq!(message, "the range 3010-3000 runs backwards: write 3000-3010");
        assert_eq!("0-10".parse::<PortRange>(), Err(PortError::Zero));
    }

    proptest! {
        #[test]
        fn a_range_survives_being_written_and_read(a in 1..=u16::MAX, b in 1..=u16::MAX) {
            let range = PortRange::literal(a.min(b), a.max(b));
            prop_assert_eq!(range.to_string().parse::<PortRange>(), Ok(range));
            prop_assert_eq!(range.ports().count(), range.count());
        }
    }
}
