//! The tree of a program: a job of its own, which the system ends with this process, however that happens.

use std::{
    io,
    mem::size_of,
    os::windows::io::{AsHandle, AsRawHandle, OwnedHandle},
    process,
    ptr::{null, null_mut},
    sync::{Arc, Mutex, PoisonError, Weak},
};

use shared::os::TreeProcess;
use windows_sys::Win32::{
    Foundation::INVALID_HANDLE_VALUE,
    System::{
        IO::{CreateIoCompletionPort, GetQueuedCompletionStatus, PostQueuedCompletionStatus},
        JobObjects::{
            JOBOBJECT_ASSOCIATE_COMPLETION_PORT, JOBOBJECT_BASIC_ACCOUNTING_INFORMATION,
            JobObjectAssociateCompletionPortInformation, JobObjectBasicAccountingInformation,
            JobObjectBasicProcessIdList, QueryInformationJobObject, SetInformationJobObject,
            TerminateJobObject,
        },
        SystemServices::{
            JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS, JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO,
            JOB_OBJECT_MSG_EXIT_PROCESS,
        },
        Threading::INFINITE,
    },
};

use super::super::{
    handle::{done, owned},
    job,
    process::{KILLED, started_ticks},
};

/// The trees of all programs of this process.
static TREES: Mutex<Vec<Weak<ProgramJob>>> = Mutex::new(vec![]);

/// The most processes of a tree that are told of.
const MAX_PROCESSES: usize = 1 << 14;

/// What has [`JobMessages::next`] return nothing; no message of the system has this number.
const NO_MORE: u32 = u32::MAX;

/// The processes of one program.
#[derive(Debug)]
pub(super) struct ProgramJob {
    job: OwnedHandle,
}

/// What the system tells of a job.
#[derive(Debug, Clone)]
pub(super) struct JobMessages(Arc<OwnedHandle>);

/// One thing that happened in a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum JobMessage {
    /// The process with this number has ended.
    Ended(u32),
    /// No process is left.
    Empty,
}

impl ProgramJob {
    /// One without processes.
    ///
    /// # Errors
    ///
    /// If the system refuses a job.
    pub(super) fn new() -> io::Result<(Arc<Self>, JobMessages)> {
        let job = job::make()?;
        // SAFETY: without a file the call makes a port that is ours alone, and touches no memory of ours.
        let port = unsafe { CreateIoCompletionPort(INVALID_HANDLE_VALUE, null_mut(), 0, 1) };
        let port = owned(port)?;
        let associated = JOBOBJECT_ASSOCIATE_COMPLETION_PORT {
            CompletionKey: null_mut(),
            CompletionPort: port.as_raw_handle(),
        };
        let length = size_of::<JOBOBJECT_ASSOCIATE_COMPLETION_PORT>() as u32;
        let class = JobObjectAssociateCompletionPortInformation;
        let associated = (&raw const associated).cast();
        // SAFETY: `associated` is what this class of information is read from, `length` bytes long, and lives until the
        // call returns; both handles are open.
        done(unsafe { SetInformationJobObject(job.as_raw_handle(), class, associated, length) })?;
        let tree = Arc::new(Self { job });
        let mut trees = TREES.lock().unwrap_or_else(PoisonError::into_inner);
        trees.retain(|tree| tree.strong_count() > 0);
        trees.push(Arc::downgrade(&tree));
        Ok((tree, JobMessages(Arc::new(port))))
    }

    /// Puts a process into it, which has started no other yet.
    ///
    /// # Errors
    ///
    /// If the system refuses that.
    pub(super) fn take_in(&self, process: &impl AsHandle) -> io::Result<()> {
        job::put_into(&self.job, process)
    }

    /// How many processes it has.
    pub(super) fn count(&self) -> usize {
        let mut counts = JOBOBJECT_BASIC_ACCOUNTING_INFORMATION::default();
        let length = size_of::<JOBOBJECT_BASIC_ACCOUNTING_INFORMATION>() as u32;
        let (class, into) = (JobObjectBasicAccountingInformation, (&raw mut counts).cast());
        // SAFETY: `counts` is what this class of information is written to, `length` bytes long, until the call returns;
        // the job is open.
        let _ = unsafe {
            QueryInformationJobObject(self.job.as_raw_handle(), class, into, length, null_mut())
        };
        counts.ActiveProcesses as usize
    }

    /// The numbers of its processes.
    fn pids(&self) -> Vec<u32> {
        // Two numbers of 32 bits stand before the list: how many there are, and how many are listed.
        let header = 2 * size_of::<u32>() / size_of::<usize>();
        let mut list = vec![0_usize; header + MAX_PROCESSES];
        let length = u32::try_from(size_of_val(list.as_slice())).unwrap_or_default();
        let (class, into) = (JobObjectBasicProcessIdList, list.as_mut_ptr().cast());
        // SAFETY: `list` has `length` bytes to write to, is aligned as the list is, and lives until the call returns;
        // the job is open.
        let _ = unsafe {
            QueryInformationJobObject(self.job.as_raw_handle(), class, into, length, null_mut())
        };
        // The rest is zeros, which is the number of no process of a job.
        let listed = list[header..].iter().take_while(|pid| **pid != 0);
        listed.filter_map(|pid| u32::try_from(*pid).ok()).collect()
    }

    /// Ends all of its processes.
    pub(super) fn end(&self) {
        // SAFETY: the job is open, and no memory of ours is touched. The call fails only if there is none to end.
        let _ = unsafe { TerminateJobObject(self.job.as_raw_handle(), KILLED) };
    }
}

/// The processes of the programs of this process.
///
/// # Errors
///
/// If `root` is another process, or has no program (`NotFound`).
pub fn tree_of(root: u32) -> io::Result<Vec<TreeProcess>> {
    let trees = TREES.lock().unwrap_or_else(PoisonError::into_inner);
    let living: Vec<_> = trees.iter().filter_map(Weak::upgrade).collect();
    if root != process::id() || living.is_empty() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let described = |pid| TreeProcess {
        pid,
        parent: root,
        uid: None,
        started: started_ticks(pid),
        can_be_read: true,
    };
    Ok(living.iter().flat_map(|tree| tree.pids()).map(described).collect())
}

impl JobMessages {
    /// Waits for the next one; `None` when there will be none.
    pub(super) fn next(&self) -> Option<JobMessage> {
        loop {
            let (mut message, mut key, mut process) = (0, 0, null_mut());
            let port = self.0.as_raw_handle();
            let into = (&raw mut message, &raw mut key, &raw mut process);
            // SAFETY: the port is open, and the three may be written to until the call returns.
            done(unsafe { GetQueuedCompletionStatus(port, into.0, into.1, into.2, INFINITE) })
                .ok()?;
            match message {
                NO_MORE => return None,
                JOB_OBJECT_MSG_EXIT_PROCESS | JOB_OBJECT_MSG_ABNORMAL_EXIT_PROCESS => {
                    // Here the system passes the number of a process in place of an address.
                    return u32::try_from(process.addr()).ok().map(JobMessage::Ended);
                }
                JOB_OBJECT_MSG_ACTIVE_PROCESS_ZERO => return Some(JobMessage::Empty),
                _ => {}
            }
        }
    }

    /// Has [`next`](Self::next) return nothing.
    pub(super) fn end(&self) {
        // SAFETY: the port is open, and nothing is passed but numbers.
        let _ = unsafe { PostQueuedCompletionStatus(self.0.as_raw_handle(), NO_MORE, 0, null()) };
    }
}
