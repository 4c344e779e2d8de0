//! The HTML document of every page: its head, and the headers of the response.

use actix_web::{HttpResponse, http::header};
use maud::{DOCTYPE, Markup, html};

use super::assets::{self, address};
use shared::messages::Language;

pub(super) struct Document<'a> {
    pub(super) language: Language,
    pub(super) title: &'a str,
    /// The styles, besides those that all pages have.
    pub(super) styles: &'a [&'a str],
    pub(super) script: Option<&'a str>,
    pub(super) body: Markup,
}

impl Document<'_> {
    /// The response. Its language depends on the request, which is in `Vary` for caches.
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
                    // Gives the window the right brightness before the styles are loaded.
                    meta name="color-scheme" content="light dark";
                    title { (self.title) }
                    link rel="icon" href=(address("icon.svg")) type="image/svg+xml";
                    @for style in ["style/base.css"].iter().chain(self.styles) {
                        link rel="stylesheet" href=(address(style));
                    }
                    @if let Some(script) = self.script {
                        // The modules import one another; without this they would load one after the other.
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
