//! The API's description for programs, OpenAPI 3.1, made from the code.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use serde_json::{Value, json};
use utoipa::{
    OpenApi,
    openapi::{
        self, Ref,
        path::{Operation, PathItem},
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use super::{fields::Empty, operations::Operations, query::Query};
use crate::{problem::Problem, web::authorized::Authorized};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Homeport",
        description = "What a server knows of its port, and what a person may ask of it. Errors are \
            problems as RFC 9457 has them. Times are RFC 3339 in UTC, keys are those of the port \
            history.",
        license(name = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This server")),
    components(responses(Problem)),
    tags(
        (name = "reading", description = "What is, and what was"),
        (name = "settings", description = "The settings of the app"),
        (name = "orders", description = "What the person wants done"),
    ),
    security(("token" = []), ("cookie" = [])),
)]
struct Description;

/// The statuses that each operation may answer: a wrong parameter, no token, another method, another host.
const ALWAYS: [&str; 4] = ["400", "401", "405", "421"];

/// Further statuses of an operation with a body: another origin, too long, not JSON, a wrong value.
const WITH_BODY: [&str; 4] = ["403", "413", "415", "422"];

/// Adds the credentials and the common statuses of every operation.
fn complete(api: &mut openapi::OpenApi) {
    let components = api.components.get_or_insert_default();
    let token = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The token of the app, from the file `run/<app>.token`"))
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    let cookie = ApiKeyValue::with_description(
        "homeport-<app>-<port>",
        "What the command `open` of the launcher gives a browser",
    );
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
    for path in api.paths.paths.values_mut() {
        let PathItem { get, put, post, .. } = path;
        for operation in [&mut *get, &mut *put, &mut *post].into_iter().flatten() {
            may_answer(operation, &ALWAYS);
        }
        for operation in [put, post].into_iter().flatten() {
            may_answer(operation, &WITH_BODY);
        }
    }
}

fn may_answer(operation: &mut Operation, problems: &[&str]) {
    for status in problems {
        let problem = Ref::from_response_name("Problem").into();
        operation.responses.responses.entry((*status).to_owned()).or_insert(problem);
    }
}

/// The description as JSON; it is the same for every server of this version.
pub(super) static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let mut api = Description::openapi();
    api.merge(Operations::openapi());
    complete(&mut api);
    let mut document = json!(api);
    document["info"]["version"] = crate::web::app_state::VERSION.into();
    document
});

/// `GET /_homeport/openapi.json`
pub(super) async fn document(_: Authorized, _: Query<Empty>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(&*DOCUMENT))
}
