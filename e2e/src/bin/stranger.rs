//! A program that does not belong to us and holds a port that a launch wants.
//!
//! ```text
//! stranger listen ADDRESS             listens and accepts no connection
//! stranger reuseport ADDRESS          the same, and would share the port with its like
//! stranger bound ADDRESS              has the port and does not listen
//! stranger bound-shareable ADDRESS    the same, with SO_REUSEADDR
//! stranger connect ADDRESS            has the port as the near end of a connection to itself
//! stranger leak ADDRESS               ends, and leaves a child behind that holds the listener
//! stranger http ADDRESS ANSWER        speaks HTTP: all-ok, redirect, drip, flood
//! stranger knock PATH                 has no port: connects to a Unix socket, and ends
//! ```
//! It prints `PORT PID` of the process that holds the port, then each request's first lines as one
//! line, and ends when its stdin does.

#[cfg(target_os = "linux")]
fn main() -> std::io::Result<()> {
    unix::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
mod unix {
    use std::{
        env,
        io::{self, Read, Write},
        net::{SocketAddr, TcpListener, TcpStream},
        os::{fd::OwnedFd, unix::net::UnixStream},
        process::{self, Command, Stdio},
        thread,
        time::Duration,
    };

    use socket2::{Domain, Protocol, Socket, Type};

    pub(super) fn main() -> io::Result<()> {
        let words: Vec<_> = env::args().skip(1).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let wrong = |_| io::Error::from(io::ErrorKind::InvalidInput);
        let address = |text: &str| text.parse::<SocketAddr>().map_err(wrong);
        let mut kept: Vec<Socket> = Vec::new();
        match words[..] {
            // Its stdout is the listener, and says nothing.
            ["hold"] => return until_end_of_stdin(),
            ["listen", at] => kept.push(listening(address(at)?, false)?),
            ["reuseport", at] => kept.push(listening(address(at)?, true)?),
            ["bound", at] => kept.push(bound(address(at)?, false, false)?),
            ["bound-shareable", at] => kept.push(bound(address(at)?, true, false)?),
            ["connect", at] => kept.extend(connected(address(at)?)?),
            ["leak", at] => return leak(&listening(address(at)?, false)?),
            ["knock", path] => return UnixStream::connect(path).map(drop),
            ["http", at, answer] => {
                let listener = listening(address(at)?, false)?;
                report(&listener, process::id())?;
                let listener = TcpListener::from(listener);
                let answer = answer.to_owned();
                thread::spawn(move || serve(&listener, &answer));
                return until_end_of_stdin();
            }
            _ => return Err(io::ErrorKind::InvalidInput.into()),
        }
        report(&kept[0], process::id())?;
        until_end_of_stdin()
    }

    fn report(socket: &Socket, pid: u32) -> io::Result<()> {
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::InvalidInput)?;
        writeln!(io::stdout(), "{} {pid}", address.port())
    }

    fn until_end_of_stdin() -> io::Result<()> {
        io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
    }

    fn bound(at: SocketAddr, reuse_address: bool, reuse_port: bool) -> io::Result<Socket> {
        let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
        if at.is_ipv6() && !at.ip().is_unspecified() {
            socket.set_only_v6(true)?;
        }
        socket.set_reuse_address(reuse_address)?;
        socket.set_reuse_port(reuse_port)?;
        socket.bind(&at.into())?;
        Ok(socket)
    }

    fn listening(at: SocketAddr, reuse_port: bool) -> io::Result<Socket> {
        let socket = bound(at, true, reuse_port)?;
        socket.listen(128)?;
        Ok(socket)
    }

    /// The near end, the far end, and the listener between them.
    fn connected(at: SocketAddr) -> io::Result<[Socket; 3]> {
        let far = listening(SocketAddr::new(at.ip(), 0), false)?;
        // A client that names no port is given one when it connects.
        let near = match at.port() {
            0 => Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?,
            _ => bound(at, false, false)?,
        };
        near.connect(&far.local_addr()?)?;
        let (accepted, _) = far.accept()?;
        Ok([near, accepted, far])
    }

    fn leak(listener: &Socket) -> io::Result<()> {
        let held = OwnedFd::from(listener.try_clone()?);
        let child = Command::new(env::current_exe()?)
            .arg("hold")
            .stdin(Stdio::inherit())
            .stdout(Stdio::from(held))
            .spawn()?;
        report(listener, child.id())
    }

    fn serve(listener: &TcpListener, answer: &str) {
        for stream in listener.incoming().map_while(Result::ok) {
            let answer = answer.to_owned();
            thread::spawn(move || {
                // The client may close the connection at any time.
                let _ = reply(stream, &answer);
            });
        }
    }

    fn reply(mut stream: TcpStream, answer: &str) -> io::Result<()> {
        let mut request = [0; 4096];
        let length = stream.read(&mut request)?;
        let request = String::from_utf8_lossy(&request[..length]).into_owned();
        writeln!(io::stdout(), "{}", request.escape_debug())?;
        let page = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ";
        match answer {
            "all-ok" => stream.write_all(format!("{page}2\r\n\r\n{{}}").as_bytes()),
            "redirect" => {
                let to = "Location: /elsewhere\r\nContent-Length: 0";
                stream.write_all(
                    format!("HTTP/1.1 307 Temporary Redirect\r\n{to}\r\n\r\n").as_bytes(),
                )
            }
            "drip" => loop {
                stream.write_all(b"H")?;
                thread::sleep(Duration::from_millis(100));
            },
            _ => {
                stream.write_all(format!("{page}{}\r\n\r\n", 100 << 20).as_bytes())?;
                let part = vec![b' '; 1 << 20];
                (0..100).try_for_each(|_| stream.write_all(&part))
            }
        }
    }
}
