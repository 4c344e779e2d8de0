//! What completes command lines in a shell, from the launcher's own definition.

use crate::manual;
use clap_complete::{Shell, generate};

/// Where the shells of a Debian system look, and what they find there.
pub(crate) fn all() -> [(&'static str, Vec<u8>); 3] {
    [
        ("usr/share/bash-completion/completions/homeport", Shell::Bash),
        ("usr/share/fish/vendor_completions.d/homeport.fish", Shell::Fish),
        ("usr/share/zsh/vendor-completions/_homeport", Shell::Zsh),
    ]
    .map(|(path, shell)| {
        let mut script = Vec::new();
        generate(shell, &mut manual::launcher(), manual::LAUNCHER, &mut script);
        (path, script)
    })
}

#[cfg(test)]
mod test {
    use super::*;

    #[test]
    fn they_complete_the_name_that_is_on_the_path() {
        for (path, script) in all() {
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("homeport") && script.contains("explain"), "{path}");
            assert!(!script.contains("#compdef launcher"), "{path}");
        }
    }
}
