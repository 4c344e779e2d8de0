//! What a check of `launcher doctor` found: a verdict, a sentence and advice.

use serde::Serialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CheckVerdict {
    Ok,
    /// It works, with less than it could.
    Warning,
    /// A launch would fail, or not remember its port.
    Problem,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Check {
    pub(super) check: &'static str,
    pub(super) verdict: CheckVerdict,
    pub(super) text: String,
    pub(super) advice: Option<String>,
}

impl Check {
    pub(super) fn ok(check: &'static str, text: impl Into<String>) -> Self {
        Self { check, verdict: CheckVerdict::Ok, text: text.into(), advice: None }
    }

    pub(super) fn warning(
        check: &'static str,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let advice = Some(advice.into());
        Self { check, verdict: CheckVerdict::Warning, text: text.into(), advice }
    }

    pub(super) fn problem(
        check: &'static str,
        text: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        let advice = Some(advice.into());
        Self { check, verdict: CheckVerdict::Problem, text: text.into(), advice }
    }
}
