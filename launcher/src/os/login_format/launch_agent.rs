//! A launch agent of macOS: a property list that launchd reads at login.

use std::path::PathBuf;

use plist::XmlWriteOptions;
use serde::{Deserialize, Serialize};

use super::entry::LoginEntry;

/// The keys of `launchd.plist(5)` that a start at login needs.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct LaunchAgent {
    label: String,
    program_arguments: Vec<String>,
    #[serde(default)]
    process_type: String,
    #[serde(default)]
    run_at_load: bool,
}

/// The content of the property list.
pub fn rendered(entry: &LoginEntry) -> String {
    let agent = LaunchAgent {
        label: entry.name.clone(),
        program_arguments: entry.words.clone(),
        process_type: "Interactive".to_owned(),
        run_at_load: true,
    };
    let (mut text, options) = (Vec::new(), XmlWriteOptions::default().indent(b' ', 4));
    plist::to_writer_xml_with_options(&mut text, &agent, &options)
        .expect("strings and booleans are written to memory");
    text.push(b'\n');
    String::from_utf8(text).expect("XML is written in UTF-8")
}

/// The first of the program arguments; `None` if there is none, or no property list.
pub fn program_of(text: &str) -> Option<PathBuf> {
    let agent: LaunchAgent = plist::from_bytes(text.as_bytes()).ok()?;
    agent.program_arguments.first().map(PathBuf::from)
}

#[cfg(test)]
mod test {
    use super::*;

    fn entry(words: [&str; 4]) -> LoginEntry {
        LoginEntry {
            name: "homeport-notes".to_owned(),
            label: "Homeport: notes".to_owned(),
            words: words.map(str::to_owned).to_vec(),
        }
    }

    #[test]
    fn every_word_arrives_as_it_is() {
        let words = ["/Applications/A & <B>/launcher", "start", "--home", "/h &amp; x"];
        let text = rendered(&entry(words));
        assert!(
            text.contains("<string>/Applications/A &amp; &lt;B&gt;/launcher</string>"),
            "{text}"
        );
        assert!(text.contains("<string>/h &amp;amp; x</string>"), "{text}");
        assert_eq!(program_of(&text), Some(PathBuf::from(words[0])));
    }

    /// A start compares the text with the registered one, so it must not change without a reason.
    #[test]
    fn the_text_is_what_earlier_versions_registered() {
        let wanted = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Label</key>
    <string>homeport-notes</string>
    <key>ProgramArguments</key>
    <array>
        <string>/a</string>
        <string>start</string>
        <string>--app</string>
        <string>notes</string>
    </array>
    <key>ProcessType</key>
    <string>Interactive</string>
    <key>RunAtLoad</key>
    <true/>
</dict>
</plist>
"#;
        assert_eq!(rendered(&entry(["/a", "start", "--app", "notes"])), wanted);
    }
}
