//! The package in a fresh Debian: installed, used and purged again.

use std::process::Command;

use e2e::{Debian, Home, Packages, found, get, program, quiet_port, skip, stripped};

/// A Debian package of the programs of this build.
pub(crate) fn package() -> Packages {
    let programs = stripped(&["launcher", "server"].map(program), "strip");
    Packages::make(&["deb"], programs.path())
}

#[test]
fn a_fresh_system_that_installs_the_package_can_use_it_and_is_the_same_after_a_purge() {
    let Some(system) = Debian::fresh() else { return };
    let before = system.files();
    let (packages, home) = (package(), Home::new());
    let package = packages.file(".deb");
    system.succeed(&["dpkg", "--install", package.to_str().expect("text")]);
    let own = |name: &str| format!("{name} {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(system.succeed(&["homeport", "--version"]), own("homeport"));
    assert!(system.run(&["dpkg", "--verify", "homeport"]).stdout.is_empty());

    // It finds its server, serves, and is stopped by its own command, all by the name on the PATH.
    let port = quiet_port();
    let launch = home.launcher().program("homeport").at(&system.context());
    let mut running = launch.clone().port(port).start();
    let ready = running.ready();
    let answer = get(&format!("http://127.0.0.1:{port}/_homeport/healthz")).expect("it serves");
    assert_eq!((ready.port, answer.status), (port, 200));
    let stop = launch.without("--no-open").without("--json").arg("stop");
    assert_eq!(stop.run().code, Some(0));
    assert_eq!(running.exit().code, Some(0));
    // What it advises to type is what this system has.
    let where_is_it = stop.without("stop").arg("where").run();
    assert!(where_is_it.stderr.contains("`homeport`"), "{where_is_it:?}");

    for page in ["homeport", "homeport-stop", "homeport-settings-set", "homeport-server"] {
        assert!(system.succeed(&["man", "--where", page]).contains(page));
    }
    let shown = system.succeed(&["man", "--pager=cat", "homeport"]);
    assert!(shown.contains("HOMEPORT") && shown.contains("Exit codes"), "{shown}");
    let completed = ". /usr/share/bash-completion/completions/homeport && complete -p homeport";
    assert!(system.succeed(&["bash", "-c", completed]).contains("_homeport"));
    for other in ["fish/vendor_completions.d/homeport.fish", "zsh/vendor-completions/_homeport"] {
        system.succeed(&["test", "-s", &format!("/usr/share/{other}")]);
    }
    for name in ["launcher", "server"] {
        assert!(!system.run(&["sh", "-c", &format!("command -v {name}")]).status.success());
    }

    system.succeed(&["dpkg", "--purge", "homeport"]);
    let after = system.files();
    let changed: Vec<_> = after.symmetric_difference(&before).collect();
    assert!(changed.is_empty(), "{changed:?}");
}

#[test]
fn the_package_is_one_that_debian_finds_no_error_in() {
    if !found("lintian") {
        return skip("lintian is missing");
    }
    let packages = package();
    let mut lintian = Command::new("lintian");
    lintian.args(["--fail-on=error", "--allow-root", "--no-cfg"]).arg(packages.file(".deb"));
    let checked = lintian.output().expect("it starts");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}
