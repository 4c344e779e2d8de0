//! Times for people, in the time zone of this computer. Records have them in UTC.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use jiff::{Timestamp, Zoned, tz::TimeZone};

/// The most that a file of a time zone may have, in bytes; the longest have some 4 KiB.
const MAX_ZONE: u64 = 1 << 20;

/// `2026-11-22 13:01:59 +01:00`, or `2026-11-22 12:01:59 UTC` where the zone is UTC.
pub fn local_time(at: Timestamp) -> String {
    in_zone(&here(at), "%F %T")
}

/// `2026-11-22 13:01 +01:00`: for a page, where a script replaces it by a time of the same width.
pub fn local_minute(at: Timestamp) -> String {
    in_zone(&here(at), "%F %R")
}

/// The present, in the time zone of this computer.
pub fn now_here() -> Zoned {
    here(Timestamp::now())
}

fn here(at: Timestamp) -> Zoned {
    at.to_zoned(zone().unwrap_or(TimeZone::UTC))
}

/// The time zone of this computer, as far as it can be read. A file that the environment names may be a pipe, or
/// have no end.
fn zone() -> Option<TimeZone> {
    let zone = env::var("TZ").ok().filter(|zone| !zone.is_empty());
    let folder = env::var_os("TZDIR").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let zone = zone.as_deref().map(|zone| zone.trim_start_matches(':'));
    match (zone, folder) {
        (Some(file), _) if Path::new(file).is_absolute() => zone_of(Path::new(file)),
        (Some(name), Some(folder)) => {
            zone_of(&folder.join(name)).or_else(|| TimeZone::posix(name).ok())
        }
        (None, Some(_)) => zone_of(Path::new("/etc/localtime")),
        (_, None) => TimeZone::try_system().ok(),
    }
}

fn zone_of(file: &Path) -> Option<TimeZone> {
    let about = fs::metadata(file).ok()?;
    let is_sound = about.is_file() && about.len() <= MAX_ZONE;
    let bytes = is_sound.then(|| fs::read(file).ok())??;
    TimeZone::tzif(&file.to_string_lossy(), &bytes).ok()
}

fn in_zone(at: &Zoned, format: &str) -> String {
    let zone = if at.offset().is_zero() { "UTC" } else { "%:z" };
    at.strftime(&format!("{format} {zone}")).to_string()
}

#[cfg(test)]
mod test {
    use jiff::tz::Offset;

    use super::*;

    #[test]
    fn a_time_names_its_offset() {
        let at: Timestamp = "2026-11-22T12:01:59.131Z".parse().expect("a time");
        let zoned = |seconds| {
            at.to_zoned(TimeZone::fixed(Offset::from_seconds(seconds).expect("an offset")))
        };
        assert_eq!(in_zone(&zoned(0), "%F %T"), "2026-11-22 12:01:59 UTC");
        assert_eq!(in_zone(&zoned(3600), "%F %T"), "2026-11-22 13:01:59 +01:00");
        assert_eq!(in_zone(&zoned(-12_600), "%F %R"), "2026-11-22 08:31 -03:30");
    }
}
