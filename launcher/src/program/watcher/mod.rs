//! A thread that observes a program, and reports what has changed.
//!
//! Until the program is settled it looks often. From then on it looks when a listener of the port ends, or when it
//! is nudged; where the system does not tell of such an end, it looks from time to time.

use std::{
    io,
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    thread,
    time::{Duration, Instant},
};

use shared::os::ListenerEndMonitor;

use super::{observation::Observation, observer::Observer};

/// The pause between two looks at a program that has just been started, or whose listener has just ended.
const SHORT_PAUSE: Duration = Duration::from_millis(20);

/// For how long it is looked at as often as that.
const SOON: Duration = Duration::from_secs(2);

/// The pause between two looks after that.
const PAUSE: Duration = Duration::from_millis(100);

/// The pause between two looks at a settled program where the system does not tell of the end of a listener.
const LONG_PAUSE: Duration = Duration::from_secs(2);

/// Observes a program until it is dropped.
#[derive(Debug)]
pub struct ProgramWatcher {
    sender: Sender<WatcherEvent>,
}

/// What has the thread of a watcher go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WatcherEvent {
    Settled,
    /// Something may have changed.
    Nudge,
    Dropped,
}

impl ProgramWatcher {
    /// Begins to observe the processes that descend from `root`, at once. `report` is called, by a thread, with the
    /// first observation and with each that differs from the one before; an error is reported once for as long as
    /// it lasts. The thread ends soon after the watcher is dropped, also if `report` blocks by then; it may call
    /// `report` once more.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn start(
        observer: Observer,
        root: u32,
        report: impl FnMut(io::Result<Observation>) + Send + 'static,
    ) -> io::Result<Self> {
        let monitor = ListenerEndMonitor::open(observer.port());
        Self::start_with(monitor, observer, root, report)
    }

    fn start_with(
        monitor: Option<ListenerEndMonitor>,
        observer: Observer,
        root: u32,
        report: impl FnMut(io::Result<Observation>) + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, events) = channel();
        let monitor = monitor.map(|monitor| MonitorThread::start(monitor, sender.clone()));
        let monitor = monitor.transpose()?;
        let watched = WatchedProgram {
            observer,
            root,
            report,
            monitor,
            last: None,
            is_settled: false,
            unsettled_since: Instant::now(),
        };
        thread::Builder::new().name("observer".to_owned()).spawn(move || watched.run(&events))?;
        Ok(Self { sender })
    }

    /// The program is ready: from now on it is looked at rarely, for as long as there is a listener on its port.
    pub fn settle(&self) {
        self.send(WatcherEvent::Settled);
    }

    /// Has the program looked at now, as after a process of it has ended.
    pub fn nudge(&self) {
        self.send(WatcherEvent::Nudge);
    }

    fn send(&self, event: WatcherEvent) {
        // The thread ends before its watcher only if `report` panics.
        let _ = self.sender.send(event);
    }
}

impl Drop for ProgramWatcher {
    fn drop(&mut self) {
        self.send(WatcherEvent::Dropped);
    }
}

/// What the thread of a watcher works with.
struct WatchedProgram<R> {
    observer: Observer,
    root: u32,
    report: R,
    /// `None` where the system does not tell of the end of a listener.
    monitor: Option<MonitorThread>,
    /// What was reported last; the error as a sentence.
    last: Option<Result<Observation, String>>,
    is_settled: bool,
    unsettled_since: Instant,
}

impl<R: FnMut(io::Result<Observation>)> WatchedProgram<R> {
    fn run(mut self, events: &Receiver<WatcherEvent>) {
        loop {
            let was_at_rest = self.is_at_rest();
            self.look();
            if was_at_rest && !self.is_at_rest() {
                self.unsettled_since = Instant::now();
            }
            let first = match self.pause() {
                Some(pause) => events.recv_timeout(pause),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            if first == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            for event in first.into_iter().chain(events.try_iter()) {
                match event {
                    WatcherEvent::Settled => self.is_settled = true,
                    WatcherEvent::Nudge => {}
                    WatcherEvent::Dropped => return,
                }
            }
        }
    }

    fn look(&mut self) {
        let seen = self.observer.observe(self.root);
        let now = seen.as_ref().map(Clone::clone).map_err(ToString::to_string);
        if self.last.as_ref() != Some(&now) {
            self.last = Some(now);
            (self.report)(seen);
        }
    }

    /// How long until the next look; `None` if an event will tell when.
    fn pause(&self) -> Option<Duration> {
        match (self.is_at_rest(), &self.monitor) {
            (true, Some(_)) => None,
            (true, None) => Some(LONG_PAUSE),
            (false, _) if self.unsettled_since.elapsed() < SOON => Some(SHORT_PAUSE),
            (false, _) => Some(PAUSE),
        }
    }

    fn is_at_rest(&self) -> bool {
        let Some(Ok(last)) = &self.last else { return false };
        let port = self.observer.port().get();
        self.is_settled && last.listeners.iter().any(|listener| listener.address.port() == port)
    }
}

/// A thread that waits for the end of listeners, until this value is dropped.
struct MonitorThread(ListenerEndMonitor);

impl MonitorThread {
    fn start(monitor: ListenerEndMonitor, sender: Sender<WatcherEvent>) -> io::Result<Self> {
        let waiting = monitor.clone();
        let wait = move || while waiting.wait() && sender.send(WatcherEvent::Nudge).is_ok() {};
        thread::Builder::new().name("listener ends".to_owned()).spawn(wait)?;
        Ok(Self(monitor))
    }
}

impl Drop for MonitorThread {
    fn drop(&mut self) {
        self.0.interrupt();
    }
}

#[cfg(all(test, target_os = "linux"))]
mod test;
