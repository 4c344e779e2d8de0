//! The list of all processes, by a snapshot of the tool help library: it has the names of those
//! that may not be opened, and the children of those that are gone.

use std::ptr;

use windows_sys::Win32::System::Diagnostics::ToolHelp::{
    CreateToolhelp32Snapshot, PROCESSENTRY32W, Process32FirstW, Process32NextW, TH32CS_SNAPPROCESS,
};

use super::handle::Handle;

/// The file name of a process.
pub(super) fn name(pid: u32) -> Option<String> {
    let entry = processes().find(|entry| entry.th32ProcessID == pid)?;
    let length = entry.szExeFile.iter().position(|&unit| unit == 0)?;
    Some(String::from_utf16_lossy(&entry.szExeFile[..length])).filter(|name| !name.is_empty())
}

/// The processes that were started by this one. They keep only its id, so it shows little
/// while a process of that number lives.
pub(super) fn children(pid: u32) -> Vec<u32> {
    let children = processes().filter(|entry| entry.th32ParentProcessID == pid);
    children.map(|entry| entry.th32ProcessID).filter(|&child| child != pid).collect()
}

/// Every process, with the one that started it.
pub(super) fn parents() -> impl Iterator<Item = (u32, u32)> {
    processes().map(|entry| (entry.th32ProcessID, entry.th32ParentProcessID))
}

fn processes() -> impl Iterator<Item = PROCESSENTRY32W> {
    // SAFETY: no pointer is passed, and the handle is not inheritable.
    let handle = unsafe { CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0) };
    let snapshot = Handle::from_answer(handle).ok();
    let mut is_first = true;
    std::iter::from_fn(move || {
        let next = if is_first { Process32FirstW } else { Process32NextW };
        is_first = false;
        let length = u32::try_from(size_of::<PROCESSENTRY32W>()).ok()?;
        let mut entry = PROCESSENTRY32W { dwSize: length, ..Default::default() };
        let snapshot = snapshot.as_ref()?.raw();
        // SAFETY: the snapshot is open, and `entry`, which has its own length, may be written to
        // until the call returns.
        let more = unsafe { next(snapshot, ptr::from_mut(&mut entry)) };
        (more != 0).then_some(entry)
    })
}
