//! A socket on which a program says that it is ready, as it would to systemd (`sd_notify(3)`).

use std::{
    fs, io,
    net::Shutdown,
    os::unix::net::UnixDatagram,
    path::{Path, PathBuf},
    thread,
};

use super::socket::{MAX_PATH, make_substitute_folder, substitute_socket};

/// The longest message that is read, in bytes; systemd reads as much.
const MAX_MESSAGE: usize = 4096;

/// The line of a message that says it.
const READY: &[u8] = b"READY=1";

/// Listens until it is dropped.
#[derive(Debug)]
pub struct NotifySocket {
    socket: UnixDatagram,
    path: PathBuf,
}

impl NotifySocket {
    /// Listens at `path`, or in a folder of this user where that is too long. `on_ready` is called by a thread when the
    /// program first says that it is ready.
    ///
    /// # Errors
    ///
    /// If no socket can be there, or the system gives no thread.
    pub fn listen(path: &Path, on_ready: impl FnOnce() + Send + 'static) -> io::Result<Self> {
        let path = match path.as_os_str().len() {
            ..=MAX_PATH => path.to_owned(),
            _ => {
                let substitute = substitute_socket(path);
                make_substitute_folder(&substitute)?;
                substitute
            }
        };
        // That of a launch that was killed. The lock of the app keeps others from having one.
        let _ = fs::remove_file(&path);
        let socket = UnixDatagram::bind(&path)?;
        let heard = Self { socket: socket.try_clone()?, path };
        let wait = move || {
            let mut message = [0; MAX_MESSAGE];
            while let Ok(length @ 1..) = socket.recv(&mut message) {
                if message[..length].split(|byte| *byte == b'\n').any(|line| line == READY) {
                    return on_ready();
                }
            }
        };
        thread::Builder::new().name("notifications".to_owned()).spawn(wait)?;
        Ok(heard)
    }

    /// What `NOTIFY_SOCKET` is for the program.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        // The thread goes on and ends.
        let _ = self.socket.shutdown(Shutdown::Both);
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod test {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn the_first_word_that_it_is_ready_counts_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a folder");
        let long = folder.path().join("x".repeat(120));
        for path in [folder.path().join("short"), long] {
            let (sender, receiver) = channel();
            let listening = NotifySocket::listen(&path, move || sender.send(()).expect("the test"));
            let listening = listening.expect("it listens");
            let program = UnixDatagram::unbound().expect("a socket");
            let say = |text: &str| program.send_to(text.as_bytes(), listening.path());
            say("STATUS=READY=1 soon").expect("heard");
            say("WATCHDOG=1\nREADY=0").expect("heard");
            say("STATUS=up\nREADY=1\n").expect("heard");
            receiver.recv().expect("it is ready");
            assert!(receiver.recv().is_err(), "once");
            let path = listening.path().to_owned();
            drop(listening);
            assert!(!path.exists());
        }
    }

    #[test]
    fn its_thread_ends_with_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let (sender, receiver) = channel();
        let path = folder.path().join("socket");
        let listening = NotifySocket::listen(&path, move || sender.send(()).expect("the test"));
        drop(listening.expect("it listens"));
        assert!(receiver.recv().is_err(), "the thread has dropped what it was to call");
    }
}
