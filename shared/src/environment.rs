//! The variables of the environment, read once at the start.
//!
//! The variable of a setting is `HOMEPORT_<KEY>`. An empty one counts as not set, because that is
//! how shells and service managers take a variable back. The address that Kubernetes puts into
//! `HOMEPORT_PORT` where a service is named `homeport` is no port of ours, and not set either.

use std::{
    collections::HashMap,
    env,
    ffi::{OsStr, OsString},
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::{
    message, one_line,
    paths::{HOME_VARIABLE, LOG_DIR_VARIABLE, folder_problem},
};

/// The variable of an explicit port.
pub const PORT_VARIABLE: &str = "HOMEPORT_PORT";

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
        let wrong = |problem: String| VariableError::new(variable, &problem);
        let parse = |set: &OsStr| {
            let text = set.to_str().ok_or_else(|| {
                wrong(message!("settings_error.not_text", value = format_args!("{set:?}")))
            })?;
            text.parse().map_err(|problem: T::Err| wrong(problem.to_string()))
        };
        self.set(variable).map(parse).transpose()
    }

    /// The folder for everything.
    ///
    /// # Errors
    ///
    /// [`VariableError`] if it depends on the folder that a program is started in.
    pub fn home(&self) -> Result<Option<PathBuf>, VariableError> {
        self.folder(HOME_VARIABLE)
    }

    /// The folder for the logs.
    ///
    /// # Errors
    ///
    /// [`VariableError`] if it depends on the folder that a program is started in.
    pub fn log_dir(&self) -> Result<Option<PathBuf>, VariableError> {
        self.folder(LOG_DIR_VARIABLE)
    }

    /// Whether `variable` wins over the settings file, whatever its value.
    pub fn sets(&self, variable: &str) -> bool {
        self.set(variable).is_some()
    }

    /// What is ignored, in a sentence.
    pub fn ignored(&self) -> Option<String> {
        let address = self.0.get(PORT_VARIABLE).and_then(|value| of_kubernetes(value))?;
        Some(message!("warning.kubernetes", variable = PORT_VARIABLE, address))
    }

    fn folder(&self, variable: &'static str) -> Result<Option<PathBuf>, VariableError> {
        let Some(folder) = self.set(variable).map(Path::new) else { return Ok(None) };
        if let Some(problem) = folder_problem(folder) {
            return Err(VariableError::new(variable, &problem));
        }
        Ok(Some(folder.to_owned()))
    }

    fn set(&self, variable: &str) -> Option<&OsStr> {
        let value = self.0.get(variable).filter(|value| !value.is_empty())?;
        let is_ignored = variable == PORT_VARIABLE && of_kubernetes(value).is_some();
        (!is_ignored).then_some(value)
    }
}

impl VariableError {
    /// `problem` may contain a value of any length: its middle is left out, and control characters are
    /// escaped.
    pub(crate) fn new(variable: &'static str, problem: &str) -> Self {
        Self { variable, problem: one_line::of(problem) }
    }
}

/// Whether a variable is set; an empty one is not.
pub fn is_set(variable: &str) -> bool {
    env::var_os(variable).is_some_and(|value| !value.is_empty())
}

/// `tcp://10.0.0.1:80`: the address of a service of this name, which its containers are told.
fn of_kubernetes(value: &OsStr) -> Option<&str> {
    let value = value.to_str()?;
    let (protocol, address) = value.split_once("://")?;
    let is_address = address.parse::<SocketAddr>().is_ok();
    (matches!(protocol, "tcp" | "udp" | "sctp") && is_address).then_some(value)
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
        assert_eq!(environment.home(), Ok(Some(PathBuf::from("/h"))));
        let environment: Environment = [pair("HOMEPORT_PORT", "abc")].into_iter().collect();
        let error = environment.value::<Port>("HOMEPORT_PORT").expect_err("wrong").to_string();
        assert!(error.starts_with("HOMEPORT_PORT: `abc` is not a port"), "{error}");
        assert_eq!(environment.ignored(), None);
    }

    #[test]
    fn an_address_of_kubernetes_is_no_port_and_whatever_looks_like_one_is_wrong() {
        let with = |value: &str| -> Environment {
            [("HOMEPORT_PORT".to_owned(), value.into())].into_iter().collect()
        };
        for value in ["tcp://10.0.0.1:80", "udp://10.0.0.1:53", "tcp://[fd00::1]:8080"] {
            let environment = with(value);
            assert_eq!(environment.value::<Port>("HOMEPORT_PORT"), Ok(None), "{value}");
            let ignored = environment.ignored().expect(value);
            assert!(ignored.contains("HOMEPORT_PORT") && ignored.contains(value), "{ignored}");
        }
        for value in ["tcp://10.0.0.1", "http://10.0.0.1:80", "tcp://homeport:80", "10.0.0.1:80"] {
            assert!(with(value).value::<Port>("HOMEPORT_PORT").is_err(), "{value}");
            assert_eq!(with(value).ignored(), None);
        }
    }

    #[test]
    fn a_folder_does_not_depend_on_where_a_program_is_started() {
        for (value, is_right) in [
            ("/srv/homeport", true),
            ("", true),
            ("data", false),
            ("./data", false),
            ("~/data", false),
        ] {
            let named = |name: &str| (name.to_owned(), value.into());
            let environment: Environment =
                [named("HOMEPORT_HOME"), named("HOMEPORT_LOG_DIR")].into_iter().collect();
            for (folder, name) in
                [(environment.home(), "HOMEPORT_HOME"), (environment.log_dir(), "HOMEPORT_LOG_DIR")]
            {
                assert_eq!(folder.is_ok(), is_right, "{value}");
                let Err(error) = folder else { continue };
                let wanted = format!("{name}: `{value}` depends on the folder");
                assert!(error.to_string().starts_with(&wanted), "{error}");
            }
        }
    }
}
