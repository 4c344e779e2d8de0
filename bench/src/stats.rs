//! Figures: medians of runs that took turns, and how they compare.

use std::{
    io,
    time::{Duration, Instant},
};

/// One line of the table.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) what: String,
    /// Ours, with its unit.
    pub(crate) ours: String,
    /// The peer's name and figure.
    pub(crate) peer: String,
    /// Ours divided by the peer's.
    pub(crate) ratio: String,
}

/// The middle value; half of the runs were faster.
pub(crate) fn median(values: Vec<f64>) -> f64 {
    quantile(values, 0.5)
}

/// The value that `part` of the runs were faster than; the slowest of all for 1.
pub(crate) fn quantile(mut values: Vec<f64>, part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * part) as usize;
    values.get(at).or(values.last()).copied().unwrap_or(f64::NAN)
}

/// Runs every contender in turn, `rounds` times, and gives each one's median in seconds.
pub(crate) fn take_turns<const N: usize>(
    rounds: usize,
    mut contenders: [&mut dyn FnMut(); N],
) -> [f64; N] {
    let mut times = [(); N].map(|()| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for (contender, times) in contenders.iter_mut().zip(&mut times) {
            let started = Instant::now();
            contender();
            times.push(started.elapsed().as_secs_f64());
        }
    }
    times.map(median)
}

/// Seconds as a text with a unit that fits.
pub(crate) fn time(seconds: f64) -> String {
    match Duration::from_secs_f64(seconds.max(0.0)) {
        short if short < Duration::from_millis(1) => format!("{:.1} µs", seconds * 1e6),
        _ => format!("{:.1} ms", seconds * 1e3),
    }
}

/// A row about two times.
pub(crate) fn row(what: &str, ours: f64, peer: &str, theirs: f64) -> Row {
    Row {
        what: what.to_owned(),
        ours: time(ours),
        peer: format!("{peer}: {}", time(theirs)),
        ratio: format!("{:.2} ×", ours / theirs),
    }
}

/// Why a peer has no figures.
pub(crate) fn unmeasured(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "not measured, because it is not installed".to_owned(),
        _ => format!("not measured ({error})"),
    }
}
