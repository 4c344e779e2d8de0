//! The variables of the environment, read once at the start.
//!
//! The variable of a setting is `HOMEPORT_<KEY>`. An empty one counts as not set, because that is
//! how shells and service managers take a variable back.

use std::{
    collections::HashMap,
    env,
    ffi::{OsStr, OsString},
    fmt,
    path::PathBuf,
    str::FromStr,
};

use crate::{
    message,
    paths::{HOME_VARIABLE, LOG_DIR_VARIABLE},
};

/// The variables whose names begin with `HOMEPORT_`.
#[derive(Debug, Clone, Default)]
pub struct Environment(HashMap<String, OsString>);

/// A variable has a wrong value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {problem}")]
pub struct VariableError {
    /// Its name, such as `HOMEPORT_PORT`.
    pub variable: &'static str,
    /// What is wrong with its value.
    pub problem: String,
}

impl Environment {
    /// A variable whose name is no text is left out.
    pub fn of_process() -> Self {
        env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))).collect()
    }

    /// The value of `variable`, or `None` if it is not set.
    ///
    /// # Errors
    ///
    /// [`VariableError`] names the variable and what is wrong with its value.
    pub fn value<T>(&self, variable: &'static str) -> Result<Option<T>, VariableError>
    where
        T: FromStr<Err: fmt::Display>,
    {
        let wrong = |problem: String| VariableError { variable, problem };
        let parse = |set: &OsStr| {
            let text = set.to_str().ok_or_else(|| {
                wrong(message!("settings_error.not_text", value = format_args!("{set:?}")))
            })?;
            text.parse().map_err(|problem: T::Err| wrong(problem.to_string()))
        };
        self.set(variable).map(parse).transpose()
    }

    /// The folder for everything.
    pub fn home(&self) -> Option<PathBuf> {
        self.set(HOME_VARIABLE).map(PathBuf::from)
    }

    /// The folder for the logs.
    pub fn log_dir(&self) -> Option<PathBuf> {
        self.set(LOG_DIR_VARIABLE).map(PathBuf::from)
    }

    fn set(&self, variable: &str) -> Option<&OsStr> {
        self.0.get(variable).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }
}

impl FromIterator<(String, OsString)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, OsString)>>(variables: I) -> Self {
        Self(variables.into_iter().filter(|(name, _)| name.starts_with("HOMEPORT_")).collect())
    }
}

#[cfg(test)]
mod test {
    use super::*;
    use crate::port::Port;

    #[test]
    fn an_empty_variable_is_not_set_and_a_wrong_one_is_named() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.into());
        let environment: Environment =
            [pair("HOMEPORT_PORT", ""), pair("HOMEPORT_HOME", "/h")].into_iter().collect();
        assert_eq!(environment.value::<Port>("HOMEPORT_PORT"), Ok(None));
        assert_eq!(environment.home(), Some(PathBuf::from("/h")));
        let environment: Environment = [pair("HOMEPORT_PORT", "abc")].into_iter().collect();
        let error = environment.value::<Port>("HOMEPORT_PORT").expect_err("wrong").to_string();
        assert!(error.starts_with("HOMEPORT_PORT: `abc` is not a port"), "{error}");
    }
}
