//! `cargo xtask commit-msg FILE`: holds the message of a commit to what CONTRIBUTING.md asks for.
//! `.githooks/commit-msg` calls it.
//!
//! Whether a sentence is an order is guessed from its first word. A wrong guess costs a person more
//! than a missed one, so only words that are surely no orders are refused.

use crate::screen;
use std::{fs, path::Path, process::ExitCode};

/// The longest subject, in characters: what lists of commits show without cutting it off.
const LONGEST: usize = 72;

/// First words that begin a description and are no verb in the imperative.
const OPENERS: [&str; 31] = [
    "A", "All", "An", "Another", "Any", "Better", "Each", "Every", "Final", "First", "He", "I",
    "Initial", "It", "Minor", "Misc", "More", "New", "No", "Nobody", "Now", "On", "One", "Other",
    "Small", "Some", "The", "There", "This", "Various", "We",
];

/// Verbs that end in -ed, -ing or -s and are imperatives all the same.
const ORDERS: [&str; 24] = [
    "Alias", "Bias", "Bleed", "Breed", "Bring", "Canvas", "Cling", "Embed", "Exceed", "Feed",
    "Focus", "Heed", "Need", "Ping", "Proceed", "Ring", "Seed", "Shed", "Sing", "Speed", "Spring",
    "String", "Succeed", "Swing",
];

/// Checks the message in `file`, and prints what is wrong with it.
pub(crate) fn run(file: &Path) -> ExitCode {
    let faults = match fs::read(file) {
        Ok(bytes) => faults(&String::from_utf8_lossy(&bytes)),
        Err(error) => vec![format!("{}: {error}", file.display())],
    };
    for fault in &faults {
        screen::say(&format!("commit message: {fault}"));
    }
    if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The problems of a message; empty if it is correct.
fn faults(message: &str) -> Vec<String> {
    // Git leaves out comments, and everything below its scissors, after this check.
    let kept = message.lines().take_while(|line| !line.starts_with("# ----")).map(str::trim_end);
    let mut lines = kept.filter(|line| !line.starts_with('#')).skip_while(|line| line.is_empty());
    let Some(subject) = lines.next() else { return vec!["the message is empty".to_owned()] };
    if is_written_by_git(subject) {
        return Vec::new();
    }
    let mut faults = faults_of_subject(subject);
    if lines.next().is_some_and(|second| !second.is_empty()) {
        faults.push("the second line must be empty".to_owned());
    }
    faults
}

/// Whether Git has written the subject itself, or will replace it.
fn is_written_by_git(subject: &str) -> bool {
    let beginnings = ["Merge ", "Revert \"", "Reapply \"", "fixup! ", "squash! ", "amend! "];
    beginnings.iter().any(|beginning| subject.starts_with(beginning))
}

fn faults_of_subject(subject: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let length = subject.chars().count();
    if length > LONGEST {
        faults.push(format!("the subject has {length} characters; {LONGEST} are allowed"));
    }
    if subject.ends_with('.') {
        faults.push("the subject must not end with a full stop".to_owned());
    }
    let first = subject.split_whitespace().next().unwrap_or_default();
    if !first.starts_with(char::is_uppercase) {
        faults.push(format!("the subject must begin with a capital letter, not `{first}`"));
    } else if first == subject {
        faults.push(format!("the subject must say what `{first}` is about"));
    } else if !may_be_an_order(first) {
        faults.push(format!(
            "the subject must say what to do, as in `Add a test`; `{first}` begins no order"
        ));
    }
    faults
}

/// Whether a capitalised word may be a verb in the imperative mood.
fn may_be_an_order(word: &str) -> bool {
    if ORDERS.contains(&word) {
        return true;
    }
    let is_a_word = word.chars().all(|letter| letter.is_alphabetic() || "-/".contains(letter));
    let is_inflected = word.ends_with("ed")
        || word.ends_with("ing")
        || (word.ends_with('s') && !word.ends_with("ss"));
    let is_shouted = word.len() > 1 && word.chars().all(char::is_uppercase);
    is_a_word && !is_inflected && !is_shouted && !OPENERS.contains(&word)
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn an_order_passes_with_a_body_and_without_one() {
        for message in [
            "Break the import cycle between facts and moved\n",
            "Break the cycle\n\nBecause nothing else can be tested. It\nhas two lines.\n",
            "\n# a comment of Git\nPass a socket\n# another\n\nWhy.\n",
            "Add a test\n# ------------------------ >8 ------------------------\ndiff --git a/x\n",
            "Re-read the settings\n",
            "Compress what is old\n",
            "Feed the parsers\n",
            "Bring the port back\n",
        ] {
            assert_eq!(faults(message), Vec::<String>::new(), "{message}");
        }
    }

    #[test]
    fn what_git_writes_passes() {
        let revert = format!("Revert \"{}\"", "x".repeat(80));
        let written =
            ["Merge branch 'main' of somewhere.", "fixup! added it.", "squash! added it."];
        for subject in written.into_iter().chain(["amend! added", revert.as_str()]) {
            assert_eq!(faults(subject), Vec::<String>::new(), "{subject}");
        }
    }

    #[test]
    fn a_subject_that_describes_is_refused_with_its_first_word() {
        for first in [
            "Appended", "Adding", "Adds", "Facts", "The", "Docs:", "Metrics:", "Nobody", "New",
            "WIP",
        ] {
            let told = faults(&format!("{first} something"));
            assert!(told.len() == 1 && told[0].contains(&format!("`{first}`")), "{told:?}");
        }
        assert!(faults("add something")[0].contains("capital letter, not `add`"));
        assert_eq!(faults("Fixes"), ["the subject must say what `Fixes` is about"]);
    }

    #[test]
    fn a_subject_may_have_72_characters_and_no_full_stop() {
        let subject = |length: usize| format!("Add {}", "ö".repeat(length - 4));
        assert_eq!(faults(&subject(72)), Vec::<String>::new());
        assert_eq!(faults(&subject(73)), ["the subject has 73 characters; 72 are allowed"]);
        assert_eq!(faults("Add a test."), ["the subject must not end with a full stop"]);
    }

    #[test]
    fn a_body_begins_after_an_empty_line() {
        assert_eq!(faults("Add a test\nof this\n"), ["the second line must be empty"]);
        for empty in ["", "\n\n", "# only comments\n"] {
            assert_eq!(faults(empty), ["the message is empty"]);
        }
    }
}
