//! When the server ends, and how.

use std::{future::pending, io, mem, pin::pin, time::Duration};

use shared::keys;
use slog::{Logger, warn};
use tokio::{
    select,
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep_until},
};

use crate::{
    app::Application,
    control::Order,
    os::{Signal, Signals},
};

/// How long requests in flight may take when the server is asked to end. Longer than any page of
/// ours takes, shorter than the time after which service managers kill (90 s for systemd).
const PATIENCE: Duration = Duration::from_secs(10);

/// The same when the launcher is gone: the port must be free within 2 s, whoever is waiting.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(1);

/// A request to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Why, in one word.
    pub reason: &'static str,
    /// How long requests in flight may take.
    pub patience: Duration,
}

impl Stop {
    /// The launcher ended without a word, so nobody holds the port any more but this server.
    pub const LAUNCHER_GONE: &'static str = "launcher_gone";
}

/// Everything that may ask the server to end.
pub struct Life {
    signals: Signals,
    has_launcher: bool,
    orders: Option<UnboundedReceiver<Order>>,
    signalled: bool,
    logger: Logger,
}

impl Life {
    /// Listens to the system and, if there is one, to the launcher.
    ///
    /// # Errors
    ///
    /// Whatever the system refuses to deliver its signals with.
    pub fn new(orders: Option<UnboundedReceiver<Order>>, logger: Logger) -> io::Result<Self> {
        let has_launcher = orders.is_some();
        Ok(Self { signals: Signals::new()?, has_launcher, orders, signalled: false, logger })
    }

    /// Waits for the next request to end. The second signal has no patience left.
    pub async fn next(&mut self) -> Stop {
        loop {
            let stop = select! {
                signal = self.signals.next() => self.heed(signal),
                order = next_order(&mut self.orders) => self.obey(order),
            };
            if let Some(stop) = stop {
                return stop;
            }
        }
    }

    fn heed(&mut self, signal: Signal) -> Option<Stop> {
        if self.has_launcher && signal == Signal::Interrupt {
            // The terminal sends it to both; what becomes of it is for the launcher to say.
            return None;
        }
        let again = mem::replace(&mut self.signalled, true);
        Some(Stop { reason: "asked", patience: if again { Duration::ZERO } else { PATIENCE } })
    }

    fn obey(&mut self, order: Option<Order>) -> Option<Stop> {
        match order {
            Some(Order::Drain) => Some(Stop { reason: "asked", patience: PATIENCE }),
            Some(Order::Stop) => Some(Stop { reason: "asked", patience: Duration::ZERO }),
            Some(Order::Redirect(to)) => {
                warn!(self.logger, "redirect is not supported yet"; keys::PORT => to.get());
                None
            }
            Some(Order::Garbled(line)) => {
                warn!(self.logger, "control line not understood"; keys::LINE => line);
                None
            }
            Some(Order::LauncherGone) | None => {
                self.orders = None;
                Some(Stop { reason: Stop::LAUNCHER_GONE, patience: ORPHAN_PATIENCE })
            }
        }
    }

    /// Ends `app`. A further request may shorten what patience is left, never lengthen it.
    pub async fn wind_down(&mut self, app: Application, stop: Stop) {
        let mut stopping = pin!(app.stop(stop.patience));
        let mut deadline = Instant::now() + stop.patience;
        loop {
            select! {
                () = &mut stopping => return,
                () = sleep_until(deadline) => return,
                stop = self.next() => deadline = deadline.min(Instant::now() + stop.patience),
            }
        }
    }
}

async fn next_order(orders: &mut Option<UnboundedReceiver<Order>>) -> Option<Order> {
    match orders {
        Some(orders) => orders.recv().await,
        None => pending().await,
    }
}
