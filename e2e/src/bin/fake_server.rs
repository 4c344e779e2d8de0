//! A server that misbehaves as its arguments say, to test how the launcher reacts.
//!
//! It is started as a server is, `fake_server [ORDER] --port P --app A --hand-over`, adopts the
//! sockets from descriptor 3 up and exchanges the hand-over messages. Without an order it serves
//! well.
//!
//! ```text
//! exit=N signal=N     ends like this at once
//! panics              panics at once, with a secret in its message
//! waits               writes the token to stderr, and is never ready
//! never-ready         reports that it listens, and nothing more
//! garbage             sends bytes that are no message
//! drips               sends a byte each 100 ms, and never a line
//! flood               sends bytes without end, and never a line
//! flood-of-lines      sends lines without end that are no messages
//! hang-after-ready    reports that it is ready, and answers no request
//! wrong-identity      answers with a code that the secret does not give
//! wrong-launch        answers for another launch
//! not-http            answers with something that is not HTTP
//! deaf                ignores the launcher and the end of its stdin
//! drains              answers no request when it is to end, and ends with its launcher alone
//! ready-then-exit=N   ends like this as soon as the launcher has announced it
//! floods=N            then writes ten megabytes a second that are no messages, in lines of N bytes
//! forks               leaves a child behind that holds its sockets and its stdout
//! noisy               writes 16 MB to stderr before it is ready, the last of it without a line's end
//! slow                reports that it is ready when the other server of its port has ended
//! after-stop          reports that it is ready while the launcher is stopped
//! version=V           serves well, and reports this version
//! after-first:ORDER   the first server of a launch serves well, those after it follow ORDER
//! ```
//! A server that serves also takes orders by HTTP: `/exit/N`, `/signal/N`, `/garbage`, `/log`, which
//! writes to stderr or else gives no answer, `/stop`, which it passes on to the launcher, and `/shutdown`, which has the
//! socket of the request listen no more.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    unix::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod unix {
    use std::{
        env, fs,
        io::{self, BufRead, BufReader, Write},
        net::{TcpListener, TcpStream},
        os::fd::OwnedFd,
        process::{self, Command, ExitCode, Stdio},
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        thread,
        time::Duration,
    };

    use e2e::{WatchedProcess, wait_until};
    use listenfd::ListenFd;
    use rustix::process::{Signal, getpid, getppid, kill_process};
    use shared::{
        app::AppName,
        discovery::Discovery,
        handover::{Adoption, ToLauncher, ToServer},
        identity::{Identity, Secret},
        paths::{self, Folders, HomeId},
        wire,
    };
    use uuid::Uuid;

    struct Fake {
        order: String,
        app: AppName,
        folders: Folders,
        secret: Secret,
        adoption: Adoption,
        /// Whether the launcher has asked it to drain.
        is_draining: AtomicBool,
    }

    pub(super) fn main() -> ExitCode {
        let words: Vec<_> = env::args().skip(1).collect();
        let order = words.first().filter(|word| !word.starts_with("--")).cloned();
        let order = order.unwrap_or_default();
        carry_out(&order);

        let app = words.iter().skip_while(|word| *word != "--app").nth(1).expect("--app");
        let home = env::var_os(paths::HOME_VARIABLE).expect("a test's home");
        let folders = Folders::locate(Some(home.as_ref()), None).expect("given");
        let mut orders = io::stdin().lock();
        let Ok(Some(ToServer::Adopt(adoption))) = wire::read_message(&mut orders) else {
            return ExitCode::from(70);
        };
        let order = match order.strip_prefix("after-first:") {
            Some(_) if is_first(&folders, adoption.launch_id) => String::new(),
            Some(order) => order.to_owned(),
            None => order,
        };
        carry_out(&order);
        let fake = Arc::new(Fake {
            app: app.parse().expect("a name"),
            secret: match order.as_str() {
                "wrong-identity" => Secret::random(),
                _ => adoption.secret.clone(),
            },
            folders,
            adoption,
            order,
            is_draining: AtomicBool::new(false),
        });
        fake.clone().serve();
        loop {
            match wire::read_message::<ToServer>(&mut orders) {
                _ if fake.order == "deaf" => thread::park(),
                Ok(Some(ToServer::Drain)) if fake.order == "drains" => {
                    fake.is_draining.store(true, Ordering::Relaxed);
                }
                Ok(None | Some(ToServer::Drain | ToServer::Stop)) | Err(_) => return 0.into(),
                Ok(Some(_)) => {}
            }
        }
    }

    /// Whether the launcher has started no other server before.
    fn is_first(folders: &Folders, launch: Uuid) -> bool {
        let history = fs::read_to_string(folders.history()).expect("we are on record");
        let launch = launch.to_string();
        let started = |line: &&str| line.contains("\"server_spawned\"") && line.contains(&launch);
        history.lines().filter(started).count() == 1
    }

    /// Writes what is no message, until the launcher is gone.
    fn flood_with(length: usize) {
        let mut line = vec![b'x'; length];
        line[length - 1] = b'\n';
        let tenth = line.repeat((1 << 20) / length);
        while io::stdout().write_all(&tenth).is_ok() {
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Writes `bytes` again and again, until the launcher is gone.
    fn repeat(bytes: &[u8], pause: Duration) {
        while io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()).is_ok() {
            thread::sleep(pause);
        }
    }

    /// Ends the process if `order` is one to end.
    fn carry_out(order: &str) {
        match order.split_once(['=', '/']) {
            Some(("exit", code)) => exit(code.parse().expect("an exit code")),
            Some(("signal", number)) => {
                let number = number.parse().expect("a signal's number");
                let signal = Signal::from_named_raw(number).expect("a signal");
                kill_process(getpid(), signal).expect("one may end oneself");
                // The signal comes when it comes.
                thread::park();
            }
            None if order == "panics" => panic!("no config for password=hunter2x"),
            _ => {}
        }
    }

    #[expect(clippy::exit, reason = "the order can come in any thread")]
    fn exit(code: i32) -> ! {
        process::exit(code)
    }

    fn send(message: &ToLauncher) {
        wire::write_message(&mut io::stdout(), message).expect("the launcher listens");
    }

    fn garbage() {
        writeln!(io::stdout(), "Listening on \u{1b}[1mport\u{1b}[0m")
            .expect("the launcher listens");
    }

    impl Fake {
        fn serve(self: Arc<Self>) {
            let mut passed = ListenFd::from_env();
            let listeners: Vec<_> = (0..passed.len())
                .filter_map(|index| passed.take_tcp_listener(index).expect("a socket"))
                .collect();
            let addresses =
                listeners.iter().map(|l| l.local_addr().expect("it is bound")).collect();
            if self.order == "forks" {
                let held = listeners[0].try_clone().expect("descriptors are left");
                let mut child = Command::new("sleep");
                child.arg("60").stdin(Stdio::null()).stderr(OwnedFd::from(held));
                let mut child = child.spawn().expect("started");
                thread::spawn(move || child.wait());
            }
            match self.order.as_str() {
                "garbage" => return garbage(),
                "drips" => return repeat(b"x", Duration::from_millis(100)),
                "flood" => return repeat(&[b'x'; 1 << 16], Duration::ZERO),
                "flood-of-lines" => return repeat(&b"x\n".repeat(1 << 15), Duration::ZERO),
                "hang-after-ready" => listeners.into_iter().for_each(std::mem::forget),
                _ => listeners.into_iter().for_each(|l| self.clone().answer_on(l)),
            }
            send(&ToLauncher::Listening { addresses });
            if self.order == "slow" {
                let file = self.folders.history();
                wait_until("the other one has ended", || {
                    fs::read_to_string(&file).is_ok_and(|told| told.contains("\"server_exited\""))
                });
            }
            if self.order == "after-stop" {
                let launcher = getppid().expect("it runs").as_raw_nonzero().get();
                let launcher = WatchedProcess::of(launcher.unsigned_abs()).expect("it runs");
                wait_until("it is stopped", || launcher.is_stopped());
            }
            if self.order == "noisy" {
                let text = "a line of a log\n".repeat(1 << 20) + "the last words";
                io::stderr().write_all(text.as_bytes()).expect("it is read");
            }
            if self.order == "waits" {
                let token = serde_json::to_value(&self.adoption.token).expect("text");
                let token = token.as_str().expect("text");
                writeln!(io::stderr(), "waiting for {token}").expect("it is read");
                return;
            }
            if self.order != "never-ready" {
                send(&ToLauncher::Ready);
            }
            let flood = self.order.strip_prefix("floods=");
            let end = self.order.strip_prefix("ready-then-");
            if flood.or(end).is_some() {
                let file = self.folders.discovery(&self.app);
                let is_me = |found: Discovery| found.server_pid == process::id();
                wait_until("the launcher has announced us", || {
                    Discovery::read(&file).is_some_and(is_me)
                });
            }
            if let Some(length) = flood {
                let length = length.parse().expect("a number");
                thread::spawn(move || flood_with(length));
            }
            end.into_iter().for_each(carry_out);
        }

        fn answer_on(self: Arc<Self>, listener: TcpListener) {
            let listener = Arc::new(listener);
            thread::spawn(move || {
                for stream in listener.incoming().map_while(Result::ok) {
                    let (fake, listener) = (self.clone(), listener.clone());
                    // The client may close the connection at any time.
                    thread::spawn(move || drop(fake.answer(&stream, &listener)));
                }
            });
        }

        fn answer(&self, mut stream: &TcpStream, listener: &TcpListener) -> io::Result<()> {
            while self.is_draining.load(Ordering::Relaxed) {
                thread::park();
            }
            let mut request = BufReader::new(stream).lines();
            let first = request.next().transpose()?.unwrap_or_default();
            // The rest of the head is read, so that closing does not reset the connection.
            request.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            let target = first.split_whitespace().nth(1).unwrap_or("/");
            match target {
                "/stop" => send(&ToLauncher::Stop { by: None }),
                "/garbage" => garbage(),
                "/shutdown" => rustix::net::shutdown(listener, rustix::net::Shutdown::Both)?,
                // As a server that logs: it fails if it cannot.
                "/log" => writeln!(io::stderr(), "a request was answered")?,
                _ => carry_out(&target[1..]),
            }
            let challenge = target.split_once("challenge=").map_or("", |(_, challenge)| challenge);
            let body = serde_json::to_string(&self.identity(challenge))?;
            let length = body.len();
            let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length:";
            match self.order.as_str() {
                "not-http" => stream.write_all(b"220 mail.example.com ESMTP\r\n"),
                _ => stream.write_all(format!("{head} {length}\r\n\r\n{body}").as_bytes()),
            }
        }

        fn identity(&self, challenge: &str) -> Identity {
            let launch_id = match self.order.as_str() {
                "wrong-launch" => Uuid::now_v7(),
                _ => self.adoption.launch_id,
            };
            Identity {
                app: self.app.clone(),
                version: self
                    .order
                    .strip_prefix("version=")
                    .unwrap_or(env!("CARGO_PKG_VERSION"))
                    .to_owned(),
                launch_id,
                pid: std::process::id(),
                launcher_pid: None,
                redirects_to: None,
                home_id: HomeId::default(),
                hmac: self.secret.answer(challenge, &self.app, self.adoption.port),
            }
        }
    }
}
