//! The settings as a form: a field for each, with what holds if it is left empty.

use maud::{Markup, html};
use serde::Serialize;
use serde_json::Value;
use shared::settings::Settings;

use super::{super::parts, view::View};
use crate::i18n::Texts;

/// The fields of text, by their keys.
const TEXTS: [&str; 5] = ["port", "range", "avoid", "ready_timeout", "redirect_for"];

/// A field with a choice: its key, and its words, the default first.
const CHOICES: [(&str, &[&str]); 5] = [
    ("on_conflict", &["move", "fail"]),
    ("open_browser", &["true", "false"]),
    ("start_at_login", &["false", "true"]),
    ("restart", &["on_failure", "never"]),
    ("log", &["info", "error", "warning", "debug"]),
];

pub(super) fn section(view: &View, texts: &Texts) -> Markup {
    html! {
        section.card #settings aria-labelledby="settings-title" {
            h2 #settings-title { (texts.say("settings.title")) }
            @match &view.settings {
                Ok(settings) => (form(settings, &view.settings_file, texts)),
                Err(problem) => {
                    p.notice { (texts.fill("settings.broken", &[("detail", problem)])) }
                }
            }
        }
    }
}

fn form(settings: &Settings, file: &str, texts: &Texts) -> Markup {
    html! {
        form #settings-form novalidate autocomplete="off" {
            p.quiet.note-of-all {
                (texts.fill("settings.where", &[("file", &file)]))
            }
            div.fields {
                @for key in TEXTS { (text(key, settings, texts)) }
                @for (key, words) in CHOICES { (choice(key, words, settings, texts)) }
                div.field {
                    span.label { (texts.say("settings.command")) }
                    @match &settings.command {
                        Some(command) => code { (words(command)) },
                        None => span { (texts.say("choice.command.default")) },
                    }
                    p.note { (texts.say("hint.command")) }
                }
            }
            div #stale hidden {}
            p.buttons {
                button.first type="submit" { (texts.say("settings.save")) }
                button type="reset" { (texts.say("settings.discard")) }
                span #settings-said role="status" {}
            }
        }
    }
}

fn text(key: &str, settings: &Settings, texts: &Texts) -> Markup {
    let default = written(&Settings::defaults(), key);
    let (id, note) = (format!("set-{key}"), format!("set-{key}-note"));
    let hint = texts.find(&format!("hint.{key}")).unwrap_or_default();
    let hint = crate::i18n::filled(hint, &[("default", &default)]);
    let is_number = key == "port";
    html! {
        div.field {
            label for=(id) { (label(key, texts)) }
            input #(id) name=(key) value=(written(settings, key)) placeholder=(default)
                inputmode=[is_number.then_some("numeric")] aria-describedby=(note) spellcheck="false";
            (parts::note(&note, &hint))
        }
    }
}

fn choice(key: &str, words: &[&str], settings: &Settings, texts: &Texts) -> Markup {
    let (id, chosen) = (format!("set-{key}"), written(settings, key));
    let text_of = |word: &str| texts.find(&format!("choice.{key}.{word}")).unwrap_or_default();
    let note = format!("{id}-note");
    html! {
        div.field {
            label for=(id) { (label(key, texts)) }
            select #(id) name=(key) aria-describedby=(note) {
                option value="" selected[chosen.is_empty()] {
                    (texts.fill("settings.default", &[("value", &text_of(words[0]))]))
                }
                @for word in words {
                    option value=(word) selected[chosen == *word] { (text_of(word)) }
                }
            }
            (parts::note(&note, texts.find(&format!("hint.{key}")).unwrap_or_default()))
        }
    }
}

fn label(key: &str, texts: &Texts) -> &'static str {
    texts.find(&format!("settings.{key}")).unwrap_or_default()
}

/// A setting as it is typed: nothing if it is not set, a list with commas.
fn written(settings: &Settings, key: &str) -> String {
    match &serde_json::to_value(settings).unwrap_or_default()[key] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let range = |range: &str| match range.split_once('-') {
                Some((first, last)) if first == last => first.to_owned(),
                _ => range.to_owned(),
            };
            let part = |part: &Value| part.as_str().map_or_else(|| part.to_string(), range);
            parts.iter().map(part).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// The words of a command, with spaces between them.
fn words(command: &impl Serialize) -> String {
    let words = serde_json::to_value(command).and_then(serde_json::from_value::<Vec<String>>);
    words.unwrap_or_default().join(" ")
}
