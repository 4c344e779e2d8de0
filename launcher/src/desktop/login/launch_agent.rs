//! A launch agent of macOS: a property list that launchd reads at login.

use std::path::PathBuf;

use super::Entry;
use crate::desktop::message::escaped;

/// The text of the file.
pub fn rendered(entry: &Entry) -> String {
    let words: String = entry
        .words
        .iter()
        .map(|word| format!("        <string>{}</string>\n", escaped(word)))
        .collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
    <key>Label</key>
    <string>{}</string>
    <key>ProgramArguments</key>
    <array>
{words}    </array>
    <key>ProcessType</key>
    <string>Interactive</string>
    <key>RunAtLoad</key>
    <true/>
</dict>
</plist>
"#,
        escaped(&entry.name)
    )
}

/// The program that such a file starts.
pub fn program_of(text: &str) -> Option<PathBuf> {
    let (_, words) = text.split_once("<array>")?;
    let (_, word) = words.split_once("<string>")?;
    let (word, _) = word.split_once("</string>")?;
    let plain = word.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    Some(PathBuf::from(plain.replace("&amp;", "&")))
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn every_word_arrives_as_it_is() {
        let words = ["/Applications/A & <B>/launcher", "start", "--home", "/h &amp; x"];
        let entry = Entry {
            name: "homeport-notes".to_owned(),
            label: "Homeport: notes".to_owned(),
            words: words.map(str::to_owned).to_vec(),
        };
        let text = rendered(&entry);
        assert!(
            text.contains("<string>/Applications/A &amp; &lt;B&gt;/launcher</string>"),
            "{text}"
        );
        assert!(text.contains("<string>/h &amp;amp; x</string>"), "{text}");
        assert_eq!(program_of(&text), Some(PathBuf::from(words[0])));
    }
}
