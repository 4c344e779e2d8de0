//! Lines of a stream that is read in pieces, each in bounded memory.
//!
//! A line ends with `\n` or `\r\n`. What a `\r` alone begins anew, as a progress bar does, takes the place of what stood
//! before it, as on a terminal. Of a line that is longer than [`LONGEST`] the rest is counted and dropped.

use std::time::{Duration, Instant};

/// How much of a line is kept, in bytes as the program wrote them: some hundred lines of a terminal.
pub(super) const LONGEST: usize = 16 << 10;

/// How long a line may stay unfinished before it is handed on: a prompt waits for an answer, and a person for the prompt.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// The line of a stream that is being written.
#[derive(Debug, Default)]
pub(super) struct LineBuffer {
    bytes: Vec<u8>,
    left_out: u64,
    /// Whether the last byte was `\r`: it may belong to the end of the line.
    at_return: bool,
    /// When the first byte came that was not handed on.
    begun: Option<Instant>,
    /// Whether the beginning of this line was handed on.
    is_rest: bool,
}

/// A line, or a part of one, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LineBytes<'b> {
    pub bytes: &'b [u8],
    /// How many bytes of it were dropped.
    pub left_out: u64,
    /// Whether it may go on in the next one.
    pub is_unfinished: bool,
}

impl LineBuffer {
    /// Hands each line that ends in `piece` to `take`.
    pub(super) fn push(&mut self, piece: &[u8], now: Instant, mut take: impl FnMut(LineBytes<'_>)) {
        let mut start = 0;
        for end in memchr::memchr2_iter(b'\n', b'\r', piece) {
            self.add(&piece[start..end], now);
            match piece[end] {
                b'\n' => self.end_line(&mut take),
                _ => self.at_return = true,
            }
            start = end + 1;
        }
        self.add(&piece[start..], now);
    }

    fn add(&mut self, bytes: &[u8], now: Instant) {
        if bytes.is_empty() {
            return;
        }
        if std::mem::take(&mut self.at_return) {
            self.bytes.clear();
            self.left_out = 0;
        }
        let kept = bytes.len().min(LONGEST - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.left_out += (bytes.len() - kept) as u64;
        self.begun.get_or_insert(now);
    }

    fn end_line(&mut self, take: impl FnMut(LineBytes<'_>)) {
        // The end of a prompt that was handed on is no line of its own.
        if !self.is_rest || self.begun.is_some() {
            self.hand_on(false, take);
        }
        self.is_rest = false;
    }

    /// When what there is of the line is to be handed on; `None` if there is nothing.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.begun.map(|begun| begun + PATIENCE)
    }

    /// Hands on what there is of the line if it has stayed unfinished for long enough.
    pub(super) fn flush_due(&mut self, now: Instant, take: impl FnMut(LineBytes<'_>)) {
        if self.deadline().is_some_and(|due| due <= now) {
            self.hand_on(true, take);
            self.is_rest = true;
        }
    }

    /// Hands on what there is of the line: the stream has ended.
    pub(super) fn end(&mut self, take: impl FnMut(LineBytes<'_>)) {
        if self.begun.is_some() {
            self.hand_on(false, take);
        }
        self.is_rest = false;
    }

    fn hand_on(&mut self, is_unfinished: bool, mut take: impl FnMut(LineBytes<'_>)) {
        take(LineBytes { bytes: &self.bytes, left_out: self.left_out, is_unfinished });
        self.bytes.clear();
        (self.left_out, self.at_return, self.begun) = (0, false, None);
    }
}

#[cfg(test)]
mod test {
    use super::*;

    /// What comes out of the pieces, and the end of the stream; an unfinished part ends with `…`.
    fn lines(pieces: &[&str]) -> Vec<String> {
        let (mut buffer, mut lines) = (LineBuffer::default(), Vec::new());
        let mut now = Instant::now();
        let mut take = |raw: LineBytes<'_>| {
            let text = String::from_utf8_lossy(raw.bytes).into_owned();
            lines.push(if raw.is_unfinished { text + "…" } else { text });
        };
        for piece in pieces {
            match *piece {
                "wait" => {
                    now += PATIENCE;
                    buffer.flush_due(now, &mut take);
                }
                piece => buffer.push(piece.as_bytes(), now, &mut take),
            }
        }
        buffer.end(&mut take);
        lines
    }

    #[test]
    fn a_line_is_whole_however_it_comes() {
        assert_eq!(lines(&["a\nb", "c\r", "\n\n", "d"]), ["a", "bc", "", "d"]);
        assert_eq!(lines(&["\r\n", "a\r\r\n"]), ["", "a"]);
        assert!(lines(&[]).is_empty() && lines(&[""]).is_empty());
    }

    #[test]
    fn of_a_progress_bar_the_last_state_is_the_line() {
        assert_eq!(lines(&["10 %\r20", " %\r", "30 %\r\n", "done\n"]), ["30 %", "done"]);
        assert_eq!(lines(&["10 %\r20 %", "wait", "\r30 %\r", "\n"]), ["20 %…", "30 %"]);
    }

    #[test]
    fn a_prompt_is_handed_on_and_its_answer_makes_no_empty_line() {
        assert_eq!(lines(&["Name? ", "wait", "wait", "\n", "hello\n"]), ["Name? …", "hello"]);
        assert_eq!(lines(&["a", "wait", "b\n\n"]), ["a…", "b", ""]);
        assert_eq!(lines(&["a", "wait"]), ["a…"]);
    }

    #[test]
    fn a_line_without_end_costs_no_more_than_the_longest() {
        let (mut buffer, mut found, now) = (LineBuffer::default(), Vec::new(), Instant::now());
        let piece = vec![b'x'; 64 << 10];
        let mut take = |raw: LineBytes<'_>| found.push((raw.bytes.len(), raw.left_out));
        for _ in 0..1024 {
            buffer.push(&piece, now, &mut take);
            assert!(buffer.bytes.capacity() <= 2 * LONGEST);
        }
        buffer.push(b"\nend\n", now, &mut take);
        assert_eq!(found, [(LONGEST, (64 << 20) - LONGEST as u64), (3, 0)]);
    }
}
