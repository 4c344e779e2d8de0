//! A real browser: Chromium, driven through ChromeDriver.
//!
//! Each has a profile of its own and ends when it is dropped. From before the first script of every
//! page it records what must not happen: errors, refusals of the page's own policy, and
//! shifts of the layout. [`Browser::troubles`] and [`Browser::shifts`] return them.

use std::{fs, path::PathBuf, process::Child};

use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{
    By, ChromiumLikeCapabilities, DesiredCapabilities, Key, WebDriver, WindowHandle,
    error::WebDriverResult, support::base64_decode,
};
use tokio::runtime::{Builder, Runtime};

use crate::{chromedriver, found, programs::target, wait_for};

/// What a browser on a machine without a screen needs, and what keeps it from asking the network.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

/// Runs in every page before the page's own scripts.
const WATCHER: &str = r"
    window.troubles = [];
    window.shifts = [];
    const note = (what) => window.troubles.push(String(what));
    addEventListener('error', (event) => note(event.message));
    addEventListener('unhandledrejection', (event) => note(event.reason?.stack ?? event.reason));
    document.addEventListener('securitypolicyviolation', (event) =>
        note(`${event.violatedDirective} refuses ${event.blockedURI}`));
    new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((entry) =>
        `${entry.value} by ${entry.sources.map(({ node }) => node?.id || node?.className).join()}`)))
        .observe({ type: 'layout-shift', buffered: true });
";

/// A browser with one page.
#[derive(Debug)]
pub struct Browser {
    driver: WebDriver,
    runtime: Runtime,
    chromedriver: Child,
    _profile: TempDir,
}

/// The window and the preferences that a page is shown with.
#[derive(Debug, Clone, Copy)]
pub struct Viewport {
    /// Its width in CSS pixels.
    pub width: u32,
    /// Its height in CSS pixels.
    pub height: u32,
    /// Whether a dark colour scheme is preferred.
    pub dark: bool,
    /// Whether the system's colours replace the page's (`forced-colors`).
    pub forced_colors: bool,
    /// Whether reduced motion is preferred.
    pub still: bool,
}

impl Browser {
    /// Opens a browser whose preferred language is `language`, such as `zh-CN`.
    ///
    /// # Errors
    ///
    /// The reason, for [`skip`](crate::skip()).
    ///
    /// # Panics
    ///
    /// If it is there and does not start.
    pub fn open(language: &str) -> Result<Self, String> {
        if let Some(tool) = ["chromium", "chromedriver"].into_iter().find(|tool| !found(tool)) {
            return Err(format!("there is no {tool}: apt-get install chromium chromium-driver"));
        }
        let profile = tempfile::Builder::new().prefix("homeport-browser-").tempdir();
        let profile = profile.expect("a folder");
        let (chromedriver, port) = chromedriver::start();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut wishes = DesiredCapabilities::chrome();
        let own = [
            format!("--user-data-dir={}", profile.path().display()),
            format!("--accept-lang={language}"),
            format!("--lang={language}"),
        ];
        for flag in FLAGS.into_iter().chain(own.iter().map(String::as_str)) {
            wishes.add_arg(flag).expect("a flag");
        }
        let address = format!("http://127.0.0.1:{port}");
        let driver = runtime.block_on(WebDriver::new(address, wishes)).expect("a browser");
        let browser = Self { driver, runtime, chromedriver, _profile: profile };
        browser.watch();
        Ok(browser)
    }

    /// The active tab.
    #[track_caller]
    pub fn tab(&self) -> WindowHandle {
        self.run(self.driver.window())
    }

    /// Opens another tab and makes it the active one.
    #[track_caller]
    pub fn open_tab(&self) -> WindowHandle {
        let tab = self.run(self.driver.new_tab());
        self.turn_to(&tab);
        self.watch();
        tab
    }

    /// Makes `tab` the active one.
    #[track_caller]
    pub fn turn_to(&self, tab: &WindowHandle) {
        self.run(self.driver.switch_to_window(tab.clone()));
    }

    /// Allows or forbids the scripts of pages from now on.
    #[track_caller]
    pub fn allow_scripts(&self, may: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", json!({ "value": !may }));
    }

    #[track_caller]
    fn watch(&self) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": WATCHER }));
    }

    /// Goes to an address.
    #[track_caller]
    pub fn go(&self, url: &str) {
        self.run(self.driver.goto(url));
    }

    /// The address of the page.
    #[track_caller]
    pub fn url(&self) -> String {
        self.run(self.driver.current_url()).to_string()
    }

    /// Runs a script in the page and returns what it returns.
    #[track_caller]
    pub fn js(&self, script: &str) -> Value {
        self.run(self.driver.execute(script, Vec::new())).json().clone()
    }

    /// Waits until an expression is true in the page. One that fails, as while a page is loaded, is
    /// not yet.
    #[track_caller]
    pub fn wait(&self, expression: &str) {
        let script = format!("return Boolean({expression})");
        let look = || self.runtime.block_on(self.driver.execute(&*script, Vec::new()));
        let is_true = || look().is_ok_and(|answer| answer.json() == &Value::Bool(true));
        if wait_for(|| is_true().then_some(())).is_none() {
            panic!("waited in vain until {expression}: {}\n{}", self.url(), self.text("body"));
        }
    }

    /// Waits until the element `place` contains the text.
    #[track_caller]
    pub fn wait_for_text(&self, place: &str, text: &str) {
        self.wait(&format!(
            "document.querySelector({}).innerText.includes({})",
            json!(place),
            json!(text)
        ));
    }

    /// The visible text of the element `place`; empty if there is none.
    #[track_caller]
    pub fn text(&self, place: &str) -> String {
        let text = self.js(&format!("return document.querySelector({})?.innerText", json!(place)));
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Clicks as a person would: where it is covered or disabled this fails.
    #[track_caller]
    pub fn click(&self, place: &str) {
        self.run(async { self.driver.find(By::Css(place)).await?.click().await });
    }

    /// Types into a field what it is to hold.
    #[track_caller]
    pub fn fill(&self, place: &str, text: &str) {
        self.run(async {
            let field = self.driver.find(By::Css(place)).await?;
            field.send_keys(Key::Control + "a").await?;
            field.send_keys(Key::Backspace + "").await?;
            field.send_keys(text).await
        });
    }

    /// Presses keys where the focus is.
    #[track_caller]
    pub fn press(&self, keys: &str) {
        self.run(async { self.driver.active_element().await?.send_keys(keys).await });
    }

    /// Applies the viewport to this page and those that follow.
    #[track_caller]
    pub fn look(&self, look: Viewport) {
        let Viewport { width, height, dark, forced_colors, still } = look;
        let size =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size);
        let features = [
            ("prefers-color-scheme", if dark { "dark" } else { "light" }),
            ("forced-colors", if forced_colors { "active" } else { "none" }),
            ("prefers-reduced-motion", if still { "reduce" } else { "no-preference" }),
        ];
        let features = features.map(|(name, value)| json!({ "name": name, "value": value }));
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Keeps a picture of the whole page under `target/screenshots`.
    #[track_caller]
    pub fn keep_picture(&self, name: &str) {
        let folder = target().join("screenshots");
        fs::create_dir_all(&folder).expect("a folder");
        let whole = json!({ "captureBeyondViewport": true });
        let shot = self.run(self.driver.cdp().send_raw("Page.captureScreenshot", whole));
        let png = base64_decode(shot["data"].as_str().expect("a picture")).expect("base64");
        fs::write(folder.join(format!("{name}.png")), png).expect("written");
    }

    /// The problems of the page: errors, and violations of its content security policy.
    #[track_caller]
    pub fn troubles(&self) -> Vec<String> {
        serde_json::from_value(self.js("return window.troubles")).expect("texts")
    }

    /// The layout shifts of the page that no input caused.
    #[track_caller]
    pub fn shifts(&self) -> Vec<String> {
        serde_json::from_value(self.js("return window.shifts")).expect("texts")
    }

    /// The accessibility problems that axe-core finds, one line each.
    #[track_caller]
    pub fn barriers(&self, axe: &str) -> Vec<String> {
        self.js(axe);
        let found = self
            .js("return axe.run().then(({ violations }) => violations.map(({ id, nodes }) => \
             `${id}: ${nodes.map(({ html }) => html).join(' ')}`))");
        serde_json::from_value(found).expect("texts")
    }

    #[track_caller]
    fn devtools(&self, command: &str, parameters: Value) {
        self.run(self.driver.cdp().send_raw(command, parameters));
    }

    #[track_caller]
    fn run<T>(&self, what: impl Future<Output = WebDriverResult<T>>) -> T {
        self.runtime.block_on(what).unwrap_or_else(|error| panic!("the browser: {error}"))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.runtime.block_on(self.driver.clone().quit());
        let _ = self.chromedriver.kill();
        let _ = self.chromedriver.wait();
    }
}

/// The script of axe-core, which `cargo xtask test` fetches.
///
/// # Errors
///
/// Why it cannot be read.
pub fn axe() -> Result<String, String> {
    let file: PathBuf = target().join("axe/node_modules/axe-core/axe.min.js");
    fs::read_to_string(&file).map_err(|_| "there is no axe-core: npm install axe-core".to_owned())
}
