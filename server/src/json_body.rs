//! JSON as the body of a response, with what a terminal would act on [escaped](printable::in_json).

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder, Responder, ResponseError, body::BoxBody,
    error::JsonPayloadError, http::header::ContentType,
};
use serde::Serialize;
use shared::printable;

/// A response of JSON with status 200.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> Responder for Json<T> {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        respond(HttpResponse::Ok().content_type(ContentType::json()), &self.0)
    }
}

/// The response with this body, whose type is set before.
pub(crate) fn respond(response: &mut HttpResponseBuilder, body: &impl Serialize) -> HttpResponse {
    match serde_json::to_string(body) {
        Ok(json) => response.body(printable::in_json(&json).into_owned()),
        Err(error) => JsonPayloadError::Serialize(error).error_response(),
    }
}
