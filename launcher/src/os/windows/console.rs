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
            AttachConsole, CTRL_BREAK_EVENT, CTRL_C_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT,
            FreeConsole, GenerateConsoleCtrlEvent, GetConsoleProcessList, GetStdHandle,
            STD_ERROR_HANDLE, STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, SetConsoleCtrlHandler,
            SetStdHandle,
        },
        System::Threading::{CREATE_NEW_PROCESS_GROUP, CREATE_NO_WINDOW, PROCESS_CREATION_FLAGS},
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

/// How a program is started: in a group of its own, so that Ctrl-C reaches the launcher alone, and on our console, on which
/// it can be asked to end. Where there is none it gets one without a window.
pub(super) fn flags() -> PROCESS_CREATION_FLAGS {
    let window = if has_console() { 0 } else { CREATE_NO_WINDOW };
    CREATE_NEW_PROCESS_GROUP | window
}

fn has_console() -> bool {
    let mut pid = 0;
    // SAFETY: the buffer holds as many numbers as the call gets to know.
    unsafe { GetConsoleProcessList(&raw mut pid, 1) != 0 }
}

/// Asks the processes of a group to end, by Ctrl-Break. The console of a program that does not share ours is entered for
/// that moment.
pub(super) fn ask_to_end(group: u32) {
    if has_console() {
        send_break(group);
        return;
    }
    let streams = [STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE];
    // SAFETY: the calls take numbers; what they return stays the process's own.
    let before = streams.map(|stream| (stream, unsafe { GetStdHandle(stream) }));
    // SAFETY: nothing here keeps a handle of a console. A process without one may still count as on one, and could not
    // enter another; else the call fails.
    let _ = unsafe { FreeConsole() };
    // SAFETY: the call takes a number. It fails if the program has no console, or has ended.
    if unsafe { AttachConsole(group) } != 0 {
        send_break(group);
        // SAFETY: nothing here keeps a handle of that console.
        let _ = unsafe { FreeConsole() };
    }
    for (stream, handle) in before {
        // SAFETY: the handle was that of this stream before.
        let _ = unsafe { SetStdHandle(stream, handle) };
    }
}

fn send_break(group: u32) {
    // SAFETY: the call takes numbers. It fails if the group has ended, which is what was wanted.
    let _ = unsafe { GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, group) };
}

/// Has Ctrl-C end what else is on the console, and not this process, which waits for that.
pub(super) fn leave_interrupts_to_others() {
    // SAFETY: without a function the call sets a flag of this process. It fails only where there is no console.
    let _ = unsafe { SetConsoleCtrlHandler(None, TRUE) };
}
