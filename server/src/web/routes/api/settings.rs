//! `settings`: the settings of the app, read whole and replaced whole.
//!
//! The `ETag` is a hash of the file, so a client replaces only the settings that it has read: a change
//! that was made in between, here or in an editor, is not lost. The file keeps its comments. A browser
//! must not choose which program runs, so `command`, `program` and what goes with them cannot be changed.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{ContentType, ETAG, EntityTag, Header, IfMatch},
    web::{Data, Payload},
};
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use shared::{
    message,
    settings::{
        self, Change, Settings, TABLE,
        edit::{self, EditError},
        store::{self, StoreError},
    },
};
use utoipa::ToSchema;

use super::{
    blocking::{app_files, run_blocking},
    body,
    fields::Empty,
    query::Query,
};
use crate::{
    json_body,
    problem::Problem,
    web::{app_state::AppState, authorized::Authorized, launcher_requests::LauncherRequest},
};

/// `GET /_homeport/api/v1/settings`
#[utoipa::path(
    get,
    path = "/_homeport/api/v1/settings",
    tag = "settings",
    summary = "The settings, and what holds where they say nothing",
    responses(
        (status = 200, description = "As the file has them", body = SettingsAnswer, headers(("ETag" = String, description = "Which state of the file it is"))),
        (status = 404, response = Problem),
        (status = 409, response = Problem),
    ),
)]
pub(super) async fn read(
    _: Authorized,
    _: Query<Empty>,
    state: Data<AppState>,
) -> Result<HttpResponse, Problem> {
    run_blocking(move || {
        let file = app_files(&state.storage)?.folders.settings(&state.launch.app);
        let text = Settings::text(&file).map_err(|error| Problem::broken_settings(&error))?;
        answer(&state, &text)
    })
    .await
    .map(TaggedAnswer::into_response)
}

/// `PUT /_homeport/api/v1/settings`
#[utoipa::path(
    put,
    path = "/_homeport/api/v1/settings",
    tag = "settings",
    summary = "Replace the settings; the file keeps its comments",
    params(("If-Match" = String, Header, description = "The `ETag` of the settings that these replace.")),
    request_body = Settings,
    responses(
        (status = 200, description = "They are written; some hold from the next start on", body = SettingsAnswer, headers(("ETag" = String, description = "Which state of the file it is now"))),
        (status = 404, response = Problem),
        (status = 409, response = Problem),
        (status = 412, response = Problem),
        (status = 428, response = Problem),
    ),
)]
pub(super) async fn replace(
    _: Authorized,
    _: Query<Empty>,
    request: HttpRequest,
    payload: Payload,
    state: Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let wanted = body::object(&request, payload.into_inner()).await?;
    let given = expected(&request)?;
    run_blocking(move || {
        let files = app_files(&state.storage)?;
        let (changes, text) = store::rewrite(&files.folders, &state.launch.app, |text| {
            let (text, changes) = change(text, &given, &wanted)?;
            Ok((text.clone(), (changes, text)))
        })
        .map_err(|error| refused(error, &state))?;
        for change in &changes {
            files.history.record(&change.clone().into());
        }
        if !changes.is_empty() && state.launch.is_supervised() {
            state.requests.send(LauncherRequest::Reread);
        }
        answer(&state, &text)
    })
    .await
    .map(TaggedAnswer::into_response)
}

/// The version of the settings that the client wants to replace, from `If-Match`.
fn expected(request: &HttpRequest) -> Result<IfMatch, Problem> {
    if !request.headers().contains_key(IfMatch::name()) {
        return Err(Problem::if_match_missing());
    }
    // A header that cannot be parsed matches nothing.
    IfMatch::parse(request).map_err(|_| Problem::settings_changed())
}

/// The new text of the file, and the settings that it changes.
fn change(
    text: &str,
    given: &IfMatch,
    wanted: &Map<String, Value>,
) -> Result<(String, Vec<Change>), Unchanged> {
    let before = Settings::parse(text).map_err(|fault| Unchanged::Edit(EditError::Text(fault)))?;
    let now = tag(text);
    let is_seen = match given {
        IfMatch::Any => true,
        IfMatch::Items(tags) => tags.iter().any(|tag| tag.strong_eq(&now)),
    };
    if !is_seen {
        return Err(Unchanged::Stale);
    }
    let new = edit::replace(text, wanted).map_err(Unchanged::Edit)?;
    let after = Settings::parse(&new).map_err(|fault| Unchanged::Edit(EditError::Text(fault)))?;
    let changes = before.changes(&after);
    let decides = |key| TABLE.iter().any(|s| s.key == key && s.decides_what_is_run());
    if let Some(change) = changes.iter().find(|change| decides(change.key)) {
        return Err(Unchanged::Protected(change.key));
    }
    Ok((new, changes))
}

/// Why a change is not made.
#[derive(Debug, thiserror::Error)]
enum Unchanged {
    #[error("the settings are others")]
    Stale,
    #[error("`{0}` would change")]
    Protected(&'static str),
    #[error(transparent)]
    Edit(EditError),
}

fn refused(error: StoreError<Unchanged>, state: &AppState) -> Problem {
    match error {
        StoreError::Unusable(error) => Problem::broken_settings(&error),
        StoreError::Refused(Unchanged::Stale) => Problem::settings_changed(),
        StoreError::Refused(Unchanged::Protected(key)) => Problem::protected_setting(key),
        StoreError::Refused(Unchanged::Edit(error)) => match error {
            EditError::Key(settings::SettingsProblem::UnknownKey { key, nearest }) => {
                let detail = settings::SettingsProblem::UnknownKey { key: key.clone(), nearest };
                Problem::wrong_value(&key, &detail)
            }
            EditError::Key(problem) => Problem::wrong_value("", &problem),
            EditError::Value { key, .. } => Problem::wrong_value(key, &error),
            EditError::Text(fault) => Problem::broken_settings(&match &state.storage.files {
                Some(files) => fault.of(&files.folders.settings(&state.launch.app)),
                None => return Problem::no_files(),
            }),
        },
        StoreError::Unwritable { file, source } => {
            let detail = message!("set.unwritable", file = file.display(), error = source);
            Problem::system(detail, source)
        }
    }
}

/// The `ETag` of the file with this text.
fn tag(text: &str) -> EntityTag {
    let digest = Sha256::digest(text);
    EntityTag::new_strong(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

/// The settings, and the default values.
#[derive(Serialize, ToSchema)]
struct SettingsAnswer {
    /// The content of the file.
    settings: Settings,
    /// The values where the file sets nothing.
    defaults: Settings,
    /// Where a person may edit the settings, by its whole path.
    file: String,
}

/// An answer that is sent from a blocking thread, which a response cannot be.
struct TaggedAnswer {
    tag: EntityTag,
    body: SettingsAnswer,
}

impl TaggedAnswer {
    fn into_response(self) -> HttpResponse {
        let mut response = HttpResponse::Ok();
        response.content_type(ContentType::json()).insert_header((ETAG, self.tag.to_string()));
        json_body::respond(&mut response, &self.body)
    }
}

fn answer(state: &AppState, text: &str) -> Result<TaggedAnswer, Problem> {
    let file = app_files(&state.storage)?.folders.settings(&state.launch.app);
    let broken = |fault: settings::SettingsFault| Problem::broken_settings(&fault.of(&file));
    let settings = Settings::parse(text).map_err(broken)?;
    let file = file.display().to_string();
    let body = SettingsAnswer { settings, defaults: Settings::defaults(), file };
    Ok(TaggedAnswer { tag: tag(text), body })
}
