//! The job: what ends our servers when we end, however that happens.
//!
//! The system closes the handles of a process that is gone, and the last handle of this job takes
//! everything in it along, the servers and what they have started. The browser is not in it.

use std::{
    io,
    mem::size_of,
    os::windows::io::{AsHandle, AsRawHandle, OwnedHandle},
    ptr::null,
    sync::OnceLock,
};

use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation,
    SetInformationJobObject,
};

use super::handle::{done, owned};

/// One for the whole process: it is closed by the end of it and by nothing else.
static JOB: OnceLock<OwnedHandle> = OnceLock::new();

/// Puts a process into the job. One that runs already may have started others that are left out.
///
/// # Errors
///
/// If the system refuses the job, or to have the process in it.
pub(super) fn take_in(process: &impl AsHandle) -> io::Result<()> {
    let job = match JOB.get() {
        Some(job) => job,
        None => {
            let made = make()?;
            JOB.get_or_init(|| made)
        }
    };
    put_into(job, process)
}

/// From now on the process ends with the job.
pub(super) fn put_into(job: &OwnedHandle, process: &impl AsHandle) -> io::Result<()> {
    let process = process.as_handle().as_raw_handle();
    // SAFETY: both handles are open while they are borrowed, and no memory of ours is touched.
    done(unsafe { AssignProcessToJobObject(job.as_raw_handle(), process) })
}

/// A job that ends what is in it when its last handle is closed.
pub(super) fn make() -> io::Result<OwnedHandle> {
    // SAFETY: without attributes the handle is not inheritable, which is what makes it ours alone,
    // and without a name no other process can open it.
    let job = owned(unsafe { CreateJobObjectW(null(), null()) })?;
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE;
    let length = size_of::<JOBOBJECT_EXTENDED_LIMIT_INFORMATION>() as u32;
    let limits = (&raw const limits).cast();
    let class = JobObjectExtendedLimitInformation;
    // SAFETY: `limits` is what this class of information is read from, `length` bytes long, and
    // lives until the call returns; the handle is open.
    done(unsafe { SetInformationJobObject(job.as_raw_handle(), class, limits, length) })?;
    Ok(job)
}
