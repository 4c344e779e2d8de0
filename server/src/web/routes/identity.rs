//! `identity`: proves to this user's other programs whose server it is.

use actix_web::{
    HttpRequest,
    web::{Data, Query},
};
use serde::Deserialize;
use shared::identity::{Identity, MAX_CHALLENGE};

use crate::{json_body::Json, problem::Problem, web::app_state::AppState};

#[derive(Deserialize)]
struct IdentityQuery {
    challenge: String,
}

/// `GET /_homeport/identity?challenge=N`
///
/// What is signed is visible ASCII alone, so that a challenge can never smuggle in a line of what
/// surrounds it.
pub(super) async fn identity(
    request: HttpRequest,
    state: Data<AppState>,
) -> Result<Json<Identity>, Problem> {
    let asked = Query::<IdentityQuery>::from_query(request.query_string());
    let challenge = asked.map_err(|_| Problem::wrong_challenge())?.into_inner().challenge;
    let fits = (1..=MAX_CHALLENGE).contains(&challenge.len());
    if !fits || !challenge.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::wrong_challenge());
    }
    Ok(Json(state.identity(&challenge)))
}
