//! The methods that a route takes, and the refusal of all others.

use actix_web::{HttpResponse, Resource, guard, web};

use crate::problem::Problem;

/// A resource that refuses the methods that it does not take.
pub(super) fn resource(path: &str, allow: &'static str) -> Resource {
    web::resource(path).default_service(web::to(move || refuse(Problem::wrong_method(allow))))
}

pub(super) fn reading() -> impl guard::Guard {
    guard::Any(guard::Get()).or(guard::Head())
}

pub(super) fn getting() -> impl guard::Guard {
    guard::Get()
}

pub(super) fn posting() -> impl guard::Guard {
    guard::Post()
}

pub(super) fn putting() -> impl guard::Guard {
    guard::Put()
}

async fn refuse(refusal: Problem) -> Result<HttpResponse, Problem> {
    Err(refusal)
}
