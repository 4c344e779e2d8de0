//! A running app and a browser that has come in: what nearly every test of the console begins with.

use e2e::{Browser, Home, ReadyMessage, Running, Stranger, Viewport, quiet_port, skip};
use jiff::Timestamp;
use shared::{app::AppName, port::Port, token::Token};

/// A desktop window in a light colour scheme.
pub(crate) const DAY: Viewport =
    Viewport { width: 1100, height: 900, dark: false, forced_colors: false, still: false };

/// A running server of the default app, and a browser that has come in.
pub(crate) struct Session {
    pub(crate) browser: Browser,
    pub(crate) launcher: Running,
    pub(crate) ready: ReadyMessage,
    pub(crate) home: Home,
}

/// The address that lets a browser in once.
pub(crate) fn way_in(home: &Home, port: u16) -> String {
    let app = AppName::default();
    let token = Token::load(&home.folders().token(&app)).expect("the server made it");
    token.one_time_url(&app, Port::new(port).expect("not 0"), Timestamp::now())
}

impl Session {
    /// `None`, and the test is skipped, if this machine has no browser.
    pub(crate) fn open(language: &str, start: impl FnOnce(&Home) -> Running) -> Option<Self> {
        let browser = Browser::open(language).map_err(|reason| skip(&reason)).ok()?;
        let home = Home::new();
        let mut launcher = start(&home);
        let ready = launcher.ready();
        browser.look(DAY);
        let session = Self { browser, launcher, ready, home };
        session.come_in();
        Some(session)
    }

    pub(crate) fn come_in(&self) {
        self.browser.go(&way_in(&self.home, self.ready.port));
        self.wait_until_live();
    }

    pub(crate) fn wait_until_live(&self) {
        self.browser.wait("document.querySelector('#live').dataset.state === 'on'");
        self.browser.wait("document.querySelector('#plot svg .bar')");
    }

    #[track_caller]
    pub(crate) fn assert_no_trouble(&self) {
        let troubles = self.browser.troubles();
        assert!(troubles.is_empty(), "{troubles:#?}");
    }
}

/// A launcher on a quiet port.
pub(crate) fn supervised(home: &Home) -> Running {
    home.launcher().home_port(quiet_port()).start()
}

/// A port that a stranger listens on.
pub(crate) fn taken() -> (u16, Stranger) {
    let port = quiet_port();
    (port, Stranger::listening(&format!("127.0.0.1:{port}")))
}
