//! The terminal of this process while its program has one of its own: its size, its mode, and what is typed.
//!
//! While the program runs, our terminal is in raw mode: each key goes to the program's terminal, where Ctrl-C has its
//! meaning. The mode is restored whatever ends that, and never touched while another process group has the terminal.

use std::{
    fs::File,
    io::{self, IsTerminal, Write},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    process::getpgrp,
    termios::{
        OptionalActions, Termios, Winsize, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr,
        tcsetwinsize,
    },
};
use signal_hook::{
    consts::{SIGCONT, SIGTSTP, SIGWINCH},
    iterator::Signals,
    low_level::emulate_default_handler,
};

use crate::os::interface::TerminalSize;

/// How much is read of what is typed, in bytes. A paste may be long.
const PIECE: usize = 4 << 10;

/// How often a launcher in the background looks whether it has the terminal again. Not every shell sends a signal then.
const FOREGROUND_INTERVAL: Duration = Duration::from_secs(1);

/// The mode of our terminal before it was made raw, while it is raw.
static RAW_MODE: Mutex<Option<RawMode>> = Mutex::new(None);

/// Whether [`RAW_MODE`] has one, for those who write.
static IS_RAW: AtomicBool = AtomicBool::new(false);

/// A terminal in raw mode. Dropped, it has its mode back.
#[derive(Debug)]
struct RawMode {
    terminal: OwnedFd,
    before: Termios,
}

impl RawMode {
    /// Makes a terminal raw at once, whether or not what was written to it is shown yet.
    fn enter(terminal: BorrowedFd<'_>) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut raw = before.clone();
        raw.make_raw();
        let terminal = terminal.try_clone_to_owned()?;
        tcsetattr(&terminal, OptionalActions::Now, &raw)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for RawMode {
    fn drop(&mut self) {
        // Who has it now has set its mode.
        if tcgetpgrp(&self.terminal).is_ok_and(|group| group != getpgrp()) {
            return;
        }
        // It fails if the terminal is gone. What is still to be shown is not waited for: it may be held.
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

/// Gives our terminal its mode back, if it is raw.
pub(super) fn restore() {
    IS_RAW.store(false, Ordering::Relaxed);
    *locked(&RAW_MODE) = None;
}

/// Whether our terminal is in raw mode, in which it does not begin a new line on the left.
pub fn is_raw() -> bool {
    IS_RAW.load(Ordering::Relaxed)
}

/// The size of the terminal that one of our streams is, or that of any terminal.
pub fn terminal_size() -> TerminalSize {
    let (stdin, stdout, stderr) = (io::stdin(), io::stdout(), io::stderr());
    let sizes = [stdout.as_fd(), stdin.as_fd(), stderr.as_fd()].into_iter().filter_map(size_of);
    sizes.into_iter().next().unwrap_or_default()
}

/// `None` if it is no terminal, or one that does not know its size.
pub(super) fn size_of(terminal: BorrowedFd<'_>) -> Option<TerminalSize> {
    let Winsize { ws_row: rows, ws_col: columns, .. } = tcgetwinsize(terminal).ok()?;
    (rows > 0 && columns > 0).then_some(TerminalSize { rows, columns })
}

/// Gives a terminal this size, which its programs are told.
pub(super) fn set_size(terminal: BorrowedFd<'_>, size: TerminalSize) {
    let TerminalSize { rows, columns } = size;
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    // Without a size it is one of an unknown size.
    let _ = tcsetwinsize(terminal, size);
}

/// Our terminal and stdin, which a program with a terminal of its own gets the input from. Dropped, the mode is restored.
#[derive(Debug)]
pub struct TerminalRelay(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<RelayState>,
    has_changed: Condvar,
}

#[derive(Debug, Default)]
struct RelayState {
    /// Whether a program runs that wants the input.
    is_wanted: bool,
    /// Where the input of the program that runs goes.
    input: Option<Arc<File>>,
    /// Whether our stdin has ended.
    is_over: bool,
}

impl TerminalRelay {
    /// Calls `on_resize` for each new size of our terminal from now on.
    ///
    /// # Errors
    ///
    /// If the system has no threads left, or refuses the handlers of signals.
    pub fn start(mut on_resize: impl FnMut(TerminalSize) + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let mut signals = Signals::new([SIGWINCH, SIGTSTP, SIGCONT])?;
        let of_signals = Arc::clone(&shared);
        thread::Builder::new().name("terminal".to_owned()).spawn(move || {
            for signal in signals.forever() {
                match signal {
                    SIGTSTP => {
                        restore();
                        let _ = emulate_default_handler(SIGTSTP);
                    }
                    SIGCONT => of_signals.go_on(),
                    _ => on_resize(terminal_size()),
                }
            }
        })?;
        let of_input = Arc::clone(&shared);
        thread::Builder::new().name("input".to_owned()).spawn(move || of_input.relay())?;
        Ok(Self(shared))
    }

    /// A program was started that reads the other end of `input`: our terminal is its own from now on.
    pub fn program_started(&self, input: io::PipeWriter) {
        let mut state = locked(&self.0.state);
        state.is_wanted = true;
        state.input = (!state.is_over).then(|| Arc::new(File::from(OwnedFd::from(input))));
        make_raw();
        self.0.has_changed.notify_all();
    }

    /// The program has ended: our terminal is a person's again.
    pub fn program_ended(&self) {
        let mut state = locked(&self.0.state);
        (state.is_wanted, state.input) = (false, None);
        restore();
    }
}

impl Drop for TerminalRelay {
    fn drop(&mut self) {
        self.program_ended();
    }
}

impl Shared {
    /// The launcher was stopped, and goes on, in the foreground or not.
    fn go_on(&self) {
        let state = locked(&self.state);
        if !is_foreground() {
            restore();
        } else if state.is_wanted {
            make_raw();
        }
        self.has_changed.notify_all();
    }

    /// Passes on what is typed, or comes in another way, to the program that runs. It is left where it is while none runs.
    fn relay(&self) {
        let is_terminal = io::stdin().is_terminal();
        let mut piece = vec![0; PIECE];
        loop {
            self.wait_for_program();
            if is_terminal && !is_foreground() {
                self.wait_for_foreground();
                continue;
            }
            if !wait_for_input() || is_terminal && tcgetattr(io::stdin()).is_err() {
                break;
            }
            // A read in the background would stop the launcher.
            if is_terminal && !is_foreground() {
                continue;
            }
            // It may have ended meanwhile.
            let Some(input) = locked(&self.state).input.clone() else { continue };
            match rustix::io::read(io::stdin(), &mut piece) {
                Ok(0) if !is_terminal => break,
                // Not under the lock: a program that does not read holds this up, and nothing else.
                Ok(read) => drop((&*input).write_all(&piece[..read])),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => break,
            }
        }
        let mut state = locked(&self.state);
        (state.is_over, state.input) = (true, None);
    }

    fn wait_for_program(&self) {
        let state = locked(&self.state);
        let waited = self.has_changed.wait_while(state, |state| state.input.is_none());
        drop(waited);
    }

    fn wait_for_foreground(&self) {
        let state = locked(&self.state);
        let waited = self.has_changed.wait_timeout(state, FOREGROUND_INTERVAL);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.is_wanted && is_foreground() {
            make_raw();
        }
    }
}

/// Makes our terminal raw, if we have one and are in its foreground. It is asked again after each stop.
fn make_raw() {
    if !is_foreground() {
        return;
    }
    let mut mode = locked(&RAW_MODE);
    match &*mode {
        // A shell may have set another mode meanwhile.
        Some(raw) => {
            let mut anew = raw.before.clone();
            anew.make_raw();
            let _ = tcsetattr(&raw.terminal, OptionalActions::Now, &anew);
        }
        None => *mode = RawMode::enter(io::stdin().as_fd()).ok(),
    }
    IS_RAW.store(mode.is_some(), Ordering::Relaxed);
}

/// Waits until our stdin has something to read, or its end. Returns whether it is there at all.
fn wait_for_input() -> bool {
    let stdin = io::stdin();
    let mut fds = [PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
    loop {
        match poll(&mut fds, None) {
            Ok(_) => return true,
            Err(Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}

/// Whether stdin is our terminal and another process group has it, as a shell that this was started by with `&`.
pub fn is_in_background() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group != getpgrp())
}

/// Whether stdin is our terminal and no other process group has it.
fn is_foreground() -> bool {
    tcgetpgrp(io::stdin()).is_ok_and(|group| group == getpgrp())
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod test {
    use std::panic;

    use rustix::{
        fs::{Mode, OFlags, open},
        pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
        termios::{InputModes, LocalModes, OutputModes},
    };

    use super::*;

    fn terminal() -> (OwnedFd, OwnedFd) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("ours");
        let name = ptsname(&master, vec![]).expect("a name");
        let slave = open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).expect("there");
        (master, slave)
    }

    fn modes(terminal: &OwnedFd) -> (InputModes, OutputModes, LocalModes) {
        let mode = tcgetattr(terminal).expect("a terminal");
        (mode.input_modes, mode.output_modes, mode.local_modes)
    }

    #[test]
    fn a_raw_terminal_has_its_mode_back_also_after_a_panic() {
        let (_master, slave) = terminal();
        let before = modes(&slave);
        let raw = RawMode::enter(slave.as_fd()).expect("a terminal");
        assert!(!modes(&slave).2.intersects(LocalModes::ICANON | LocalModes::ISIG));
        drop(raw);
        assert_eq!(modes(&slave), before);
        let panicked = panic::catch_unwind(|| {
            let _raw = RawMode::enter(slave.as_fd()).expect("a terminal");
            assert_eq!(modes(&slave), before, "it is raw");
        });
        assert!(panicked.is_err());
        assert_eq!(modes(&slave), before);
    }

    #[test]
    fn a_terminal_has_the_size_that_it_was_given_and_what_is_none_has_no_size() {
        let (master, slave) = terminal();
        assert_eq!(size_of(slave.as_fd()), None, "it is not known yet");
        let size = TerminalSize { rows: 50, columns: 132 };
        set_size(master.as_fd(), size);
        assert_eq!(size_of(slave.as_fd()), Some(size));
        let (pipe, _) = io::pipe().expect("a pipe");
        assert_eq!(size_of(pipe.as_fd()), None);
    }
}
