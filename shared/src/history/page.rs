//! Pages of the port history, newest first.
//!
//! A page is read backwards from the end, or from where the last one ended, so its cost does not
//! depend on the length of the history. It also ends where enough was read: one in which few records
//! are wanted comes in several pages, some of them short.

use super::{
    cursor::Cursor,
    filter::Filter,
    found::{Entry, Found},
    reader::{HistoryError, Reader},
};

/// How much is read for one page at most, in bytes: some 50,000 records, which takes no more than a
/// tenth of a second.
const BUDGET: u64 = 16 << 20;

/// Records, and where to go on.
#[derive(Debug, Default)]
pub struct HistoryPage {
    /// The records as they were written, the newest first.
    pub records: Vec<Entry>,
    /// Where the next page begins; `None` if there is nothing older.
    pub next: Option<Cursor>,
    /// How many of the lines read are no records.
    pub broken_lines: u64,
}

impl Reader {
    /// The records that `filter` wants: `limit` of them at most, from `cursor` back to the
    /// beginning. No history is an empty one.
    ///
    /// # Errors
    ///
    /// [`HistoryError`] if it cannot be read, or `cursor` points into another file.
    pub fn page(
        &self,
        filter: &Filter,
        limit: usize,
        cursor: Option<Cursor>,
    ) -> Result<HistoryPage, HistoryError> {
        let mut found = match cursor {
            None => self.backward(filter)?,
            Some(cursor) => self.backward_from(filter, cursor)?,
        };
        let mut page = HistoryPage::default();
        let (begin, mut at) = (found.at(), found.at());
        while page.records.len() < limit && at > 0 {
            at = match found.step()? {
                Some(Found::Record(entry)) => {
                    let offset = entry.offset;
                    page.records.push(entry);
                    offset
                }
                Some(Found::Damage(damage)) => {
                    page.broken_lines += 1;
                    damage.offset
                }
                None if begin - found.at() > BUDGET => {
                    at = found.at();
                    break;
                }
                None => found.at(),
            };
        }
        page.next = (at > 0).then(|| found.cursor(at));
        Ok(page)
    }
}
