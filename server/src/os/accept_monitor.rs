//! Whether this process still waits for connections on its listening sockets.

pub use system::Doors;

#[cfg(target_os = "linux")]
mod system {
    use std::{
        fs,
        net::TcpListener,
        os::fd::{AsRawFd, RawFd},
    };

    /// The sockets at which this process waits for connections.
    #[derive(Debug)]
    pub struct Doors(Vec<RawFd>);

    impl Doors {
        /// Of these listeners, which may be given away.
        pub fn of(listeners: &[TcpListener]) -> Self {
            Self(listeners.iter().map(AsRawFd::as_raw_fd).collect())
        }

        /// Whether somebody in this process waits at one of them: the kernel tells of every `epoll`
        /// what it watches (`proc_pid_fdinfo(5)`).
        pub fn are_watched(&self) -> bool {
            let ours = |line: &str| {
                let target = line.strip_prefix("tfd:")?.split_ascii_whitespace().next()?;
                target.parse().ok().filter(|fd| self.0.contains(fd))
            };
            let descriptors = fs::read_dir("/proc/self/fdinfo").into_iter().flatten().flatten();
            descriptors
                .filter_map(|descriptor| fs::read_to_string(descriptor.path()).ok())
                .any(|told| told.lines().any(|line| ours(line).is_some()))
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::net::TcpListener;

    /// The sockets at which this process waits for connections; the system does not tell of them.
    #[derive(Debug)]
    pub struct Doors;

    impl Doors {
        /// Of these listeners, which may be given away.
        pub fn of(_: &[TcpListener]) -> Self {
            Self
        }

        /// Whether somebody in this process waits at one of them, as far as the system tells.
        pub fn are_watched(&self) -> bool {
            false
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod test {
    use super::Doors;

    #[actix_rt::test]
    async fn a_socket_is_watched_for_as_long_as_somebody_waits_at_it() {
        let listener = shared::claim::any().expect("some port").into_listeners().remove(0);
        listener.set_nonblocking(true).expect("ours to change");
        let doors = Doors::of(std::slice::from_ref(&listener));
        assert!(!doors.are_watched());
        let waiting = actix_rt::net::TcpListener::from_std(listener).expect("a runtime");
        assert!(doors.are_watched());
        drop(waiting);
        assert!(!doors.are_watched());
    }
}
