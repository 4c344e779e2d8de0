//! Programs for tests, in Python.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    net::{Ipv4Addr, SocketAddr, SocketAddrV4},
    os::unix::process::CommandExt,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use rustix::{
    fd::OwnedFd,
    net::{AddressFamily, SocketType, bind, getsockname, socket, sockopt},
    process::{Pid, Signal, kill_process, kill_process_group},
};
use shared::{claim, os, port::Port};

/// What each script begins with: it adopts the orphans below it, as the sitter does.
const BEGINNING: &str = "
import ctypes, os, signal, socket, sys, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
port = int(sys.argv[1])
def tell(*words): os.write(1, (' '.join(map(str, words)) + '\\n').encode())
def listen(ip, port=port, only=None):
    s = socket.socket(socket.AF_INET6 if ':' in ip else socket.AF_INET)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if only is not None: s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, only)
    s.bind((ip, port))
    s.listen()
    return s
def wait(): time.sleep(60); os._exit(0)
def line(): return sys.stdin.readline()
def adopt():
    while True:
        try: os.wait()
        except ChildProcessError: time.sleep(0.001)
";

/// A script, which ends with this value, as all that descends from it.
pub(super) struct Script {
    process: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Script {
    pub(super) fn start(port: Port, script: &str) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", &format!("{BEGINNING}{script}"), &port.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
        let mut process = command.spawn().expect("python3 starts");
        let stdin = process.stdin.take().expect("piped");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        Self { process, stdin, lines }
    }

    pub(super) fn root(&self) -> u32 {
        self.process.id()
    }

    /// The numbers of the next line that it writes.
    pub(super) fn numbers(&mut self) -> Vec<u32> {
        let line = self.lines.next().expect("a line").expect("text");
        line.split(' ').map(|number| number.parse().expect("a number")).collect()
    }

    /// The one number of the next line.
    pub(super) fn number(&mut self) -> u32 {
        self.numbers()[0]
    }

    /// Has it go on that waits for a line.
    pub(super) fn go_on(&mut self) {
        self.stdin.write_all(b"\n").expect("it reads");
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let pid = |number: u32| Pid::from_raw(number.cast_signed()).expect("not 0");
        let below = os::tree_of(self.root()).unwrap_or_default();
        let _ = kill_process_group(pid(self.root()), Signal::KILL);
        for process in below {
            let _ = kill_process(pid(process.pid), Signal::KILL);
        }
        let _ = self.process.wait();
    }
}

/// A port that programs can listen on for as long as the socket is there, and that no other gets.
pub(super) fn reserved_port() -> (OwnedFd, Port) {
    let held = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&held, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).expect("a port");
    sockopt::set_socket_reuseaddr(&held, true).expect("bound");
    let address = SocketAddr::try_from(getsockname(&held).expect("bound")).expect("an address");
    (held, Port::new(address.port()).expect("not 0"))
}

/// Whether this computer has `::1`.
pub(super) fn has_ipv6() -> bool {
    claim::any().expect("some port").addresses().iter().any(SocketAddr::is_ipv6)
}
