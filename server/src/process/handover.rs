//! The hand-over messages: lines of JSON from the launcher on stdin, and to the launcher on stdout.
//!
//! One thread reads stdin until it ends, which means that the launcher is gone. It is a plain thread:
//! it ends the process in time even if the runtime hangs.

use std::{
    io::{self, BufRead},
    process,
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    thread,
    time::Duration,
};

use shared::{
    exit::Exit,
    handover::{Adoption, ToLauncher, ToServer},
    message,
    port::Port,
    wire::{self, MessageError},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long the launcher may take to send the adoption. It writes it before it starts the server, or
/// right after; only a stopped machine takes longer.
pub const ADOPTION_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the process lives at most without its launcher. It is shorter than the 2 s within which the
/// port must be free again.
pub const ORPHAN_LIFETIME: Duration = Duration::from_millis(1500);

/// A message of the launcher after the adoption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LauncherMessage {
    /// Redirect every request to another port.
    Redirect(Port),
    /// Finish the requests in flight and end.
    Drain,
    /// End now.
    Stop,
    /// The launcher has ended: stdin is closed.
    LauncherGone,
    /// A line that is not a message.
    Malformed(String),
}

/// Why there was no adoption.
#[derive(Debug, thiserror::Error)]
pub enum AdoptionError {
    /// No line came within [`ADOPTION_TIMEOUT`].
    #[error("{}", message!("server.silence", seconds = ADOPTION_TIMEOUT.as_secs()))]
    Silence,
    /// Stdin ended before the first line.
    #[error("{}", message!("server.stdin_closed"))]
    Closed,
    /// The first line is not an adoption.
    #[error("{}", message!("server.not_an_adoption", text = .0))]
    NotAnAdoption(String),
    /// The system refuses a thread to read with.
    #[error("{}", message!("server.no_thread"))]
    Thread(#[source] io::Error),
}

/// A hand-over: the adoption, and the messages that follow it.
pub struct Handover {
    /// The first line of the launcher.
    pub adoption: Adoption,
    /// The messages after it.
    pub messages: UnboundedReceiver<LauncherMessage>,
}

/// Starts reading the launcher's messages, and waits for the adoption, which is the first.
///
/// # Errors
///
/// [`AdoptionError`] if the first line is not an adoption, or does not come.
pub fn attach() -> Result<Handover, AdoptionError> {
    let (to_main, first) = sync_channel(1);
    let (sender, messages) = unbounded_channel();
    let listen = move || {
        read_all(&mut io::stdin().lock(), &to_main, &sender);
        thread::sleep(ORPHAN_LIFETIME);
        exit();
    };
    thread::Builder::new().name("handover".into()).spawn(listen).map_err(AdoptionError::Thread)?;
    let adoption = wait(&first)?;
    Ok(Handover { adoption, messages })
}

type First = Result<Adoption, AdoptionError>;

fn wait(first: &Receiver<First>) -> First {
    first.recv_timeout(ADOPTION_TIMEOUT).unwrap_or_else(|error| {
        Err(match error {
            RecvTimeoutError::Timeout => AdoptionError::Silence,
            RecvTimeoutError::Disconnected => AdoptionError::Closed,
        })
    })
}

/// Ends the process from this thread: the launcher has been gone for so long that the graceful shutdown
/// must have failed, and a held port is worse than a lost line of the log.
#[expect(clippy::exit, reason = "an orphan that does not end by itself would keep the port")]
fn exit() -> ! {
    process::exit(Exit::Done.code())
}

/// Reads the launcher's messages to their end, in the memory of one line.
fn read_all(
    from: &mut impl BufRead,
    first: &SyncSender<First>,
    messages: &UnboundedSender<LauncherMessage>,
) {
    let adoption = match wire::read_message(from) {
        Ok(Some(ToServer::Adopt(adoption))) => Ok(adoption),
        Ok(Some(other)) => Err(AdoptionError::NotAnAdoption(format!("{other:?}"))),
        Ok(None) => Err(AdoptionError::Closed),
        // The error does not contain the line, which may be a damaged adoption with a secret in it.
        Err(MessageError::NotAMessage { problem, .. }) => {
            Err(AdoptionError::NotAnAdoption(problem))
        }
        Err(error) => Err(AdoptionError::NotAnAdoption(error.to_string())),
    };
    let is_adopted = adoption.is_ok();
    // The receiver is gone if the wait has timed out, or the process is about to end.
    let _ = first.send(adoption);
    if is_adopted {
        while let Some(message) = read_next(from) {
            let _ = messages.send(message);
        }
    }
    let _ = messages.send(LauncherMessage::LauncherGone);
}

/// The next message; `None` at the end of stdin, and when the rest of it cannot be read.
fn read_next(from: &mut impl BufRead) -> Option<LauncherMessage> {
    match wire::read_message(from) {
        Ok(Some(ToServer::Redirect { to })) => Some(LauncherMessage::Redirect(to)),
        Ok(Some(ToServer::Drain)) => Some(LauncherMessage::Drain),
        Ok(Some(ToServer::Stop)) => Some(LauncherMessage::Stop),
        Ok(Some(ToServer::Adopt(_))) => {
            Some(LauncherMessage::Malformed("a second adoption".to_owned()))
        }
        Err(error @ MessageError::NotAMessage { .. }) => {
            Some(LauncherMessage::Malformed(error.to_string()))
        }
        // A line without an end is not from our launcher, and the rest of the stream has no lines.
        Ok(None) | Err(MessageError::Read(_) | MessageError::TooLong) => None,
    }
}

/// Sends a message to the launcher. A failure is ignored: stdin ends too if the launcher is gone.
pub fn send(message: &ToLauncher) {
    let _ = wire::write_message(&mut io::stdout().lock(), message);
}

#[cfg(test)]
mod test {
    use shared::{conflict::Origin, identity::Secret};
    use uuid::Uuid;

    use super::*;

    fn adoption() -> Adoption {
        Adoption {
            launch_id: Uuid::nil(),
            port: Port::new(17000).expect("not 0"),
            origin: Origin::LastGood,
            last_good: None,
            launcher_pid: 1,
            secret: Secret::random(),
            token: None,
            sockets: Vec::new(),
        }
    }

    fn read(text: &str) -> (First, Vec<LauncherMessage>) {
        let (to_main, first) = sync_channel(1);
        let (sender, mut messages) = unbounded_channel();
        read_all(&mut text.as_bytes(), &to_main, &sender);
        drop((to_main, sender));
        (wait(&first), std::iter::from_fn(|| messages.try_recv().ok()).collect())
    }

    fn adopt() -> String {
        let line = serde_json::to_string(&ToServer::Adopt(adoption())).expect("it is JSON");
        line + "\n"
    }

    #[test]
    fn orders_come_in_turn_and_the_end_of_the_stream_is_the_last() {
        let (first, messages) =
            read(&(adopt() + "{\"say\":\"redirect\",\"to\":17001}\nhello\n{\"say\":\"drain\"}\n"));
        assert_eq!(first.expect("adopted").port.get(), 17000);
        let [
            LauncherMessage::Redirect(to),
            LauncherMessage::Malformed(line),
            LauncherMessage::Drain,
            LauncherMessage::LauncherGone,
        ] = &messages[..]
        else {
            panic!("{messages:?}")
        };
        assert!(to.get() == 17001 && line.contains("hello"));
    }

    #[test]
    fn silence_garbage_and_other_messages_are_no_adoption() {
        for text in ["", "hello\n", "{\"say\":\"drain\"}\n"] {
            let (first, messages) = read(text);
            assert!(first.is_err() && messages == [LauncherMessage::LauncherGone], "{text:?}");
        }
    }

    #[test]
    fn a_flood_counts_as_the_end_of_the_launcher() {
        let (first, messages) = read(&(adopt() + &"x".repeat(1 << 20)));
        assert!(first.is_ok() && messages == [LauncherMessage::LauncherGone]);
    }
}
