//! Shows whether this process still accepts connections on its listening sockets.

pub use system::AcceptMonitor;

#[cfg(target_os = "linux")]
mod system {
    use std::{
        fs,
        net::TcpListener,
        os::fd::{AsRawFd, RawFd},
    };

    /// The listening sockets of this process.
    #[derive(Debug)]
    pub struct AcceptMonitor(Vec<RawFd>);

    impl AcceptMonitor {
        /// Monitors these listeners, which may be moved afterwards.
        pub fn new(listeners: &[TcpListener]) -> Self {
            Self(listeners.iter().map(AsRawFd::as_raw_fd).collect())
        }

        /// Whether this process waits for connections on one of them: the kernel lists the
        /// descriptors that each `epoll` watches (`proc_pid_fdinfo(5)`).
        pub fn is_accepting(&self) -> bool {
            let ours = |line: &str| {
                let target = line.strip_prefix("tfd:")?.split_ascii_whitespace().next()?;
                target.parse().ok().filter(|fd| self.0.contains(fd))
            };
            let descriptors = fs::read_dir("/proc/self/fdinfo").into_iter().flatten().flatten();
            descriptors
                .filter_map(|descriptor| fs::read_to_string(descriptor.path()).ok())
                .any(|info| info.lines().any(|line| ours(line).is_some()))
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::net::TcpListener;

    /// The listening sockets of this process, which this system does not show.
    #[derive(Debug)]
    pub struct AcceptMonitor;

    impl AcceptMonitor {
        /// Monitors these listeners, which may be moved afterwards.
        pub fn new(_: &[TcpListener]) -> Self {
            Self
        }

        /// Always `false`.
        pub fn is_accepting(&self) -> bool {
            false
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod test {
    use super::AcceptMonitor;

    #[actix_rt::test]
    async fn a_socket_is_watched_for_as_long_as_a_connection_waits() {
        let listener = shared::claim::any().expect("some port").into_listeners().remove(0);
        listener.set_nonblocking(true).expect("ours to change");
        let monitor = AcceptMonitor::new(std::slice::from_ref(&listener));
        assert!(!monitor.is_accepting());
        let waiting = actix_rt::net::TcpListener::from_std(listener).expect("a runtime");
        assert!(monitor.is_accepting());
        drop(waiting);
        assert!(!monitor.is_accepting());
    }
}
