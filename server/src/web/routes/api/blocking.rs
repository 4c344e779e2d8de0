//! Work that waits for the disk or the operating system.

use actix_web::web;

use crate::{
    problem::Problem,
    web::storage::{AppFiles, Storage},
};

/// Runs `work` on a thread that may block.
pub(super) async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    // It fails only when the server is about to end, or when the work has a bug.
    web::block(work).await.map_err(|_| Problem::stopping())?
}

/// The app's files, or the refusal of an application without files.
pub(super) fn app_files(storage: &Storage) -> Result<&AppFiles, Problem> {
    storage.files.as_ref().ok_or(Problem::no_files())
}
