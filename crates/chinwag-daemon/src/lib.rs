//! The daemon: the only place where the parts meet, and the only owner of the data folder.
//!
//! The node and its store live on one thread (`node_thread`); the network's events and the requests
//! of clients come to it through one channel (`wires`, `server`, `api`), and what comes
//! out goes where it belongs after it was committed. A command that finds no daemon runs the very same
//! thing in its own process for as long as it needs it; others can attach to it meanwhile.

mod alike;
mod api;
mod attempts;
mod backups;
mod bundle_file;
mod classroom;
mod doctor;
mod groups;
mod home;
mod ids;
mod key_file;
mod log;
mod mentions;
mod messages;
mod node_thread;
mod passphrase;
mod people;
mod refusals;
mod searcher;
mod seats;
mod server;
mod shared;
mod time;
mod wires;

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use chinwag_api::client::{Client, Events};
use chinwag_api::error::{ApiError, Kind};
use chinwag_api::model::{RecoveryWords, Status};
use chinwag_core::store::{Local, Store as _};
use chinwag_net::Relays;
use chinwag_store::{DATABASE, Reader, SqliteStore};
use getrandom::SysRng;
use rand_core::UnwrapErr;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

pub use chinwag_net::{NoRelay, Relay, public_relays};
pub use classroom::ClassroomSettings;
pub use doctor::examine;
pub use home::{SOCKET, SOCKET_PATH_MAX};
pub use ids::device_key;
pub use log::{LogLevel, set_log_level};
pub use passphrase::{
    BadPassphrase, PASSPHRASE_MAX, Passphrase, Protection, StoreKey, begin, in_use, needed,
    protect, protection, unlock, unprotect,
};

use crate::api::{Api, Facts};
use crate::backups::Backups;
use crate::classroom::Classroom;
use crate::doctor::Moment;
use crate::home::{Home, backup_key};
use crate::node_thread::{CannotOpen, Engine, Job, NodeThread, Opening};
use crate::refusals::unreadable;
use crate::searcher::Searcher;
use crate::seats::Seat;
use crate::shared::{Shared, Trouble};
use crate::wires::Wiring;

/// How long a connection to a socket may take: whoever owns it is on this machine.
const ATTACH_WITHIN: Duration = Duration::from_secs(2);

/// How long it may take, at the end, to tell those who asked something that it was done or that it was
/// not.
const LAST_ANSWERS_WITHIN: Duration = Duration::from_millis(500);

/// Bytes that are read of a file of certificates.
const CERTIFICATES_MAX: u64 = 1024 * 1024;

/// Bytes between a client within the process and the server.
const PIPE: usize = 64 * 1_024;

/// How a node is run.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the data is; made if it isn't there.
    pub data_dir: PathBuf,
    /// Where to note what tells a data folder from an older copy of it, outside of it; none: where the
    /// system says.
    pub state_dir: Option<PathBuf>,
    /// Whether to announce ourselves on the local network and look for others there.
    pub lan: bool,
    /// Where to listen; none: on all addresses, at the port of last time.
    pub bind: Vec<SocketAddr>,
    /// The relays that may be used; none: devices meet directly or not at all.
    pub relays: Vec<Relay>,
    /// A file of certificates in PEM that are trusted to speak for relays, beside those that browsers trust.
    pub relay_certificates: Option<PathBuf>,
    /// Whether it stays, or goes with the command that needs it.
    pub is_daemon: bool,
    /// How much is noted in the log, which is in the data folder.
    pub log: LogLevel,
    /// Who to be in the classroom; none: it is neither heard nor spoken to.
    pub classroom: Option<ClassroomSettings>,
}

/// A running node: the one owner of the data folder.
pub struct Daemon {
    api: Api,
    node: NodeThread,
    thread: Option<JoinHandle<()>>,
    tasks: JoinSet<()>,
    wires: Option<Wires>,
    in_class: Option<InClass>,
    failed: watch::Receiver<Option<ApiError>>,
    socket: PathBuf,
}

/// The task between network and node.
struct Wires {
    stop: oneshot::Sender<()>,
    task: tokio::task::JoinHandle<()>,
}

/// The task that is in the classroom.
struct InClass {
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
}

impl std::fmt::Debug for Daemon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Daemon").field("socket", &self.socket).finish_non_exhaustive()
    }
}

impl Daemon {
    /// Opens the data folder, and listens on its socket and on the network. To be called within a
    /// tokio runtime. An error: another process owns the folder ([`Kind::Locked`]), it can't be
    /// written, or what is in it can't be read; then nothing was changed.
    ///
    /// A folder that a passphrase protects is refused ([`Kind::Locked`]): [`start_with`](Self::start_with)
    /// is for those.
    pub async fn start(settings: Settings) -> Result<Self, ApiError> {
        Self::start_with(settings, None).await
    }

    /// The same with the key of a folder that was [unlocked](unlock).
    pub async fn start_with(settings: Settings, key: Option<StoreKey>) -> Result<Self, ApiError> {
        let relays = relays(&settings)?;
        let mut home = Home::of(&settings)?.with_key(key);
        home.make()?;
        // At hand from here on, whatever becomes of its file.
        let key = StoreKey::of(home.key()?);
        let home = home.with_key(Some(key));
        let (shared, orders) = Shared::new(relays);
        let (node, jobs) = NodeThread::channel();
        let (failing, failed) = watch::channel(None);
        let (opened, is_open) = oneshot::channel();
        let opening = opening(home.clone());
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("node".to_owned())
            .spawn(move || live(opening, for_thread, jobs, opened, &failing))
            .map_err(|error| {
                ApiError::new(Kind::Internal, format!("cannot start a thread: {error}"))
            })?;
        is_open.await.map_err(|_| ApiError::new(Kind::Internal, "the node did not start"))??;
        // Not before: who owns the folder owns the log.
        if log::start(&home.log(), settings.log).is_err() {
            shared.problem(Trouble::Log, "the log can't be written");
        }
        tracing::info!(is_daemon = settings.is_daemon, lan = settings.lan, "started");
        let key_home = home.clone();
        let open_reader = move || {
            let key =
                key_home.key().map_err(|error| chinwag_store::OpenError::Damaged(error.message))?;
            Reader::open(key_home.path(), &key)
        };
        let facts = Facts {
            home: home.clone(),
            is_daemon: settings.is_daemon,
            lan: settings.lan,
            bind: settings.bind.clone(),
            since: time::now(),
            begun: Moment::now(),
        };
        let classroom =
            settings.classroom.map(|settings| Classroom::new(settings, Arc::clone(&shared)));
        let api = Api {
            classroom: classroom.clone(),
            node: node.clone(),
            shared: Arc::clone(&shared),
            searcher: Searcher::new(Box::new(open_reader)),
            backups: Backups::of(home.clone()),
            facts: Arc::new(facts),
            ending: watch::Sender::new(false),
            closing: watch::Sender::new(false),
        };
        let socket = home.socket();
        let listener = server::listen(&socket)?;
        // A command has more to do than to be reached.
        let must_listen = settings.is_daemon && !settings.bind.is_empty();
        let mut tasks = JoinSet::new();
        tasks.spawn(server::accept(listener, api.clone()));
        let (stop, stopped) = oneshot::channel();
        let wiring = Wiring { home, lan: settings.lan, bind: settings.bind };
        let wires = wires::run(wiring, Arc::clone(&shared), node.clone(), orders, stopped);
        let wires = Wires { stop, task: tokio::spawn(wires) };
        let in_class = classroom.map(|classroom| {
            let (stop, stopped) = watch::channel(false);
            InClass { stop, task: tokio::spawn(classroom.run(stopped)) }
        });
        let has_account = node.look(|view| Ok(view.node.account().is_some())).await?;
        if has_account {
            shared.until_tried().await;
        }
        let has_network = shared.network().is_some();
        let (thread, wires) = (Some(thread), Some(wires));
        let daemon = Self { api, node, thread, tasks, wires, in_class, failed, socket };
        if must_listen && has_account && !has_network {
            let why = shared.listening_problem().unwrap_or_else(|| "cannot listen".to_owned());
            daemon.stop().await;
            return Err(ApiError::new(Kind::Locked, why)
                .hint("choose another address with --bind, or leave it out"));
        }
        Ok(daemon)
    }

    /// A client of this node, within the process.
    pub fn client(&self) -> (Client, Events) {
        let (ours, theirs) = tokio::io::duplex(PIPE);
        tokio::spawn(server::serve(theirs, self.api.clone(), Seat::new()));
        Client::over(ours)
    }

    /// Waits until somebody asks for the end (`system.shutdown`), or the node fails for good.
    pub async fn ended(&mut self) -> Result<(), ApiError> {
        let mut ending = self.api.ending.subscribe();
        tokio::select! {
            _ = ending.wait_for(|is_ending| *is_ending) => Ok(()),
            failed = self.failed.wait_for(Option::is_some) => match failed {
                Ok(failed) => failed.clone().map_or(Ok(()), Err),
                // Its thread has ended without a word.
                Err(_) => Err(ApiError::new(Kind::Internal, "the node has stopped")),
            },
        }
    }

    /// Ends it: everything that was accepted is on the disk, everybody hears goodbye, and no file of
    /// the data is open any more, whoever still has a client.
    pub async fn stop(mut self) {
        tracing::info!("ending");
        let _ = std::fs::remove_file(&self.socket);
        self.api.backups.stop();
        let wires = self.wires.take().map(|wires| {
            let _ = wires.stop.send(());
            wires.task
        });
        let in_class = self.in_class.take().map(|in_class| {
            in_class.stop.send_replace(true);
            in_class.task
        });
        let _ = self.node.send(Job::Stop);
        if let Some(thread) = self.thread.take() {
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        // From now on all that is asked is answered with the end.
        self.api.closing.send_replace(true);
        self.api.backups.close().await;
        if let Some(wires) = wires {
            let _ = wires.await;
        }
        if let Some(network) = self.api.shared.network() {
            network.stop().await;
        }
        if let Some(in_class) = in_class {
            let _ = in_class.await;
        }
        let answered = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LAST_ANSWERS_WITHIN, answered).await;
        self.tasks.shutdown().await;
        self.api.searcher.close().await;
        tracing::info!("ended");
    }
}

/// The node's thread, from its beginning to its end.
fn live(
    opening: Opening,
    shared: Arc<Shared>,
    jobs: tokio::sync::mpsc::UnboundedReceiver<Job>,
    opened: oneshot::Sender<Result<(), ApiError>>,
    failing: &watch::Sender<Option<ApiError>>,
) {
    let engine = match Engine::open(opening, shared) {
        Ok(engine) => engine,
        Err(error) => return drop(opened.send(Err(error))),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let error = ApiError::new(Kind::Internal, format!("cannot start a runtime: {error}"));
            return drop(opened.send(Err(error)));
        }
    };
    let _ = opened.send(Ok(()));
    if let Err(error) = runtime.block_on(engine.run(jobs)) {
        failing.send_replace(Some(error));
    }
}

fn opening(home: Home) -> Opening {
    Box::new(move || {
        let key = home.key().map_err(|error| CannotOpen { error, may_pass: false })?;
        let witness = home.witness();
        let open = if home.is_new() { SqliteStore::open } else { SqliteStore::open_existing };
        let opened = open(home.path(), witness.as_deref(), &key);
        let (store, opened) = opened.map_err(|error| home.cannot_open(&error))?;
        home.put_place();
        // The folder is ours: whoever wrote these did not end it.
        home.key_file().sweep();
        Ok((store, opened.is_copy))
    })
}

/// The relays that may be used.
fn relays(settings: &Settings) -> Result<Relays, ApiError> {
    let relays = Relays::new(settings.relays.clone());
    let relays = relays.map_err(|error| ApiError::new(Kind::Limit, error.to_string()))?;
    let Some(path) = &settings.relay_certificates else { return Ok(relays) };
    match certificates(path).and_then(|pem| relays.clone().trusting(&pem)) {
        Ok(trusting) => Ok(trusting),
        // They may be wanted once one is chosen.
        Err(_) if relays.is_empty() => Ok(relays),
        Err(why) => Err(no_certificates(path, &why)),
    }
}

fn certificates(path: &Path) -> Result<Vec<u8>, String> {
    let mut pem = Vec::new();
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let read = file.take(CERTIFICATES_MAX).read_to_end(&mut pem);
    read.map(|_| pem).map_err(|error| error.to_string())
}

fn no_certificates(path: &Path, why: &str) -> ApiError {
    let text = format!("the certificates of relays, {}, can't be used: {why}", path.display());
    ApiError::new(Kind::NotFound, text)
        .hint("relay_certificates in the config names a file of certificates in PEM")
}

/// What there is to say of a data folder in which nothing was made yet. `None`: there is something, and a
/// node tells. Nothing is made.
pub fn untouched(settings: &Settings) -> Result<Option<Status>, ApiError> {
    let home = Home::at(&settings.data_dir)?;
    let is_untouched = match std::fs::read_dir(home.path()) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
    };
    Ok(is_untouched.then(|| Status {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        account: None,
        data_dir: home.path().display().to_string(),
        has_passphrase: false,
        process: std::process::id(),
        is_daemon: false,
        since: time::written(time::now()),
        addresses: Vec::new(),
        lan: settings.lan,
        relays: Vec::new(),
        connected: 0,
        contacts: 0,
        requests: 0,
        invitations: 0,
        unread: 0,
        undelivered: 0,
        problems: Vec::new(),
        classroom: None,
    }))
}

/// A connection to the node that owns this data folder, if one runs.
pub async fn attach(data_dir: &Path) -> Result<Option<(Client, Events)>, ApiError> {
    let socket = Home::at(data_dir)?.socket();
    match tokio::time::timeout(ATTACH_WITHIN, Client::connect(&socket)).await {
        Ok(Ok(connected)) => Ok(Some(connected)),
        Ok(Err(error))
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound
                    | std::io::ErrorKind::ConnectionRefused
                    | std::io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(None)
        }
        Ok(Err(error)) => Err(home::failed("reach the daemon at", &socket, &error)),
        Err(_) => {
            Err(ApiError::new(Kind::Locked, "the daemon does not answer")
                .hint("end it, and try again"))
        }
    }
}

/// The socket of the node that owns this data folder, if one runs: for programs that speak to it
/// themselves.
pub fn socket(data_dir: &Path) -> Result<PathBuf, ApiError> {
    Ok(Home::at(data_dir)?.socket())
}

/// By how many bytes the path of the socket in this data folder is too long, if it is: then the socket is
/// elsewhere.
pub fn socket_excess(data_dir: &Path) -> Result<Option<usize>, ApiError> {
    let usual = Home::at(data_dir)?.path().join(SOCKET);
    Ok(usual.as_os_str().len().checked_sub(SOCKET_PATH_MAX).filter(|&over| over > 0))
}

/// Restores a backup into an empty data folder, with the recovery words. What is restored goes on as a
/// new device of the same account. With a key, which [`begin`] made, the folder is protected by a
/// passphrase from its beginning.
pub async fn restore(
    settings: &Settings,
    backup: &Path,
    words: &RecoveryWords,
    key: Option<StoreKey>,
) -> Result<(), ApiError> {
    let mut home = Home::of(settings)?.with_key(key);
    if home.has_data() {
        let text = format!("{} has data already", home.path().display());
        return Err(
            ApiError::new(Kind::Refused, text).hint("restore into another folder: --data-dir DIR")
        );
    }
    let seed = api::seed_of(words)?;
    let (backup, key) = (backup.to_owned(), backup_key(seed.expose()));
    if !backup.is_file() {
        let text = format!("there is no backup {}", backup.display());
        return Err(ApiError::new(Kind::NotFound, text));
    }
    home.make()?;
    let restored = tokio::task::spawn_blocking(move || put_back(&home, &backup, &key)).await;
    restored.map_err(|error| ApiError::new(Kind::Internal, error.to_string()))?
}

/// Reads the backup with its own key, and writes it into the folder under the folder's. The mark that
/// it is a copy comes along.
fn put_back(home: &Home, backup: &Path, key: &chinwag_crypto::Secret<32>) -> Result<(), ApiError> {
    let own_key = home.key()?;
    let wrong = |error: chinwag_store::OpenError| {
        match error {
        chinwag_store::OpenError::WrongKey(_) => ApiError::new(
            Kind::Refused,
            format!("{} does not open with these words", backup.display()),
        )
        .hint("use the recovery words of the account that made it; if they are right, it is no backup, or damaged"),
        other => home.cannot_open(&other).error,
    }
    };
    SqliteStore::put_back(backup, key, &home.path().join(DATABASE), &own_key).map_err(wrong)?;
    let (mut store, _) =
        SqliteStore::open(home.path(), home.witness().as_deref(), &own_key).map_err(wrong)?;
    let local: Option<Local> = store.local().map_err(|error| unreadable(&error))?;
    if local.is_none() {
        return Err(ApiError::new(Kind::Refused, "there is no account in this backup"));
    }
    store.checkpoint().map_err(|error| unreadable(&error))
}

/// Randomness of the system.
pub(crate) fn randomness() -> UnwrapErr<SysRng> {
    UnwrapErr(SysRng)
}
