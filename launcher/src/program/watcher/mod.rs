//! A thread that observes a program when it is asked to, and whenever a listener of the port ends.
//!
//! When to look is decided by the [verification](super::verification).

use std::{
    io,
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Instant,
};

use shared::os::ListenerEndMonitor;

use super::{observation::Observation, observer::Observer};

/// Observes a program until it is dropped.
#[derive(Debug)]
pub struct ProgramWatcher {
    sender: Sender<WatcherEvent>,
    is_monitored: bool,
}

/// What has the thread of a watcher go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WatcherEvent {
    Look,
    Dropped,
}

impl ProgramWatcher {
    /// Observes the processes that descend from `root`, whenever it is asked to. `report` is called with the time at
    /// which each look began, and what it has seen. The thread ends soon after the watcher is dropped, also if
    /// `report` blocks by then; it may call `report` once more.
    ///
    /// # Errors
    ///
    /// If the system gives no thread.
    pub fn start(
        observer: Arc<Observer>,
        root: u32,
        report: impl FnMut(Instant, io::Result<Observation>) + Send + 'static,
    ) -> io::Result<Self> {
        let monitor = ListenerEndMonitor::open(observer.port());
        Self::start_with(monitor, observer, root, report)
    }

    fn start_with(
        monitor: Option<ListenerEndMonitor>,
        observer: Arc<Observer>,
        root: u32,
        mut report: impl FnMut(Instant, io::Result<Observation>) + Send + 'static,
    ) -> io::Result<Self> {
        let (sender, events) = channel();
        let monitor = monitor.map(|monitor| MonitorThread::start(monitor, sender.clone()));
        let monitor = monitor.transpose()?;
        let is_monitored = monitor.is_some();
        let watch = move || {
            let _until_the_end = monitor;
            while next_look(&events) {
                report(Instant::now(), observer.observe(root));
            }
        };
        thread::Builder::new().name("observer".to_owned()).spawn(watch)?;
        Ok(Self { sender, is_monitored })
    }

    /// Whether the system tells of the end of a listener, so that a look follows it.
    pub fn is_monitored(&self) -> bool {
        self.is_monitored
    }

    /// Has the program looked at now.
    pub fn look(&self) {
        self.send(WatcherEvent::Look);
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

/// Waits until a look is asked for, however often; false if none ever will be.
fn next_look(events: &Receiver<WatcherEvent>) -> bool {
    let Ok(first) = events.recv() else { return false };
    ![first].into_iter().chain(events.try_iter()).any(|event| event == WatcherEvent::Dropped)
}

/// A thread that waits for the end of listeners, until this value is dropped.
struct MonitorThread(ListenerEndMonitor);

impl MonitorThread {
    fn start(monitor: ListenerEndMonitor, sender: Sender<WatcherEvent>) -> io::Result<Self> {
        let waiting = monitor.clone();
        let wait = move || while waiting.wait() && sender.send(WatcherEvent::Look).is_ok() {};
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
