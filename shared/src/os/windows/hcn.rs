//! Ports that the host network service keeps for guests: WSL in mirrored mode has a block of 4,096
//! of them, which `netsh` does not list.
//!
//! The library is there since Windows 10 1809, and not in every edition, so it is loaded by name and
//! its absence means that nothing is kept. Which rights the question needs is not documented; a
//! refusal means the same.

use std::{mem, ptr, slice};

use windows_sys::{
    Win32::{
        Foundation::{FARPROC, HMODULE},
        System::{
            HostComputeNetwork::{HCN_PORT_PROTOCOL_UDP, HCN_PORT_RANGE_ENTRY},
            LibraryLoader::{GetProcAddress, LOAD_LIBRARY_SEARCH_SYSTEM32, LoadLibraryExW},
        },
    },
    core::{HRESULT, PCSTR, s, w},
};

use crate::port::{Port, PortRange};

/// `HcnEnumerateGuestNetworkPortReservations`.
type Enumerate = unsafe extern "system" fn(*mut u32, *mut *mut HCN_PORT_RANGE_ENTRY) -> HRESULT;

/// `HcnFreeGuestNetworkPortReservations`.
type Free = unsafe extern "system" fn(*mut HCN_PORT_RANGE_ENTRY);

/// The most that is believed of an answer: there are no more ports than this.
const MAX_ENTRIES: usize = 65_536;

/// The TCP ports that the host network service keeps; empty where it is missing.
pub(super) fn reservations() -> Vec<PortRange> {
    let Some((enumerate, free)) = functions() else { return Vec::new() };
    let (mut count, mut entries) = (0, ptr::null_mut());
    // SAFETY: the function has this signature, and both values may be written to until it returns.
    let result = unsafe { enumerate(ptr::from_mut(&mut count), ptr::from_mut(&mut entries)) };
    if result < 0 || entries.is_null() {
        return Vec::new();
    }
    let length = usize::try_from(count).map_or(0, |count| count.min(MAX_ENTRIES));
    // SAFETY: the call has succeeded, so that `entries` points to `count` entries, which are ours
    // until they are freed below.
    let kept = unsafe { slice::from_raw_parts(entries, length) };
    let ranges = kept.iter().filter_map(range).collect();
    // SAFETY: the function has this signature, `entries` comes from its counterpart, and nothing
    // refers to it any more.
    unsafe { free(entries) };
    ranges
}

fn range(entry: &HCN_PORT_RANGE_ENTRY) -> Option<PortRange> {
    let (first, last) = (Port::new(entry.StartingPort.max(1))?, Port::new(entry.EndingPort)?);
    PortRange::new(first, last).ok().filter(|_| entry.Protocol != HCN_PORT_PROTOCOL_UDP)
}

/// The two functions. The library stays loaded, so that they stay where they are.
fn functions() -> Option<(Enumerate, Free)> {
    let name = w!("computenetwork.dll");
    // SAFETY: the name ends with a zero, and the other pointer is reserved and must be null.
    let library = unsafe { LoadLibraryExW(name, ptr::null_mut(), LOAD_LIBRARY_SEARCH_SYSTEM32) };
    if library.is_null() {
        return None;
    }
    let enumerate = function(library, s!("HcnEnumerateGuestNetworkPortReservations"))?;
    let free = function(library, s!("HcnFreeGuestNetworkPortReservations"))?;
    // SAFETY: the library exports this function with this signature.
    let enumerate = unsafe { mem::transmute::<FARPROC, Option<Enumerate>>(Some(enumerate)) }?;
    // SAFETY: the library exports this function with this signature.
    let free = unsafe { mem::transmute::<FARPROC, Option<Free>>(Some(free)) }?;
    Some((enumerate, free))
}

fn function(library: HMODULE, name: PCSTR) -> Option<unsafe extern "system" fn() -> isize> {
    // SAFETY: the library is loaded, and the name ends with a zero.
    unsafe { GetProcAddress(library, name) }
}
