//! The desktop on Windows.
//!
//! The launcher is a console program, so that a console waits for it and shows its output. Started
//! by double-click it would get a console of its own: from Windows 11 24H2 on the manifest prevents
//! that, before it is left as soon as the program runs.

use std::{
    ffi::OsStr,
    io::{self, IsTerminal},
    os::windows::io::{AsRawHandle, RawHandle},
    ptr,
};

use windows_sys::Win32::{
    Storage::FileSystem::{FILE_TYPE_DISK, FILE_TYPE_PIPE, GetFileType},
    System::{
        Console::{
            FreeConsole, GetConsoleProcessList, STD_ERROR_HANDLE, STD_INPUT_HANDLE,
            STD_OUTPUT_HANDLE, SetStdHandle,
        },
        StationsAndDesktops::{
            GetProcessWindowStation, GetUserObjectInformationW, UOI_FLAGS, USEROBJECTFLAGS,
        },
    },
    UI::WindowsAndMessaging::{MB_ICONERROR, MB_OK, MB_SETFOREGROUND, MessageBoxW, WSF_VISIBLE},
};

/// Leaves the console if no other process is on it: it was made for this process, and its window would
/// stand there for as long as the server runs. Must be called before anything is started.
pub fn leave_own_console() {
    let mut pids = [0_u32; 2];
    // SAFETY: the buffer holds as many numbers as the call gets to know.
    let on_it = unsafe { GetConsoleProcessList(pids.as_mut_ptr(), 2) };
    if on_it != 1 {
        return;
    }
    // What leads to the console leads nowhere when it is gone, and could not be passed on either.
    let streams = [
        (io::stdin().is_terminal(), STD_INPUT_HANDLE),
        (io::stdout().is_terminal(), STD_OUTPUT_HANDLE),
        (io::stderr().is_terminal(), STD_ERROR_HANDLE),
    ];
    // SAFETY: the call takes nothing, and nothing here keeps a handle of the console.
    if unsafe { FreeConsole() } == 0 {
        return;
    }
    for (_, stream) in streams.into_iter().filter(|(is_console, _)| *is_console) {
        // SAFETY: no handle is a right value, and means that there is no such stream.
        unsafe { SetStdHandle(stream, ptr::null_mut()) };
    }
}

/// Whether a window could be seen: services run in a window station that is never visible.
pub fn has_desktop() -> bool {
    // SAFETY: the call takes nothing; the handle is the process's own and is not closed.
    let station = unsafe { GetProcessWindowStation() };
    let mut flags = USEROBJECTFLAGS { fInherit: 0, fReserved: 0, dwFlags: 0 };
    let size = u32::try_from(size_of::<USEROBJECTFLAGS>()).unwrap_or_default();
    let buffer = (&raw mut flags).cast();
    // SAFETY: the buffer is as large as the call gets to know, and is what this question fills.
    let is_known =
        unsafe { GetUserObjectInformationW(station, UOI_FLAGS, buffer, size, ptr::null_mut()) };
    is_known != 0 && flags.dwFlags & WSF_VISIBLE.cast_unsigned() != 0
}

/// Whether a standard stream is a console.
pub fn has_terminal() -> bool {
    io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal()
}

/// Whether stdout or stderr reaches a reader.
pub fn output_is_read() -> bool {
    is_read(io::stdout().as_raw_handle()) || is_read(io::stderr().as_raw_handle())
}

fn is_read(stream: RawHandle) -> bool {
    // SAFETY: a handle that is none, or is closed, is of no known type; nothing else happens.
    let kind = unsafe { GetFileType(stream) };
    kind == FILE_TYPE_PIPE || kind == FILE_TYPE_DISK
}

/// Whether something leads from `opener` to a browser. The system brings one.
pub fn leads_to_browser(_opener: &str, _is_program: impl Fn(&OsStr) -> bool) -> bool {
    true
}

/// Shows a dialog and waits until it is closed. `false` if it could not be shown.
pub fn show(title: &str, text: &str) -> bool {
    let [title, text] = [title, text].map(wide);
    let style = MB_OK | MB_ICONERROR | MB_SETFOREGROUND;
    // SAFETY: both texts end with a zero and live until the dialog is closed; there is no owner.
    unsafe { MessageBoxW(ptr::null_mut(), text.as_ptr(), title.as_ptr(), style) != 0 }
}

fn wide(text: &str) -> Vec<u16> {
    text.encode_utf16().filter(|unit| *unit != 0).chain([0]).collect()
}
