//! The one reader of the port history, and of the diagnostics, which have the same form.
//!
//! Its three verbs are [`backward`](Reader::backward), [`forward`](Reader::forward) and
//! [`follow`](Reader::follow). What is asked of the history anywhere is a fold over what they give:
//! wanted records as they were written, and the lines that are no records, each with its place.
//! Nothing that is written in the file makes reading fail, and no line is held against another.

use std::{
    collections::VecDeque,
    error::Error,
    fs::File,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{
    blocks,
    cursor::{Cursor, FileId, Gone},
    filter::{Filter, Matcher},
    follow::Follower,
    found::{Found, find, open},
};
use crate::{
    access::RefusedAccess,
    message,
    paths::Folders,
    regular_file,
    trust::{self, Purpose, Untrusted},
};

/// Reads a log of JSON lines.
#[derive(Debug, Clone)]
pub struct Reader {
    file: PathBuf,
    /// Whether a line without an event is damage: false for diagnostics.
    needs_event: bool,
    /// Where another user must not have written it; `None` for what is shown.
    trusted: Option<(Folders, Purpose)>,
    cancellation: Cancellation,
}

/// Whether what is read is still wanted: another thread may cancel that.
#[derive(Debug, Clone, Default)]
pub struct Cancellation(Arc<AtomicBool>);

impl Cancellation {
    /// Has readers end with an error of the kind [`io::ErrorKind::Interrupted`] before their next block.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> io::Result<()> {
        match self.0.load(Ordering::Relaxed) {
            true => Err(io::ErrorKind::Interrupted.into()),
            false => Ok(()),
        }
    }
}

/// Why the history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Opening or reading the file failed.
    #[error("the port history cannot be read")]
    Unreadable(#[from] io::Error),
    /// The file that the cursor points into is gone.
    #[error(transparent)]
    Gone(#[from] Gone),
}

impl HistoryError {
    /// The file or folder that failed the trust check, if that is the cause.
    pub fn untrusted(&self) -> Option<&Untrusted> {
        match self {
            Self::Unreadable(error) => Untrusted::of(error),
            Self::Gone(_) => None,
        }
    }

    /// What a person can do about `file`, which is the history or a log.
    pub fn repair(&self, file: &Path) -> String {
        let repair = match self {
            Self::Unreadable(error) => regular_file::repair(file, RefusedAccess::Read, error),
            Self::Gone(_) => None,
        };
        let repair = repair.or_else(|| self.untrusted().map(Untrusted::repair));
        repair.unwrap_or_else(|| message!("doctor.now_history"))
    }

    /// The cause in words; the error itself if it has none.
    pub fn why(&self) -> String {
        self.source().map_or_else(|| self.to_string(), ToString::to_string)
    }
}

impl Reader {
    /// Reads a port history.
    pub fn of_history(file: &Path) -> Self {
        let (file, cancellation) = (file.to_owned(), Cancellation::default());
        Self { file, needs_event: true, trusted: None, cancellation }
    }

    /// Reads the port history of `folders` if it is [trusted](trust::check_history): for what decides.
    pub fn of_trusted_history(folders: &Folders, purpose: Purpose) -> Self {
        let trusted = Some((folders.clone(), purpose));
        Self { trusted, ..Self::of_history(&folders.history()) }
    }

    /// Reads diagnostics, whose lines have a target in place of an event.
    pub fn of_diagnostics(file: &Path) -> Self {
        Self { needs_event: false, ..Self::of_history(file) }
    }

    /// Ends each reading with an error when `cancellation` is cancelled.
    #[must_use]
    pub fn until(self, cancellation: Cancellation) -> Self {
        Self { cancellation, ..self }
    }

    /// The path, whether there is a file or not.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// What `filter` wants, newest first. No file is an empty one.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Unreadable`] if the system refuses the file, or it is no regular file, or not trusted.
    pub fn backward(&self, filter: &Filter) -> Result<Backward, HistoryError> {
        let Some(file) = self.open()? else {
            return Ok(self.empty(filter));
        };
        let end = file.metadata()?.len();
        self.backward_in(file, end, filter)
    }

    /// The same from `cursor` back to the beginning.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Gone`] if it points into another file.
    pub fn backward_from(&self, filter: &Filter, cursor: Cursor) -> Result<Backward, HistoryError> {
        let mut file = self.open()?.ok_or(Gone)?;
        let (id, length) = (FileId::of(&mut file)?, file.metadata()?.len());
        if !cursor.check(&mut file, id, length)? {
            return Err(Gone.into());
        }
        self.backward_in(file, cursor.at, filter)
    }

    fn open(&self) -> io::Result<Option<File>> {
        let file = open(&self.file)?;
        if let (Some(file), Some((folders, purpose))) = (&file, &self.trusted) {
            trust::check_history(folders, *purpose)?;
            // The path may have led to another file meanwhile.
            trust::check(&self.file, &file.metadata()?, *purpose)?;
        }
        Ok(file)
    }

    fn backward_in(
        &self,
        mut file: File,
        end: u64,
        filter: &Filter,
    ) -> Result<Backward, HistoryError> {
        let id = FileId::of(&mut file)?;
        let blocks = Some(blocks::BackwardBlocks::new(file, end));
        Ok(Backward { blocks, id, ..self.empty(filter) })
    }

    fn empty(&self, filter: &Filter) -> Backward {
        Backward {
            blocks: None,
            id: FileId::default(),
            found: VecDeque::new(),
            matcher: self.matcher(filter),
            cancellation: self.cancellation.clone(),
        }
    }

    /// What `filter` wants, oldest first. No file is an empty one. A line that has no end yet is
    /// read like any other.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Unreadable`] if the system refuses the file, or it is no regular file, or not trusted.
    pub fn forward(&self, filter: &Filter) -> Result<Forward, HistoryError> {
        self.forward_from(filter, 0)
    }

    /// The same from the byte `offset` on, which is the beginning of a line.
    ///
    /// # Errors
    ///
    /// As above.
    pub fn forward_from(&self, filter: &Filter, offset: u64) -> Result<Forward, HistoryError> {
        let blocks = self.open()?.map(|file| blocks::ForwardBlocks::new(file, offset));
        let (matcher, cancellation) = (self.matcher(filter), self.cancellation.clone());
        Ok(Forward { blocks, found: VecDeque::new(), matcher, cancellation })
    }

    /// What is added from now on and `filter` wants.
    pub fn follow(&self, filter: &Filter) -> Follower {
        Follower::from_end(&self.file, self.matcher(filter))
    }

    /// What `filter` wants of the records from the first on, and of those added later.
    pub fn follow_from_start(&self, filter: &Filter) -> Follower {
        Follower::from_start(&self.file, self.matcher(filter))
    }

    /// What is added behind `cursor`, or from now on if that points into another file.
    pub fn follow_from(&self, filter: &Filter, cursor: Cursor) -> Follower {
        Follower::from_cursor(&self.file, self.matcher(filter), cursor)
    }

    fn matcher(&self, filter: &Filter) -> Matcher {
        Matcher::new(filter, self.needs_event)
    }
}

/// Records from the newest to the oldest.
pub struct Backward {
    blocks: Option<blocks::BackwardBlocks>,
    id: FileId,
    found: VecDeque<Found>,
    matcher: Matcher,
    cancellation: Cancellation,
}

impl Backward {
    /// The place in front of `offset`, to go on there later.
    pub(super) fn cursor(&self, offset: u64) -> Cursor {
        Cursor { file: self.id, at: offset }
    }

    /// Where the lines begin that were looked at, in bytes from the beginning of the file.
    pub fn at(&self) -> u64 {
        self.blocks.as_ref().map_or(0, blocks::BackwardBlocks::at)
    }

    /// Whether everything to the beginning was found.
    pub fn is_done(&self) -> bool {
        self.found.is_empty() && self.at() == 0
    }

    /// Looks at the block before. Returns whether there was one.
    fn look(&mut self) -> io::Result<bool> {
        self.cancellation.check()?;
        let Some(lines) = self.blocks.as_mut().map_or(Ok(None), blocks::BackwardBlocks::next)?
        else {
            return Ok(false);
        };
        find(lines, &self.matcher, &mut self.found);
        Ok(true)
    }

    /// What was found in the blocks that were looked at so far; looks at one more if that is nothing.
    /// `Ok(None)` is a block in which there was nothing: where it begins is what [`at`](Self::at)
    /// tells, so that a fold can stop when it has read enough.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn step(&mut self) -> io::Result<Option<Found>> {
        if self.found.is_empty() {
            self.look()?;
        }
        Ok(self.found.pop_back())
    }
}

impl Iterator for Backward {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.found.pop_back() {
                return Some(Ok(found));
            }
            match self.look() {
                Ok(true) => {}
                Ok(false) => return None,
                Err(error) => {
                    self.blocks = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

/// Records from the oldest to the newest.
pub struct Forward {
    blocks: Option<blocks::ForwardBlocks>,
    found: VecDeque<Found>,
    matcher: Matcher,
    cancellation: Cancellation,
}

impl Iterator for Forward {
    type Item = io::Result<Found>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Some(Ok(found));
            }
            let blocks = self.blocks.as_mut()?;
            match self.cancellation.check().and_then(|()| blocks.next()) {
                Ok(Some(lines)) => find(lines, &self.matcher, &mut self.found),
                Ok(None) => {
                    let torn = blocks.torn()?;
                    find(torn, &self.matcher, &mut self.found);
                }
                Err(error) => {
                    self.blocks = None;
                    return Some(Err(error));
                }
            }
        }
    }
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_reading_that_is_cancelled_ends_in_both_directions() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("history.jsonl");
        std::fs::write(&file, "no record\n".repeat(100)).expect("written");
        let cancellation = Cancellation::default();
        let reader = Reader::of_history(&file).until(cancellation.clone());
        let filter = Filter::default();
        assert_eq!(reader.forward(&filter).expect("readable").count(), 100);
        cancellation.cancel();
        let forward = reader.forward(&filter).expect("readable").next();
        let backward = reader.backward(&filter).expect("readable").next();
        for found in [forward, backward] {
            let error = found.expect("an error").expect_err("it is cancelled");
            assert_eq!(error.kind(), io::ErrorKind::Interrupted);
        }
    }
}
