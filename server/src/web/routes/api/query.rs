//! The parameters of a URL, in its path and behind the `?`: every one known, given once, and of its
//! kind.

use std::{
    collections::HashSet,
    future::{Ready, ready},
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use serde::{
    Deserialize,
    de::{
        DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Visitor,
        value::{Error, MapDeserializer},
    },
    forward_to_deserialize_any,
};
use shared::message;

use super::fields;
use crate::problem::Problem;

/// What stands behind the `?`, in the struct that describes it.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_query(request.query_string()).map(Self))
    }
}

/// What varies in the path, in the struct that describes it.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest for Path<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(request.match_info().iter()).map(Self))
    }
}

/// Reads what stands behind the `?`.
pub(super) fn read_query<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let unreadable = |_| Problem::wrong_parameter("", &message!("problem.query"));
    let pairs = web::Query::<Vec<(String, String)>>::from_query(text).map_err(unreadable)?;
    let mut seen = HashSet::new();
    if let Some((name, _)) = pairs.iter().find(|(name, _)| !seen.insert(name)) {
        let name = fields::shown(name);
        return Err(Problem::wrong_parameter(&name, &message!("problem.repeated", name)));
    }
    read(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// Reads parameters, each a name and a value.
pub(super) fn read<'a, T: Deserialize<'a>>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<T, Problem> {
    let values = pairs.map(|(name, value)| (name, QueryValue(value)));
    fields::read(MapDeserializer::<_, Error>::new(values))
        .map_err(|wrong| Problem::wrong_parameter(&wrong.field, &wrong.detail))
}

/// A value as it stands in a URL. Its kind depends on the type that it is read into.
///
/// The deserializer behind `web::Query` would take `+80` for a number, and reports of a wrong one what
/// Rust's parser found, not what to write.
struct QueryValue<'a>(&'a str);

impl<'de> IntoDeserializer<'de, Error> for QueryValue<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for QueryValue<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.0)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.0.parse().map_err(|_| Error::custom("write true or false"))?;
        visitor.visit_bool(value)
    }

    /// Digits, and no other spelling of a number.
    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let digits = self.0.strip_prefix('-').unwrap_or(self.0);
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = self.0.parse().ok().filter(|_| is_number);
        visitor.visit_i64(number.ok_or_else(|| Error::custom("write a whole number"))?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        i8 i16 i32 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;
    use shared::port::Port;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Both {
        a: Option<Port>,
        b: Option<bool>,
    }

    #[test]
    fn what_is_unknown_given_twice_or_wrong_is_named() {
        for (text, field) in [
            ("a=1&c=2", "c"),
            ("a=1&a=1", "a"),
            ("%61=1&b=true&x", "x"),
            ("A=1", "A"),
            ("a=1&b=yes", "b"),
            ("b=true&a=0", "a"),
        ] {
            match read_query::<Both>(text) {
                Err(problem) => assert_eq!(problem.field(), Some(field), "{text}"),
                Ok(both) => panic!("{text}: {both:?}"),
            }
        }
        let both = Both { a: Port::new(1), b: Some(true) };
        assert_eq!(read_query::<Both>("a=1&b=true").ok(), Some(both));
        assert_eq!(read_query::<Both>("").ok(), Some(Both { a: None, b: None }));
    }

    proptest! {
        #[test]
        fn no_query_makes_it_panic(text: String) {
            let _ = read_query::<Both>(&text);
            let _ = read_query::<Both>(&format!("a={text}&b={text}"));
        }
    }
}
