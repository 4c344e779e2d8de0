//! When the server ends, and how.

use std::{future::pending, io, mem, pin::pin, sync::Arc, time::Duration};

use shared::{
    event::{EndReason, RequestedBy},
    keys,
};
use slog::{Logger, info, warn};
use tokio::{
    select,
    sync::mpsc::UnboundedReceiver,
    time::{Instant, sleep_until},
};

use crate::{
    os::signals::{Signal, Signals},
    process::handover::{self, Order},
    web::{application::Application, launcher_requests::Wish, redirect::Moved},
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
    pub reason: EndReason,
    /// From where it was asked for; `None` if the launcher ends it, which records that itself.
    pub by: Option<RequestedBy>,
    /// How long requests in flight may take.
    pub patience: Duration,
}

impl Stop {
    /// The launcher ended without a word, so nobody holds the port any more but this server.
    pub const LAUNCHER_GONE: EndReason = EndReason::LauncherGone;

    /// An end that was asked for.
    fn asked(by: Option<RequestedBy>, patience: Duration) -> Self {
        Self { reason: EndReason::Asked, by, patience }
    }
}

/// Everything that may ask the server to end, or to lead elsewhere.
pub struct Life {
    signals: Signals,
    has_launcher: bool,
    orders: Option<UnboundedReceiver<Order>>,
    wishes: Option<UnboundedReceiver<Wish>>,
    signalled: bool,
    moved: Arc<Moved>,
    logger: Logger,
}

impl Life {
    /// Listens to the system, to what people wish in the browser and, if there is one, to the
    /// launcher, which may say that the app has `moved`.
    ///
    /// # Errors
    ///
    /// Whatever the system refuses to deliver its signals with.
    pub fn new(
        orders: Option<UnboundedReceiver<Order>>,
        wishes: Option<UnboundedReceiver<Wish>>,
        moved: Arc<Moved>,
        logger: Logger,
    ) -> io::Result<Self> {
        let has_launcher = orders.is_some();
        let signals = Signals::new()?;
        Ok(Self { signals, has_launcher, orders, wishes, signalled: false, moved, logger })
    }

    /// Waits for the next request to end. The second signal has no patience left.
    pub async fn next(&mut self) -> Stop {
        loop {
            let stop = select! {
                signal = self.signals.next() => self.heed(signal),
                order = next(&mut self.orders) => self.obey(order),
                wish = next(&mut self.wishes) => self.grant(wish),
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
        let by = match signal {
            Signal::Interrupt | Signal::Terminate => RequestedBy::Signal,
            Signal::Shutdown => RequestedBy::Shutdown,
        };
        Some(Stop::asked(Some(by), if again { Duration::ZERO } else { PATIENCE }))
    }

    /// A launcher is told what a person wishes, and gives its orders. Without one there is only the
    /// end.
    fn grant(&mut self, wish: Option<Wish>) -> Option<Stop> {
        match wish {
            None => self.wishes = None,
            Some(wish) if self.has_launcher => handover::say(&wish.into()),
            Some(Wish::Stop { by }) => return Some(Stop::asked(Some(by), PATIENCE)),
            Some(Wish::Move { .. } | Wish::Restart { .. } | Wish::Reread) => {}
        }
        None
    }

    fn obey(&mut self, order: Option<Order>) -> Option<Stop> {
        match order {
            Some(Order::Drain) => Some(Stop::asked(None, PATIENCE)),
            Some(Order::Stop) => Some(Stop::asked(None, Duration::ZERO)),
            Some(Order::Redirect(to)) => {
                if self.moved.lead(to) {
                    info!(self.logger, "redirecting"; keys::PORT => to.get());
                } else {
                    warn!(self.logger, "redirect to the own port ignored"; keys::PORT => to.get());
                }
                None
            }
            Some(Order::Garbled(line)) => {
                warn!(self.logger, "hand-over message not understood"; keys::LINE => line);
                None
            }
            Some(Order::LauncherGone) | None => {
                self.orders = None;
                Some(Stop { reason: Stop::LAUNCHER_GONE, by: None, patience: ORPHAN_PATIENCE })
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

async fn next<T>(from: &mut Option<UnboundedReceiver<T>>) -> Option<T> {
    match from {
        Some(from) => from.recv().await,
        None => pending().await,
    }
}

#[cfg(test)]
mod test {
    use shared::port::Port;
    use slog::{Discard, o};
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::web::connections::Connections;

    #[test]
    fn a_redirect_is_no_end_and_the_end_of_the_launcher_is() {
        let port = |number| Port::new(number).expect("not 0");
        let moved = Arc::new(Moved::not_yet(port(17000), Connections::default()));
        actix_rt::System::new().block_on(async {
            let (launcher, orders) = unbounded_channel();
            let logger = Logger::root(Discard, o!());
            let mut life =
                Life::new(Some(orders), None, Arc::clone(&moved), logger).expect("signals");
            for order in [
                Order::Garbled("hello".to_owned()),
                Order::Redirect(port(17001)),
                Order::Redirect(port(17000)),
                Order::Drain,
                Order::Stop,
                Order::LauncherGone,
            ] {
                launcher.send(order).expect("it listens");
            }
            assert_eq!(life.next().await, Stop::asked(None, PATIENCE));
            assert_eq!(moved.to(), Some(port(17001)));
            assert_eq!(life.next().await, Stop::asked(None, Duration::ZERO));
            let gone = Stop { reason: Stop::LAUNCHER_GONE, by: None, patience: ORPHAN_PATIENCE };
            assert_eq!(life.next().await, gone);
        });
    }
}
