//! The order of the modules, and whether the code keeps to it.
//!
//! A crate's `lib.rs` declares its modules from the top floor down, and so does each `mod.rs` for its
//! folder. A file may name what is declared below it and below the folders that it is in, and its own
//! children; what names a module above is an *arrow back*. A crate without arrows back has no circle
//! of files.

use super::{
    paths::Segments,
    sources::{self, Source},
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt, io,
    path::{Path, PathBuf},
};

/// The crates that are held to their order, the uppermost first.
pub(crate) const CRATES: [&str; 8] =
    ["homeport", "launcher", "server", "shared", "e2e", "bench", "packaging", "xtask"];

/// One crate: its files and what each of them names.
pub(crate) struct CrateLayout {
    /// The crate's folder.
    pub(crate) name: String,
    /// Its files, in the order of the floors.
    pub(crate) sources: Vec<Source>,
    /// Which file names which, as places in `sources`, with the names that it takes.
    pub(crate) arrows: BTreeMap<(usize, usize), BTreeSet<String>>,
}

/// A file that names one above it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ArrowBack {
    from: PathBuf,
    to: PathBuf,
    names: BTreeSet<String>,
}

impl fmt::Display for ArrowBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names.iter().map(String::as_str).collect();
        let (from, to) = (self.from.display(), self.to.display());
        write!(f, "{from} names {to}, which stands above it: {}", names.join(", "))
    }
}

impl CrateLayout {
    /// Reads the crate in this folder of the workspace.
    ///
    /// # Errors
    ///
    /// If a file of it cannot be read or is not Rust.
    pub(crate) fn read(workspace: &Path, name: &str) -> io::Result<Self> {
        Ok(Self::of(name, sources::read(workspace, name)?))
    }

    fn of(name: &str, sources: Vec<Source>) -> Self {
        let places: HashMap<_, _> =
            sources.iter().enumerate().map(|(at, source)| (source.module.clone(), at)).collect();
        let mut arrows: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        for (from, source) in sources.iter().enumerate() {
            for path in &source.paths {
                let Some(path) = absolute(&source.module, path) else { continue };
                let to = resolve(&sources, &places, &path);
                if to != from {
                    arrows.entry((from, to)).or_default().insert(path.join("::"));
                }
            }
        }
        Self { name: name.to_owned(), sources, arrows }
    }

    /// The arrows that run against the order. The files stand in it, parents before their children,
    /// so an arrow back is one to an earlier file.
    pub(crate) fn arrows_back(&self) -> Vec<ArrowBack> {
        let back = self.arrows.iter().filter(|((from, to), _)| to < from);
        let file = |at: usize| self.sources[at].file.clone();
        back.map(|(&(from, to), names)| ArrowBack {
            from: file(from),
            to: file(to),
            names: names.clone(),
        })
        .collect()
    }

    /// The files that name each other in a circle, the largest circle first.
    pub(crate) fn circles(&self) -> Vec<Vec<usize>> {
        let reach: Vec<_> = (0..self.sources.len()).map(|from| self.reachable(from)).collect();
        let mut left: BTreeSet<_> = (0..self.sources.len()).collect();
        let mut circles = Vec::new();
        while let Some(first) = left.pop_first() {
            let with_it =
                |other: &usize| reach[first].contains(other) && reach[*other].contains(&first);
            let others: Vec<_> = left.iter().copied().filter(with_it).collect();
            others.iter().for_each(|other| {
                left.remove(other);
            });
            if !others.is_empty() {
                circles.push([vec![first], others].concat());
            }
        }
        circles.sort_by_key(|circle| std::cmp::Reverse(circle.len()));
        circles
    }

    fn reachable(&self, from: usize) -> BTreeSet<usize> {
        let (mut found, mut open) = (BTreeSet::new(), vec![from]);
        while let Some(at) = open.pop() {
            let next = self.arrows.range((at, 0)..(at + 1, 0)).map(|(&(_, to), _)| to);
            open.extend(next.filter(|&to| found.insert(to)));
        }
        found
    }
}

/// The path from the crate's root on; `None` for one that leaves the crate.
fn absolute(module: &Segments, path: &[String]) -> Option<Segments> {
    let mut at = match path.first()?.as_str() {
        "crate" => Vec::new(),
        _ => module.clone(),
    };
    let mut rest = path;
    while let Some((first, others)) = rest.split_first() {
        match first.as_str() {
            "crate" | "self" => {}
            "super" => {
                at.pop()?;
            }
            _ => break,
        }
        rest = others;
    }
    at.extend(rest.iter().cloned());
    Some(at)
}

/// The file in which what the path means is defined, through re-exports.
fn resolve(sources: &[Source], places: &HashMap<Segments, usize>, path: &[String]) -> usize {
    let mut path = path.to_vec();
    // A chain of re-exports is short; a circle of them would not compile.
    for _ in 0..8 {
        let depth = (0..=path.len()).rev().find(|&depth| places.contains_key(&path[..depth]));
        let depth = depth.unwrap_or_default();
        let at = places[&path[..depth]];
        let Some(name) = path.get(depth) else { return at };
        let handed_on = sources[at].reexports.get(name).and_then(|target| {
            let first = target.first()?.as_str();
            let is_child = sources[at].children.iter().any(|child| child == first);
            match first {
                "crate" | "self" | "super" => absolute(&sources[at].module, target),
                _ if is_child => Some([&sources[at].module[..], target].concat()),
                _ => None,
            }
        });
        match handed_on {
            Some(target) => path = [target, path[depth + 1..].to_vec()].concat(),
            None => return at,
        }
    }
    places[&Vec::new()]
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::cargo;

    #[test]
    fn every_crate_keeps_to_the_order_that_it_declares() {
        for name in CRATES.iter().filter(|name| cargo::root().join(name).is_dir()) {
            let layout = CrateLayout::read(&cargo::root(), name).unwrap();
            let back: Vec<_> = layout.arrows_back().iter().map(ToString::to_string).collect();
            assert!(back.is_empty(), "{}", back.join("\n"));
        }
    }

    fn source(module: &str, children: &[&str], paths: &[&str]) -> Source {
        let segments = |path: &str| path.split("::").map(str::to_owned).collect::<Segments>();
        Source {
            module: if module.is_empty() { Vec::new() } else { segments(module) },
            file: module.into(),
            lines: 0,
            children: children.iter().map(|&child| child.to_owned()).collect(),
            paths: paths.iter().map(|path| segments(path)).collect(),
            reexports: HashMap::new(),
            macros: Vec::new(),
            types: Vec::new(),
        }
    }

    #[test]
    fn a_name_from_above_is_an_arrow_back_and_closes_a_circle() {
        let layout = CrateLayout::of(
            "example",
            vec![
                source("", &["top", "ground"], &[]),
                source("top", &["part"], &["self::part::f", "crate::ground::G"]),
                source("top::part", &[], &["super::T", "super::super::ground::G"]),
                source("ground", &[], &["crate::top::part::f"]),
            ],
        );
        let back: Vec<_> = layout
            .arrows_back()
            .iter()
            .map(|arrow| (arrow.from.clone(), arrow.to.clone()))
            .collect();
        let wanted = [("top::part", "top"), ("ground", "top::part")];
        assert_eq!(back, wanted.map(|(from, to)| (from.into(), to.into())));
        assert_eq!(layout.circles(), [vec![1, 2, 3]]);
    }

    #[test]
    fn a_name_that_is_handed_on_comes_from_where_it_is_defined() {
        let mut folder = source("folder", &["a", "b"], &[]);
        let path = ["self", "b", "B"].map(str::to_owned).to_vec();
        folder.reexports.insert("B".to_owned(), path);
        let a = source("folder::a", &[], &["super::B"]);
        let sources = vec![source("", &["folder"], &[]), folder, a, source("folder::b", &[], &[])];
        let layout = CrateLayout::of("example", sources);
        assert_eq!(layout.arrows_back(), []);
        assert!(layout.arrows.contains_key(&(2, 3)), "{:?}", layout.arrows);
    }
}
