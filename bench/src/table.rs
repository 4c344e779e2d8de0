//! The table of figures, as text for the README.

use std::{fmt::Write, io};

use crate::stats::Row;

const BEGIN: &str = "<!-- bench: begin -->\n";
const END: &str = "<!-- bench: end -->";

/// The table, in Markdown.
pub(crate) fn text(rows: &[Row]) -> String {
    let mut text = String::from(
        "| what | Homeport | peer, in the same run | ratio |\n| --- | --- | --- | --- |\n",
    );
    for Row { what, ours, peer, ratio } in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "| {what} | {ours} | {peer} | {ratio} |");
    }
    text
}

/// `document` with the table between its marks replaced.
pub(crate) fn inserted(document: &str, rows: &[Row]) -> io::Result<String> {
    let missing = || io::Error::other(format!("the file has no {} … {END}", BEGIN.trim_end()));
    let (before, rest) = document.split_once(BEGIN).ok_or_else(missing)?;
    let (_, after) = rest.split_once(END).ok_or_else(missing)?;
    Ok(format!("{before}{BEGIN}{}{END}{after}", text(rows)))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let document = format!("a\n{BEGIN}old\n{END}\nb");
        let new = inserted(&document, &[]).expect("marked");
        assert!(
            new.starts_with("a\n<!-- bench: begin -->\n| what |")
                && new.ends_with("<!-- bench: end -->\nb")
        );
        assert!(inserted("nothing", &[]).is_err());
    }
}
