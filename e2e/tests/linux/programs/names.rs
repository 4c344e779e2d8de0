//! The name that a folder gives its program, and the port that goes with it.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use e2e::{Project, Running, skip, wait_until};

use super::{STOP_TIMEOUT_OPTION, project};

/// A program that serves on the port of `PORT`.
const SERVES: &str = "serve(listen())";

fn git(folder: &Path, words: &[&str]) -> bool {
    let identity =
        ["-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "init.defaultBranch=main"];
    let mut git = Command::new("git");
    git.args(identity).args(words).current_dir(folder);
    // Neither a person's settings nor a repository around the test are meant.
    git.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    git.env_remove("GIT_DIR").env_remove("GIT_WORK_TREE").env_remove("GIT_INDEX_FILE");
    git.output().is_ok_and(|output| output.status.success())
}

/// What a launch in each of these folders is called and where it serves, all running at once.
fn start_all(project: &Project, folders: &[&str]) -> Vec<(String, u16)> {
    let parent = project.folder().parent().expect("a folder");
    let mut running: Vec<Running> = folders
        .iter()
        .map(|folder| {
            let run = project.run_in(&parent.join(folder)).args(STOP_TIMEOUT_OPTION);
            run.runs(e2e::script(SERVES)).start()
        })
        .collect();
    let found = running.iter_mut().map(|running| {
        let ready = running.ready();
        (ready.app, ready.port)
    });
    let found = found.collect();
    for running in running {
        assert_eq!(running.stop().code, Some(0));
    }
    found
}

#[test]
fn five_worktrees_at_once_have_five_ports_and_the_same_at_the_next_start() {
    let Some(project) = project("shop") else { return };
    let main = project.folder();
    project.write("package.json", r#"{"name": "shop"}"#);
    let made =
        git(main, &["init"]) && git(main, &["add", "."]) && git(main, &["commit", "-m", "a"]);
    if !made {
        return skip("git is missing");
    }
    let others = ["fix", "feature", "review", "bisect"];
    for other in others {
        assert!(git(main, &["worktree", "add", "--detach", &format!("../{other}")]), "{other}");
    }
    let folders = ["shop", "fix", "feature", "review", "bisect"];
    let first = start_all(&project, &folders);
    let names: Vec<_> = first.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["shop", "shop.fix", "shop.feature", "shop.review", "shop.bisect"]);
    let ports: BTreeSet<_> = first.iter().map(|(_, port)| port).collect();
    assert_eq!(ports.len(), folders.len(), "{first:?}");
    assert_eq!(start_all(&project, &folders), first);
}

#[test]
fn folders_of_one_name_are_told_apart_and_keep_their_names() {
    let Some(project) = project("site") else { return };
    let parent = project.folder().parent().expect("a folder");
    fs::create_dir_all(parent.join("other/site")).expect("made");
    let first = start_all(&project, &["site", "other/site"]);
    let names: BTreeSet<_> = first.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["site", "site-2"]));
    assert_ne!(first[0].1, first[1].1);
    assert_eq!(start_all(&project, &["site", "other/site"]), first);
}

/// The second finds the first, whatever folder it is started in. The one whose folder has not got the name says so.
#[test]
fn of_two_starts_of_one_name_at_once_from_two_folders_one_runs_and_the_other_says_so() {
    let Some(project) = project("left") else { return };
    let right = project.folder().with_file_name("right");
    fs::create_dir_all(&right).expect("made");
    let start = |folder: &Path| {
        let run = project.run_in(folder).app("both").args(STOP_TIMEOUT_OPTION);
        run.runs(e2e::script(SERVES)).start()
    };
    let mut both = vec![start(project.folder()), start(&right)];
    wait_until("one of them has ended", || both.iter_mut().any(Running::has_ended));
    let place = both.iter_mut().position(Running::has_ended).expect("one has");
    let found = both.swap_remove(place).exit();
    assert_eq!(found.code, Some(0), "{found:?}");
    let mut runs = both.swap_remove(0);
    let ready = runs.ready();
    assert_eq!(project.home.count("server_ready"), 1);
    assert!(found.stdout.contains(&ready.port.to_string()), "{found:?}");
    let told = format!("{}{}", found.stderr, runs.stderr());
    assert!(told.contains("/left") && told.contains("/right"), "{told}");
    assert_eq!(runs.stop().code, Some(0));
}
