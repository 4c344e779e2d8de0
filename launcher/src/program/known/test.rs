use std::fs;

use super::*;

/// A folder with these scripts.
fn package() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let package = r#"{"scripts": {
        "dev": "tsc -b && NODE_ENV=x vite --open",
        "start": "next start",
        "outer": "npm run dev",
        "fixed": "vite --port 3000",
        "loop": "npm run loop",
        "api": "cross-env A=b uvicorn app:app",
        "box": "docker run x"
    }}"#;
    fs::write(folder.path().join("package.json"), package).expect("written");
    folder
}

fn known(line: &str) -> KnownCommand {
    let command: Vec<_> = line.split(' ').map(OsString::from).collect();
    KnownCommand::of(&command, package().path())
}

#[test]
fn a_program_is_known_behind_what_runs_it() {
    for (line, name) in [
        ("vite", "vite"),
        ("./node_modules/.bin/vite", "vite"),
        (r"C:\x\node_modules\.bin\VITE.CMD", "vite"),
        ("npx vite", "vite"),
        ("npx.cmd -y -p vite vite --open", "vite"),
        ("npx -- vite", "vite"),
        ("bunx vite", "vite"),
        ("npm exec vite", "vite"),
        ("npm exec --yes -- vite", "vite"),
        ("pnpm vite", "vite"),
        ("pnpm exec vite", "vite"),
        ("pnpm dlx vite", "vite"),
        ("yarn vite", "vite"),
        ("bun x vite", "vite"),
        ("npm run dev", "vite"),
        ("npm run --silent dev", "vite"),
        ("pnpm dev", "vite"),
        ("yarn run dev", "vite"),
        ("npm run outer", "vite"),
        ("npm start", "next"),
        ("npm run api", "uvicorn"),
        ("npm run loop", "npm"),
        ("npm run absent", "npm"),
        ("npm dev", "npm"),
        ("npm --prefix web run dev", "npm"),
        ("pnpm --filter web dev", "pnpm"),
        ("env A=b vite", "vite"),
        ("python -m uvicorn app:app", "uvicorn"),
        ("/usr/bin/python3.12 -u -m http.server", "http.server"),
        ("python manage.py runserver", "manage.py"),
        ("python3 app.py", "python"),
        ("uv run flask run", "flask"),
        ("php8.2 -S localhost:1", "php"),
        ("npx", "npx"),
    ] {
        assert_eq!(known(line).invocation().name().as_deref(), Some(name), "{line}");
    }
    let outer = known("npm run outer");
    assert_eq!(outer.invocation().scripts(), ["outer", "dev"]);
    assert_eq!(outer.invocation().words(), ["vite", "--open"]);
    assert_eq!(KnownCommand::of(&[], Path::new("/")).invocation().name(), None);
}

#[test]
fn a_delegated_program_is_known_by_the_first_word_alone() {
    for name in [
        "docker",
        "/usr/bin/podman",
        "nerdctl",
        "docker-compose",
        "kubectl",
        "ssh",
        "sudo",
        "systemd-run",
        "wsl.exe",
        "limactl",
    ] {
        assert!(known(&format!("{name} run x")).is_delegated(), "{name}");
    }
    for line in ["npm run box", "npx docker", "env docker", "vite", "dockerd"] {
        assert!(!known(line).is_delegated(), "{line}");
    }
}

#[test]
fn a_program_that_ignores_port_has_the_line_that_passes_it() {
    for (line, wanted) in [
        ("vite", "vite --port {port}"),
        ("astro dev", "astro dev --port {port}"),
        ("ng serve", "ng serve --port {port}"),
        ("react-router dev", "react-router dev --port {port}"),
        ("rsbuild dev", "rsbuild dev --port {port}"),
        ("npx expo start", "npx expo start --port {port}"),
        ("npm run dev", "npm run dev -- --port {port}"),
        ("npm run dev -- --open", "npm run dev -- --open --port {port}"),
        ("npm exec vite", "npm exec vite -- --port {port}"),
        ("npm run outer", "npm run outer -- -- --port {port}"),
        ("pnpm dev", "pnpm dev --port {port}"),
        ("yarn dev", "yarn dev --port {port}"),
        ("vite --port 5173 --open", "vite --port {port} --open"),
        ("vite --port=5173", "vite --port {port}"),
        ("vite --port", "vite --port {port}"),
    ] {
        assert_eq!(known(line).with_port().as_deref(), Some(wanted), "{line}");
        assert!(known(line).ignores_port(), "{line}");
    }
    for line in ["vite --port {port}", "npm run fixed", "next dev", "npm run api", "npm run build"]
    {
        assert_eq!(known(line).with_port(), None, "{line}");
    }
    let spaces = [OsString::from("/a b/vite"), "--mode".into(), "x".into()];
    let line = KnownCommand::of(&spaces, Path::new("/")).with_port();
    assert!(line.is_some_and(|line| line.starts_with(&quoted(Path::new("/a b/vite")))));
}

#[test]
fn databases_and_proxies_have_their_own_way_to_end() {
    for (line, signal, timeout) in [
        ("/usr/lib/postgresql/15/bin/postgres -D x", Some(KnownSignal::Interrupt), Some(LONG_STOP)),
        ("nginx -g daemon", Some(KnownSignal::Quit), Some(LONG_STOP)),
        ("redis-server", None, Some(LONG_STOP)),
        ("node server.js", None, None),
    ] {
        assert_eq!(
            (known(line).stop_signal(), known(line).stop_timeout()),
            (signal, timeout),
            "{line}"
        );
    }
}

#[test]
fn what_keeps_a_program_to_loopback_is_known() {
    for (line, option) in [
        ("npm run dev", Some("--host 127.0.0.1")),
        ("uvicorn app:app", Some("--host 127.0.0.1")),
        ("flask run", Some("--host 127.0.0.1")),
        ("python3 -m http.server", Some("--bind 127.0.0.1")),
        ("php -S 0.0.0.0:1", Some("-S 127.0.0.1:{port}")),
        ("python manage.py runserver", Some("127.0.0.1:{port}")),
        ("python -m django runserver", Some("127.0.0.1:{port}")),
        ("gunicorn app", Some("--bind 127.0.0.1:{port}")),
        ("next dev", Some("-H 127.0.0.1")),
        ("nginx", Some("listen 127.0.0.1:{port};")),
        ("hypercorn app", Some("--bind 127.0.0.1:{port}")),
        ("waitress-serve app", Some("--listen=127.0.0.1:{port}")),
        ("streamlit run a.py", Some("--server.address 127.0.0.1")),
        ("http-server", Some("-a 127.0.0.1")),
        ("webpack-dev-server", Some("--host 127.0.0.1")),
        ("rails server", Some("-b 127.0.0.1")),
        ("puma", Some("-b tcp://127.0.0.1:{port}")),
        ("redis-server", Some("--bind 127.0.0.1")),
        ("postgres", Some("-h 127.0.0.1")),
        ("expo start", Some("--host localhost")),
        ("node server.js", None),
        ("docker run x", None),
    ] {
        assert_eq!(known(line).loopback_option(), option, "{line}");
    }
}

#[test]
fn what_loses_a_passed_socket_is_named() {
    for name in ["npm", "npx", "pnpm", "yarn", "bunx", "/usr/bin/npx", "npm.cmd"] {
        assert_eq!(known(&format!("{name} vite")).node_wrapper(), Some(name));
    }
    for line in ["node server.js", "vite", "bun run dev", "npm-check"] {
        assert_eq!(known(line).node_wrapper(), None, "{line}");
    }
    assert_eq!(known("npx vite --x").invocation().words(), ["vite", "--x"]);
}
