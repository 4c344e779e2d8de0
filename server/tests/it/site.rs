//! The app's own part: a folder as a site, and routes of its own.

use std::fs;

use actix_web::web;

use crate::support::{Running, serve, settings};

/// `site/` with an index, a page in a folder and a hidden file; a secret beside it.
fn site() -> (tempfile::TempDir, Running) {
    let home = tempfile::tempdir().expect("a folder");
    let root = home.path().join("site");
    fs::create_dir_all(root.join("docs")).expect("made");
    fs::create_dir(root.join("empty")).expect("made");
    for (name, text) in [
        ("site/index.html", "<h1>home</h1>"),
        ("site/docs/index.html", "<h1>docs</h1>"),
        ("site/a b.txt", "spaced"),
        ("site/.env", "hidden"),
        ("secret.txt", "secret"),
    ] {
        fs::write(home.path().join(name), text).expect("written");
    }
    let mut settings = settings();
    settings.root = Some(root);
    let app = serve(settings, |_| {});
    (home, app)
}

#[test]
fn a_folder_is_served_as_a_site() {
    let (_home, app) = site();
    assert_eq!(app.get("/").body, "<h1>home</h1>");
    assert_eq!(app.get("/a%20b.txt").body, "spaced");
    assert_eq!(app.get("/docs").header("location"), Some("/docs/"));
    let docs = app.get("/docs/");
    assert_eq!(docs.body, "<h1>docs</h1>");
    assert_eq!(docs.header("content-security-policy"), None, "an app's pages are its own");
    assert_eq!(app.get("/_homeport/healthz").status, 200);
}

#[test]
fn nothing_outside_the_folder_and_nothing_hidden_is_served() {
    let (_home, app) = site();
    for path in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/..%2Fsecret.txt",
        "/%2e%2e/secret.txt",
        "/%2e%2e%2fsecret.txt",
        "/%252e%252e%252fsecret.txt",
        "/..%252fsecret.txt",
        "/..\\secret.txt",
        "/docs\\..\\..\\secret.txt",
        "/.%2e/secret.txt",
        "/docs/../../secret.txt",
        "/docs/..%2f..%2fsecret.txt",
        "/..%5csecret.txt",
        "/....//secret.txt",
        "//secret.txt",
        "/.env",
        "/%2eenv",
        "/docs/../.env",
        "/docs/.hid",
        "/*",
        "/a:",
        "/a%3E",
        "/index.html%00.txt",
        "/%ff",
        "/empty/",
    ] {
        let answer = app.get(path);
        assert_eq!((answer.status, answer.body.as_str()), (404, "Not found\n"), "{path}");
        assert!(!answer.body.contains("secret") && !answer.body.contains("hidden"), "{path}");
    }
}

/// Links are followed, as other file servers do by default: a user who may write into the folder
/// could copy the files there as well.
#[cfg(unix)]
#[test]
fn a_link_in_the_folder_is_followed() {
    let (home, app) = site();
    let (target, link) = (home.path().join("secret.txt"), home.path().join("site/linked.txt"));
    std::os::unix::fs::symlink(target, link).expect("linked");
    assert_eq!(app.get("/linked.txt").body, "secret");
}

/// Opened, a pipe would block the worker until another program writes to it.
#[cfg(unix)]
#[test]
fn a_pipe_or_a_device_in_the_folder_is_not_there() {
    let (home, app) = site();
    let root = home.path().join("site");
    let make = |path: &str| {
        let made = std::process::Command::new("mkfifo").arg(root.join(path)).status();
        assert!(made.expect("mkfifo is there").success());
    };
    fs::create_dir(root.join("pipes")).expect("made");
    make("pipe");
    make("pipes/index.html");
    std::os::unix::fs::symlink("pipe", root.join("link")).expect("made");
    std::os::unix::fs::symlink("/dev/null", root.join("device")).expect("made");
    for path in ["/pipe", "/link", "/device", "/pipes/"] {
        // More often than there are workers, which would all be blocked.
        for _ in 0..4 {
            assert_eq!(app.get(path).status, 404, "{path}");
        }
    }
    assert_eq!(app.get("/").body, "<h1>home</h1>");
}

#[test]
fn a_site_can_be_read_and_not_written() {
    let (_home, app) = site();
    assert_eq!(app.ask("PUT", "/index.html", &["Content-Length: 0"]).status, 405);
    let head = app.ask("HEAD", "/", &[]);
    assert_eq!((head.status, head.body.as_str()), (200, ""));
}

#[test]
fn an_app_owns_everything_but_our_part() {
    let app = serve(settings(), |routes| {
        routes
            .route("/", web::get().to(|| async { "its own" }))
            .route("/_homeport/healthz", web::get().to(|| async { "taken over" }))
            .default_service(web::to(|| async { "its own default" }));
    });
    assert_eq!(app.get("/").body, "its own");
    assert_eq!(app.get("/nowhere").body, "its own default");
    assert_eq!(app.get("/_homeport/healthz").json()["status"], "ok");
    app.get("/_homeport/nowhere").assert_problem(404);
}
