//! The picture of the crates in words: their floors from the top down, what each names below it, and
//! what breaks the order.

use super::floors::{CRATES, CrateLayout};
use crate::{cargo, screen::say};
use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    process::ExitCode,
};

/// Prints the crates of these names, or all; a break of the order is a failure.
pub(crate) fn run(names: &[String]) -> ExitCode {
    let all = CRATES.map(str::to_owned);
    let names = if names.is_empty() { &all[..] } else { names };
    let mut is_in_order = true;
    for name in names.iter().filter(|name| cargo::root().join(name).is_dir()) {
        match print(name) {
            Ok(kept) => is_in_order &= kept,
            Err(error) => {
                say(&format!("homeport: {name}: {error}"));
                return ExitCode::FAILURE;
            }
        }
    }
    if is_in_order { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints one crate; returns whether it keeps to its order.
fn print(name: &str) -> io::Result<bool> {
    let layout = CrateLayout::read(&cargo::root(), name)?;
    let (back, circles) = (layout.arrows_back(), layout.circles());
    let in_circles: usize = circles.iter().map(Vec::len).sum();
    let lines: usize = layout.sources.iter().map(|source| source.lines).sum();
    say(&format!(
        "{}: {} files, {lines} lines, {} arrows, {} back, {in_circles} files in {} circles",
        layout.name,
        layout.sources.len(),
        layout.arrows.len(),
        back.len(),
        circles.len()
    ));
    for floor in floors(&layout) {
        say(&floor);
    }
    for arrow in &back {
        say(&format!("  back: {arrow}"));
    }
    for circle in &circles {
        let files: Vec<_> =
            circle.iter().map(|&at| layout.sources[at].file.display().to_string()).collect();
        say(&format!("  circle of {}: {}", files.len(), files.join(" ")));
    }
    say("");
    Ok(back.is_empty())
}

/// A line for each module of the root: how large it is with all that is in it, and which of the
/// others it names.
fn floors(layout: &CrateLayout) -> Vec<String> {
    let top = |at: usize| layout.sources[at].module.first().map(String::as_str);
    let mut below: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for &(from, to) in layout.arrows.keys() {
        if let (Some(from), Some(to)) = (top(from), top(to))
            && from != to
        {
            below.entry(from).or_default().insert(to);
        }
    }
    let children = &layout.sources[0].children;
    let floor = |name: &String| {
        let files = layout.sources.iter().filter(|source| source.module.first() == Some(name));
        let (files, lines) =
            files.fold((0, 0), |(files, lines), source| (files + 1, lines + source.lines));
        let named = below.get(name.as_str()).into_iter().flatten();
        let order = |name: &&str| children.iter().position(|child| child == name);
        let mut named: Vec<_> = named.copied().collect();
        named.sort_by_key(order);
        let arrow = if named.is_empty() { "" } else { " -> " };
        format!("  {name:<16}{files:>4} files{lines:>6} lines{arrow}{}", named.join(" "))
    };
    children.iter().map(floor).collect()
}
