use std::collections::BTreeMap;

use shared::{
    conflict::{Class, Holder, Origin},
    event::MoveReason,
    history::ConflictSource,
    launch::{LaunchInfo, UrlHost},
    port::Port,
    settings::Settings,
};
use uuid::Uuid;

use super::*;
use crate::web::launch_history::LastMove;

fn port(number: u16) -> Port {
    Port::new(number).expect("not 0")
}

fn holder(pid: u32, name: &str, user: &str) -> Holder {
    let (name, user) = (Some(name.to_owned()), Some(user.to_owned()));
    Holder { pid: Some(pid), name, user, ..Holder::default() }
}

fn source(name: Option<&str>, user: Option<&str>, count: u64, ports: &[u16]) -> ConflictSource {
    let then = "2026-11-22T09:12:00Z".parse().expect("a time");
    ConflictSource {
        name: name.map(str::to_owned),
        exe: None,
        user: user.map(str::to_owned),
        count,
        ports: ports.iter().copied().map(port).collect(),
        classes: BTreeMap::new(),
        first: then,
        last: then,
    }
}

/// An app that was pushed off its home port.
fn view() -> View {
    let then = "2026-11-22T09:12:00Z".parse().expect("a time");
    let docker = holder(812, "docker-proxy", "root");
    View {
        launch: LaunchInfo {
            app: "notes".parse().expect("a name"),
            port: port(17342),
            origin: Origin::EarlierGood,
            launch_id: Uuid::nil(),
            launcher_pid: Some(5200),
            last_good: Some(port(3030)),
            host: UrlHost::default(),
        },
        started_at: then,
        home_port: Some(port(3030)),
        last_good: Some(port(17342)),
        moved: Some(LastMove {
            from: port(3030),
            to: port(17342),
            why: MoveReason::Conflict,
            ts: then,
            class: Some(Class::InUse),
            holder: Some(docker.clone()),
        }),
        is_freed: false,
        holders: vec![
            source(Some("docker-proxy"), Some("root"), 41, &[3030]),
            source(None, None, 2, &[8080, 9000]),
        ],
        settings: Ok(
            Settings::parse("port = 3030\navoid = [20005, \"20010-20020\"]").expect("good")
        ),
        settings_file: "/home/ada/.config/homeport/notes.toml".to_owned(),
    }
}

fn english(view: &View) -> String {
    body(view, Language::English.messages()).into_string()
}

#[track_caller]
fn assert_says(page: &str, wanted: &[&str]) {
    for wanted in wanted {
        assert!(page.contains(wanted), "{wanted} in {page}");
    }
}

#[test]
fn it_says_why_the_port_is_another_who_has_the_old_one_and_the_way_back() {
    assert_says(
        &english(&view()),
        &[
            "Not the same port as last time: port 3030 is held by docker-proxy (pid 812, user root).",
            "To get port 3030, end process 812 if you do not need it, then move there.",
            "What was saved on port 3030 is still there and appears again on port 3030.",
            "data-move=\"3030\"",
            "data-pin=\"17342\"",
        ],
    );
    let chinese = body(&view(), Language::SimplifiedChinese.messages()).into_string();
    assert_says(
        &chinese,
        &["端口 3030 已被 docker-proxy（进程 812，用户 root） 占用", "迁移到 3030…"],
    );
}

#[test]
fn a_home_port_that_could_not_be_had_at_first_is_explained_too() {
    let mut view_at_first = view();
    view_at_first.launch.last_good = None;
    let page = english(&view_at_first);
    assert_says(&page, &["Not the home port: port 3030 is held by docker-proxy (pid 812"]);
    let freed = english(&View { is_freed: true, ..view() });
    assert_says(&freed, &["Port 3030 is free: you can move there now."]);
    assert!(!freed.contains("end process"));
}

#[test]
fn a_move_that_was_asked_for_is_no_trouble() {
    let mut view = view();
    view.moved.as_mut().expect("moved").why = MoveReason::Asked;
    let page = english(&view);
    assert_says(&page, &["Moved here from port 3030, as requested."]);
    assert!(!page.contains("To get 3030 back"));
    view.moved.as_mut().expect("moved").why = MoveReason::OutsideRange;
    assert_says(&english(&view), &["Port 3030, where it was last time, is outside the range."]);
}

#[test]
fn without_a_launcher_what_needs_one_is_disabled_with_the_command_that_would_help() {
    let mut alone = View { moved: None, ..view() };
    alone.launch.launcher_pid = None;
    let page = english(&alone);
    assert_says(
        &page,
        &[
            "launcher --port 17342 --app notes",
            "data-open=\"move\" disabled",
            "data-open=\"restart\" disabled",
        ],
    );
    assert!(page.contains("data-open=\"stop\">"), "stopping needs no launcher");
    assert!(!english(&view()).contains(" disabled"));
}

#[test]
fn the_holders_are_listed_with_how_often_and_where() {
    assert_says(
        &english(&view()),
        &[
            "<th scope=\"row\">docker-proxy (user root)</th><td class=\"number\">41</td>",
            "an unknown program",
            "<td>8080, 9000</td>",
        ],
    );
    assert_says(
        &english(&View { holders: Vec::new(), ..view() }),
        &["No conflicts in the last 30 days."],
    );
}

#[test]
fn every_setting_has_a_field_but_what_decides_which_program_runs_which_is_only_shown() {
    let mut view = view();
    let text = "port = 3030\nlog = \"debug\"\ncommand = [\"/usr/bin/my-server\", \"--root\"]";
    view.settings = Ok(Settings::parse(text).expect("good"));
    let page = english(&view);
    for setting in shared::settings::TABLE {
        let key = setting.key;
        let has_field = page.contains(&format!("<input id=\"set-{key}\""))
            || page.contains(&format!("<select id=\"set-{key}\""));
        assert_eq!(has_field, !setting.decides_what_is_run(), "{key}");
    }
    assert_says(
        &page,
        &["<option value=\"debug\" selected", "<code>/usr/bin/my-server --root</code>"],
    );
    assert!(english(&self::view()).contains("value=\"20005, 20010-20020\""));
}

#[test]
fn of_the_variables_of_a_program_the_names_alone_are_shown() {
    let mut view = view();
    let text = "program = [\"npm\", \"start\", \"--token\", \"s3cret\"]\nshell = true\nenv = { API_KEY = \"s3cret\" }";
    view.settings = Ok(Settings::parse(text).expect("good"));
    let page = english(&view);
    assert_says(
        &page,
        &["<code>npm start --token ***</code>", "<code>API_KEY</code>", "<code>Yes</code>"],
    );
    assert!(!page.contains("s3cret"));
}

#[test]
fn every_setting_has_its_label_and_every_choice_its_words_in_every_language() {
    for language in Language::ALL {
        let messages = language.messages();
        for setting in shared::settings::TABLE {
            let key = setting.key;
            let label = std::iter::once(format!("settings.{key}"));
            let choices = setting.choices().into_iter().map(|word| format!("choice.{key}.{word}"));
            for text in label.chain(choices) {
                assert!(messages.find(&text).is_some(), "{text} is missing in {language}");
            }
        }
    }
}

#[test]
fn settings_that_cannot_be_read_are_told_instead_of_overwritten() {
    let page = english(&View { settings: Err("line 3: no such key".to_owned()), ..view() });
    assert_says(&page, &["line 3: no such key"]);
    assert!(!page.contains("id=\"settings-form\""));
}

#[test]
fn what_a_stranger_named_himself_is_text_and_never_markup() {
    let mut view = view();
    view.holders = vec![source(Some("<script>alert(1)</script>"), Some("\"><img src=x>"), 1, &[1])];
    let page = english(&view);
    assert!(!page.contains("<script") && !page.contains("<img src=x"), "{page}");
}

#[test]
fn every_text_that_a_script_or_a_page_asks_for_is_there_for_it() {
    let messages = Language::English.messages();
    let spoken = crate::web::i18n::for_scripts(Language::English);
    let scripts = [
        include_str!("../../../../assets/script/actions.js"),
        include_str!("../../../../assets/script/check.js"),
        include_str!("../../../../assets/script/console.js"),
        include_str!("../../../../assets/script/copy.js"),
        include_str!("../../../../assets/script/form.js"),
        include_str!("../../../../assets/script/live.js"),
        include_str!("../../../../assets/script/settings.js"),
        include_str!("../../../../assets/script/stale.js"),
        include_str!("../../../../assets/script/text.js"),
        include_str!("../../../../assets/script/timeline/draw.js"),
        include_str!("../../../../assets/script/timeline/table.js"),
        include_str!("../../../../assets/script/timeline/timeline.js"),
        include_str!("../../../../assets/script/timeline/words.js"),
    ];
    let pages = [
        include_str!("conflicts.rs"),
        include_str!("dialogs.rs"),
        include_str!("status.rs"),
        include_str!("mod.rs"),
        include_str!("settings.rs"),
        include_str!("timeline.rs"),
        include_str!("../enter.rs"),
        include_str!("../landing.rs"),
        include_str!("../components.rs"),
    ];
    let script_keys: Vec<_> = scripts.into_iter().flat_map(asked).collect();
    let page_keys: Vec<_> = pages.into_iter().flat_map(asked).collect();
    let found = (script_keys.len(), page_keys.len());
    assert!(found.0 > 50 && found.1 > 50, "the calls are found: {found:?}");
    for key in script_keys {
        assert!(spoken.contains(&format!("\"{key}\":")), "{key}");
    }
    for key in page_keys {
        assert!(messages.find(key).is_some(), "{key}");
    }
}

/// The keys of the messages that a source asks for.
fn asked(source: &str) -> impl Iterator<Item = &str> {
    let calls = ["say(\"", "message(\"", "fill(\"", "button(\""];
    calls
        .into_iter()
        .flat_map(|call| source.split(call).skip(1))
        .filter_map(|rest| rest.split('"').next())
}
