use std::time::Duration;

use serde_json::Value;
use uuid::Uuid;

use super::*;

struct Kept {
    _folder: tempfile::TempDir,
    folders: Folders,
}

impl Kept {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let folders = Folders::locate(Some(folder.path()), None).expect("given");
        Self { _folder: folder, folders }
    }

    fn log(&self, format: OutputFormat) -> ProgramLog {
        let author = ProgramAuthor { app: AppName::default(), launch_id: Uuid::nil(), pid: 7 };
        ProgramLog::new(&self.folders, author, format, Secrets::of_values(["hunter22"]))
    }

    fn live(&self) -> PathBuf {
        self.folders.program_log(&AppName::default())
    }

    fn lines(&self) -> Vec<Value> {
        let files = files(&self.folders, &AppName::default(), OutputFormat::Json);
        let read = |file: &PathBuf| fs::read_to_string(file).expect("text");
        let text: String = files.iter().map(read).collect();
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    fn texts(&self) -> Vec<String> {
        self.lines().iter().map(|line| line["text"].as_str().expect("a text").to_owned()).collect()
    }
}

#[test]
fn each_line_is_kept_with_its_stream() {
    let kept = Kept::new();
    let mut log = kept.log(OutputFormat::Json);
    let now = Instant::now();
    log.write(OutputStream::Stdout, b"\x1b[3", now);
    log.write(OutputStream::Stderr, b"\xff hunter22\n", now);
    log.write(OutputStream::Stdout, b"1mred\x1b[m\n{\"n\":1}\nhalf", now);
    log.end();
    let lines = kept.lines();
    let told = |key: &str| lines.iter().map(|line| line[key].clone()).collect::<Vec<_>>();
    assert_eq!(told("text"), ["\u{fffd} ***", "red", "{\"n\":1}", "half"]);
    assert_eq!(told("stream"), ["stderr", "stdout", "stdout", "stdout"]);
    assert_eq!(lines[2]["json"]["n"], 1);
    assert_eq!((&lines[0]["pid"], &lines[0]["app"]), (&7.into(), &"server".into()));
    let stamps = told("ts");
    assert!(stamps.iter().all(|ts| ts.as_str().is_some_and(|ts| ts.len() == 27)), "{stamps:?}");
}

#[test]
fn a_prompt_is_written_after_a_second_and_its_line_goes_on() {
    let kept = Kept::new();
    let mut log = kept.log(OutputFormat::Json);
    let now = Instant::now();
    assert_eq!(log.next_deadline(), None);
    log.write(OutputStream::Stdout, b"Name? ", now);
    let due = log.next_deadline().expect("something waits");
    assert_eq!(due, now + Duration::from_secs(1));
    log.flush_due(now);
    assert!(kept.lines().is_empty());
    log.flush_due(due);
    assert_eq!((kept.lines()[0]["unfinished"].clone(), log.next_deadline()), (true.into(), None));
    log.write(OutputStream::Stdout, b"Ada\n", due);
    assert_eq!(kept.texts(), ["Name? ", "Ada"]);
    assert_eq!(kept.lines()[1].get("unfinished"), None);
}

#[test]
fn a_line_that_is_too_long_is_cut_and_says_so() {
    let kept = Kept::new();
    let mut log = kept.log(OutputFormat::Json);
    let now = Instant::now();
    for _ in 0..1024 {
        log.write(OutputStream::Stdout, &[b'x'; 64 << 10], now);
    }
    log.write(OutputStream::Stdout, b"\nnext\n", now);
    let lines = kept.lines();
    assert_eq!(lines[0]["cut"], (64 << 20) - (16 << 10));
    assert_eq!(lines[0]["text"].as_str().map(str::len), Some(16 << 10));
    assert_eq!((&lines[1]["text"], lines[1].get("cut")), (&"next".into(), None));
}

#[test]
fn lines_that_could_not_be_written_are_told_when_there_is_room_again() {
    let kept = Kept::new();
    let mut log = kept.log(OutputFormat::Json);
    let now = Instant::now();
    fs::create_dir_all(kept.live()).expect("a folder where the file should be");
    log.write(OutputStream::Stdout, b"1\n2\n", now);
    assert!(log.take_failure().is_some_and(|error| error.to_string().contains("server.jsonl")));
    log.write(OutputStream::Stdout, b"3\n", now);
    assert!(log.take_failure().is_none(), "once");
    log.count_dropped(4);
    fs::remove_dir(kept.live()).expect("empty");
    log.write(OutputStream::Stdout, b"5\n", now);
    let lines = kept.lines();
    assert_eq!((&lines[0]["dropped"], &lines[0]["stream"]), (&7.into(), &"log".into()));
    assert_eq!(kept.texts(), ["7 lines could not be written here", "5"]);
    assert_eq!(log.last_lines().collect::<Vec<_>>(), ["1", "2", "3", "5"]);
    log.count_dropped(1);
    log.end();
    assert_eq!(kept.texts()[2], "one line could not be written here", "also at the end");
}

#[test]
fn the_last_lines_are_those_that_say_something_without_secrets() {
    let kept = Kept::new();
    let mut log = kept.log(OutputFormat::Nothing);
    for n in 0..30 {
        log.write(
            OutputStream::Stderr,
            format!("\n{n} \x1b[1mhunter22\x1b[m\n").as_bytes(),
            Instant::now(),
        );
    }
    let last: Vec<_> = log.last_lines().collect();
    assert_eq!((last.len(), last[0], last[19]), (20, "10 ***", "29 ***"));
    assert!(!kept.folders.logs().exists());
}

#[test]
fn plain_output_is_kept_as_it_came() {
    let kept = Kept::new();
    let mut log = kept.log(OutputFormat::Plain);
    for piece in [&b"\x1b[1mhunter22\r\n"[..], b"half\xff"] {
        log.write(OutputStream::Stdout, piece, Instant::now());
    }
    let file = kept.folders.plain_program_log(&AppName::default());
    assert_eq!(fs::read(&file).expect("there"), b"\x1b[1mhunter22\r\nhalf\xff");
    assert!(kept.lines().is_empty());
}

#[test]
fn five_files_are_kept_and_all_are_removed_together() {
    let kept = Kept::new();
    let mut log = kept.log(OutputFormat::Json);
    for _ in 0..7 {
        log.write(OutputStream::Stdout, b"x\n", Instant::now());
        let live = fs::OpenOptions::new().write(true).open(kept.live()).expect("there");
        live.set_len(ROTATE_AT).expect("sized");
    }
    let app = AppName::default();
    let all = files(&kept.folders, &app, OutputFormat::Json);
    assert_eq!((all.len(), all.last()), (MAX_FILES, Some(&kept.live())), "{all:?}");
    let other = kept.folders.programs().join("server.jsonl.20261122T120159.jsonl");
    fs::write(&other, "").expect("another app's");
    assert_eq!(remove(&kept.folders, &app).expect("removed"), MAX_FILES);
    assert!(files(&kept.folders, &app, OutputFormat::Json).is_empty() && other.exists());
}

#[test]
fn a_line_that_matches_is_seen_once_without_its_colours() {
    let kept = Kept::new();
    let mut log = kept.log(OutputFormat::Json);
    log.watch_for("^ready on [0-9]+$").expect("a pattern");
    log.write(OutputStream::Stdout, b"not ready on 1\n\x1b[32mready on\x1b[0m 80", Instant::now());
    assert!(!log.take_match(), "its line is not over");
    log.write(OutputStream::Stdout, b"80\nready on 9\n", Instant::now());
    assert!(log.take_match() && !log.take_match());
    assert!(log.watch_for("(").is_err());
}
