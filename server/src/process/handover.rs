//! Hand-over messages from the launcher on stdin; the end of stdin means that the launcher has ended.
//!
//! One thread reads them for the whole life of the process. It is a plain thread on purpose: when
//! the launcher is gone, it ends the process in time even if the runtime hangs.

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
    port::Port,
    wire::{self, MessageError},
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// How long the launcher may take to say what the sockets are. It writes this before it starts us,
/// or right after; only a stopped machine takes longer.
pub const ADOPTION_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the process lives at most without its launcher. Nobody is there to notice it, so this is
/// within the 2 s in which the port must be free again.
pub const ORPHAN_LIFE: Duration = Duration::from_millis(1500);

/// What the launcher says after the adoption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// Lead every request to another port.
    Redirect(Port),
    /// Finish what is in flight and end.
    Drain,
    /// End now.
    Stop,
    /// It is gone.
    LauncherGone,
    /// It said what is no message.
    Garbled(String),
}

/// Why there was no adoption.
#[derive(Debug, thiserror::Error)]
pub enum AdoptionError {
    /// Nothing came in time.
    #[error("nothing on stdin for {} s", ADOPTION_TIMEOUT.as_secs())]
    Silence,
    /// Stdin ended first.
    #[error("stdin is closed")]
    Closed,
    /// Something else came first.
    #[error("something else came first on stdin: {0}")]
    NotAnAdoption(String),
    /// There is no thread to listen with.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
}

/// Starts listening to the launcher, and waits for its first word.
///
/// # Errors
///
/// [`AdoptionError`] if that is not an adoption.
pub fn attach() -> Result<(Adoption, UnboundedReceiver<Order>), AdoptionError> {
    let (to_main, first) = sync_channel(1);
    let (to_life, orders) = unbounded_channel();
    let listen = move || {
        hear_all(&mut io::stdin().lock(), &to_main, &to_life);
        thread::sleep(ORPHAN_LIFE);
        leave();
    };
    thread::Builder::new().name("control".into()).spawn(listen).map_err(AdoptionError::Thread)?;
    wait(&first).map(|adoption| (adoption, orders))
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

/// Ends the process from this thread: the launcher has been gone for so long that the orderly end
/// must have failed, and a held port is worse than a lost line of the log.
#[expect(clippy::exit, reason = "an orphan that does not end by itself would keep the port")]
fn leave() -> ! {
    process::exit(Exit::Done.code())
}

/// Hears the launcher out. Whatever it writes, this needs no more memory than one line.
fn hear_all(from: &mut impl BufRead, first: &SyncSender<First>, orders: &UnboundedSender<Order>) {
    let first_word = match wire::read_message(from) {
        Ok(Some(ToServer::Adopt(adoption))) => Ok(adoption),
        Ok(Some(other)) => Err(AdoptionError::NotAnAdoption(format!("{other:?}"))),
        Ok(None) => Err(AdoptionError::Closed),
        // The line itself is not told: it may be an adoption after all, with a secret in it.
        Err(MessageError::NotAMessage { problem, .. }) => {
            Err(AdoptionError::NotAnAdoption(problem))
        }
        Err(error) => Err(AdoptionError::NotAnAdoption(error.to_string())),
    };
    let is_adopted = first_word.is_ok();
    // Whoever no longer waits for a word has given up, or is about to end: then it is lost.
    let _ = first.send(first_word);
    if is_adopted {
        while let Some(order) = hear_order(from) {
            let _ = orders.send(order);
        }
    }
    let _ = orders.send(Order::LauncherGone);
}

/// The next order, or `None` when there will be no more.
fn hear_order(from: &mut impl BufRead) -> Option<Order> {
    match wire::read_message(from) {
        Ok(Some(ToServer::Redirect { to })) => Some(Order::Redirect(to)),
        Ok(Some(ToServer::Drain)) => Some(Order::Drain),
        Ok(Some(ToServer::Stop)) => Some(Order::Stop),
        Ok(Some(ToServer::Adopt(_))) => Some(Order::Garbled("a second adoption".to_owned())),
        Err(error @ MessageError::NotAMessage { .. }) => Some(Order::Garbled(error.to_string())),
        // Whoever floods us is no launcher of ours, and the rest of the stream has no lines.
        Ok(None) | Err(MessageError::Read(_) | MessageError::TooLong) => None,
    }
}

/// Says one thing to the launcher. If it does not hear it, stdin will tell that it is gone.
pub fn say(message: &ToLauncher) {
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
            sockets: Vec::new(),
        }
    }

    fn hear(text: &str) -> (First, Vec<Order>) {
        let (to_main, first) = sync_channel(1);
        let (to_life, mut orders) = unbounded_channel();
        hear_all(&mut text.as_bytes(), &to_main, &to_life);
        drop((to_main, to_life));
        (wait(&first), std::iter::from_fn(|| orders.try_recv().ok()).collect())
    }

    fn adopt() -> String {
        let line = serde_json::to_string(&ToServer::Adopt(adoption())).expect("it is JSON");
        line + "\n"
    }

    #[test]
    fn orders_come_in_turn_and_the_end_of_the_stream_is_the_last() {
        let (first, orders) =
            hear(&(adopt() + "{\"say\":\"redirect\",\"to\":17001}\nhello\n{\"say\":\"drain\"}\n"));
        assert_eq!(first.expect("adopted").port.get(), 17000);
        let [Order::Redirect(to), Order::Garbled(said), Order::Drain, Order::LauncherGone] =
            &orders[..]
        else {
            panic!("{orders:?}")
        };
        assert!(to.get() == 17001 && said.contains("hello"));
    }

    #[test]
    fn nobody_is_adopted_by_silence_garbage_or_another_order() {
        for text in ["", "hello\n", "{\"say\":\"drain\"}\n"] {
            let (first, orders) = hear(text);
            assert!(first.is_err() && orders == [Order::LauncherGone], "{text:?}");
        }
    }

    #[test]
    fn a_flood_counts_as_the_end_of_the_launcher() {
        let (first, orders) = hear(&(adopt() + &"x".repeat(1 << 20)));
        assert!(first.is_ok() && orders == [Order::LauncherGone]);
    }
}
