//! Real servers: each serves on its port, keeps it, gives way to a stranger, and leaves nothing behind.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use e2e::{
    Invocation, ProgramTree, Project, ReadyMessage, Running, Stranger, WatchedProcess, get,
    listeners_on, wait_until,
};
use rustix::process::Signal;

use super::{STOP_TIMEOUT, STOP_TIMEOUT_OPTION, project, tools};

/// A server to be started in a project.
pub(super) struct Server {
    project: Project,
    words: Vec<String>,
    answers: fn(u16) -> bool,
    worker: Worker,
}

/// What follows when the process that listens, and is not main, is killed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Worker {
    /// Main alone listens.
    None,
    /// Main starts another.
    IsReplaced,
    /// Main listens as well and starts another when this file changes.
    IsReplacedAfterChange(&'static str),
    /// Main ends as well, and is started again.
    EndsMain,
}

impl Server {
    pub(super) fn http(
        project: Project,
        words: impl IntoIterator<Item = impl Into<String>>,
        worker: Worker,
    ) -> Self {
        let words = words.into_iter().map(Into::into).collect();
        Self { project, words, answers: answers_http, worker }
    }

    fn launch(&self) -> Invocation {
        self.project.run().args(STOP_TIMEOUT_OPTION).runs(&self.words)
    }

    fn serves(&self, port: u16) {
        wait_until("the server answers", || (self.answers)(port));
    }

    fn ready_records(&self) -> usize {
        self.project.home.count("server_ready")
    }

    /// Starts it, and waits until it serves.
    fn start(&self) -> (Running, ReadyMessage) {
        let mut running = self.launch().start();
        let ready = running.ready();
        self.serves(ready.port);
        (running, ready)
    }

    /// Checks that it serves on its port again after `kill`.
    #[track_caller]
    fn comes_back_after(&self, ready: &ReadyMessage, kill: impl FnOnce()) {
        let before = self.ready_records();
        kill();
        wait_until("it is ready again", || self.ready_records() > before);
        assert_eq!(self.project.home.last("server_ready")["port"], ready.port);
        self.serves(ready.port);
    }

    fn main(&self) -> WatchedProcess {
        let pid = self.project.home.last("server_spawned")["server_pid"].as_u64().expect("an id");
        WatchedProcess::of(u32::try_from(pid).expect("an id")).expect("it lives")
    }

    #[track_caller]
    fn worker_is_killed(&self, running: &Running, ready: &ReadyMessage) {
        let (tree, main) = (ProgramTree::of(running, ready), self.main());
        let worker = tree.listening().into_iter().find(|process| process.pid() != main.pid());
        let killed = || worker.expect("another process listens").kill();
        match self.worker {
            Worker::None => assert!(worker.is_none(), "{worker:?}"),
            Worker::IsReplaced => {
                killed();
                self.serves(ready.port);
                assert!(!main.has_ended());
            }
            Worker::IsReplacedAfterChange(file) => {
                killed();
                let file = self.project.folder().join(file);
                wait_until("it serves the change", || {
                    let text = fs::read_to_string(&file).expect("it is there");
                    fs::write(&file, text + "\n").expect("written");
                    (self.answers)(ready.port)
                });
                assert!(!main.has_ended());
            }
            Worker::EndsMain => self.comes_back_after(ready, killed),
        }
    }

    /// The story of a server, from its first start to the stranger on its port.
    #[track_caller]
    pub(super) fn holds_its_promises(&self) {
        let home = &self.project.home;
        let (running, ready) = self.start();
        let port = ready.port;

        self.comes_back_after(&ready, || self.main().kill());
        self.worker_is_killed(&running, &ready);

        let tree = ProgramTree::of(&running, &ready);
        let mut killed = Instant::now();
        self.comes_back_after(&ready, || {
            killed = Instant::now();
            tree.sitter().kill();
            tree.assert_ends(killed, STOP_TIMEOUT);
        });

        let tree = ProgramTree::of(&running, &ready);
        let asked = Instant::now();
        let mut running = running;
        running.signal(Signal::TERM);
        tree.assert_leaves_nothing(asked, STOP_TIMEOUT);
        assert_eq!(running.exit().code, Some(0));

        let (mut running, ready) = self.start();
        assert_eq!((ready.port, ready.origin.as_str()), (port, "last_good"));
        let tree = ProgramTree::of(&running, &ready);
        let killed = Instant::now();
        running.signal(Signal::KILL);
        tree.assert_leaves_nothing(killed, STOP_TIMEOUT);
        running.exit();

        let stranger = Stranger::listening(&format!("127.0.0.1:{port}"));
        let spawned = home.count("server_spawned");
        let port_option = port.to_string();
        let explicit = self.project.run().args(["--port", &port_option]).runs(&self.words).run();
        assert_eq!(explicit.code, Some(69), "{explicit:?}");
        assert_eq!(home.count("server_spawned"), spawned, "it was started");

        let (running, ready) = self.start();
        assert_ne!(ready.port, port);
        assert_eq!(home.conflict_over(port)["holder"]["pid"], stranger.pid);
        assert!(TcpStream::connect(("127.0.0.1", port)).is_ok(), "the stranger listens");
        assert!(WatchedProcess::of(stranger.pid).is_some_and(|it| !it.has_ended()));
        assert_eq!(running.stop().code, Some(0));
        assert!(listeners_on(ready.port).is_empty());
    }
}

fn answers_http(port: u16) -> bool {
    get(&format!("http://127.0.0.1:{port}/")).is_ok_and(|answer| answer.status == 200)
}

fn answers_ping(port: u16) -> bool {
    let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) else { return false };
    let mut answer = [0; 7];
    let limited = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let asked = limited.and_then(|()| stream.write_all(b"PING\r\n"));
    asked.and_then(|()| stream.read_exact(&mut answer)).is_ok() && answer == *b"+PONG\r\n"
}

#[test]
fn http_server_of_python() {
    let Some(project) = project("pages") else { return };
    let words = [&e2e::python(), "-m", "http.server", "--bind", "127.0.0.1", "{port}"];
    Server::http(project, words, Worker::None).holds_its_promises();
}

/// An application in Python for servers of the protocol ASGI.
const ASGI: &str = "
async def app(scope, receive, send):
    if scope['type'] != 'http': raise NotImplementedError
    await send({'type': 'http.response.start', 'status': 200, 'headers': []})
    await send({'type': 'http.response.body', 'body': b'here'})
";

fn uvicorn(options: &[&str], worker: Worker) {
    let (Some(project), Some(uvicorn)) = (project("asgi"), tools::uvicorn()) else { return };
    project.write("greeter.py", ASGI);
    let words = [uvicorn.as_str(), "greeter:app", "--port", "{port}"];
    let words = words.iter().chain(options).copied();
    Server::http(project, words, worker).holds_its_promises();
}

#[test]
fn uvicorn_alone() {
    uvicorn(&[], Worker::None);
}

#[test]
fn uvicorn_that_reloads() {
    uvicorn(&["--reload"], Worker::IsReplacedAfterChange("greeter.py"));
}

#[test]
fn uvicorn_with_workers() {
    uvicorn(&["--workers", "2"], Worker::IsReplaced);
}

#[test]
fn node_by_itself() {
    let Some(node) = tools::of_system("node") else { return };
    let project = Project::new("node-site");
    project.write(
        "server.js",
        "require('http').createServer((_, answer) => answer.end('here')).listen(process.env.PORT, process.env.HOST);",
    );
    Server::http(project, [node.as_str(), "server.js"], Worker::None).holds_its_promises();
}

/// A shell that stays between the launcher and the server, and ends with it.
#[test]
fn a_server_behind_a_shell() {
    let Some(project) = project("behind-a-shell") else { return };
    let line = format!("{} -m http.server --bind 127.0.0.1 {{port}}; exit $?", e2e::python());
    Server::http(project, ["sh", "-c", &line], Worker::EndsMain).holds_its_promises();
}

#[test]
fn nginx() {
    let Some(nginx) = tools::of_system("nginx") else { return };
    let project = Project::new("nginx-site");
    project.write("nginx.conf.in", NGINX);
    let line = format!(
        "sed s/PORT/{{port}}/ nginx.conf.in > nginx.conf && exec {nginx} -e stderr -p . -c nginx.conf"
    );
    Server::http(project, ["sh", "-c", &line], Worker::IsReplaced).holds_its_promises();
}

/// Everything that it writes is in the folder that it is started in.
const NGINX: &str = "
daemon off;
pid nginx.pid;
events {}
http {
    access_log off;
    client_body_temp_path temporary;
    proxy_temp_path temporary;
    fastcgi_temp_path temporary;
    uwsgi_temp_path temporary;
    scgi_temp_path temporary;
    server { listen 127.0.0.1:PORT; location / { return 200 here; } }
}
";

#[test]
fn redis() {
    let Some(redis) = tools::of_system("redis-server") else { return };
    let project = Project::new("store");
    let words =
        [&redis, "--port", "{port}", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
    let words = words.map(str::to_owned).into();
    Server { project, words, answers: answers_ping, worker: Worker::None }.holds_its_promises();
}
