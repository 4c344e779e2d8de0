//! The frame of every page: its head, and the headers it goes out with.

use actix_web::{HttpResponse, http::header};
use maud::{DOCTYPE, Markup, html};

use super::assets::{self, address};
use shared::messages::Language;

/// A page that is about to be sent.
pub(super) struct Document<'a> {
    /// The language of the page.
    pub(super) language: Language,
    /// Its title.
    pub(super) title: &'a str,
    /// The styles, besides those that all pages have.
    pub(super) styles: &'a [&'a str],
    /// The script that brings it to life, if one does.
    pub(super) script: Option<&'a str>,
    /// Its body.
    pub(super) body: Markup,
}

impl Document<'_> {
    /// The answer. Which language it is in depends on the browser, so a cache must ask again.
    pub(super) fn response(self) -> HttpResponse {
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_LANGUAGE, self.language.tag()))
            .insert_header((header::VARY, "Accept-Language, Cookie, Authorization"))
            .body(self.markup().into_string())
    }

    pub(super) fn markup(self) -> Markup {
        html! {
            (DOCTYPE)
            html lang=(self.language) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    // Before any style is there, the window already has the right brightness.
                    meta name="color-scheme" content="light dark";
                    title { (self.title) }
                    link rel="icon" href=(address("icon.svg")) type="image/svg+xml";
                    @for style in ["style/base.css"].iter().chain(self.styles) {
                        link rel="stylesheet" href=(address(style));
                    }
                    @if let Some(script) = self.script {
                        // They import one another; without this each would wait for the one before.
                        @for script in assets::scripts(self.language) {
                            link rel="modulepreload" href=(script);
                        }
                        script type="module" src=(address(script)) {}
                    }
                }
                (self.body)
            }
        }
    }
}
