//! An error for a person without a terminal: the text that a terminal shows, as a dialog and as a page.

use std::path::PathBuf;

use shared::{app::AppName, message};

use crate::{error::LaunchError, markup::escaped};

/// What happened, why, what to do now, and where more is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The app, if it is known.
    pub app: Option<AppName>,
    /// The first paragraph.
    pub what: String,
    /// Why, one sentence for each reason.
    pub why: Vec<String>,
    /// What to do now, one sentence for each way.
    pub now: Vec<String>,
    /// Where more is written; `None` if the folder of the logs is not known.
    pub log: Option<PathBuf>,
}

impl Message {
    /// Without the app and its log, which [`about`](Self::about) adds.
    pub fn of(failure: &LaunchError) -> Self {
        let (what, mut why, now) = (failure.to_string(), failure.why_here(), failure.now());
        let lines = failure.last_lines();
        why.extend(
            (!lines.is_empty()).then(|| message!("failure.last_lines", lines = lines.join("\n"))),
        );
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
            what: message!("box.no_browser"),
            why: vec![message!("box.no_browser_why")],
            now: vec![message!("box.no_browser_now", url)],
            log: None,
        }
    }

    /// Adds the app and the path of its log.
    #[must_use]
    pub fn about(self, app: &AppName, log: PathBuf) -> Self {
        Self { app: Some(app.clone()), log: Some(log), ..self }
    }

    /// The title of the dialog, without the app where that is unknown.
    pub fn title(&self) -> String {
        match &self.app {
            Some(app) => message!("box.title", app),
            None => "Homeport".to_owned(),
        }
    }

    /// The paragraphs of the dialog, with empty lines between them.
    pub fn text(&self) -> String {
        let why = self.why.iter().map(|why| message!("box.why", why));
        let now = self.now.iter().map(|now| message!("box.now", now));
        let log = self.log.iter().map(|log| message!("box.log", file = log.display()));
        [self.what.clone()]
            .into_iter()
            .chain(why)
            .chain(now)
            .chain(log)
            .collect::<Vec<_>>()
            .join("\n\n")
    }

    /// The message as an HTML page that loads nothing.
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
