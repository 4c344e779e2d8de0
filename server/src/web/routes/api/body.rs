//! The body of a request: an object in JSON, or nothing.

use std::fmt;

use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::{self, HeaderValue},
    web::Bytes,
};
use futures_util::{FutureExt, future::LocalBoxFuture};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};
use shared::message;

use super::fields;
use crate::{problem::Problem, web::limits::MAX_BODY};

/// What was sent, in the struct that describes it; no body, and `null`, is an empty object.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        let body = async move {
            let members = optional_object(&request, payload).await?;
            let read = fields::read(Value::Object(members)).map(Self);
            read.map_err(|wrong| Problem::wrong_value(&wrong.field, &wrong.detail))
        };
        body.boxed_local()
    }
}

async fn optional_object(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Map<String, Value>, Problem> {
    let headers = request.headers();
    let is_described = [header::CONTENT_TYPE, header::CONTENT_ENCODING]
        .iter()
        .any(|name| headers.contains_key(name));
    if !is_described {
        let bytes = read(request, payload).await?;
        return if bytes.is_empty() { Ok(Map::new()) } else { Err(not_typed()) };
    }
    check_media_type(request)?;
    let bytes = read(request, payload).await?;
    match bytes.trim_ascii() {
        b"" | b"null" => Ok(Map::new()),
        _ => parse(&bytes),
    }
}

/// A body where there must be one, with members that are checked elsewhere.
pub(super) async fn object(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Map<String, Value>, Problem> {
    check_media_type(request)?;
    parse(&read(request, payload).await?)
}

/// The limit is that of the `PayloadConfig` of our routes.
async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Bytes, Problem> {
    Bytes::from_request(request, &mut payload).await.map_err(|error| match error.as_error() {
        Some(PayloadError::Overflow) => Problem::too_long(MAX_BODY),
        _ => Problem::body_broke_off(),
    })
}

/// Whether the body is what we read: JSON, in UTF-8, and not compressed.
fn check_media_type(request: &HttpRequest) -> Result<(), Problem> {
    let media_type = request.mime_type().ok().flatten().ok_or_else(not_typed)?;
    let is_utf8 = media_type.get_param("charset").is_none_or(|charset| charset == "utf-8");
    if media_type.essence_str() != "application/json" || !is_utf8 {
        return Err(not_typed());
    }
    let encoding = request.headers().get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    match encoding {
        None | Some(b"identity") => Ok(()),
        Some(_) => Err(Problem::wrong_media_type(message!("problem.packed"))),
    }
}

fn not_typed() -> Problem {
    Problem::wrong_media_type(message!("problem.not_typed"))
}

fn parse(bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    match serde_json::from_slice(bytes).map_err(|error| not_json(&error))? {
        UniqueMembers { repeated: Some(key), .. } => {
            let name = fields::shown(&key);
            Err(Problem::wrong_value(&name, &message!("problem.repeated", name)))
        }
        UniqueMembers { members, repeated: None } => Ok(members),
    }
}

fn not_json(error: &serde_json::Error) -> Problem {
    if error.is_data() {
        return Problem::not_json(message!("problem.no_object"), (1, 1));
    }
    // A line that nothing is on ends before its first column.
    let (line, column) = (error.line(), error.column().max(1));
    Problem::not_json(message!("problem.not_json", line, column), (line, column))
}

/// An object, with the first member that it has twice: a [`Map`] keeps the last one silently.
struct UniqueMembers {
    members: Map<String, Value>,
    repeated: Option<String>,
}

impl<'de> Deserialize<'de> for UniqueMembers {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = UniqueMembers;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(
                self,
                mut object: M,
            ) -> Result<UniqueMembers, M::Error> {
                let (mut members, mut repeated) = (Map::new(), None);
                while let Some((key, value)) = object.next_entry::<String, Value>()? {
                    if members.insert(key.clone(), value).is_some() {
                        repeated.get_or_insert(key);
                    }
                }
                Ok(UniqueMembers { members, repeated })
            }
        }

        from.deserialize_map(Object)
    }
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bad_json_is_told_with_its_place() {
        for (text, place) in [
            ("{\n  \"port\": 1,\n}", (3, 1)),
            ("", (1, 1)),
            ("nojson", (1, 2)),
            ("{\"port\":tru}", (1, 12)),
            ("{port:3}", (1, 2)),
            ("[1]", (1, 1)),
            ("{\"a\":1} x", (1, 9)),
        ] {
            match parse(text.as_bytes()) {
                Err(problem) => {
                    assert_eq!(problem.place(), Some(place), "{text}");
                    let (line, column) = place;
                    let said = match text {
                        "[1]" => "send an object".to_owned(),
                        _ => format!("the body is not JSON: see line {line}, column {column}"),
                    };
                    assert_eq!(problem.to_string(), said, "{text}");
                }
                Ok(members) => panic!("{members:?}"),
            }
        }
        assert!(parse(b"\xff").is_err());
        match parse(br#"{"port":1,"log":null,"port":2}"#) {
            Err(problem) => {
                assert_eq!(problem.field(), Some("port"));
                assert_eq!(problem.to_string(), "`port` is given more than once");
            }
            Ok(members) => panic!("{members:?}"),
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
