//! Whether the port history is whole: a fold over all of its records.

use std::{borrow::Cow, collections::HashMap};

use shared::{
    history::{Damage, Filter, Found, Head, HistoryError, Reader, line_number},
    message,
    messages::Language,
};
use uuid::Uuid;

use super::check::Check;
use crate::{commands::history_problems, options::CommandContext};

/// What a history amounts to.
#[derive(Debug, Default, PartialEq, Eq)]
struct HistoryCounts {
    records: u64,
    broken: u64,
    /// The first line that is no record.
    first: Option<Damage>,
    lost: u64,
    /// Records of the running launch.
    of_launch: u64,
}

/// Whether it is whole, and has records of the running launch.
pub(super) fn history(context: &CommandContext, launch: Option<Uuid>) -> Check {
    let file = context.folders.history();
    let sum = match sum(&Reader::of_history(&file), launch) {
        Ok(sum) => sum,
        Err(error) => {
            return Check::problem(
                "history",
                history_problems::unreadable_text(&file, &error),
                message!("doctor.now_history"),
            );
        }
    };
    let HistoryCounts { records, broken, first, lost, of_launch } = sum;
    if broken + lost == 0 && launch.is_some() && of_launch == 0 {
        return Check::warning(
            "history",
            message!("doctor.history_moved", file = file.display()),
            message!("doctor.now_history_moved"),
        );
    }
    if records + broken == 0 {
        return Check::ok("history", message!("doctor.no_records"));
    }
    if broken + lost == 0 {
        return Check::ok("history", message!("doctor.all_records", records));
    }
    let place = first.and_then(|damage| {
        let line = line_number(&file, damage.offset).ok()?;
        Some(message!("doctor.damage_at", records, broken, lost, line, kind = kind(&damage)))
    });
    Check::warning(
        "history",
        place.unwrap_or_else(|| message!("doctor.damage", records, broken, lost)),
        message!("doctor.now_damage"),
    )
}

/// What is wrong with a line.
fn kind(damage: &Damage) -> &'static str {
    let text = Language::English.messages().find(&format!("damage.{}", damage.kind));
    text.unwrap_or(damage.kind.word())
}

/// Counts records, those of `launch`, and the gaps in each writer's own count.
fn sum(history: &Reader, launch: Option<Uuid>) -> Result<HistoryCounts, HistoryError> {
    let launch = launch.map(|launch| launch.to_string());
    let mut sum = HistoryCounts::default();
    let mut writers: HashMap<_, (u64, u64)> = HashMap::new();
    for found in history.forward(&Filter::default())? {
        let entry = match found? {
            Found::Record(entry) => entry,
            Found::Damage(damage) => {
                sum.first.get_or_insert(damage);
                sum.broken += 1;
                continue;
            }
        };
        sum.records += 1;
        let head = entry.head();
        let is_of = |launch: &str| {
            head.as_ref().is_some_and(|head| head.launch_id.as_deref() == Some(launch))
        };
        sum.of_launch += u64::from(launch.as_deref().is_some_and(is_of));
        // Only a writer that counts its records can have lost one.
        let Some(Head { pid: Some(pid), launch_id, process, seq: Some(seq), .. }) = head else {
            continue;
        };
        let writer = (pid, launch_id.map(Cow::into_owned), process.map(Cow::into_owned));
        let (count, next) = writers.entry(writer).or_default();
        *count += 1;
        *next = seq.saturating_add(1).max(*next);
    }
    sum.lost = writers.values().map(|(count, next)| next.saturating_sub(*count)).sum();
    Ok(sum)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn lost_records_show_as_gaps_and_broken_lines_are_counted() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history");
        let record = |pid: u32, seq: u64| {
            format!(
                r#"{{"ts":"2026-11-22T08:00:00Z","event":"launch_started","app":"a","pid":{pid},"launch_id":"a","process":"server","seq":{seq}}}"#
            ) + "\n"
        };
        let whole: String = (0..3).map(|seq| record(1, seq)).collect();
        let counted = |text: &str| {
            std::fs::write(&file, text).expect("written");
            sum(&Reader::of_history(&file), None).expect("readable")
        };
        assert_eq!(counted(&whole), HistoryCounts { records: 3, ..HistoryCounts::default() });
        let damaged = whole + &record(2, 1) + &record(2, 4) + "{\"ts\":\"20\n";
        let HistoryCounts { records, broken, first, lost, .. } = counted(&damaged);
        assert_eq!((records, broken, lost), (5, 1, 3));
        let offset = first.expect("one").offset;
        assert_eq!(line_number(&file, offset).expect("readable"), 6);
    }
}
