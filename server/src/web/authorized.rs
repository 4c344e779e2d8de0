//! The extractor that lets a handler run only for requests with a right credential.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use shared::event::RequestedBy;

use crate::{
    auth::access::{Credential, Rejection},
    web::{app_state::AppState, error::ApiError},
};

/// A request with a right credential.
pub struct Authorized {
    /// Where the request comes from: the console sends the cookie, programs send the token.
    pub by: RequestedBy,
}

impl FromRequest for Authorized {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(state) = request.app_data::<Data<AppState>>() else {
            return ready(Err(ApiError::NoToken));
        };
        ready(match state.access.credential(request.headers()) {
            Credential::Right(by) => Ok(Self { by }),
            Credential::Wrong => Err(state.access.reject(request).into()),
            Credential::None => Err(ApiError::NoToken),
        })
    }
}

impl From<Rejection> for ApiError {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Unauthorized => Self::NoToken,
            Rejection::TooManyAttempts => Self::TooManyAttempts,
        }
    }
}
