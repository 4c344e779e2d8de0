//! What waits to be written to the launcher: bounded, whatever a program writes and however slowly it is read.

use std::{collections::VecDeque, mem};

/// How much of one stream waits for a reader, in bytes; whole lines beyond it are dropped.
const MAX_QUEUED: usize = 1 << 20;

/// The output of one stream on its way to the launcher.
#[derive(Debug, Default)]
pub(super) struct RelayQueue {
    bytes: VecDeque<u8>,
    /// Whether the line that is being read is dropped.
    is_dropping: bool,
    dropped_lines: u64,
}

impl RelayQueue {
    /// Adds what the program wrote. Where there is no room, what is left of the line and the lines after it are
    /// dropped and counted.
    pub(super) fn push(&mut self, piece: &[u8]) {
        for part in piece.split_inclusive(|byte| *byte == b'\n') {
            let ends_line = part.ends_with(b"\n");
            if self.is_dropping || self.bytes.len() + part.len() > MAX_QUEUED {
                if self.bytes.back().is_some_and(|last| *last != b'\n') {
                    self.bytes.push_back(b'\n'); // the beginning of this line
                }
                self.is_dropping = !ends_line;
                self.dropped_lines += u64::from(ends_line);
            } else {
                self.bytes.extend(part);
            }
        }
    }

    /// What is to be written next.
    pub(super) fn next(&self) -> &[u8] {
        self.bytes.as_slices().0
    }

    /// Takes away what was written.
    pub(super) fn written(&mut self, bytes: usize) {
        self.bytes.drain(..bytes);
    }

    /// How many lines were dropped since this was asked, once there is room again.
    pub(super) fn take_dropped(&mut self) -> Option<u64> {
        let has_room = self.bytes.len() < MAX_QUEUED / 2 && !self.is_dropping;
        (has_room && self.dropped_lines > 0).then(|| mem::take(&mut self.dropped_lines))
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn taken(queue: &mut RelayQueue) -> Vec<u8> {
        let mut taken = Vec::new();
        while !queue.next().is_empty() {
            let next = queue.next().to_vec();
            queue.written(next.len());
            taken.extend(next);
        }
        taken
    }

    #[test]
    fn what_is_read_in_time_passes_byte_for_byte() {
        let mut queue = RelayQueue::default();
        queue.push(b"one\ntw");
        queue.push(b"o\n\xff");
        assert_eq!(taken(&mut queue), b"one\ntwo\n\xff");
        assert_eq!(queue.take_dropped(), None);
    }

    #[test]
    fn whole_lines_are_dropped_and_counted_when_none_is_read() {
        let mut queue = RelayQueue::default();
        let line = [vec![b'x'; 1023], vec![b'\n']].concat();
        for _ in 0..1030 {
            queue.push(&line[..500]);
            queue.push(&line[500..]);
        }
        assert_eq!(queue.take_dropped(), None, "there is no room for a word about it");
        let read = taken(&mut queue);
        // The last line that found no room had begun.
        assert_eq!(read.len(), 1024 * 1024);
        assert_eq!(queue.take_dropped(), Some(6));
        queue.push(b"again\n");
        assert_eq!(taken(&mut queue), b"again\n");
        assert_eq!(queue.take_dropped(), None);
    }
}
