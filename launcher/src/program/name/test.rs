use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    sync::Barrier,
};

use super::*;

struct Place {
    home: tempfile::TempDir,
    folders: Folders,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(&home.path().join("home")), None).expect("given");
        Self { home, folders }
    }

    fn make(&self, path: &str) -> PathBuf {
        let folder = self.home.path().join(path);
        fs::create_dir_all(&folder).expect("made");
        fs::canonicalize(folder).expect("made")
    }

    fn package(&self, path: &str, name: &str) -> PathBuf {
        let folder = self.make(path);
        let package = format!(r#"{{"name":"{name}"}}"#);
        fs::write(folder.join("package.json"), package).expect("written");
        folder
    }

    fn take(&self, folder: &Path) -> NameChoice {
        let taken = take(&self.folders, folder).expect("there");
        assert!(taken.unsaved.is_none(), "{:?}", taken.unsaved);
        taken
    }

    fn name(&self, folder: &Path) -> String {
        self.take(folder).app.to_string()
    }
}

fn app(name: &str) -> AppName {
    name.parse().expect("a name")
}

#[test]
fn a_name_once_taken_stays_that_folders() {
    let place = Place::new();
    let (first, second) = (place.package("a/x", "web"), place.package("b/x", "web"));
    let taken = place.take(&first);
    assert_eq!(
        (taken.app, taken.source, taken.reasons),
        (app("web"), NameSource::PackageJson, vec![])
    );
    let taken = place.take(&second);
    let in_use = NameReason::InUse { name: app("web"), folder: Some(first.clone()) };
    assert_eq!((taken.app.as_str(), &taken.reasons[..]), ("web-2", &[in_use][..]));
    let said = taken.in_words();
    assert!(said.contains("web-2") && said.contains("package.json"), "{said}");
    assert!(said.contains(&first.display().to_string()), "{said}");
    place.package("b/x", "other");
    let taken = place.take(&second);
    assert_eq!((taken.app.as_str(), taken.source), ("web-2", NameSource::Earlier));
    let all = AppFolder::of_all_apps(&place.folders);
    let listed: Vec<_> = all.iter().map(|(app, folder)| (app.as_str(), folder.path())).collect();
    assert_eq!(listed, [("web", &*first), ("web-2", &*second)]);
}

#[test]
fn names_of_our_own_get_a_number() {
    let place = Place::new();
    for (name, wanted) in [
        ("server", "server-2"),
        ("Run", "Run-2"),
        ("logs", "logs-2"),
        ("con", "con-2"),
        ("nul.js", "nul-js"),
    ] {
        let folder = place.package(&format!("of/{name}"), name);
        let taken = place.take(&folder);
        assert_eq!(taken.app.as_str(), wanted);
        assert_eq!(taken.reasons.len(), 1, "{:?}", taken.reasons);
        assert_eq!(place.name(&folder), wanted);
    }
}

#[test]
fn a_name_that_is_too_long_is_cut_and_its_number_has_room() {
    let place = Place::new();
    let long = "x".repeat(100);
    let names = ["a", "b"].map(|folder| place.name(&place.package(folder, &long)));
    assert_eq!(names, ["x".repeat(64), format!("{}-2", "x".repeat(62))]);
    assert_eq!(place.name(&place.make("日本")), "app");
    assert_eq!(place.name(&place.make("中国")), "app-2");
}

#[test]
fn the_name_of_a_folder_that_is_gone_is_taken_over_unless_its_app_runs() {
    let place = Place::new();
    let (first, second) = (place.package("a", "web"), place.package("b", "web"));
    assert_eq!(place.name(&first), "web");
    fs::remove_dir_all(&first).expect("removed");
    let running = AppLock::try_hold(&place.folders, &app("web")).expect("held");
    assert_eq!(place.name(&second), "web-2");
    drop(running);
    let third = place.package("c", "web");
    let taken = place.take(&third);
    assert_eq!((taken.app.as_str(), taken.reasons), ("web", vec![NameReason::TakenOver(first)]));
    assert_eq!(place.name(&second), "web-2");
}

#[test]
fn a_name_that_a_person_gave_is_not_that_of_the_folder_itself() {
    let place = Place::new();
    let (first, second) = (place.make("one"), place.make("two"));
    let give = |name: &str, folder: &Path| give(&place.folders, &app(name), folder).expect("kept");
    assert_eq!(give("x", &first), NameOutcome::Kept);
    assert_eq!(give("x", &first), NameOutcome::Kept);
    assert_eq!(give("x", &second), NameOutcome::InUse(first.clone()));
    assert_eq!(place.name(&first), "one");
    assert_eq!(give("one", &second), NameOutcome::InUse(first));
    assert_eq!(give("two", &second), NameOutcome::Kept);
    assert_eq!(place.take(&second).source, NameSource::Folder);
    assert_eq!(place.take(&second).source, NameSource::Earlier);
}

#[test]
fn a_file_that_cannot_be_read_is_set_aside() {
    let place = Place::new();
    let folder = place.make("web");
    let file = place.folders.app_folder(&app("web"));
    fs::create_dir_all(file.parent().expect("a parent")).expect("made");
    fs::write(&file, "\0").expect("written");
    assert_eq!(place.name(&folder), "web");
    assert_eq!(place.take(&folder).source, NameSource::Earlier);
    let beside = fs::read_dir(file.parent().expect("a parent")).expect("readable");
    assert_eq!(beside.count(), 2);
}

#[test]
fn a_home_that_cannot_be_written_costs_the_memory_of_the_name_alone() {
    let place = Place::new();
    fs::write(place.home.path().join("home"), "no folder").expect("written");
    let taken = take(&place.folders, &place.make("web")).expect("named");
    assert_eq!(taken.app, app("web"));
    assert!(taken.unsaved.is_some());
}

#[test]
fn a_linked_worktree_has_the_name_of_its_folder_too() {
    let place = Place::new();
    let main = place.package("main", "web");
    fs::create_dir(main.join(".git")).expect("made");
    let linked = |name: &str, gitdir: &str| {
        let tree = place.package(name, "web");
        fs::write(tree.join(".git"), format!("gitdir: {gitdir}\n")).expect("written");
        tree
    };
    let of_git = |name: &str| {
        let folder = place.make(&format!("main/.git/{name}"));
        fs::write(folder.join("HEAD"), "").expect("written");
        folder
    };
    let absolute = of_git("worktrees/one");
    fs::write(absolute.join("commondir"), "../..\n").expect("written");
    fs::write(of_git("worktrees/two").join("commondir"), "../..\n").expect("written");
    of_git("modules/sub");
    assert_eq!(place.name(&main), "web");
    let one = linked("one", &absolute.display().to_string());
    let taken = place.take(&one);
    assert_eq!(taken.app.as_str(), "web.one");
    assert_eq!(taken.reasons, [NameReason::Worktree(one.clone())]);
    assert_eq!(place.name(&linked("fix two", "../main/.git/worktrees/two")), "web.fix-two");
    assert_eq!(place.name(&place.make("one/front")), "front.one");
    assert_eq!(place.name(&linked("sub", "../main/.git/modules/sub")), "web-2");
    assert_eq!(place.name(&linked("lost", "/nowhere/at/all")), "web-3");
    fs::remove_file(linked("three", "../main/.git/worktrees/two").join("package.json"))
        .expect("removed");
    assert_eq!(place.name(&place.make("three")), "three");
}

/// The name that each of `threads` threads gets for each folder, all at once.
fn names_at_once(
    place: &Place,
    threads: usize,
    paths: &[PathBuf],
) -> BTreeMap<PathBuf, BTreeSet<AppName>> {
    let start = Barrier::new(threads * paths.len());
    let names = thread::scope(|scope| {
        let one = |path: &PathBuf| {
            let (path, start, folders) = (path.clone(), &start, &place.folders);
            scope.spawn(move || {
                start.wait();
                // Without the lock: where the system has none, the files alone decide.
                (path.clone(), take_for(folders, path))
            })
        };
        let running: Vec<_> = (0..threads).flat_map(|_| paths.iter().map(&one)).collect();
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect::<Vec<_>>()
    });
    let mut of_folders = BTreeMap::<_, BTreeSet<_>>::new();
    for (path, taken) in names {
        of_folders.entry(path).or_default().insert(taken.app);
    }
    of_folders
}

#[test]
fn many_at_once_get_one_name_for_each_folder_and_none_twice() {
    for (threads, count) in [(1, 8), (4, 4), (8, 2)] {
        let place = Place::new();
        let paths: Vec<_> =
            (0..count).map(|number| place.package(&number.to_string(), "web")).collect();
        let first = names_at_once(&place, threads, &paths);
        let unique: BTreeSet<_> = first.values().flatten().collect();
        assert!(first.values().all(|names| names.len() == 1), "{first:?}");
        assert_eq!(unique.len(), count, "{first:?}");
        assert_eq!(names_at_once(&place, threads, &paths), first);
    }
}

#[test]
fn of_those_that_take_over_a_name_at_once_one_gets_it() {
    let place = Place::new();
    let gone = place.package("gone", "web");
    place.take(&gone);
    fs::remove_dir_all(gone).expect("removed");
    let paths: Vec<_> = (0..4).map(|number| place.package(&number.to_string(), "web")).collect();
    let names: BTreeSet<_> = thread::scope(|scope| {
        let running: Vec<_> = paths.iter().map(|path| scope.spawn(|| place.name(path))).collect();
        running.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["web", "web-2", "web-3", "web-4"]);
}

/// The home and the folder that the test below is to take a name for, in a process of its own.
const OTHER_PROCESS: &str = "TEST_TAKES_NAME_OF_HOMEPORT";

#[test]
fn processes_at_once_get_names_of_their_own() {
    if let Some(both) = std::env::var_os(OTHER_PROCESS) {
        let both: Vec<_> = std::env::split_paths(&both).collect();
        let folders = Folders::locate(Some(&both[0]), None).expect("given");
        take(&folders, &both[1]).expect("named");
        return;
    }
    let place = Place::new();
    let paths: Vec<_> = (0..6).map(|number| place.package(&number.to_string(), "web")).collect();
    let start = |path: &PathBuf| {
        let both = std::env::join_paths([&place.home.path().join("home"), path]).expect("no colon");
        let mut other = Command::new(std::env::current_exe().expect("known"));
        other.args(["--exact", "program::name::test::processes_at_once_get_names_of_their_own"]);
        other.env(OTHER_PROCESS, both).stdout(std::process::Stdio::null());
        other.spawn().expect("started")
    };
    let running: Vec<_> = paths.iter().chain(&paths).map(start).collect();
    for mut process in running {
        assert!(process.wait().expect("ended").success());
    }
    let taken = AppFolder::of_all_apps(&place.folders);
    let folders: BTreeSet<_> = taken.values().map(AppFolder::path).collect();
    assert_eq!((taken.len(), folders.len()), (6, 6), "{taken:?}");
    assert!(taken.contains_key(&app("web")) && taken.contains_key(&app("web-6")), "{taken:?}");
}
