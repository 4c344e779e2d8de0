//! Words of the records are spelt in one file alone: everywhere else they are types, or generated.

use std::{fs, path::Path};

use shared::{
    event::EventName,
    words::{EndReason, RecoverySource},
};

/// Where the programs' own code is. What tests spell is what they hold the programs to.
const CODE: [&str; 7] = [
    "bench/src",
    "launcher/src",
    "packaging/src",
    "server/assets/script",
    "server/src",
    "shared/src",
    "xtask/src",
];

/// The one file.
const WORDS: &str = "shared/src/words.rs";

/// What spells them on purpose: lines that look like records and are none.
const DAMAGE: &str = "shared/src/history/generate/faults.rs";

#[test]
fn no_event_and_no_reason_is_spelt_anywhere_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // One word alone, such as `usage`, may stand for something else.
    let is_telling = |word: &&str| word.contains('_');
    let words: Vec<_> = (EventName::ALL.iter().map(|word| word.word()))
        .chain(EndReason::ALL.iter().map(|word| word.word()))
        .chain(RecoverySource::ALL.iter().map(|word| word.word()))
        .filter(is_telling)
        .map(|word| format!("\"{word}\""))
        .collect();
    let (mut seen, mut found) = (0, Vec::new());
    for folder in CODE {
        each_file(&root.join(folder), &mut |path| {
            let name = path.strip_prefix(&root).expect("in it").display().to_string();
            let text = fs::read_to_string(path).unwrap_or_default();
            seen += 1;
            // Unit tests stand at the end of a file.
            let code = text.split("#[cfg(test)]\nmod test").next().unwrap_or_default();
            let is_code = ![WORDS, DAMAGE].contains(&name.as_str()) && !name.contains("/test");
            for (number, line) in code.lines().enumerate().filter(|_| is_code) {
                let is_comment = line.trim_start().starts_with("//");
                if !is_comment && words.iter().any(|word| line.contains(word.as_str())) {
                    found.push(format!("{name}:{}: {}", number + 1, line.trim()));
                }
            }
        });
    }
    assert!(seen > 200, "only {seen} files were read");
    assert!(found.is_empty(), "spelt outside {WORDS}:\n{}", found.join("\n"));
}

fn each_file(folder: &Path, take: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            each_file(&path, take);
        } else if path.extension().is_some_and(|ending| ending == "rs" || ending == "js") {
            take(&path);
        }
    }
}
