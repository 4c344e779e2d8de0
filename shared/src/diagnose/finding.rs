//! The result of a diagnosis.

use crate::conflict::{Class, Holder};

/// The result of a diagnosis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Why the port could not be claimed.
    pub class: Class,
    /// The process that holds the port; `None` if unknown.
    pub holder: Option<Holder>,
}
