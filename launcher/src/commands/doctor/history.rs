//! Whether the port history is whole and can be written: a fold over all of its records, also those in files
//! beside it that were rotated away.

use std::{
    borrow::Cow,
    collections::HashMap,
    fs, io,
    ops::Range,
    path::{Path, PathBuf},
};

use shared::{
    history::{self, Damage, Filter, Found, Head, HistoryError, LostRecords, Reader, line_number},
    message,
    messages::Language,
    os,
    regular_file::NotReadable,
};
use uuid::Uuid;

use super::check::Check;
use crate::{
    commands::{history_problems, unwritable},
    options::CommandContext,
};

/// The counts of one pass over the history.
#[derive(Debug, Default)]
struct HistoryCounts {
    records: u64,
    broken: u64,
    /// The first line that is no record, and its file.
    first: Option<(PathBuf, Damage)>,
    /// Records of the running launch.
    of_launch: u64,
    /// When the oldest record was written, in milliseconds since 1970.
    oldest_ms: Option<i64>,
    writers: HashMap<WriterId, Vec<Run>>,
}

/// A process that counts its records: its id, its launch and its program.
type WriterId = (u32, Option<String>, Option<String>);

/// Records of one writer that follow one another, all in the same file.
#[derive(Debug)]
struct Run {
    seqs: Range<u64>,
    file: usize,
}

/// Counts that a writer took and of which no record was found.
#[derive(Debug, Default, PartialEq, Eq)]
struct MissingRecords {
    /// Counts of records that could not be written, or were damaged later.
    lost: u64,
    /// How many of them stand between the end of one file and the beginning of the next.
    between_files: u64,
    /// Counts from before the oldest record, which were written into a file that is not read here.
    earlier: u64,
}

/// Whether it is whole, can be written, and has records of the running launch, whose launcher says what it has `lost`.
pub(super) fn history(
    context: &CommandContext,
    launch: Option<Uuid>,
    lost: Option<&LostRecords>,
) -> Check {
    let file = context.folders.history();
    if let Err(error) = history::check_writable(&file) {
        let name = file.display();
        let text = match NotReadable::of(&error) {
            Some(found) => message!("doctor.history_no_file", file = name, error = found),
            None => message!("history.unwritable", file = name, error),
        };
        return Check::problem("history", text, unwritable::now(&file, &error));
    }
    let mut counts = HistoryCounts::default();
    if let Err(error) = counts.add(0, &file, launch) {
        return Check::problem(
            "history",
            history_problems::unreadable_text(&file, &error),
            error.repair(&file),
        );
    }
    for (number, rotated) in (1..).zip(rotated(&file)) {
        // What is compressed is no record, and what cannot be read is another file.
        let mut of_it = HistoryCounts::default();
        if of_it.add(number, &rotated, launch).is_ok() && of_it.records > 0 {
            counts.join(of_it);
        }
    }
    judged(&file, &counts, launch.is_some(), lost)
}

fn judged(
    file: &Path,
    counts: &HistoryCounts,
    is_running: bool,
    lost_by_launch: Option<&LostRecords>,
) -> Check {
    let &HistoryCounts { records, broken, of_launch, .. } = counts;
    let MissingRecords { lost, between_files, earlier } = counts.missing();
    if broken + lost == 0
        && let Some(lost) = lost_by_launch
    {
        return Check::warning("history", lost.to_string(), message!("doctor.now_damage"));
    }
    if broken + lost == 0 && is_running && of_launch == 0 {
        return Check::warning(
            "history",
            message!("doctor.history_moved", file = file.display()),
            match file.parent().is_none_or(os::may_write) {
                true => message!("doctor.now_history_moved"),
                false => unwritable::now(file, &io::ErrorKind::PermissionDenied.into()),
            },
        );
    }
    let with_earlier = |text: String| match earlier {
        0 => text,
        count => message!("doctor.earlier", text, count),
    };
    if broken + lost == 0 {
        return Check::ok(
            "history",
            with_earlier(match records {
                0 => message!("doctor.no_records"),
                1 => message!("doctor.one_record"),
                _ => message!("doctor.all_records", records),
            }),
        );
    }
    let place = counts.first.as_ref().and_then(|(file, damage)| {
        let line = line_number(file, damage.offset).ok()?;
        let file = file.file_name().unwrap_or_default().display();
        Some(message!("doctor.damage_at", records, broken, lost, line, file, kind = kind(damage)))
    });
    let now = match between_files {
        0 => message!("doctor.now_damage"),
        count => message!("doctor.now_lost_between", count),
    };
    let text = place.unwrap_or_else(|| message!("doctor.damage", records, broken, lost));
    Check::warning("history", with_earlier(text), now)
}

/// What is wrong with a line.
fn kind(damage: &Damage) -> &'static str {
    let text = Language::English.messages().find(&format!("damage.{}", damage.kind));
    text.unwrap_or(damage.kind.word())
}

/// The files beside the history whose names begin with its own, as programs that rotate logs name them.
fn rotated(history: &Path) -> Vec<PathBuf> {
    let name = history.file_name().unwrap_or_default().as_encoded_bytes();
    let folder = history.parent().and_then(|folder| fs::read_dir(folder).ok());
    let entries = folder.into_iter().flatten().flatten();
    let is_rotated = |file: &PathBuf| {
        let other = file.file_name().unwrap_or_default().as_encoded_bytes();
        other.strip_prefix(name).is_some_and(|end| end.starts_with(b".") || end.starts_with(b"-"))
    };
    let mut rotated: Vec<_> = entries.map(|entry| entry.path()).filter(is_rotated).collect();
    rotated.sort();
    rotated
}

impl HistoryCounts {
    /// Counts the records of a file, those of `launch`, and the counts of each writer.
    fn add(
        &mut self,
        number: usize,
        file: &Path,
        launch: Option<Uuid>,
    ) -> Result<(), HistoryError> {
        let launch = launch.map(|launch| launch.to_string());
        for found in Reader::of_history(file).forward(&Filter::default())? {
            let entry = match found? {
                Found::Record(entry) => entry,
                Found::Damage(damage) => {
                    self.first.get_or_insert_with(|| (file.to_owned(), damage));
                    self.broken += 1;
                    continue;
                }
            };
            self.records += 1;
            let Some(head) = entry.head() else { continue };
            let is_of_launch = launch.is_some() && head.launch_id.as_deref() == launch.as_deref();
            self.of_launch += u64::from(is_of_launch);
            let ms = head.ts.as_millisecond();
            self.oldest_ms = Some(self.oldest_ms.map_or(ms, |oldest| oldest.min(ms)));
            // Only a writer that counts its records can have lost one.
            let Head { pid: Some(pid), launch_id, process, seq: Some(seq), .. } = head else {
                continue;
            };
            let writer = (pid, launch_id.map(Cow::into_owned), process.map(Cow::into_owned));
            let runs = self.writers.entry(writer).or_default();
            match runs.last_mut() {
                Some(run) if run.seqs.end == seq => run.seqs.end = seq.saturating_add(1),
                _ => runs.push(Run { seqs: seq..seq.saturating_add(1), file: number }),
            }
        }
        Ok(())
    }

    fn join(&mut self, other: Self) {
        self.records += other.records;
        self.broken += other.broken;
        self.of_launch += other.of_launch;
        self.first = self.first.take().or(other.first);
        self.oldest_ms = self.oldest_ms.into_iter().chain(other.oldest_ms).min();
        for (writer, runs) in other.writers {
            self.writers.entry(writer).or_default().extend(runs);
        }
    }

    fn missing(&self) -> MissingRecords {
        let mut missing = MissingRecords::default();
        for (writer, runs) in &self.writers {
            let mut runs: Vec<_> = runs.iter().collect();
            runs.sort_by_key(|run| run.seqs.start);
            let (mut next, mut file) = (0, None);
            for run in runs {
                let gap = run.seqs.start.saturating_sub(next);
                match file {
                    None if self.is_older(writer) => missing.earlier += gap,
                    _ => missing.lost += gap,
                }
                if file.is_some_and(|file| file != run.file) {
                    missing.between_files += gap;
                }
                // A copy of what was counted already says nothing of where the next one was written.
                if run.seqs.end > next {
                    (next, file) = (run.seqs.end, Some(run.file));
                }
            }
        }
        missing
    }

    /// Whether the writer's launch, whose id begins with a time, had begun before the oldest record was written.
    fn is_older(&self, (_, launch, _): &WriterId) -> bool {
        let id = launch.as_deref().and_then(|launch| launch.parse::<Uuid>().ok());
        let began = id.and_then(|id| id.get_timestamp()).map(|time| time.to_unix());
        let began_ms = began.and_then(|(seconds, nanos)| {
            i64::try_from(seconds * 1000 + u64::from(nanos / 1_000_000)).ok()
        });
        began_ms.zip(self.oldest_ms).is_some_and(|(began, oldest)| began < oldest)
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn record(launch: &str, pid: u32, seq: u64) -> String {
        format!(
            r#"{{"ts":"2026-11-22T08:00:00Z","event":"launch_started","app":"a","pid":{pid},"launch_id":"{launch}","process":"server","seq":{seq}}}"#
        ) + "\n"
    }

    /// What is found in these files, the live one first.
    fn counted(files: &[&str]) -> HistoryCounts {
        let folder = tempfile::tempdir().expect("a folder");
        let mut counts = HistoryCounts::default();
        for (number, text) in files.iter().enumerate() {
            let file = folder.path().join(number.to_string());
            fs::write(&file, text).expect("written");
            let mut of_it = HistoryCounts::default();
            of_it.add(number, &file, None).expect("readable");
            counts.join(of_it);
        }
        counts
    }

    #[test]
    fn lost_records_show_as_gaps_and_broken_lines_are_counted() {
        let whole: String = (0..3).map(|seq| record("a", 1, seq)).collect();
        let counts = counted(&[&whole]);
        assert_eq!((counts.records, counts.broken), (3, 0));
        assert_eq!(counts.missing(), MissingRecords::default());
        let damaged = whole + &record("a", 2, 1) + &record("a", 2, 4) + "{\"ts\":\"20\n";
        let counts = counted(&[&damaged]);
        assert_eq!((counts.records, counts.broken), (5, 1));
        assert_eq!(counts.missing(), MissingRecords { lost: 3, ..MissingRecords::default() });
        let (_, damage) = counts.first.expect("one");
        assert_eq!(damage.offset, damaged.rfind("{\"ts\":\"20\n").expect("there") as u64);
    }

    /// The launch began before the record or after it.
    #[test]
    fn what_was_rotated_away_is_not_lost_and_what_is_lost_between_two_files_is_told_apart() {
        let (older, newer) =
            ("019aa0a2-0000-7000-8000-000000000000", "01a21000-0000-7000-8000-000000000000");
        let records = |launch, seqs: &[u64]| -> String {
            seqs.iter().map(|seq| record(launch, 1, *seq)).collect()
        };
        for (files, lost, between_files, earlier) in [
            (vec![records(older, &[3, 4])], 0, 0, 3),
            (vec![records(newer, &[3, 4])], 3, 0, 0),
            (vec![records(older, &[3, 4]), records(older, &[0, 1, 2])], 0, 0, 0),
            (vec![records(older, &[3, 5]), records(older, &[1])], 2, 1, 1),
            // An editor's copy has the same records.
            (vec![records(older, &[0, 1, 2, 4]), records(older, &[0, 1])], 1, 0, 0),
        ] {
            let texts: Vec<_> = files.iter().map(String::as_str).collect();
            let wanted = MissingRecords { lost, between_files, earlier };
            assert_eq!(counted(&texts).missing(), wanted, "{files:?}");
        }
    }
}
