//! The settings as a form: a field for each, with its default as the placeholder.

use maud::{Markup, html};
use serde_json::Value;
use shared::settings::{Kind, Setting, Settings, TABLE};

use super::{super::components, view::View};
use shared::messages::Messages;

pub(super) fn section(view: &View, messages: &Messages) -> Markup {
    html! {
        section.card #settings aria-labelledby="settings-title" {
            h2 #settings-title { (messages.message("settings.title")) }
            @match &view.settings {
                Ok(settings) => (form(settings, &view.settings_file, messages)),
                Err(problem) => {
                    p.notice { (messages.fill("settings.broken", &[("detail", problem)])) }
                }
            }
        }
    }
}

fn form(settings: &Settings, file: &str, messages: &Messages) -> Markup {
    html! {
        form #settings-form novalidate autocomplete="off" {
            p.quiet.note-of-all {
                (messages.fill("settings.where", &[("file", &file)]))
            }
            div.fields {
                @for setting in settings_with(Control::Text) { (text(setting, settings, messages)) }
                @for setting in settings_with(Control::Choice) { (choice(setting, settings, messages)) }
                @for setting in settings_with(Control::Shown) { (shown(setting, settings, messages)) }
            }
            div #stale hidden {}
            p.buttons {
                button.first type="submit" { (messages.message("settings.save")) }
                button type="reset" { (messages.message("settings.discard")) }
                span #settings-said role="status" {}
            }
        }
    }
}

/// The control with which a setting is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Control {
    /// A field of text.
    Text,
    /// A list of words.
    Choice,
    /// None: a browser must not choose programs.
    Shown,
}

impl From<&Setting> for Control {
    fn from(setting: &Setting) -> Self {
        match setting.kind {
            _ if setting.decides_what_is_run() => Self::Shown,
            Kind::Boolean | Kind::Choice(_) => Self::Choice,
            Kind::Port | Kind::Range | Kind::Ports | Kind::Time => Self::Text,
            Kind::Ready | Kind::Signal | Kind::Names => Self::Text,
            Kind::Command | Kind::Folder | Kind::SearchPath | Kind::Variables => Self::Shown,
        }
    }
}

fn settings_with(control: Control) -> impl Iterator<Item = &'static Setting> {
    TABLE.iter().filter(move |setting| Control::from(*setting) == control)
}

fn text(setting: &Setting, settings: &Settings, messages: &Messages) -> Markup {
    let Setting { key, kind, .. } = *setting;
    let default = written(&Settings::defaults(), key);
    let (id, note) = (format!("set-{key}"), format!("set-{key}-note"));
    let hint = messages.find(&format!("hint.{key}")).unwrap_or_default();
    let hint = shared::messages::fill(hint, &[("default", &default)]);
    let is_number = kind == Kind::Port;
    html! {
        div.field {
            label for=(id) { (label(key, messages)) }
            input #(id) name=(key) data-kind=(kind.name()) value=(written(settings, key))
                placeholder=(default) inputmode=[is_number.then_some("numeric")]
                aria-describedby=(note) spellcheck="false";
            (components::note(&note, &hint))
        }
    }
}

fn choice(setting: &Setting, settings: &Settings, messages: &Messages) -> Markup {
    let Setting { key, kind, .. } = *setting;
    let (id, chosen, words) = (format!("set-{key}"), written(settings, key), setting.choices());
    let text_of = |word: &str| messages.find(&format!("choice.{key}.{word}")).unwrap_or_default();
    let note = format!("{id}-note");
    html! {
        div.field {
            label for=(id) { (label(key, messages)) }
            select #(id) name=(key) data-kind=(kind.name()) aria-describedby=(note) {
                option value="" selected[chosen.is_empty()] {
                    (messages.fill("settings.default", &[("value", &text_of(words[0]))]))
                }
                @for word in words {
                    option value=(word) selected[chosen == word] { (text_of(word)) }
                }
            }
            (components::note(&note, messages.find(&format!("hint.{key}")).unwrap_or_default()))
        }
    }
}

fn shown(setting: &Setting, settings: &Settings, messages: &Messages) -> Markup {
    let key = setting.key;
    let unset = setting.choices().first().copied().unwrap_or("default");
    let default = messages.find(&format!("choice.{key}.{unset}")).unwrap_or_default();
    html! {
        div.field {
            span.label { (label(key, messages)) }
            @match shown_value(settings, key, messages) {
                Some(words) => code { (words) },
                None => span { (default) },
            }
            p.note { (messages.find(&format!("hint.{key}")).unwrap_or_default()) }
        }
    }
}

fn label(key: &str, messages: &Messages) -> &'static str {
    messages.find(&format!("settings.{key}")).unwrap_or_default()
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

/// A setting that is only shown: the words of a command with spaces between them, the names of variables without their
/// values; `None` if it is not set.
fn shown_value(settings: &Settings, key: &str, messages: &Messages) -> Option<String> {
    match serde_json::to_value(settings).unwrap_or_default()[key].take() {
        Value::Null => None,
        Value::Array(words) => {
            let words: Vec<_> = words.iter().filter_map(Value::as_str).collect();
            Some(words.join(" "))
        }
        Value::Object(variables) => {
            let names: Vec<_> = variables.keys().map(String::as_str).collect();
            Some(names.join(", "))
        }
        Value::String(text) => Some(text),
        word => messages.find(&format!("choice.{key}.{word}")).map(str::to_owned),
    }
}
