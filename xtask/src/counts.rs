//! The output of libtest, line by line, as numbers and names.
//!
//! The lines are read as they pass by on their way to the screen:
//!
//! ```text
//! running 3 tests
//! test port::test::zero_is_refused ... ok
//! test claim::test::needs_two_hosts ... ignored, run by hand
//! test claim::test::held_port ... FAILED
//! test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in
//! 0.02s
//! ```
//!
//! What a failing test printed stands between `---- NAME stdout ----` and the next such line or
//! `failures:`.
//!
//! A program that dies between its first and its last line has failed, regardless of its output.

use crate::skips::Skip;
use std::collections::BTreeSet;

/// The sums over all test programs of a run.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    /// Tests reported as passed, those that skipped themselves among them.
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// Tests marked `#[ignore]`.
    pub(crate) ignored: u64,
    /// The ignored ones by name.
    pub(crate) ignored_tests: Vec<Skip>,
    /// The failing tests that printed something.
    pub(crate) failures: Vec<Failure>,
    failed_names: BTreeSet<String>,
    in_failure: bool,
    begun: u64,
    ended: u64,
}

/// What a failing test printed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) name: String,
    pub(crate) output: Vec<String>,
}

impl Counts {
    /// Counts one line of output; most lines are ignored.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some(name) = printed_by(line) {
            self.in_failure = true;
            self.failures.push(Failure { name: name.to_owned(), output: Vec::new() });
        } else if line == "failures:" {
            self.in_failure = false;
        } else if self.in_failure {
            self.failures.last_mut().into_iter().for_each(|it| it.output.push(line.to_owned()));
        } else if is_beginning(line) {
            self.begun += 1;
        } else if let Some([passed, failed, ignored]) = result(line) {
            self.ended += 1;
            self.passed += passed;
            self.failed += failed;
            self.ignored += ignored;
        } else if let Some((name, verdict)) = verdict(line) {
            if verdict == "FAILED" {
                self.failed_names.insert(name.to_owned());
            } else if let Some(reason) = verdict.strip_prefix("ignored") {
                let reason = reason.trim_start_matches([',', ' ']);
                let reason = if reason.is_empty() { "marked as ignored" } else { reason };
                self.ignored_tests.push(Skip { name: name.to_owned(), reason: reason.to_owned() });
            }
        }
    }

    /// Test programs that began and never printed a result.
    pub(crate) fn cut_short(&self) -> u64 {
        self.begun.saturating_sub(self.ended)
    }

    /// Whether the test of that name failed. A test may skip one part and fail in another.
    pub(crate) fn has_failed(&self, name: &str) -> bool {
        self.failed_names.contains(name)
    }
}

/// `---- NAME stdout ----`
fn printed_by(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

/// `running 3 tests`
fn is_beginning(line: &str) -> bool {
    line.strip_prefix("running ")
        .and_then(|rest| rest.strip_suffix(" tests").or_else(|| rest.strip_suffix(" test")))
        .is_some_and(|number| number.parse::<u64>().is_ok())
}

/// `test result: ok. 3 passed; 0 failed; 1 ignored; …`
fn result(line: &str) -> Option<[u64; 3]> {
    let (_, numbers) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut fields = numbers.split("; ");
    let mut field = |word| fields.next()?.strip_suffix(word)?.trim().parse().ok();
    Some([field("passed")?, field("failed")?, field("ignored")?])
}

/// `test NAME ... VERDICT`, the name without libtest's remark on how it is run.
fn verdict(line: &str) -> Option<(&str, &str)> {
    let (name, verdict) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let remarks = [" - should panic", " - compile fail", " - compile"];
    let name = remarks.iter().find_map(|remark| name.strip_suffix(remark)).unwrap_or(name);
    Some((name, verdict.trim()))
}

#[cfg(test)]
mod test {
    use super::*;

    fn counts(output: &str) -> Counts {
        let mut counts = Counts::default();
        output.lines().for_each(|line| counts.read(line));
        counts
    }

    #[test]
    fn what_a_failing_test_printed_is_kept_and_not_counted() {
        let counts = counts(
            "running 2 tests\ntest a ... FAILED\ntest b ... FAILED\n\nfailures:\n\n\
             ---- a stdout ----\nrunning 5 tests\nno port\n\n---- b stdout ----\nno wine\n\n\
             failures:\n    a\n    b\n\ntest result: FAILED. 0 passed; 2 failed; 0 ignored\n",
        );
        let failed = |name: &str, output: &[&str]| Failure {
            name: name.to_owned(),
            output: output.iter().map(|&line| line.to_owned()).collect(),
        };
        assert_eq!(
            counts.failures,
            [failed("a", &["running 5 tests", "no port", ""]), failed("b", &["no wine", ""])]
        );
        assert_eq!((counts.failed, counts.cut_short()), (2, 0));
    }

    #[test]
    fn results_of_several_programs_are_added_up() {
        let counts = counts(
            "running 2 tests\ntest a ... ok\ntest b ... FAILED\n\
             test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
             running 1 test\ntest c ... ignored, run by hand\n\
             test result: ok. 0 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.50s\n\
             \x20  Doc-tests shared\nrunning 12 tests\n\
             test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s\n",
        );
        assert_eq!((counts.passed, counts.failed, counts.ignored), (13, 1, 1));
        assert_eq!(counts.cut_short(), 0);
        assert!(counts.has_failed("b") && !counts.has_failed("a"));
    }

    #[test]
    fn a_program_that_dies_before_its_result_is_noticed() {
        let counts = counts(
            "running 5 tests\ntest a ... ok\nrunning 0 tests\ntest result: ok. 0 passed; 0 failed; 0 ignored\n",
        );
        assert_eq!(counts.cut_short(), 1);
    }

    #[test]
    fn ignored_tests_are_named_with_their_reason_where_they_gave_one() {
        let counts = counts(
            "test a::b ... ignored, needs two hosts\n\
             test shared/src/port.rs - port::Port (line 12) - compile ... ignored\n",
        );
        let told: Vec<_> =
            counts.ignored_tests.iter().map(|t| (t.name.as_str(), t.reason.as_str())).collect();
        assert_eq!(
            told,
            [
                ("a::b", "needs two hosts"),
                ("shared/src/port.rs - port::Port (line 12)", "marked as ignored"),
            ]
        );
    }

    #[test]
    fn lines_that_only_look_alike_count_nothing() {
        let counts = counts(
            "running the tests\nrunning late tests\ntest result: unclear\n\
             test result: ok. many passed; 0 failed; 0 ignored\ntest without a verdict\n",
        );
        assert_eq!(
            (counts.passed, counts.failed, counts.ignored, counts.cut_short()),
            (0, 0, 0, 0)
        );
    }
}
