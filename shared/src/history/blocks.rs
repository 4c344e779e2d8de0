//! Whole lines of a file, a block at a time, forwards or backwards, in bounded memory.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    ops::Range,
};

use super::damage::LONGEST;

/// How much is read at a time, in bytes: a page of the history is one or two of these.
const CHUNK: usize = 256 << 10;

/// One read of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BlockLines {
    /// Whole lines, and where the first of them begins.
    Whole { at: u64, bytes: Vec<u8> },
    /// One line that is longer than [`LONGEST`], and where it begins.
    TooLong { at: u64 },
}

/// The places of the lines of a block, without their ends.
pub(super) fn lines(block: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', block).chain(
        // The last line of a file may have no end.
        (!block.is_empty() && !block.ends_with(b"\n")).then_some(block.len()),
    );
    ends.map(move |end| std::mem::replace(&mut start, end + 1)..end)
}

/// The lines of a file from a place to its end.
pub(super) struct ForwardBlocks {
    file: File,
    /// What was read and not handed on: the beginning of a line, which is at `at` of the file.
    rest: Vec<u8>,
    at: u64,
    /// The offset of a line that is too long and whose end was not read yet.
    overlong: Option<u64>,
}

impl ForwardBlocks {
    /// The lines of `file` from the byte `at` on, which is the beginning of a line.
    pub(super) fn new(file: File, at: u64) -> Self {
        Self { file, rest: Vec::new(), at, overlong: None }
    }

    /// The file, whose position may be changed.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Where the first line begins that was not handed on.
    pub(super) fn at(&self) -> u64 {
        self.overlong.unwrap_or(self.at)
    }

    /// Whether a whole line was read that was not handed on.
    pub(super) fn has_whole_line(&self) -> bool {
        memchr::memchr(b'\n', &self.rest).is_some()
    }

    /// The offset of the first byte that was not read yet.
    pub(super) fn position(&self) -> u64 {
        self.at + self.rest.len() as u64
    }

    /// What stands behind the last end of a line, at the end of the file.
    pub(super) fn torn(&mut self) -> Option<BlockLines> {
        let (at, bytes) = (self.at, std::mem::take(&mut self.rest));
        self.at += bytes.len() as u64;
        match self.overlong.take() {
            Some(at) => Some(BlockLines::TooLong { at }),
            None if bytes.is_empty() => None,
            None => Some(BlockLines::Whole { at, bytes }),
        }
    }

    /// The next whole lines; `None` at the end of the file, until more is written.
    pub(super) fn next(&mut self) -> io::Result<Option<BlockLines>> {
        loop {
            if let Some(at) = self.overlong {
                let end = memchr::memchr(b'\n', &self.rest);
                let passed = end.map_or(self.rest.len(), |end| end + 1);
                self.rest.drain(..passed);
                self.at += passed as u64;
                if end.is_some() {
                    self.overlong = None;
                    return Ok(Some(BlockLines::TooLong { at }));
                }
            } else if let Some(end) = memchr::memrchr(b'\n', &self.rest) {
                let rest = self.rest.split_off(end + 1);
                let bytes = std::mem::replace(&mut self.rest, rest);
                let at = self.at;
                self.at += bytes.len() as u64;
                return Ok(Some(BlockLines::Whole { at, bytes }));
            } else if self.rest.len() > LONGEST {
                self.overlong = Some(self.at);
                continue;
            }
            self.file.seek(SeekFrom::Start(self.position()))?;
            let read = (&mut self.file).take(CHUNK as u64).read_to_end(&mut self.rest)?;
            if read == 0 {
                return Ok(None);
            }
        }
    }
}

/// The lines of a file before a place in it, block by block from that place to the beginning.
pub(super) struct BackwardBlocks {
    file: File,
    /// What was read and not handed on: the end of a line whose beginning is before `at`.
    rest: Vec<u8>,
    at: u64,
    is_overlong: bool,
}

impl BackwardBlocks {
    /// The lines of `file` before the byte `end`, which is the end of the file or of a line.
    pub(super) fn new(file: File, end: u64) -> Self {
        Self { file, rest: Vec::new(), at: end, is_overlong: false }
    }

    /// Where the last line begins that was handed on, or where the lines end if none was.
    pub(super) fn at(&self) -> u64 {
        self.at + self.rest.len() as u64
    }

    /// The lines before the last ones that were handed on; `None` at the beginning of the file.
    pub(super) fn next(&mut self) -> io::Result<Option<BlockLines>> {
        loop {
            if self.is_overlong {
                if let Some(end) = memchr::memrchr(b'\n', &self.rest) {
                    return Ok(Some(self.too_long(end + 1)));
                }
                if self.at == 0 {
                    return Ok(Some(self.too_long(0)));
                }
                self.rest.clear();
            } else {
                // The last byte may be the end of the line itself.
                let before = &self.rest[..self.rest.len().saturating_sub(1)];
                if let Some(end) = memchr::memchr(b'\n', before) {
                    let bytes = self.rest.split_off(end + 1);
                    return Ok(Some(BlockLines::Whole { at: self.at(), bytes }));
                }
                if self.at == 0 {
                    let bytes = std::mem::take(&mut self.rest);
                    return Ok((!bytes.is_empty()).then_some(BlockLines::Whole { at: 0, bytes }));
                }
                if self.rest.len() > LONGEST {
                    self.is_overlong = true;
                    self.rest.clear();
                }
            }
            self.read_before()?;
        }
    }

    /// Puts a chunk before the rest.
    fn read_before(&mut self) -> io::Result<()> {
        let wanted = usize::try_from(self.at).unwrap_or(CHUNK).min(CHUNK);
        self.at -= wanted as u64;
        self.file.seek(SeekFrom::Start(self.at))?;
        let mut chunk = vec![0; wanted];
        self.file.read_exact(&mut chunk)?;
        chunk.append(&mut self.rest);
        self.rest = chunk;
        Ok(())
    }

    fn too_long(&mut self, begin: usize) -> BlockLines {
        self.is_overlong = false;
        self.rest.truncate(begin);
        BlockLines::TooLong { at: self.at + begin as u64 }
    }
}

#[cfg(test)]
mod test {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn file(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(text).expect("written");
        file
    }

    /// Every line with its place, `None` where it is too long.
    type Lines = Vec<(u64, Option<Vec<u8>>)>;

    fn lines_of(block: BlockLines) -> Lines {
        match block {
            BlockLines::TooLong { at } => vec![(at, None)],
            BlockLines::Whole { at, bytes } => {
                let line =
                    |place: Range<usize>| (at + place.start as u64, Some(bytes[place].to_vec()));
                lines(&bytes).map(line).collect()
            }
        }
    }

    fn forward(text: &[u8]) -> Lines {
        let mut blocks = ForwardBlocks::new(file(text), 0);
        let mut lines = Lines::new();
        while let Some(block) = blocks.next().expect("readable") {
            lines.extend(lines_of(block));
            assert!(blocks.rest.len() <= LONGEST + CHUNK, "memory is bounded");
        }
        lines.extend(blocks.torn().into_iter().flat_map(lines_of));
        lines
    }

    fn backward(text: &[u8]) -> Lines {
        let mut blocks = BackwardBlocks::new(file(text), text.len() as u64);
        let mut lines = Lines::new();
        while let Some(block) = blocks.next().expect("readable") {
            let mut block = lines_of(block);
            block.extend(lines);
            lines = block;
            assert!(blocks.rest.len() <= LONGEST + CHUNK, "memory is bounded");
        }
        lines
    }

    proptest! {
        #[test]
        fn the_lines_are_those_of_the_text_in_both_directions(
            lengths in prop::collection::vec(
                prop_oneof![
                    0..4_usize,
                    CHUNK - 3..CHUNK + 3,
                    100_000..900_000_usize,
                    LONGEST + CHUNK + 1..LONGEST + 3 * CHUNK,
                ],
                0..7,
            ),
            torn: bool,
        ) {
            let texts: Vec<_> = lengths.iter().map(|length| "x".repeat(*length)).collect();
            let mut text = texts.join("\n").into_bytes();
            if !torn && !texts.is_empty() {
                text.push(b'\n');
            }
            let mut wanted = Lines::new();
            let mut at = 0;
            for line in text.split_inclusive(|byte| *byte == b'\n') {
                let bytes = line.strip_suffix(b"\n").unwrap_or(line).to_vec();
                wanted.push((at, (bytes.len() <= LONGEST).then_some(bytes)));
                at += line.len() as u64;
            }
            // A line of which a block happens to hold all is handed on whole; its length is judged then.
            let judged = |lines: Lines| -> Lines {
                lines.into_iter()
                    .map(|(at, line)| (at, line.filter(|line| line.len() <= LONGEST)))
                    .collect()
            };
            prop_assert!(judged(forward(&text)) == wanted, "forward");
            prop_assert!(judged(backward(&text)) == wanted, "backward");
        }
    }
}
