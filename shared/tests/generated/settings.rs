//! The settings in the documentation.

use shared::settings::{Kind, Setting, TABLE};

use super::hold_section;

/// How the reference describes a value.
fn written(kind: Kind) -> String {
    match kind {
        Kind::Port => "integer, 1 to 65535".to_owned(),
        Kind::Range => "text `\"A-B\"`".to_owned(),
        Kind::Ports => "list of ports and ranges `\"A-B\"`".to_owned(),
        Kind::Boolean => "`true` or `false`".to_owned(),
        Kind::Time => "time".to_owned(),
        Kind::Choice(words) => {
            let words: Vec<_> = words.iter().map(|word| format!("`\"{word}\"`")).collect();
            let (last, others) = words.split_last().expect("a choice has words");
            format!("{} or {last}", others.join(", "))
        }
        Kind::Command | Kind::Names => "list of texts".to_owned(),
        Kind::Folder | Kind::SearchPath | Kind::Ready | Kind::Signal => "text".to_owned(),
        Kind::Variables => "table of texts".to_owned(),
    }
}

fn row(setting: &Setting) -> String {
    let Setting { key, kind, flag, variable, meaning, .. } = *setting;
    let default = setting.default().map_or("none".to_owned(), |default| format!("`{default}`"));
    let from: Vec<_> = flag.into_iter().chain(variable).map(|name| format!("`{name}`")).collect();
    let (kind, from) = (written(kind), from.join(", "));
    format!("| `{key}` | {kind} | {default} | {from} | {meaning} |\n")
}

#[test]
fn the_reference_has_every_setting() {
    let of = |is_of_program| TABLE.iter().filter(move |s| s.is_of_program == is_of_program);
    let examples = |is_of_program| -> String {
        of(is_of_program).map(|s| format!("{} = {}\n", s.key, s.example)).collect()
    };
    let (all, of_program) = (examples(false), examples(true));
    let rows: String = TABLE.iter().map(row).collect();
    let text = format!(
        "```toml\n# Every setting there is, but for those of a program.\n{all}```\n\n\
         ```toml\n# What a program has besides, in place of `command`.\n{of_program}```\n\n\
         | key | type | default | option, variable | meaning |\n\
         | --- | --- | --- | --- | --- |\n{rows}"
    );
    hold_section("docs/formats.md", "settings", &text);
}

/// The tests of the programs run the commands of that page in their order: there the range has been
/// set to its example before.
#[test]
fn the_settings_that_a_command_shows_are_the_table() {
    let file = "[HOME]/config/server.toml";
    let shown = TABLE.iter().map(|setting| match (setting.key, setting.default()) {
        ("range", _) => (format!("range = {}", setting.example), file),
        (key, Some(default)) => (format!("{key} = {default}"), "the default"),
        (key, None) => (format!("# {key}"), "not set"),
    });
    let shown: Vec<_> = shown.collect();
    let width = shown.iter().map(|(setting, _)| setting.len()).max().unwrap_or_default();
    let lines = shown.iter().map(|(setting, source)| format!("{setting:width$}  # {source}\n"));
    let text = format!("```console\n$ launcher settings show\n{}```", lines.collect::<String>());
    hold_section("docs/commands.md", "settings show", &text);
}
