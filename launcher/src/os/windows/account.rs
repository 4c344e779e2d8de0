//! Whose process this is.

use std::{
    env, io,
    mem::size_of,
    os::windows::io::{AsRawHandle, OwnedHandle, RawHandle},
    ptr::null_mut,
};

use widestring::U16CStr;
use windows_sys::Win32::{
    Foundation::LocalFree,
    Security::{
        Authorization::ConvertSidToStringSidW, GetTokenInformation, SECURITY_MAX_SID_SIZE,
        TOKEN_QUERY, TOKEN_USER, TokenUser,
    },
    System::Threading::{GetCurrentProcess, OpenProcessToken},
};

use super::handle::{done, owned};

/// The name of the user who runs this, for the first choice of a port.
pub fn user() -> String {
    env::var("USERNAME").unwrap_or_default()
}

/// A user and the identifier that it points to, which the system writes behind it.
#[repr(C)]
struct UserAndSid {
    user: TOKEN_USER,
    _sid: [u8; SECURITY_MAX_SID_SIZE as usize],
}

/// The user's security identifier in letters, such as `S-1-5-21-…-1001`. Unlike a name, it is given
/// once.
///
/// # Errors
///
/// If the system does not give it.
pub(super) fn user_sid() -> io::Result<String> {
    let token = own_token()?;
    let mut found = UserAndSid { user: TOKEN_USER::default(), _sid: [0; _] };
    let (length, mut used) = (size_of::<UserAndSid>() as u32, 0);
    let into = (&raw mut found).cast();
    // SAFETY: the token is open with the right to ask, `into` is writable for `length` bytes and
    // aligned for what is written first, and both outlive the call.
    done(unsafe {
        GetTokenInformation(token.as_raw_handle(), TokenUser, into, length, &raw mut used)
    })?;
    let mut text = null_mut();
    // SAFETY: the identifier lies in `found`, where the call before has put it, and `text` is
    // writable.
    done(unsafe { ConvertSidToStringSidW(found.user.User.Sid, &raw mut text) })?;
    // SAFETY: the call before has put text that ends with a 0 there, and no other code has its address.
    let sid = unsafe { U16CStr::from_ptr_str(text) }.to_string_lossy();
    // SAFETY: the text was made by the call whose documentation requires this function to free it, and is not used again.
    let _ = unsafe { LocalFree(text.cast()) };
    Ok(sid)
}

fn own_token() -> io::Result<OwnedHandle> {
    // SAFETY: the call takes and touches nothing; the handle that it gives needs no closing.
    let process = unsafe { GetCurrentProcess() };
    let mut token: RawHandle = null_mut();
    // SAFETY: the process is this one, and `token` is writable until the call returns.
    done(unsafe { OpenProcessToken(process, TOKEN_QUERY, &raw mut token) })?;
    owned(token)
}
