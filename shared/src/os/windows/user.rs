//! The user whose rights a process has.

use std::ptr;

use windows_sys::Win32::{
    Security::{
        GetTokenInformation, LookupAccountSidW, SidTypeUnknown, TOKEN_QUERY, TOKEN_USER, TokenUser,
    },
    System::Threading::OpenProcessToken,
};

use super::handle::Handle;

/// Words of room for a `TOKEN_USER` and the identifier behind it, which has 68 bytes at most.
const TOKEN_ROOM: usize = 32;

/// Room for the longest name of an account or of its domain.
const MAX_NAME: usize = 256;

/// The name of the user, if this user may ask.
pub(super) fn of(process: &Handle) -> Option<String> {
    let mut token = ptr::null_mut();
    // SAFETY: the handle is open, and `token` may be written to until the call returns.
    let done = unsafe { OpenProcessToken(process.raw(), TOKEN_QUERY, ptr::from_mut(&mut token)) };
    let token = Handle::from_answer(token).ok().filter(|_| done != 0)?;

    // Of 64-bit words, so that a `TOKEN_USER` may lie at its beginning.
    let mut room = [0_u64; TOKEN_ROOM];
    let length = u32::try_from(size_of_val(&room)).ok()?;
    let mut needed = 0;
    // SAFETY: the token is open; `room` has `length` bytes to write to, and `needed` may be written
    // to; both live until the call returns.
    let done = unsafe {
        GetTokenInformation(
            token.raw(),
            TokenUser,
            room.as_mut_ptr().cast(),
            length,
            ptr::from_mut(&mut needed),
        )
    };
    if done == 0 {
        return None;
    }
    // SAFETY: the call has put a `TOKEN_USER` at the beginning of `room`, which is aligned for it
    // and larger.
    let user = unsafe { room.as_ptr().cast::<TOKEN_USER>().read() };
    let (mut name, mut domain) = ([0_u16; MAX_NAME], [0_u16; MAX_NAME]);
    let mut lengths = [u32::try_from(MAX_NAME).ok()?; 2];
    let [name_length, domain_length] = &mut lengths;
    let mut kind = SidTypeUnknown;
    // SAFETY: the identifier lies in `room`; the names have as many characters to write to as their
    // lengths say, and all of it lives until the call returns.
    let done = unsafe {
        LookupAccountSidW(
            ptr::null(),
            user.User.Sid,
            name.as_mut_ptr(),
            ptr::from_mut(name_length),
            domain.as_mut_ptr(),
            ptr::from_mut(domain_length),
            ptr::from_mut(&mut kind),
        )
    };
    let name = name.get(..usize::try_from(lengths[0]).ok()?).filter(|_| done != 0)?;
    Some(String::from_utf16_lossy(name))
}
