//! The language of a page: the one that the browser prefers, of those that [`shared::messages`] has.

mod accept;

use std::{
    collections::BTreeMap,
    convert::Infallible,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use shared::messages::Language;

/// The groups of keys, the part before the first dot, that only the pages themselves use.
const IN_PAGES: [&str; 8] =
    ["choice", "conflicts", "dialog", "enter", "here", "hint", "landing", "page"];

/// The language that the browser prefers (`Accept-Language`), extracted from a request.
#[derive(Debug, Clone, Copy)]
pub struct PreferredLanguage(pub Language);

impl FromRequest for PreferredLanguage {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(accept::best(request))))
    }
}

/// The sentences that the scripts use, as JSON: all but those that only the pages use.
pub(crate) fn for_scripts(language: Language) -> String {
    let is_for_scripts =
        |key: &str| !key.split_once('.').is_some_and(|(group, _)| IN_PAGES.contains(&group));
    let mut messages: BTreeMap<&str, &str> =
        serde_json::from_str(language.file()).expect("sentences without escapes");
    messages.retain(|key, _| is_for_scripts(key));
    serde_json::to_string(&messages).expect("sentences are JSON")
}
