//! Why a text has no template.

use shared::{app::AppNameError, message};

/// What is wrong with a word in braces.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// It is one edit or one swap of letters away from a word.
    #[error("{}", message!("template_error.misspelt", written, nearest, literal = doubled(written)))]
    Misspelt {
        /// As it is in the text, with its braces.
        written: String,
        /// The word that was meant, with its braces.
        nearest: String,
    },
    /// What follows `:` or `@` is no name.
    #[error("{}", message!("template_error.name", written, error, literal = doubled(written)))]
    Name {
        /// As it is in the text, with its braces.
        written: String,
        /// What is wrong with the name.
        error: AppNameError,
    },
    /// The word, with its braces, is one that the caller cannot replace.
    #[error("{}", message!("template_error.not_available", word = .0))]
    NotAvailable(String),
}

/// How a person writes what is to stay as it is.
fn doubled(written: &str) -> String {
    format!("{{{written}}}")
}
