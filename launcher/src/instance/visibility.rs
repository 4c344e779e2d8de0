//! Which processes of an app can be seen from here.

use std::{env, path::Path};

use shared::{app_lock::AppLock, diagnose, invoked_as, port::Port};

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

/// Whether a program is a launcher, by the name of its file: one of ours, or that of this program.
pub(super) fn is_launcher(exe: &Path) -> bool {
    let own = env::current_exe().ok();
    let is_namesake = own.is_some_and(|own| own.file_name() == exe.file_name());
    is_namesake || invoked_as::is_one_of(&invoked_as::LAUNCHERS, exe)
}
