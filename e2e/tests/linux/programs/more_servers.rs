//! The servers that only a long run fetches and starts: see [`tools::is_asked_for`].

use std::process::Command;

use e2e::{Project, python};

use super::{
    project,
    real_servers::{Server, Worker},
    tools,
};

#[test]
fn gunicorn() {
    let Some(gunicorn) = tools::python_server("gunicorn") else { return };
    let Some(project) = project("wsgi") else { return };
    project.write(
        "greeter.py",
        "def app(_, start):\n    start('200 OK', [('Content-Length', '4')])\n    return [b'here']\n",
    );
    let words = [&gunicorn, "--workers", "2", "--bind", "127.0.0.1:{port}", "greeter:app"];
    Server::http(project, words, Worker::IsReplaced).holds_its_promises();
}

#[test]
fn flask_that_reloads() {
    let Some(flask) = tools::python_server("flask") else { return };
    let Some(project) = project("flask-site") else { return };
    project.write(
        "app.py",
        "import flask\napp = flask.Flask(__name__)\n@app.get('/')\ndef here(): return 'here'\n",
    );
    let words = [&flask, "run", "--debug", "--port", "{port}"];
    Server::http(project, words, Worker::EndsMain).holds_its_promises();
}

#[test]
fn django() {
    let Some(python) = tools::python_server("python") else { return };
    let Some(project) = project("django-site") else { return };
    let made = Command::new(&python)
        .args(["-m", "django", "startproject", "shop", "."])
        .current_dir(project.folder())
        .status();
    assert!(made.is_ok_and(|status| status.success()));
    let words = [&python, "manage.py", "runserver", "{port}"];
    Server::http(project, words, Worker::EndsMain).holds_its_promises();
}

#[test]
fn express() {
    let Some(modules) = tools::node_modules() else { return };
    let Some(node) = tools::of_system("node") else { return };
    let project = Project::new("express-site");
    project.write(
        "server.js",
        "const app = require(process.argv[2])();
         app.get('/', (_, answer) => answer.send('here'));
         app.listen(process.env.PORT, '127.0.0.1');",
    );
    let express = modules.join("express").display().to_string();
    Server::http(project, [&node, "server.js", &express], Worker::None).holds_its_promises();
}

/// The path of vite, and a site for it.
fn vite() -> Option<(Project, String)> {
    let modules = tools::node_modules()?;
    tools::of_system("node")?;
    let project = Project::new("vite-site");
    project.write("index.html", "<!doctype html><title>here</title>");
    Some((project, modules.join(".bin/vite").display().to_string()))
}

#[test]
fn vite_with_its_port() {
    let Some((project, vite)) = vite() else { return };
    let words = [&vite, "--port", "{port}", "--host", "127.0.0.1"];
    Server::http(project, words, Worker::None).holds_its_promises();
}

#[test]
fn vite_without_its_port_is_not_ready_and_the_line_that_mends_it_is_printed() {
    let Some((project, vite)) = vite() else { return };
    let run = project.run().app("vite-site").setting("on_elsewhere = \"fail\"");
    let ended = run.runs([&vite, "--host", "127.0.0.1"]).run();
    assert_eq!(ended.code, Some(75), "{ended:?}");
    assert!(ended.stderr.contains("--port {port}"), "{ended:?}");
    assert_eq!(project.home.count("program_elsewhere"), 1);
    assert_eq!(project.home.count("server_ready"), 0);
}

#[test]
fn php() {
    if !tools::is_asked_for() {
        return;
    }
    let Some(php) = tools::of_system("php") else { return };
    let project = Project::new("php-site");
    project.write("index.php", "<?php echo 'here';");
    let words = [&php, "-S", "127.0.0.1:{port}"];
    Server::http(project, words, Worker::None).holds_its_promises();
}

#[test]
fn a_server_of_python_that_is_told_its_port_by_a_variable() {
    if !tools::is_asked_for() {
        return;
    }
    let Some(project) = project("by-variable") else { return };
    let line = format!("exec {} -m http.server --bind \"$HOST\" \"$PORT\"", python());
    Server::http(project, ["sh", "-c", &line], Worker::None).holds_its_promises();
}
