//! Lines of a file, the last one first, in bounded memory.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
};

/// How much is read at a time; a page of the history is a few of these.
const CHUNK: u64 = 64 << 10;

/// The longest line that is told. A record has some 300 bytes, and the longest command line or path
/// makes it a few thousand; whatever is longer than this was not written by us.
const LONGEST: usize = 1 << 20;

/// The lines of a file before a place in it, from that place to the beginning.
pub(super) struct Backwards {
    file: File,
    /// What was read and not told yet; it begins at `start` of the file.
    buffer: Vec<u8>,
    start: u64,
    /// Whether the line that is being read is too long to be told.
    overlong: bool,
    done: bool,
}

/// A line, and where it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) at: u64,
    /// Without its end; `None` if it is longer than any record.
    pub(super) bytes: Option<Vec<u8>>,
}

impl Backwards {
    /// The lines of `file` before the byte `end`, which is the end of the file or of a line.
    pub(super) fn new(file: File, end: u64) -> io::Result<Self> {
        let done = end == 0;
        let mut lines = Self { file, buffer: Vec::new(), start: end, overlong: false, done };
        lines.read_more()?;
        if lines.buffer.last() == Some(&b'\n') {
            lines.buffer.pop();
        }
        Ok(lines)
    }

    /// The line before the last one that was told; `None` at the beginning of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        while !self.done {
            if let Some(end) = memchr::memrchr(b'\n', &self.buffer) {
                let bytes = self.buffer.split_off(end + 1);
                self.buffer.truncate(end);
                return Ok(Some(self.line(self.start + end as u64 + 1, bytes)));
            }
            if self.start == 0 {
                self.done = true;
                let bytes = std::mem::take(&mut self.buffer);
                return Ok(Some(self.line(0, bytes)));
            }
            if self.buffer.len() > LONGEST {
                self.overlong = true;
                self.buffer.clear();
            }
            self.read_more()?;
        }
        Ok(None)
    }

    fn line(&mut self, at: u64, bytes: Vec<u8>) -> Line {
        let overlong = std::mem::take(&mut self.overlong) || bytes.len() > LONGEST;
        Line { at, bytes: (!overlong).then_some(bytes) }
    }

    fn read_more(&mut self) -> io::Result<()> {
        let wanted = self.start.min(CHUNK);
        self.start -= wanted;
        self.file.seek(SeekFrom::Start(self.start))?;
        let mut chunk = vec![0; usize::try_from(wanted).unwrap_or_default()];
        self.file.read_exact(&mut chunk)?;
        chunk.append(&mut self.buffer);
        self.buffer = chunk;
        Ok(())
    }
}

#[cfg(test)]
mod test {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn all(text: &[u8]) -> Vec<Line> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text).expect("written");
        let mut lines = Backwards::new(file, text.len() as u64).expect("readable");
        std::iter::from_fn(|| lines.next().expect("readable")).collect()
    }

    proptest! {
        #[test]
        fn the_lines_are_those_of_the_text_the_last_one_first(
            lengths in prop::collection::vec(prop_oneof![0..4_usize, 40_000..80_000_usize], 0..8),
            torn: bool,
        ) {
            let lines: Vec<_> = lengths.into_iter().map(|length| "x".repeat(length)).collect();
            let mut text = lines.join("\n").into_bytes();
            if !torn && !lines.is_empty() {
                text.push(b'\n');
            }
            let mut wanted: Vec<_> = text.strip_suffix(b"\n").unwrap_or(&text).split(|b| *b == b'\n').collect();
            wanted.reverse();
            if text.is_empty() {
                wanted.clear();
            }
            let found = all(&text);
            prop_assert_eq!(found.len(), wanted.len());
            for (line, wanted) in found.iter().zip(wanted) {
                prop_assert_eq!(line.bytes.as_deref(), Some(wanted));
                let at = usize::try_from(line.at).expect("it fits");
                prop_assert!(text[at..].starts_with(wanted));
            }
        }
    }

    #[test]
    fn a_line_longer_than_any_record_is_passed_over_and_its_neighbours_are_told() {
        let text = [b"first\n".to_vec(), vec![b'x'; 3 * LONGEST], b"\nlast\n".to_vec()].concat();
        let found: Vec<_> = all(&text).into_iter().map(|line| line.bytes).collect();
        assert_eq!(found, [Some(b"last".to_vec()), None, Some(b"first".to_vec())]);
    }
}
