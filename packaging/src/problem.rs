use std::{
    error::Error,
    fs, io,
    path::{Path, PathBuf},
};

/// Why there is no package.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PackagingError {
    /// A file or folder cannot be read or written.
    #[error("{path}: {source}", path = .path.display())]
    File { path: PathBuf, source: io::Error },
    /// A part of a package cannot be made.
    #[error("{part} cannot be made: {source}")]
    Part {
        part: &'static str,
        /// The library's error.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl PackagingError {
    /// What to call with the error of a `part`.
    pub(crate) fn of<E: Into<Box<dyn Error + Send + Sync>>>(
        part: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Part { part, source: source.into() }
    }
}

pub(crate) fn read(path: &Path) -> Result<Vec<u8>, PackagingError> {
    fs::read(path).map_err(|source| PackagingError::File { path: path.to_owned(), source })
}

/// Writes a file, and its folder if need be.
pub(crate) fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), PackagingError> {
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let written = folder.and_then(|()| fs::write(path, bytes));
    written.map_err(|source| PackagingError::File { path: path.to_owned(), source })
}
