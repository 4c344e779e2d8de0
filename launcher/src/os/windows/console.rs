//! How the system asks the launcher to end: Ctrl-C, Ctrl-Break, a closed window, the end of a
//! session.

use std::{
    io,
    sync::{Mutex, PoisonError},
    thread,
};

use shared::event::RequestedBy;
use windows_sys::{
    Win32::{
        Foundation::TRUE,
        System::Console::{
            CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT,
            SetConsoleCtrlHandler,
        },
    },
    core::BOOL,
};

use super::handle::done;
use crate::os::interface::Signalled;

type SignalHandler = Box<dyn FnMut(Signalled) + Send>;

/// What [`handle_console_event`] calls: the system takes a function, which cannot hold a closure.
static HANDLER: Mutex<Option<SignalHandler>> = Mutex::new(None);

/// Calls `handle` for every request to end, on a thread that the system makes for it.
///
/// # Errors
///
/// If the system refuses the handler.
pub fn on_signal(handle: impl FnMut(Signalled) + Send + 'static) -> io::Result<()> {
    *HANDLER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(handle));
    // SAFETY: the handler is a function of this program, callable at any time on any thread, for as
    // long as the process lives.
    done(unsafe { SetConsoleCtrlHandler(Some(handle_console_event), TRUE) })
}

/// Passes a request on.
///
/// Ctrl-C and Ctrl-Break are over when this returns. After any other request the system ends the
/// process when this returns, and otherwise gives it some seconds to end by itself: then the launch
/// ends well, and the process with it.
unsafe extern "system" fn handle_console_event(request: u32) -> BOOL {
    if let Some(handle) = &mut *HANDLER.lock().unwrap_or_else(PoisonError::into_inner) {
        handle(Signalled::Stop(match request {
            CTRL_LOGOFF_EVENT => RequestedBy::Logout,
            CTRL_SHUTDOWN_EVENT => RequestedBy::Shutdown,
            _ => RequestedBy::Signal,
        }));
    }
    while !matches!(request, CTRL_C_EVENT | CTRL_BREAK_EVENT) {
        thread::park();
    }
    TRUE
}
