//! What is generated from the types and kept in the repository, so that readers find it there: the
//! tests compare, and with `UPDATE=1` in the environment they write it.

mod history;
mod settings;

use std::{
    env, fs,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

/// Held while a file is compared or written: several tests hold parts of one page.
static PAGES: Mutex<()> = Mutex::new(());

/// Holds the part of `page` between `<!-- generated: NAME -->` and `<!-- end of NAME -->` to `text`.
///
/// # Panics
///
/// If the page has no such part, or another text in it.
#[track_caller]
fn hold_section(page: &str, name: &str, text: &str) {
    let _alone = PAGES.lock().unwrap_or_else(PoisonError::into_inner);
    let (begin, end) = (format!("<!-- generated: {name} -->\n"), format!("<!-- end of {name} -->"));
    let whole = fs::read_to_string(place(page)).expect("it can be read");
    let parts = whole.split_once(&begin);
    let parts = parts.and_then(|(before, rest)| Some((before, rest.split_once(&end)?.1)));
    let (before, after) = parts.unwrap_or_else(|| panic!("{page} has no part {begin}"));
    hold_file(page, &format!("{before}{begin}\n{}\n\n{end}{after}", text.trim_end()));
}

/// Holds a whole file of the repository to `text`.
///
/// # Panics
///
/// If it has another text.
#[track_caller]
fn hold_file(path: &str, text: &str) {
    if env::var_os("UPDATE").is_some() {
        fs::write(place(path), text).expect("written");
        return;
    }
    let kept = fs::read_to_string(place(path)).unwrap_or_default();
    assert!(kept == text, "{path} is out of date: `UPDATE=1 cargo test -p shared` writes it");
}

/// A path of the repository.
fn place(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}
