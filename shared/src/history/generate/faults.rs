//! Damage in a made-up history, and the truth about it.

use std::io::{self, Write};

use fastrand::Rng;
use serde::{Serialize, Serializer};

use crate::{history::damage::LONGEST, keys, words::DamageKind};

/// How many records there are for each fault, nearly.
const RECORDS_OF_A_FAULT: u32 = 50;

/// How many lines are longer than any of ours: each costs a mebibyte.
const MOST_LONG_LINES: u32 = 4;

/// What was done to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultKind {
    /// A line is no record.
    Damage(DamageKind),
    /// A record is missing in front of the line.
    Lost,
}

impl Serialize for FaultKind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Damage(kind) => kind.serialize(to),
            Self::Lost => to.serialize_str("lost"),
        }
    }
}

/// What was done to a generated history, so that a reader can be held to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct InjectedFault {
    /// Damage of this line, or a record that was left out before it.
    pub kind: FaultKind,
    /// The number of the line, from 1.
    pub line: u64,
    /// Where the line begins, in bytes from the beginning of the file.
    pub offset: u64,
}

/// Writes lines, and damages some.
pub(super) struct FaultInjector<W, F> {
    to: W,
    report: F,
    wanted: bool,
    line: u64,
    offset: u64,
    faults: u64,
    long_lines: u32,
    /// The beginning of a line that has no end yet.
    piece: Vec<u8>,
}

impl<W: Write, F: FnMut(&InjectedFault) -> io::Result<()>> FaultInjector<W, F> {
    pub(super) fn new(to: W, report: F, wanted: bool) -> Self {
        let piece = Vec::new();
        Self { to, report, wanted, line: 1, offset: 0, faults: 0, long_lines: 0, piece }
    }

    /// Writes a record, which is one line, or a fault in its place.
    pub(super) fn plant(&mut self, random: &mut Rng, record: &[u8]) -> io::Result<()> {
        if !self.piece.is_empty() {
            let glued = [std::mem::take(&mut self.piece), record.to_vec()].concat();
            return self.write(&glued);
        }
        if !self.wanted || random.u32(0..RECORDS_OF_A_FAULT) > 0 {
            return self.write(record);
        }
        let whole = record.len() - 1;
        match random.u32(0..9) {
            0 => self.report(FaultKind::Lost),
            1 => {
                let mut line = record.to_vec();
                line[random.usize(1..whole - 1)] = 0xff;
                self.damaged(DamageKind::NotUtf8, &line)
            }
            2 => {
                let mut line = record.to_vec();
                let begin = random.usize(1..whole - 1);
                line[begin..whole].fill(0);
                self.damaged(DamageKind::Nul, &line)
            }
            3 => {
                let cut = [cut(random, record), b"\n"].concat();
                self.damaged(DamageKind::Cut, &cut)
            }
            // What is written next stands behind it in one line.
            4 => {
                self.report(FaultKind::Damage(DamageKind::NotJson))?;
                self.piece = record[..whole].to_vec();
                Ok(())
            }
            5 => {
                self.report(FaultKind::Damage(DamageKind::NotJson))?;
                self.piece = cut_within_a_word(random, record).to_vec();
                Ok(())
            }
            6 if self.long_lines < MOST_LONG_LINES => {
                self.long_lines += 1;
                let long = b"x".repeat(LONGEST + random.usize(1..LONGEST));
                let line = [&record[..whole - 1], b",\"more\":\"", &long, b"\"}\n"].concat();
                self.damaged(DamageKind::TooLong, &line)
            }
            7 => {
                let keys = [keys::APP, keys::SEQ, keys::MSG, keys::MACHINE];
                let key = random.choice(keys).unwrap_or(keys::TS);
                let twice = format!(",\"{key}\":0}}\n");
                let line = [&record[..whole - 1], twice.as_bytes()].concat();
                self.damaged(DamageKind::DuplicateKey, &line)
            }
            _ => {
                let foreign = random.choice([
                    r#"{"event":"port_conflict","hello":"world"}"#,
                    r#"{"ts":"2024-02-30T25:00:00Z","event":"server_ready","app":"notes"}"#,
                    r#"{"ts":"2024-02-03T12:00:00Z","target":"launcher","app":"server","port":3030}"#,
                    "{}",
                    "[3030]",
                    "null",
                    "\"port_conflict\"",
                    "Feb  3 12:00:00 ada-laptop kernel: out of memory",
                ]);
                let line = [foreign.unwrap_or_default().as_bytes(), b"\n"].concat();
                self.damaged(DamageKind::NotOurs, &line)?;
                self.write(record)
            }
        }
    }

    /// Cuts the last line if faults are wanted. Returns how many bytes and faults there are.
    pub(super) fn end(mut self, random: &mut Rng) -> io::Result<(u64, u64)> {
        let piece = std::mem::take(&mut self.piece);
        if !piece.is_empty() {
            self.write(&[&piece[..], b"{\"a\":1}\n"].concat())?;
        }
        if self.wanted {
            let torn =
                cut(random, b"{\"ts\":\"2026-01-01T00:00:00.000000Z\",\"level\":\"INFO\"}\n");
            self.damaged(DamageKind::Cut, torn)?;
        }
        self.to.flush()?;
        Ok((self.offset, self.faults))
    }

    fn damaged(&mut self, kind: DamageKind, line: &[u8]) -> io::Result<()> {
        self.report(FaultKind::Damage(kind))?;
        self.write(line)
    }

    fn report(&mut self, kind: FaultKind) -> io::Result<()> {
        self.faults += 1;
        (self.report)(&InjectedFault { kind, line: self.line, offset: self.offset })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.to.write_all(bytes)?;
        self.offset += bytes.len() as u64;
        self.line += u64::from(bytes.ends_with(b"\n"));
        Ok(())
    }
}

/// The beginning of a line, which is text, and no whole object.
fn cut<'l>(random: &mut Rng, line: &'l [u8]) -> &'l [u8] {
    let text = str::from_utf8(line).unwrap_or_default();
    let mut end = random.usize(1..line.len() - 2);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &line[..end.max(1)]
}

/// The beginning of a line, cut behind a letter or a digit, so that an object that follows makes no JSON
/// of it.
fn cut_within_a_word<'l>(random: &mut Rng, line: &'l [u8]) -> &'l [u8] {
    let behind_the_stamp = line.len().min(60);
    let mut end = random.usize(behind_the_stamp..line.len() - 1);
    while !line[end - 1].is_ascii_alphanumeric() {
        end -= 1;
    }
    &line[..end]
}
