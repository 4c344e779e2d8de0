//! The stages of a run, what came out of them, and the sums at the end.
//!
//! Only tests are counted. A stage that is not the tests adds one to `failed` when it fails, so
//! that the last line never looks better than the exit code.

use crate::{
    counts::{Counts, Failure},
    screen,
    skips::Skip,
};
use std::{
    fmt,
    time::{Duration, Instant},
};

/// How a stage ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It passed.
    Ok,
    /// It failed; the reason, beyond its own output.
    Failed(String),
    /// It could not run here; the reason.
    Skipped(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ok => f.write_str("ok"),
            Self::Failed(why) => write!(f, "FAILED ({why})"),
            Self::Skipped(_) => f.write_str("skipped"),
        }
    }
}

/// A finished stage.
#[derive(Debug)]
struct Stage {
    name: &'static str,
    outcome: Outcome,
    elapsed: Duration,
}

/// The report that is printed at the end.
#[derive(Debug, Default)]
pub(crate) struct StageReport {
    stages: Vec<Stage>,
    counts: Counts,
    skips: Vec<Skip>,
}

impl StageReport {
    /// Runs a stage between two lines that name it, and keeps its outcome. A failure does not stop
    /// the run.
    pub(crate) fn stage(&mut self, name: &'static str, work: impl FnOnce() -> Outcome) {
        screen::say(&format!("\n== {name}"));
        let start = Instant::now();
        let stage = Stage { name, outcome: work(), elapsed: start.elapsed() };
        screen::say(&format!("== {}", stage.line()));
        self.stages.push(stage);
    }

    /// Adds the results of the tests: libtest's numbers, and the tests that skipped themselves.
    pub(crate) fn add_tests(&mut self, counts: Counts, skips: Vec<Skip>) {
        self.skips.extend(counts.ignored_tests.iter().cloned());
        // A test that left out one part and failed in another has failed; libtest has counted it.
        self.skips.extend(skips.into_iter().filter(|skip| !counts.has_failed(&skip.name)));
        self.counts = counts;
    }

    pub(crate) fn failed_stages(&self) -> Vec<&'static str> {
        self.stages
            .iter()
            .filter(|stage| matches!(stage.outcome, Outcome::Failed(_)))
            .map(|stage| stage.name)
            .collect()
    }

    /// The summary, line by line; the last line is the sums alone.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines = vec![String::new(), "stages:".to_owned()];
        let width = self.stages.iter().map(|stage| stage.name.len()).max().unwrap_or_default();
        lines.extend(self.stages.iter().map(|stage| stage.row(width)));
        let total: Duration = self.stages.iter().map(|stage| stage.elapsed).sum();
        lines.push(format!("  {:width$} {:7.1} s", "total", total.as_secs_f64()));
        let skipped = self.skipped();
        if !skipped.is_empty() {
            lines.push("skipped:".to_owned());
            lines.extend(skipped.iter().map(|skip| format!("  {}: {}", skip.name, skip.reason)));
        }
        // Far above, another program's output has passed over it.
        for Failure { name, output } in &self.counts.failures {
            lines.push(format!("failed test: {name}"));
            lines.extend(output.iter().filter(|line| !line.is_empty()).map(|it| format!("  {it}")));
        }
        let failed = self.failed_stages();
        if !failed.is_empty() {
            lines.push(format!("failed: {}", failed.join(", ")));
        }
        lines.push(self.sums());
        lines
    }

    /// Skipped stages first, then skipped tests.
    fn skipped(&self) -> Vec<Skip> {
        let stages = self.stages.iter().filter_map(|stage| match &stage.outcome {
            Outcome::Skipped(reason) => {
                Some(Skip { name: format!("stage {}", stage.name), reason: reason.clone() })
            }
            Outcome::Ok | Outcome::Failed(_) => None,
        });
        stages.chain(self.skips.iter().cloned()).collect()
    }

    /// `N passed, N failed, N skipped`
    fn sums(&self) -> String {
        let ignored = self.counts.ignored;
        let told = (self.skips.len() - self.counts.ignored_tests.len()) as u64;
        let failed_tests = self.counts.failed + self.counts.cut_short();
        // A failing test explains the failure of the stage it ran in; nothing explains the others.
        let explained = u64::from(failed_tests > 0);
        let stages = (self.failed_stages().len() as u64).saturating_sub(explained);
        format!(
            "{} passed, {} failed, {} skipped",
            self.counts.passed.saturating_sub(told),
            failed_tests + stages,
            ignored + told,
        )
    }
}

impl Stage {
    /// Its row in the table at the end.
    fn row(&self, width: usize) -> String {
        let Self { name, outcome, elapsed } = self;
        format!("  {name:width$} {:7.1} s  {outcome}", elapsed.as_secs_f64())
    }

    fn line(&self) -> String {
        format!("{}: {} in {:.1} s", self.name, self.outcome, self.elapsed.as_secs_f64())
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn report(
        stages: &[(&'static str, Outcome)],
        output: &str,
        skips: &[(&str, &str)],
    ) -> StageReport {
        let mut report = StageReport::default();
        for (name, outcome) in stages {
            let (outcome, elapsed) = (outcome.clone(), Duration::from_millis(1240));
            report.stages.push(Stage { name, outcome, elapsed });
        }
        let mut counts = Counts::default();
        output.lines().for_each(|line| counts.read(line));
        let skip = |(name, reason): &(&str, &str)| Skip {
            name: (*name).to_owned(),
            reason: (*reason).to_owned(),
        };
        report.add_tests(counts, skips.iter().map(skip).collect());
        report
    }

    const OUTPUT: &str = "running 4 tests\ntest a ... ok\ntest b ... ok\ntest c ... ignored\n\
                          test d ... ok\ntest result: ok. 3 passed; 0 failed; 1 ignored\n";

    #[test]
    fn a_test_that_skipped_itself_is_taken_from_the_passed() {
        let report = report(&[("tests", Outcome::Ok)], OUTPUT, &[("b", "no wine")]);
        assert_eq!(
            report.lines(),
            [
                "",
                "stages:",
                "  tests     1.2 s  ok",
                "  total     1.2 s",
                "skipped:",
                "  c: marked as ignored",
                "  b: no wine",
                "2 passed, 0 failed, 2 skipped",
            ]
        );
    }

    #[test]
    fn a_failed_stage_counts_once_and_a_skipped_one_not_at_all() {
        let failed = || Outcome::Failed("exit status: 1".to_owned());
        let stages = [("fmt", failed()), ("advisories", Outcome::Skipped("no network".to_owned()))];
        let lines = report(&stages, OUTPUT, &[]).lines();
        assert!(lines.contains(&"  stage advisories: no network".to_owned()));
        assert!(lines.contains(&"failed: fmt".to_owned()));
        assert_eq!(lines.last().unwrap(), "3 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn what_a_failing_test_printed_stands_near_the_end() {
        let output = "running 1 test\ntest a ... FAILED\nfailures:\n\n---- a stdout ----\n\
                      no port\n\nfailures:\n    a\ntest result: FAILED. 0 passed; 1 failed; 0 \
                      ignored\n";
        let stages = [("tests", Outcome::Failed("exit status: 101".to_owned()))];
        let lines = report(&stages, output, &[]).lines();
        let end = ["failed test: a", "  no port", "failed: tests", "0 passed, 1 failed, 0 skipped"];
        assert!(lines.ends_with(&end.map(ToOwned::to_owned)), "{lines:?}");
    }

    #[test]
    fn a_failing_test_is_not_counted_again_with_its_stage() {
        let failed = || Outcome::Failed("exit status: 101".to_owned());
        let output = "running 2 tests\ntest a ... FAILED\ntest b ... ok\n\
                      test result: FAILED. 1 passed; 1 failed; 0 ignored\n";
        let stages = [("clippy", failed()), ("tests", failed())];
        let skips = [("a", "a part of it"), ("b", "no wine")];
        assert_eq!(report(&stages, output, &skips).sums(), "0 passed, 2 failed, 1 skipped");
    }

    #[test]
    fn tests_that_do_not_even_build_are_a_failure() {
        let stages = [("tests", Outcome::Failed("exit status: 101".to_owned()))];
        assert_eq!(report(&stages, "", &[]).sums(), "0 passed, 1 failed, 0 skipped");
    }
}
