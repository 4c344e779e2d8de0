//! What the pages load: styles, scripts, messages and the icon, all of it built in.
//!
//! The address of each holds the version of all, which is made of their content. So a browser may
//! keep them for ever, a script imports the others by relative paths, and two versions never mix. They
//! are small and come over loopback, where compressing them would cost more time than sending them.

use std::{borrow::Cow, fmt::Display, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, EntityTag, IfNoneMatch},
    web::Path,
};
use sha2::{Digest, Sha256};
use shared::{
    event::EventName,
    messages::Language,
    words::{Class, MoveReason, Process, RestartReason, StopKind, StreamEvent},
};

use crate::{
    problem::Problem,
    web::{i18n, paths::BASE},
};

macro_rules! built_in {
    ($($name:literal,)*) => {
        /// Every file, by its name.
        static FILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../assets/", $name))),)*];
    };
}

built_in! {
    "icon.svg",
    "style/base.css",
    "style/landing.css",
    "style/console.css",
    "style/timeline.css",
    "style/docs.css",
    "script/actions.js",
    "script/api.js",
    "script/check.js",
    "script/console.js",
    "script/copy.js",
    "script/form.js",
    "script/live.js",
    "script/page.js",
    "script/records.js",
    "script/settings.js",
    "script/stale.js",
    "script/text.js",
    "script/time.js",
    "script/timeline/draw.js",
    "script/timeline/kinds.js",
    "script/timeline/scale.js",
    "script/timeline/story.js",
    "script/timeline/table.js",
    "script/timeline/timeline.js",
    "script/timeline/words.js",
}

/// The module of the words in records and events.
const WORDS: &str = "script/words.js";

/// The content of the module, made from the enums of the words.
static WORDS_MODULE: LazyLock<String> = LazyLock::new(|| {
    fn object<T: Copy + Display>(name: &str, words: &[T]) -> String {
        let member = |word: &T| format!("  {}: \"{word}\",\n", word.to_string().to_uppercase());
        let members: String = words.iter().map(member).collect();
        format!("export const {name} = Object.freeze({{\n{members}}});\n")
    }
    [
        object("EVENT", EventName::ALL),
        object("CLASS", Class::ALL),
        object("MOVE", MoveReason::ALL),
        object("RESTART", RestartReason::ALL),
        object("PROCESS", Process::ALL),
        object("STREAM", StreamEvent::ALL),
        object("STOP", StopKind::ALL),
    ]
    .concat()
});

/// How many hexadecimal digits of the hash are in an address: two versions never share them.
const DIGITS: usize = 12;

/// The version of all of them.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let messages = Language::ALL.map(|language| (language.tag(), language.file()));
    let words = [(WORDS, WORDS_MODULE.as_str())];
    let hash =
        FILES.iter().chain(&messages).chain(&words).fold(Sha256::new(), |hash, (name, content)| {
            hash.chain_update(name).chain_update([0]).chain_update(content).chain_update([0])
        });
    hex::encode(hash.finalize())[..DIGITS].to_owned()
});

pub(super) fn address(name: &str) -> String {
    format!("{BASE}/assets/{}/{name}", *VERSION)
}

/// The addresses of every script that the console runs.
pub(super) fn scripts(language: Language) -> impl Iterator<Item = String> {
    let names = FILES.iter().map(|(name, _)| *name).filter(|name| name.ends_with(".js"));
    names.map(address).chain([address(WORDS), address(&format!("text/{language}.js"))])
}

/// `GET /_homeport/assets/{version}/{name}`
///
/// An asset of another version is sent too, for a page that is older than the server, and must not be
/// cached.
pub(super) async fn asset(
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (version, name) = path.into_inner();
    let (media_type, content) = find(&name).ok_or(Problem::not_found())?;
    let keep = match version == *VERSION {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    let tag = EntityTag::new_strong(VERSION.clone());
    let is_known = is_known(&request, &tag);
    let mut response = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    response.insert_header((header::CACHE_CONTROL, keep)).insert_header(header::ETag(tag));
    Ok(match is_known {
        true => response.finish(),
        false => response.content_type(media_type).body(content),
    })
}

/// Whether the browser has the asset in its cache.
fn is_known(request: &HttpRequest, tag: &EntityTag) -> bool {
    match header::Header::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

/// A file: its media type and its content.
fn find(name: &str) -> Option<(&'static str, Cow<'static, str>)> {
    if let Some((_, content)) = FILES.iter().find(|(known, _)| *known == name) {
        return Some((media_type(name), Cow::Borrowed(content)));
    }
    if name == WORDS {
        return Some((media_type(name), Cow::Borrowed(&WORDS_MODULE)));
    }
    let language = Language::ALL.into_iter().find(|tag| format!("text/{tag}.js") == name)?;
    Some((
        media_type(name),
        Cow::Owned(format!("export default {};\n", i18n::for_scripts(language))),
    ))
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    }
}
