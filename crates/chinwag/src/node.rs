//! The node that a command speaks with: the daemon of this data folder if one runs, and otherwise
//! one in this process, for as long as the command needs it.
//!
//! Requests and events have a connection each, so that a command that is slow to show events never
//! waits for an answer behind them.

use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chinwag_api::client::{CallError, Client, Events};
use chinwag_api::error::Kind;
use chinwag_api::event::Event;
use chinwag_api::method::{
    AccountCreate, AccountRestore, BackupCreate, CreateAccount, DeviceRevoke, EventsSubscribe,
    Hello, MessageSend, MessageWhy, Method, Nothing, OneMessage, RequestDecline, Subscribe,
    SystemHello, SystemShutdown, SystemStatus,
};
use chinwag_api::model::MessageState;
use chinwag_daemon::{Daemon, Settings};
use serde_json::Value;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::commands::account;
use crate::context::Context;
use crate::exit::{Exit, Failure};
use crate::output;
use crate::passphrase::{Asking, Lock, Unlocker};
use crate::relays;
use crate::terminal::ask;
use crate::terminal::signals::Signals;

/// How long a node that runs may take to say that it is there.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// How long a node that is closing may take when somebody does not want to wait for it.
const HURRY: Duration = Duration::from_secs(2);

/// How long the data folder may be in the hands of a node that can't be reached: it begins or ends.
const OPEN_WITHIN: Duration = Duration::from_secs(5);

/// How long a daemon that has ended may take to begin again before we do without it.
const RESTART_WITHIN: Duration = Duration::from_secs(2);

/// Between two attempts to reach or to run a node.
const PAUSE: Duration = Duration::from_millis(50);

/// How often one thing is asked, each time of another node, because the one before ended.
const ASKED_MAX: usize = 10;

/// How often is looked whether what was changed is delivered: no event tells of it where no message of
/// ours is.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What a command needs of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// An account: without one, it is made now if there is somebody to ask.
    Account,
    /// Nothing but the node.
    Node,
}

/// The way to the node. The node may be another command's, and end with it: then the next one is
/// found or run.
#[derive(Debug)]
pub(crate) struct Node {
    settings: Settings,
    unlocker: Arc<Unlocker>,
    link: Mutex<Link>,
    /// Held while the next node is found.
    opening: tokio::sync::Mutex<()>,
}

/// A connection to one node.
#[derive(Debug)]
struct Link {
    client: Client,
    // The other end stops when nobody could hear it; nothing is ever told on this connection.
    _unheard: Events,
    /// The node in this process, if it is here. It ends with the command.
    here: Option<Daemon>,
    /// Whether it is a daemon, as far as that was asked.
    is_daemon: bool,
    /// How many nodes there were before.
    number: u64,
}

/// What happens, as it is told.
pub(crate) struct Heard {
    events: Events,
    // Keeps the connection.
    _client: Client,
    /// Where to go on.
    cursor: String,
    /// Which node tells it.
    number: u64,
}

impl Heard {
    /// The next event. `None`: the node is gone, and [`Node::hear_on`] finds another one.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        let event = self.events.next().await?;
        if let Some(cursor) = &event.cursor {
            self.cursor.clone_from(cursor);
        }
        Some(event)
    }
}

/// Runs a command with a node, and ends the node afterwards if it is in this process. A signal ends
/// the command.
pub(crate) async fn with(
    context: &Context,
    need: Need,
    command: impl AsyncFnOnce(&Node) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    until_done(context, need, async |node, signals| {
        tokio::select! {
            done = command(node) => done,
            exit = signals.received() => Ok(exit),
        }
    })
    .await
}

/// The same for a command that hears signals itself, once there is a node for it.
pub(crate) async fn until_done(
    context: &Context,
    need: Need,
    command: impl AsyncFnOnce(&Node, &mut Signals) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let mut signals = Signals::new()?;
    let node = tokio::select! {
        opened = Node::open(context) => opened?,
        exit = signals.received() => return Ok(exit),
    };
    let prepared = tokio::select! {
        prepared = node.prepare(context, need) => prepared.map(|()| None),
        exit = signals.received() => Ok(Some(exit)),
    };
    let done = match prepared {
        Ok(None) => command(&node, &mut signals).await,
        Ok(Some(exit)) => Ok(exit),
        Err(failure) => Err(failure),
    };
    closed(node.close(), &mut signals).await.map_or(done, Ok)
}

/// Waits until a node is closed, and not for long when somebody does not want to wait: then it says what they
/// asked for. A process that ends while its database is being closed may crash: SQLCipher puts its things away
/// when the process does.
pub(crate) async fn closed(
    closing: impl Future<Output = ()>,
    signals: &mut Signals,
) -> Option<Exit> {
    let mut closing = pin!(closing);
    tokio::select! {
        () = &mut closing => None,
        exit = signals.received() => {
            let _ = timeout(HURRY, closing).await;
            Some(exit)
        }
    }
}

impl Node {
    async fn open(context: &Context) -> Result<Self, Failure> {
        let settings = context.settings(false)?;
        let unlocker = Arc::clone(&context.unlocker);
        let link = Link::open(&settings, &unlocker, Asking::Allowed).await?;
        context.detail(match link.here {
            Some(_) => "chinwag: no daemon runs, so it is done here",
            None => "chinwag: the daemon does it",
        });
        let (link, opening) = (Mutex::new(link), tokio::sync::Mutex::default());
        Ok(Self { settings, unlocker, link, opening })
    }

    async fn close(self) {
        let link = self.link.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let Some(daemon) = link.here {
            daemon.stop().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Link> {
        self.link.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the node ends with this command.
    pub(crate) fn is_here(&self) -> bool {
        self.lock().here.is_some()
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn call<M: Method>(&self, params: M::Params) -> Result<M::Answer, Failure> {
        let raw = self.raw::<M>(params).await?;
        serde_json::from_value(raw).map_err(|error| CallError::Unreadable(error).into())
    }

    /// Asks, and gives the answer as it came, for a program. Where the node ends before it answers,
    /// the next one is asked, unless that could do something twice.
    pub(crate) async fn raw<M: Method>(&self, params: M::Params) -> Result<Value, Failure> {
        let params =
            serde_json::to_value(params).map_err(|error| Failure::new(Exit::Internal, error))?;
        let mut asked = 0;
        loop {
            let (client, number) = {
                let link = self.lock();
                (link.client.clone(), link.number)
            };
            let error = match client.call_raw(M::NAME, params.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            asked += 1;
            let may_repeat = has_ended(&error) && may_repeat(M::NAME, &params, is_undone(&error));
            if self.is_here() || asked == ASKED_MAX || !may_repeat {
                return Err(error.into());
            }
            self.reopen(number).await?;
        }
    }

    /// Hears what happens from now on, or from a cursor on.
    pub(crate) async fn hear(&self, after: Option<String>) -> Result<Heard, Failure> {
        let mut asked = 0;
        loop {
            let number = self.lock().number;
            let error = match self.subscribe(after.clone(), number).await {
                Ok(heard) => return Ok(heard),
                Err(error) => error,
            };
            asked += 1;
            if self.is_here() || asked == ASKED_MAX || !has_ended(&error) {
                return Err(error.into());
            }
            self.reopen(number).await?;
        }
    }

    /// Goes on hearing after the node has ended: from another one, and without a gap.
    pub(crate) async fn hear_on(&self, heard: &mut Heard) -> Result<(), Failure> {
        self.reopen(heard.number).await?;
        *heard = self.hear(Some(heard.cursor.clone())).await?;
        Ok(())
    }

    async fn subscribe(&self, after: Option<String>, number: u64) -> Result<Heard, CallError> {
        let here = self.lock().here.as_ref().map(Daemon::client);
        let (client, events) = if let Some(connected) = here {
            connected
        } else {
            let attached = chinwag_daemon::attach(&self.settings.data_dir).await?;
            attached.ok_or(CallError::Gone)?
        };
        let is_daemon = client.call::<SystemStatus>(Nothing {}).await?.is_daemon;
        let cursor = client.call::<EventsSubscribe>(Subscribe { after }).await?.cursor;
        self.lock().is_daemon = is_daemon;
        Ok(Heard { events, _client: client, cursor, number })
    }

    /// Two connections to the node, whichever it is now.
    pub(crate) async fn connect(&self) -> Result<[(Client, Events); 2], Failure> {
        let number = self.lock().number;
        let here = self.lock().here.as_ref().map(|daemon| [daemon.client(), daemon.client()]);
        if let Some(connections) = here {
            return Ok(connections);
        }
        let data_dir = &self.settings.data_dir;
        let first = chinwag_daemon::attach(data_dir).await?;
        let second = chinwag_daemon::attach(data_dir).await?;
        if let (Some(first), Some(second)) = (first, second) {
            self.lock().is_daemon = first.0.call::<SystemStatus>(Nothing {}).await?.is_daemon;
            return Ok([first, second]);
        }
        self.reopen(number).await?;
        Err(CallError::Gone.into())
    }

    /// Finds the next node after this one has ended, or runs it here.
    async fn reopen(&self, ended: u64) -> Result<(), Failure> {
        let _turn = self.opening.lock().await;
        let was_daemon = {
            let link = self.lock();
            if link.number != ended {
                return Ok(());
            }
            if link.here.is_some() {
                return Err(Failure::saying(Exit::Internal, "the node has ended"));
            }
            link.is_daemon
        };
        let again = if was_daemon { self.restarted().await? } else { None };
        let link = match again {
            Some(link) => link,
            // Whoever sits at the terminal is doing something else there.
            None => Link::open(&self.settings, &self.unlocker, Asking::Forbidden).await?,
        };
        *self.lock() = Link { number: ended + 1, ..link };
        Ok(())
    }

    /// The daemon, if it begins again soon: somebody restarts it, and finds the data folder taken if
    /// we are faster.
    async fn restarted(&self) -> Result<Option<Link>, Failure> {
        let deadline = Instant::now() + RESTART_WITHIN;
        while Instant::now() < deadline {
            if let Some(link) = Link::attach(&self.settings).await? {
                return Ok(Some(link));
            }
            sleep(PAUSE).await;
        }
        Ok(None)
    }

    async fn prepare(&self, context: &Context, need: Need) -> Result<(), Failure> {
        if need == Need::Node || self.call::<SystemHello>(hello()).await?.has_account {
            return Ok(());
        }
        if !ask::can_ask() {
            let failure = Failure::saying(Exit::NoAccount, "there is no account here yet");
            return Err(failure.hint("make one with `chinwag init --name NAME`"));
        }
        output::remark(
            "There is no account here yet. It takes a name, and whose relay may be used.",
        );
        let name = account::ask_name().await?;
        let choice = relays::asked(context).await?;
        relays::settle(context, self, choice.as_ref()).await?;
        let params = CreateAccount { name, device_name: None };
        let created = self.call::<AccountCreate>(params).await?;
        account::present(&created, context)
    }

    /// Waits until what was made last of a message is delivered, but no longer than this. Then says so if
    /// it isn't.
    pub(crate) async fn linger(
        &self,
        context: &Context,
        message: &str,
        linger: Duration,
    ) -> Result<(), Failure> {
        let deadline = Instant::now() + linger;
        loop {
            let why = self.call::<MessageWhy>(OneMessage { id: message.to_owned() }).await?;
            if why.changes.first().is_none_or(|last| last.state >= MessageState::Delivered) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                say_it_is_saved(context);
                return Ok(());
            }
            sleep_until(deadline.min(Instant::now() + LOOK_EVERY)).await;
        }
    }
}

impl Link {
    /// Finds the node of this data folder, or runs one here. While the folder is taken by one that
    /// can't be reached, both are tried in turn.
    ///
    /// A passphrase is asked for where it is needed: not if a node runs, and not if one is about to.
    async fn open(
        settings: &Settings,
        unlocker: &Unlocker,
        asking: Asking,
    ) -> Result<Self, Failure> {
        let mut deadline = Instant::now() + OPEN_WITHIN;
        loop {
            if let Some(link) = Self::attach(settings).await? {
                return Ok(link);
            }
            let started = match unlocker.unlock(&settings.data_dir, asking).await? {
                Lock::Open => Daemon::start_with(settings.clone(), unlocker.key()).await,
                Lock::Opened => {
                    // Somebody else may have begun meanwhile.
                    deadline = Instant::now() + OPEN_WITHIN;
                    continue;
                }
                Lock::Taken(error) => Err(error),
            };
            match started {
                Ok(daemon) => {
                    let (client, unheard) = daemon.client();
                    return Ok(Self::new(client, unheard, Some(daemon)));
                }
                Err(error) if error.kind() != Kind::Locked || Instant::now() >= deadline => {
                    return Err(error.into());
                }
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Connects to the node of this data folder, if one runs. An error: it does not answer.
    async fn attach(settings: &Settings) -> Result<Option<Self>, Failure> {
        let attached = chinwag_daemon::attach(&settings.data_dir).await?;
        let Some((client, unheard)) = attached else { return Ok(None) };
        match timeout(ANSWER_WITHIN, client.call::<SystemHello>(hello())).await {
            Ok(Ok(_)) => Ok(Some(Self::new(client, unheard, None))),
            Ok(Err(CallError::Unreadable(error))) => Err(CallError::Unreadable(error).into()),
            // It was about to end.
            Ok(Err(CallError::Gone | CallError::Api(_))) => Ok(None),
            Err(_) => Err(Failure::saying(Exit::Locked, "the daemon does not answer")
                .hint("end it, and try again")),
        }
    }

    fn new(client: Client, unheard: Events, here: Option<Daemon>) -> Self {
        Self { client, _unheard: unheard, here, is_daemon: false, number: 0 }
    }
}

fn hello() -> Hello {
    Hello { client: Some(format!("chinwag {}", env!("CARGO_PKG_VERSION"))) }
}

/// Whether this is the end of a node: of the connection, or in its own words.
fn has_ended(error: &CallError) -> bool {
    matches!(error, CallError::Gone) || is_undone(error)
}

/// Whether the node ended before it did what it was asked for, and says so.
fn is_undone(error: &CallError) -> bool {
    matches!(error, CallError::Api(error) if error.kind() == Kind::Ended)
}

/// Whether something can be asked for again: it was not done, or to do it twice is to do it once.
fn may_repeat(method: &str, params: &Value, is_undone: bool) -> bool {
    const ONCE: [&str; 4] =
        [AccountRestore::NAME, DeviceRevoke::NAME, RequestDecline::NAME, SystemShutdown::NAME];
    if method == MessageSend::NAME {
        // It may be undone in part: sent, and not waited for to its end.
        return params.get("clientId").is_some_and(Value::is_string);
    }
    if method == BackupCreate::NAME {
        // It is there as a whole, or not at all.
        let path = params.get("path").and_then(Value::as_str).map(Path::new);
        return is_undone || path.is_some_and(|path| !path.exists());
    }
    is_undone || !ONCE.contains(&method)
}

/// What a command says that ends before somebody was reached.
pub(crate) fn say_it_is_saved(context: &Context) {
    context.remark(
        "chinwag: it is saved, and not delivered yet: it goes out whenever chinwag runs \
         (`chinwag daemon` keeps it running)",
    );
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_sent_again_only_if_it_would_be_the_same_one() {
        for is_undone in [false, true] {
            let mut params = json!({"text": "a", "clientId": "b"});
            assert!(may_repeat("message.send", &params, is_undone));
            params["clientId"] = Value::Null;
            assert!(!may_repeat("message.send", &params, is_undone));
        }
    }

    #[test]
    fn what_is_not_to_be_done_twice_is_asked_again_only_if_it_was_not_done() {
        let folder = tempfile::tempdir().unwrap();
        let (there, not_there) = (folder.path(), folder.path().join("backup"));
        for (method, params) in
            [("backup.create", json!({"path": there})), ("account.restore", json!({"words": "a"}))]
        {
            assert!(!may_repeat(method, &params, false));
            assert!(may_repeat(method, &params, true));
        }
        assert!(may_repeat("backup.create", &json!({"path": not_there}), false));
        assert!(may_repeat("message.list", &json!({}), false));
    }
}
