//! Where the passphrase of a data folder comes from: a file descriptor, a program that the config names, or
//! whoever sits at the terminal, in this order.
//!
//! It is never an argument and never in the environment, both of which others can see; it is wiped after
//! use, and what is kept is the key that it opened.

use std::io;
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chinwag_api::error::ApiError;
use chinwag_daemon::{BadPassphrase, PASSPHRASE_MAX, Passphrase, Protection, StoreKey};
use tokio::io::AsyncReadExt as _;
use tokio::process::{ChildStdout, Command};
use tokio::sync::OnceCell;
use zeroize::Zeroizing;

use crate::exit::{Exit, Failure};
use crate::output;
use crate::terminal::ask::{self, Hidden};
use crate::terminal::descriptor::Descriptor;

/// How often somebody may mistype.
const TRIES: usize = 3;

/// Bytes of a passphrase below which whoever has the folder may find it by trying, at a sixth of a second of
/// one core each: eight letters and digits by chance last a year of ten thousand cores, and what people think
/// up far less.
const SHORT: usize = 12;

/// How long the program that prints the passphrase may take: it may ask somebody for something itself.
const COMMAND_WITHIN: Duration = Duration::from_mins(1);

/// Bytes that this program may print: the passphrase, and what a password store keeps below it.
const COMMAND_OUTPUT_MAX: usize = 64 * 1_024;

/// Whether somebody may be asked now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asking {
    /// If there is somebody.
    Allowed,
    /// The terminal shows something else.
    Forbidden,
}

/// What has to be done before a folder can be opened.
#[derive(Debug)]
pub(crate) enum Lock {
    /// Nothing: no passphrase protects it, or its key is at hand.
    Open,
    /// Its key is at hand since now. That may have taken long.
    Opened,
    /// Somebody else has it now, so that nobody was asked for anything.
    Taken(ApiError),
}

/// Who unlocks the data folder.
#[derive(Debug)]
pub(crate) struct Unlocker {
    fd: Option<u32>,
    command: Vec<String>,
    given: OnceCell<Given>,
    /// Whether the program of the config did not let us in. It may have asked somebody, so it is not run
    /// again by itself.
    has_failed: AtomicBool,
    key: Mutex<Option<StoreKey>>,
}

/// What came from the file descriptor, which may have another line.
#[derive(Debug)]
struct Given {
    descriptor: Arc<Descriptor>,
    passphrase: Arc<Passphrase>,
}

impl Unlocker {
    pub(crate) fn new(fd: Option<u32>, command: Vec<String>) -> Self {
        let (given, has_failed) = (OnceCell::new(), AtomicBool::new(false));
        Self { fd, command, given, has_failed, key: Mutex::new(None) }
    }

    fn lock(&self) -> MutexGuard<'_, Option<StoreKey>> {
        self.key.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The key, if it is at hand.
    pub(crate) fn key(&self) -> Option<StoreKey> {
        self.lock().clone()
    }

    /// Has a key at hand.
    pub(crate) fn hold(&self, key: StoreKey) {
        *self.lock() = Some(key);
    }

    /// Reads the line of the file descriptor, if there is to be one, whether it will be needed or not: what
    /// reads from there afterwards must not take it for something else.
    pub(crate) async fn take_given(&self) -> Result<(), Failure> {
        self.given().await.map(drop)
    }

    async fn given(&self) -> Result<Option<&Given>, Failure> {
        let Some(fd) = self.fd else { return Ok(None) };
        let read = || async {
            let descriptor = Arc::new(open(fd)?);
            let passphrase = Arc::new(line(Arc::clone(&descriptor), fd).await?);
            Ok(Given { descriptor, passphrase })
        };
        self.given.get_or_try_init(read).await.map(Some)
    }

    /// Has the key of this folder at hand, if it is one that a passphrase protects and that nobody has. An
    /// error: there is no passphrase, or another one.
    pub(crate) async fn unlock(&self, data_dir: &Path, asking: Asking) -> Result<Lock, Failure> {
        // Whatever is wrong with the key is told by who opens the folder.
        let is_protected =
            matches!(chinwag_daemon::protection(data_dir), Ok(Protection::Passphrase { .. }));
        if !is_protected || self.key().is_some() {
            return Ok(Lock::Open);
        }
        if let Some(error) = chinwag_daemon::in_use(data_dir)? {
            return Ok(Lock::Taken(error));
        }
        let key = if let Some(given) = self.given().await? {
            let what = "what came from --passphrase-fd";
            tried(data_dir, Arc::clone(&given.passphrase), what).await?
        } else if !self.command.is_empty() && !self.has_failed.load(Ordering::Relaxed) {
            self.by_command(data_dir, asking).await?
        } else if asking == Asking::Allowed && ask::can_ask() {
            asked(data_dir).await?
        } else {
            return Err(nobody_to_ask(data_dir, asking));
        };
        self.hold(key);
        Ok(Lock::Opened)
    }

    /// The key, by what the program of the config prints.
    async fn by_command(&self, data_dir: &Path, asking: Asking) -> Result<StoreKey, Failure> {
        self.has_failed.store(true, Ordering::Relaxed);
        let passphrase = Arc::new(printed(&self.command, asking).await?);
        let key = tried(data_dir, passphrase, "what passphrase_command printed").await?;
        self.has_failed.store(false, Ordering::Relaxed);
        Ok(key)
    }

    /// A first passphrase, from where the folder will be unlocked with it, or typed twice.
    pub(crate) async fn first(&self) -> Result<Passphrase, Failure> {
        if let Some(given) = self.given().await? {
            return Ok(given.passphrase.copy());
        }
        if !self.command.is_empty() {
            return printed(&self.command, Asking::Allowed).await;
        }
        typed_twice("give it with --passphrase-fd, or by passphrase_command in the config").await
    }

    /// Another passphrase: a line of a file descriptor, or typed twice.
    pub(crate) async fn another(&self, fd: Option<u32>) -> Result<Passphrase, Failure> {
        let Some(fd) = fd else {
            return typed_twice("give it with --new-passphrase-fd").await;
        };
        match self.given().await? {
            Some(given) if self.fd == Some(fd) => line(Arc::clone(&given.descriptor), fd).await,
            _ => line(Arc::new(open(fd)?), fd).await,
        }
    }
}

/// A passphrase that is not asked for again.
async fn tried(
    data_dir: &Path,
    passphrase: Arc<Passphrase>,
    what: &str,
) -> Result<StoreKey, Failure> {
    let key = chinwag_daemon::unlock(data_dir, passphrase).await?;
    key.ok_or_else(|| {
        let sentence = format!("{what} is not the passphrase of {}", data_dir.display());
        Failure::saying(Exit::Locked, sentence)
    })
}

/// Asks until it is the right one, a few times.
async fn asked(data_dir: &Path) -> Result<StoreKey, Failure> {
    let folder = output::one_line(&data_dir.display().to_string());
    let hidden = Hidden::begin()?;
    for left in (0..TRIES).rev() {
        let prompt = format!("Passphrase of {folder}: ");
        let Some(line) = hidden.secret(&prompt).await? else {
            return Err(Failure::from(chinwag_daemon::needed(data_dir)));
        };
        if let Ok(passphrase) = Passphrase::new(&line)
            && let Some(key) = chinwag_daemon::unlock(data_dir, Arc::new(passphrase)).await?
        {
            return Ok(key);
        }
        if left > 0 {
            output::remark("That is not it.");
        }
    }
    let sentence = format!("that was not the passphrase of {folder}, {TRIES} times");
    Err(Failure::saying(Exit::Locked, sentence))
}

/// Asks for a new one, until it was typed twice alike.
async fn typed_twice(otherwise: &str) -> Result<Passphrase, Failure> {
    if !ask::can_ask() {
        let sentence = "there is nobody to ask for a new passphrase";
        return Err(Failure::saying(Exit::Usage, sentence).hint(otherwise));
    }
    let none = || Failure::saying(Exit::Refused, "nothing was done: there is no new passphrase");
    let hidden = Hidden::begin()?;
    for _ in 0..TRIES {
        let typed = hidden.secret("New passphrase: ").await?.ok_or_else(none)?;
        let passphrase = match Passphrase::new(&typed) {
            Ok(passphrase) => passphrase,
            Err(BadPassphrase::Empty) => return Err(none()),
            Err(error) => return Err(unfit(error)),
        };
        let again = hidden.secret("The same again: ").await?.ok_or_else(none)?;
        if Passphrase::new(&again).is_ok_and(|again| again == passphrase) {
            if typed.len() < SHORT {
                output::remark(
                    "That is a short one: whoever gets the folder can try them all. Five or six words by \
                     chance are long enough (chinwag passphrase change).",
                );
            }
            return Ok(passphrase);
        }
        output::remark("These were two different ones.");
    }
    Err(Failure::saying(Exit::Refused, "nothing was done: it was not typed twice alike"))
}

fn open(fd: u32) -> Result<Descriptor, Failure> {
    let descriptor = Descriptor::open(fd).map_err(|error| unreadable(fd, error))?;
    if descriptor.is_terminal() {
        let sentence = format!("file descriptor {fd} is a terminal, which would show a passphrase");
        return Err(Failure::saying(Exit::Usage, sentence).hint("without it you are asked"));
    }
    Ok(descriptor)
}

/// The next line there.
async fn line(descriptor: Arc<Descriptor>, fd: u32) -> Result<Passphrase, Failure> {
    let read = tokio::task::spawn_blocking(move || descriptor.line(PASSPHRASE_MAX)).await;
    let read = read.map_err(|error| Failure::new(Exit::Internal, error))?;
    let line = read.map_err(|error| unreadable(fd, error))?.ok_or_else(|| {
        Failure::saying(Exit::Usage, format!("there is no passphrase in file descriptor {fd}"))
    })?;
    Passphrase::new(&line).map_err(unfit)
}

fn unreadable(fd: u32, error: io::Error) -> Failure {
    let error = anyhow::Error::new(error);
    Failure::new(Exit::Usage, error.context(format!("can't read file descriptor {fd}")))
        .hint("open it for us: 3< FILE and --passphrase-fd 3, for example")
}

fn unfit(error: BadPassphrase) -> Failure {
    let exit = match error {
        BadPassphrase::Empty => Exit::Usage,
        BadPassphrase::Long => Exit::Limit,
    };
    Failure::new(exit, error)
}

fn nobody_to_ask(data_dir: &Path, asking: Asking) -> Failure {
    let failure = Failure::from(chinwag_daemon::needed(data_dir));
    match asking {
        Asking::Allowed => failure,
        Asking::Forbidden => failure.hint("start the daemon again, or leave and begin again"),
    }
}

/// What the program of the config prints first. It gets no input, and is run as it stands there.
async fn printed(command: &[String], asking: Asking) -> Result<Passphrase, Failure> {
    let failed = |why: String| {
        let failure = Failure::saying(Exit::Locked, format!("passphrase_command failed: {why}"));
        failure.hint("the config file says which program that is: `chinwag config path`")
    };
    let (program, arguments) = command.split_first().ok_or_else(|| failed("it is empty".into()))?;
    let said = if asking == Asking::Allowed { Stdio::inherit() } else { Stdio::null() };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(said)
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| failed(format!("{program}: {error}")))?;
    let output = child.stdout.take();
    let run = async {
        let line = match output {
            Some(output) => first_line(output).await?,
            None => Zeroizing::new(Vec::new()),
        };
        Ok::<_, io::Error>((line, child.wait().await?))
    };
    let ended = tokio::time::timeout(COMMAND_WITHIN, run).await;
    let ended = ended.map_err(|_| failed(format!("no end within {COMMAND_WITHIN:?}")))?;
    let (line, status) = ended.map_err(|error| failed(error.to_string()))?;
    if !status.success() {
        return Err(failed(status.to_string()));
    }
    Passphrase::new(&line).map_err(|error| failed(error.to_string()))
}

/// Reads all of it, and gives the first line.
async fn first_line(mut output: ChildStdout) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; COMMAND_OUTPUT_MAX + 1]);
    let mut len = 0;
    loop {
        match output.read(&mut bytes[len..]).await? {
            0 if len > COMMAND_OUTPUT_MAX => {
                let words = format!("it prints over {COMMAND_OUTPUT_MAX} bytes");
                return Err(io::Error::other(words));
            }
            0 => break,
            read => len += read,
        }
    }
    let line = bytes[..len].split(|byte| *byte == b'\n').next().unwrap_or_default();
    Ok(Zeroizing::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec()))
}
