//! Whether the port history is whole.

use std::{
    collections::HashMap,
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
};

use serde::Deserialize;

use super::Check;

/// Who has written a record, and which one of his it is.
#[derive(Deserialize)]
struct Written {
    pid: u32,
    launch_id: String,
    process: String,
    seq: u64,
}

/// What a history amounts to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Sum {
    records: u64,
    broken: u64,
    lost: u64,
}

pub(super) fn history(file: &Path) -> Check {
    let sum = match File::open(file).and_then(|file| sum(BufReader::new(file))) {
        Ok(sum) => sum,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Check::ok("history", "nothing is recorded yet");
        }
        Err(error) => {
            return Check::problem(
                "history",
                format!("{} cannot be read ({error})", file.display()),
                "make it yours, or move it away: the next start begins another",
            );
        }
    };
    let Sum { records, broken, lost } = sum;
    if broken + lost == 0 {
        return Check::ok("history", format!("{records} records, none is lost"));
    }
    Check::warning(
        "history",
        format!("{records} records, {broken} lines are no records, {lost} records are lost"),
        "nothing: a full disk or a sudden end did that, and what is there can be read",
    )
}

/// Counts records, and the gaps in each writer's own count.
fn sum(history: impl BufRead) -> io::Result<Sum> {
    let mut sum = Sum::default();
    let mut writers: HashMap<(u32, String, String), (u64, u64)> = HashMap::new();
    for line in history.split(b'\n') {
        let line = line?;
        match serde_json::from_slice::<Written>(&line) {
            Ok(Written { pid, launch_id, process, seq }) => {
                sum.records += 1;
                let (count, next) = writers.entry((pid, launch_id, process)).or_default();
                *count += 1;
                *next = seq.saturating_add(1).max(*next);
            }
            Err(_) if line.is_empty() => {}
            Err(_) => sum.broken += 1,
        }
    }
    sum.lost = writers.values().map(|(count, next)| next.saturating_sub(*count)).sum();
    Ok(sum)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn lost_records_show_as_gaps_and_broken_lines_are_counted() {
        let record = |pid: u32, seq: u64| {
            format!("{{\"pid\":{pid},\"launch_id\":\"a\",\"process\":\"server\",\"seq\":{seq}}}\n")
        };
        let whole: String = (0..3).map(|seq| record(1, seq)).collect();
        let counted = |text: &str| sum(text.as_bytes()).expect("readable");
        assert_eq!(counted(&whole), Sum { records: 3, ..Sum::default() });
        let damaged = whole + &record(2, 1) + &record(2, 4) + "{\"ts\":\"20\n";
        assert_eq!(counted(&damaged), Sum { records: 5, broken: 1, lost: 3 });
    }
}
