//! What stands behind the `?`: every parameter known, given once, and of its kind.

use std::str::FromStr;

use actix_web::{HttpRequest, web::Query};

use super::refusal::Refusal;

/// The parameters of a request that are not taken yet.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of `request`, each of which must be one of the `known` ones and be given once.
    pub(super) fn of(request: &HttpRequest, known: &[&str]) -> Result<Self, Refusal> {
        Self::parse(request.query_string(), known)
    }

    fn parse(text: &str, known: &[&str]) -> Result<Self, Refusal> {
        let unreadable = |_| Refusal::parameter("", "the query cannot be read");
        let pairs =
            Query::<Vec<(String, String)>>::from_query(text).map_err(unreadable)?.into_inner();
        for (at, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let shown: String = name.chars().take(40).collect();
                let detail = match known {
                    [] => "there are no parameters here".to_owned(),
                    known => format!("there is no such parameter: they are {}", known.join(", ")),
                };
                return Err(Refusal::parameter(&shown, &detail));
            }
            if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(Refusal::parameter(name, "it is given more than once"));
            }
        }
        Ok(Self(pairs))
    }

    /// The value of one, as `read` understands it.
    pub(super) fn take<T, E: ToString>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Refusal> {
        let given = self.0.iter().find(|(key, _)| key == name);
        given
            .map(|(_, value)| read(value))
            .transpose()
            .map_err(|error| Refusal::parameter(name, &error))
    }

    /// The value of one that is read as it is everywhere.
    pub(super) fn parsed<T: FromStr<Err: ToString>>(
        &self,
        name: &str,
    ) -> Result<Option<T>, Refusal> {
        self.take(name, T::from_str)
    }
}

/// A yes or a no.
pub(super) fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    text.parse().map_err(|_| "write true or false")
}

/// A word of the records, such as an event.
pub(super) fn word(text: &str) -> Result<String, &'static str> {
    let is_word = (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_word {
        Ok(text.to_owned())
    } else {
        Err("write a word of small letters and `_`, such as port_conflict")
    }
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_unknown_or_given_twice_is_named() {
        for (text, field) in [("a=1&c=2", "c"), ("a=1&a=1", "a"), ("%61=1&b=&x", "x"), ("A=1", "A")]
        {
            match Parameters::parse(text, &["a", "b"]) {
                Err(Refusal::Parameter { field: named, .. }) => assert_eq!(named, field),
                _ => panic!("{text}"),
            }
        }
        assert!(Parameters::parse("a=1&b", &["a", "b"]).is_ok());
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(text: String) {
            let _ = Parameters::parse(&text, &["limit"]);
            let _ = (yes_or_no(&text), word(&text));
        }
    }
}
