//! The peer: actix-web with the same responses and nothing around them. No guard, no token, no log,
//! no metrics; each event is serialized once for all subscribers.

use std::{
    convert::Infallible,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
};

use actix_files::Files;
use actix_web::{
    App, HttpResponse, HttpServer,
    web::{self, Bytes, Data},
};
use futures_util::stream;
use serde_json::{Value, json};
use shared::{claim, paths::Folders, port::Port};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::{
    contenders::{SITE, STATUS, STATUS_FILE},
    fan_out::{EVENTS, LOOK},
};

/// The subscribers of the events.
type Followers = Mutex<Vec<UnboundedSender<Bytes>>>;

/// Serves the files of `home` on `port` until the process is killed.
pub(crate) fn serve(port: u16, home: &Path) -> io::Result<()> {
    let port = Port::new(port).ok_or(io::ErrorKind::InvalidInput)?;
    let claim = claim::port(port).map_err(io::Error::other)?;
    let folders = Folders::locate(Some(home), None).map_err(io::Error::other)?;
    let status: Value = serde_json::from_slice(&fs::read(home.join(STATUS_FILE))?)?;
    let (site, status) = (home.join(SITE), Data::new(status));
    let followers = Data::new(Followers::default());
    let told = followers.clone();
    thread::spawn(move || tell(&folders.history(), &told));
    actix_rt::System::new().block_on(async {
        let app = move || {
            let health = || async { HttpResponse::Ok().json(json!({ "status": "ok" })) };
            App::new()
                .app_data(status.clone())
                .app_data(followers.clone())
                .route("/_homeport/healthz", web::get().to(health))
                .route(STATUS, web::get().to(answer_status))
                .route(EVENTS, web::get().to(follow))
                .service(Files::new("/", &site))
        };
        // As our server has it: without, a file that takes two packets waits 40 ms for the first to be
        // acknowledged.
        let server = HttpServer::new(app).workers(2).tcp_nodelay(true);
        claim.into_listeners().into_iter().try_fold(server, HttpServer::listen)?.run().await
    })
}

async fn answer_status(status: Data<Value>) -> HttpResponse {
    HttpResponse::Ok().json(&**status)
}

async fn follow(followers: Data<Followers>) -> HttpResponse {
    let (follower, events) = unbounded_channel();
    followers.lock().unwrap_or_else(PoisonError::into_inner).push(follower);
    let events = stream::unfold(events, |mut events| async {
        events.recv().await.map(|event| (Ok::<_, Infallible>(event), events))
    });
    HttpResponse::Ok().content_type("text/event-stream").streaming(events)
}

/// Sends each line that is added to a file to all subscribers; polls the file as often as our
/// server.
fn tell(file: &Path, followers: &Followers) {
    let mut read = 0;
    loop {
        thread::sleep(LOOK);
        // It is not there before the first record is.
        let Ok(news) = news(file, read) else { continue };
        read += news.len() as u64;
        let mut followers = followers.lock().unwrap_or_else(PoisonError::into_inner);
        for line in news.lines() {
            let event = Bytes::from(format!("event: record\ndata: {line}\n\n"));
            followers.retain(|follower| follower.send(event.clone()).is_ok());
        }
    }
}

/// The bytes of a file after the offset `read`.
fn news(file: &Path, read: u64) -> io::Result<String> {
    let mut file = File::open(file)?;
    file.seek(SeekFrom::Start(read))?;
    let mut news = String::new();
    file.read_to_string(&mut news)?;
    // The rest of a line is for the next time.
    news.truncate(news.rfind('\n').map_or(0, |end| end + 1));
    Ok(news)
}
