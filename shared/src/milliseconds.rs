//! Durations in records: whole milliseconds with three decimals.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A duration as records have it, in milliseconds with a resolution of 1 µs.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

/// A number of milliseconds as a duration; what is none is nothing.
fn duration(milliseconds: f64) -> Duration {
    // `as` saturates, and makes 0 of what is no number.
    Duration::from_micros((milliseconds * 1000.0).round() as u64)
}

/// Writes a duration as serde wants it of a field.
///
/// # Errors
///
/// Those of the format.
pub fn serialize<S: Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    milliseconds(*time).serialize(to)
}

/// Reads a duration as serde wants it of a field.
///
/// # Errors
///
/// Those of the format.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    f64::deserialize(from).map(duration)
}

/// The same for a duration that may not be known.
pub mod maybe {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::milliseconds::{duration, milliseconds};

    /// Writes a duration, or null.
    ///
    /// # Errors
    ///
    /// Those of the format.
    pub fn serialize<S: Serializer>(time: &Option<Duration>, to: S) -> Result<S::Ok, S::Error> {
        time.map(milliseconds).serialize(to)
    }

    /// Reads a duration, or null.
    ///
    /// # Errors
    ///
    /// Those of the format.
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<f64>::deserialize(from)?.map(duration))
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_duration_is_read_as_it_was_written() {
        for micros in [0, 1, 999, 1_000, 24_118, 46_702, 86_400_000_001, 31_536_000_000_007] {
            let time = Duration::from_micros(micros);
            assert_eq!(duration(milliseconds(time)), time);
        }
        assert_eq!(duration(f64::NAN), Duration::ZERO);
        assert_eq!(duration(-1.0), Duration::ZERO);
    }
}
