//! Which processes of an app can be seen from here.

use shared::{app_lock::AppLock, diagnose, port::Port};

use crate::options::CommandContext;

/// The process that holds the app's lock, if it is one that can be seen from here.
pub fn lock_holder(context: &CommandContext) -> Option<u32> {
    AppLock::holder(&context.folders, &context.app)?.process_here()
}

/// Whether the number that a launcher on `port`, or a server without one, has given is that of its process here. In
/// a container that shares the home and the name of the computer, it is the number of another one here.
pub fn is_seen(context: &CommandContext, pid: u32, port: Port) -> bool {
    lock_holder(context) == Some(pid) || diagnose::is_listener(pid, port)
}
