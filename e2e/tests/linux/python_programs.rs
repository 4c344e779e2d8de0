//! Programs for `launcher run`: small servers in Python.

use std::{fs, path::Path};

use e2e::{Home, Invocation};
use serde_json::Value;

/// Serves HTTP on the port of its first argument, after it has written its arguments as JSON into `words.json` of the
/// current folder.
pub(crate) const SERVER: &str = "
import http.server, json, os, sys
with open('words.tmp', 'w') as file: json.dump(sys.argv[1:], file)
os.rename('words.tmp', 'words.json')
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'hello')
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
";

/// A folder in `home` in which a program runs.
pub(crate) fn folder(home: &Home, name: &str) -> String {
    let folder = home.path().join("programs").join(name);
    fs::create_dir_all(&folder).expect("made");
    folder.to_str().expect("text").to_owned()
}

/// `launcher --json run OPTIONS -- python3 -c SERVER WORDS` in a folder with the name of the app.
pub(crate) fn serve(home: &Home, app: &str, options: &str, words: &[&str]) -> Invocation {
    let launch = home.command("--json run --cwd").arg(folder(home, app));
    let launch = options.split_whitespace().fold(launch, Invocation::arg);
    let launch = launch.args(["--", "python3", "-c", SERVER]);
    words.iter().fold(launch, |launch, word| launch.arg(*word))
}

/// The arguments that a program was started with.
pub(crate) fn words(home: &Home, app: &str) -> Vec<String> {
    let file = Path::new(&folder(home, app)).join("words.json");
    let words: Value =
        serde_json::from_str(&fs::read_to_string(file).expect("written")).expect("JSON");
    serde_json::from_value(words).expect("texts")
}
