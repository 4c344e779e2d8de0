//! The list as a table for people.

use std::net::SocketAddr;

use comfy_table::{ContentArrangement, Table, presets};
use shared::{
    conflict::Conflict, message, messages::local_time, printable::escaped, words::RunState,
};

use super::{listeners::OtherListener, row::AppRow};

/// What stands for nothing.
const NONE: &str = "-";

/// The apps, as wide as the terminal.
pub(super) fn apps(rows: &[AppRow]) -> String {
    let header = ["app", "state", "url", "pid", "since", "folder", "command"];
    let of_app = |row: &AppRow| {
        vec![
            row.app.to_string(),
            state(row),
            row.url.clone().or_else(|| row.port.map(|port| port.to_string())).unwrap_or_else(none),
            row.pid.map_or_else(none, |pid| pid.to_string()),
            row.since.map_or_else(none, local_time),
            row.folder.as_deref().map_or_else(none, escaped),
            if row.command.is_empty() { none() } else { escaped(&row.command.join(" ")) },
        ]
    };
    let mut text = table(&header, rows.iter().map(of_app), width());
    for sentence in rows.iter().flat_map(sentences) {
        text.push_str(&format!("\n  {sentence}"));
    }
    text
}

/// What else listens, as wide as the terminal.
pub(super) fn listeners(others: &[OtherListener]) -> String {
    let header = ["port", "addresses", "pid", "program", "user"];
    let of_port = |other: &OtherListener| {
        let addresses = other.addresses.iter().map(|address| address.ip().to_string());
        let holder = &other.holder;
        let shown = |text: &Option<String>| text.as_deref().map_or_else(none, escaped);
        vec![
            other.port.to_string(),
            addresses.collect::<Vec<_>>().join(" "),
            holder.pid.map_or_else(none, |pid| pid.to_string()),
            shown(&holder.name),
            shown(&holder.user),
        ]
    };
    format!("{}\n{}", message!("list.others"), table(&header, others.iter().map(of_port), width()))
}

fn none() -> String {
    NONE.to_owned()
}

fn state(row: &AppRow) -> String {
    match &row.machine {
        Some(machine) if row.state == RunState::Elsewhere => {
            message!("list.elsewhere", state = row.state, machine)
        }
        _ => row.state.to_string(),
    }
}

/// What does not fit into a table.
fn sentences(row: &AppRow) -> Vec<String> {
    let exposed = row.exposed.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(", ");
    let conflict = row.conflict.as_ref().map(Conflict::sentence_here);
    [
        (!exposed.is_empty()).then(|| message!("list.exposed", app = row.app, addresses = exposed)),
        conflict.map(|why| message!("list.conflict", app = row.app, why)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The width of the terminal; `None` where stdout is none, and lines may be of any length.
fn width() -> Option<u16> {
    terminal_size::terminal_size().map(|(width, _)| width.0)
}

fn table(header: &[&str], rows: impl Iterator<Item = Vec<String>>, width: Option<u16>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.set_header(header.iter().map(|name| name.to_uppercase()));
    table.add_rows(rows);
    if let Some(width) = width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(width);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    // What fills the last column up is of no use.
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn a_table_is_as_wide_as_the_terminal_and_wide_characters_count_twice() {
        let rows = || {
            [["web", "/home/ada/一个很长的文件夹名字"], ["api", "/srv"]]
                .map(|row| row.map(str::to_owned).to_vec())
                .into_iter()
        };
        let whole = table(&["app", "folder"], rows(), None);
        let lines: Vec<_> = whole.lines().collect();
        assert_eq!(lines.len(), 3, "{whole}");
        assert!(lines[0].starts_with("APP") && lines[2].starts_with("api"), "{whole}");
        let narrow = table(&["app", "folder"], rows(), Some(24));
        assert!(narrow.lines().count() > 3, "{narrow}");
        let width =
            |line: &str| line.chars().map(|c| if c.is_ascii() { 1 } else { 2 }).sum::<usize>();
        assert!(narrow.lines().all(|line| width(line) <= 24), "{narrow}");
    }
}
