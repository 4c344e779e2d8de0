//! How many files and connections this process may have open.

#[cfg(unix)]
mod system {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    /// Allows this process as many as its user may allow. The limit that a process begins with is made for
    /// programs that wait with `select(2)`, which this one does not.
    pub fn raise_limit() {
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // With the limit as it was the server takes fewer connections at a time.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
    }

    /// The limit now; `None` if there is none.
    pub fn limit() -> Option<usize> {
        getrlimit(Resource::Nofile).current.and_then(|limit| limit.try_into().ok())
    }
}

#[cfg(windows)]
mod system {
    /// Does nothing: memory is the limit on Windows.
    pub fn raise_limit() {}

    /// `None`: memory is the limit on Windows.
    pub fn limit() -> Option<usize> {
        None
    }
}

pub use system::{limit, raise_limit};
