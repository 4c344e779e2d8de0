//! A running application and a client that sends exactly the given bytes.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use actix_rt::System;
use actix_web::web::ServiceConfig;
use server::web::{
    application::{ApplicationSettings, BoundApplication},
    redirect_target::RedirectTarget,
};
use shared::{
    claim::{self, Claim},
    port::Port,
};
use tokio::sync::oneshot;

use crate::description::assert_described_problem;

/// More than any answer takes, so that a test that fails does so instead of hanging.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// An application on a thread of its own; it ends with this value.
pub(crate) struct Running {
    pub(crate) port: u16,
    pub(crate) redirect_target: Arc<RedirectTarget>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// An application's settings; [`serve`] fills in the port.
pub(crate) fn settings() -> ApplicationSettings {
    let (app, port) = ("notes".parse().expect("a name"), Port::new(1).expect("not 0"));
    ApplicationSettings { has_own_pages: false, ..ApplicationSettings::new(app, port) }
}

/// An application without routes of its own.
pub(crate) fn plain() -> Running {
    serve(settings(), |_| {})
}

/// An application on whatever port the system gives.
pub(crate) fn serve<F>(settings: ApplicationSettings, routes: F) -> Running
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    serve_on(claim::any().expect("some port"), settings, routes)
}

pub(crate) fn serve_on<F>(sockets: Claim, mut settings: ApplicationSettings, routes: F) -> Running
where
    F: Fn(&mut ServiceConfig) + Clone + Send + 'static,
{
    settings.launch.port = sockets.port();
    let (to_test, ready) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let run = async move {
        let app = BoundApplication::new(sockets, settings, routes).expect("built");
        let target = app.redirect_target();
        let app = app.start().await.expect("started");
        to_test.send((app.port().get(), target)).expect("the test waits");
        // A test that is over drops its end of the channel, and that is a request to stop as well.
        let _ = stopped.await;
        app.stop(PATIENCE).await;
    };
    let thread = std::thread::spawn(move || System::new().block_on(run));
    let (port, redirect_target) = ready.recv().expect("it starts");
    Running { port, redirect_target, stop: Some(stop), thread: Some(thread) }
}

impl Running {
    /// Asks it to stop, and does not wait.
    pub(crate) fn ask_to_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Waits until it has stopped.
    pub(crate) fn wait(&mut self) {
        self.thread.take().map(|thread| thread.join().expect("no panic")).expect("not waited yet");
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("it listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// Sends these bytes, `{P}` standing for the port, and reads until the server closes.
    pub(crate) fn send(&self, request: &str) -> Answer {
        let mut stream = self.connect();
        // A server that has seen enough may close before it has read everything.
        let _ = stream.write_all(request.replace("{P}", &self.port.to_string()).as_bytes());
        read(&mut stream)
    }

    /// Sends a request with a good `Host` and these further header lines.
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[&str]) -> Answer {
        let headers: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        self.send(&format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{{P}}\r\nConnection: close\r\n{headers}\r\n"
        ))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ask_to_stop();
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed, and has failed the test by what it did not answer.
            let _ = thread.join();
        }
    }
}

/// A connection that is kept from one request to the next.
pub(crate) struct Kept {
    port: u16,
    stream: BufReader<TcpStream>,
}

impl Kept {
    pub(crate) fn open(port: u16) -> io::Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { port, stream: BufReader::new(stream) })
    }

    pub(crate) fn send(&mut self, request: &str) -> io::Result<()> {
        let request = format!("{request} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", self.port);
        self.stream.get_mut().write_all(request.as_bytes())
    }

    /// Reads one response, which must have a `Content-Length`.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if self.stream.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let mut answer = Answer::parse(&head);
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        self.stream.read_exact(&mut body)?;
        answer.body = String::from_utf8_lossy(&body).into_owned();
        Ok(answer)
    }

    pub(crate) fn ask(&mut self, request: &str) -> io::Result<Answer> {
        self.send(request)?;
        self.answer()
    }

    /// Waits until the server closes it. It must have nothing more to say, and say so in order.
    #[track_caller]
    pub(crate) fn assert_closes(&mut self) {
        assert_eq!(self.stream.read(&mut [0]).expect("the end, and no reset"), 0);
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

pub(crate) fn read(stream: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    // A reset after the answer is still an answer.
    let _ = stream.read_to_end(&mut bytes);
    Answer::parse(&String::from_utf8_lossy(&bytes))
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }

    /// Whether this was the last answer on its connection.
    pub(crate) fn is_last(&self) -> bool {
        self.header("connection") == Some("close")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Checks that it is a problem of this status, as RFC 9457 has it.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let problem = self.json();
        let kind = problem["type"].as_str().unwrap_or_default();
        assert!(kind == "about:blank" || kind.starts_with("/_homeport/docs#"), "{problem}");
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["detail"].is_string(), "{problem}");
        assert_described_problem(&problem);
    }

    /// Checks that it is sealed off from pages of other origins.
    #[track_caller]
    pub(crate) fn assert_sealed(&self) {
        for (name, value) in server::web::security_headers::HEADERS {
            assert_eq!(self.header(name.as_str()), Some(value), "{name} in {self:?}");
        }
        assert!(!self.head.to_ascii_lowercase().contains("access-control-"), "{self:?}");
    }
}
