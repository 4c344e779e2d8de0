//! Which ports are worth trying when none was asked for.
//!
//! A [`Policy`] judges by number alone: it opens no socket, and a port that passes may still be
//! taken. It is a default and not a law. A port that a person named, or that served well before, is
//! refused only if browsers block it; everything else about it is left to the system's own answer.
//!
//! # Order
//!
//! A port may have several faults, and the first of these is the one that is reported:
//!
//! 1. [`Class::BrowserBlocked`]: no page on it would open.
//! 2. [`Class::Privileged`]: an ordinary user cannot have it.
//! 3. [`Class::Excluded`]: no program can claim it.
//! 4. [`Class::Restricted`]: the system gives it to its own programs alone.
//! 5. [`Class::Ephemeral`]: an outgoing connection may take it at any moment.
//! 6. [`Class::ReservedByApp`]: another app of this user comes back to it.
//! 7. [`Class::Crowded`]: the default of well-known programs, or a port that the settings avoid.
//!
//! The system's ranges are read when a port is judged by them for the first time: a
//! launch whose remembered port is free never waits for that.

#[cfg(test)]
mod test;

use std::{collections::BTreeMap, sync::OnceLock};

use crate::{
    app::AppName,
    conflict::{Class, Origin},
    os::LiveRanges,
    port::{Port, PortRange},
};

/// Ports that browsers refuse to open, whatever listens there: the "bad ports" of the WHATWG Fetch
/// Standard (<https://fetch.spec.whatwg.org/#port-blocking>), as of July 2026. The highest is 10080.
pub const BROWSER_BLOCKED: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101,
    102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427,
    465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
    993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667,
    6668, 6669, 6679, 6697, 10080,
];

/// Ports on which well-known programs listen by default, assigned to them or not.
pub const CROWDED: &[PortRange] = &[
    PortRange::literal(3000, 3001),   // Node frameworks, Grafana
    PortRange::literal(3030, 3030),   // Screenpipe
    PortRange::literal(4200, 4200),   // Angular
    PortRange::literal(5000, 5001),   // Flask, AirPlay, Docker registries
    PortRange::literal(5173, 5173),   // Vite
    PortRange::literal(5432, 5432),   // PostgreSQL
    PortRange::literal(6379, 6379),   // Redis
    PortRange::literal(7000, 7000),   // AirPlay
    PortRange::literal(8000, 8000),   // Django, python -m http.server
    PortRange::literal(8080, 8081),   // every second HTTP server
    PortRange::literal(8888, 8888),   // Jupyter
    PortRange::literal(9000, 9000),   // PHP-FPM, MinIO
    PortRange::literal(9090, 9090),   // Prometheus
    PortRange::literal(11434, 11434), // Ollama
    PortRange::literal(27000, 27050), // FlexLM, Steam, MongoDB
    PortRange::literal(28385, 28385), // Docker Desktop
    PortRange::literal(30000, 32767), // Kubernetes NodePort, Plex
];

/// Where to look unless the settings have another range. Above 10080, the last port that browsers block,
/// and above 15000, where the dynamic range of many Windows machines ends that have it reset to
/// begin at 1024. Below 30000, where Kubernetes hands out NodePorts, and so below the dynamic ranges
/// of Linux (32768) and of Windows and macOS (49152). IANA has assigned 2 % of it.
pub const DEFAULT_RANGE: PortRange = PortRange::literal(15001, 29999);

/// Where first choices lie. Hyper-V's exclusions have been seen from 24266 up and below 14622, and
/// none in here; 7,000 ports are enough that two apps of one user seldom meet.
pub const PREFERRED: PortRange = PortRange::literal(17000, 23999);

/// How many ports of the range must survive the system's dynamic range. With fewer than this the
/// dynamic range is so wide that avoiding it leaves too few: better to risk a port that an outgoing connection
/// may take than to crowd every app into the rest.
pub const FEWEST_PORTS: usize = 200;

/// Every fault that a number can have, the gravest first.
const FAULTS: [Class; 7] = [
    Class::BrowserBlocked,
    Class::Privileged,
    Class::Excluded,
    Class::Restricted,
    Class::Ephemeral,
    Class::ReservedByApp,
    Class::Crowded,
];

/// What a port must be to be tried without having been asked for.
#[derive(Debug, Clone)]
pub struct Policy {
    range: PortRange,
    live: LiveRanges,
    avoid: Vec<PortRange>,
    reserved: BTreeMap<Port, AppName>,
    spares_ephemeral: OnceLock<bool>,
    spares_crowded: bool,
}

impl Policy {
    /// The policy for `range`, on a system with these `live` ranges, for a person who wants to
    /// `avoid` some ports, and whose other apps remember the `reserved` ones.
    ///
    /// Two faults are forgiven when they would leave too little. [`Class::Ephemeral`] is, when it
    /// would leave fewer than [`FEWEST_PORTS`]. [`CROWDED`] is, when the range has nothing else:
    /// a person who writes such a range means it. What the settings avoid is never forgiven.
    pub fn new(
        range: PortRange,
        live: impl Into<LiveRanges>,
        avoid: Vec<PortRange>,
        reserved: BTreeMap<Port, AppName>,
    ) -> Self {
        let live = live.into();
        let spares_crowded = range.ports().all(|port| holds(CROWDED, port));
        let spares_ephemeral = OnceLock::new();
        Self { range, live, avoid, reserved, spares_ephemeral, spares_crowded }
    }

    fn spares_ephemeral(&self) -> bool {
        *self.spares_ephemeral.get_or_init(|| self.ephemeral_leaves_too_little())
    }

    fn ephemeral_leaves_too_little(&self) -> bool {
        let ephemeral = self.live.get().ephemeral;
        if ephemeral.and_then(|ephemeral| ephemeral.intersection(self.range)).is_none() {
            return false;
        }
        let with = |spares: bool| Self { spares_ephemeral: spares.into(), ..self.clone() };
        let (kept, spared) = (with(false), with(true));
        kept.allowed().take(FEWEST_PORTS).count() < FEWEST_PORTS
            && kept.allowed().count() < spared.allowed().count()
    }

    /// The ports that it chooses from.
    pub fn range(&self) -> PortRange {
        self.range
    }

    /// The system's dynamic range, if it is so wide that it has to be ignored.
    pub fn ignores_ephemeral(&self) -> Option<PortRange> {
        self.live.get().ephemeral.filter(|_| self.spares_ephemeral())
    }

    /// Why `port` is not to be tried, or `None` if it is.
    ///
    /// A port that was asked for or remembered is refused only as [`Class::BrowserBlocked`], and so
    /// is one that the system or a service manager gave: whether a low port can be had, the system
    /// itself reports best, because it also knows the user's rights.
    pub fn refusal(&self, port: Port, origin: Origin) -> Option<Class> {
        let chosen = match origin {
            Origin::FirstChoice | Origin::Proposed | Origin::Range => true,
            Origin::Explicit | Origin::Home | Origin::LastGood | Origin::EarlierGood => false,
            Origin::Further | Origin::Temporary | Origin::Inherited | Origin::Other => false,
        };
        let counts = |class| chosen || class == Class::BrowserBlocked;
        FAULTS.into_iter().find(|&class| counts(class) && self.has_unforgiven(class, port))
    }

    /// The ports of the range that pass, lowest first.
    pub fn allowed(&self) -> impl Iterator<Item = Port> {
        self.range.ports().filter(|&port| self.refusal(port, Origin::Range).is_none())
    }

    /// Every fault of `port`, the gravest first, forgiven or not, for an explanation of a port.
    pub fn remarks(&self, port: Port) -> Vec<Class> {
        FAULTS.into_iter().filter(|&class| self.has(class, port)).collect()
    }

    /// The other app of this user that remembers `port`.
    pub fn reserved_by(&self, port: Port) -> Option<&AppName> {
        self.reserved.get(&port)
    }

    fn has_unforgiven(&self, class: Class, port: Port) -> bool {
        match class {
            // Most ports are not in it, and whether it is spared takes a count of the range.
            Class::Ephemeral => self.has(class, port) && !self.spares_ephemeral(),
            Class::Crowded if self.spares_crowded => holds(&self.avoid, port),
            _ => self.has(class, port),
        }
    }

    fn has(&self, class: Class, port: Port) -> bool {
        match class {
            Class::BrowserBlocked => BROWSER_BLOCKED.binary_search(&port.get()).is_ok(),
            Class::Privileged => port.get() < self.live.get().unprivileged_start,
            Class::Excluded => holds(&self.live.get().excluded, port),
            Class::Restricted => holds(&self.live.get().restricted, port),
            Class::Ephemeral => self.live.get().ephemeral.is_some_and(|range| range.contains(port)),
            Class::ReservedByApp => self.reserved.contains_key(&port),
            Class::Crowded => holds(CROWDED, port) || holds(&self.avoid, port),
            _ => false,
        }
    }
}

fn holds(ranges: &[PortRange], port: Port) -> bool {
    ranges.iter().any(|range| range.contains(port))
}
