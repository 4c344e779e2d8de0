//! Notes: an app with routes of its own, whose notes are kept in the browser.
//!
//! A browser keeps `localStorage` for one host and one port. On another port it is empty, so an app
//! like this one needs a port that stays. Its `main` is [`server::process::run::with_routes`], which makes it a
//! server that the launcher can keep: build it with `cargo build --example notes`, write its path
//! into the settings (`settings set` makes it a whole one), and start the launcher.
//!
//! ```text
//! launcher settings set --app notes command '["target/debug/examples/notes"]'
//! launcher --app notes
//! ```
//!
//! By hand, `notes --port 17123 --app notes` serves it too.

use std::{env, process::ExitCode};

use actix_web::{HttpResponse, http::header::ContentType, web};

const PAGE: &str = r#"<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Notes</title>
    <script type="module" src="/notes.js"></script>
  </head>
  <body>
    <h1>Notes</h1>
    <form id="add">
      <label for="text">A note</label>
      <input id="text" autocomplete="off" required>
      <button id="save">Keep</button>
    </form>
    <ul id="notes"></ul>
    <p id="count"></p>
    <p><a id="console" href="/_homeport/">Where this page lives</a></p>
  </body>
</html>
"#;

const SCRIPT: &str = r#"const notes = JSON.parse(localStorage.getItem("notes") ?? "[]");

function show() {
  const items = notes.map((note) => {
    const item = document.createElement("li");
    item.textContent = note;
    return item;
  });
  document.getElementById("notes").replaceChildren(...items);
  document.getElementById("count").textContent = `${notes.length} kept on port ${location.port}`;
}

document.getElementById("add").addEventListener("submit", (event) => {
  event.preventDefault();
  notes.push(document.getElementById("text").value);
  localStorage.setItem("notes", JSON.stringify(notes));
  event.target.reset();
  show();
});

show();
"#;

fn main() -> ExitCode {
    let argv: Vec<_> = env::args_os().collect();
    server::process::run::with_routes(&argv, routes).into()
}

/// What the app answers; everything under `/_homeport/` is Homeport's.
fn routes(config: &mut web::ServiceConfig) {
    config.route("/", web::get().to(page)).route("/notes.js", web::get().to(script));
}

async fn page() -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::html()).body(PAGE)
}

async fn script() -> HttpResponse {
    HttpResponse::Ok().content_type("text/javascript; charset=utf-8").body(SCRIPT)
}
