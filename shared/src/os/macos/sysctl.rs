//! Values of the kernel.

use std::{ffi::CStr, ptr};

/// What tells this start of the system from every other.
pub fn boot_id() -> Option<String> {
    let mut id = [0_u8; 64];
    let length = sysctl(c"kern.bootsessionuuid", &mut id)?;
    let id = CStr::from_bytes_until_nul(&id[..length]).ok()?;
    Some(id.to_str().ok()?.to_owned())
}

/// Reads a value of the kernel into `value`, and answers how much of it was filled.
pub(super) fn sysctl(name: &CStr, value: &mut [u8]) -> Option<usize> {
    let mut length = value.len();
    // SAFETY: the name ends with a zero, `value` has `length` bytes to write to, and `length` may be
    // written to; nothing is set. All live until the call returns.
    let failed = unsafe {
        libc::sysctlbyname(
            name.as_ptr(),
            value.as_mut_ptr().cast(),
            ptr::from_mut(&mut length),
            ptr::null_mut(),
            0,
        )
    };
    (failed == 0 && length <= value.len()).then_some(length)
}
