//! Work that waits for the disk or the operating system.

use actix_web::web;

use super::refusal::Refusal;
use crate::web::storage::{AppFiles, Storage};

/// Runs `work` on a thread that may block.
pub(super) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    // It fails only when the server is about to end, or when the work has a bug.
    web::block(work).await.map_err(|_| Refusal::Stopping)?
}

/// The app's files, or the refusal of an application without files.
pub(super) fn app_files(storage: &Storage) -> Result<&AppFiles, Refusal> {
    storage.files.as_ref().ok_or(Refusal::NoFiles)
}
