//! An error for a person without a terminal: the text that a terminal shows, as a dialog and as a page.

use std::path::PathBuf;

use shared::app::AppName;

use crate::{error::LaunchError, markup::escaped};

/// What happened, why, what to do now, and where more is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The app, if it is known.
    pub app: Option<AppName>,
    /// What happened.
    pub what: String,
    /// Why, one sentence for each reason.
    pub why: Vec<String>,
    /// What to do now, one sentence for each way.
    pub now: Vec<String>,
    /// The log, if there is one.
    pub log: Option<PathBuf>,
}

impl Message {
    /// The launch failed.
    pub fn of(failure: &LaunchError) -> Self {
        let (what, why, now) = (failure.to_string(), failure.why(), failure.now());
        Self { app: None, what, why, now, log: None }
    }

    /// A failure without reasons and advice.
    pub fn without_advice(what: &str) -> Self {
        Self { app: None, what: what.to_owned(), why: vec![], now: vec![], log: None }
    }

    /// The server serves, but the page could not be shown.
    pub fn no_browser(url: &str) -> Self {
        Self {
            app: None,
            what: "the server runs, but no browser could be opened".to_owned(),
            why: vec!["the desktop names no program for web pages".to_owned()],
            now: vec![format!("open {url} in a browser")],
            log: None,
        }
    }

    /// The same message with the app and its log.
    #[must_use]
    pub fn about(self, app: &AppName, log: PathBuf) -> Self {
        Self { app: Some(app.clone()), log: Some(log), ..self }
    }

    /// The title of the dialog.
    pub fn title(&self) -> String {
        match &self.app {
            Some(app) => format!("Homeport: {app}"),
            None => "Homeport".to_owned(),
        }
    }

    /// The text of the dialog.
    pub fn text(&self) -> String {
        let why = self.why.iter().map(|why| format!("Why: {why}"));
        let now = self.now.iter().map(|now| format!("Now: {now}"));
        let log = self.log.iter().map(|log| format!("Log: {}", log.display()));
        [self.what.clone()]
            .into_iter()
            .chain(why)
            .chain(now)
            .chain(log)
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// The same as a page that needs nothing else.
    pub fn page(&self) -> String {
        let paragraphs: String =
            self.text().split("\n\n").map(|line| format!("<p>{}</p>\n", escaped(line))).collect();
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
             <style>body {{ font: 1.1em/1.5 sans-serif; max-width: 40em; margin: 3em auto; \
             padding: 0 1em; overflow-wrap: anywhere }}</style>\n<h1>{title}</h1>\n{paragraphs}</html>\n",
            title = escaped(&self.title()),
        )
    }
}

#[cfg(test)]
mod test {
    use super::*;

    fn message() -> Message {
        Message {
            app: "notes".parse().ok(),
            what: "the settings are <wrong>".to_owned(),
            why: vec!["line 2".to_owned()],
            now: vec!["correct \"it\"".to_owned()],
            log: Some(PathBuf::from("/logs/launcher.jsonl")),
        }
    }

    #[test]
    fn a_box_says_what_why_what_now_and_where_the_log_is() {
        let message = message();
        assert_eq!(message.title(), "Homeport: notes");
        assert_eq!(
            message.text(),
            "the settings are <wrong>\n\nWhy: line 2\n\nNow: correct \"it\"\n\nLog: /logs/launcher.jsonl"
        );
    }

    #[test]
    fn a_page_says_the_same_and_what_looks_like_markup_stays_text() {
        let page = message().page();
        assert!(page.contains("<p>the settings are &lt;wrong&gt;</p>"), "{page}");
        assert!(page.contains("<p>Now: correct &quot;it&quot;</p>"), "{page}");
        assert!(page.contains("<title>Homeport: notes</title>"), "{page}");
    }
}
