//! What `docs/commands.md` shows is what the commands print.

use std::fs;

use e2e::Home;

/// The `console` blocks: a command, and the lines that it prints.
fn shown() -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/commands.md"));
    let text = text.expect("it is there");
    let blocks = text.split("```console\n$ launcher ").skip(1);
    let block = |text: &str| {
        let mut lines = text.split("\n```").next().unwrap_or_default().lines().map(str::to_owned);
        (lines.next().expect("a command"), lines.collect())
    };
    blocks.map(block).collect()
}

/// Whether `line` equals `shown`, where `[WORDS]` matches any text.
fn matches(shown: &str, mut line: &str) -> bool {
    let is_varying =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == ' ');
    let (mut rest, mut anything) = (shown, false);
    while let Some((fixed, end)) = rest
        .match_indices('[')
        .filter_map(|(start, _)| Some((start, start + rest[start..].find(']')?)))
        .find(|(start, end)| is_varying(&rest[start + 1..*end]))
    {
        let Some(at) = line.find(&rest[..fixed]).filter(|at| anything || *at == 0) else {
            return false;
        };
        line = &line[at + fixed..];
        (rest, anything) = (&rest[end + 1..], true);
    }
    if anything { line.ends_with(rest) } else { line == rest }
}

/// Whether the lines are those shown, where any number of them may stand for a `[WORD]` alone.
fn all_match(shown: &[String], lines: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first.starts_with('[') && first.ends_with(']') => {
            (0..=lines.len()).any(|skipped| all_match(rest, &lines[skipped..]))
        }
        Some((first, rest)) => {
            lines.first().is_some_and(|line| matches(first, line)) && all_match(rest, &lines[1..])
        }
    }
}

#[test]
fn the_commands_print_what_their_documentation_shows() {
    let blocks = shown();
    assert!(blocks.len() >= 9, "{blocks:?}");
    let home = Home::new();
    let mut running = home.launcher().start();
    let port = running.ready().port.to_string();
    for (typed, shown) in blocks {
        let typed = typed.replace("[PORT]", &port);
        let launch = home.command(&typed);
        let mut printed = String::new();
        let mut is_as_shown = || {
            let ended = launch.run();
            printed = ended.stdout + ended.stderr.as_str();
            all_match(&shown, &printed.lines().collect::<Vec<_>>())
        };
        // A diagnosis is given one second, and a busy machine may need more.
        let may_need_more = typed.starts_with("explain");
        let found = is_as_shown()
            || may_need_more && e2e::wait_for(|| is_as_shown().then_some(())).is_some();
        let shown = shown.join("\n");
        assert!(found, "`launcher {typed}` is shown to print\n{shown}\nand prints\n{printed}");
    }
}

#[test]
fn every_command_is_in_the_documentation() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/commands.md"));
    let text = text.expect("it is there");
    let help = Home::new().command("--help").run();
    let (_, listed) = help.stdout.split_once("Commands:\n").expect("a list of commands");
    let listed = listed.split("\n\n").next().unwrap_or_default().lines();
    let names = listed.filter_map(|line| line.split_whitespace().next()).filter(|n| *n != "help");
    for name in names {
        assert!(text.contains(&format!("`{name}")), "{name} is not in docs/commands.md");
    }
}
