//! The extractor that lets a handler run only for requests with a right credential.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use shared::event::RequestedBy;

use crate::{
    auth::access::{Credential, Rejection},
    problem::Problem,
    web::app_state::AppState,
};

/// A request with a right credential.
pub struct Authorized {
    /// Where the request comes from: the console sends the cookie, programs send the token.
    pub by: RequestedBy,
}

impl FromRequest for Authorized {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(state) = request.app_data::<Data<AppState>>() else {
            return ready(Err(Problem::unauthorized()));
        };
        ready(match state.access.credential(request.headers()) {
            Credential::Right(by) => Ok(Self { by }),
            Credential::Wrong => Err(state.access.reject(request).into()),
            Credential::None => Err(Problem::unauthorized()),
        })
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Unauthorized => Self::unauthorized(),
            Rejection::TooManyAttempts => Self::too_many_attempts(),
        }
    }
}
