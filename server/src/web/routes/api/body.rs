//! The body of a request: an object in JSON, or nothing.

use std::{collections::HashSet, fmt};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::header::{self, HeaderMap, HeaderValue},
};
use futures_util::{FutureExt, StreamExt, future::LocalBoxFuture};
use serde::de::{DeserializeOwned, Deserializer as _, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::{fields, refusal::Refusal};
use crate::web::routes::MAX_BODY;

/// What was sent, in the struct that describes it; no body, and `null`, is an empty object.
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest for Body<T> {
    type Error = Refusal;
    type Future = LocalBoxFuture<'static, Result<Self, Refusal>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        let body = async move {
            let members = object(&request, payload).await?;
            let read = fields::read(members).map(Self);
            read.map_err(|wrong| Refusal::value(&wrong.field, &wrong.detail))
        };
        body.boxed_local()
    }
}

async fn object(request: &HttpRequest, payload: Payload) -> Result<Map<String, Value>, Refusal> {
    let bytes = read(payload).await?;
    let is_typed = request.headers().contains_key(header::CONTENT_TYPE);
    if bytes.is_empty() && !is_typed {
        return Ok(Map::new());
    }
    judge(request.headers())?;
    if matches!(bytes.trim_ascii(), b"" | b"null") {
        return Ok(Map::new());
    }
    parse(&bytes)
}

/// A body where there must be one, with members that are checked elsewhere.
pub(super) async fn some_object(
    request: &HttpRequest,
    payload: Payload,
) -> Result<Map<String, Value>, Refusal> {
    let bytes = read(payload).await?;
    judge(request.headers())?;
    parse(&bytes)
}

async fn read(mut payload: Payload) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    while let Some(piece) = payload.next().await {
        let piece = piece.map_err(|error| match error {
            PayloadError::Overflow => Refusal::TooLong,
            _ => Refusal::Json {
                place: None,
                detail: "the body could not be read to its end".to_owned(),
            },
        })?;
        if bytes.len() + piece.len() > MAX_BODY {
            return Err(Refusal::TooLong);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// Whether the body is what we read: JSON, in UTF-8, and not packed.
fn judge(headers: &HeaderMap) -> Result<(), Refusal> {
    let wrong = Refusal::MediaType("send JSON: `Content-Type: application/json`");
    let Some(kind) = headers.get(header::CONTENT_TYPE) else { return Err(wrong) };
    let kind = kind.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut parts = kind.split(';').map(str::trim);
    let is_json = parts.next() == Some("application/json");
    let charset = parts.find_map(|part| part.strip_prefix("charset="));
    if !is_json || charset.is_some_and(|charset| charset.trim_matches('"') != "utf-8") {
        return Err(wrong);
    }
    let packed = headers.get(header::CONTENT_ENCODING).map(HeaderValue::as_bytes);
    match packed {
        None | Some(b"identity") => Ok(()),
        Some(_) => Err(Refusal::MediaType("send it unpacked, without `Content-Encoding`")),
    }
}

fn parse(bytes: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let said = error.to_string();
        let place = format!(" at line {line} column {column}");
        let detail = said.strip_suffix(&place).unwrap_or(&said).to_owned();
        Refusal::Json { place: Some((line, column)), detail }
    })?;
    if let Some(key) = doubled(bytes) {
        return Err(Refusal::value(&key, "given more than once"));
    }
    match value {
        Value::Object(object) => Ok(object),
        _ => Err(Refusal::Json { place: Some((1, 1)), detail: "send an object".to_owned() }),
    }
}

/// The first member that an object has twice, of which serde would keep the last alone.
fn doubled(bytes: &[u8]) -> Option<String> {
    struct Members(Option<String>);

    impl<'de> Visitor<'de> for Members {
        type Value = Self;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut members: M) -> Result<Self, M::Error> {
            let (mut seen, mut doubled) = (HashSet::new(), None);
            while let Some((key, IgnoredAny)) = members.next_entry::<String, IgnoredAny>()? {
                if let Some(key) = seen.replace(key) {
                    doubled = doubled.or(Some(key));
                }
            }
            Ok(Self(doubled))
        }
    }

    let mut json = serde_json::Deserializer::from_slice(bytes);
    json.deserialize_map(Members(None)).ok()?.0
}

#[cfg(test)]
mod test {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bad_json_is_told_with_its_place() {
        for (text, place) in [
            ("{\n  \"port\": 1,\n}", (3, 1)),
            ("", (1, 0)),
            ("[1]", (1, 1)),
            ("{\"a\":1} x", (1, 9)),
        ] {
            match parse(text.as_bytes()) {
                Err(Refusal::Json { place: Some(told), .. }) => assert_eq!(told, place, "{text}"),
                other => panic!("{other:?}"),
            }
        }
        assert!(parse(b"\xff").is_err());
        match parse(br#"{"port":1,"log":null,"port":2}"#) {
            Err(Refusal::Value { field, .. }) => assert_eq!(field, "port"),
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(bytes: Vec<u8>) {
            let _ = parse(&bytes);
        }
    }
}
