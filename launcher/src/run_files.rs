//! The files of a running launch: the app's lock, the control socket, the discovery file.
//!
//! A logout, a clean-up or a person may remove them while the launch goes on. They lead others to it,
//! so they are written anew when a command or a signal comes. [`RunFilesState`] is what another process sees
//! of them.

use std::{
    fs, io, iter,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use shared::{
    app_lock::{AppLock, LockOutcome},
    atomic,
    discovery::{Discovery, withdraw},
    message,
    os::{FileIdentity, plain_identity_at},
    paths,
    port::Port,
    token::Token,
};

use uuid::Uuid;

use crate::{
    control::{self, ClientEvent, ControlListener},
    instance::RunningInstance,
    launch::Launch,
    options::CommandContext,
    os,
};

/// How old a file is that no process can still be writing.
const OLD: Duration = Duration::from_secs(60 * 60);

/// What takes the requests of commands, and learns who waits no longer.
type ClientHandler = Arc<dyn Fn(ClientEvent) + Send + Sync>;

/// The files of a running launch. Dropped at its end, it removes them.
pub struct RunFiles<'a> {
    launch: &'a Launch,
    lock: Option<Box<AppLock>>,
    control: Option<PathBuf>,
    /// Ends with these files, or when another takes its place.
    listener: Option<ControlListener>,
    /// Which file the control socket is, where it is one.
    socket: Option<FileIdentity>,
    published: Option<Discovery>,
    /// Why the discovery file does not lead to the server, as a sentence for a person.
    not_found: Option<String>,
    handle: ClientHandler,
}

impl<'a> RunFiles<'a> {
    /// Those of `launch`, which holds `lock` unless the system could not give it. Requests go to `handle`.
    pub fn new(
        launch: &'a Launch,
        lock: Option<Box<AppLock>>,
        handle: impl Fn(ClientEvent) + Send + Sync + 'static,
    ) -> Self {
        if lock.is_some() {
            remove_leftovers(launch);
        }
        let handle = Arc::new(handle);
        let mut files = Self {
            launch,
            lock,
            control: None,
            listener: None,
            socket: None,
            published: None,
            not_found: None,
            handle,
        };
        files.listen();
        files.write_owner();
        if let Err(error) = files.write_token() {
            launch.warn(&message!("warning.no_token"), &error);
        }
        files
    }

    /// The app's lock; `None` if the system could not give it, and then nothing is remembered.
    pub fn lock(&self) -> Option<&AppLock> {
        self.lock.as_deref()
    }

    /// On which port the last launch was killed, if it was: its server may be dying there.
    pub fn killed_on(&self) -> Option<Port> {
        self.lock.as_ref()?.remains().port()
    }

    /// Publishes where the server is, for programs.
    pub fn publish(&mut self, discovery: Discovery) {
        self.published = Some(Discovery { control: self.named_control(), ..discovery });
        self.write_owner();
        self.not_found = None;
        if let Err(error) = self.write_discovery() {
            if self.is_lost() {
                // What it says of another port, programs would believe.
                withdraw(&self.launch.context.folders.discovery(&self.launch.context.app));
            }
            let warning = message!("warning.not_found");
            self.launch.warn(&warning, &error);
            self.not_found = Some(format!("{warning} ({error})"));
        }
    }

    /// Why programs that read the discovery file are not led to the server, if they are not.
    pub fn not_found(&self) -> Option<&str> {
        self.not_found.as_deref()
    }

    /// Writes the lock's file, the control socket, the discovery file and the token anew where they are
    /// lost.
    pub fn restore(&mut self) {
        let context = &self.launch.context;
        let (app, folders) = (&context.app, &context.folders);
        if self.lock().is_some_and(|lock| lock.is_in_renamed_home(folders)) {
            return;
        }
        // Without the file the launch goes on, and others find it in other ways.
        if let Some(lock) = &mut self.lock {
            let _ = lock.renew(folders, app);
        } else if let Ok(LockOutcome::Held(lock)) = AppLock::try_hold(folders, app) {
            self.lock = Some(Box::new(lock));
        }
        let is_ours = |path: &PathBuf| {
            os::is_listening_at(path) && plain_identity_at(path).ok() == self.socket
        };
        // What was copied back, or put there, is a socket on which no process listens.
        if !self.control.as_ref().is_some_and(is_ours) {
            self.listen();
        }
        self.write_owner();
        if self.is_lost() {
            // It is tried again at the next occasion, and was warned of at the first.
            if self.write_discovery().is_ok() {
                self.not_found = None;
            }
        }
        let _ = self.write_token();
    }

    /// Writes the token, unless its file has it.
    fn write_token(&self) -> io::Result<()> {
        let Launch { token, context, .. } = self.launch;
        let file = context.folders.token(&context.app);
        match Token::load(&file) {
            Ok(found) if found == *token => Ok(()),
            _ => token.publish(&file),
        }
    }

    /// Whether the discovery file is not there, or leads elsewhere.
    fn is_lost(&self) -> bool {
        let context = &self.launch.context;
        let found = Discovery::of_app(&context.folders, &context.app).next();
        let leads = |discovery: &Discovery| (discovery.launch_id, discovery.port);
        self.published.is_some() && found.as_ref().map(leads) != self.published.as_ref().map(leads)
    }

    fn write_discovery(&self) -> io::Result<()> {
        let context = &self.launch.context;
        match &self.published {
            Some(discovery) => discovery.publish(&context.folders),
            None => Ok(()),
        }
    }

    /// Opens the control socket: at its usual place, or at another if it cannot be there.
    fn listen(&mut self) {
        let context = &self.launch.context;
        let usual = context.folders.control(&context.app);
        let substitute = os::substitute_socket(&usual);
        let opened = match self.listen_at(&usual) {
            Ok(listener) => Ok((listener, usual)),
            Err(error) => os::make_substitute_folder(&substitute)
                .and_then(|()| self.listen_at(&substitute))
                .map_err(|refused| {
                    let folder = os::substitute_folder(&substitute).display();
                    let socket = usual.display();
                    io::Error::other(message!("control.no_socket", socket, error, folder, refused))
                })
                .map(|listener| (listener, substitute)),
        };
        match opened {
            Ok((listener, path)) => {
                self.socket = plain_identity_at(&path).ok();
                self.control = Some(path);
                self.listener = Some(listener);
            }
            Err(error) => self.launch.warn(&message!("warning.no_control"), &error),
        }
        let control = self.named_control();
        if let Some(published) = &mut self.published {
            published.control = control;
        }
    }

    fn listen_at(&self, path: &Path) -> io::Result<ControlListener> {
        paths::make_parent(path)?;
        if self.lock.is_none() && control::try_out(path, None).is_ok() {
            // Another launch that could take no lock either.
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let handle = Arc::clone(&self.handle);
        control::listen(path, move |event| handle(event))
    }

    /// What files say of where requests are taken: nothing if the path is no text. Commands look at the usual place first.
    fn named_control(&self) -> Option<PathBuf> {
        self.control.clone().filter(|path| path.to_str().is_some())
    }

    fn write_owner(&mut self) {
        let control = self.named_control();
        let port = self.published.as_ref().map(|published| published.port);
        if let Some(lock) = &mut self.lock {
            lock.publish_owner(control.as_deref(), port);
        }
    }
}

/// The files of a running launch as another process sees them.
#[derive(Debug)]
pub struct RunFilesState {
    /// The launch that the discovery file names.
    published: Option<Uuid>,
    discovery: PathBuf,
    /// The files other than the discovery file that are missing.
    missing: Vec<PathBuf>,
}

impl RunFilesState {
    /// Looks at the files of the app; changes nothing.
    pub fn look(context: &CommandContext) -> Self {
        let (app, folders) = (&context.app, &context.folders);
        let discovery = folders.discovery(app);
        let found = Discovery::of_app(folders, app).next();
        let token = folders.token(app);
        let token = Some(token).filter(|file| Token::load(file).is_err());
        let control = control_of(context, found.as_ref()).filter(|path| !os::is_listening_at(path));
        let missing = AppLock::missing(folders, app).into_iter().chain(token).chain(control);
        Self {
            published: found.map(|found| found.launch_id),
            discovery,
            missing: missing.collect(),
        }
    }

    /// What a launcher of this version has lost that runs `found`.
    pub fn missing_of(&self, found: &RunningInstance) -> Vec<PathBuf> {
        let is_lost = self.published != Some(found.launch_id);
        let discovery = iter::once(&self.discovery).filter(|_| is_lost);
        discovery.chain(&self.missing).cloned().collect()
    }
}

/// Where the launcher says that it takes requests; the usual place if nothing says it, and `None` if it could
/// make no socket.
fn control_of(context: &CommandContext, published: Option<&Discovery>) -> Option<PathBuf> {
    let (app, folders) = (&context.app, &context.folders);
    match (AppLock::holder(folders, app), published) {
        (Some(LockOutcome::Busy(Some(owner))), _) => owner.control,
        (_, Some(published)) => published.control.clone(),
        (_, None) => Some(folders.control(app)),
    }
}

/// Removes what launches left that were killed while they wrote a file. The lock of the app keeps others from
/// writing the first ones; any process may write the last ones.
fn remove_leftovers(launch: &Launch) {
    let (app, folders) = (&launch.context.app, &launch.context.folders);
    let of_this_app = [
        folders.app_folder(app),
        folders.assignment(app),
        folders.discovery(app),
        folders.token(app),
        folders.error_page(app),
    ];
    for file in of_this_app {
        atomic::remove_leftovers(&file, Duration::ZERO);
    }
    for file in [folders.settings(app), folders.secret()] {
        atomic::remove_leftovers(&file, OLD);
    }
}

impl Drop for RunFiles<'_> {
    fn drop(&mut self) {
        let (app, folders) = (&self.launch.context.app, &self.launch.context.folders);
        let files = [folders.discovery(app), folders.token(app)];
        files.iter().chain(&self.control).for_each(|file| withdraw(file));
        // A launch whose browser was never opened has none.
        let _ = fs::remove_dir_all(folders.tickets(app));
    }
}
