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

type Tell = Box<dyn FnMut(Signalled) + Send>;

/// Whom [`heed`] tells: the system calls a function, which has nothing of its own.
static TELL: Mutex<Option<Tell>> = Mutex::new(None);

/// Calls `tell` for every request to end, on a thread that the system makes for it.
///
/// # Errors
///
/// If the system refuses the handler.
pub fn on_signal(tell: impl FnMut(Signalled) + Send + 'static) -> io::Result<()> {
    *TELL.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(tell));
    // SAFETY: the handler is a function of this program, callable at any time on any thread, for as
    // long as the process lives.
    done(unsafe { SetConsoleCtrlHandler(Some(heed), TRUE) })
}

/// Passes a request on.
///
/// Ctrl-C and Ctrl-Break are over when this returns. After any other request the system ends the
/// process when this returns, and otherwise gives it some seconds to end by itself: then the launch
/// ends well, and the process with it.
unsafe extern "system" fn heed(request: u32) -> BOOL {
    if let Some(tell) = &mut *TELL.lock().unwrap_or_else(PoisonError::into_inner) {
        tell(Signalled::Stop(match request {
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
